internal import Compression
internal import FileSystem
internal import KeyedHashing
internal import Records

/// Deals sources out to tasks.
///
/// A large file is cut into ranges of about equal length where its records can be found from any
/// place (`Plan.readsFromAnyPlace`). Compressed files stay whole, and those of which earlier runs
/// have counted a part. Small files go together into one task; with state each is one of its own,
/// because a state keeps what was counted in each source apart.
struct TaskCutting {
    /// A range is at least as long, in bytes: to start a process and to publish its work costs tens
    /// of milliseconds, so shorter ones would mostly wait.
    static let rangeBytesStandard = 64 << 20
    /// The most files of one task.
    static let filesMax = 1000

    let plan: Plan
    /// The least length of a range, in bytes.
    let rangeBytes: Int

    /// The files at `paths`, in their order.
    func sources(_ paths: [String]) throws(PipelineFailure) -> [TaskPlan.Source] {
        var sources: [TaskPlan.Source] = []
        for path in paths {
            guard let status = try Self.status(of: path), status.kind == .regular else {
                throw .source(
                    SourceFault(
                        .cannotOpen, source: path,
                        expectation: "expected a file: tasks read from any place, and again"))
            }
            sources.append(
                TaskPlan.Source(
                    path: path, byteCount: status.byteCount,
                    modified: status.modifiedNanoseconds))
        }
        return sources
    }

    /// The status of the file at `path`; nil when there is none.
    static func status(of path: String) throws(PipelineFailure) -> FileStatus? {
        do { return try FileStatus.of(path) } catch {
            throw .source(SourceFault(.cannotOpen, source: path, expectation: "\(error)"))
        }
    }

    /// The tasks over `sources`, whose relative paths are seen from `folder`.
    func tasks(
        _ sources: [TaskPlan.Source], in folder: String
    ) throws(PipelineFailure) -> [TaskPlan.Task] {
        var tasks: [TaskPlan.Task] = []
        var packed: [TaskPlan.Piece] = []
        var packedBytes = 0
        func add(_ pieces: [TaskPlan.Piece]) {
            if pieces.isEmpty { return }
            tasks.append(TaskPlan.Task(name: Self.name(pieces, sources), pieces: pieces))
        }
        for (index, source) in sources.enumerated() {
            if plan.state != nil, source.taken == nil { continue }
            if try isCut(source, in: folder) {
                add(packed)
                packed = []
                packedBytes = 0
                for range in ranges(source.rangesEnd) {
                    add([TaskPlan.Piece(source: index, range: range)])
                }
                continue
            }
            packed.append(TaskPlan.Piece(source: index))
            packedBytes += source.byteCount
            if packedBytes >= rangeBytes || packed.count == Self.filesMax || plan.state != nil {
                add(packed)
                packed = []
                packedBytes = 0
            }
        }
        add(packed)
        return tasks
    }

    /// True for a file that several tasks read.
    private func isCut(
        _ source: TaskPlan.Source, in folder: String
    ) throws(PipelineFailure) -> Bool {
        guard source.byteCount >= 2 * rangeBytes, source.known.isEmpty, plan.readsFromAnyPlace
        else { return false }
        var start = [UInt8](repeating: 0, count: 4)
        do {
            let file = try FileDescriptor.reading(anchored(source.path, at: folder))
            var room = start.mutableSpan
            _ = try unsafe room.withUnsafeMutableBytes { region throws(FileFault) in
                try unsafe file.readFully(into: region, at: 0)
            }
        } catch {
            throw .source(
                SourceFault(.cannotOpen, source: source.path, expectation: "\(error)"))
        }
        return !GzipInflater.isGzip(start.span) && !ZstdInflater.isZstd(start.span)
    }

    /// As many ranges of about one length as there can be that are long enough.
    private func ranges(_ byteCount: Int) -> [Range<Int>] {
        let count = max(1, byteCount / rangeBytes)
        let (length, rest) = byteCount.quotientAndRemainder(dividingBy: count)
        return (0..<count).map { number in
            let begin = number * length + min(number, rest)
            return begin..<begin + length + (number < rest ? 1 : 0)
        }
    }

    /// Names a task by what it reads: path, length and range of each piece.
    private static func name(_ pieces: [TaskPlan.Piece], _ sources: [TaskPlan.Source]) -> String {
        var text = ""
        for piece in pieces {
            let source = sources[piece.source]
            let range = piece.range ?? 0..<source.rangesEnd
            text += "\(source.path.utf8.count) \(source.path) \(source.byteCount) "
            text += "\(range.lowerBound) \(range.upperBound)\n"
        }
        return "task-\(Digest256.of(Array(text.utf8).span).hex.prefix(32))"
    }
}
