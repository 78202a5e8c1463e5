internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

extension Planner {
    /// The reference tables of the pipeline, each with what is remembered of it.
    func loadTables(
        _ register: TableRegister, _ runClock: RunClock
    ) -> [(table: ReferenceTable, input: TableInput)] {
        let loaded = specification.tables.enumerated().compactMap { index, table in
            let loader = TableLoader(
                specification: table, columns: register.columns[index], runClock: runClock,
                zone: table.zone.flatMap { resolveZone($0, path: "tables.zone") } ?? zone,
                faults: tableFaults)
            if let given = world.tables {
                return loader.load(given: given[table.name.value])
            }
            return loader.load(world)
        }
        unreadableCells = loaded.flatMap(\.input.unreadable)
        return loaded
    }
}

/// Loads one reference table and adds what is wrong with it to the faults.
struct TableLoader {
    let specification: TableSpecification
    let columns: [TableRegister.Column]
    let runClock: RunClock
    let zone: ZoneTable
    let faults: Faults

    typealias Loaded = (table: ReferenceTable, input: TableInput)

    /// What stands in the file or database that the pipeline names.
    func load(_ world: PlanningWorld) -> Loaded? {
        let before = faults.all.count
        let loaded: Loaded?
        switch specification.place {
        case .file(let path):
            world.noteRead(world.resolve(path.value))
            loaded = load(file: world.resolve(path.value))
        case .database(let path, let table):
            let database = OutsideDatabase(path: world.resolve(path.value))
            for file in [world.resolve(path.value)] + database.files { world.noteRead(file) }
            loaded = load(database, of: world.resolve(path.value), table: table)
        }
        guard let loaded, faults.all.count == before else { return nil }
        if loaded.table.count == 0 {
            refuse("expected at least one row")
            return nil
        }
        checkCells(loaded.input)
        return loaded
    }

    /// The rows of a test, which may be none; how old they are does not count.
    func load(given content: [UInt8]?) -> Loaded? {
        guard let content else {
            return finish(TableRows(builder), digest: Digest256.of([UInt8]().span))
        }
        return load(content, digest: Digest256.of(content.span))
    }

    // MARK: CSV

    private func load(file path: String) -> Loaded? {
        let content: [UInt8]
        let modified: EventTime
        do throws(FileFault) {
            guard try FileStatus.of(path)?.kind == .regular else {
                refuse("cannot be read: expected a file at \(path)")
                return nil
            }
            let file = try FileDescriptor.reading(path)
            modified = try file.status().modified
            content = try file.readAll(limitBytes: DelimitedRows.fileBytesMax)
        } catch {
            refuse("cannot be read: \(error)")
            return nil
        }
        guard let loaded = load(content, digest: Digest256.of(content.span)) else { return nil }
        checkAge(loaded.table, modified)
        return loaded
    }

    private func load(_ content: [UInt8], digest: Digest256) -> Loaded? {
        let rows: DelimitedRows
        do { rows = try DelimitedRows(file: content.span) } catch {
            refuse("line \(error.line): \(error.expectation)")
            return nil
        }
        guard let places = find(rows.columns) else { return nil }
        var loaded = TableRows(builder)
        for row in 0..<rows.count where !loaded.add(places.map { rows.cell(row, $0) }) { break }
        return finish(loaded, digest: digest) { rows.line($0) }
    }

    // MARK: SQLite

    private func load(
        _ database: OutsideDatabase, of path: String, table: Marked<String>
    ) -> Loaded? {
        guard let before = database.stamp else {
            refuse("cannot be read: expected a database at \(path)")
            return nil
        }
        var rows = TableRows(builder)
        var hasher = ContentHasher()
        var bytes = 0
        do throws(OutsideFault) {
            try database.read(table: table.value) { names in
                find(names).map { places in places.map { names[$0] } }
            } row: { row in
                for cell in row {
                    hasher.update(Array("\(cell.count):".utf8).span)
                    hasher.update(cell.span)
                    bytes += cell.count
                }
                return rows.add(row.map { $0[...] }) && bytes <= DelimitedRows.fileBytesMax
            }
        } catch {
            refuse(error, table)
            return nil
        }
        guard bytes <= DelimitedRows.fileBytesMax else {
            refuse("expected at most \(DelimitedRows.fileBytesMax >> 20) MiB in what is read")
            return nil
        }
        guard database.stamp == before else {
            refuse("changed while it was read: expected a database at rest")
            return nil
        }
        let loaded = finish(rows, digest: hasher.digest())
        if let loaded { checkAge(loaded.table, before.modified) }
        return loaded
    }

    private func refuse(_ fault: OutsideFault, _ table: Marked<String>) {
        switch fault {
        case .unreadable: refuse("cannot be read")
        case .damaged: refuse("expected an SQLite database that is whole")
        case .busy: refuse("is being written: expected a database at rest")
        case .logLeft:
            refuse(
                "has a write-ahead log (-wal) that nobody has taken in: expected a database that "
                    + "was closed, or all of its files")
        case .journalLeft:
            refuse(
                "has a journal (-journal) of a change in whose middle its last writer died: "
                    + "expected the writer to be started again, or the database to be opened once "
                    + "by a programme that may write it, which takes the change back")
        case .severalNames:
            refuse(
                "is in WAL mode and has several names (hard links): expected one, beside which "
                    + "its log lies")
        case .otherEncoding: refuse("expected texts in UTF-8")
        case .tooLong: refuse("expected rows of at most 1 MiB")
        case .noTable(let names):
            faults.add(
                "the database of `\(specification.name.value)` has no table `\(table.value)`",
                at: table.position, path: "tables.table",
                suggestion: nearestName(to: table.value, among: names))
        }
    }

    // MARK: Rows

    /// The key and the columns of the table.
    private var wanted: [Marked<String>] { [specification.key] + cells.map(\.name) }

    /// Where the wanted columns stand among `names`; nil, with faults, when one is missing.
    private func find(_ names: [String]) -> [Int]? {
        let places = wanted.map { mark -> Int? in
            let place = names.firstIndex { $0.utf8.elementsEqual(mark.value.utf8) }
            if place == nil {
                faults.add(
                    "table `\(specification.name.value)` has no column `\(mark.value)`",
                    at: mark.position, path: "tables",
                    suggestion: nearestName(to: mark.value, among: names))
            }
            return place
        }
        let found = places.compactMap { $0 }
        return found.count == places.count ? found : nil
    }

    /// The columns of the table: those that clocks read, and that of `as_of` as the last.
    private var cells: [TableRegister.Column] {
        columns + (specification.asOf.map { [TableRegister.Column(name: $0, kind: .date)] } ?? [])
    }

    private var builder: ReferenceTable.Builder {
        ReferenceTable.Builder(
            kinds: cells.map(\.kind), format: specification.time?.value, zone: zone)
    }

    /// The table of all rows; `line` says where a row stands.
    private func finish(
        _ rows: TableRows, digest: Digest256, line: (Int) -> Int = { $0 + 1 }
    ) -> Loaded? {
        do throws(TableRowFault) {
            let table = try rows.finish()
            var input = TableInput(
                name: specification.name.value, digest: digest, rows: table.count,
                columns: cells.map(\.name.value), kinds: cells.map(\.kind),
                shrinkage: ShrinkageLimit(specification.maxShrink, of: specification.name))
            input.unreadable = unreadable(table)
            return (table, input)
        } catch {
            refuse("line \(line(error.row)): \(error.expectation)")
            return nil
        }
    }

    private func refuse(_ what: String) {
        faults.add(
            "table `\(specification.name.value)`: \(what)",
            at: specification.place.path.position, path: "tables")
    }

    // MARK: Cells

    /// What cannot be read in the columns that clocks read.
    private func unreadable(_ table: ReferenceTable) -> [UnreadableCells] {
        columns.enumerated().compactMap { index, column in
            let (count, filled) = table.unreadableCells(column: index)
            guard count > 0 else { return nil }
            return UnreadableCells(
                table: specification.name.value, column: column.name.value, kind: column.kind,
                count: count, filled: filled)
        }
    }

    /// Refuses a column of which so much cannot be read that it may be written in another form.
    private func checkCells(_ input: TableInput) {
        for cells in input.unreadable
        where input.shrinkage.isPassed(unreadable: cells.count, of: cells.filled) {
            let expected =
                switch (cells.kind, specification.time?.value) {
                case (.length, _): "ISO 8601 durations such as P30D"
                case (.date, let form?): "dates in the form that `time` names, \(form.rawValue)"
                case (.date, nil): "`time`, or dates such as 2026-09-01 or 2026-09-01T12:00:00Z"
                }
            faults.add(
                "\(cells.sentence): expected \(expected), nothing in an empty cell, or a larger "
                    + "`max_shrink`",
                at: input.shrinkage.position, path: "tables.max_shrink")
        }
    }

    // MARK: Age

    private func checkAge(_ table: ReferenceTable, _ modified: EventTime) {
        guard let written = written(table, modified), let maxAge = specification.maxAge else {
            return
        }
        if written < runClock.cutOff(maxAge.value) {
            faults.add(
                "table `\(specification.name.value)` is older than its `max_age` of "
                    + "\(maxAge.value.text): expected a newer export",
                at: maxAge.position, path: "tables.max_age")
        }
    }

    /// When the table was written, as far as it says; nil with a fault.
    private func written(_ table: ReferenceTable, _ modified: EventTime) -> EventTime? {
        guard let asOf = specification.asOf else { return modified }
        var oldest: EventTime?
        for row in 0..<table.count {
            guard case .at(let time) = table.date(row: row, column: columns.count) else {
                faults.add(
                    "table `\(specification.name.value)`: expected a date in every row of "
                        + "`\(asOf.value)`",
                    at: asOf.position, path: "tables.as_of")
                return nil
            }
            oldest = min(oldest ?? time, time)
        }
        return oldest ?? modified
    }
}

/// The rows of a table so far, and what is wrong with the first bad one.
private struct TableRows {
    private var builder: ReferenceTable.Builder
    private var fault: TableRowFault?

    init(_ builder: ReferenceTable.Builder) { self.builder = builder }

    /// Adds a row: its key and its cells; false when nothing more need be read.
    mutating func add(_ cells: [ArraySlice<UInt8>]) -> Bool {
        do throws(TableRowFault) {
            try builder.add(key: cells[0], cells: Array(cells[1...]))
            return true
        } catch {
            fault = error
            return false
        }
    }

    func finish() throws(TableRowFault) -> ReferenceTable {
        if let fault { throw fault }
        return try builder.finish()
    }
}

extension FileStatus {
    /// The time of the last change of the content.
    fileprivate var modified: EventTime {
        EventTime(milliseconds: modifiedNanoseconds / 1_000_000)
    }
}
