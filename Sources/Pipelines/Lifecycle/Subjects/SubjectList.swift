internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records

/// A list that a pipeline reads beside its sources and that names people: a reference table, or the
/// list of opt-outs.
struct SubjectList: Sendable {
    /// The file as it is reached from here.
    let path: String
    /// The table of an SQLite database; nil where the file is a CSV.
    var table: String?
    /// Who is sought, and the column that names them.
    let kind: SubjectKind
    let column: String
    let value: [UInt8]
    /// The only customer whose rows are meant, and the column that names customers; a row that
    /// names none is meant too.
    var within: (column: String, customer: [UInt8])?

    /// What is opened to read it: the log of a database lies beside what a symbolic link leads to.
    var filesRead: [String] { table == nil ? [path] : OutsideDatabase(path: path).files }

    /// Gives the rows of the subject, in order.
    func read(
        _ visit: (FoundRecord) throws(PipelineFailure) -> Void
    ) throws(PipelineFailure) -> PlaceCounts {
        var counts = PlaceCounts()
        let rows: Rows
        if let table { rows = try databaseRows(table) } else { rows = try fileRows() }
        for row in rows.cells.indices where names(rows.cells[row], rows.columns) {
            counts.records += 1
            try visit(
                FoundRecord(
                    file: 0, number: row + 1, match: .value,
                    raw: SubjectTables.row(rows.cells[row]).dropLast(), columns: rows.columns))
        }
        return counts
    }

    private typealias Rows = (columns: [String], cells: [[[UInt8]]])

    private func fileRows() throws(PipelineFailure) -> Rows {
        let rows: DelimitedRows
        do {
            let content = try FileDescriptor.reading(path)
                .readAll(limitBytes: DelimitedRows.fileBytesMax)
            rows = try DelimitedRows(file: content.span)
        } catch { throw unreadable }
        let cells = (0..<rows.count).map { row in
            rows.columns.indices.map { Array(rows.cell(row, $0)) }
        }
        return (rows.columns, cells)
    }

    private func databaseRows(_ table: String) throws(PipelineFailure) -> Rows {
        var columns: [String] = []
        var cells: [[[UInt8]]] = []
        var bytes = 0
        do throws(OutsideFault) {
            try OutsideDatabase(path: path).read(table: table) { names in
                columns = names
                return names
            } row: { row in
                cells.append(row)
                bytes += row.reduce(0) { $0 + $1.count }
                return bytes <= DelimitedRows.fileBytesMax
            }
        } catch { throw unreadable }
        guard bytes <= DelimitedRows.fileBytesMax else { throw unreadable }
        return (columns, cells)
    }

    private var unreadable: PipelineFailure {
        .source(
            SourceFault(
                .cannotRead, source: path,
                expectation: "expected a list that can be read: it may name the subject"))
    }

    private func names(_ row: [[UInt8]], _ columns: [String]) -> Bool {
        func cell(_ column: String) -> [UInt8] {
            let place = columns.firstIndex { $0.utf8.elementsEqual(column.utf8) }
            return place.map { row[$0] } ?? []
        }
        let named = cell(column)
        guard CanonicalSubject.bytes(kind, named.span) == value else { return false }
        guard let within else { return true }
        let limit = cell(within.column)
        let customer = CanonicalSubject.bytes(.customer, limit.span)
        return customer.map { $0 == within.customer } ?? true
    }
}

/// The lists of a pipeline that name the subject: the reference tables in which clocks look it up,
/// and the list of opt-outs.
struct SubjectLists {
    let plan: Plan
    let specification: PipelineSpecification
    let subject: SoughtSubject
    /// The folder of the pipeline file.
    let folder: String

    private var kind: SubjectKind { subject.kind.subjectKind }

    func places() throws(PipelineFailure) -> [SubjectPlace] {
        try tables() + optOuts()
    }

    private func tables() throws(PipelineFailure) -> [SubjectPlace] {
        let slots = Set(plan.release.slots(of: kind))
        var places: [SubjectPlace] = []
        for (index, table) in specification.tables.enumerated()
        where plan.release.clocks.looksUp(table: index, by: slots) {
            var list = try list(table.place.path.value, column: table.key.value)
            if case .database(_, let name) = table.place { list.table = name.value }
            places.append(try place(.table, table.name.value, list))
        }
        return places
    }

    private func optOuts() throws(PipelineFailure) -> [SubjectPlace] {
        guard let optOuts = specification.optOuts, subject.kind != .address else { return [] }
        var list = try list(
            optOuts.file.value, column: subject.kind == .user ? "person" : "customer")
        list.within = subject.within.map { ("customer", $0) }
        return [try place(.optOuts, "opt_outs", list)]
    }

    private func list(
        _ path: String, column: String
    ) throws(PipelineFailure) -> SubjectList {
        let resolved = Sluice.world(folder: folder, now: nil).resolve(path)
        return SubjectList(
            path: anchored(resolved, at: try workingFolder()), kind: kind, column: column,
            value: subject.canonical)
    }

    private func place(
        _ kind: SubjectPlace.Kind, _ name: String, _ list: SubjectList
    ) throws(PipelineFailure) -> SubjectPlace {
        SubjectPlace(
            kind: kind, name: name,
            retention: ["Kept and deleted by the operator, not by Sluice."],
            files: [Sluice.seen(list.path, from: try workingFolder())], format: CSVFormat(),
            names: [list.column],
            matcher: RecordMatcher(
                sought: SoughtIdentity(kind: self.kind, who: .value(subject.canonical)),
                within: nil),
            list: list)
    }
}

extension ClockSet {
    /// True when a clock looks something up in a table by one of the fields in `slots`.
    fileprivate func looksUp(table: Int, by slots: Set<Int>) -> Bool {
        (dateSources + lengthSources).contains { source in
            guard case .table(let cell) = source else { return false }
            return cell.table == table && slots.contains(cell.keySlot)
        }
    }
}
