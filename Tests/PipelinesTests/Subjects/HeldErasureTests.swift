import Anonymization
import Ledger
import Pipelines
import Records
import Testing

@Suite("Erasures that a hold stops")
struct HeldErasureTests {
    private typealias Scene = SubjectScene

    private func hold(_ scene: TemporaryPipeline, end: EventTime? = nil) throws {
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        let now = EventTime(milliseconds: 1_776_211_200_000)
        _ = try ledger.raise(
            NewHold(
                name: "case-7", ground: .law(citation: "Art. 1"), reason: "claim",
                raisedBy: "legal", start: now, end: end,
                subjects: [HoldSubject(.everybody, from: EventTime(milliseconds: 0))]),
            time: now)
    }

    private func release(_ scene: TemporaryPipeline) throws {
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        try ledger.release(
            hold: "case-7", by: "legal", time: EventTime(milliseconds: 1_776_300_000_000))
    }

    @Test("what a hold binds stays; the first run after its release completes the erasure")
    func held() throws {
        let scene = try Scene.started()
        try hold(scene)
        let report = try scene.erase()
        #expect(report.records == 0 && report.blockedBy == "case-7" && report.retry == nil)
        #expect(report.held == 6)
        #expect(try scene.stored("held") == 6)
        let blocked = try Sluice.statusOfSubject(scene.request(.user, "anna")).entries
        #expect(blocked.contains { $0.kind == "erasure" && $0.state == "blocked" })
        _ = try scene.run(now: "2026-04-16")
        #expect(try scene.stored("still") == 6)
        try release(scene)
        let run = try scene.run(now: "2026-04-17")
        #expect(run.notes.contains { $0.contains("erasures that are done now") })
        #expect(try scene.stored("gone") == 0)
        let done = try Sluice.statusOfSubject(scene.request(.user, "anna")).entries
        #expect(done.contains { $0.kind == "erasure" && $0.state == "done" })
    }

    @Test("a hold with an end says when to try again")
    func retry() throws {
        let scene = try Scene.started()
        try hold(scene, end: EventTime(milliseconds: 1_777_593_600_000))
        #expect(try scene.erase().retry == "2026-05-01T00:00:00Z")
    }
}
