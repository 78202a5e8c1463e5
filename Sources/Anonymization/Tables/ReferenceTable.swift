internal import KeyedHashing
package import Records

/// A table that a pipeline looks dates and lengths up in, loaded once: flat, immutable, shared by
/// all workers. A look-up allocates nothing.
///
/// Keys are compared byte for byte without the ASCII white space around them.
package struct ReferenceTable: Sendable {
    /// What a column that the plan reads holds.
    package enum ColumnKind: Sendable, Hashable {
        case date
        /// An ISO 8601 duration.
        case length
    }

    /// The number of rows.
    package let count: Int

    let keys: ByteKeyTable
    let columns: [Column]
    /// What makes the hashes that stand for keys in a table of an earlier run.
    private let hash: HMACSHA256?

    struct Column: Sendable {
        let kind: ColumnKind
        /// Milliseconds since 1970; see `empty` and `impossible`.
        var dates: [Int64] = []
        /// Indexes into `durations`; see the two marks below zero.
        var lengths: [Int32] = []
        var durations: [CalendarDuration] = []
        var known: [CalendarDuration: Int32] = [:]

        static let empty = Int64.max
        static let impossible = Int64.min
        static let noLength: Int32 = -1
        static let unreadableLength: Int32 = -2
    }

    init(count: Int, keys: ByteKeyTable, columns: [Column], hash: HMACSHA256? = nil) {
        self.hash = hash
        self.count = count
        self.keys = keys
        self.columns = columns
    }

    /// The row of `key`, which may have white space around it; nil when there is none.
    package func row(of key: Span<UInt8>) -> Int? {
        let range = CanonicalSubject.trimmed(key)
        if range.isEmpty { return nil }
        guard let hash else { return keys.number(of: key.extracting(range)) }
        return hash.withTag(of: key.extracting(range)) { tag in
            keys.number(of: tag.extracting(0..<Self.hashBytes))
        }
    }

    /// The date in a cell of a column of dates; `row` and `column` are of this table.
    package func date(row: Int, column: Int) -> ClockReading {
        let date = columns[column].dates[row]
        if date == Column.empty { return .notStarted }
        return date == Column.impossible ? .unknown : .at(EventTime(milliseconds: date))
    }

    /// The length in a cell of a column of lengths; `row` and `column` are of this table.
    package func length(row: Int, column: Int) -> LengthReading {
        let index = columns[column].lengths[row]
        if index == Column.noLength { return .standard }
        return index == Column.unreadableLength
            ? .unknown : .own(columns[column].durations[Int(index)])
    }
}

/// Why a table cannot be used: which row, counted from 0, and what was expected there.
package struct TableRowFault: Error, Equatable, Sendable {
    package let row: Int
    package let expectation: String
}

extension ReferenceTable {
    /// Collects the rows of a table.
    package struct Builder {
        private let kinds: [ColumnKind]
        private let formats: [TimeFormat]
        private let takesTimestamps: Bool
        private let zone: ZoneTable
        private var content: [UInt8] = []
        private var starts = [0]
        private var columns: [Column]

        /// The longest key in bytes.
        package static let keyBytesMax = 1024
        /// The most rows.
        package static let rowsMax = 50_000_000

        /// A builder for columns of these kinds. Dates are written in `format`, or in one of the
        /// forms that cannot be mistaken for another, those of databases among them; those without
        /// a zone are meant in `zone`.
        package init(kinds: [ColumnKind], format: TimeFormat?, zone: ZoneTable) {
            self.kinds = kinds
            formats = format.map { [$0] } ?? [.rfc3339, .dateTime, .date]
            takesTimestamps = format == nil
            self.zone = zone
            columns = kinds.map { Column(kind: $0) }
        }

        /// Adds a row: its key and one cell for each column.
        package mutating func add(
            key: ArraySlice<UInt8>, cells: [ArraySlice<UInt8>]
        ) throws(TableRowFault) {
            let key = CanonicalSubject.trimmed(key)
            let row = starts.count - 1
            func refuse(_ expectation: String) -> TableRowFault {
                TableRowFault(row: row, expectation: expectation)
            }
            guard !key.isEmpty else { throw refuse("expected a key in every row") }
            guard key.count <= Self.keyBytesMax else {
                throw refuse("expected keys of at most \(Self.keyBytesMax) bytes")
            }
            guard row < Self.rowsMax else {
                throw refuse("expected at most \(Self.rowsMax) rows")
            }
            guard String(validating: key, as: UTF8.self) != nil else {
                throw refuse("expected keys in UTF-8")
            }
            content += key
            starts.append(content.count)
            for (index, kind) in kinds.enumerated() {
                let cell = CanonicalSubject.trimmed(cells[index])
                switch kind {
                case .date: columns[index].dates.append(date(cell))
                case .length: columns[index].lengths.append(length(cell, &columns[index]))
                }
            }
        }

        /// The table; a key that stands there twice is a fault.
        package consuming func finish() throws(TableRowFault) -> ReferenceTable {
            let keys = ByteKeyTable(content: content, starts: starts)
            if let row = keys.repeated {
                throw TableRowFault(row: row, expectation: "expected each key once")
            }
            var columns = columns
            for index in columns.indices { columns[index].known = [:] }
            return ReferenceTable(count: starts.count - 1, keys: keys, columns: columns)
        }

        private func date(_ cell: ArraySlice<UInt8>) -> Int64 {
            if cell.isEmpty { return Column.empty }
            let bytes = Array(cell)
            for format in formats {
                if let time = format.parse(bytes.span, zone: zone) { return time.milliseconds }
            }
            return (takesTimestamps ? timestamp(bytes)?.milliseconds : nil) ?? Column.impossible
        }

        /// A time as PostgreSQL and others write one with its offset, `2026-09-01 00:00:00+00`: RFC
        /// 3339 with a space in place of the `T`, the minutes of the offset left out.
        private func timestamp(_ cell: [UInt8]) -> EventTime? {
            let shortest = "2026-09-01 00:00:00+00".utf8.count
            guard cell.count >= shortest - 2, [0x20, 0x54].contains(cell[10]) else { return nil }
            var bytes = cell
            bytes[10] = UInt8(ascii: "T")
            let sign = bytes[bytes.count - 3]
            if bytes.count >= shortest, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                bytes += ":00".utf8
            }
            return TimeFormat.rfc3339.parse(bytes.span, zone: zone)
        }

        private func length(_ cell: ArraySlice<UInt8>, _ column: inout Column) -> Int32 {
            if cell.isEmpty { return Column.noLength }
            let bytes = Array(cell)
            guard let duration = CalendarDuration(parsing: bytes.span) else {
                return Column.unreadableLength
            }
            if let known = column.known[duration] { return known }
            let index = Int32(column.durations.count)
            column.known[duration] = index
            column.durations.append(duration)
            return index
        }
    }
}
