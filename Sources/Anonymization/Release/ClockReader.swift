internal import Records

/// Reads of each record what the clocks of a plan need, in one worker.
struct ClockReader: ~Copyable {
    /// What was read of the record at hand.
    private(set) var readings: ClockReadings

    private let clocks: ClockSet
    private let tables: [ReferenceTable]
    private let timeFormats: [TimeFormat]
    private let timeZone: ZoneTable
    private let lostSlots: Set<Int>
    /// The distinct tables and key fields, so that a row is looked up once.
    private let lookUps: [LookUp]
    /// The row of each look-up for the record at hand, -1 without one; `lostKey` where the record
    /// may have lost the key.
    private var rows: [Int]
    private var text = ByteBuffer(capacity: 256)

    private static let lostKey = -2

    private struct LookUp: Equatable {
        let table: Int
        let slot: Int
    }

    init(_ clocks: ClockSet, tables: [ReferenceTable], plan: ReleasePlan) {
        self.clocks = clocks
        self.tables = tables
        // A date field is in the form of the event time, or in one that cannot be mistaken.
        timeFormats = [plan.timeFormat, .rfc3339, .dateTime, .date]
        timeZone = plan.timeZone
        lostSlots = plan.lostSlots
        readings = ClockReadings(of: clocks)
        lookUps = (clocks.dateSources + clocks.lengthSources).reduce(into: []) { found, source in
            guard case .table(let cell) = source else { return }
            let lookUp = LookUp(table: cell.table, slot: cell.keySlot)
            if !found.contains(lookUp) { found.append(lookUp) }
        }
        rows = Array(repeating: -1, count: lookUps.count)
    }

    /// Reads the record at `row`.
    mutating func read(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) {
        for index in lookUps.indices {
            let found = find(lookUps[index], row, table, bytes, reader)
            rows[index] = found < 0 && isLost(lookUps[index].slot) ? Self.lostKey : found
        }
        for index in clocks.dateSources.indices {
            switch clocks.dateSources[index] {
            case .event: break
            case .field(let slot):
                let found = date(slot, row, table, bytes, reader)
                readings.dates[index] = found.isDate || !isLost(slot) ? found : .lost
            case .table(let cell): readings.dates[index] = date(cell)
            }
        }
        for index in clocks.lengthSources.indices {
            switch clocks.lengthSources[index] {
            case .event: break
            case .field(let slot):
                let found = length(slot, row, table, bytes, reader)
                let isAssumed = found == .standard && isLost(slot)
                readings.lengths[index] = isAssumed ? .unknown : found
            case .table(let cell): readings.lengths[index] = length(cell)
            }
        }
    }

    /// True for a field that a stored record does not have any more, or may not.
    private func isLost(_ slot: Int) -> Bool { slot < 0 || lostSlots.contains(slot) }

    // MARK: Tables

    private mutating func find(
        _ lookUp: LookUp, _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> Int {
        guard lookUp.slot >= 0, lookUp.table < tables.count else { return -1 }
        let slice = table.slice(slot: lookUp.slot, row: row)
        guard slice.isText || slice.kind == .number else { return -1 }
        guard slice.kind == .escapedText else {
            let key = bytes.extracting(slice.offset..<slice.end)
            return tables[lookUp.table].row(of: key) ?? -1
        }
        text.removeAll()
        reader.decode(slice, in: bytes, into: &text)
        return tables[lookUp.table].row(of: text.bytes) ?? -1
    }

    private func found(_ cell: TableCell) -> Int {
        for index in lookUps.indices
        where lookUps[index].table == cell.table && lookUps[index].slot == cell.keySlot {
            return rows[index]
        }
        return -1
    }

    private func date(_ cell: TableCell) -> ClockReading {
        let row = found(cell)
        if row == Self.lostKey { return .lost }
        return row < 0 ? .unknown : tables[cell.table].date(row: row, column: cell.column)
    }

    private func length(_ cell: TableCell) -> LengthReading {
        let row = found(cell)
        return row < 0 ? .unknown : tables[cell.table].length(row: row, column: cell.column)
    }

    // MARK: Fields

    private mutating func date(
        _ slot: Int, _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> ClockReading {
        guard slot >= 0 else { return .unknown }
        let slice = table.slice(slot: slot, row: row)
        if slice.kind == .null || (slice.isText && slice.length == 0) { return .notStarted }
        guard slice.isText || slice.kind == .number else { return .unknown }
        guard slice.kind == .escapedText else {
            return ClockReading(time(bytes.extracting(slice.offset..<slice.end)))
        }
        text.removeAll()
        reader.decode(slice, in: bytes, into: &text)
        return ClockReading(time(text.bytes))
    }

    private func time(_ bytes: Span<UInt8>) -> EventTime? {
        for format in timeFormats {
            if let time = format.parse(bytes, zone: timeZone, now: clocks.runClock.now) {
                return time
            }
        }
        return nil
    }

    private mutating func length(
        _ slot: Int, _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> LengthReading {
        guard slot >= 0 else { return .unknown }
        let slice = table.slice(slot: slot, row: row)
        if slice.kind == .absent || slice.kind == .null || (slice.isText && slice.length == 0) {
            return .standard
        }
        guard slice.isText else { return .unknown }
        text.removeAll()
        if slice.kind == .escapedText {
            reader.decode(slice, in: bytes, into: &text)
        } else {
            text.append(bytes.extracting(slice.offset..<slice.end))
        }
        return CalendarDuration(parsing: text.bytes).map { .own($0) } ?? .unknown
    }
}

extension ClockReading {
    fileprivate var isDate: Bool {
        if case .at = self { true } else { false }
    }
}
