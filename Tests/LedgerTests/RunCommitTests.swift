import Foundation
import KeyedHashing
import Ledger
import Records
import TestSupport
import Testing

struct RunCommitTests {
    @Test func aCommitComesBackAsItWasEntered() throws {
        let scratch = try Scratch()
        do { try scratch.ledger().commitRun(commit("one", source: "a")) }
        let ledger = try scratch.ledger()
        let run = try #require(try ledger.lastRun(pipeline: "nightly"))
        #expect(run.name == "one")
        #expect(run.plan == plan)
        #expect(run.cutoff == EventTime(milliseconds: 500))
        #expect(!run.isPublished)
        #expect(run.counts == RunCounts(read: 10, written: 7, dropped: 2, quarantined: 1))
        #expect(try ledger.lastRun(pipeline: "other") == nil)
        #expect(
            try ledger.pendingPublications().map(\.publication)
                == commit("one", source: "a").publications)
        let part = try #require(try ledger.currentParts(output: "actions").first)
        #expect(part.path == "out/one")
        #expect(part.content == content("part"))
        #expect(part.oldestReadable == EventTime(milliseconds: 700))
        let partial = try #require(try ledger.livePartials(statisticSet: "sessions").first)
        #expect(partial.month == month)
        #expect(partial.keyID == key.id.text)
        #expect(try ledger.livePartials(month: CalendarMonth(year: 2026, month: 4)).isEmpty)
        try ledger.markPublished(run: run.id, time: EventTime(milliseconds: 3000))
        #expect(try ledger.pendingPublications().isEmpty)
        #expect(try ledger.lastRun()?.isPublished == true)
        #expect(throws: LedgerFault.self) {
            try ledger.markPublished(run: run.id, time: EventTime(milliseconds: 3000))
        }
        #expect(try ledger.events().map(\.kind) == ["run-committed", "run-published"])
        try ledger.verifyChain()
        try ledger.verifyDatabase()
    }

    /// A part on standard output lies in no folder.
    @Test func foldersOfCurrentAndOfFormerParts() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        try ledger.commitRun(commit("one", source: "a"))
        #expect(try ledger.partFolders() == ["out/"] && ledger.formerPartFolders() == [])
        let moved = try #require(try ledger.currentParts(output: "actions").first)
        var next = commit("two", source: "b")
        next.removedParts = [moved.id]
        next.parts = ["-", "/far/a/two"].map { path in
            NewPart(
                output: "actions", purpose: "security", source: 0,
                sourceRange: content("b").digest, path: path, content: content("part"),
                records: 7, day: 20_000, oldestReadable: nil, keyIDs: [key.id])
        }
        try ledger.commitRun(next)
        #expect(try ledger.partFolders() == ["/far/a/"])
        #expect(try ledger.formerPartFolders() == ["out/"])
    }

    @Test func sourcesAreKnownByStreamAndContent() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        try ledger.commitRun(commit("one", source: "a"))
        #expect(try ledger.isCounted(stream: "web", content("a")))
        #expect(try !ledger.isCounted(stream: "mail", content("a")))
        #expect(try !ledger.isCounted(stream: "web", content("b")))
        try ledger.commitRun(commit("two", source: "a", stream: "mail"))
        #expect(try ledger.isCounted(stream: "mail", content("a")))
        #expect(try ledger.countedSources(stream: "web") == [content("a")])
        #expect(try ledger.countedSegments(stream: "web").map(\.content) == [content("a-1")])
    }

    /// Each of these commits is faulty at another place; none may leave a trace.
    @Test func aRefusedCommitLeavesNothing() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        try ledger.commitRun(commit("one", source: "a"))
        var faulty: [RunCommit] = []
        func add(_ change: (inout RunCommit) -> Void) {
            var copy = commit("two", source: "b")
            change(&copy)
            faulty.append(copy)
        }
        add { $0.counts.read += 1 }
        add { $0.counts = RunCounts(read: 1, written: .max, dropped: 2, quarantined: 0) }
        add { $0.name = "one" }
        add { $0.sources = commit("two", source: "a").sources }
        add { $0.sources[0].isRedo = true }
        add { $0.sources[0].countedFrom = 2 }
        add { $0.tasks.append($0.tasks[0]) }
        add { $0.tasks[0].source = 1 }
        add { $0.keys[0].fingerprint = KeyFingerprint(digest: plan) }
        add { $0.parts[0].path = "out/one" }
        add { $0.parts[0].kind = .disclosure }
        add { $0.parts[0].replaces = [99] }
        add { $0.parts[0].keyIDs = [KeyID(epoch: nil, number: 1)] }
        add { $0.removedParts = [99] }
        add { $0.removedPartials = [99] }
        add { $0.partials[0].task = 5 }
        add { $0.partials[0].path = "partials/one" }
        let before = try Snapshot(ledger)
        for (index, commit) in faulty.enumerated() {
            #expect(throws: LedgerFault.self, "fault \(index)") { try ledger.commitRun(commit) }
            #expect(try Snapshot(ledger) == before, "fault \(index)")
        }
        try ledger.commitRun(commit("two", source: "b"))
        #expect(try Snapshot(ledger) != before)
    }

    /// Opt-outs bind by the new one, and what was delivered keeps the one it was delivered for.
    @Test func anOutputMayChangeItsPurpose() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        try ledger.commitRun(commit("one", source: "a"))
        var other = commit("two", source: "b")
        other.parts[0].purpose = "statistics"
        try ledger.commitRun(other)
        #expect(try ledger.partHistory().count == 2)
        #expect(try ledger.currentParts(output: "actions").count == 2)
    }

    @Test func partsAgeAndAreReplaced() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        try ledger.commitRun(commit("one", source: "a"))
        let cutoff = EventTime(milliseconds: 700)
        #expect(try ledger.parts(dueBefore: cutoff, output: "actions").isEmpty)
        let due = try ledger.parts(dueBefore: EventTime(milliseconds: 701), output: "actions")
        #expect(due.map(\.path) == ["out/one"])
        var second = commit("two", source: "b")
        second.sources = []
        second.tasks = []
        second.partials = []
        second.parts[0].source = nil
        second.parts[0].oldestReadable = nil
        second.parts[0].path = "out/one"
        second.parts[0].deleteBy = EventTime(milliseconds: 9000)
        second.parts[0].newestDay = 19_999
        second.parts[0].replaces = due.map(\.id)
        try ledger.commitRun(second)
        let after = try ledger.currentParts(output: "actions")
        #expect(after.count == 1)
        #expect(after.first?.oldestReadable == nil)
        #expect(try ledger.parts(dueBefore: EventTime(milliseconds: .max), output: "actions") == [])
        #expect(after.first?.deleteBy == EventTime(milliseconds: 9000))
        #expect(due.first?.newestDay == 20_000 && after.first?.newestDay == 19_999)
        var third = second
        third.name = "three"
        third.parts = []
        third.removedParts = after.map(\.id)
        third.removedPartials = try ledger.livePartials().map(\.id)
        try ledger.commitRun(third)
        #expect(try ledger.currentParts(output: "actions").isEmpty)
        #expect(try ledger.livePartials().isEmpty)
    }

    @Test func redoingASourceTakesItsResultsBack() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        try ledger.commitRun(commit("one", source: "a"))
        try ledger.commitRun(commit("other", source: "b"))
        var again = commit("again", source: "a")
        again.sources[0].isRedo = true
        try ledger.commitRun(again)
        #expect(
            try ledger.currentParts(output: "actions").map(\.path) == ["out/again", "out/other"])
        #expect(
            try ledger.livePartials().map(\.path) == ["partials/again", "partials/other"])
        #expect(try ledger.isCounted(stream: "web", content("a")))
    }

    @Test func noFaultOrEventShowsAPath() throws {
        let scratch = try Scratch()
        let ledger = try scratch.ledger()
        var named = commit("one", source: "a")
        named.parts[0].path = "out/customer-of-somebody"
        named.publications = []
        try ledger.commitRun(named)
        var again = named
        again.name = "two"
        again.sources = commit("two", source: "b").sources
        let fault = try #require(throws: LedgerFault.self) { try ledger.commitRun(again) }
        #expect(!"\(fault)".contains("somebody") && !String(reflecting: fault).contains("somebody"))
        #expect(try ledger.events().allSatisfy { !$0.payload.contains("somebody") })
        #expect(try ledger.lastRun()?.isPublished == true)
    }
}

/// What a test compares to see whether anything has changed.
struct Snapshot: Equatable {
    let end: ChainEnd
    let run: RunRecord?
    let owed: [OwedPublication]
    let parts: [PartRecord]
    let partials: [PartialRecord]
    let sources: [ContentIdentity]

    init(_ ledger: Ledger) throws {
        end = try ledger.verifyChain()
        run = try ledger.lastRun()
        owed = try ledger.pendingPublications()
        parts = try ledger.currentParts(output: "actions")
        partials = try ledger.livePartials()
        sources = try ledger.countedSources(stream: "web")
    }
}
