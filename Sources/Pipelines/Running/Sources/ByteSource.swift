internal import Compression
internal import FileSystem
internal import KeyedHashing
internal import LogFormats
internal import Records

/// How the plain bytes of a source become lines of UTF-8.
struct SourceForm: Sendable {
    var encoding = TextEncoding.utf8
    /// nil: they are lines.
    var framing: (any SourceFraming)?

    /// Lines of UTF-8.
    static let lines = SourceForm()
}

extension Plan {
    /// The form of the sources.
    var sourceForm: SourceForm { SourceForm(encoding: encoding, framing: format.makeFraming()) }
}

/// The plain bytes of one source: a file or standard input, inflated when the first bytes say gzip
/// or zstd, as lines of UTF-8.
final class ByteSource {
    /// The path as given, or `standard input`.
    let name: String
    /// The bytes of the file as it lies on disk; nil when that is not known (a pipe).
    let fileBytes: Int?
    /// The bytes taken from the file so far.
    private(set) var fileBytesRead = 0
    /// Plain bytes delivered so far, or inflated before the source's turn.
    private(set) var plainBytes = 0
    var isAtEnd: Bool {
        hasEnded && ahead.isEmpty && blocksAhead == nil || plainBytes == plainEnd
    }
    /// How long inflating has taken so far, reading left out.
    private(set) var inflateNanoseconds: Int64 = 0

    let descriptor: FileDescriptor
    private var raw = ByteBuffer(capacity: 1 << 16)
    /// The bytes at the start of `raw` that were inflated.
    private var rawTaken = 0
    private var inflater: (any StreamInflater)?
    private var isSniffed = false
    private var rawIsAtEnd = false
    /// True when the file has no more plain bytes.
    private(set) var hasEnded = false
    /// What was inflated before the source's turn; nil: nothing.
    var blocksAhead: BlocksAhead?
    /// Plain bytes of which a character is not complete.
    private var coded = ByteBuffer(capacity: 16)
    private var decoder: TextDecoder?
    private var framing: (any SourceFraming)?
    /// Lines that were not asked for yet.
    private var ahead = ByteBuffer(capacity: 16)
    /// Where the source counts as ended in its plain bytes; nil: where it ends.
    private var plainEnd: Int?
    /// Digests the plain bytes, when the run keeps state.
    private(set) var content: ContentHasher?

    /// The size of one read from the system.
    private static let readBytes = 1 << 18

    /// Opens `path`, whose content is in `form`; `-` is standard input.
    init(
        path: String, digesting: Bool, form: SourceForm = .lines
    ) throws(PipelineFailure) {
        decoder = TextDecoder(form.encoding)
        framing = form.framing
        name = path == "-" ? "standard input" : path
        do {
            descriptor =
                path == "-"
                ? try FileDescriptor.standardInput() : try FileDescriptor.reading(path)
            let status = try descriptor.status()
            fileBytes = status.kind == .regular ? status.byteCount : nil
            if status.kind == .directory {
                throw PipelineFailure.source(
                    SourceFault(
                        .isDirectory, source: name,
                        expectation: "expected a file; a directory is given as a source by itself"))
            }
        } catch let failure as PipelineFailure {
            throw failure
        } catch {
            throw .source(
                SourceFault(.cannotOpen, source: path, expectation: "\(error)"))
        }
        content = digesting ? ContentHasher() : nil
    }

    /// True when the bytes on disk are compressed, for which their start is looked at.
    func isCompressedByNow() throws(PipelineFailure) -> Bool {
        if !isSniffed { try sniff() }
        return isCompressed
    }

    /// True when the bytes on disk are compressed; known once something was read.
    var isCompressed: Bool { inflater != nil }

    /// True when they are so by zstd, which nothing here writes.
    var isZstd: Bool { inflater is ZstdInflater }

    /// Who the file is, to notice an output that is also a source.
    func identity() -> FileIdentity? { try? descriptor.status().identity }

    /// What lies behind the first `count` plain bytes is not given; nothing was given yet.
    func end(at count: Int) { plainEnd = count }

    /// Appends up to `limit` further plain bytes to `buffer`; sets `isAtEnd` when there are no
    /// more.
    func fill(_ buffer: inout ByteBuffer, upTo limit: Int) throws(PipelineFailure) {
        guard let early = blocksAhead else { return try fillFromFile(&buffer, upTo: limit) }
        let target = buffer.count + limit
        early.give(&buffer, upTo: limit)
        if early.isEmpty { blocksAhead = nil }
        if buffer.count < target, !hasEnded {
            try fillFromFile(&buffer, upTo: target - buffer.count)
        }
    }

    /// As `fill`, from what the file itself still has.
    func fillFromFile(_ buffer: inout ByteBuffer, upTo limit: Int) throws(PipelineFailure) {
        let before = buffer.count
        let limit = min(limit, (plainEnd ?? .max) - plainBytes)
        if limit <= 0 { return }
        if decoder == nil, framing == nil, ahead.isEmpty {
            try fillBytes(&buffer, upTo: limit)
        } else {
            while ahead.isEmpty, !hasEnded { try readAhead() }
            let taken = min(limit, ahead.count)
            buffer.append(ahead.bytes.extracting(0..<taken))
            ahead.removeFirst(taken)
        }
        plainBytes += buffer.count - before
        content?.update(buffer.bytes.extracting(before..<buffer.count))
    }

    /// The first bytes of the source, `count` of them if it has so many; they will be given again.
    func start(_ count: Int) throws(PipelineFailure) -> [UInt8] {
        while ahead.count < count, !hasEnded { try readAhead() }
        return Array(ahead.array().prefix(count))
    }

    /// True when `start` is all that the source holds.
    func isComplete(_ start: [UInt8]) -> Bool { hasEnded && ahead.count == start.count }

    private func fillBytes(_ buffer: inout ByteBuffer, upTo limit: Int) throws(PipelineFailure) {
        if !isSniffed { try sniff() }
        if inflater == nil {
            try fillPlain(&buffer, upTo: limit)
        } else {
            try fillInflated(&buffer, upTo: limit)
        }
    }

    /// Turns the next bytes of the file into lines.
    private func readAhead() throws(PipelineFailure) {
        var bytes = ByteBuffer(capacity: 16)
        swap(&bytes, &coded)
        try fillBytes(&bytes, upTo: Self.readBytes)
        do throws(SourceFault) {
            var text = ByteBuffer(capacity: 16)
            if decoder != nil {
                let taken = try decoder?.decode(bytes.bytes, isLast: hasEnded, into: &text) ?? 0
                bytes.removeFirst(taken)
                swap(&bytes, &coded)
            } else {
                swap(&bytes, &text)
            }
            guard framing != nil else { return ahead.append(text.bytes) }
            try framing?.frame(text.bytes, into: &ahead)
            if hasEnded { try framing?.finish() }
        } catch {
            throw named(error)
        }
    }

    /// Goes on at `offset` (0-based) of a file that is not compressed, and whose bytes are its
    /// lines as they are.
    func move(to offset: Int) throws(PipelineFailure) {
        if !isSniffed { try sniff() }
        guard inflater == nil else {
            throw .source(
                SourceFault(
                    .changedWhileReading, source: name,
                    expectation: "it is compressed by now: expected the file that was planned"))
        }
        do { try descriptor.move(to: offset) } catch {
            throw .source(SourceFault(.cannotRead, source: name, expectation: "\(error)"))
        }
        raw.removeAll()
        rawIsAtEnd = false
        hasEnded = false
    }

    /// Looks at the first bytes for the magic numbers of gzip and zstd.
    private func sniff() throws(PipelineFailure) {
        isSniffed = true
        while raw.count < 4, !rawIsAtEnd { try readRaw(upTo: Self.readBytes) }
        do throws(SourceFault) {
            if GzipInflater.isGzip(raw.bytes) {
                inflater = try GzipInflater.make(limits: GzipLimits())
            } else if ZstdInflater.isZstd(raw.bytes) {
                inflater = try ZstdInflater.make()
            }
        } catch {
            throw named(error)
        }
    }

    private func readRaw(upTo limit: Int) throws(PipelineFailure) {
        let got = try read(&raw, limit)
        if got == 0 { rawIsAtEnd = true }
    }

    private func read(_ buffer: inout ByteBuffer, _ limit: Int) throws(PipelineFailure) -> Int {
        let before = buffer.count
        do {
            try unsafe buffer.appendUnsafe(upTo: limit) { room in
                try unsafe descriptor.read(
                    into: UnsafeMutableRawBufferPointer(
                        UnsafeMutableBufferPointer(rebasing: room[..<limit])))
            }
        } catch {
            if Interruption.isRequested {
                throw .interrupted(signal: Interruption.signal ?? 15)
            }
            throw .source(
                SourceFault(
                    .cannotRead, source: name, byteOffset: fileBytesRead,
                    expectation: "cannot read on: \(error)"))
        }
        fileBytesRead += buffer.count - before
        return buffer.count - before
    }

    private func fillPlain(_ buffer: inout ByteBuffer, upTo limit: Int) throws(PipelineFailure) {
        if raw.count > 0 {
            let taken = min(limit, raw.count)
            buffer.append(raw.bytes.extracting(0..<taken))
            raw.removeFirst(taken)
            return
        }
        if try read(&buffer, limit) == 0 { hasEnded = true }
    }

    private func fillInflated(
        _ buffer: inout ByteBuffer, upTo limit: Int
    ) throws(PipelineFailure) {
        guard let inflater else { return }
        let target = buffer.count + limit
        do {
            while buffer.count < target {
                if rawTaken == raw.count, !rawIsAtEnd {
                    raw.removeAll()
                    rawTaken = 0
                    try readRaw(upTo: Self.readBytes)
                }
                let started = nanosecondsNow()
                defer { inflateNanoseconds += nanosecondsNow() - started }
                let step = try inflater.inflate(
                    raw.bytes.extracting(rawTaken...), into: &buffer,
                    upTo: target - buffer.count)
                rawTaken += step.consumed
                if step.consumed == 0, step.produced == 0, rawIsAtEnd {
                    try inflater.finish()
                    hasEnded = true
                    return
                }
            }
        } catch let fault as SourceFault {
            throw named(fault)
        } catch let failure as PipelineFailure {
            throw failure
        } catch {
            throw .internalFault("inflating failed without a reason")
        }
    }

    private func named(_ fault: SourceFault) -> PipelineFailure {
        var fault = fault
        fault.source = name
        return .source(fault)
    }
}
