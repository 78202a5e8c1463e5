internal import FileSystem
internal import KeyedHashing
internal import Ledger

/// The tasks that the sources of a run are dealt out to.
///
/// Every process that takes part reads it from the work folder, so that all have the same clock and
/// the same tasks. The outputs do not depend on how the sources were cut: only who does what when.
struct TaskPlan: Equatable {
    /// One file, as it was when the plan was made.
    struct Source: Equatable {
        /// As `run` would name it.
        var path: String
        var byteCount: Int
        /// Nanoseconds since 1970 UTC.
        var modified: Int64
        /// With state: names its content and what is new in it; nil when nothing is.
        var taken: Digest256?
        /// With state: the stretches that earlier runs have counted, in order.
        var known: [Range<Int>] = []
        /// With state: where its plain bytes end in front of an open line that is left for a later
        /// run; nil: where the file ends.
        var end: Int?
        /// Where ranges of it end.
        var rangesEnd: Int { end ?? byteCount }
    }

    /// The state that a run starts from.
    struct State: Equatable {
        /// Absolute.
        var path: String
        /// The end of its ledger's chain of events: who is held, erased or has opted out, and what
        /// is counted, stands before it.
        var chainEnd: Digest256
        /// False when the registry names nobody: then tasks need not look into the state.
        var namesSubjects: Bool
    }

    /// A source, or the records of it that begin in a range of bytes.
    struct Piece: Equatable {
        /// The index in `sources`.
        var source: Int
        /// Nil: all of it.
        var range: Range<Int>?
    }

    /// The work of one attempt: pieces that follow each other.
    struct Task: Equatable {
        /// The same for the same pieces of the same files.
        var name: String
        var pieces: [Piece]
    }

    /// What tells this plan from all others: the pipeline, what it reads besides its sources, the
    /// clock, the sources and the key.
    var name: String
    /// The pipeline file, as it was given.
    var pipeline: String
    /// The folder that relative paths are seen from.
    var folder: String
    /// The clock of the run, as `--now` has it.
    var now: String
    /// True when somebody said what time it is; false for the clock of the machine that planned.
    var isClockStated: Bool
    /// The digest of the pipeline file, of every table, list and static key that it names.
    var context: Digest256
    /// Names the key of the run; nil when it needs none, or takes the keys of a key store.
    var key: String?
    /// Nil for a pipeline without state.
    var state: State?
    /// True when the work folder cannot give a folder its name in one step: attempts keep theirs,
    /// and the commit lists those that count (`TaskFolder`).
    var listsWinners = false
    /// How many buckets of tokens the tasks deal out to what their statistics count.
    var buckets = 1
    var sources: [Source]
    /// In the order of their records in the sources.
    var tasks: [Task]

    /// The version of the written form.
    static let version = 5

    /// The task of a name, or of a number from 0 on, as schedulers of numbered tasks have it.
    func task(_ text: String) -> Task? {
        if let number = Int(text) { return tasks.indices.contains(number) ? tasks[number] : nil }
        return tasks.first { $0.name.utf8.elementsEqual(text.utf8) }
    }

    /// The bytes of all pieces of a task, as they lie on disk.
    func byteCount(of task: Task) -> Int {
        task.pieces.reduce(0) { $0 + ($1.range?.count ?? sources[$1.source].byteCount) }
    }
}

extension TaskPlan {
    /// The written form.
    var written: CanonicalJSON {
        .object([
            ("version", .integer(Int64(Self.version))), ("plan", .text(name)),
            ("pipeline", .text(pipeline)), ("folder", .text(folder)), ("now", .text(now)),
            ("now_is_stated", .boolean(isClockStated)),
            ("context", .text(context.hex)), ("key", key.map { .text($0) } ?? .null),
            ("state", state?.written ?? .null), ("winners", .boolean(listsWinners)),
            ("buckets", .integer(Int64(buckets))),
            ("sources", .array(sources.map(Self.written))),
            ("tasks", .array(tasks.map(Self.written))),
        ])
    }

    private static func written(_ source: Source) -> CanonicalJSON {
        .object([
            ("path", .text(source.path)), ("bytes", .integer(Int64(source.byteCount))),
            ("modified", .integer(source.modified)),
            ("taken", source.taken.map { .text($0.hex) } ?? .null),
            (
                "known",
                .array(
                    source.known.flatMap { [$0.lowerBound, $0.upperBound] }
                        .map { .integer(Int64($0)) })
            ),
            ("end", source.end.map { .integer(Int64($0)) } ?? .null),
        ])
    }

    private static func written(_ task: Task) -> CanonicalJSON {
        let pieces = task.pieces.map { piece -> CanonicalJSON in
            var members = [(name: "source", value: CanonicalJSON.integer(Int64(piece.source)))]
            if let range = piece.range {
                members.append(("begin", .integer(Int64(range.lowerBound))))
                members.append(("end", .integer(Int64(range.upperBound))))
            }
            return .object(members)
        }
        return .object([("name", .text(task.name)), ("pieces", .array(pieces))])
    }

    /// Reads the written form; nil for anything else.
    init?(_ json: CanonicalJSON) {
        guard json["version"]?.asInteger == Self.version, let name = json["plan"]?.asText,
            let pipeline = json["pipeline"]?.asText, let folder = json["folder"]?.asText,
            let now = json["now"]?.asText,
            let isClockStated = json["now_is_stated"]?.asBoolean,
            let digest = json["context"]?.asText,
            let context = Digest256(hex: digest), let buckets = json["buckets"]?.asInteger,
            buckets > 0, let sources = json["sources"]?.asArray,
            let tasks = json["tasks"]?.asArray
        else { return nil }
        self.name = name
        self.pipeline = pipeline
        self.folder = folder
        self.now = now
        self.isClockStated = isClockStated
        self.context = context
        key = json["key"]?.asText
        state = json["state"].flatMap(State.init)
        listsWinners = json["winners"]?.asBoolean ?? false
        self.buckets = buckets
        self.sources = sources.compactMap(Source.init)
        self.tasks = tasks.compactMap(Task.init)
        guard self.sources.count == sources.count, self.tasks.count == tasks.count else {
            return nil
        }
        let known = self.sources.indices
        guard self.tasks.allSatisfy({ $0.pieces.allSatisfy { known.contains($0.source) } }) else {
            return nil
        }
    }
}

extension TaskPlan.Source {
    fileprivate init?(_ json: CanonicalJSON) {
        guard let path = json["path"]?.asText, let count = json["bytes"]?.asInteger,
            let modified = json["modified"]?.asInteger,
            let ends = json["known"]?.asArray?.compactMap(\.asInteger), ends.count % 2 == 0,
            zip(ends, ends.dropFirst()).allSatisfy({ $0 <= $1 })
        else { return nil }
        self.init(
            path: path, byteCount: count, modified: Int64(modified),
            taken: json["taken"]?.asText.flatMap { Digest256(hex: $0) },
            known: stride(from: 0, to: ends.count, by: 2).map { ends[$0]..<ends[$0 + 1] },
            end: json["end"]?.asInteger)
    }
}

extension TaskPlan.State {
    fileprivate var written: CanonicalJSON {
        .object([
            ("path", .text(path)), ("chain_end", .text(chainEnd.hex)),
            ("names_subjects", .boolean(namesSubjects)),
        ])
    }

    fileprivate init?(_ json: CanonicalJSON) {
        guard let path = json["path"]?.asText,
            let end = json["chain_end"]?.asText.flatMap({ Digest256(hex: $0) }),
            let names = json["names_subjects"]?.asBoolean
        else { return nil }
        self.init(path: path, chainEnd: end, namesSubjects: names)
    }
}

extension TaskPlan.Task {
    fileprivate init?(_ json: CanonicalJSON) {
        guard let name = json["name"]?.asText, let pieces = json["pieces"]?.asArray else {
            return nil
        }
        self.init(name: name, pieces: pieces.compactMap(TaskPlan.Piece.init))
        guard self.pieces.count == pieces.count else { return nil }
    }
}

extension TaskPlan.Piece {
    fileprivate init?(_ json: CanonicalJSON) {
        guard let source = json["source"]?.asInteger else { return nil }
        guard let begin = json["begin"]?.asInteger else {
            self.init(source: source, range: nil)
            return
        }
        guard let end = json["end"]?.asInteger, 0 <= begin, begin <= end else { return nil }
        self.init(source: source, range: begin..<end)
    }
}
