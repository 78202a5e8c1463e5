import KeyedHashing
import Ledger
import Records
import TestSupport
import Testing

struct KeyRecordTests {
    private let tombstone = Tombstone(
        keyID: key.id, fingerprint: key.fingerprint, time: EventTime(milliseconds: 9000),
        run: "run 9", method: "overwritten and unlinked")

    @Test func aKeyGoesFromActiveOverClosingToDestroyed() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        try ledger.commitRun(commit("one", source: "a"))
        let active = try #require(try ledger.keys().first)
        #expect(active.state == .active && active.firstRun == "one" && !active.isDestroyed)
        #expect(active.month == month && active.destruction == nil)
        #expect(try ledger.closeKey(key.id, time: EventTime(milliseconds: 8000)))
        #expect(try !ledger.closeKey(key.id, time: EventTime(milliseconds: 8500)))
        let closing = try #require(try ledger.keys().first)
        #expect(closing.state == .closing)
        #expect(closing.closing == EventTime(milliseconds: 8000))
        #expect(try ledger.enterDestruction(tombstone, time: EventTime(milliseconds: 9000)))
        #expect(try !ledger.enterDestruction(tombstone, time: EventTime(milliseconds: 9500)))
        let destroyed = try #require(try ledger.keys().first)
        #expect(destroyed.isDestroyed && destroyed.destroyedBy == "run 9")
        #expect(destroyed.destroyed == EventTime(milliseconds: 9000))
        #expect(destroyed.destruction?.reason == Tombstone.agedOut)
        #expect(try !ledger.closeKey(key.id, time: EventTime(milliseconds: 9900)))
        let kinds = try ledger.events().map(\.kind)
        #expect(kinds == ["run-committed", "key-closing", "key-destroyed"])
        try ledger.verifyChain()
        try ledger.verifyDatabase()
        // A destroyed key can make no token any more.
        #expect(throws: LedgerFault.self) { try ledger.commitRun(commit("two", source: "b")) }
    }

    @Test func aDestructionByOthersIsEnteredToo() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        #expect(try ledger.enterDestruction(tombstone, time: EventTime(milliseconds: 9500)))
        let row = try #require(try ledger.keys().first)
        #expect(row.isDestroyed && row.firstRun == nil && row.month == month)
        #expect(try !ledger.closeKey(key.id, time: EventTime(milliseconds: 9900)))
    }

    @Test func aHoldKeepsKeysAlsoWhenTheClockIsSetBackBehindItsStart() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        try ledger.raise(
            NewHold(
                name: "case", ground: .law(citation: "Act 1"), reason: "inquiry",
                raisedBy: "legal", start: EventTime(milliseconds: 900), end: nil,
                subjects: [HoldSubject(.everybody, from: EventTime(milliseconds: 5), until: nil)],
                outputs: []),
            time: EventTime(milliseconds: 900))
        let before = EventTime(milliseconds: 800)
        #expect(try ledger.keyUse(now: before).holds.isEmpty)
        try ledger.commitRun(commit("one", source: "a"))
        #expect(try ledger.keyUse(now: before).holds.map(\.name) == ["case"])
    }

    @Test func aTombstoneOfAnotherKeyIsRefused() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        try ledger.commitRun(commit("one", source: "a"))
        let other = Tombstone(
            keyID: key.id, fingerprint: KeyFingerprint(digest: plan),
            time: EventTime(milliseconds: 1), run: "x", method: "y")
        #expect(throws: LedgerFault.self) {
            try ledger.enterDestruction(other, time: EventTime(milliseconds: 2))
        }
        #expect(try ledger.keys().first?.state == .active)
    }

    @Test func aStateSaysWhatItNeedsKeysFor() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        let now = EventTime(milliseconds: 5000)
        #expect(try ledger.keyUse(now: now) == KeyUse())
        let needs = try #require(
            KeyNeeds(
                lengthsText: "P1M P2Y", usesDueMonths: true, graceText: "P7D", partsTell: true))
        var first = commit("one", source: "a")
        first.keyNeeds = needs
        let run = try ledger.commitRun(first)
        let use = try ledger.keyUse(now: now)
        #expect(
            use.pipelines == [
                KeyUse.Pipeline(
                    name: "nightly", needs: needs, lastRun: EventTime(milliseconds: 1000))
            ])
        #expect(use.livePartials == [key.id.text: 1])
        #expect(use.pendingPublications == 2)
        #expect(use.oldestReadable == [EventTime(milliseconds: 700)])
        try ledger.markPublished(run: run, time: now)
        #expect(try ledger.keyUse(now: now).pendingPublications == 0)
        // The last word counts; a pipeline that uses no keys any more is no user.
        var second = commit("two", source: "b")
        second.now = EventTime(milliseconds: 3000)
        second.keyNeeds = needs
        try ledger.commitRun(second)
        #expect(try ledger.keyUse(now: now).pipelines.map(\.lastRun?.milliseconds) == [3000])
        try ledger.commitRun(commit("three", source: "c"))
        #expect(try ledger.keyUse(now: now).pipelines.isEmpty)
        #expect(try ledger.keyUse(now: now).oldestReadable.isEmpty)
    }

    struct Binding: Sendable {
        let start: Int64
        let end: Int64?
        let released: Int64?
        let binds: Bool
    }

    @Test(arguments: [
        Binding(start: 5000, end: nil, released: nil, binds: true),
        Binding(start: 5001, end: nil, released: nil, binds: false),
        Binding(start: 1, end: 5000, released: nil, binds: false),
        Binding(start: 1, end: 5001, released: nil, binds: true),
        Binding(start: 1, end: nil, released: 5000, binds: false),
    ])
    func holdsThatBind(_ example: Binding) throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        _ = try ledger.raise(
            NewHold(
                name: "h", ground: .law(citation: "c"), reason: "r", raisedBy: "o",
                start: EventTime(milliseconds: example.start),
                end: example.end.map(EventTime.init(milliseconds:)),
                subjects: [
                    HoldSubject(
                        .everybody, from: EventTime(milliseconds: 10),
                        until: EventTime(milliseconds: 20))
                ]),
            time: EventTime(milliseconds: 1))
        if let released = example.released {
            try ledger.release(hold: "h", by: "o", time: EventTime(milliseconds: released))
        }
        let hold = KeyUse.Hold(
            name: "h", from: EventTime(milliseconds: 10), until: EventTime(milliseconds: 20),
            end: example.end.map(EventTime.init(milliseconds:)))
        let use = try ledger.keyUse(now: EventTime(milliseconds: 5000))
        #expect(use.holds == (example.binds ? [hold] : []))
    }
}
