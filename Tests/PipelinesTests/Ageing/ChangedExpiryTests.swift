import GRDB
import Ledger
import Pipelines
import TestSupport
import Testing

/// Parts that were written under another `expires` than the pipeline has now.
@Suite("A changed `expires` reaches what is stored")
struct ChangedExpiryTests {
    private func pipeline(_ expires: String?) -> String {
        """
        name: gone
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        window: P0D
        fields: { ts: keep, user: drop }
        outputs:
          - name: rows
            purpose: statistics
            path: "out/{month}.jsonl"
        \(expires.map { "    expires: \($0)" } ?? "")
        state: state

        """
    }

    /// Records of March and April, written in April under `expires`; the newest of March is of the
    /// 20th, the newest of April of the 10th.
    private func scene(_ expires: String?) throws -> TemporaryPipeline {
        let lines = ["03-02", "03-20", "04-01", "04-10"].map {
            #"{"ts":"2026-\#($0)T10:00:00Z","user":"anna"}"# + "\n"
        }
        let scene = try TemporaryPipeline(
            pipeline(expires), files: ["in/a.jsonl": lines.joined()])
        _ = try scene.run(now: "2026-04-11")
        return scene
    }

    private func left(_ scene: TemporaryPipeline) -> [String] {
        scene.files(below: "out").map { String($0.prefix(7)) }
    }

    /// How many parts `status` says are to be deleted, and how much `verify` finds: the part, and
    /// that no run has dealt with it.
    private func expired(_ scene: TemporaryPipeline, _ now: String) throws -> [Int] {
        var request = StatusRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = now
        var verify = VerifyRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        verify.now = now
        let findings = try Sluice.verify(verify).findings
        return [try Sluice.status(request).due.expired, findings.count]
    }

    @Test("an added or a shorter one deletes at once what is past it", arguments: [nil, "P6M"])
    func shorter(_ before: String?) throws {
        let scene = try scene(before)
        try scene.write("pipeline.yaml", pipeline("P1M"))
        // The day itself is the last one.
        #expect(try expired(scene, "2026-04-20") == [0, 0])
        #expect(try scene.run(now: "2026-04-20").expiredParts == 0)
        #expect(try expired(scene, "2026-04-21") == [1, 2])
        #expect(try scene.run(now: "2026-04-21").expiredParts == 1)
        #expect(left(scene) == ["2026-04"])
        #expect(try expired(scene, "2026-05-10") == [0, 0])
        #expect(try scene.run(now: "2026-05-11").expiredParts == 1)
        #expect(left(scene).isEmpty)
        #expect(try expired(scene, "2026-05-11") == [0, 0])
    }

    @Test("a longer one, or none, leaves the date that a part was written under", arguments: [
        nil, "P6M",
    ])
    func longer(_ after: String?) throws {
        let scene = try scene("P1M")
        try scene.write("pipeline.yaml", pipeline(after))
        try scene.write("in/b.jsonl", #"{"ts":"2026-04-11T10:00:00Z","user":"bert"}"# + "\n")
        #expect(try scene.run(now: "2026-04-20").expiredParts == 0)
        #expect(try expired(scene, "2026-04-21") == [1, 2])
        #expect(try scene.run(now: "2026-04-21").expiredParts == 1)
        #expect(try scene.run(now: "2026-05-11").expiredParts == 1)
        // What came later is under the rule of then.
        #expect(left(scene) == ["2026-04"])
        #expect(try expired(scene, "2026-05-12") == [0, 0])
    }

    @Test("what a rewriting takes out of a part does not make it stay longer")
    func rewritten() throws {
        let scene = try TemporaryPipeline(
            pipeline(nil).replacing("window: P0D", with: "window: P0D\nidentity: { user: user }")
                .replacing("user: drop", with: "user: pseudonymize"),
            files: [
                "in/a.jsonl": ["anna", "bert"].enumerated().map { day, user in
                    #"{"ts":"2026-03-0\#(day + 1)T10:00:00Z","user":"\#(user)"}"# + "\n"
                }.joined()
            ])
        _ = try scene.run(now: "2026-03-05")
        let subject = scene.request(.user, "anna", now: "2026-03-06")
        #expect(try Sluice.eraseSubject(SubjectEraseRequest(subject: subject)).records == 1)
        let text = try scene.text("pipeline.yaml").replacing(
            #"{month}.jsonl""#, with: "{month}.jsonl\"\n    expires: P10D")
        try scene.write("pipeline.yaml", text)
        #expect(try scene.run(now: "2026-03-12").expiredParts == 0)
        #expect(try scene.run(now: "2026-03-13").expiredParts == 1)
        #expect(left(scene).isEmpty)
    }

    /// As the ledger was before it noted the day of the newest event.
    private func forgetDays(_ scene: TemporaryPipeline) throws {
        let queue = try DatabaseQueue(path: "\(scene.folder)/state/ledger.sqlite")
        try queue.write { try $0.execute(sql: "UPDATE parts SET newest_day = NULL") }
        try queue.close()
        try scene.remove("state/ledger.seal")
    }

    private func knownDays(_ scene: TemporaryPipeline) throws -> Int {
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        return try ledger.currentParts(output: "rows").count { $0.newestDay != nil }
    }

    @Test("it reaches parts of which nobody noted the newest day", arguments: [nil, "P6M"])
    func unnoted(_ before: String?) throws {
        let scene = try scene(before)
        try forgetDays(scene)
        try scene.write("pipeline.yaml", pipeline("P1M"))
        #expect(try scene.run(now: "2026-04-20").expiredParts == 0)
        #expect(try knownDays(scene) == 2)
        #expect(try expired(scene, "2026-04-21") == [1, 2])
        #expect(try scene.run(now: "2026-04-21").expiredParts == 1)
        #expect(left(scene) == ["2026-04"])
        #expect(try scene.run(now: "2026-05-10").expiredParts == 0)
        #expect(try scene.run(now: "2026-05-11").expiredParts == 1)
    }

    @Test("where no file can tell, its newest event is of the day of its arrival")
    func untold() throws {
        let scene = try scene(nil)
        try forgetDays(scene)
        try scene.write("pipeline.yaml", pipeline("P1M"))
        let march = try #require(scene.files(below: "out").first { $0.hasPrefix("2026-03") })
        try scene.remove("out/\(march)")
        #expect(try scene.run(now: "2026-05-11").expiredParts == 1)
        #expect(try knownDays(scene) == 0)
        #expect(try scene.run(now: "2026-05-12").expiredParts == 1)
    }
}
