import Anonymization
import Pipelines
import TestSupport
import Testing

/// Since when a key is what it is, and what is counted once it is gone.
@Suite("Since when keys are what they are")
struct KeySinceTests {
    private func scene() throws -> TemporaryPipeline {
        try TemporaryPipeline(
            """
            name: log
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user }
            window: P1M
            zone: Europe/Amsterdam
            fields: { ts: keep, user: pseudonymize }
            keys: { path: keys, grace: P5D }
            state: state
            outputs:
              - { name: log, purpose: security, path: "out/{date}.jsonl",
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }

            """,
            files: [
                "in/a.jsonl": line("2026-01-10", "anna") + line("2026-02-20", "bert")
            ])
    }

    private func line(_ day: String, _ user: String) -> String {
        #"{"ts":"\#(day)T12:00:00Z","user":"\#(user)"}"# + "\n"
    }

    private func request(_ scene: TemporaryPipeline, _ now: String) -> KeysRequest {
        var request = KeysRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = now
        return request
    }

    private func entry(
        _ month: String, _ scene: TemporaryPipeline, _ now: String
    ) throws -> KeyListReport.Entry {
        try #require(
            Sluice.listKeys(request(scene, now)).keys.first { $0.month == month })
    }

    @Test("first use, closing, destruction: the instant in UTC, the day where months are counted")
    func since() throws {
        let scene = try scene()
        _ = try scene.run(now: "2026-02-20T23:30:00Z")
        let active = try entry("2026-02", scene, "2026-02-25")
        #expect(active.state == .active)
        #expect(active.since == "2026-02-20T23:30:00Z" && active.sinceDay == "2026-02-21")
        // A later run that uses it changes nothing of that.
        _ = try scene.run(now: "2026-03-02T10:00:00Z")
        #expect(try entry("2026-02", scene, "2026-03-02").since == active.since)
        // January's last record was due on 1 March (it is in the grace until the 6th).
        let closing = try entry("2026-01", scene, "2026-03-02T12:00:00Z")
        #expect(closing.state == .closing)
        _ = try scene.run(now: "2026-03-07T23:30:00Z")
        let dead = try entry("2026-01", scene, "2026-03-20")
        #expect(dead.state == .destroyed)
        #expect(dead.since == "2026-03-07T23:30:00Z" && dead.sinceDay == "2026-03-08")
    }

    @Test("records in stored parts whose key is gone are counted in the run that finds them due")
    func keylessParts() throws {
        let scene = try scene()
        _ = try scene.run(now: "2026-02-21")
        // Its key is lost, and that is recorded.
        try scene.remove("keys/2026-02.key")
        _ = try Sluice.destroyKey(
            request(scene, "2026-02-22"), month: "2026-02", reason: "lost")
        let report = try scene.run(now: "2026-03-25")
        #expect(report.totals.keyless == 0, "nothing came in")
        #expect(report.keyless == 1)
        #expect(report.ageing.map(\.keyless) == [1])
        #expect(try scene.run(now: "2026-03-26").keyless == 0)
    }
}
