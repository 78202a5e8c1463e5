import Statistics

/// The bytes in which the ledger keeps a publication: one form for one value.
///
/// `SLUP`, a version, then numbers as base-128 integers (signed ones folded), texts and lists with
/// their length in front. No identifier of a record can be in it that is not published.
package enum PublicationDocument {
    private static let magic = Array("SLUP".utf8)
    private static let version: UInt8 = 4
    /// Version 1 knew neither noise nor sketches, version 2 neither changed counts nor risks,
    /// version 3 no columns of which values were left out.
    private static let versions: ClosedRange<UInt8> = 1...version

    /// Stands for a count that nobody knows.
    private static let unknownCount = -1

    /// The document of a publication.
    package static func bytes(of publication: Publication) -> [UInt8] {
        var writer = DocumentWriter()
        writer.bytes = magic + [version]
        for text in [
            publication.pipeline, publication.period, publication.through,
            publication.kind.rawValue,
        ] { writer.text(text) }
        writer.number(publication.revision)
        for text in [
            publication.reason, publication.audience.rawValue, publication.zone,
            publication.closed, publication.optOutsAsOf,
        ] { writer.text(text) }
        writer.list(publication.tables) { write($0, &$1) }
        writer.list(publication.late) { late, writer in
            writer.text(late.period)
            writer.number(late.records.map { Int($0) } ?? unknownCount)
        }
        writer.budget(publication.budget)
        writer.rowOutputs(publication.rowOutputs)
        return writer.bytes
    }

    private static func write(_ published: PublishedTable, _ writer: inout DocumentWriter) {
        let table = published.table
        writer.text(published.purpose)
        writer.number(published.customers)
        writer.text(published.other)
        writer.text(published.proposal)
        writer.text(table.name)
        writer.number(table.persons)
        let withheld = table.withheld
        for number in [
            withheld.cells, withheld.cellsTotal, Int(withheld.records), Int(withheld.recordsTotal),
        ] { writer.number(number) }
        writer.list(table.groupColumns) { $1.text($0) }
        writer.list(table.columns) { column, writer in
            writer.text(column.name)
            writer.number(DocumentWords.roles.firstIndex(of: column.role) ?? 0)
        }
        writer.list(table.rows) { row, writer in
            for key in row.key { writer.field(key) }
            for cell in row.cells { write(cell, &writer) }
        }
        writer.noise(published.noise)
        writer.sketches(published.sketches)
        writer.text(published.counts.word)
        writer.list(published.leftOut) { $1.text($0) }
    }

    private static func write(_ cell: ControlledCell, _ writer: inout DocumentWriter) {
        switch cell {
        case .zero: writer.number(0)
        case .notMeasured: writer.number(1)
        case .value(let quantity): writer.quantity(quantity)
        case .suppressed(let reason):
            writer.number(4)
            writer.text(reason.rawValue)
        }
    }

    /// The publication of a document; nil when it is none.
    package static func publication(from bytes: [UInt8]) -> Publication? {
        guard bytes.starts(with: magic), bytes.count > magic.count,
            versions.contains(bytes[magic.count])
        else { return nil }
        var reader = DocumentReader(bytes, at: magic.count + 1)
        reader.version = bytes[magic.count]
        let pipeline = reader.text()
        let period = reader.text()
        let through = reader.text()
        let kind = Publication.Kind(rawValue: reader.text())
        let revision = reader.number()
        let reason = reader.text()
        let audience = Audience(rawValue: reader.text())
        let zone = reader.text()
        let closed = reader.text()
        let optOutsAsOf = reader.text()
        let tables = reader.list { read(&$0) }
        let late = reader.list { reader in
            let period = reader.text()
            let count = reader.number()
            return LateRecords(
                period: period, records: count == unknownCount ? nil : Int64(count))
        }
        let budget = reader.budget()
        let rowOutputs = reader.rowOutputs()
        guard let kind, let audience, reader.isAtEnd else { return nil }
        var publication = Publication(
            pipeline: pipeline, period: period, through: through, kind: kind, revision: revision,
            reason: reason, audience: audience, zone: zone, closed: closed,
            optOutsAsOf: optOutsAsOf, tables: tables, late: late)
        publication.budget = budget
        publication.rowOutputs = rowOutputs
        return publication
    }

    private static func read(_ reader: inout DocumentReader) -> PublishedTable {
        let purpose = reader.text()
        let customers = reader.number()
        let other = reader.text()
        let proposal = reader.text()
        let name = reader.text()
        let persons = reader.number()
        let withheld = WithheldShare(
            cells: reader.number(), cellsTotal: reader.number(),
            records: Int64(reader.number()), recordsTotal: Int64(reader.number()))
        let groups = reader.list { $0.text() }
        let columns = reader.list { reader in
            let name = reader.text()
            return MeasuredColumn(name: name, role: reader.choice(DocumentWords.roles))
        }
        let rows = reader.list { reader in
            ControlledTable.Row(
                key: groups.indices.map { _ in reader.field() },
                cells: columns.indices.map { _ in readCell(&reader) })
        }
        var published = PublishedTable(
            purpose: purpose, customers: customers,
            table: ControlledTable(
                name: name, groupColumns: groups, columns: columns, rows: rows, persons: persons,
                withheld: withheld),
            other: other, proposal: proposal)
        published.noise = reader.noise()
        published.sketches = reader.sketches()
        published.counts = reader.counts()
        if reader.version >= 4 { published.leftOut = reader.list { $0.text() } }
        return published
    }

    private static func readCell(_ reader: inout DocumentReader) -> ControlledCell {
        let kind = reader.number()
        switch kind {
        case 0: return .zero
        case 1: return .notMeasured
        case 2, 3: return .value(reader.quantity(kind))
        case 4:
            guard let reason = SuppressionReason(rawValue: reader.text()) else { break }
            return .suppressed(reason)
        default: break
        }
        reader.fail()
        return .notMeasured
    }
}
