internal import FileSystem
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
    }

    private let plan: Plan
    private let folder: String
    private let reads: [(shape: PathShape, what: String)]

    /// `plan` is anchored at `folder`; `files` are what was read to make it.
    init(_ plan: Plan, at folder: String, reading files: [String]) {
        self.plan = plan
        self.folder = folder
        var reads = files.map { file in
            (PathShape(file: anchored(file, at: folder)), "a file that the pipeline reads")
        }
        if let holds = plan.holds {
            reads.append((PathShape(file: holds), "the file of holds"))
        }
        if let state = plan.state {
            reads.append((PathShape(allBelow: state), "in the folder of the state"))
        }
        if let keys = plan.keyStore {
            reads.append((PathShape(allBelow: keys), "in the folder of the keys"))
        }
        for pattern in plan.readsSources ? plan.sources : [] where pattern != "-" {
            let shape = PathShape(pattern: anchored(pattern, at: folder))
            reads.append((shape, "a source of the pipeline"))
        }
        self.reads = reads
    }

    /// Adds a fault for each place of `specification` that a result must not be written to.
    func check(_ specification: PipelineSpecification, _ faults: Faults) {
        for place in files(specification) + folders(specification) {
            guard let taken = reads.first(where: { $0.shape.meets(place.shape) }) else { continue }
            faults.add(
                "found what may be \(taken.what), expected a place that nothing is read from and "
                    + "that is no state",
                at: place.position, path: place.path)
        }
    }

    /// Refuses a file that a command was asked to write beside the results.
    func check(file path: String, _ flag: String) throws(PipelineFailure) {
        let shape = PathShape(file: anchored(path, at: folder))
        if let taken = reads.first(where: { $0.shape.meets(shape) }) {
            throw .usage("\(flag): found what is \(taken.what), expected a file of its own")
        }
        let results =
            plan.outputs.filter { !$0.path.isStandardOutput }.map {
                PathShape($0.path, name: $0.name, isPart: plan.state != nil)
            }
            + plan.tables.flatMap { table in
                table.paths.map { PathShape($0.path, name: table.name) }
            }
        if results.contains(where: { $0.meets(shape) }) {
            throw .usage("\(flag): found a result of the pipeline, expected a file of its own")
        }
    }

    private func files(_ specification: PipelineSpecification) -> [Place] {
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
            return Place(shape: shape, position: position, path: path)
        }
        var places: [Place] = []
        for output in plan.outputs where !output.path.isStandardOutput {
            let shape = PathShape(output.path, name: output.name, isPart: plan.state != nil)
            places.append(place(shape, output.name))
            if let terms = output.termsPath {
                places.append(place(PathShape(file: anchored(terms, at: folder)), output.name))
            }
        }
        for table in plan.tables {
            for (path, _) in table.paths where !path.isStandardOutput {
                places.append(place(PathShape(path, name: table.name), table.name))
            }
        }
        return places
    }

    /// Publications and lists of quarantine have folders of their own.
    private func folders(_ specification: PipelineSpecification) -> [Place] {
        let publish = specification.publish
        var places: [Place] = []
        func add(_ path: String?, _ folders: Int, _ written: Marked<String>?, _ name: String) {
            guard let path, let written else { return }
            places.append(
                Place(
                    shape: PathShape(below: path, folders: folders), position: written.position,
                    path: name))
        }
        add(plan.publish?.folder, 1, publish?.path, "publish.path")
        add(plan.publish?.provisional, 1, publish?.provisional, "publish.provisional")
        let customers = publish?.forCustomers?.path
        add(plan.publish?.forCustomers?.folder, 2, customers, "publish.for_customers.path")
        add(plan.quarantine.path, 0, specification.quarantine.path, "quarantine.path")
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
