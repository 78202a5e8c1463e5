import GRDB
import KeyedHashing
import Ledger
import Records
import TestSupport
import Testing

/// What the registry of holds and opt-outs takes in, and what it refuses whoever asks.
@Suite("Entries of the registry")
struct RegistryEntriesTests {
    private static let now = EventTime(milliseconds: 1_000_000)

    private static func at(_ milliseconds: Int64) -> EventTime {
        EventTime(milliseconds: now.milliseconds + milliseconds)
    }

    private func ledger(_ scratch: Scratch) throws -> Ledger {
        let ledger = try scratch.ledger()
        try ledger.note(
            registryKey: RegistryKeyRecord(
                id: "registry", fingerprint: KeyFingerprint(digest: content("key").digest)),
            time: Self.now)
        return ledger
    }

    private func hold(
        _ name: String, _ ground: HoldGround = .law(citation: "Act 1"), start: Int64 = 0,
        end: Int64? = nil, subjects: [HoldSubject] = [HoldSubject(.everybody, from: Self.now)]
    ) -> NewHold {
        NewHold(
            name: name, ground: ground, reason: "inquiry", raisedBy: "legal",
            start: Self.at(start), end: end.map(Self.at), subjects: subjects)
    }

    private func isRefused(_ body: () throws -> Void) -> Bool {
        do { try body() } catch LedgerFault.refused { return true } catch { return false }
        return false
    }

    @Test func aHoldThatBindsNothingOrHasTheNameOfAnotherIsRefused() throws {
        let scratch = try Scratch()
        let ledger = try ledger(scratch)
        try ledger.raise(hold("one"), time: Self.now)
        #expect(isRefused { try ledger.raise(hold("one"), time: Self.now) })
        #expect(isRefused { try ledger.raise(hold("none", subjects: []), time: Self.now) })
        #expect(throws: LedgerFault.self) {
            try ledger.raise(hold("end", end: 0), time: Self.now)
        }
        #expect(throws: LedgerFault.self) {
            try ledger.raise(hold("own", .ownDecision(notice: Self.at(1))), time: Self.now)
        }
        #expect(try ledger.holds().map(\.name) == ["one"])
    }

    @Test func aHoldBindsFromItsStartUntilItsEndOrItsRelease() throws {
        let scratch = try Scratch()
        let ledger = try ledger(scratch)
        try ledger.raise(hold("a", start: 10, end: 20), time: Self.now)
        try ledger.raise(hold("b", start: 10), time: Self.now)
        func binding(_ time: Int64) throws -> [String] {
            try ledger.bindingHolds(at: Self.at(time)).map(\.name)
        }
        #expect(try [9, 10, 19, 20].map(binding) == [[], ["a", "b"], ["a", "b"], ["b"]])
        let record = try #require(try ledger.holds().first)
        #expect([9, 19, 20].map { record.mayBind(from: Self.at($0)) } == [true, true, false])
        // A clock that is set back lets nothing go.
        #expect(record.binds(at: Self.at(9), latest: Self.at(10)))
        #expect(!record.binds(at: Self.at(9), latest: Self.at(9)))
        try ledger.release(hold: "b", by: "legal", time: Self.at(11))
        #expect(try binding(12) == ["a"])
        #expect(isRefused { try ledger.release(hold: "b", by: "legal", time: Self.now) })
        #expect(isRefused { try ledger.release(hold: "c", by: "legal", time: Self.now) })
        #expect(try ledger.events(ofKind: "hold-raised").count == 2)
        #expect(try ledger.events(ofKind: "hold-released").count == 1)
    }

    private func optOut(
        _ name: String, from: Int64 = 0, _ categories: String...
    ) -> NewOptOut {
        NewOptOut(
            subject: SubjectHash(kind: .customer, digest: content(name).digest),
            effective: Self.at(from),
            scopes: categories.map { NewOptOut.Scope(purpose: "statistics", category: $0) })
    }

    @Test func theSameOptOutHasOneNumber() throws {
        let scratch = try Scratch()
        let ledger = try ledger(scratch)
        let one = optOut("one", "technical")
        let two = optOut("two", "technical")
        let numbers = try ledger.numbers(of: [one, two, one, optOut("one", "aggregated")])
        #expect(numbers.map(\.id) == [1, 2, 1, 3])
        #expect(numbers.map(\.isNew) == [true, true, false, true])
        var changes = OptOutChanges()
        changes.added = [OptOutRecord(id: 1, entry: one)]
        try ledger.enter(changes, time: Self.now)
        let again = try ledger.numbers(of: [two, one])
        #expect(again.map(\.id) == [2, 1])
        #expect(again.map(\.isNew) == [true, false])
    }

    @Test func anOptOutIsEnteredAndEndedOnce() throws {
        let scratch = try Scratch()
        let ledger = try ledger(scratch)
        var changes = OptOutChanges()
        changes.added = [OptOutRecord(id: 1, entry: optOut("one", from: 5, "technical"))]
        try ledger.enter(changes, time: Self.now)
        // The number is taken.
        #expect(isRefused { try ledger.enter(changes, time: Self.now) })
        changes.added = [OptOutRecord(id: 2, entry: optOut("two"))]
        #expect(isRefused { try ledger.enter(changes, time: Self.now) })
        #expect(isRefused {
            try ledger.withdraw(optOuts: [2], at: Self.now, time: Self.now)
        })
        let record = try #require(try ledger.optOuts().first)
        #expect([4, 5, 9].map { record.holds(at: Self.at($0)) } == [false, true, true])
        try ledger.withdraw(optOuts: [1], at: Self.at(9), time: Self.now)
        #expect(isRefused {
            try ledger.withdraw(optOuts: [1], at: Self.at(8), time: Self.now)
        })
        let ended = try #require(try ledger.optOuts().first)
        #expect([4, 5, 8, 9].map { ended.holds(at: Self.at($0)) } == [false, true, true, false])
        #expect(try ledger.events(ofKind: "opt-out-added").count == 1)
        #expect(try ledger.events(ofKind: "opt-out-withdrawn").count == 1)
    }

    @Test func whatAHoldKeptOfAnOptOutIsKnownUntilARunHasGoneOverIt() throws {
        let scratch = try Scratch()
        let ledger = try ledger(scratch)
        func held(_ name: String, until: EventTime? = nil) -> HeldOptOut {
            HeldOptOut(
                output: "actions", optOut: nil,
                match: SubjectHash(kind: .customer, digest: content(name).digest), within: nil,
                from: Self.now, until: until,
                scopes: [
                    NewOptOut.Scope(purpose: "statistics & research", category: "technical"),
                    NewOptOut.Scope(purpose: "two\nlines", category: "*"),
                    NewOptOut.Scope(purpose: "*", category: "aggregated"),
                ])
        }
        func after(_ run: String, endsEarlier: Bool, _ kept: HeldOptOut...) throws -> [HeldOptOut] {
            var commit = commit(run, source: run)
            commit.heldOptOuts.endsEarlier = endsEarlier
            commit.heldOptOuts.kept = kept
            try ledger.commitRun(commit)
            return try ledger.heldOptOuts(pipeline: "nightly").entries
        }
        let one = held("one")
        var two = held("two", until: Self.at(9))
        two.scopes.removeLast(2)
        #expect(try after("1", endsEarlier: false, one) == [one])
        #expect(try after("2", endsEarlier: false, two) == [one, two])
        // What is kept night after night is there once.
        #expect(try after("night", endsEarlier: false, one, two) == [one, two])
        // A run that says nothing of them leaves them.
        try ledger.commitRun(commit("other", source: "other"))
        #expect(try ledger.heldOptOuts(pipeline: "nightly").entries == [one, two])
        #expect(try after("3", endsEarlier: true, two) == [two])
        #expect(try after("4", endsEarlier: true) == [])
        // One of which nobody can tell what it bars is refused, not passed over.
        #expect(try after("5", endsEarlier: true, one) == [one])
        try DatabaseQueue(path: scratch.file).write { db in
            try db.execute(sql: "UPDATE held_opt_outs SET scopes = 'statistics'")
        }
        #expect(isRefused { _ = try ledger.heldOptOuts(pipeline: "nightly") })
    }

    @Test func whatStandsForAnAwaitedOptOutIsKeptUntilItIsCarriedOut() throws {
        let scratch = try Scratch()
        let ledger = try ledger(scratch)
        let record = OptOutRecord(id: 1, entry: optOut("one", from: 5, "technical"))
        func after(_ change: (inout OptOutChanges) -> Void) throws -> [AwaitedOptOut] {
            var changes = OptOutChanges()
            changes.awaited.pipeline = "nightly"
            change(&changes)
            try ledger.enter(changes, time: Self.now)
            return try ledger.awaitedOptOuts(pipeline: "nightly")
        }
        let (one, two) = (SubjectToken(.record, "one"), SubjectToken(.customer, "two"))
        let first = AwaitedOptOut(optOut: 1, tokens: [one], months: ["2026-04", "2026-05"])
        let entered = try after { changes in
            changes.added = [record]
            changes.awaited.kept = [first]
        }
        #expect(entered == [first])
        #expect(try ledger.awaitedOptOuts(pipeline: "other") == [])
        let more = AwaitedOptOut(optOut: 1, tokens: [two], months: ["2026-05", "2026-06"])
        let both = AwaitedOptOut(optOut: 1, tokens: [one, two], months: more.months)
        #expect(try after { $0.awaited.kept = [more] } == [both])
        let left = AwaitedOptOut(
            optOut: 1, tokens: [], months: more.months, left: ["2026-07", "2026-08"])
        #expect(try after { $0.awaited.lookedAt = [1: ["2026-08", "2026-07"]] } == [left])
        // What is entered again is to be carried out again.
        let again = AwaitedOptOut(optOut: 1, tokens: [two], months: ["2026-07"])
        #expect(try after { $0.awaited.kept = [again] } == [again])
        // What could not be searched yet is still looked for by it.
        let open = AwaitedOptOut(
            optOut: 1, tokens: [two], months: ["2026-07"], left: [], unsearched: 2)
        let found = try after { changes in
            changes.awaited.kept = [again]
            changes.awaited.lookedAt = [1: []]
            changes.awaited.unsearched = [1: 2]
        }
        #expect(found == [open])
        #expect(try after { $0.awaited.kept = [again] } == [again])
        #expect(try after { $0.awaited.lookedAt = [1: [], 2: []] } == [])
    }
}
