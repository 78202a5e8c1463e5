internal import FileSystem
internal import Ledger
internal import Records
private import Synchronization

/// Holds the places that a pipeline writes to against what it lives on: its own file, whatever it
/// reads, its state and its keys.
///
/// A result in the place of one of them would destroy it at the end of the first run, and a source
/// that finds results would count them again each night.
struct ResultPlaces {
    /// A place that is written to.
    private struct Place {
        let shape: PathShape
        let position: SettingPosition
        let path: String
        /// The name of the result, for people.
        let name: String
    }

    private typealias Taken = (shape: PathShape, what: String)

    private let plan: Plan
    private let folder: String
    private let reads: [Taken]
    /// What of state and keys a source must not find; other files may lie beside it.
    private let remembered: [Taken]
    private let sources: [Taken]
    private let results: [Place]

    /// The places of `plan`, which is made of `specification`, as seen from `folder`.
    init(_ plan: Plan, of specification: PipelineSpecification, at folder: String) {
        let plan = plan.anchored(at: folder)
        self.plan = plan
        self.folder = folder
        var reads = plan.filesRead.flatMap { file in
            Self.shapes(file: anchored(file, at: folder)).map {
                ($0, "a file that the pipeline reads")
            }
        }
        if let holds = plan.holds {
            reads += Self.shapes(file: holds).map { ($0, "the file of holds") }
        }
        if let state = plan.state {
            reads += Self.shapes(ofState: state).map { ($0, "in the folder of the state") }
        }
        if let keys = plan.keyStore {
            reads.append((PathShape(allBelow: keys), "in the folder of the keys"))
        }
        self.reads = reads
        remembered = Self.remembered(plan)
        let patterns = plan.readsSources ? plan.sources.filter { $0 != "-" } : []
        sources = patterns.flatMap { pattern in
            Self.shapes(source: anchored(pattern, at: folder)).map {
                ($0, "a source of the pipeline")
            }
        }
        results = Self.files(plan, specification, at: folder) + Self.folders(plan, specification)
    }

    // MARK: Checks

    /// Adds a fault for each place of `specification` that a result must not be written to, and for
    /// each of its sources that finds what the pipeline remembers.
    func check(_ specification: PipelineSpecification, _ faults: Faults) {
        for place in results {
            guard let taken = (reads + sources).first(where: { $0.shape.meets(place.shape) })
            else { continue }
            faults.add(
                "found what may be \(taken.what), expected a place that nothing is read from and "
                    + "that is no state",
                at: place.position, path: place.path)
        }
        if let state = plan.state, let written = specification.state,
            let file = plan.filesRead.first,
            PathShape(allBelow: state).meets(PathShape(file: anchored(file, at: folder)))
        {
            faults.add(
                "found the folder that the pipeline file lies in, expected one of its own for the "
                    + "state, such as `state`",
                at: written.position, path: "state")
        }
        for (written, pattern) in zip(specification.source.files, plan.sources)
        where pattern != "-" {
            guard let taken = taken(by: pattern) else { continue }
            faults.add(
                "found what may be \(taken), expected sources only: \(Self.wayOut)",
                at: written.position, path: "source.files")
        }
    }

    /// Refuses sources, given on the command line, among which results or what is remembered lie.
    func check(sources patterns: [String]) throws(PipelineFailure) {
        for pattern in patterns where pattern != "-" {
            let shapes = Self.shapes(source: anchored(pattern, at: folder))
            let result = results.first { place in shapes.contains { $0.meets(place.shape) } }
            if let result {
                throw .usage(
                    "\(pattern): found what may be `\(result.name)`, a result of the pipeline, "
                        + "expected sources only")
            }
            guard let taken = taken(by: pattern) else { continue }
            throw .usage(
                "\(pattern): found what may be \(taken), expected sources only: \(Self.wayOut)")
        }
    }

    private static let wayOut =
        "give `state`, `keys` and `quarantine` (its `path`) folders that the pattern does not find"

    /// What of the state or the keys `pattern` finds.
    private func taken(by pattern: String) -> String? {
        let shapes = Self.shapes(source: anchored(pattern, at: folder))
        return remembered.first { taken in shapes.contains { $0.meets(taken.shape) } }?.what
    }

    /// Refuses a file that a command was asked to write beside the results.
    func check(file path: String, _ flag: String) throws(PipelineFailure) {
        let shape = PathShape(file: anchored(path, at: folder))
        // Nobody but runs writes below the state: `verify` knows no other file there.
        if let state = plan.state, PathShape(allBelow: state).meets(shape) {
            throw .usage("\(flag): found what is below the state, expected a file of its own")
        }
        try check(shape, flag, "a file of its own", apart: reads + sources)
    }

    /// Refuses a folder in which a command was asked to work. Nothing that the pipeline reads,
    /// writes or remembers may lie in it: who works in that folder sees it.
    func check(folder path: String, _ flag: String) throws(PipelineFailure) {
        let path = anchored(path, at: folder)
        let shape = PathShape(allBelow: path)
        if let state = plan.state, PathShape(allBelow: state).meets(shape) {
            throw .usage(
                "\(flag): found what is below the state, or above it, expected a folder of its own")
        }
        try check(shape, flag, "a folder of its own", apart: reads + sources)
    }

    private func check(
        _ shape: PathShape, _ flag: String, _ expected: String, apart taken: [Taken]
    ) throws(PipelineFailure) {
        if let taken = taken.first(where: { $0.shape.meets(shape) }) {
            throw .usage("\(flag): found what is \(taken.what), expected \(expected)")
        }
        if results.contains(where: { $0.shape.meets(shape) }) {
            throw .usage("\(flag): found a result of the pipeline, expected \(expected)")
        }
    }

    // MARK: What is read

    /// A file, and what a symbolic link in its place leads to.
    private static func shapes(file path: String) -> [PathShape] {
        [path, realPath(path) ?? path].map { PathShape(file: $0) }
    }

    /// What is not there yet may become a file or a folder.
    private static func shapes(source pattern: String) -> [PathShape] {
        switch (try? FileStatus.of(pattern))?.kind {
        case nil where !pattern.contains(where: "*?[".contains):
            [PathShape(pattern: pattern), PathShape(pattern: "\(pattern)/**")]
        case nil, .directory: [PathShape(pattern: pattern)]
        default: shapes(file: pattern)
        }
    }

    /// Every file that lies in the state itself, and its own folders; results may have others.
    private static func shapes(ofState state: String) -> [PathShape] {
        [PathShape(file: state), PathShape(["*", ".*"], in: state)]
            + ["partials", "quarantine", "keys", "tables"].map {
                PathShape(allBelow: "\(state)/\($0)")
            }
    }

    /// What state and keys hold, by the very names that it has there: a source may look for others
    /// in the same folders.
    private static func remembered(_ plan: Plan) -> [Taken] {
        var taken: [Taken] = []
        func add(_ names: [String], in folder: String, _ what: String) {
            guard !names.isEmpty else { return }
            taken.append((PathShape(names, in: folder), what))
        }
        if let state = plan.state {
            add(StateFolderProof.ownFiles, in: state, "the state")
            let partials = [task + ".partial", task + ".\(month).partial"]
            add(partials, in: "\(state)/partials", "the state")
            let tables = plan.tableInputs.map { input in
                let name = "\(plan.name)/\(input.name)"
                return splitPath(TableMemory.path(of: name, state: state)).name
            }
            let kept = (tables + there("\(state)/tables")).map(PathShape.escaped)
            add(kept, in: "\(state)/tables", "the state")
            let lists = "\(state)/quarantine"
            let names =
                isStandard(plan.quarantine.path, of: state)
                ? [QuarantineFile.pattern] : there(lists).map(PathShape.escaped)
            add(names, in: lists, "a list of quarantine, in the folder of the state")
        }
        if let keys = plan.keyStore {
            let ofMonths = ["key", "key.former", "destroyed"].map { "\(month).\($0)" }
            let others = ["store", "store.next", "lock"]
                + [".state", "-*.forgotten", ".pipeline"].map { ending in
                    String(repeating: "[0-9a-f]", count: 16) + ending
                }
            add(ofMonths + others, in: keys, "the keys")
        }
        return taken
    }

    private static let month = "[0-9][0-9][0-9][0-9]-[0-9][0-9]"
    /// How the names of partials begin.
    private static let task = String(repeating: "[0-9a-f]", count: 24)

    /// The files in `folder`, of earlier runs and perhaps other settings.
    private static func there(_ folder: String) -> [String] {
        (try? Directory.open(folder).names()) ?? []
    }

    /// True when lists of quarantine lie where they do if nothing else is said.
    private static func isStandard(_ path: String?, of state: String) -> Bool {
        let standard = PlanningWorld.simplified("\(state)/quarantine")
        return path.map { PlanningWorld.simplified($0) == standard } ?? true
    }

    // MARK: What is written

    private static func files(
        _ plan: Plan, _ specification: PipelineSpecification, at folder: String
    ) -> [Place] {
        var written: [String: (SettingPosition, String)] = [:]
        for (index, output) in specification.outputs.enumerated() {
            written[output.name.value] = (output.path.position, "outputs[\(index + 1)].path")
        }
        for (index, table) in specification.disclosures.enumerated() {
            written[table.name.value] = (table.path.position, "disclosures[\(index + 1)].path")
        }
        for (index, table) in specification.statistics.enumerated() {
            guard let path = table.path else { continue }
            written[table.name.value] = (path.position, "statistics[\(index + 1)].path")
        }
        func place(_ shape: PathShape, _ name: String) -> Place {
            let (position, path) = written[name] ?? (.none, name)
            return Place(shape: shape, position: position, path: path, name: name)
        }
        var places: [Place] = []
        for output in plan.outputs where !output.path.isStandardOutput {
            let shape = PathShape(
                output.path, name: output.name, day: "date", isPart: plan.state != nil)
            places.append(place(shape, output.name))
            if let terms = output.termsPath {
                places.append(place(PathShape(file: anchored(terms, at: folder)), output.name))
            }
        }
        for table in plan.tables {
            for (path, _) in table.paths where !path.isStandardOutput {
                places.append(place(PathShape(path, name: table.name, day: "day"), table.name))
            }
        }
        return places
    }

    /// Publications and lists of quarantine have folders of their own.
    private static func folders(
        _ plan: Plan, _ specification: PipelineSpecification
    ) -> [Place] {
        let publish = specification.publish
        var places: [Place] = []
        func add(_ path: String?, _ folders: Int, _ written: Marked<String>?, _ name: String) {
            guard let path, let written else { return }
            places.append(
                Place(
                    shape: PathShape(below: path, folders: folders), position: written.position,
                    path: name, name: name))
        }
        add(plan.publish?.folder, 1, publish?.path, "publish.path")
        add(plan.publish?.provisional, 1, publish?.provisional, "publish.provisional")
        let customers = publish?.forCustomers?.path
        add(plan.publish?.forCustomers?.folder, 2, customers, "publish.for_customers.path")
        if let path = plan.quarantine.path, let written = specification.quarantine.path,
            plan.state.map({ !isStandard(path, of: $0) }) ?? true
        {
            places.append(
                Place(
                    shape: PathShape([QuarantineFile.pattern], in: path),
                    position: written.position, path: "quarantine.path", name: "quarantine"))
        }
        return places
    }
}

/// The files that were read to make a plan.
final class PathsRead: Sendable {
    private let noted = Mutex<[String]>([])

    init(_ first: String) { noted.withLock { $0.append(first) } }

    func note(_ path: String) { noted.withLock { $0.append(path) } }

    var all: [String] { noted.withLock { $0 } }
}
