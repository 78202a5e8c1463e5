import Anonymization
import Foundation
import Ledger
import TestSupport
import Testing

@testable import Pipelines

/// What a run does to parts that earlier runs wrote, part by part and record by record.
@Suite("Parts of earlier runs")
struct PartAgeingTests {
    /// A pipeline whose output is readable for a month and goes after three.
    private static let pipeline = """
        name: parts
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { user: user }
        fields: { ts: keep, user: { replace: GONE } }
        outputs:
          - { name: o, purpose: security, path: "out/{date}.jsonl", expires: P3M,
              safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }
        state: state

        """

    private static func line(_ day: String, _ user: String) -> String {
        #"{"ts":"2026-\#(day)T10:00:00Z","user":"\#(user)","more":1}"# + "\n"
    }

    /// Two parts, of April 10 with two records and of April 12 with one.
    private func scene() throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(
            Self.pipeline,
            files: [
                "in/a.jsonl": Self.line("04-10", "anna") + Self.line("04-10", "bert")
                    + Self.line("04-12", "carl")
            ])
        try scene.run(now: "2026-04-15")
        return scene
    }

    private func text(_ scene: TemporaryPipeline) throws -> String {
        try scene.files(below: "out").map { try scene.text("out/\($0)") }.joined()
    }

    /// Parts aged, of them expired, and records aged.
    private func figures(_ report: RunReport) -> [Int] {
        [report.agedParts, report.expiredParts, report.agedRecords]
    }

    private func hold(_ scene: TemporaryPipeline, _ user: String, _ now: String) throws {
        var request = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        request.now = now
        request.users = [user]
        _ = try unlessBusy { try Sluice.raiseHold(request) }
    }

    @Test("a part stays compressed, or not, as its name says", arguments: [true, false])
    func compression(_ isCompressed: Bool) throws {
        let plain = Self.pipeline
        let packed = plain.replacingOccurrences(of: ".jsonl\", exp", with: ".jsonl.gz\", exp")
        let scene = try TemporaryPipeline(
            isCompressed ? packed : plain, files: ["in/a.jsonl": Self.line("04-10", "anna")])
        try scene.run(now: "2026-04-15")
        try scene.write("pipeline.yaml", isCompressed ? plain : packed)
        #expect(try scene.run(now: "2026-05-15").agedRecords == 1)
        let name = try #require(scene.files(below: "out").first)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(scene.folder)/out/\(name)"))
        #expect(name.hasSuffix(".gz") == isCompressed)
        #expect(bytes.starts(with: [0x1f, 0x8b]) == isCompressed)
    }

    @Test("a due part that is gone is overdue, not well")
    func overdue() throws {
        let scene = try scene()
        try scene.remove("out/\(try #require(scene.files(below: "out").first))")
        try scene.run(now: "2026-05-15")
        var request = StatusRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = "2026-05-15"
        let report = try Sluice.status(request)
        #expect(report.overdue == 1 && report.isLate)
    }

    /// A key of logfmt that stands twice in a record matters once a rule names it.
    @Test("a part that cannot be read keeps no other part readable")
    func unreadablePart() throws {
        func line(_ day: String, _ user: String, _ more: String = "x=1") -> String {
            "ts=2026-\(day)T10:00:00Z user=\(user) \(more)\n"
        }
        let pipeline = Self.pipeline.replacing("jsonl, files", with: "logfmt, files")
        let scene = try TemporaryPipeline(
            pipeline,
            files: ["in/a": line("04-10", "bert", "x=1 x=2") + line("04-12", "carl")])
        try scene.run(now: "2026-04-15")
        try scene.write(
            "pipeline.yaml", pipeline.replacing("ts: keep,", with: "ts: keep, x: keep,"))
        for day in ["2026-05-13", "2026-05-14"] {
            let failure = try #require(throws: PipelineFailure.self) { try scene.run(now: day) }
            #expect(failure.exitStatus == ExitStatus.storage)
            #expect("\(failure)".contains("record 1 (duplicate-key)"))
            let written = try text(scene)
            #expect(written.contains("bert") && !written.contains("carl"))
        }
        try scene.write("in/b", line("05-14", "dora"))
        #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-05-15") }
        #expect(try text(scene).contains("dora"))
        let request = SubjectEraseRequest(subject: scene.request(.user, "dora", now: "2026-05-15"))
        #expect(throws: PipelineFailure.self) {
            try unlessBusy { try Sluice.eraseSubject(request) }
        }
        #expect(try !text(scene).contains("dora"))
        try scene.write("pipeline.yaml", pipeline)
        #expect(try scene.run(now: "2026-05-16").notes.contains { $0.contains("done now") })
        #expect(try !text(scene).contains("bert"))
    }

    /// An opt-out of a list or of the registry is taken out of all that can be read, and looked for
    /// by each run until nothing is left; a correction says that it has to be asked for again, and
    /// a restriction binds at once.
    @Test("a part that cannot be read keeps requests open, and nothing else", arguments: [
        "list", "registry", "import", "correction", "restriction",
    ])
    func unreadableRequest(_ way: String) throws {
        func line(_ day: String, _ user: String, _ more: String = "x=1") -> String {
            "ts=2026-\(day)T10:00:00Z user=\(user) \(more)\n"
        }
        let list = "person,purpose,effective_date\n"
        let pipeline =
            Self.pipeline.replacing("jsonl, files", with: "logfmt, files")
            + "opt_outs: { file: list.csv, max_shrink: 100% }\n"
        let later = pipeline.replacing("ts: keep,", with: "ts: keep, x: keep,")
        let scene = try TemporaryPipeline(
            pipeline,
            files: [
                "list.csv": list + "zoe,security,2026-01-01\n",
                "in/a": line("05-10", "bert", "x=1 x=2") + line("05-12", "bert", "y=9")
                    + line("04-13", "carl"),
            ])
        try scene.run(now: "2026-05-12T12:00:00Z")
        try scene.write("pipeline.yaml", later)
        try scene.write("in/b", line("05-12", "dora") + line("05-12", "bert", "y=8"))
        let now = "2026-05-14"
        let subject = scene.request(.user, "bert", now: now)
        let isOptOut = ["list", "registry", "import"].contains(way)
        func fails(_ body: () throws -> Void) throws {
            let failure = try #require(throws: PipelineFailure.self) { try unlessBusy(body) }
            #expect(failure.exitStatus == ExitStatus.storage)
            let words = "\(failure)"
            #expect(words.contains("record 1 (duplicate-key)"))
            let isCorrection = way == "correction"
            #expect(words.contains("next run looks for it") == isOptOut)
            #expect(words.contains("ask for the correction") == isCorrection)
        }
        switch way {
        case "list":
            try scene.write(
                "list.csv", list + "zoe,security,2026-01-01\nbert,security,2026-05-13\n")
        case "registry":
            var request = OptOutRequest(
                pipeline: "\(scene.folder)/pipeline.yaml", subject: OptOutSubject(user: "bert"))
            request.now = now
            request.purposes = ["security"]
            try fails { _ = try Sluice.addOptOut(request) }
        case "import":
            try scene.write(
                "a.csv", list + "bert,security,2026-05-13\nemma,security,2026-05-13\n")
            try fails {
                _ = try Sluice.importOptOuts(
                    pipeline: "\(scene.folder)/pipeline.yaml", file: "\(scene.folder)/a.csv",
                    now: now)
            }
            let kept = try Ledger.openForReading(stateDirectory: "\(scene.folder)/state")
                .awaitedOptOuts(pipeline: "parts")
            #expect(kept.map { $0.left == nil } == [true, true])
        case "correction":
            try fails {
                _ = try Sluice.rectifySubject(
                    SubjectRectifyRequest(subject: subject, field: "user", text: "bertha"))
            }
            #expect(try text(scene).contains("bertha"))
        default: _ = try Sluice.restrictSubject(subject, lifts: false)
        }
        if isOptOut {
            try fails { try scene.run(now: now) }
            #expect(try !text(scene).contains("y=9") && text(scene).contains("x=2"))
        } else {
            #expect(throws: PipelineFailure.self) { try scene.run(now: now) }
        }
        // Everything else is done.
        #expect(try text(scene).contains("dora") && !text(scene).contains("carl"))
        #expect(try text(scene).contains("y=8") == (way == "correction"))
        #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-05-15") }
        try scene.write("pipeline.yaml", pipeline)
        try scene.run(now: "2026-05-16")
        #expect(try text(scene).contains("x=2") == (way == "correction" || way == "restriction"))
    }

    @Test("each part is aged on its day, once, and goes on its day")
    func days() throws {
        let scene = try scene()
        for (day, expected, left) in [
            ("2026-05-10", [0, 0, 0], ["anna", "bert", "carl"]),
            ("2026-05-11", [1, 0, 2], ["carl"]), ("2026-05-11", [0, 0, 0], ["carl"]),
            ("2026-05-12", [0, 0, 0], ["carl"]), ("2026-05-13", [1, 0, 1], []),
            ("2026-07-10", [0, 0, 0], []),
        ] as [(String, [Int], [String])] {
            let report = try scene.run(now: day)
            #expect(figures(report) == expected, "\(day)")
            #expect(report.notes.allSatisfy { !$0.contains("parts") })
            let written = try text(scene)
            for user in ["anna", "bert", "carl"] {
                #expect(written.contains(user) == left.contains(user), "\(day): \(user)")
            }
        }
        #expect(scene.files(below: "out").count == 2)
        let first = try scene.run(now: "2026-07-11")
        #expect(figures(first) == [1, 1, 0])
        #expect(first.ageing.map(\.expired) == [2])
        #expect(scene.files(below: "out").count == 1)
        #expect(figures(try scene.run(now: "2026-07-13")) == [1, 1, 0])
        #expect(scene.files(below: "out").isEmpty)
        #expect(figures(try scene.run(now: "2026-07-14")) == [0, 0, 0])
    }

    @Test("what is expired and due goes without being aged first")
    func late() throws {
        // Also when their records have to be read for a hold that binds none of them.
        for isHeld in [false, true] {
            let scene = try scene()
            if isHeld { try hold(scene, "nobody", "2026-04-16") }
            let report = try scene.run(now: "2026-08-01")
            #expect(figures(report) == [2, 2, 0])
            #expect(report.heldParts == 0)
            #expect(scene.files(below: "out").isEmpty)
        }
    }

    @Test("a record that cannot say how old it is goes with its part, also under a hold of others")
    func untimed() throws {
        for isHeld in [false, true] {
            let scene = try TemporaryPipeline(
                Self.pipeline,
                files: [
                    "in/a.jsonl": #"{"ts":"2126-04-10T10:00:00Z","user":"anna"}"# + "\n"
                ])
            try scene.run(now: "2026-04-20")
            if isHeld { try hold(scene, "nobody", "2026-04-21") }
            try scene.run(now: "2026-07-19")
            #expect(scene.files(below: "out").count == 1)
            let report = try scene.run(now: "2026-07-22")
            #expect(report.expiredParts == 1)
            #expect(scene.files(below: "out").isEmpty)
        }
    }

    @Test("of an expired part what is held stays, and it counts as held while it does")
    func held() throws {
        let scene = try scene()
        try hold(scene, "anna", "2026-04-16")
        let due = try scene.run(now: "2026-05-20")
        #expect(figures(due) == [2, 0, 2])
        #expect(due.heldRecords == 1 && due.heldParts == 0)
        let expired = try scene.run(now: "2026-08-01")
        #expect(figures(expired) == [2, 1, 0])
        #expect(expired.heldRecords == 1 && expired.heldParts == 1)
        #expect(expired.ageing.map(\.expired) == [2])
        #expect(try text(scene) == Self.line("04-10", "anna"))
        let again = try scene.run(now: "2026-08-02")
        #expect(figures(again) == [0, 0, 0])
        #expect(again.heldRecords == 1 && again.heldParts == 1)
        _ = try unlessBusy {
            try Sluice.releaseHold(
                pipeline: "\(scene.folder)/pipeline.yaml", name: "case", by: "legal",
                now: "2026-08-03")
        }
        #expect(figures(try scene.run(now: "2026-08-03")) == [1, 1, 0])
        #expect(scene.files(below: "out").isEmpty)
    }

    @Test("a part of an output that is gone expires, but not under a hold that it may be about")
    func gone() throws {
        for isHeld in [false, true] {
            // Nothing in it can become due: only its time can come.
            let scene = try TemporaryPipeline(
                statistics("o"), files: ["in/a.jsonl": Self.line("04-10", "anna")])
            try scene.run(now: "2026-04-15")
            if isHeld { try hold(scene, "anna", "2026-04-16") }
            try scene.write("pipeline.yaml", statistics("p"))
            let report = try scene.run(now: "2026-08-01")
            #expect(figures(report) == (isHeld ? [0, 0, 0] : [1, 1, 0]))
            #expect(report.heldParts == (isHeld ? 1 : 0))
            #expect(scene.files(below: "out").count == (isHeld ? 1 : 0))
            #expect(report.ageing.map(\.expired) == (isHeld ? [] : [1]))
        }
    }

    private func statistics(_ output: String) -> String {
        """
        name: parts
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { user: user }
        fields: { ts: keep, user: { replace: GONE } }
        outputs:
          - { name: \(output), purpose: statistics, path: "out/{date}.jsonl", expires: P3M }
        state: state

        """
    }

    /// Makes the rule of the user another one.
    private func edit(_ scene: TemporaryPipeline) throws {
        try scene.write("pipeline.yaml", Self.pipeline.replacing("GONE", with: "OTHER"))
    }

    @Test("a part that is due, or goes, is looked at once, whatever else its new rules ask for")
    func otherRules() throws {
        let due = try scene()
        try hold(due, "anna", "2026-04-16")
        try edit(due)
        let report = try due.run(now: "2026-05-11")
        #expect(figures(report) == [1, 0, 1])
        #expect(report.heldRecords == 1)
        let held = try due.run(now: "2026-05-12")
        #expect(figures(held) == [0, 0, 0])
        #expect(held.heldRecords == 1)
        let untouched = try scene()
        try hold(untouched, "carl", "2026-04-16")
        try edit(untouched)
        let kept = try untouched.run(now: "2026-05-13")
        #expect(figures(kept) == [1, 0, 2])
        #expect(kept.heldRecords == 1)
        let expired = try scene()
        try edit(expired)
        #expect(figures(try expired.run(now: "2026-08-01")) == [2, 2, 0])
        #expect(expired.files(below: "out").isEmpty)
        let never = try TemporaryPipeline(
            statistics("o"), files: ["in/a.jsonl": Self.line("04-10", "anna")])
        try never.run(now: "2026-04-15")
        try never.write("pipeline.yaml", statistics("o").replacing("GONE", with: "OTHER"))
        #expect(figures(try never.run(now: "2026-08-01")) == [1, 1, 0])
        #expect(never.files(below: "out").isEmpty)
    }

    @Test("a part in a format that its output has no more goes on its day, unread")
    func otherFormat() throws {
        let scene = try scene()
        try scene.write(
            "pipeline.yaml",
            Self.pipeline.replacing(
                #"path: "out/{date}.jsonl","#,
                with: #"path: "out/{date}.csv", format: csv, columns: [ts, user],"#))
        #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-05-20") }
        #expect(scene.files(below: "out").count == 2)
        let report = try scene.run(now: "2026-08-01")
        #expect(figures(report) == [2, 2, 0])
        #expect(scene.files(below: "out").isEmpty)
    }

    @Test("a part that new rules ask nothing of is known to be of those rules")
    func lookedAt() throws {
        let scene = try scene()
        try edit(scene)
        let plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-04-16")
        let rules = try #require(plan.outputs[0].rules?.digest)
        func ofOtherRules() throws -> Int {
            let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
            return try ledger.parts(ofOtherRulesThan: [rules], output: "o").count
        }
        #expect(try ofOtherRules() == 2)
        try scene.run(now: "2026-04-16")
        #expect(try ofOtherRules() == 0)
    }

    @Test("a part that is not yet due may be taken away without a word")
    func takenBeforeItsDay() throws {
        let scene = try scene()
        try edit(scene)
        try scene.remove("out/\(try #require(scene.files(below: "out").first))")
        let report = try scene.run(now: "2026-04-16")
        #expect(figures(report) == [0, 0, 0])
        #expect(report.notes.allSatisfy { !$0.contains("parts") })
    }

    @Test("without its folder a part is not taken for removed")
    func folder() throws {
        let scene = try scene()
        for name in scene.files(below: "out") { try scene.remove("out/\(name)") }
        let report = try scene.run(now: "2026-05-20")
        #expect(figures(report) == [0, 0, 0])
        #expect(report.notes.contains { $0.contains("not there and could not be aged: 2") })
        let half = try self.scene()
        try half.remove("out/\(try #require(half.files(below: "out").first))")
        let rest = try half.run(now: "2026-05-20")
        #expect(rest.agedParts == 1)
        #expect(rest.notes.contains { $0.contains("not there and could not be aged: 1") })
        let other = try self.scene()
        try other.remove("out")
        #expect(throws: PipelineFailure.self) { try other.run(now: "2026-05-20") }
    }
}
