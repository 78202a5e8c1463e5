@testable import Anonymization
import KeyedHashing
import LogFormats
import Records
import TestSupport
import Testing

/// Records whose fields age by dates of a reference table, released at noon of 2026-07-15.
@Suite struct TableClockTests {
    private static let accounts: [(String, String, String)] = [
        ("active", "", ""), ("past", "2026-07-14", ""), ("today", "2026-07-15", ""),
        ("ahead", "2026-07-16", ""), ("bad", "31-07-2026", ""), ("longer", "2026-07-10", "P1M"),
        ("odd", "2026-07-10", "a week"),
    ]

    private func table(_ rows: [(String, String, String)]) throws -> ReferenceTable {
        var builder = ReferenceTable.Builder(kinds: [.date, .length], format: nil, zone: .utc)
        for (key, date, length) in rows {
            try builder.add(
                key: bytes(key)[...], cells: [bytes(date)[...], bytes(length)[...]])
        }
        return try builder.finish()
    }

    private let clock = RetentionClock(
        start: .table(TableCell(table: 0, column: 0, keySlot: 1)), length: .zero,
        lengthFrom: .table(TableCell(table: 0, column: 1, keySlot: 1)))

    private func trial(deletes: Bool = false) -> ReleaseTrial {
        var trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep())),
            (
                "user",
                deletes
                    ? FieldRule(transform: Keep())
                    : FieldRule(
                        transform: Pseudonymize(field: "user"), clock: DueSet(rawValue: 2),
                        otherClock: clock)
            ),
        ])
        trial.clocks = [clock]
        return trial
    }

    private func run(
        _ users: [String], deletes: Bool = false,
        _ change: (inout ReleasePlan) -> Void = { _ in }
    ) throws -> ReleaseTrial.Result {
        let trial = trial(deletes: deletes)
        var plan = try #require(trial.makePlan())
        plan.tables = [try table(Self.accounts)]
        if deletes { plan.deleteClocks = DueSet(rawValue: 2) }
        change(&plan)
        let lines = users.map { #"{"ts":"2026-07-14T10:00:00Z","user":"\#($0)"}"# + "\n" }
        return trial.run(
            [bytes(lines.joined())], releaser: Releaser(plan: plan, keyRing: trial.keyRing))
    }

    private func shown(_ user: String) -> String {
        #"{"ts":"2026-07-14T10:00:00Z","user":"\#(user)"}"#
    }

    @Test func aNameStaysUntilItsDateAndGoesWithTheKeyOfThatMonth() throws {
        let result = try run(["active", "past", "today", "ahead", " active "])
        let token = { MonthKeys.token($0, field: "user", month: "2026-07") }
        #expect(
            result.lines == [
                shown("active"), shown(token("past")), shown(token("today")), shown("ahead"),
                shown(" active "),
            ])
    }

    @Test func inDoubtTheFieldIsDueAndHasNoKey() throws {
        let bare = #"{"ts":"2026-07-14T10:00:00Z"}"#
        #expect(try run(["nobody", "bad", "odd"]).lines == [bare, bare, bare])
    }

    /// Whatever the record in front was tokened with.
    @Test func aTimeAheadHasNoKeyOfAnotherClockEither() throws {
        let trial = trial()
        var plan = try #require(trial.makePlan())
        plan.tables = [try table(Self.accounts)]
        let ahead = shown("past").replacing("2026-07-14T10:00:00Z", with: ReleaseTrial.future)
        let releaser = Releaser(plan: plan, keyRing: trial.keyRing)
        let lines = [ahead, shown("past"), ahead].map { $0 + "\n" }
        let result = trial.run([bytes(lines.joined())], releaser: releaser)
        let bare = #"{"ts":"\#(ReleaseTrial.future)"}"#
        let token = MonthKeys.token("past", field: "user", month: "2026-07")
        #expect(result.lines == [bare, shown(token), bare])
    }

    @Test func aRowHasALengthOfItsOwn() throws {
        #expect(try run(["longer"]).lines == [shown("longer")])
    }

    @Test func aLongerTokenIsLookedUpAsItWasWritten() throws {
        let escaped = #"pa\u0073t"#
        #expect(try run([escaped]).lines == [
            shown(MonthKeys.token("past", field: "user", month: "2026-07"))
        ])
    }

    @Test func recordsAreDeletedCountedAndNotObserved() throws {
        let result = try run(
            ["active", "past", "today", "ahead", "bad", "nobody", "longer"], deletes: true)
        #expect(result.lines == ["active", "ahead", "longer"].map(shown))
        #expect(result.counts.outputs[0].dropped == [.deleted: 4])
        #expect(result.counts.isConserved)
    }

    @Test func aTimeAheadDeletesNothingByTheEventButATableStillDoes() throws {
        let trial = trial(deletes: true)
        var plan = try #require(trial.makePlan())
        plan.tables = [try table(Self.accounts)]
        plan.deleteClocks = DueSet(rawValue: 3)
        let lines = ["active", "past"].map {
            #"{"ts":"\#(ReleaseTrial.future)","user":"\#($0)"}"# + "\n"
        }
        let result = trial.run(
            [bytes(lines.joined())], releaser: Releaser(plan: plan, keyRing: trial.keyRing))
        #expect(result.counts.outputs[0].dropped == [.deleted: 1])
        #expect(result.lines.count == 1)
    }

    // MARK: Stored records

    @Test func aStoredRecordChangesOnlyByWhatTheTableSaysAnew() throws {
        let before = try table([
            ("active", "", ""), ("past", "", ""), ("today", "2026-07-01", ""),
            ("gone", "", ""),
        ])
        let token = String(repeating: "ab", count: 16)
        let result = try run(["active", "past", "today", "gone", token]) { plan in
            plan.isStored = true
            plan.tablesBefore = [before]
            plan.writtenUnder = plan.clocks.moved(
                to: RunClock(now: EventTime(milliseconds: plan.clocks.runClock.now.milliseconds
                    - 86_400_000), zone: .utc))
        }
        let bare = #"{"ts":"2026-07-14T10:00:00Z"}"#
        // What was due a day ago was dealt with then; a row that is gone counts as run out.
        #expect(
            result.lines == [
                shown("active"),
                shown(MonthKeys.token("past", field: "user", month: "2026-07")),
                shown("today"), bare, shown(token),
            ])
    }

    @Test func theWindowItselfMayReadATable() throws {
        let before = try table([("active", "", ""), ("past", "", ""), ("today", "2026-07-01", "")])
        let now = try #require(ReleaseTrial.runClock)
        var trial = trial()
        trial.fields[1].rule = FieldRule(transform: Replace(with: "GONE"))
        trial.clocks = []
        var plan = try #require(trial.makePlan())
        plan.clocks = try #require(ClockSet(window: clock, runClock: now))
        plan.tables = [try table(Self.accounts)]
        plan.isStored = true
        plan.tablesBefore = [before]
        plan.writtenUnder = plan.clocks.moved(
            to: RunClock(
                now: EventTime(milliseconds: now.now.milliseconds - 86_400_000), zone: .utc))
        let lines = ["active", "past", "today"].map { shown($0) + "\n" }
        let result = trial.run(
            [bytes(lines.joined())], releaser: Releaser(plan: plan, keyRing: trial.keyRing))
        #expect(result.lines == [shown("active"), shown("GONE"), shown("today")])
    }

    @Test func aTimeAheadHasNoKeyOfAWindowThatReadsATable() throws {
        let now = try #require(ReleaseTrial.runClock)
        var trial = trial()
        trial.fields[1].rule = FieldRule(
            transform: Pseudonymize(field: "user"), otherClock: clock)
        trial.clocks = []
        var plan = try #require(trial.makePlan())
        plan.clocks = try #require(ClockSet(window: clock, runClock: now))
        plan.tables = [try table(Self.accounts)]
        let ahead = shown("past").replacing("2026-07-14T10:00:00Z", with: ReleaseTrial.future)
        let result = trial.run(
            [bytes(ahead + "\n")], releaser: Releaser(plan: plan, keyRing: trial.keyRing))
        #expect(result.lines == [#"{"ts":"\#(ReleaseTrial.future)"}"#])
    }

    @Test func withoutAMemoryOfTheTablesNothingCountsAsDealtWith() throws {
        let result = try run(["past"]) { plan in
            plan.isStored = true
            plan.writtenUnder = plan.clocks
        }
        let aged = [shown(MonthKeys.token("past", field: "user", month: "2026-07"))]
        #expect(result.lines == aged)
        let bySeveral = try run(["past"]) { plan in
            plan.isStored = true
            plan.generations = [WrittenGeneration(clocks: plan.clocks, holds: .empty)]
        }
        #expect(bySeveral.lines == aged)
        let older = try run(["past"]) { plan in
            plan.isStored = true
            plan.tablesBefore = plan.tables
            plan.subjects = .empty
            plan.generations = [
                WrittenGeneration(clocks: plan.clocks, holds: .empty),
                WrittenGeneration(
                    clocks: plan.clocks,
                    holds: SubjectRegister(
                        rules: [SubjectRegister.Rule(.everybody, effect: .held(0))],
                        holds: [SubjectRegister.Hold(id: 1)], hasher: nil)),
            ]
        }
        #expect(older.lines == aged)
    }

    /// The tables are forgotten, the fields of a record are not.
    /// Where other rules were in force, field by field.
    @Test func whatTheTablesSaidCountsUnderOtherRulesToo() throws {
        for isKnown in [true, false] {
            let result = try run(["past"]) { plan in
                plan.isStored = true
                plan.tablesBefore = isKnown ? plan.tables : []
                plan.writtenUnder = plan.clocks
                plan.writtenFields = [.never, .under(DueSet(rawValue: 2))]
            }
            let token = MonthKeys.token("past", field: "user", month: "2026-07")
            #expect(result.lines == [shown(isKnown ? "past" : token)])
        }
    }

    /// Of the last run that wrote the record it is known what they said.
    @Test func whatTheTablesSaidIsKnownOfTheLastRunOnly() throws {
        let held = SubjectRegister(
            rules: [SubjectRegister.Rule(.everybody, effect: .held(0))],
            holds: [SubjectRegister.Hold(id: 3)], hasher: nil)
        for isLast in [true, false] {
            let result = try run(["past"]) { plan in
                plan.isStored = true
                plan.tablesBefore = plan.tables
                plan.generations = [WrittenGeneration(clocks: plan.clocks, holds: .empty)]
                if !isLast {
                    plan.generations.append(WrittenGeneration(clocks: plan.clocks, holds: held))
                }
            }
            let token = MonthKeys.token("past", field: "user", month: "2026-07")
            #expect(result.lines == [shown(isLast ? "past" : token)])
        }
    }

    @Test func aClockThatReadsAFieldIsKnownWithoutTables() throws {
        var trial = trial()
        let seen = RetentionClock(
            start: .field(slot: 2), length: CalendarDuration(months: 0, days: 1))
        trial.clocks = [seen]
        trial.fields[1].rule = FieldRule(
            transform: Replace(with: "GONE"), clock: DueSet(rawValue: 2), otherClock: seen)
        trial.fields.append(("seen", FieldRule(transform: Keep())))
        var plan = try #require(trial.makePlan())
        plan.isStored = true
        plan.writtenUnder = plan.clocks
        let line = #"{"ts":"2026-07-14T10:00:00Z","user":"ann","seen":"2026-07-01T10:00:00Z"}"#
        let result = trial.run(
            [bytes(line + "\n")], releaser: Releaser(plan: plan, keyRing: trial.keyRing))
        #expect(result.lines == [line])
    }

    @Test func aStoredRecordIsDeletedByWhatCanBeReadOnly() throws {
        let token = String(repeating: "ab", count: 16)
        let users = ["active", "past", token, "gone"]
        let result = try run(users, deletes: true) { plan in
            plan.isStored = true
            plan.tablesBefore = [try? table([("gone", "", "")])].compactMap { $0 }
        }
        #expect(result.lines == [shown("active"), shown(token)])
        let unknown = try run(users, deletes: true) { $0.isStored = true }
        #expect(unknown.lines == ["active", token, "gone"].map(shown))
    }

    @Test func aFieldGoesWithTheFieldThatItsClockReads() throws {
        var trial = trial()
        trial.fields.append(
            ("name", FieldRule(transform: nil, clock: DueSet(rawValue: 2), otherClock: clock)))
        trial.fields[1].rule = FieldRule(transform: Replace(with: "GONE"))
        var plan = try #require(trial.makePlan())
        plan.tables = [try table(Self.accounts)]
        plan.outputs[0].dependences = [
            ClockDependence(clock: DueSet(rawValue: 2), readFields: DueSet(rawValue: 1))
        ]
        let lines = [ReleaseTrial.due, ReleaseTrial.fresh].map {
            #"{"ts":"\#($0)","user":"active","name":"Anna"}"# + "\n"
        }
        let result = trial.run(
            [bytes(lines.joined())], releaser: Releaser(plan: plan, keyRing: trial.keyRing))
        #expect(
            result.lines == [
                #"{"ts":"\#(ReleaseTrial.due)","user":"GONE"}"#,
                #"{"ts":"\#(ReleaseTrial.fresh)","user":"active","name":"Anna"}"#,
            ])
    }

    // MARK: A slow twin

    @Test func agreesWithPlainRules() throws {
        let seed: UInt64 = 5
        var generator = SeededGenerator(seed: seed)
        let now = try #require(ReleaseTrial.runClock)
        for _ in 0..<30 {
            var rows: [(String, String, String)] = []
            for index in 0..<12 where Bool.random(using: &generator) {
                let day = now.date.daysSince1970 + Int.random(in: -60...20, using: &generator)
                let date = ["", "x", CivilDate(daysSince1970: day).text, "2026-06-31"]
                let length = ["", "", "P1M", "P10D", "P0D", "y"]
                rows.append(
                    (
                        "u\(index)", date.randomElement(using: &generator) ?? "",
                        length.randomElement(using: &generator) ?? ""
                    ))
            }
            let users = (0..<12).map { "u\($0)" }
            let result = try run(users, deletes: true) { plan in
                plan.tables = [try? table(rows)].compactMap { $0 }
            }
            let expected = users.filter { user in
                !Self.isDue(rows.first { $0.0 == user }, now)
            }
            #expect(result.lines == expected.map(shown), "seed \(seed)")
        }
    }

    private static func isDue(_ row: (String, String, String)?, _ now: RunClock) -> Bool {
        guard let row else { return true }
        if row.1.isEmpty { return false }
        let text = bytes(row.1)
        guard let date = CivilDate(parsing: text.span) else { return true }
        var length = CalendarDuration.zero
        if !row.2.isEmpty {
            guard let own = CalendarDuration(text: row.2) else { return true }
            length = own
        }
        if length.isZero { return date.daysSince1970 <= now.date.daysSince1970 }
        return date < now.date.subtracting(length)
    }
}
