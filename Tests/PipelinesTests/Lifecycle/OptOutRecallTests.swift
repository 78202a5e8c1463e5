import TestSupport
import Testing

@testable import Pipelines

/// What an opt-out calls back of what was delivered.
@Suite("Recalls after opt-outs")
struct OptOutRecallTests {
    private static func pipeline(_ fields: String = "customer: pseudonymize") -> String {
        """
        name: shared
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer }
        fields: { ts: keep, \(fields), action: keep }
        outputs:
          - { name: partner, purpose: statistics, path: "out/{date}.jsonl",
              recipients: [partner], readers: [desk], expires: P5M }
        keys: keys
        state: state

        """
    }

    private func scene(_ pipeline: String = pipeline()) throws -> TemporaryPipeline {
        func line(_ day: Int, _ customer: String) -> String {
            #"{"ts":"2026-04-\#(day)T10:00:00Z","customer":"\#(customer)","action":"login"}"# + "\n"
        }
        let scene = try TemporaryPipeline(
            pipeline,
            files: ["in/a.jsonl": line(10, "c1") + line(10, "c2") + line(11, "c2")])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    private func add(
        _ scene: TemporaryPipeline, _ customer: String, now: String = "2026-04-16"
    ) throws -> OptOutEffectReport {
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml",
            subject: OptOutSubject(customer: customer))
        request.now = now
        return try Sluice.addOptOut(request).effect
    }

    private func recalls(_ scene: TemporaryPipeline) throws -> [RecallListing] {
        try Sluice.recalls(pipeline: "\(scene.folder)/pipeline.yaml", now: "2026-04-16")
    }

    @Test("only files that held the customer's records, once, with what took their place")
    func changedFiles() throws {
        let scene = try scene()
        let first = try add(scene, "c1")
        #expect(first.parts == 1 && first.records == 1 && first.recalls == 1)
        #expect(first.untoldRecalls == 0)
        let recall = try #require(try recalls(scene).first)
        #expect(recall.file.hasPrefix("2026-04-10") && recall.successor.hasPrefix("2026-04-10"))
        #expect(recall.sha256 != recall.successorSHA256 && recall.cause == "opt-out 1")
        // Nobody of that name: nothing is changed and nothing called back.
        for name in ["nobody", "no one"] {
            let files = scene.files(below: "out")
            let effect = try add(scene, name)
            #expect(effect.recalls == 0 && effect.parts == 0 && effect.foundNobody)
            #expect(scene.files(below: "out") == files)
        }
        // The rest of both days: that of the first as it was delivered after the first opt-out.
        #expect(try add(scene, "c2").recalls == 2)
        let all = try recalls(scene)
        #expect(all.count == 3 && Set(all.map(\.sha256)).count == 3)
        #expect(all.allSatisfy { $0.sha256 != $0.successorSHA256 })
    }

    @Test("what nobody can attribute any more is called back, and said to be")
    func untold() throws {
        let scene = try scene(Self.pipeline("customer: drop"))
        let effect = try add(scene, "c9")
        #expect(effect.recalls == 2 && effect.untoldRecalls == 2 && effect.parts == 0)
        #expect(try recalls(scene).allSatisfy { $0.successor.isEmpty })
        #expect(try add(scene, "c8").recalls == 0)
    }

    @Test("an import names the opt-out that each file is called back for")
    func imported() throws {
        let scene = try scene()
        try scene.write(
            "list.csv",
            "customer,purpose,effective_date\nc9,*,2026-04-01\nc2,*,2026-04-01\n")
        let report = try Sluice.importOptOuts(
            pipeline: "\(scene.folder)/pipeline.yaml", file: "\(scene.folder)/list.csv",
            now: "2026-04-16")
        #expect(report.effect.recalls == 2)
        #expect(try recalls(scene).map(\.cause) == ["opt-out 2", "opt-out 2"])
    }
}
