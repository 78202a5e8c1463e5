@testable import Anonymization
import KeyedHashing
import Records
import TestSupport
import Testing

/// What is read of a record for the clocks of a plan: a record is deleted when its clock has run
/// out, by a run at noon of 2026-07-15.
@Suite struct ClockReaderTests {
    private static let month = CalendarDuration(months: 1, days: 0)

    /// Which of the records stay whose field `key` (the first one) is written as in `values`, an
    /// empty text for not at all.
    private func kept(
        _ values: [String], _ clocks: [RetentionClock], deletingBy bit: UInt64 = 2,
        timeFormat: TimeFormat = .rfc3339, time: String = #""2026-07-01T00:00:00Z""#,
        _ tables: [ReferenceTable] = []
    ) throws -> [Bool] {
        var trial = ReleaseTrial([
            ("key", FieldRule(transform: Keep())), ("ts", FieldRule(transform: Keep())),
            ("number", FieldRule(transform: Keep())),
        ])
        trial.clocks = clocks
        trial.timeFormat = timeFormat
        var plan = try #require(trial.makePlan())
        plan.tables = tables
        plan.deleteClocks = DueSet(rawValue: bit)
        let lines = values.enumerated().map { number, value in
            let key = value.isEmpty ? "" : #""key":\#(value),"#
            return "{\(key)\"ts\":\(time),\"number\":\(number)}\n"
        }
        let result = trial.run(
            [bytes(lines.joined())], releaser: Releaser(plan: plan, keyRing: trial.keyRing))
        #expect(result.counts.isConserved)
        return values.indices.map { number in
            result.lines.contains { $0.utf8.elementsEqual(lines[number].utf8.dropLast()) }
        }
    }

    private func check(
        _ examples: KeyValuePairs<String, Bool>, _ clock: RetentionClock,
        timeFormat: TimeFormat = .rfc3339, time: String = #""2026-07-01T00:00:00Z""#,
        _ tables: [ReferenceTable] = []
    ) throws {
        let kept = try kept(
            examples.map(\.key), [clock], timeFormat: timeFormat, time: time, tables)
        #expect(kept == examples.map(\.value))
    }

    @Test func datesInTheFirstField() throws {
        try check(
            [
                #""2026-06-14""#: false, #""2026-06-15""#: true, #""2026-0\u0036-14""#: false,
                #""2026-0\u0036-15""#: true, "null": true, #""""#: true, "": false, "true": false,
                "20260701": false, #""soon""#: false,
            ], RetentionClock(start: .field(slot: 0), length: Self.month))
    }

    @Test func datesThatAreNumbers() throws {
        try check(
            ["1781481599": false, "1781481600": true, #""1781481600""#: true],
            RetentionClock(start: .field(slot: 0), length: Self.month),
            timeFormat: .epochSeconds, time: "1782864000")
    }

    @Test func lengthsInTheFirstField() throws {
        let clock = RetentionClock(
            start: .event, length: Self.month, lengthFrom: .field(slot: 0))
        try check(
            [
                #""P1W""#: false, #""P\u0031W""#: false, #""P1\u0059""#: true, #""P1Y""#: true,
                "null": true, #""""#: true, "": true, #""long""#: false, "7": false,
                "true": false,
            ], clock)
        try check(
            [#""P1Y""#: true, "null": false, "": false, #""""#: false], clock,
            time: #""2026-06-14T00:00:00Z""#)
    }

    private func table(_ rows: KeyValuePairs<String, String>) throws -> ReferenceTable {
        var builder = ReferenceTable.Builder(kinds: [.date], format: nil, zone: .utc)
        for (key, date) in rows {
            try builder.add(key: bytes(key)[...], cells: [bytes(date)[...]])
        }
        return try builder.finish()
    }

    private func clock(table: Int, keySlot: Int = 0) -> RetentionClock {
        RetentionClock(
            start: .table(TableCell(table: table, column: 0, keySlot: keySlot)), length: .zero)
    }

    @Test func keysInTheFirstField() throws {
        let table = try table([
            "active": "", "past": "2026-07-01", "7": "", "null": "", "true": "",
        ])
        try check(
            [
                #""active""#: true, #""past""#: false, #""\u0061ctive""#: true,
                #""p\u0061st""#: false, #""activ\u0065""#: true, "7": true, "null": false,
                "true": false, "": false, "8": false, #""\u0061nna""#: false,
            ], clock(table: 0), [table])
    }

    @Test func eachTableHasRowsOfItsOwn() throws {
        let tables = [
            try table(["anna": "", "bert": "2026-07-01"]),
            try table(["carl": "", "bert": "", "anna": "2026-07-01"]),
        ]
        let users = [#""anna""#, #""bert""#, #""carl""#]
        let clocks = [clock(table: 0), clock(table: 1)]
        #expect(try kept(users, clocks, deletingBy: 2, tables) == [true, false, false])
        #expect(try kept(users, clocks, deletingBy: 4, tables) == [false, true, true])
        #expect(try kept(users, clocks, deletingBy: 6, tables) == [false, false, false])
    }

    /// The last field of one record stands in front of the first of the next.
    @Test func whatARecordDoesNotHaveIsNotTakenFromTheOneBefore() throws {
        let clocks: [(RetentionClock, String)] = [
            (RetentionClock(start: .field(slot: -1), length: Self.month), "2026-07-14"),
            (clock(table: 0, keySlot: -1), "active"),
            (
                RetentionClock(start: .event, length: .zero, lengthFrom: .field(slot: -1)), "P1Y"
            ),
        ]
        for (clock, last) in clocks {
            var trial = ReleaseTrial(["ts": Keep(), "last": Keep()])
            trial.clocks = [clock]
            var plan = try #require(trial.makePlan())
            plan.tables = [try table(["active": ""])]
            plan.deleteClocks = DueSet(rawValue: 2)
            let line = #"{"ts":"2026-07-14T00:00:00Z","last":"\#(last)"}"# + "\n"
            let releaser = Releaser(plan: plan, keyRing: nil)
            #expect(trial.run([bytes(line + line)], releaser: releaser).lines == [], "\(last)")
        }
    }

    @Test func whatRecordsDoNotHaveIsUnknown() throws {
        let active = try table(["active": ""])
        for start in [
            RetentionClock.Start.field(slot: -1),
            .table(TableCell(table: 0, column: 0, keySlot: -1)),
            .table(TableCell(table: 1, column: 0, keySlot: 0)),
        ] {
            try check(
                [#""active""#: false], RetentionClock(start: start, length: Self.month),
                [active])
        }
        let clock = RetentionClock(
            start: .event, length: Self.month, lengthFrom: .field(slot: -1))
        try check([#""active""#: false], clock)
    }
}
