internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// What the state remembers of the reference tables of the last run: how many rows they had, and
/// what they said, so that ageing can tell what was dealt with from what has changed since.
///
/// One file for each table in the folder `tables` of the state, keys as hashes under a secret that
/// is new in every file. The files of a run get their names with its commit.
struct TableMemory {
    private static let folder = "tables"

    let ledger: Ledger
    let plan: Plan

    /// `plan` with what the last run saw. A table with too few rows left is a failure.
    func recalled() throws(PipelineFailure) -> Plan {
        var faults: [SettingFault] = []
        var before: [ReferenceTable] = []
        for input in plan.tableInputs {
            let known: InputList?
            do { known = try ledger.inputList(.referenceTable, name: listName(input)) } catch {
                throw .storage("cannot read the ledger: \(error.description)")
            }
            guard let known else { continue }
            if input.shrinkage.isPassed(from: known.entries, to: input.rows) {
                faults.append(
                    SettingFault(
                        "table `\(input.name)` has \(input.rows) rows, and had \(known.entries) in "
                            + "the last run: expected a whole export, or a larger `max_shrink`",
                        at: input.shrinkage.position, path: "tables.max_shrink"))
            }
            if let table = try recall(input, known) { before.append(table) }
        }
        if !faults.isEmpty { throw .tables(faults, file: "") }
        guard !before.isEmpty, before.count == plan.tableInputs.count else { return plan }
        var plan = plan
        plan.release.tablesBefore = before
        do { plan.tablesAsOf = try ledger.lastRun(pipeline: plan.name)?.now } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        return plan
    }

    /// The table that the last run saw; nil when it looked at other columns.
    private func recall(
        _ input: TableInput, _ known: InputList
    ) throws(PipelineFailure) -> ReferenceTable? {
        guard let memory = known.memory else { return nil }
        let content: [UInt8]
        do {
            let directory = try ledger.directory.privateSubdirectory(Self.folder, creating: false)
            content = try directory.content(of: fileName(input), limitBytes: 1 << 32)
        } catch {
            throw .storage("cannot read what the state keeps of table \(input.name): \(error)")
        }
        guard Digest256.of(content.span) == memory else {
            throw .storage("what the state keeps of table \(input.name) was changed")
        }
        return ReferenceTable(encoded: content, names: input.columns, kinds: input.kinds)
    }

    /// Makes the tables of this run durable under temporary names and says what the commit keeps.
    func remember(_ changes: PendingChanges) throws(PipelineFailure) -> [InputList] {
        guard !plan.tableInputs.isEmpty else { return [] }
        do {
            let directory = try ledger.directory.privateSubdirectory(Self.folder, creating: true)
            var lists: [InputList] = []
            for (input, table) in zip(plan.tableInputs, plan.release.tables) {
                let content = table.encoded(names: input.columns)
                let file = try DurableFile.begin(
                    in: directory, named: fileName(input), mark: plan.mark)
                try file.write(content.span)
                let identity = ContentIdentity(
                    digest: Digest256.of(content.span), byteCount: content.count)
                changes.owe(try file.prepare(), in: directory.path, identity)
                lists.append(
                    InputList(
                        name: listName(input), kind: .referenceTable, digest: input.digest,
                        entries: input.rows, memory: identity.digest))
            }
            return lists
        } catch {
            throw .storage("cannot write what the state keeps of reference tables: \(error)")
        }
    }

    /// Where the state at `state` keeps its copy of the list called `name` (`listName`).
    static func path(of name: String, state: String) -> String {
        let file = name.split(separator: "/", maxSplits: 1).joined(separator: ".")
        return "\(state)/\(folder)/\(file).rows"
    }

    private func listName(_ input: TableInput) -> String { "\(plan.name)/\(input.name)" }

    private func fileName(_ input: TableInput) -> String { "\(plan.name).\(input.name).rows" }
}
