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

    /// `plan` with what the last run saw. A table that lacks too many of its keys is a failure.
    func recalled() throws(PipelineFailure) -> Plan {
        var faults: [SettingFault] = []
        var before: [ReferenceTable] = []
        for (input, table) in zip(plan.tableInputs, plan.release.tables) {
            let known: InputList?
            do { known = try ledger.inputList(.referenceTable, name: listName(input)) } catch {
                throw .storage("cannot read the ledger: \(error.description)")
            }
            guard let known else { continue }
            let earlier = try recall(input, known)
            if let fault = shrinkage(of: input, table, from: known.entries, earlier?.table) {
                faults.append(fault)
            }
            if let earlier, input.hasColumns(earlier.names, earlier.table.kinds) {
                before.append(earlier.table)
            }
        }
        if !faults.isEmpty { throw .tables(faults, file: "") }
        guard let input = plan.tableInputs.first, before.count == plan.tableInputs.count else {
            return plan
        }
        var plan = plan
        plan.release.tablesBefore = before
        do {
            plan.tablesRun = try ledger.runGiven(.referenceTable, name: listName(input))
                .map { ($0.id, $0.now) }
        } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        return plan
    }

    /// What is wrong with a table that had `rows` rows in the last run: whose keys are gone counts
    /// as run out, so that as many rows under other keys would be as bad as none.
    private func shrinkage(
        of input: TableInput, _ table: ReferenceTable, from rows: Int, _ before: ReferenceTable?
    ) -> SettingFault? {
        let gone = before.map { table.missingKeys(of: $0) } ?? rows - input.rows
        guard input.shrinkage.isPassed(gone, of: rows) else { return nil }
        return SettingFault(
            "table `\(input.name)` has \(input.rows) rows and lacks \(gone) of the \(rows) keys "
                + "of the last run: expected a whole export with keys in the same form, or a "
                + "larger `max_shrink`",
            at: input.shrinkage.position, path: "tables.max_shrink")
    }

    /// The table that the last run saw, and the names of its columns; nil when nothing is kept.
    private func recall(
        _ input: TableInput, _ known: InputList
    ) throws(PipelineFailure) -> (names: [String], table: ReferenceTable)? {
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
        return ReferenceTable.decoded(content)
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
