import FileSystem
import Pipelines
import Records
import TestSupport
import Testing

@Suite("shared outputs")
struct SharingTests {
    private static func text(_ scene: VerificationScene, _ file: String) throws -> String {
        String(decoding: try scene.content(file), as: UTF8.self)
    }

    @Test("carry their terms, which follow the files from run to run")
    func terms() throws {
        let scene = try VerificationScene()
        try scene.addLog("1", date: "2026-03-10")
        try scene.run("2026-03-25")
        let first = try Self.text(scene, "out/research/terms.json")
        #expect(first.contains("\"recipients\":[\"partner\"]"))
        #expect(first.contains("\"readers\":[\"university\"]"))
        #expect(first.contains("\"opt_outs_as_of\":\"2026-03-25T00:00:00Z\""))
        #expect(first.contains("\"delete_by\":\"2026-09-11T00:00:00Z\""))
        #expect(first.contains("\"file\":\"2026-03."))
        #expect(!first.contains(scene.path))
        try scene.addLog("2", date: "2026-04-03")
        try scene.run("2026-04-10")
        let second = try Self.text(scene, "out/research/terms.json")
        #expect(second.contains("\"file\":\"2026-03.") && second.contains("\"file\":\"2026-04."))
        try scene.run("2026-09-20")
        let third = try Self.text(scene, "out/research/terms.json")
        #expect(!third.contains("\"file\":\"2026-03.") && third.contains("\"file\":\"2026-04."))
        #expect(try scene.files("out/actions").allSatisfy { !$0.contains("terms") })
        #expect(try scene.findings("2026-09-20") == [])
    }

    @Test("carry their terms without state, too")
    func termsWithoutState() throws {
        let scene = try VerificationScene()
        let plain = VerificationScene.pipeline.replacing("state: state\n", with: "")
            .replacing("    expires: P1Y\n", with: "").replacing("    expires: P6M\n", with: "")
            .replacing("actions/{date}.jsonl", with: "actions.jsonl")
        try scene.write("p.yaml", plain)
        try scene.addLog("1", date: "2026-03-10")
        try scene.run("2026-03-25")
        let terms = try Self.text(scene, "out/research/terms.json")
        #expect(terms.contains("\"file\":\"2026-03.csv.gz\""))
        #expect(terms.contains("\"records\":4"))
    }

    @Test("are called back by an opt-out of their purpose, once, until somebody answers")
    func recalls() throws {
        let scene = try VerificationScene()
        let pipeline = "\(scene.path)/p.yaml"
        try scene.addLog("1", date: "2026-03-10")
        try scene.run("2026-03-25")
        func optOut(_ purpose: String, _ customer: String) throws {
            var request = OptOutRequest(
                pipeline: pipeline, subject: OptOutSubject(customer: customer))
            request.purposes = [purpose]
            request.now = "2026-03-26"
            _ = try Sluice.addOptOut(request)
        }
        try optOut("marketing", "NL-101")
        #expect(try Sluice.recalls(pipeline: pipeline) == [])
        try optOut("statistics", "NL-101")
        try optOut("statistics", "NL-101")
        let recalls = try Sluice.recalls(pipeline: pipeline)
        let recall = try #require(recalls.first)
        #expect(recalls.count == 1)
        #expect(recall.recipient == "partner" && recall.cause == "opt-out 2")
        #expect(recall.file.hasPrefix("2026-03.") && recall.records == 4)
        #expect(!"\(recall)".contains("NL-101"))
        let answered = try Sluice.answerRecall(
            pipeline: pipeline, id: recall.id, by: "their officer", now: "2026-03-28")
        #expect(answered.answered == "2026-03-28T00:00:00Z")
        #expect(throws: PipelineFailure.self) {
            try Sluice.answerRecall(pipeline: pipeline, id: recall.id, by: "again")
        }
        #expect(try scene.findings("2026-03-28") == [])
        // What had to be deleted by then is not called back.
        try scene.run("2026-12-01")
        var late = OptOutRequest(
            pipeline: pipeline, subject: OptOutSubject(customer: "NL-102"))
        late.now = "2026-12-01"
        _ = try Sluice.addOptOut(late)
        #expect(try Sluice.recalls(pipeline: pipeline).count == 1)
    }

    @Test("count as delivered from the run on that shares them, and carry no terms behind the last")
    func recipientsChange() throws {
        let scene = try VerificationScene()
        let pipeline = "\(scene.path)/p.yaml"
        let own = VerificationScene.pipeline.replacing("recipients: [own, partner]", with: "")
        try scene.write("p.yaml", own)
        try scene.addLog("1", date: "2026-03-10")
        try scene.run("2026-03-25")
        func optOut(_ customer: String) throws {
            var request = OptOutRequest(
                pipeline: pipeline, subject: OptOutSubject(customer: customer))
            request.now = "2026-03-28"
            _ = try Sluice.addOptOut(request)
        }
        try scene.write("p.yaml", VerificationScene.pipeline)
        for _ in 0..<2 { try scene.run("2026-03-26") }
        #expect(try Self.text(scene, "out/research/terms.json").contains("\"file\":\"2026-03."))
        try scene.write("p.yaml", own)
        try scene.run("2026-03-28")
        #expect(try scene.files("out/research").allSatisfy { !$0.contains("terms") })
        #expect(try scene.findings("2026-03-28") == [])
        // What was delivered before is called back all the same.
        try optOut("NL-101")
        let recalls = try Sluice.recalls(pipeline: pipeline)
        #expect(recalls.map(\.recipient) == ["partner"])
        #expect(recalls.allSatisfy { $0.file.hasPrefix("2026-03.") && $0.records == 4 })
        try scene.write("p.yaml", VerificationScene.pipeline)
        try scene.run("2026-03-29")
        #expect(try Self.text(scene, "out/research/terms.json").contains("2026-03-29"))
        #expect(try scene.findings("2026-03-29") == [])
    }

    @Test("of one folder are a fault")
    func oneFolder() throws {
        let scene = try VerificationScene()
        let both = VerificationScene.pipeline.replacing(
            "  - name: research",
            with: """
                  - name: other
                    purpose: statistics
                    path: "out/research/other-{month}.jsonl"
                    recipients: [group]
                  - name: research
                """)
        try scene.write("p.yaml", both)
        let faults = try Sluice.check(pipeline: "\(scene.path)/p.yaml")
        #expect(faults.contains { $0.message.contains("terms.json stands") })
    }

    @Test(
        "with limited production data need readers and an end",
        arguments: [
            ("readers: [university], expires: P6M", []),
            ("readers: [university]", ["expires"]),
            ("expires: P6M", ["readers"]),
            ("gzip: 6", ["readers", "expires"]),
        ] as [(String, [String])])
    func limited(keys: String, missing: [String]) throws {
        let scene = try VerificationScene()
        try scene.write(
            "p.yaml",
            """
            name: limited
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            fields:
              ts: keep
              scan: { category: limited-production, then: redact }
            outputs:
              - { name: a, purpose: statistics, path: "out/{date}.jsonl.gz", \(keys) }
            state: state

            """)
        let faults = try Sluice.check(pipeline: "\(scene.path)/p.yaml")
        #expect(
            faults.map(\.message).allSatisfy { $0.contains("limited production data") }
                && faults.count == missing.count, "\(faults)")
        for key in missing {
            #expect(faults.contains { $0.message.contains("expected `\(key)`") })
        }
    }
}
