internal import KeyedHashing
package import Records

/// Releases what the measures may see, in one worker.
///
/// Values that a rule or a key makes are released record by record, with what is known of the
/// record. Values that stay as they are need none of that: they are copied at the end of the chunk,
/// one input after the other.
package struct ObservationRelease: ~Copyable {
    /// The observations of the chunk at hand.
    package private(set) var batch: ObservationBatch

    private let plan: ObservationPlan
    /// The texts that stay as they are: their inputs and where they come from.
    private var plainTexts = FlatArray<Source>()
    /// The texts that rules make of nothing but a value, by the field that has it.
    private var derivedTexts: OwnedList<DerivedTexts>
    /// The other texts that a rule makes.
    private var ruledTexts = FlatArray<Source>()
    /// The rule of each of those.
    private var rules: OwnedList<RuleApplication>
    private var tokenSlots = FlatArray<Int>()
    private var tokens: OwnedList<TokenApplication>
    /// The row in the chunk of each row of the batch.
    private var rows = FlatArray<UInt32>(capacity: 1024)
    private let allStatistics: UInt64
    /// The statistics that may count only what is in the window.
    private let windowOnly: UInt64
    /// How many records each statistic may count that others may not.
    private var uncommonCounts: [Int]
    /// The bit of each statistic in a mask, and the statistics that have one of their own.
    private let bits: [Int]
    private let owners: ArraySlice<ObservationPlan.Reader>
    /// How many records all statistics may count.
    private var commonCount = 0
    /// The months with records that are no longer in the window.
    package private(set) var refusedMonths: Set<CalendarMonth> = []
    /// The months of all records, those of which nothing may be counted among them; empty when no
    /// statistic counts only what is in the window.
    package private(set) var readMonths: Set<CalendarMonth> = []
    private var lastReadDay: Int32?

    /// An input of the batch and the slot that it is read from. Not private: 6.3.1 miscompiles
    /// private elements of `FlatArray`.
    struct Source: BitwiseCopyable {
        var input: Int
        var slot: Int
    }

    init(_ plan: ObservationPlan, derived: [DerivedField]) {
        self.plan = plan
        batch = ObservationBatch(
            textInputCount: plan.texts.count, tokenInputCount: plan.tokens.count)
        uncommonCounts = Array(repeating: 0, count: plan.statistics.count)
        let made = Self.ruledTexts(plan, derived)
        derivedTexts = Self.derivedTexts(made)
        let ruled = made.filter { !($0.transform.map(DerivedTexts.takes) ?? false) }
        rules = OwnedList(count: ruled.count) {
            RuleApplication(FieldRule(transform: ruled[$0].transform))
        }
        for text in ruled { ruledTexts.append(text.source) }
        for (input, text) in plan.texts.enumerated() {
            if let slot = Self.plainSlot(text) {
                plainTexts.append(Source(input: input, slot: slot))
            }
        }
        for token in plan.tokens { tokenSlots.append(token.slot) }
        tokens = OwnedList(count: plan.tokens.count) { TokenApplication(plan.tokens[$0]) }
        bits = plan.bits
        let count = plan.statistics.count { $0.countedWith == nil }
        owners = plan.statistics.prefix(count)
        allStatistics = count == 64 ? .max : (1 << UInt64(count)) - 1
        windowOnly = owners.enumerated().reduce(0) { mask, reader in
            reader.element.readsWindowOnly ? mask | 1 << UInt64(reader.offset) : mask
        }
    }

    /// The texts that can be remembered together, by their slots.
    private static func derivedTexts(
        _ made: [(source: Source, transform: (any Transform)?)]
    ) -> OwnedList<DerivedTexts> {
        var slots: [Int] = []
        var texts: [[DerivedTexts.Text]] = []
        for (source, transform) in made {
            guard let transform, DerivedTexts.takes(transform) else { continue }
            let text = DerivedTexts.Text(input: source.input, transform: transform)
            if let place = slots.firstIndex(of: source.slot) {
                texts[place].append(text)
            } else {
                slots.append(source.slot)
                texts.append([text])
            }
        }
        return OwnedList(count: slots.count) { DerivedTexts(slot: slots[$0], texts[$0]) }
    }

    /// The slot of a text that stays as it is; nil when a rule makes it.
    private static func plainSlot(_ text: ObservationPlan.TextInput) -> Int? {
        guard case .slot(let slot) = text.source else { return nil }
        return text.transform.map { $0 is Keep } ?? true ? slot : nil
    }

    private static func ruledTexts(
        _ plan: ObservationPlan, _ derived: [DerivedField]
    ) -> [(source: Source, transform: (any Transform)?)] {
        plan.texts.enumerated().compactMap { input, text in
            if plainSlot(text) != nil { return nil }
            switch text.source {
            case .slot(let slot): return (Source(input: input, slot: slot), text.transform)
            case .derived(let index):
                let field = derived[index]
                return (Source(input: input, slot: field.slot), field.transform)
            }
        }
    }

    /// For each statistic the records of the chunk that it may count.
    package var counts: [Int] { uncommonCounts.map { $0 + commonCount } }

    mutating func begin() {
        batch.removeAll()
        rows.truncate(to: 0)
        commonCount = 0
        for index in uncommonCounts.indices { uncommonCounts[index] = 0 }
        for index in derivedTexts.indices { derivedTexts[index].begin() }
        for index in tokens.indices { tokens[index].begin() }
    }

    /// Adds the record at hand if a statistic may count it. What is known of it is lent for
    /// writing, though nothing writes to it: only read, it would be copied for each record.
    mutating func observe(
        _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: inout RecordContext, _ scratch: inout ByteBuffer, dropsOptedOut: Bool
    ) {
        if windowOnly != 0, record.time != nil { noteMonth(ofDay: record.day) }
        guard allStatistics != 0, let time = record.time, !record.age.noKey,
            !record.verdict.isUncounted, !record.isDeleted
        else { return }
        var mask = allStatistics
        if windowOnly != 0 || !record.barred.isEmpty {
            mask = statistics(for: &record, dropsOptedOut: dropsOptedOut)
            if mask == 0 { return }
        }
        for index in derivedTexts.indices {
            derivedTexts[index].append(to: &batch, view, table, &record, &scratch)
        }
        for index in 0..<ruledTexts.count {
            let text = ruledText(index, view, table, &record, &scratch)
            batch.texts[ruledTexts[index].input].append(text)
        }
        for index in 0..<tokenSlots.count {
            let slice = table.slice(slot: tokenSlots[index], row: view.row)
            let isNamed = (slice.isText || slice.kind == .number) && slice.length > 0
            let token =
                isNamed ? tokens[index].token(slice, view, &record, &scratch) : .none
            batch.tokens[index].append(token)
        }
        rows.append(UInt32(truncatingIfNeeded: view.row))
        batch.appendRow(
            time: time.milliseconds, day: record.day, hour: record.hour, statistics: mask)
        count(mask)
    }

    @inline(__always)
    private mutating func count(_ mask: UInt64) {
        if mask == allStatistics {
            commonCount &+= 1
            return
        }
        for index in uncommonCounts.indices where mask >> UInt64(bits[index]) & 1 == 1 {
            uncommonCounts[index] += 1
        }
    }

    /// Copies what stays as it is; to be called after the last record of a chunk.
    mutating func finish(_ view: borrowing RecordView, _ table: borrowing RecordTable) {
        for index in 0..<plainTexts.count {
            let source = plainTexts[index]
            for row in 0..<rows.count {
                let slice = batch.plain(
                    table.slice(slot: source.slot, row: Int(rows[row])), view)
                batch.texts[source.input].append(slice)
            }
        }
    }

    /// The statistics that no opt-out keeps from counting the record.
    private mutating func statistics(
        for record: inout RecordContext, dropsOptedOut: Bool
    ) -> UInt64 {
        var mask = allStatistics
        if windowOnly != 0, !record.age.due.isEmpty {
            mask &= ~windowOnly
            refusedMonths.insert(month(ofDay: record.day))
        }
        guard !record.barred.isEmpty else { return mask }
        for (index, reader) in owners.enumerated() {
            let barred = record.barred.categories(barredFor: reader.purpose)
            let isOut =
                dropsOptedOut
                ? !barred.isEmpty
                : barred == .all || !barred.isDisjoint(with: reader.categories)
            if isOut { mask &= ~(1 << UInt64(index)) }
        }
        return mask
    }

    private mutating func noteMonth(ofDay day: Int32) {
        if lastReadDay == day { return }
        lastReadDay = day
        readMonths.insert(month(ofDay: day))
    }

    private mutating func month(ofDay day: Int32) -> CalendarMonth {
        let date = CivilDate(daysSince1970: Int(day))
        return CalendarMonth(year: date.year, month: date.month)
    }

    /// What a rule makes of a text.
    private mutating func ruledText(
        _ index: Int, _ view: borrowing RecordView, _ table: borrowing RecordTable,
        _ record: inout RecordContext, _ scratch: inout ByteBuffer
    ) -> FieldSlice {
        let slice = table.slice(slot: ruledTexts[index].slot, row: view.row)
        guard slice.hasValue, slice.kind != .several else { return .absent }
        let start = batch.arena.count
        let result = rules[index].apply(
            slice, in: view.bytes, record: record, reader: view.reader, scratch: &scratch,
            arena: &batch.arena)
        let length = batch.arena.count - start
        switch result {
        case .unchanged: return batch.plain(slice, view)
        case .text, .plainText:
            return ObservationBatch.inArena(start, length: length, kind: .text)
        case .number: return ObservationBatch.inArena(start, length: length, kind: .number)
        case .null, .dropped: return .absent
        }
    }
}

extension ObservationBatch {
    /// A text of `length` bytes that begins at `start` of the arena.
    static func inArena(_ start: Int, length: Int, kind: FieldKind) -> FieldSlice {
        var slice = FieldSlice(start: start, length: length, kind: kind)
        slice.start |= arenaBit
        return slice
    }

    /// The value as it is, decoded where the source has escapes.
    @inline(__always)
    mutating func plain(_ slice: FieldSlice, _ view: borrowing RecordView) -> FieldSlice {
        switch slice.kind {
        case .escapedText: return decoded(slice, view)
        case .several: return .absent
        default: return slice
        }
    }

    @inline(never)
    private mutating func decoded(
        _ slice: FieldSlice, _ view: borrowing RecordView
    ) -> FieldSlice {
        let start = arena.count
        view.reader.decode(slice, in: view.bytes, into: &arena)
        return Self.inArena(start, length: arena.count - start, kind: .text)
    }
}
