import Pipelines
import TestSupport
import Testing

/// What becomes of files of an output that the pipeline file does not name any more.
@Suite("An output that is renamed or taken out leaves files that no run can age")
struct LostOutputTests {
    /// Nobody can opt out of `security`, of which the output is where nothing else is said.
    private func pipeline(_ name: String, isSecurity: Bool = true, more: String = "") -> String {
        let purpose = isSecurity
            ? "security, safeguards: { reason: abuse, readers: [soc], delete_after: P2M }"
            : "development"
        return """
        name: audit
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user }
        window: P1M
        fields: { ts: keep, user: pseudonymize }
        outputs:
          - { name: \(name), path: "out/{name}/{date}.jsonl", expires: P2M,
              purpose: \(purpose) }
          - { name: team, purpose: development, path: "team/{date}.jsonl" }
        state: state
        \(more)

        """
    }

    private func line(_ day: String, _ user: String) -> String {
        #"{"ts":"2026-\#(day)T10:00:00Z","user":"\#(user)@one.example"}"# + "\n"
    }

    private func scene(
        isSecurity: Bool = true, _ more: String = "", files: [String: String] = [:]
    ) throws -> TemporaryPipeline {
        var all = files
        all["in/a.jsonl"] = line("03-10", "anna") + line("03-10", "bert")
        let scene = try TemporaryPipeline(
            pipeline("soc", isSecurity: isSecurity, more: more), files: all)
        try scene.run(now: "2026-03-11")
        try scene.write("pipeline.yaml", pipeline("sec", isSecurity: isSecurity, more: more))
        return scene
    }

    private func status(
        _ scene: TemporaryPipeline, _ now: String
    ) throws -> StatusReport {
        var request = StatusRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = now
        return try Sluice.status(request)
    }

    private func lines(_ scene: TemporaryPipeline, _ folder: String) throws -> Int {
        try scene.files(below: folder).reduce(0) { count, file in
            try count + scene.text("\(folder)/\(file)").split(separator: "\n").count
        }
    }

    private func storageFault(_ work: () throws -> Void) throws -> String {
        var sentence = ""
        do { try work() } catch let failure as PipelineFailure {
            #expect(failure.exitStatus == 6)
            sentence = String(describing: failure)
        }
        return sentence
    }

    @Test("the first run after the edit says so, and status does not call it well")
    func told() throws {
        let scene = try scene()
        let report = try scene.run(now: "2026-03-12")
        let words = report.alarms.filter { $0.contains("output `soc`") }
        #expect(words.count == 1 && words[0].contains("1 file that no run can age"))
        let status = try status(scene, "2026-03-12")
        #expect(status.lostOutputs.map(\.name) == ["soc"])
        #expect(status.lostOutputs.map(\.files) == [1])
        #expect(status.isLate)
        // Named again, or gone, it is nobody's concern.
        try scene.write("pipeline.yaml", pipeline("soc"))
        #expect(try scene.run(now: "2026-03-13").alarms == [])
        #expect(try self.status(scene, "2026-03-13").lostOutputs == [])
    }

    @Test("once it is due the run fails, when all else is done, and it is deleted in its time")
    func due() throws {
        let scene = try scene()
        try scene.run(now: "2026-03-12")
        try scene.write("in/b.jsonl", line("04-12", "carl"))
        let fault = try storageFault { try scene.run(now: "2026-04-15") }
        #expect(fault.contains("belongs to output `soc`"))
        #expect(fault.contains("all others were dealt with: expected output `soc` as it was"))
        #expect(scene.files(below: "team").count == 2)
        #expect(scene.files(below: "out/soc").count == 1)
        try scene.run(now: "2026-05-20")
        #expect(scene.files(below: "out/soc") == [])
        #expect(try scene.run(now: "2026-05-21").alarms == [])
    }

    @Test("who opts out is taken out of all other files, and of it once the output is back")
    func optOut() throws {
        let list = "customer,person,purposes,effective_date\n"
        let more = "opt_outs: { file: oo.csv, effect: drop_record, missing: allowed }"
        let scene = try scene(isSecurity: false, more, files: ["oo.csv": list])
        try scene.run(now: "2026-03-12")
        try scene.write("oo.csv", list + ",anna@one.example,*,2026-03-13\n")
        let fault = try storageFault { try scene.run(now: "2026-03-13") }
        #expect(fault.contains("what opt-outs name stays in it"))
        #expect(try lines(scene, "team") == 1)
        let text = try scene.text("pipeline.yaml").replacing("name: sec", with: "name: soc")
        try scene.write("pipeline.yaml", text)
        try scene.run(now: "2026-03-14")
        #expect(try lines(scene, "out/soc") == 1)
    }

    @Test("an erasure stays open for its sake, and is done everywhere else")
    func erasure() throws {
        let scene = try scene()
        try scene.run(now: "2026-03-12")
        var subject = SubjectRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", kind: .user, value: "anna@one.example")
        subject.now = "2026-03-13"
        subject.role = .controller
        subject.identityCheck = "T-1"
        subject.requestedBy = "desk"
        let request = SubjectEraseRequest(subject: subject)
        let fault = try storageFault { _ = try Sluice.eraseSubject(request) }
        #expect(fault.contains("erasures stay open"))
        #expect(try lines(scene, "team") == 1)
        #expect(try status(scene, "2026-03-13").erasuresOpen == 1)
    }

    @Test("where its folder was removed, words say how to end it, and that ends it")
    func removedFolder() throws {
        let scene = try scene()
        try scene.remove("out/soc")
        let words = try scene.run(now: "2026-03-12").alarms
        let way = "`sluice run --forget-missing soc`"
        #expect(words.count == 1 && words[0].contains(way))
        #expect(try status(scene, "2026-03-12").lostOutputs.map(\.missing) == [1])
        let fault = try storageFault { try scene.run(now: "2026-04-15") }
        #expect(fault.contains("is not there") && fault.contains(way))
        var request = RunRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = "2026-04-15"
        request.forgetsMissing = "soc"
        let report = try unlessBusy { try Sluice.run(request, observer: nil) }
        #expect(!report.alarms.contains { $0.contains("output `soc`") })
        #expect(try scene.run(now: "2026-04-16").alarms == [])
        #expect(try status(scene, "2026-04-16").lostOutputs == [])
    }

    @Test("the run that deletes its last file does not say that it is there")
    func lastFile() throws {
        let scene = try scene()
        #expect(try scene.run(now: "2026-05-20").alarms == [])
        #expect(scene.files(below: "out/soc") == [])
    }

    @Test("an opt-out of what it was not for stops nothing, and is carried out elsewhere")
    func otherOptOut() throws {
        let list = "customer,person,purposes,effective_date\n"
        let more = "opt_outs: { file: oo.csv, effect: drop_record, missing: allowed }"
        let scene = try scene(more, files: ["oo.csv": list])
        try scene.run(now: "2026-03-12")
        try scene.write("oo.csv", list + ",anna@one.example,development,2026-03-13\n")
        try scene.run(now: "2026-03-13")
        #expect(try lines(scene, "team") == 1)
        #expect(try lines(scene, "out/soc") == 2)
        try scene.write("oo.csv", list + ",anna@one.example,security,2026-03-13\n")
        let fault = try storageFault { try scene.run(now: "2026-03-14") }
        #expect(fault.contains("what opt-outs name stays in it"))
    }

    @Test("an opt-out of what nothing else is for stays open until the output is back")
    func soleOfPurpose() throws {
        let list = "customer,person,purposes,effective_date\n"
        let more = "opt_outs: { file: oo.csv, effect: drop_record, missing: allowed }"
        let first = pipeline("soc", isSecurity: false, more: more)
            .replacing("purpose: development }", with: "purpose: service-improvement }")
        let records = line("03-10", "anna") + line("03-10", "bert")
        let scene = try TemporaryPipeline(first, files: ["in/a.jsonl": records, "oo.csv": list])
        try scene.run(now: "2026-03-11")
        try scene.write("pipeline.yaml", pipeline("sec", isSecurity: false, more: more))
        try scene.run(now: "2026-03-12")
        try scene.write("oo.csv", list + ",anna@one.example,service-improvement,2026-03-13\n")
        for day in ["13", "14"] {
            let fault = try storageFault { try scene.run(now: "2026-03-\(day)") }
            #expect(fault.contains("what opt-outs name stays in it"))
        }
        #expect(try lines(scene, "team") == 2)
        try scene.write("pipeline.yaml", first)
        try scene.run(now: "2026-03-15")
        #expect(try lines(scene, "out/soc") == 1)
        #expect(try lines(scene, "team") == 2)
    }
}
