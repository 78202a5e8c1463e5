import Anonymization
import Records

/// The texts, tokens and times of the rows of one batch as small numbers: what group keys are made
/// of. Filled once per batch, read by every statistic; each is a column with a value per row.
struct RowIdentifiers: ~Copyable {
    /// The numbers of the texts by input, 0 for none; empty for inputs that nothing is grouped by
    /// or compared with.
    private(set) var texts: OwnedList<FlatArray<UInt32>>
    /// The numbers of the tokens by input, 0 for none.
    private(set) var tokens: OwnedList<FlatArray<UInt32>>
    /// The month, day and hour words.
    private(set) var months = FlatArray<UInt32>(capacity: 1 << 10)
    private(set) var days = FlatArray<UInt32>(capacity: 1 << 10)
    private(set) var hours = FlatArray<UInt32>(capacity: 1 << 10)
    /// The times as events of sessions.
    private(set) var events = FlatArray<SessionStore.Event>(capacity: 1 << 10)
    /// For each row the statistics that may count it.
    private(set) var masks = FlatArray<UInt64>(capacity: 1 << 10)

    /// Texts of the arena by the lowest bits of their places: rules make the same text of many
    /// rows.
    private var made = FlatArray<MadeText>(capacity: madeCount)

    private static let madeCount = 64

    /// A text of the arena and its number. Not private: 6.3.1 miscompiles private elements of
    /// `FlatArray`.
    struct MadeText: BitwiseCopyable {
        var slice = FieldSlice.absent
        var number: UInt32 = 0
    }

    private let interned: [Bool]

    init(_ plan: StatisticsPlan) {
        texts = OwnedList(count: plan.textInputs.count) { _ in FlatArray(capacity: 1 << 10) }
        tokens = OwnedList(count: plan.tokenInputCount) { _ in FlatArray(capacity: 1 << 10) }
        var interned = [Bool](repeating: false, count: plan.textInputs.count)
        for statistic in plan.statistics {
            for key in statistic.groupBy {
                switch key {
                case .text(let input, _): interned[input] = true
                case .dimensions(let dimensions):
                    for dimension in dimensions { interned[dimension.input] = true }
                case .month, .day, .hour: break
                }
            }
            for condition in statistic.measures.flatMap(\.conditions) {
                interned[condition.input] = true
            }
        }
        self.interned = interned
    }

    /// Numbers everything in `batch`.
    mutating func fill(
        _ batch: borrowing ObservationBatch, chunk: Span<UInt8>,
        texts interner: inout TextInterner, tokens tokenInterner: inout TokenInterner
    ) {
        // The arena is another one with each batch.
        made.truncate(to: 0)
        made.resize(to: Self.madeCount, filling: MadeText())
        for input in texts.indices where interned[input] {
            fillTexts(input, batch, chunk, &interner)
        }
        for input in tokens.indices {
            tokenInterner.numbers(of: batch.tokens[input], into: &tokens[input])
        }
        fillTimes(batch)
    }

    private mutating func fillTexts(
        _ input: Int, _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ interner: inout TextInterner
    ) {
        let arena = batch.arena.bytes
        texts[input].resize(to: batch.count, filling: 0)
        unsafe chunk.withUnsafeBufferPointer { chunk in
            unsafe arena.withUnsafeBufferPointer { arena in
                for row in 0..<batch.count {
                    let slice = batch.texts[input][row]
                    let isMade = slice.start & ObservationBatch.arenaBit != 0
                    let place = Int(slice.start) & (Self.madeCount &- 1)
                    if isMade, made[place].slice == slice {
                        texts[input][row] = made[place].number
                        continue
                    }
                    var number: UInt32 = 0
                    if Self.isGrouped(slice.kind) {
                        number = unsafe interner.number(
                            isMade ? arena : chunk,
                            from: Int(slice.start & ~ObservationBatch.arenaBit),
                            length: slice.length)
                    }
                    texts[input][row] = number
                    if isMade { made[place] = MadeText(slice: slice, number: number) }
                }
            }
        }
    }

    /// Numbers and booleans count as what is written; lists, objects and null as no value.
    @inline(__always)
    private static func isGrouped(_ kind: FieldKind) -> Bool {
        kind == .text || kind == .number || kind == .boolean
    }

    private mutating func fillTimes(_ batch: borrowing ObservationBatch) {
        months.resize(to: batch.count, filling: 0)
        days.resize(to: batch.count, filling: 0)
        hours.resize(to: batch.count, filling: 0)
        events.resize(to: batch.count, filling: SessionStore.Event(time: 0, localHour: 0))
        masks.resize(to: batch.count, filling: 0)
        var lastDay = ReleasedBatch.noDay
        var lastMonth: UInt32 = 0
        for row in 0..<batch.count {
            let day = batch.days[row]
            if day != lastDay {
                lastDay = day
                lastMonth = TimeWord.month(ofDay: day)
            }
            months[row] = lastMonth
            days[row] = TimeWord.day(day)
            hours[row] = TimeWord.hour(batch.hours[row], day: day)
            events[row] = SessionStore.Event(
                time: batch.times[row], localHour: day &* 24 &+ Int32(batch.hours[row]))
            masks[row] = batch.statistics[row]
        }
    }
}

/// Times as words of a key; 0 stands for "no time", and words are ordered like the times.
enum TimeWord {
    /// The word of the month of a day.
    static func month(ofDay day: Int32) -> UInt32 {
        if day == ReleasedBatch.noDay { return 0 }
        let date = CivilDate(daysSince1970: Int(day))
        let month = CalendarMonth(year: date.year, month: date.month)
        return UInt32(clamping: month.index + 1)
    }

    /// The word of a day.
    static func day(_ day: Int32) -> UInt32 { UInt32(bitPattern: day) ^ 0x8000_0000 }

    /// The day of such a word, since 1970-01-01.
    static func day(ofWord word: UInt32) -> Int { Int(Int32(bitPattern: word ^ 0x8000_0000)) }

    /// The word of an hour of the day.
    static func hour(_ hour: UInt8, day: Int32) -> UInt32 {
        day == ReleasedBatch.noDay ? 0 : UInt32(hour) + 1
    }

    /// The text of a word; empty for "no time".
    static func text(_ word: UInt32, _ kind: KeyWord) -> [UInt8] {
        if word == 0 { return [] }
        switch kind {
        case .month: return Array(CalendarMonth(index: Int(word) - 1).text.utf8)
        case .day:
            return CivilDate(daysSince1970: day(ofWord: word)).textBytes
        case .hour:
            let hour = Int(word) - 1
            return [UInt8(48 + hour / 10 % 10), UInt8(48 + hour % 10)]
        case .dimension, .text, .token: return []
        }
    }
}
