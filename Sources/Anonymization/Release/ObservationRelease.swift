internal import KeyedHashing
package import Records

/// Releases what the measures may see, in one worker.
package struct ObservationRelease: ~Copyable {
    /// The observations of the chunk at hand.
    package private(set) var batch: ObservationBatch
    /// For each statistic the records it may count.
    package private(set) var counts: [Int]

    private let plan: ObservationPlan
    /// The rule of each text; texts without one are only compared or read as numbers.
    private var rules: OwnedList<RuleApplication>
    private let hasRule: [Bool]
    /// Where each text comes from: a slot, or -1 and the index of a derived field.
    private let textSlots: [Int]
    private let textDerived: [Int]
    private let tokenSlots: [Int]
    private var derived: OwnedList<RuleApplication>
    private let derivedSlots: [Int]
    private var tokens: OwnedList<TokenApplication>
    private let allStatistics: UInt64
    /// The statistics that may count only what is in the window.
    private let windowOnly: UInt64
    /// The months with records that are no longer in the window.
    package private(set) var refusedMonths: Set<CalendarMonth> = []

    init(_ plan: ObservationPlan, derived: [DerivedField]) {
        self.plan = plan
        batch = ObservationBatch(
            textInputCount: plan.texts.count, tokenInputCount: plan.tokens.count)
        counts = Array(repeating: 0, count: plan.statistics.count)
        hasRule = plan.texts.map { $0.transform != nil }
        textSlots = plan.texts.map { if case .slot(let slot) = $0.source { slot } else { -1 } }
        textDerived = plan.texts.map {
            if case .derived(let index) = $0.source { index } else { -1 }
        }
        tokenSlots = plan.tokens.map(\.slot)
        rules = OwnedList(count: plan.texts.count) {
            RuleApplication(FieldRule(transform: plan.texts[$0].transform))
        }
        self.derived = OwnedList(count: derived.count) {
            RuleApplication(FieldRule(transform: derived[$0].transform))
        }
        derivedSlots = derived.map(\.slot)
        tokens = OwnedList(count: plan.tokens.count) { TokenApplication(plan.tokens[$0]) }
        let count = plan.statistics.count
        allStatistics = count == 64 ? .max : (1 << UInt64(count)) - 1
        windowOnly = plan.statistics.enumerated().reduce(0) { mask, reader in
            reader.element.readsWindowOnly ? mask | 1 << UInt64(reader.offset) : mask
        }
    }

    mutating func begin() {
        batch.removeAll()
        for index in counts.indices { counts[index] = 0 }
    }

    mutating func observe(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ scratch: inout ByteBuffer, dropsOptedOut: Bool
    ) {
        guard allStatistics != 0, let time = record.time, !record.age.noKey,
            !record.verdict.isUncounted, !record.isDeleted
        else { return }
        let mask = statistics(for: record, dropsOptedOut: dropsOptedOut)
        guard mask != 0 else { return }
        for index in textSlots.indices {
            batch.texts.append(text(index, view, table, record, &scratch))
        }
        for index in tokenSlots.indices {
            batch.tokens.append(token(index, view, table, record, &scratch))
        }
        batch.appendRow(
            time: time.milliseconds, day: record.day, hour: record.hour, statistics: mask)
        for index in counts.indices where mask >> UInt64(index) & 1 == 1 { counts[index] += 1 }
    }

    /// The statistics that no opt-out keeps from counting the record.
    private mutating func statistics(
        for record: borrowing RecordContext, dropsOptedOut: Bool
    ) -> UInt64 {
        var mask = allStatistics
        if windowOnly != 0, !record.age.due.isEmpty {
            mask &= ~windowOnly
            refusedMonths.insert(month(ofDay: record.day))
        }
        guard !record.barred.isEmpty else { return mask }
        for (index, reader) in plan.statistics.enumerated() {
            let barred = record.barred.categories(barredFor: reader.purpose)
            let isOut =
                dropsOptedOut
                ? !barred.isEmpty
                : barred == .all || !barred.isDisjoint(with: reader.categories)
            if isOut { mask &= ~(1 << UInt64(index)) }
        }
        return mask
    }

    private mutating func month(ofDay day: Int32) -> CalendarMonth {
        let date = CivilDate(daysSince1970: Int(day))
        return CalendarMonth(year: date.year, month: date.month)
    }

    private mutating func text(
        _ index: Int, _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ scratch: inout ByteBuffer
    ) -> FieldSlice {
        let slot = textSlots[index]
        guard slot >= 0 else {
            return derivedText(textDerived[index], view, table, record, &scratch)
        }
        let slice = table.slice(slot: slot, row: view.row)
        guard hasRule[index] else { return plain(slice, view) }
        guard slice.hasValue, slice.kind != .several else { return .absent }
        let start = batch.arena.count
        let result = rules[index].apply(
            slice, in: view.bytes, record: record, reader: view.reader, scratch: &scratch,
            arena: &batch.arena)
        return released(result, from: start, slice, view)
    }

    private mutating func derivedText(
        _ index: Int, _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ scratch: inout ByteBuffer
    ) -> FieldSlice {
        let slice = table.slice(slot: derivedSlots[index], row: view.row)
        guard slice.hasValue, slice.kind != .several else { return .absent }
        let start = batch.arena.count
        let result = derived[index].apply(
            slice, in: view.bytes, record: record, reader: view.reader, scratch: &scratch,
            arena: &batch.arena)
        return released(result, from: start, slice, view)
    }

    /// Where the result of a rule lies, which put its text behind `start` of the arena.
    @inline(__always)
    private mutating func released(
        _ result: TransformResult, from start: Int, _ slice: FieldSlice,
        _ view: borrowing RecordView
    ) -> FieldSlice {
        switch result {
        case .unchanged: return plain(slice, view)
        case .text, .plainText: return inArena(from: start, kind: .text)
        case .number: return inArena(from: start, kind: .number)
        case .null, .dropped: return .absent
        }
    }

    private mutating func inArena(from start: Int, kind: FieldKind) -> FieldSlice {
        var slice = FieldSlice(start: start, length: batch.arena.count - start, kind: kind)
        slice.start |= ObservationBatch.arenaBit
        return slice
    }

    /// The value as it is, decoded where the source has escapes.
    private mutating func plain(_ slice: FieldSlice, _ view: borrowing RecordView) -> FieldSlice {
        switch slice.kind {
        case .escapedText:
            let start = batch.arena.count
            view.reader.decode(slice, in: view.bytes, into: &batch.arena)
            return inArena(from: start, kind: .text)
        case .several: return .absent
        default: return slice
        }
    }

    private mutating func token(
        _ index: Int, _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: borrowing RecordContext, _ scratch: inout ByteBuffer
    ) -> Token {
        let slice = table.slice(slot: tokenSlots[index], row: view.row)
        guard slice.isText || slice.kind == .number, slice.length > 0 else { return .none }
        return tokens[index].token(slice, view, record, &scratch)
    }
}
