import Statistics

/// The bytes in which the ledger keeps a publication: one form for one value.
///
/// `SLUP`, a version, then numbers as base-128 integers (signed ones folded), texts and lists with
/// their length in front. No identifier of a record can be in it that is not published.
package enum PublicationDocument {
    private static let magic = Array("SLUP".utf8)
    private static let version: UInt8 = 1

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
            writer.number(Int(late.records))
        }
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
    }

    private static func write(_ cell: ControlledCell, _ writer: inout DocumentWriter) {
        switch cell {
        case .zero: writer.number(0)
        case .notMeasured: writer.number(1)
        case .value(.integer(let value)):
            writer.number(2)
            writer.wide(Int128(value))
        case .value(.decimal(let value)):
            writer.number(3)
            writer.wide(value.billionths)
        case .suppressed(let reason):
            writer.number(4)
            writer.text(reason.rawValue)
        }
    }

    /// The publication of a document; nil when it is none.
    package static func publication(from bytes: [UInt8]) -> Publication? {
        guard bytes.starts(with: magic + [version]) else { return nil }
        var reader = DocumentReader(bytes, at: magic.count + 1)
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
            LateRecords(period: reader.text(), records: Int64(reader.number()))
        }
        guard let kind, let audience, reader.isAtEnd else { return nil }
        return Publication(
            pipeline: pipeline, period: period, through: through, kind: kind, revision: revision,
            reason: reason, audience: audience, zone: zone, closed: closed,
            optOutsAsOf: optOutsAsOf, tables: tables, late: late)
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
        return PublishedTable(
            purpose: purpose, customers: customers,
            table: ControlledTable(
                name: name, groupColumns: groups, columns: columns, rows: rows, persons: persons,
                withheld: withheld),
            other: other, proposal: proposal)
    }

    private static func readCell(_ reader: inout DocumentReader) -> ControlledCell {
        switch reader.number() {
        case 0: return .zero
        case 1: return .notMeasured
        case 2: return .value(.integer(Int64(clamping: reader.wide())))
        case 3: return .value(.decimal(ExactDecimal(billionths: reader.wide())))
        case 4:
            guard let reason = SuppressionReason(rawValue: reader.text()) else { break }
            return .suppressed(reason)
        default: break
        }
        reader.fail()
        return .notMeasured
    }
}

private enum DocumentWords {
    static let roles: [ColumnRole] = [.count, .distinctCount, .magnitude]
}

private struct DocumentWriter {
    var bytes: [UInt8] = []

    /// A number that is not negative.
    mutating func number(_ value: Int) {
        var rest = UInt64(max(0, value))
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func wide(_ value: Int128) {
        var rest = UInt128(bitPattern: (value << 1) ^ (value >> 127))
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func field(_ field: [UInt8]) {
        number(field.count)
        bytes += field
    }

    mutating func text(_ text: String) { field(Array(text.utf8)) }

    mutating func list<Item>(_ items: [Item], _ write: (Item, inout DocumentWriter) -> Void) {
        number(items.count)
        for item in items { write(item, &self) }
    }
}

/// Reads what the writer wrote. A fault is remembered, and everything behind it reads as nothing.
private struct DocumentReader {
    private let bytes: [UInt8]
    private var at: Int
    private var hasFailed = false

    init(_ bytes: [UInt8], at start: Int) {
        self.bytes = bytes
        at = start
    }

    var isAtEnd: Bool { !hasFailed && at == bytes.count }

    mutating func fail() {
        hasFailed = true
        at = bytes.count
    }

    private mutating func folded(bits: Int) -> UInt128 {
        var value: UInt128 = 0
        var shift = 0
        while at < bytes.count, shift < bits {
            let byte = bytes[at]
            at += 1
            value |= UInt128(byte & 0x7f) << UInt128(shift)
            if byte < 0x80 { return value }
            shift += 7
        }
        fail()
        return 0
    }

    mutating func number() -> Int {
        guard let value = Int(exactly: folded(bits: 63)) else {
            fail()
            return 0
        }
        return value
    }

    mutating func wide() -> Int128 {
        let raw = folded(bits: 128)
        return Int128(bitPattern: raw >> 1) ^ -Int128(bitPattern: raw & 1)
    }

    mutating func field() -> [UInt8] {
        let count = number()
        guard !hasFailed, count <= bytes.count - at else {
            fail()
            return []
        }
        defer { at += count }
        return Array(bytes[at..<at + count])
    }

    mutating func text() -> String { String(decoding: field(), as: UTF8.self) }

    mutating func choice<Choice>(_ choices: [Choice]) -> Choice {
        let index = number()
        if !choices.indices.contains(index) { fail() }
        return choices[choices.indices.contains(index) ? index : 0]
    }

    mutating func list<Item>(_ read: (inout DocumentReader) -> Item) -> [Item] {
        let count = number()
        // An item takes a byte at least: a count that lies must not take memory.
        guard count <= bytes.count - at else {
            fail()
            return []
        }
        var items: [Item] = []
        for _ in 0..<count where !hasFailed { items.append(read(&self)) }
        return items
    }
}
