internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// What the state remembers of the reference tables of the last run: how many rows they had, and
/// what they said, so that ageing can tell what was dealt with from what has changed since.
///
/// One file for each table in the folder `tables` of the state, keys as hashes under a secret that
/// is new in every file. The files of a run get their names with its commit. Where a run could not
/// judge a part, the files of the last run that did are kept under names of their own until it is
/// judged again or gone: a row that went meanwhile, or a date that was entered late, would count as
/// dealt with.
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
            if let earlier { faults += lostCells(of: input, table, earlier) }
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
            for run in Set(try ledger.waitingParts().map(\.judgedBy)) {
                plan.tablesOfRuns[run] = try recall(run)
            }
        } catch let failure as PipelineFailure {
            throw failure
        } catch let fault as LedgerFault {
            throw .storage("cannot read the ledger: \(fault.description)")
        } catch {
            throw .internalFault("an error without a name")
        }
        return plan
    }

    /// The tables that are kept of `run`; nil where one is not, or has other columns now.
    private func recall(_ run: Int64) throws -> [ReferenceTable]? {
        var tables: [ReferenceTable] = []
        for input in plan.tableInputs {
            guard
                let known = try ledger.inputList(
                    .referenceTable, name: Self.listName(listName(input), of: run)),
                let kept = try recall(input, known), input.hasColumns(kept.names, kept.table.kinds)
            else { return nil }
            tables.append(kept.table)
        }
        return tables
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

    /// What is wrong with columns whose cells are gone: one that another programme writes may come
    /// without its dates, or in another form, and whole keys would tell nothing of it. That of
    /// `as_of` has to have a date in every row.
    private func lostCells(
        of input: TableInput, _ table: ReferenceTable,
        _ earlier: (names: [String], table: ReferenceTable)
    ) -> [SettingFault] {
        input.columns.indices.compactMap { index in
            let former = earlier.names.indices.first {
                earlier.names[$0].utf8.elementsEqual(input.columns[index].utf8)
                    && earlier.table.kinds[$0] == input.kinds[index]
            }
            guard let former else { return nil }
            let (lost, read) = table.lostCells(column: index, of: earlier.table, column: former)
            guard input.shrinkage.isPassed(lost: lost, of: read) else { return nil }
            let what = input.kinds[index] == .date ? "dates" : "lengths"
            return SettingFault(
                "table `\(input.name)`: \(lost) of the \(read) \(what) that the last run read in "
                    + "`\(input.columns[index])` are gone or cannot be read: expected a whole "
                    + "export in the same form, or a larger `max_shrink`",
                at: input.shrinkage.position, path: "tables.max_shrink")
        }
    }

    /// A table as a run saw it, and the names of its columns; nil when nothing is kept.
    private func recall(
        _ input: TableInput, _ known: InputList
    ) throws(PipelineFailure) -> (names: [String], table: ReferenceTable)? {
        try content(input, known).flatMap { ReferenceTable.decoded($0) }
    }

    private func content(
        _ input: TableInput, _ known: InputList
    ) throws(PipelineFailure) -> [UInt8]? {
        guard let memory = known.memory else { return nil }
        let content: [UInt8]
        do {
            let directory = try ledger.directory.privateSubdirectory(Self.folder, creating: false)
            content = try directory.content(
                of: Self.fileName(of: known.name), limitBytes: 1 << 32)
        } catch {
            throw .storage("cannot read what the state keeps of table \(input.name): \(error)")
        }
        guard Digest256.of(content.span) == memory else {
            throw .storage("what the state keeps of table \(input.name) was changed")
        }
        return content
    }

    /// Makes the tables of this run durable under temporary names and says what the commit keeps.
    func remember(_ changes: PendingChanges) throws(PipelineFailure) -> [InputList] {
        guard !plan.tableInputs.isEmpty else { return [] }
        do {
            let directory = try ledger.directory.privateSubdirectory(Self.folder, creating: true)
            var lists: [InputList] = []
            for (input, table) in zip(plan.tableInputs, plan.release.tables) {
                let content = table.encoded(names: input.columns)
                let identity = try write(content, as: listName(input), in: directory, changes)
                lists.append(
                    InputList(
                        name: listName(input), kind: .referenceTable, digest: input.digest,
                        entries: input.rows, memory: identity.digest))
            }
            lists += try keepLast(changes, in: directory)
            return lists
        } catch let failure as PipelineFailure {
            throw failure
        } catch {
            throw .storage("cannot write what the state keeps of reference tables: \(error)")
        }
    }

    /// Keeps the tables of the last run, too, where parts wait that it was the last to judge.
    private func keepLast(
        _ changes: PendingChanges, in directory: Directory
    ) throws -> [InputList] {
        guard let last = plan.tablesRun?.id,
            changes.unjudged.contains(where: { $0.judgedBy == last })
        else { return [] }
        var lists: [InputList] = []
        for input in plan.tableInputs {
            guard var kept = try ledger.inputList(.referenceTable, name: listName(input)),
                let content = try content(input, kept)
            else { continue }
            kept.name = Self.listName(kept.name, of: last)
            _ = try write(content, as: kept.name, in: directory, changes)
            lists.append(kept)
        }
        return lists
    }

    private func write(
        _ content: [UInt8], as list: String, in directory: Directory,
        _ changes: PendingChanges
    ) throws(FileFault) -> ContentIdentity {
        let file = try DurableFile.begin(
            in: directory, named: Self.fileName(of: list), mark: plan.mark)
        try file.write(content.span)
        let identity = ContentIdentity(
            digest: Digest256.of(content.span), byteCount: content.count)
        changes.owe(try file.prepare(), in: directory.path, identity)
        return identity
    }

    /// Notes that the kept tables go that no part waits with any more; returns their names.
    func forget(_ changes: PendingChanges) throws(PipelineFailure) -> [String] {
        let kept: [InputList]
        let waiting: [(part: Int64, judgedBy: Int64)]
        do {
            kept = try ledger.inputLists().filter { $0.kind == .referenceTable }
            waiting = try ledger.waitingParts()
        } catch { throw .storage("cannot read the ledger: \(error.description)") }
        let left = waiting.filter {
            !changes.ends($0.part) && !changes.judgedAgain.contains($0.part)
        }
        let runs = Set((left + changes.unjudged).map(\.judgedBy))
        let outdated = kept.map(\.name).filter { name in
            Self.run(ofList: name).map { !runs.contains($0) } ?? false
        }
        for name in outdated {
            changes.oweRemoval(of: Self.path(of: name, state: ledger.directory.path))
        }
        return outdated
    }

    /// Where the state at `state` keeps its copy of the list called `name` (`listName`).
    static func path(of name: String, state: String) -> String {
        "\(state)/\(folder)/\(fileName(of: name))"
    }

    private static func fileName(of list: String) -> String {
        list.split(separator: "/", maxSplits: 1).joined(separator: ".") + ".rows"
    }

    private func listName(_ input: TableInput) -> String { "\(plan.name)/\(input.name)" }

    /// What `list` is called as `run` saw it; no table has such a name.
    private static func listName(_ list: String, of run: Int64) -> String { "\(list)@\(run)" }

    private static func run(ofList name: String) -> Int64? {
        let parts = name.split(separator: "@")
        return parts.count == 2 ? Int64(parts[1]) : nil
    }
}
