import KeyedHashing
import Ledger
import Records
import TestSupport
import Testing

@testable import Pipelines

/// The decision whether the key of March 2026 may die; everybody needs it for a month and a grace
/// of a week, so until 8 May, unless a test says otherwise.
struct KeyVerdictTests {
    private let march = CalendarMonth(year: 2026, month: 3)
    private let zone = ZoneTable.utc
    private let key = "2026-03/UTC/0000000000000001"

    private func time(_ text: String) throws -> EventTime {
        try #require(RunClock(text: text, zone: zone)).now
    }

    private func needs(_ lengths: String = "P1M", dueMonths: Bool = false) throws -> KeyNeeds {
        try #require(
            KeyNeeds(lengthsText: lengths, usesDueMonths: dueMonths, graceText: "P7D"))
    }

    private func user(_ change: (inout KeyUse) throws -> Void = { _ in }) throws -> KeyUser {
        var use = KeyUse(pipelines: [
            KeyUse.Pipeline(name: "nightly", needs: try needs(), lastRun: try time("2026-06-01"))
        ])
        try change(&use)
        return KeyUser(place: "/srv/state", answer: .uses(use))
    }

    private func verdict(_ users: [KeyUser], _ now: String = "2026-06-01") throws -> KeyVerdict {
        KeyVerdict(month: march, keyID: key, now: try time(now), zone: zone, users: users)
    }

    @Test func timeAlone() throws {
        let users = [try user { $0.pipelines[0] = try pipeline(lastRun: "2026-05-01") }]
        let lastDue = try time("2026-05-01")
        let end = try time("2026-05-08")
        for now in ["2026-03-15", "2026-04-30", "2026-04-30T23:59:59.999Z"] {
            let young = try verdict(users, now)
            #expect(young.reasons == [.inWindow(until: lastDue)], "\(now)")
        }
        for now in ["2026-05-01", "2026-05-07T23:59:59.999Z"] {
            let waiting = try verdict(users, now)
            #expect(waiting.reasons == [.grace(until: end)], "\(now)")
            #expect(waiting.retryAt == end)
        }
        for now in ["2026-05-08", "2036-01-01"] {
            #expect(try verdict(users, now).mayDie, "\(now)")
        }
        #expect(try verdict(users).end == end)
    }

    private func pipeline(
        _ name: String = "nightly", _ lengths: String = "P1M", dueMonths: Bool = false,
        lastRun: String?
    ) throws -> KeyUse.Pipeline {
        KeyUse.Pipeline(
            name: name, needs: try needs(lengths, dueMonths: dueMonths),
            lastRun: try lastRun.map(time))
    }

    /// Nobody uses the store (any more): a month is needed until it is over.
    @Test func withoutUsersTheMonthMustBeOver() throws {
        #expect(try !verdict([], "2026-03-31").mayDie)
        #expect(try verdict([], "2026-04-01").mayDie)
    }

    @Test func theLongestClockOfAnyStateCounts() throws {
        let other = KeyUser(
            place: "/srv/other",
            answer: .uses(
                KeyUse(pipelines: [
                    try pipeline("yearly", "P1M P1Y", lastRun: "2026-06-01")
                ])))
        let both = try verdict([user(), other])
        #expect(both.lastDue == (try time("2027-04-01")))
        #expect(both.reasons == [.inWindow(until: try time("2027-04-01"))])
        #expect(try verdict([user()]).mayDie)
    }

    /// A field whose clock starts elsewhere takes the key of the month in which it becomes due: it
    /// needs it until that month is over, not for the length of its clock.
    @Test func dueMonthsEndWithTheMonth() throws {
        let use = KeyUse(pipelines: [
            try pipeline("requests", "", dueMonths: true, lastRun: "2026-04-08")
        ])
        let user = KeyUser(place: "/srv/state", answer: .uses(use))
        #expect(try verdict([user], "2026-03-31").reasons == [.inWindow(until: time("2026-04-01"))])
        #expect(try verdict([user], "2026-04-07").reasons == [.grace(until: time("2026-04-08"))])
        #expect(try verdict([user], "2026-04-08").mayDie)
    }

    @Test func aStateThatHasNotRunSinceBlocks() throws {
        let stale = try user { $0.pipelines[0] = try pipeline(lastRun: "2026-04-30") }
        let reasons = try verdict([stale]).reasons
        #expect(
            reasons == [
                .notRunSince(
                    pipeline: "nightly", place: "/srv/state", lastRun: try time("2026-04-30"),
                    due: try time("2026-05-01"))
            ])
        let due = try verdict([stale], "2026-05-01").reasons.map(\.code)
        #expect(due == ["grace", "not-run-since"])
        #expect(try verdict([stale], "2026-04-30T23:59:59Z").reasons.map(\.code) == ["in-window"])
        let fresh = try user { $0.pipelines[0] = try pipeline(lastRun: "2026-05-01") }
        #expect(try verdict([fresh]).mayDie)
        // A pipeline without state holds nothing: nobody has to run it.
        let none = try user { $0.pipelines[0] = try pipeline(lastRun: nil) }
        #expect(try verdict([none]).mayDie)
    }

    /// A pipeline without state has left word, and a state that is gone cannot be asked.
    @Test func everybodyWhoUsesAStoreIsAsked() throws {
        let scene = try TemporaryPipeline("name: none\n")
        let store = try KeyStore.open(
            path: "\(scene.folder)/keys", zone: "UTC", creatingIfMissing: true)
        try store.register(pipeline: "yearly", needs: try needs("P1Y"))
        try store.register(statePath: "\(scene.folder)/gone")
        let users = try KeyUsers(store: store, now: try time("2026-06-01"), own: nil).ask()
        #expect(users.map(\.place) == ["\(scene.folder)/gone", "the pipeline yearly"])
        #expect(try verdict(users).reasons.map(\.code) == ["in-window", "unreachable"])
        #expect(try verdict([users[1]]).lastDue == time("2027-04-01"))
    }

    @Test func unpublishedPartialsOfThisKeyBlock() throws {
        let waiting = try user { $0.livePartials = [key: 2, "other": 1] }
        #expect(try verdict([waiting]).reasons == [.unpublished(count: 2, place: "/srv/state")])
        let others = try user { $0.livePartials = ["2026-04/UTC/0000000000000002": 3] }
        #expect(try verdict([others]).mayDie)
        let none = try user { $0.livePartials = [key: 0] }
        #expect(try verdict([none]).mayDie)
    }

    @Test func anUnfinishedRunBlocks() throws {
        let owing = try user { $0.pendingPublications = 1 }
        #expect(try verdict([owing]).reasons == [.unfinishedRun(place: "/srv/state")])
    }

    @Test func aStateThatCannotBeAskedBlocks() throws {
        let gone = KeyUser(place: "/srv/gone", answer: .none("no such file or directory"))
        let reasons = try verdict([user(), gone]).reasons
        #expect(
            reasons == [.unreachable(place: "/srv/gone", why: "no such file or directory")])
        #expect(reasons[0].sentence.contains("sluice keys forget"))
    }

    @Test func readableRecordsBlock() throws {
        let readable = try user { $0.oldestReadable = [try time("2026-03-31")] }
        #expect(try verdict([readable]).reasons == [.readableRecords(place: "/srv/state")])
        let younger = try user { $0.oldestReadable = [try time("2026-04-01")] }
        #expect(try verdict([younger]).mayDie)
        // Not before its day, and from its first instant on.
        for (now, codes) in [
            ("2026-04-30T23:59:59Z", ["in-window"]),
            ("2026-05-01", ["grace", "not-run-since", "readable-records"]),
        ] {
            let both = try user {
                $0.pipelines[0] = try pipeline(lastRun: "2026-04-30")
                $0.oldestReadable = [try time("2026-03-31")]
            }
            #expect(try verdict([both], now).reasons.map(\.code) == codes)
        }
    }

    struct HoldCase: Sendable {
        let from: String?
        let until: String?
        let blocks: Bool
        let blocksDueMonths: Bool
    }

    static let holds = [
        HoldCase(from: nil, until: nil, blocks: true, blocksDueMonths: true),
        HoldCase(from: "2026-03-31", until: nil, blocks: true, blocksDueMonths: true),
        HoldCase(from: nil, until: "2026-03-01T00:00:00.001Z", blocks: true, blocksDueMonths: true),
        HoldCase(from: "2026-01-01", until: "2026-12-31", blocks: true, blocksDueMonths: true),
        HoldCase(from: "2026-04-01", until: nil, blocks: false, blocksDueMonths: true),
        HoldCase(from: nil, until: "2026-03-01", blocks: false, blocksDueMonths: true),
    ]

    @Test(arguments: holds) func aBindingHoldBlocks(_ example: HoldCase) throws {
        let end = try time("2026-09-01")
        let hold = KeyUse.Hold(
            name: "case-7", from: try example.from.map(time), until: try example.until.map(time),
            end: end)
        let reason = KeyReason.held(hold: "case-7", place: "/srv/state", until: end)
        let held = try verdict([user { $0.holds = [hold, hold] }])
        #expect(held.reasons == (example.blocks ? [reason] : []))
        if example.blocks { #expect(held.retryAt == end) }
        let due = try verdict([
            user {
                $0.holds = [hold]
                $0.pipelines[0] = try pipeline(dueMonths: true, lastRun: "2026-06-01")
            }
        ])
        #expect(due.reasons == (example.blocksDueMonths ? [reason] : []))
    }

    /// Every reason alone is enough, and all are told.
    @Test func allReasonsAreTold() throws {
        let all = try user {
            $0.pipelines[0] = try pipeline(lastRun: "2026-04-01")
            $0.oldestReadable = [try time("2026-03-01")]
            $0.livePartials = [key: 1]
            $0.pendingPublications = 2
            $0.holds = [KeyUse.Hold(name: "h", from: nil, until: nil, end: nil)]
        }
        let gone = KeyUser(place: "/srv/gone", answer: .none("it is damaged"))
        let reasons = try verdict([all, gone], "2026-05-02").reasons
        #expect(
            reasons.map(\.code) == [
                "grace", "not-run-since", "readable-records", "unpublished", "unfinished-run",
                "held", "unreachable",
            ])
        for reason in reasons {
            #expect(!reason.sentence.isEmpty && reason.sentence.last != ".")
        }
    }
}
