internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// What a task hands over, in its order, kept for the commit: the blocks of its outputs and the
/// records that it set aside. The commit gives them to the same sinks as a run on one machine.
///
/// Entries follow each other, each a head of eight numbers of eight bytes (little-endian) and as
/// many bytes as the last number says:
///
/// | kind | numbers between kind and length |
/// |---|---|
/// | 1, block | piece, output, route, oldest readable day, newest day, records |
/// | 2, set aside | piece, number of the record in the piece, offset, length, reason, 0 |
/// | 3, header | piece, number of the header in the source, 0, 0, 0, 0 |
/// | 4, block behind a header | as of a block; the last header speaks of its records |
enum TaskLog {
    static let fileName = "log"
    static let headBytes = 64
    /// The longest entry, in bytes: blocks are about as long as chunks.
    static let entryBytesMax = 1 << 30

    /// The kinds of entries.
    enum Kind: Int {
        case block = 1
        case setAside
        case header
        case blockBehindHeader
    }
}

/// Writes the log of a task.
final class TaskLogWriter: OutputSink, QuarantineSink {
    private let file: FileDescriptor
    private let keepsLines: Bool
    private var buffer = ByteBuffer(capacity: TaskLogWriter.bufferBytes)
    private var hasher = ContentHasher()
    private var piece = 0
    /// The header that was written last.
    private var header: SourceHeader?

    private static let bufferBytes = 1 << 18

    /// Begins the log in `folder`. The bytes of records that are set aside are only kept when the
    /// plan asks for them.
    init(in folder: Directory, plan: Plan) throws(PipelineFailure) {
        keepsLines = plan.quarantine.keepsLines
        do { file = try folder.creating(TaskLog.fileName) } catch {
            throw .storage("cannot write the log of a task", error)
        }
    }

    func begin(source: Int) { piece = source }

    func write(_ block: OutputBytes.Block, output: Int) throws(PipelineFailure) {
        if let next = block.header, !next.isSame(as: header) {
            append(.header, [next.number, 0, 0, 0, 0], count: next.bytes.count)
            try append(next.bytes.span)
            header = next
        }
        append(
            block.header == nil ? .block : .blockBehindHeader,
            [
                output, Int(block.route), Int(block.oldestReadableDay), Int(block.newestDay),
                block.records,
            ], count: block.bytes.count)
        try append(all: block.bytes)
    }

    func add(
        _ entries: [QuarantineEntry], in bytes: Span<UInt8>, at offset: Int, named source: String
    ) throws(PipelineFailure) {
        for entry in entries {
            let start = entry.byteOffset - offset
            let kept = keepsLines ? min(entry.length, QuarantineFile.lineBytesMax) : 0
            append(
                .setAside,
                [
                    entry.recordNumber, entry.byteOffset, entry.length,
                    Int(entry.reason.rawValue), 0,
                ], count: kept)
            try append(bytes.extracting(start..<start + kept))
        }
    }

    /// Appends the head of an entry: five numbers of its kind, and how many bytes follow.
    private func append(_ kind: TaskLog.Kind, _ numbers: [Int], count: Int) {
        for number in [kind.rawValue, piece] + numbers + [count] {
            let bits = UInt64(bitPattern: Int64(number))
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                buffer.append(UInt8(truncatingIfNeeded: bits >> shift))
            }
        }
    }

    private func append(all bytes: borrowing ByteBuffer) throws(PipelineFailure) {
        try append(bytes.bytes)
    }

    private func append(_ bytes: Span<UInt8>) throws(PipelineFailure) {
        buffer.append(bytes)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    private func flush() throws(PipelineFailure) {
        try store(buffer)
        buffer.removeAll()
    }

    private func store(_ bytes: borrowing ByteBuffer) throws(PipelineFailure) {
        hasher.update(bytes.bytes)
        do { try file.writeAll(bytes.bytes) } catch {
            throw .storage("cannot write the log of a task", error)
        }
    }

    /// Ends the log, makes it durable, and says what is in it.
    func end() throws(PipelineFailure) -> ContentIdentity {
        try flush()
        do { try file.synchronize() } catch {
            throw .storage("cannot write the log of a task", error)
        }
        return ContentIdentity(digest: hasher.digest(), byteCount: hasher.byteCount)
    }
}

/// Reads the log of a task from front to back.
final class TaskLogReader {
    private let file: FileDescriptor
    private let identity: ContentIdentity
    private var hasher = ContentHasher()
    private var head = ByteBuffer(capacity: TaskLog.headBytes)
    private var block = OutputBytes.Block()
    private var header: SourceHeader?
    private var offset = 0

    /// Opens the log in `folder`, which is to be `identity`.
    init(in folder: Directory, _ identity: ContentIdentity) throws(PipelineFailure) {
        self.identity = identity
        do { file = try folder.reading(TaskLog.fileName) } catch {
            throw .storage("cannot read the log of a task", error)
        }
    }

    /// Gives every entry away, in order, with the piece of the task that it comes from; the source
    /// of a header is that piece. That the log is what the task wrote is known at the end only.
    func forEach(
        block take:
            (_ piece: Int, _ output: Int, OutputBytes.Block) throws(PipelineFailure) -> Void,
        setAside: (_ piece: Int, QuarantineEntry, Span<UInt8>) throws(PipelineFailure) -> Void
    ) throws(PipelineFailure) {
        while offset < identity.byteCount {
            try read(TaskLog.headBytes, into: &head)
            let numbers = (0..<8).map { number($0) }
            guard (0...TaskLog.entryBytesMax).contains(numbers[7]) else { throw damaged }
            try read(numbers[7], into: &block.bytes)
            switch TaskLog.Kind(rawValue: numbers[0]) {
            case .block, .blockBehindHeader:
                try fillBlock(numbers)
                try take(numbers[1], numbers[2], block)
            case .header:
                header = SourceHeader(
                    source: numbers[1], number: numbers[2], bytes: block.bytes.array())
            case .setAside:
                let entry = try setAsideEntry(numbers)
                try Self.give(block.bytes) { line throws(PipelineFailure) in
                    try setAside(numbers[1], entry, line)
                }
            case nil: throw damaged
            }
        }
        guard hasher.digest() == identity.digest else { throw damaged }
    }

    private func fillBlock(_ numbers: [Int]) throws(PipelineFailure) {
        guard let route = Int32(exactly: numbers[3]), let oldest = Int32(exactly: numbers[4]),
            let newest = Int32(exactly: numbers[5])
        else { throw damaged }
        block.route = route
        block.oldestReadableDay = oldest
        block.newestDay = newest
        block.records = numbers[6]
        block.header = numbers[0] == TaskLog.Kind.blockBehindHeader.rawValue ? header : nil
    }

    private func setAsideEntry(_ numbers: [Int]) throws(PipelineFailure) -> QuarantineEntry {
        guard let code = UInt8(exactly: numbers[5]), let reason = QuarantineReason(rawValue: code)
        else { throw damaged }
        return QuarantineEntry(
            sourceIndex: 0, recordNumber: numbers[2], byteOffset: numbers[3],
            length: numbers[4], reason: reason)
    }

    private static func give(
        _ bytes: borrowing ByteBuffer, _ body: (Span<UInt8>) throws(PipelineFailure) -> Void
    ) throws(PipelineFailure) {
        try body(bytes.bytes)
    }

    private func number(_ index: Int) -> Int {
        var bits: UInt64 = 0
        for place in (0..<8).reversed() {
            bits = bits << 8 | UInt64(Self.byte(head, index * 8 + place))
        }
        return Int(Int64(bitPattern: bits))
    }

    private static func byte(_ bytes: borrowing ByteBuffer, _ index: Int) -> UInt8 {
        bytes.bytes[index]
    }

    private func read(_ count: Int, into buffer: inout ByteBuffer) throws(PipelineFailure) {
        guard count <= identity.byteCount - offset else { throw damaged }
        buffer.removeAll()
        var got = 0
        do {
            try unsafe buffer.appendUnsafe(upTo: count) { room throws(FileFault) in
                got = try unsafe file.readFully(
                    into: UnsafeMutableRawBufferPointer(
                        UnsafeMutableBufferPointer(rebasing: room[..<count])), at: offset)
                return got
            }
        } catch {
            guard let fault = error as? FileFault else { throw damaged }
            throw .storage("cannot read the log of a task", fault)
        }
        guard got == count else { throw damaged }
        offset += count
        Self.note(buffer, in: &hasher)
    }

    private static func note(_ bytes: borrowing ByteBuffer, in hasher: inout ContentHasher) {
        hasher.update(bytes.bytes)
    }

    /// What is to be said of a log that cannot be right.
    var damaged: PipelineFailure {
        .storage("the log of a task is not what was written there")
    }
}
