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

    private func scene(
        _ pipeline: String = pipeline(), files: [String: String] = [:]
    ) throws -> TemporaryPipeline {
        func line(_ day: Int, _ customer: String) -> String {
            #"{"ts":"2026-04-\#(day)T10:00:00Z","customer":"\#(customer)","action":"login"}"# + "\n"
        }
        let scene = try TemporaryPipeline(
            pipeline,
            files: ["in/a.jsonl": line(10, "c1") + line(10, "c2") + line(11, "c2")]
                .merging(files) { $1 })
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

    /// Whoever names no customer has not opted out.
    private func pipeline(_ columns: String, _ format: String) -> String {
        Self.pipeline().replacing(
            "{date}.jsonl\"", with: "{date}.txt\", format: \(format), columns: [\(columns)]")
            + "opt_outs: { file: list.csv, missing: allowed }\n"
    }

    private static let emptyList = ["list.csv": "customer,purpose,effective_date\n"]

    @Test("a file that was delivered without the customer's column tells of nobody", arguments: [
        "csv", "jsonl", "logfmt",
    ])
    func otherColumns(format: String) throws {
        let scene = try scene(pipeline("ts, action", format), files: Self.emptyList)
        try scene.write("pipeline.yaml", pipeline("ts, customer, action", format))
        let report = try unlessBusy { try add(scene, "c9") }
        #expect(report.recalls == 2 && report.untoldRecalls == 2)
    }

    /// A file with a header is written again, which says less of it than it seems to, and delivered
    /// again; others stay as they are.
    @Test("nor does one that a run has looked at since", arguments: ["csv", "jsonl", "logfmt"])
    func otherColumnsLookedAt(format: String) throws {
        let scene = try scene(pipeline("ts, action", format), files: Self.emptyList)
        try scene.write("pipeline.yaml", pipeline("ts, customer, action", format))
        _ = try scene.run(now: "2026-04-16")
        let report = try unlessBusy { try add(scene, "c9") }
        let all = format == "csv" ? 4 : 2
        #expect(report.recalls == all && report.untoldRecalls == all)
    }

    @Test("columns in another order tell what they told", arguments: ["csv", "jsonl", "logfmt"])
    func orderOfColumns(format: String) throws {
        let scene = try scene(
            pipeline("ts, customer, action", format), files: Self.emptyList)
        try scene.write("pipeline.yaml", pipeline("action, customer, ts", format))
        let report = try unlessBusy { try add(scene, "c9") }
        #expect(report.recalls == 0 && report.foundNobody)
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

    @Test("files of months are told apart, and stay as readable as they were: not at all")
    func months() throws {
        func line(_ month: Int, _ customer: String) -> String {
            #"{"ts":"2026-0\#(month)-20T10:00:00Z","customer":"\#(customer)","action":"login"}"#
                + "\n"
        }
        let scene = try TemporaryPipeline(
            Self.pipeline().replacing("{date}", with: "{month}"),
            files: [
                "in/a.jsonl": line(3, "c1") + line(3, "c3") + line(4, "c1") + line(4, "c2")
                    + line(4, "c3"),
            ])
        _ = try scene.run(now: "2026-04-25")
        #expect(try add(scene, "c1", now: "2026-04-26").recalls == 2)
        for recall in try recalls(scene) {
            #expect(recall.file.prefix(7) == recall.successor.prefix(7))
        }
        // Only in the file of April.
        let erased = scene.request(.customer, "c2", now: "2026-04-27")
        _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: erased))
        let all = try recalls(scene)
        #expect(all.map { String($0.file.prefix(7)) } == ["2026-03", "2026-04", "2026-04"])
        #expect(all.allSatisfy { $0.file.prefix(7) == $0.successor.prefix(7) })
        let files = scene.files(below: "out")
        #expect(try scene.run(now: "2026-06-15").agedParts == 0)
        #expect(scene.files(below: "out") == files)
        #expect(try scene.verify(now: "2026-06-15").findings.isEmpty)
    }

    @Test("what nobody can attribute any more is called back, and said to be")
    func untold() throws {
        let scene = try scene(Self.pipeline("customer: drop"))
        let effect = try add(scene, "c9")
        #expect(effect.recalls == 2 && effect.untoldRecalls == 2 && effect.parts == 0)
        #expect(try recalls(scene).allSatisfy { $0.successor.isEmpty })
        #expect(try add(scene, "c8").recalls == 0)
    }

    private func list(_ scene: TemporaryPipeline, _ lines: [String]) throws {
        try scene.write(
            "list.csv",
            (["customer,purpose,effective_date"] + lines).joined(separator: "\n") + "\n")
    }

    @Test("a changed list calls back the files that held records of what is new in it, once")
    func changedList() throws {
        let scene = try TemporaryPipeline(
            Self.pipeline() + "opt_outs: { file: list.csv, max_shrink: 100% }\n",
            files: ["list.csv": "customer,purpose,effective_date\nc9,*,2026-04-01\n"])
        func line(_ day: Int, _ customer: String) -> String {
            #"{"ts":"2026-04-\#(day)T10:00:00Z","customer":"\#(customer)","action":"login"}"# + "\n"
        }
        try scene.write("in/a.jsonl", line(10, "c1") + line(10, "c2") + line(11, "c2"))
        _ = try scene.run(now: "2026-04-15")
        #expect(try recalls(scene).isEmpty)
        try list(scene, ["c9,*,2026-04-01", "c1,*,2026-04-01"])
        for _ in 0..<2 {
            _ = try scene.run(now: "2026-04-16")
            let all = try recalls(scene)
            #expect(all.map(\.cause) == ["opt-out list"])
            #expect(all.allSatisfy { $0.file.hasPrefix("2026-04-10") })
            #expect(all.allSatisfy { $0.successorSHA256 != $0.sha256 })
        }
        #expect(try scene.verify(now: "2026-04-16").findings.isEmpty)
        // One that lies ahead is taken out at once, and again on its day, when more has come.
        try list(scene, ["c9,*,2026-04-01", "c1,*,2026-04-01", "c2,*,2026-04-20"])
        _ = try scene.run(now: "2026-04-17")
        #expect(try recalls(scene).count == 3)
        try scene.write("in/b.jsonl", line(12, "c2") + line(12, "c3"))
        _ = try scene.run(now: "2026-04-18")
        #expect(try recalls(scene).count == 3)
        _ = try scene.run(now: "2026-04-20")
        #expect(try recalls(scene).count == 4)
    }

    @Test(
        "what was delivered again while a hold kept an opt-out is called back after it",
        arguments: [false, true])
    func heldAndDeliveredAgain(isListed: Bool) throws {
        let scene = try TemporaryPipeline(
            Self.pipeline().replacing("{date}.jsonl", with: "all.jsonl")
                + "opt_outs: { file: list.csv, max_shrink: 100% }\n",
            files: ["list.csv": "customer,purpose,effective_date\nc9,*,2026-04-01\n"])
        let lines = [(10, "c1"), (11, "c2"), (12, "c3")].map { day, customer in
            #"{"ts":"2026-04-\#(day)T10:00:00Z","customer":"\#(customer)","action":"login"}"# + "\n"
        }
        try scene.write("in/a.jsonl", lines.joined())
        _ = try scene.run(now: "2026-04-15")
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "day",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        (hold.now, hold.from, hold.until, hold.end) =
            ("2026-04-15", "2026-04-10", "2026-04-11", "2026-04-20")
        _ = try Sluice.raiseHold(hold)
        if isListed {
            try list(scene, ["c9,*,2026-04-01", "c1,*,2026-04-01"])
            _ = try scene.run(now: "2026-04-16")
        } else {
            #expect(try add(scene, "c1").recalls == 1)
        }
        #expect(try recalls(scene).count == 1)
        // The rest of the file changes, and goes to the partner as it is then.
        #expect(try add(scene, "c2", now: "2026-04-17").recalls == 0)
        _ = try scene.run(now: "2026-04-20")
        let all = try recalls(scene)
        #expect(all.map(\.cause).last == (isListed ? "opt-out list" : "opt-out 1"))
        #expect(all.count == 2 && Set(all.map(\.sha256)).count == 2)
    }

    @Test("where nobody can tell whose records a file held, only new lines of the list call back")
    func changedListUntold() throws {
        let scene = try TemporaryPipeline(
            Self.pipeline("customer: drop")
                + "opt_outs: { file: list.csv, max_shrink: 100% }\n",
            files: [
                "list.csv": "customer,purpose,effective_date\nc9,*,2026-04-01\n",
                "in/a.jsonl":
                    #"{"ts":"2026-04-10T10:00:00Z","customer":"c1","action":"login"}"# + "\n",
            ])
        _ = try scene.run(now: "2026-04-15")
        try list(scene, [])
        _ = try scene.run(now: "2026-04-16")
        #expect(try recalls(scene).isEmpty, "nothing is new in a list that became shorter")
        try list(scene, ["c1,*,2026-04-01"])
        _ = try scene.run(now: "2026-04-17")
        #expect(try recalls(scene).map(\.cause) == ["opt-out list"])
    }

    @Test("an import is entered and carried out as one: after a failure nothing of it is there")
    func allOrNothing() throws {
        let scene = try scene()
        let file = "\(scene.folder)/pipeline.yaml"
        try list(scene, ["c1,*,2026-04-01", "c2,*,2026-04-01"])
        let name = "out/\(try #require(scene.files(below: "out").first { $0.hasSuffix("l") }))"
        let before = try scene.text(name)
        try scene.write(name, before + "{}\n")
        #expect(throws: PipelineFailure.self) {
            try Sluice.importOptOuts(
                pipeline: file, file: "\(scene.folder)/list.csv", now: "2026-04-16")
        }
        #expect(throws: PipelineFailure.self) { try add(scene, "c1") }
        #expect(try Sluice.listOptOuts(pipeline: file, now: "2026-04-16").isEmpty)
        try scene.write(name, before)
        let report = try Sluice.importOptOuts(
            pipeline: file, file: "\(scene.folder)/list.csv", now: "2026-04-16")
        #expect(report.added == [2, 3] && report.effect.recalls == 2)
        #expect(try Sluice.listOptOuts(pipeline: file, now: "2026-04-16").count == 2)
        // A withdrawal in the list ends the entry with the same commit.
        try scene.write(
            "list.csv",
            "customer,purpose,effective_date,withdrawn_date\nc1,*,2026-04-01,2026-04-17\n"
                + "c2,*,2026-04-01,\nc3,*,2026-04-01,\n")
        let later = try Sluice.importOptOuts(
            pipeline: file, file: "\(scene.folder)/list.csv", now: "2026-04-18")
        #expect(later.withdrawn == [2] && later.known == [3] && later.added == [4])
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
