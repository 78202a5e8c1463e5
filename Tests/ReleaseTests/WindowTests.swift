@testable import Anonymization
import KeyedHashing
import LogFormats
import Records
import TestSupport
import Testing

/// Who may see what, by the age of the record.
@Suite struct WindowTests {
    private static let rules: KeyValuePairs<String, (any Transform)?> = [
        "ts": Keep(), "user": Pseudonymize(field: "user"), "ip": TruncateAddress(), "note": nil,
    ]

    private func record(_ time: String) -> String {
        #" { "ts" : "\#(time)", "user":"ann", "ip":"192.0.2.77" ,"note":"n","more":[1, 2] } "#
    }

    @Test func aRecordInTheWindowPassesByteForByte() {
        let line = record(ReleaseTrial.fresh) + "\r"
        let result = ReleaseTrial(Self.rules).run([line])
        #expect(result.output == bytes(line + "\n"))
        #expect(result.counts.outputs[0].kept == 1)
        #expect(result.counts.isConserved)
    }

    @Test func aTimeIsOfAYearThatHasAName() {
        for (time, reason) in [
            ("0000-01-01T00:00:00Z", nil), ("0000-01-01T00:00:00+00:01", .badTime),
            ("9999-12-31T23:59:59Z", nil), ("9999-12-31T23:59:59-00:01", .badTime),
            ("", .noTime), ("x", .badTime),
        ] as [(String, QuarantineReason?)] {
            let result = ReleaseTrial(Self.rules).run([record(time)])
            #expect(result.counts.quarantined.map(\.key) == (reason.map { [$0] } ?? []), "\(time)")
            #expect(result.counts.isConserved)
        }
    }

    @Test func aDueRecordKeepsOnlyNamedMembers() {
        let result = ReleaseTrial(Self.rules).run([record(ReleaseTrial.due)])
        let token = MonthKeys.token("ann", field: "user", month: "2026-06")
        #expect(
            result.lines == [
                #"{"ts":"\#(ReleaseTrial.due)","user":"\#(token)","ip":"192.0.0.0"}"#
            ]
        )
        #expect(result.counts.outputs[0].anonymised == 1)
    }

    @Test func keepEverythingEditsInPlace() {
        var trial = ReleaseTrial(Self.rules)
        trial.keepsUnnamed = true
        let token = MonthKeys.token("ann", field: "user", month: "2026-06")
        #expect(
            trial.run([record(ReleaseTrial.due)]).lines == [
                #" { "ts" : "\#(ReleaseTrial.due)", "user":"\#(token)", "ip":"192.0.0.0" ,"#
                    + #""more":[1, 2] } "#
            ]
        )
    }

    @Test func anOutputWithoutWindowTakesEveryRecordAsDue() {
        var trial = ReleaseTrial(Self.rules)
        trial.showsWindow = false
        let lines = trial.run([record(ReleaseTrial.fresh), record(ReleaseTrial.due)]).lines
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { !$0.contains("ann") && !$0.contains("more") })
    }

    @Test func aTimeAheadIsBadForEveryIdentifierAndMakesNoToken() {
        for showsWindow in [true, false] {
            var trial = ReleaseTrial(Self.rules)
            trial.showsWindow = showsWindow
            trial.observations = ObservationPlan(
                tokens: [
                    .init(slot: 1, domain: TokenDomain(scope: "", field: "u"), staticHasher: nil)
                ],
                statistics: [.init(purpose: .statistics, categories: [])]
            )
            // A good record before it: nothing of its key may be left over.
            let result = trial.run([record(ReleaseTrial.due), record(ReleaseTrial.future)])
            #expect(result.lines[1] == #"{"ts":"\#(ReleaseTrial.future)","ip":"192.0.0.0"}"#)
            #expect(result.counts.untimely == 1)
            #expect(result.counts.keyless == 0)
            #expect(result.counts.observed == [1])
            // And the one behind it has its key again.
            let due = record(ReleaseTrial.due)
            let again = trial.run([due, record(ReleaseTrial.future), due])
            #expect(again.lines[2] == again.lines[0])
        }
    }

    @Test func aMissingKeyDropsWhatItWouldHaveMade() throws {
        var trial = ReleaseTrial(Self.rules)
        let june = try #require(CalendarMonth(text: "2026-06"))
        trial.keyRing = MonthKeys(missing: [june])
        let may = "2026-05-01T00:00:00Z"
        let result = trial.run([record(may), record(ReleaseTrial.due), record(may)])
        let token = MonthKeys.token("ann", field: "user", month: "2026-05")
        #expect(result.lines.map { $0.contains(token) } == [true, false, true])
        #expect(!result.lines[1].contains("user"))
        #expect(result.counts.keyless == 1)
        // What is not yet due will want its key.
        let july = try #require(CalendarMonth(text: "2026-07"))
        trial.keyRing = MonthKeys(missing: [july])
        #expect(trial.run([record("2026-07-01T00:00:00Z")]).counts.keyless == 1)
        trial.keyRing = nil
        let without = trial.run([record(may)])
        #expect(!without.lines[0].contains("user"))
        #expect(without.counts.keyless == 0)
    }

    @Test(arguments: [
        (#"{"user":"ann"}"#, QuarantineReason.noTime), (#"{"ts":null,"user":"ann"}"#, .noTime),
        (#"{"ts":"","user":"ann"}"#, .noTime), (#"{"ts":true,"user":"ann"}"#, .badTime),
        (#"{"ts":["2026-01-01T00:00:00Z"],"user":"ann"}"#, .badTime),
        (#"{"ts":"2026-02-30T00:00:00Z","user":"ann"}"#, .badTime),
        // Years that no month of keys can have.
        (#"{"ts":"0000-01-01T00:00:00+10:00","user":"ann"}"#, .badTime),
        (#"{"ts":"9999-12-31T23:59:59-10:00","user":"ann"}"#, .badTime),
        (#"{"ts":"yesterday","user":"ann"}"#, .badTime), (#"{"ts":1,"ts":1}"#, .duplicateKey),
    ])
    func recordsWithoutAReadableTimeAreSetAside(_ line: String, _ reason: QuarantineReason) {
        let good = record(ReleaseTrial.due)
        let result = ReleaseTrial(Self.rules).run([good, line, "", good])
        #expect(result.lines.count == 2)
        #expect(result.counts.quarantined == [reason: 1])
        #expect(result.counts.blank == 1)
        #expect(result.counts.read == 4)
        #expect(result.counts.isConserved)
        #expect(result.quarantine.map(\.recordNumber) == [2])
        #expect(result.quarantine.map(\.byteOffset) == [good.utf8.count + 1])
        #expect(result.quarantine.map(\.length) == [line.utf8.count])
    }

    @Test func nullStaysNullAndANumberIsNoText() {
        func line(_ value: String) -> String {
            #"{"ts":"\#(ReleaseTrial.due)","user":\#(value)}"#
        }
        let rules: [any Transform] = [
            Replace(with: "GONE"), TruncateAddress(), Pseudonymize(field: "user"), AgentFamily(),
        ]
        for rule in rules {
            let trial = ReleaseTrial(["ts": Keep(), "user": rule])
            #expect(trial.run([line("null")]).lines == [line("null")], "\(type(of: rule))")
        }
        let agent = ReleaseTrial(["ts": Keep(), "user": AgentFamily()])
        #expect(agent.run([line("5"), line("true")]).lines == [line("null"), line("null")])
    }

    @Test func aChunkBeginsWithNothingOfTheOneBefore() throws {
        var trial = ReleaseTrial(Self.rules)
        trial.observations = ObservationPlan(
            tokens: [
                .init(slot: 1, domain: TokenDomain(scope: "", field: "u"), staticHasher: nil)
            ],
            statistics: [.init(purpose: .statistics, categories: [])])
        let plan = try #require(trial.makePlan())
        let good = record(ReleaseTrial.due) + "\n"
        let result = trial.run(
            [bytes(good + "broken\n"), bytes(good)],
            releaser: Releaser(plan: plan, keyRing: MonthKeys()))
        #expect(result.lines.count == 2)
        #expect(result.quarantine.map(\.recordNumber) == [2])
        #expect(result.observed.count == 2)
        #expect(result.counts.observed == [2])
        #expect(result.counts.read == 3 && result.counts.isConserved)
    }

    @Test func anEscapedTimeIsATime() {
        let line = #"{"ts":"2026\u002d06-14T23:59:59Z","user":"ann"}"#
        #expect(ReleaseTrial(Self.rules).run([line]).counts.outputs[0].anonymised == 1)
    }

    @Test func withoutATimeFieldEverythingIsDueAndNoTokenIsMade() {
        var trial = ReleaseTrial(Self.rules)
        trial.timeField = nil
        let result = trial.run([record(ReleaseTrial.fresh)])
        #expect(result.lines == [#"{"ts":"\#(ReleaseTrial.fresh)","ip":"192.0.0.0"}"#])
        #expect(result.days == [ReleasedBatch.noDay])
        #expect(result.counts.untimely == 0)
    }

    /// Without a time of the event no offset is added to other times.
    @Test func withoutATimeFieldTimesAreCutAsTheyStand() {
        var trial = ReleaseTrial(["seen": TruncateTime(to: .day, format: .rfc3339)])
        trial.timeField = nil
        let result = trial.run([#"{"seen":"2026-06-14T23:59:59Z"}"#])
        #expect(result.lines == [#"{"seen":"2026-06-14"}"#])
    }

    /// A local day is that of the event's offset, for each record anew.
    @Test func timesAreCutByTheOffsetOfTheirRecord() throws {
        let seen = TruncateTime(to: .day, format: .rfc3339)
        let due = RetentionClock(
            start: .field(slot: 1), length: CalendarDuration(months: 0, days: 0))
        for clock in [nil, due] {
            var trial = ReleaseTrial([
                ("ts", FieldRule(transform: Keep())),
                (
                    "seen",
                    FieldRule(
                        transform: seen, clock: DueSet(rawValue: clock == nil ? 1 : 2),
                        otherClock: clock)
                ),
            ])
            trial.clocks = clock.map { [$0] } ?? []
            var plan = try #require(trial.makePlan())
            plan.zone = try ZoneTable.named("Europe/Amsterdam")
            let lines = ["2026-01-10", "2026-06-10", "2026-01-11"].map {
                #"{"ts":"\#($0)T12:00:00Z","seen":"2026-03-01T22:30:00Z"}"# + "\n"
            }
            let result = trial.run(
                [bytes(lines.joined())], releaser: Releaser(plan: plan, keyRing: nil))
            #expect(result.lines.map { $0.contains("2026-03-02") } == [false, true, false])
            #expect(result.lines.allSatisfy { !$0.contains("22:30") })
        }
    }

    /// What the rules did to values, and what was not yet due is not theirs.
    @Test func valuesAreCountedByField() {
        let result = ReleaseTrial(Self.rules).run([
            record(ReleaseTrial.due), record(ReleaseTrial.due), record(ReleaseTrial.fresh),
            #"{"ts":"\#(ReleaseTrial.due)","user":"ann"}"#,
        ])
        let fields = result.counts.outputs[0].fields
        #expect(fields.map(\.changed) == [0, 3, 2, 0])
        #expect(fields.map(\.dropped) == [0, 0, 0, 2])
    }

    /// A record's result depends on the record alone: not on the one before it.
    @Test func aTimeAheadIsTruncatedTheSameWhateverCameBefore() throws {
        let zone = try ZoneTable.named("Europe/Amsterdam")
        let truncate = TruncateTime(to: .day, format: .rfc3339)
        var trial = ReleaseTrial(["ts": truncate])
        trial.showsWindow = false
        let ahead = #"{"ts":"2027-01-05T23:30:00Z"}"#
        let before = ["2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"].map { "{\"ts\":\"\($0)\"}" }
        var answers: Set<String> = []
        for first in before + [ahead] {
            guard var plan = trial.makePlan() else { return }
            plan.zone = zone
            let releaser = Releaser(plan: plan, keyRing: nil)
            let result = trial.run([bytes(first + "\n" + ahead + "\n")], releaser: releaser)
            answers.insert(result.lines[1])
        }
        #expect(answers.count == 1, "\(answers)")
    }

    /// Stored records are read again to be aged: one whose time is gone was dealt with before, and
    /// takes nothing over from the record in front of it.
    @Test func aStoredRecordWithoutTimeBorrowsNoKey() {
        var trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep())),
            ("user", FieldRule(transform: Pseudonymize(field: "user"), appliesAlways: true)),
        ])
        trial.keepsUnnamed = true
        guard var plan = trial.makePlan(), let clock = RunClock(text: "2026-07-01", zone: .utc)
        else { return }
        plan.isStored = true
        plan.writtenUnder = ClockSet(window: CalendarDuration(months: 1, days: 0), runClock: clock)
        let releaser = Releaser(plan: plan, keyRing: MonthKeys())
        let lines = record(ReleaseTrial.due) + "\n" + #"{"user":"ann","x":1}"# + "\n"
        let result = trial.run([bytes(lines)], releaser: releaser)
        #expect(result.lines.last == #"{"x":1}"#)
        #expect(result.counts.isConserved)
    }

    /// Neither the age of the record in front, nor what was dealt with in it, nor its offset.
    @Test(arguments: [ReleaseTrial.fresh, ReleaseTrial.due])
    func aStoredRecordWithoutTimeIsDueWhateverCameBefore(_ before: String) throws {
        let seen = TruncateTime(to: .day, format: .rfc3339)
        let trial = ReleaseTrial(["ts": Keep(), "user": nil, "seen": seen])
        var plan = try #require(trial.makePlan())
        plan.isStored = true
        plan.writtenUnder = plan.clocks
        plan.zone = try ZoneTable.named("Europe/Amsterdam")
        let releaser = Releaser(plan: plan, keyRing: nil)
        let lines = [
            #"{"ts":"\#(before)","user":"t1"}"#, #"{"user":"ann","seen":"2026-06-14T23:30:00Z"}"#,
        ]
        let result = trial.run([bytes(lines.map { $0 + "\n" }.joined())], releaser: releaser)
        #expect(result.lines == [lines[0], #"{"seen":"2026-06-14"}"#])
        #expect(!releaser.outputs[0].batch.records[1].isReadable)
    }

    /// Of a record whose time is gone nobody knows what a clock did to it, whatever was done to the
    /// record in front: only what was done to all.
    @Test(arguments: [
        (ReleasePlan.FieldPast.always, #"{"user":"ann"}"#), (.never, "{}"),
        (.under(DueSet(rawValue: 1)), "{}"), (.before(EventTime(milliseconds: .max)), "{}"),
    ])
    func aStoredRecordWithoutTimeWasDealtWithByNoClock(
        _ past: ReleasePlan.FieldPast, _ left: String
    ) throws {
        let trial = ReleaseTrial(["ts": Keep(), "user": Pseudonymize(field: "user"), "ip": nil])
        var plan = try #require(trial.makePlan())
        plan.isStored = true
        plan.writtenUnder = plan.clocks
        plan.writtenFields = [.always, past, .never]
        let releaser = Releaser(plan: plan, keyRing: MonthKeys())
        let dealtWith = #"{"ts":"\#(ReleaseTrial.due)"}"#
        let untimed = #"{"user":"ann","ip":"192.0.2.7"}"#
        let result = trial.run([bytes("\(dealtWith)\n\(untimed)\n")], releaser: releaser)
        #expect(result.lines == [dealtWith, left])
    }

    @Test func theClocksOfTheOutputBindAllItsRecords() {
        var trial = ReleaseTrial(["ts": Keep(), "user": nil])
        trial.clocks = [
            RetentionClock(start: .event, length: CalendarDuration(months: 0, days: 3)),
            RetentionClock(start: .event, length: CalendarDuration(months: 3, days: 0)),
        ]
        trial.readableClock = DueSet(rawValue: 2)
        trial.expiryClock = DueSet(rawValue: 4)
        let today = record("2026-07-15T00:00:00Z")
        let result = trial.run([
            today, record(ReleaseTrial.fresh), record("2026-04-14T00:00:00Z"),
            record(ReleaseTrial.future),
        ])
        // A time ahead cannot say that a record is overdue: it stays, with nothing readable in it.
        let left = [ReleaseTrial.fresh, ReleaseTrial.future].map { #"{"ts":"\#($0)"}"# }
        #expect(result.lines == [today] + left)
        #expect(result.counts.outputs[0].dropped == [.overdue: 1])
        #expect(result.counts.isConserved)
    }

    @Test func fieldsAgeByTheirOwnClocks() throws {
        let handled = RetentionClock(
            start: .field(slot: 1),
            length: CalendarDuration(months: 12, days: 0)
        )
        let short = RetentionClock(start: .event, length: CalendarDuration(months: 0, days: 3))
        let bits = [DueSet(rawValue: 2), DueSet(rawValue: 4)]
        var trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep())),
            ("handled_at", FieldRule(transform: Keep())),
            ("mail", FieldRule(transform: nil, clock: bits[0], otherClock: handled)),
            ("ip", FieldRule(transform: TruncateAddress(), clock: bits[1], otherClock: nil)),
            ("user", FieldRule(transform: nil)),
        ])
        trial.clocks = [handled, short]
        func line(_ time: String, _ handledAt: String) -> String {
            #"{"ts":"\#(time)","handled_at":\#(handledAt),"mail":"m","#
                + #""ip":"192.0.2.7","user":"u","x":1}"#
        }
        func names(_ time: String, _ handledAt: String) -> [Bool] {
            let out = trial.run([line(time, handledAt)]).lines[0]
            return ["\"mail\"", "192.0.2.7", "\"user\"", "\"x\""].map { out.contains($0) }
        }
        let today = "2026-07-15T00:00:00Z"
        #expect(names(today, #""2026-07-01T00:00:00Z""#) == [true, true, true, true])
        #expect(names("2026-07-11T00:00:00Z", "null") == [true, false, true, true])
        #expect(names(ReleaseTrial.due, "null") == [true, false, false, false])
        #expect(
            names(ReleaseTrial.due, #""2025-07-14T23:59:59Z""#) == [false, false, false, false]
        )
        #expect(names(today, #""2025-07-14T23:59:59Z""#) == [false, true, true, true])
        #expect(names(today, #""2025-07-15T00:00:00Z""#) == [true, true, true, true])
        #expect(names(today, #""soon""#) == [false, true, true, true])
        #expect(names(today, "[1]") == [false, true, true, true])
        #expect(names(today, #""""#) == [true, true, true, true])
        #expect(names(ReleaseTrial.future, "null") == [false, false, false, false])
    }
}
