import Anonymization
import Records

/// The texts, tokens and times of the rows of one batch as small numbers: what group keys are made
/// of. Filled once per batch, read by every statistic.
struct RowIdentifiers: ~Copyable {
    /// Row-major numbers of the texts, 0 for none; only inputs that are grouped by or compared.
    private(set) var texts = FlatArray<UInt32>(capacity: 1 << 13)
    /// Row-major numbers of the tokens, 0 for none.
    private(set) var tokens = FlatArray<UInt32>(capacity: 1 << 12)
    /// The month word of each row.
    private(set) var months = FlatArray<UInt32>(capacity: 1 << 11)
    /// The day and hour words of each row, its hour since 1970 in the pipeline's zone, its time and
    /// its mask: copies without reference counts.
    private(set) var days = FlatArray<UInt32>(capacity: 1 << 11)
    private(set) var hours = FlatArray<UInt32>(capacity: 1 << 11)
    private(set) var localHours = FlatArray<Int32>(capacity: 1 << 11)
    private(set) var times = FlatArray<Int64>(capacity: 1 << 11)
    private(set) var masks = FlatArray<UInt64>(capacity: 1 << 11)

    let textCount: Int
    let tokenCount: Int
    private let interned: [Bool]

    init(_ plan: StatisticsPlan) {
        textCount = plan.textInputs.count
        tokenCount = plan.tokenInputCount
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
        texts.resize(to: batch.count * textCount, filling: 0)
        tokens.resize(to: batch.count * tokenCount, filling: 0)
        for input in 0..<textCount where interned[input] {
            fillTexts(input, batch, chunk, &interner)
        }
        fillTokens(batch, &tokenInterner)
        fillTimes(batch)
    }

    private mutating func fillTexts(
        _ input: Int, _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ interner: inout TextInterner
    ) {
        let arena = batch.arena.bytes
        unsafe chunk.withUnsafeBufferPointer { chunk in
            unsafe arena.withUnsafeBufferPointer { arena in
                var at = input
                var last: UInt32 = 0
                for _ in 0..<batch.count {
                    let slice = batch.texts[at]
                    var number: UInt32 = 0
                    if Self.isGrouped(slice.kind) {
                        let inArena = slice.start & ObservationBatch.arenaBit != 0
                        number = unsafe interner.number(
                            inArena ? arena : chunk,
                            from: Int(slice.start & ~ObservationBatch.arenaBit),
                            length: slice.length, last: last)
                        last = number
                    }
                    texts[at] = number
                    at &+= textCount
                }
            }
        }
    }

    /// Numbers and booleans count as what is written; lists, objects and null as no value.
    @inline(__always)
    private static func isGrouped(_ kind: FieldKind) -> Bool {
        kind == .text || kind == .number || kind == .boolean
    }

    private mutating func fillTokens(
        _ batch: borrowing ObservationBatch, _ interner: inout TokenInterner
    ) {
        for input in 0..<tokenCount {
            var at = input
            var last: UInt32 = 0
            for _ in 0..<batch.count {
                last = interner.number(batch.tokens[at], last: last)
                tokens[at] = last
                at &+= tokenCount
            }
        }
    }

    private mutating func fillTimes(_ batch: borrowing ObservationBatch) {
        months.resize(to: batch.count, filling: 0)
        days.resize(to: batch.count, filling: 0)
        hours.resize(to: batch.count, filling: 0)
        localHours.resize(to: batch.count, filling: 0)
        times.resize(to: batch.count, filling: 0)
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
            localHours[row] = day &* 24 &+ Int32(batch.hours[row])
            times[row] = batch.times[row]
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
            let days = Int(Int32(bitPattern: word ^ 0x8000_0000))
            return Array(CivilDate(daysSince1970: days).text.utf8)
        case .hour:
            let hour = Int(word) - 1
            return [UInt8(48 + hour / 10 % 10), UInt8(48 + hour % 10)]
        case .dimension, .text, .token: return []
        }
    }
}
