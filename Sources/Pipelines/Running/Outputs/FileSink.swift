internal import Anonymization
internal import Compression
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records

/// Writes outputs to files that appear together at the end of the run, and to standard output.
///
/// Each file is made under a temporary name in its final folder. Nothing is visible under a final
/// name before `prepare` has made all of them durable and `publish` renames them.
///
/// A run over an archive writes to thousands of files, one for each day. Only the last
/// `OpenFileLimit.written` of them are open, and the first one, whose lock says that the run is
/// alive. Compressing takes a quarter of a megabyte for each file: beyond the first
/// `deflatersMax`, files are kept plain under their temporary names and compressed at the end.
final class FileSink: OutputSink {
    /// The most files that are compressed while they are written.
    static let deflatersMax = 64

    /// One file while it is written.
    final class Target {
        let output: Int
        let route: Int32
        let path: String
        fileprivate var file: DurableFile?
        fileprivate var deflater: GzipDeflater?
        /// True for a file that is compressed at the end.
        fileprivate var isSpooled = false
        /// True when the file's first record loses the comma in front of it.
        fileprivate var isEnveloped = false
        fileprivate var compressed = ByteBuffer(capacity: 16)
        var records = 0
        var plainBytes = 0
        var writtenBytes = 0
        fileprivate var stored = ContentHasher()
        /// The digest and length of the bytes as they lie in the file.
        var storedContent: ContentIdentity {
            ContentIdentity(digest: stored.digest(), byteCount: writtenBytes)
        }
        /// Of a file that is compressed while it is written, where that was asked for.
        fileprivate var plain: ContentHasher?
        /// The digest and length of the plain bytes so far; of a file that is compressed only where
        /// the sink was asked for it.
        var plainContent: ContentIdentity {
            let digest = plain?.digest()
            return digest.map { ContentIdentity(digest: $0, byteCount: plainBytes) }
                ?? storedContent
        }
        var oldestReadableDay = Int32.max
        var newestDay = Int32.min
        /// What is dealt with where, by places in the plain bytes (`OutputBytes.Block.apart`).
        var dealings: [DealtStretch] = []
        /// The header that was written last, in formats with headers in mid-file.
        fileprivate var header: SourceHeader?
        /// Set by `prepare`.
        fileprivate(set) var prepared: PreparedFile?
        /// The path of the folder; nil for standard output.
        let folder: String?
        /// Grows with each use: the file that waited longest is closed first.
        fileprivate var lastUse = 0

        fileprivate init(
            output: Int, route: Int32, path: String, file: DurableFile?, deflater: GzipDeflater?
        ) {
            self.output = output
            self.route = route
            self.path = path
            self.file = file
            folder = file?.folder
            self.deflater = deflater
        }
    }

    private let plan: Plan
    private let columns: () -> [String]?
    /// Gives the final path of a file; the run with state puts the name of the part into it.
    private let name: (_ output: Int, _ path: String) -> String
    private let sourceIdentities: Set<FileIdentity>
    private(set) var targets: [Target] = []
    private var lookup: [Int: Target] = [:]
    private let digests: Bool
    private let digestsPlain: Bool
    private var openTargets: [Target] = []
    private var uses = 0
    let folders: OpenFolders

    init(
        plan: Plan, sources: Set<FileIdentity>, digests: Bool, digestsPlain: Bool = false,
        columns: @escaping () -> [String]?, folders: OpenFolders,
        name: @escaping (_ output: Int, _ path: String) -> String = { $1 }
    ) {
        self.plan = plan
        sourceIdentities = sources
        self.digests = digests
        self.digestsPlain = digestsPlain
        self.folders = folders
        self.columns = columns
        self.name = name
    }

    func write(_ block: OutputBytes.Block, output: Int) throws(PipelineFailure) {
        let target = try target(output: output, route: block.route)
        if let header = block.header, !header.isSame(as: target.header) {
            target.header = header
            try append(header.bytes.span, to: target)
        }
        target.records += block.records
        target.oldestReadableDay = min(target.oldestReadableDay, block.oldestReadableDay)
        target.newestDay = max(target.newestDay, block.newestDay)
        for line in block.apart { target.dealings.add(line, at: target.plainBytes) }
        try append(all: block.bytes, to: target, from: target.records == block.records ? 1 : 0)
    }

    /// Appends `bytes`; in an envelope without the first `separators` of them, the comma in front
    /// of the first record of the file.
    private func append(
        all bytes: borrowing ByteBuffer, to target: Target, from separators: Int
    ) throws(PipelineFailure) {
        let skipped = target.isEnveloped ? separators : 0
        try append(bytes.bytes.extracting(min(skipped, bytes.count)...), to: target)
    }

    // MARK: Files

    private func target(output: Int, route: Int32) throws(PipelineFailure) -> Target {
        let key = output << 32 | Int(UInt32(bitPattern: route))
        if let known = lookup[key] { return known }
        let made = try open(output: output, route: route)
        lookup[key] = made
        targets.append(made)
        let header = plan.outputs[output].writer.header(
            columns: plan.outputs[output].columns ?? columns())
        try append(header.span, to: made)
        if let envelope = plan.outputs[output].envelope {
            made.isEnveloped = true
            try append(envelope.opening.span, to: made)
        }
        return made
    }

    /// Makes the file of an output that got no record, so that "nothing" and "not run" differ; only
    /// for outputs that are one file.
    func openEmptyOutputs() throws(PipelineFailure) {
        for (index, output) in plan.outputs.enumerated() where output.routing == .none {
            _ = try target(output: index, route: 0)
        }
    }

    private func open(output: Int, route: Int32) throws(PipelineFailure) -> Target {
        let plan = plan.outputs[output]
        let isSpooled =
            plan.gzipLevel != nil && targets.count >= Self.deflatersMax
            && !plan.path.isStandardOutput
        var deflater: GzipDeflater?
        if let level = plan.gzipLevel, !isSpooled { deflater = try makeDeflater(level) }
        let path = name(output, Self.path(plan, route: route))
        if plan.path.isStandardOutput {
            return Target(
                output: output, route: route, path: "-", file: nil, deflater: deflater)
        }
        try makeRoom()
        let file = try Self.begin(path, sources: sourceIdentities, in: folders)
        let target = Target(
            output: output, route: route, path: path, file: file, deflater: deflater)
        target.isSpooled = isSpooled
        if digestsPlain, deflater != nil { target.plain = ContentHasher() }
        openTargets.append(target)
        return target
    }

    private func makeDeflater(_ level: Int) throws(PipelineFailure) -> GzipDeflater {
        do { return try GzipDeflater.make(level: level) } catch {
            throw .storage("cannot prepare gzip")
        }
    }

    /// Closes the file that waited longest when another one is to be opened.
    private func makeRoom() throws(PipelineFailure) {
        guard openTargets.count >= OpenFileLimit.written else { return }
        // The first file stays open: its lock tells other runs that this one is alive.
        let oldest = openTargets.indices.dropFirst().min {
            openTargets[$0].lastUse < openTargets[$1].lastUse
        }
        guard let oldest else { return }
        let target = openTargets.remove(at: oldest)
        do { try target.file?.suspend() } catch {
            throw .storage("cannot write \(target.path): \(error)")
        }
    }

    /// Begins a durable file at `path`, whose folder is made if it is missing. Messages show
    /// `shownAs`, for a path that has values in it.
    static func begin(
        _ path: String, shownAs shown: String? = nil, sources: Set<FileIdentity>,
        in folders: OpenFolders
    ) throws(PipelineFailure) -> DurableFile {
        let name = shown ?? path
        do {
            if let present = try FileStatus.of(path) {
                if present.kind == .directory {
                    throw PipelineFailure.storage("\(name) is a directory: expected a file name")
                }
                if sources.contains(present.identity) {
                    throw PipelineFailure.storage(
                        "\(name) is an output and a source at once: give the output another name")
                }
            }
            guard folders.claim(path) else {
                throw PipelineFailure.storage(
                    "\(name) would be written by two results: expected a path of its own for each")
            }
            let place = splitPath(path)
            return try DurableFile.begin(
                in: folders.open(place.directory), named: place.name, mark: folders.mark)
        } catch let failure as PipelineFailure {
            throw failure
        } catch let fault as FileFault {
            // The path of the fault has the values, too.
            throw .storage("cannot write \(name): \(shown == nil ? "\(fault)" : fault.reason)")
        } catch {
            throw .internalFault("a file was refused without a reason")
        }
    }

    /// The final path of the file for `route`.
    static func path(_ output: OutputPlan, route: Int32) -> String {
        output.path.parts.reduce(into: "") { path, part in
            switch part {
            case .literal(let text): path += text
            case .placeholder("name"): path += output.name
            case .placeholder("date"): path += dateText(route)
            case .placeholder("month"): path += monthText(route, output.routing)
            case .placeholder(let other): path += other
            }
        }
    }

    private static func dateText(_ route: Int32) -> String {
        route == .min ? "undated" : CivilDate(daysSince1970: Int(route)).text
    }

    private static func monthText(_ route: Int32, _ routing: OutputBytes.Routing) -> String {
        if route == .min { return "undated" }
        guard routing == .day else { return CalendarMonth(index: Int(route)).text }
        let date = CivilDate(daysSince1970: Int(route))
        return CalendarMonth(year: date.year, month: date.month).text
    }

    // MARK: Bytes

    private func append(_ bytes: Span<UInt8>, to target: Target) throws(PipelineFailure) {
        if bytes.isEmpty { return }
        target.plainBytes += bytes.count
        guard let deflater = target.deflater else {
            return try target.isSpooled
                ? write(bytes, to: target) : store(bytes, of: target)
        }
        target.plain?.update(bytes)
        deflater.deflate(bytes, into: &target.compressed)
        if target.compressed.count >= 1 << 16 { try flush(target) }
    }

    private func flush(_ target: Target) throws(PipelineFailure) {
        // The buffer is lent out while it is stored, and comes back empty.
        var compressed = ByteBuffer(capacity: 16)
        swap(&compressed, &target.compressed)
        try store(compressed.bytes, of: target)
        compressed.removeAll()
        swap(&compressed, &target.compressed)
    }

    private func store(_ bytes: Span<UInt8>, of target: Target) throws(PipelineFailure) {
        target.writtenBytes += bytes.count
        if digests { target.stored.update(bytes) }
        try write(bytes, to: target)
    }

    private func write(_ bytes: Span<UInt8>, to target: Target) throws(PipelineFailure) {
        uses += 1
        target.lastUse = uses
        if let file = target.file, !file.isOpen {
            try makeRoom()
            openTargets.append(target)
        }
        do {
            if let file = target.file {
                try file.write(bytes)
            } else {
                try StandardOutput.write(bytes)
            }
        } catch {
            let shown = target.path == "-" ? "standard output" : target.path
            throw .storage("cannot write \(shown)", error)
        }
    }

    /// Ends all files and makes them durable under their temporary names.
    func prepare() throws(PipelineFailure) {
        // The first file, which says that the run is alive, comes last.
        for target in targets.reversed() { try prepare(target) }
        openTargets.removeAll()
        do {
            for folder in Set(targets.compactMap(\.folder)).sorted() {
                try folders.open(folder).synchronize()
            }
        } catch {
            throw .storage("cannot make the outputs durable: \(error)")
        }
        if plan.outputs.contains(where: { $0.path.isStandardOutput }) {
            do { try StandardOutput.finish() } catch {
                throw .storage("standard output did not take everything: \(error)")
            }
        }
    }

    private func prepare(_ target: Target) throws(PipelineFailure) {
        if let envelope = plan.outputs[target.output].envelope {
            try append(envelope.closing.span, to: target)
        }
        if target.isSpooled { try compress(target) }
        if let deflater = target.deflater {
            deflater.finish(into: &target.compressed)
            try flush(target)
            target.deflater = nil
        }
        guard let file = target.file else { return }
        do {
            target.prepared = try file.prepare(settlingDirectory: false)
        } catch {
            throw .storage("cannot make \(target.path) durable: \(error)")
        }
        openTargets.removeAll { $0 === target }
    }

    /// Puts a compressed file in the place of the plain one.
    private func compress(_ target: Target) throws(PipelineFailure) {
        guard let plain = target.file else { return }
        openTargets.removeAll { $0 === target }
        target.deflater = try makeDeflater(plan.outputs[target.output].gzipLevel ?? 6)
        target.isSpooled = false
        do {
            let content = try plain.content()
            try makeRoom()
            target.file = try DurableFile.begin(
                in: plain.directory, named: plain.finalName, mark: folders.mark)
            openTargets.append(target)
            var buffer = ByteBuffer(capacity: 1 << 18)
            repeat {
                buffer.removeAll()
                try unsafe buffer.appendUnsafe(upTo: 1 << 18) { room in
                    try unsafe content.read(
                        into: UnsafeMutableRawBufferPointer(
                            UnsafeMutableBufferPointer(rebasing: room[..<(1 << 18)])))
                }
                target.plainBytes -= buffer.count
                try append(buffer.bytes, to: target)
            } while !buffer.isEmpty
        } catch let failure as PipelineFailure {
            throw failure
        } catch {
            throw .storage("cannot compress \(target.path): \(error)")
        }
        plain.abandon()
    }

    /// Gives all prepared files their final names.
    func publish() throws(PipelineFailure) {
        for target in targets {
            guard let prepared = target.prepared, let folder = target.folder else { continue }
            do { try DurableFile.publish([prepared], in: folders.open(folder)) } catch {
                throw .storage("cannot publish \(target.path): \(error)")
            }
        }
    }

    /// How many files have their final names, though another could not get its own.
    func publishedCount() -> Int {
        targets.count { target in
            guard let prepared = target.prepared, let path = target.folder,
                let folder = try? folders.open(path)
            else { return false }
            return prepared.isPublished(in: folder)
        }
    }

    /// Removes everything that was not published, what was prepared as well.
    func abandon() {
        for target in targets {
            target.file?.abandon()
            if let prepared = target.prepared, let folder = target.folder {
                _ = try? folders.open(folder).remove(prepared.temporaryName)
            }
            // A part that stays for one reason may be rewritten for another in the same run.
            if target.file != nil { folders.yield(target.path) }
        }
    }
}
