import Pipelines
import TestSupport
import Testing

/// Holds over a store that is aged in place: what is held stays byte for byte.
@Suite("Holds in a store")
struct StoreHoldTests {
    private let file = "data/a.jsonl"
    /// Records of anna with odd spelling, to tell bytes from values.
    private let odd = " {\"ts\" : \"2026-01-11T10:00:00Z\" , \"user\":\"\\u0061nna\"}\r\n"

    private func scene(_ lines: String = "") throws -> TemporaryPipeline {
        try TemporaryPipeline(
            storePipeline(lines),
            files: [
                file: storeRecord("01-10") + odd + storeRecord("01-12", "bert"),
                "data/b.jsonl": storeRecord("01-13", "bert"),
            ])
    }

    private func raise(
        _ scene: TemporaryPipeline, _ name: String = "case", now: String = "2026-01-20",
        _ change: (inout HoldRequest) -> Void = { $0.users = ["anna"] }
    ) throws {
        var request = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: name, ground: .law(citation: "Act 1"),
            reason: "inquiry", by: "legal")
        request.now = now
        change(&request)
        _ = try Sluice.raiseHold(request)
    }

    private func release(_ scene: TemporaryPipeline, _ now: String) throws {
        _ = try Sluice.releaseHold(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case", by: "legal", now: now)
    }

    private var held: String { storeRecord("01-10") + odd }
    private let agedOdd = "{\"ts\":\"2026-01-11T10:00:00Z\",\"user\":\"GONE\"}\r\n"

    @Test("held records stay as they are while others age; the release ages them")
    func life() throws {
        let scene = try scene()
        try raise(scene)
        let report = try scene.run(now: "2026-04-15")
        #expect(report.store?.held == 2 && report.store?.changed == 2)
        #expect(try scene.text(file) == held + dueRecord("01-12"))
        #expect(try scene.text("data/b.jsonl") == dueRecord("01-13"))
        // Nothing moves while it binds.
        let again = try scene.run(now: "2026-06-15")
        #expect(again.store?.changed == 0)
        #expect(try scene.text(file) == held + dueRecord("01-12"))
        try release(scene, "2026-06-16")
        let last = try scene.run(now: "2026-06-16")
        #expect(last.store?.changed == 2)
        #expect(try scene.text(file) == dueRecord("01-10") + agedOdd + dueRecord("01-12"))
        #expect(try scene.run(now: "2026-06-17").store?.changed == 0)
    }

    @Test("what was held is aged behind the release, also when the clock was set back in between")
    func clockSetBack() throws {
        let scene = try scene()
        try raise(scene)
        _ = try scene.run(now: "2026-04-15")
        try release(scene, "2026-04-10")
        #expect(try scene.run(now: "2026-04-10").store?.changed == 2)
        #expect(try scene.text(file) == dueRecord("01-10") + agedOdd + dueRecord("01-12"))
    }

    @Test("a hold that ends by itself lets go; so does a period")
    func ends() throws {
        let scene = try scene()
        try raise(scene) {
            $0.from = "2026-01-10"
            $0.until = "2026-01-11"
            $0.end = "2026-05-01"
        }
        _ = try scene.run(now: "2026-04-15")
        #expect(try scene.text(file) == storeRecord("01-10") + agedOdd + dueRecord("01-12"))
        _ = try scene.run(now: "2026-05-01")
        #expect(try scene.text(file) == dueRecord("01-10") + agedOdd + dueRecord("01-12"))
    }

    @Test("a hold raised later keeps what is left readable, and does not bring back the rest")
    func later() throws {
        let scene = try scene()
        try scene.write("data/c.jsonl", storeRecord("01-10") + storeRecord("03-20"))
        _ = try scene.run(now: "2026-04-15")
        try raise(scene, now: "2026-04-16")
        _ = try scene.run(now: "2026-06-15")
        #expect(try scene.text("data/c.jsonl") == dueRecord("01-10") + storeRecord("03-20"))
        #expect(try scene.text(file) == dueRecord("01-10") + agedOdd + dueRecord("01-12"))
    }

    @Test("`delete` leaves what is held, and takes it after the release")
    func deletion() throws {
        let scene = try scene("delete: { start: event, length: P2M }")
        try raise(scene)
        _ = try scene.run(now: "2026-04-15")
        #expect(try scene.text(file) == held)
        #expect(try scene.text("data/b.jsonl") == "")
        try release(scene, "2026-04-16")
        _ = try scene.run(now: "2026-04-16")
        #expect(try scene.text(file) == "")
    }

    @Test("an erasure is blocked, says by what, and is completed after the release")
    func erasure() throws {
        let scene = try scene()
        try raise(scene) {
            $0.users = ["anna"]
            $0.end = "2026-05-01"
        }
        _ = try scene.run(now: "2026-01-21")
        let report = try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, "anna", now: "2026-01-22")))
        #expect(report.blockedBy == "case" && report.held == 2)
        #expect(report.retry?.hasPrefix("2026-05-01") == true)
        #expect(try scene.text(file).hasPrefix(held))
        _ = try scene.run(now: "2026-04-15")
        #expect(try scene.text(file) == held + dueRecord("01-12"))
        try release(scene, "2026-04-16")
        _ = try scene.run(now: "2026-04-16")
        #expect(try scene.text(file) == dueRecord("01-12"))
        let status = try Sluice.statusOfSubject(
            scene.request(.user, "anna", now: "2026-04-17"))
        #expect(status.entries.contains { $0.kind == "erasure" && $0.state == "done" })
    }

    @Test("what came late for an erasure that was done, and was held, goes behind the release")
    func lateErasure() throws {
        let scene = try scene()
        _ = try scene.run(now: "2026-04-15")
        _ = try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, "anna", now: "2026-04-15")))
        try raise(scene, now: "2026-04-16")
        // Nothing in it is due for weeks.
        let late = storeRecord("04-14") + storeRecord("04-15", "bert")
        try scene.write("data/c.jsonl", late)
        _ = try scene.run(now: "2026-04-16")
        #expect(try scene.text("data/c.jsonl") == late)
        try release(scene, "2026-04-18")
        _ = try scene.run(now: "2026-04-18")
        #expect(try scene.text("data/c.jsonl") == storeRecord("04-15", "bert"))
    }

    @Test("gzip, joined and renamed files: what is held is found where it lies")
    func places() throws {
        let scene = try scene()
        try raise(scene)
        _ = try scene.run(now: "2026-04-15")
        let text = try scene.text(file)
        try scene.write("data/deep/new.jsonl", try scene.text("data/b.jsonl") + text)
        try scene.remove(file)
        let report = try scene.run(now: "2026-04-16")
        #expect(report.store?.changed == 0)
        #expect(try scene.text("data/deep/new.jsonl") == dueRecord("01-13") + text)
        try release(scene, "2026-04-17")
        _ = try scene.run(now: "2026-04-17")
        #expect(
            try scene.text("data/deep/new.jsonl")
                == dueRecord("01-13") + dueRecord("01-10") + agedOdd + dueRecord("01-12"))
    }
}
