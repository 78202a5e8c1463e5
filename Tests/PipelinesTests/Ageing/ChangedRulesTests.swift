import Pipelines
import TestSupport
import Testing

/// What becomes of parts when the pipeline file is edited: tokens show whether something was done
/// twice, because the token of a token is another one.
@Suite("Parts know by which rules they were dealt with")
struct ChangedRulesTests {
    private struct Rules {
        var window = "P1M"
        var user = "pseudonymize"
        var ip = "{ truncate_ip: { ipv4: /24 } }"
        var device = "{ then: pseudonymize, after: P10D }"
        var others = ""
        var more = ""
        var zone = ""
    }

    /// Devices age after ten days, users and addresses after a month.
    private func pipeline(_ rules: Rules) -> String {
        """
        name: audit
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user }
        window: \(rules.window)
        \(rules.zone)
        fields:
          ts: keep
          user: \(rules.user)
          device: \(rules.device)
          ip: \(rules.ip)
        \(rules.others)
        outputs:
          - { name: soc, purpose: security, path: "out/soc.jsonl",
              safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }
          - { name: team, purpose: statistics, path: "team/rows.jsonl" }
        state: state
        \(rules.more)

        """
    }

    private func line(_ day: String, _ user: String = "anna") -> String {
        #"{"ts":"2026-\#(day)T10:00:00Z","user":"\#(user)","device":"d-\#(user)","#
            + #""ip":"192.0.2.77","note":"x"}"# + "\n"
    }

    private func scene(_ lines: String) throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(pipeline(Rules()), files: ["in/a.jsonl": lines])
        // Devices of the first days are aged, users are not.
        _ = try scene.run(now: "2026-03-25")
        return scene
    }

    private func edit(
        _ scene: TemporaryPipeline, _ change: (inout Rules) -> Void
    ) throws {
        var rules = Rules()
        change(&rules)
        try scene.write("pipeline.yaml", pipeline(rules))
    }

    private func members(
        _ name: String, _ folder: String, _ scene: TemporaryPipeline
    ) throws -> [String] {
        try scene.files(below: folder).flatMap { file in
            try scene.text("\(folder)/\(file)").split(separator: "\n").map { line in
                let parts = line.split(separator: "\"")
                let index = parts.firstIndex { $0 == name } ?? parts.count
                return parts.count > index + 2 ? String(parts[index + 2]) : ""
            }
        }
    }

    @Test("an edit that changes no rule changes nothing that was done, in any order of runs")
    func comment() throws {
        let scene = try scene(line("03-01") + line("03-24", "bert"))
        let devices = try members("device", "out", scene)
        #expect(devices[0].utf8.count == 32 && devices[1] == "d-bert")
        let team = try members("user", "team", scene)
        try edit(scene) { $0.more = "# said in other words\nquarantine: { limit: 5 }" }
        let report = try scene.run(now: "2026-03-26")
        #expect(report.agedParts == 0)
        let due = try scene.run(now: "2026-04-15")
        #expect(due.agedParts == 1)
        #expect(try members("device", "out", scene)[0] == devices[0])
        #expect(try members("user", "out", scene)[0].utf8.count == 32)
        #expect(try members("user", "team", scene) == team)
        #expect(try scene.verify(now: "2026-04-15").findings.isEmpty)
    }

    @Test("a field whose rule changed is transformed again where it is due, and no other one")
    func changedTransform() throws {
        let scene = try scene(line("03-01") + line("03-24", "bert"))
        let devices = try members("device", "out", scene)
        _ = try scene.run(now: "2026-04-10")
        let users = try members("user", "out", scene)
        let team = try members("user", "team", scene)
        #expect(try members("ip", "out", scene) == ["192.0.2.0", "192.0.2.77"])
        try edit(scene) { $0.ip = "{ truncate_ip: { ipv4: /16 } }" }
        _ = try scene.run(now: "2026-04-11")
        // What is due has the form of the rule of now; nothing else was touched.
        #expect(try members("ip", "out", scene) == ["192.0.0.0", "192.0.2.77"])
        #expect(try members("ip", "team", scene) == ["192.0.0.0", "192.0.0.0"])
        #expect(try members("user", "out", scene) == users)
        #expect(try members("device", "out", scene)[0] == devices[0])
        #expect(try members("user", "team", scene) == team)
        #expect(try scene.verify(now: "2026-04-11").findings.isEmpty)
        // It was looked at once.
        #expect(try scene.run(now: "2026-04-12").agedParts == 0)
        _ = try scene.run(now: "2026-05-01")
        let aged = try members("device", "out", scene)
        #expect(aged[0] == devices[0] && aged[1].utf8.count == 32)
        #expect(try members("ip", "out", scene) == ["192.0.0.0", "192.0.0.0"])
        _ = try scene.run(now: "2026-05-02")
        #expect(try members("device", "out", scene) == aged)
    }

    @Test("a clock that became longer or shorter changes nothing that was done", arguments: [
        ("P2M", "2026-06-01"), ("P20D", "2026-04-20"),
    ])
    func changedClock(window: String, allDue: String) throws {
        let scene = try scene(line("03-01") + line("03-24", "bert"))
        _ = try scene.run(now: "2026-04-10")
        let users = try members("user", "out", scene)
        #expect(users[0].utf8.count == 32 && users[1] == "bert")
        try edit(scene) { $0.window = window }
        for now in ["2026-04-11", "2026-04-12", allDue, "2026-06-02"] {
            _ = try scene.run(now: now)
            #expect(try members("user", "out", scene)[0] == users[0], "\(window) \(now)")
        }
        let last = try members("user", "out", scene)
        #expect(last[1].utf8.count == 32)
        // And back again: each run knows what was done under either.
        try edit(scene) { $0.window = "P1M" }
        _ = try scene.run(now: "2026-06-03")
        #expect(try members("user", "out", scene) == last)
    }

    @Test("what the pipeline no longer keeps goes from what is due, also where it was aged before")
    func unnamed() throws {
        let scene = try TemporaryPipeline(
            pipeline(Rules(others: "others: keep-everything")),
            files: ["in/a.jsonl": line("03-01") + line("03-24", "bert")])
        _ = try scene.run(now: "2026-04-10")
        let users = try members("user", "out", scene)
        #expect(try members("note", "out", scene) == ["x", "x"])
        try edit(scene) { _ in }
        _ = try scene.run(now: "2026-04-11")
        #expect(try members("note", "out", scene) == ["", "x"])
        #expect(try members("note", "team", scene) == ["", ""])
        #expect(try members("user", "out", scene) == users)
        #expect(try scene.verify(now: "2026-04-11").findings.isEmpty)
    }

    private func holdAnna(_ scene: TemporaryPipeline) throws {
        var request = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        request.now = "2026-03-26"
        request.users = ["anna"]
        _ = try Sluice.raiseHold(request)
    }

    @Test("what was held when the rules changed is aged once the hold ends, the rest stays")
    func held() throws {
        let scene = try scene(line("03-01") + line("03-02", "bert") + line("03-24", "carl"))
        let devices = try members("device", "out", scene)
        try holdAnna(scene)
        _ = try scene.run(now: "2026-04-10")
        let half = try members("user", "out", scene)
        #expect(half[0] == "anna" && half[1].utf8.count == 32 && half[2] == "carl")
        try edit(scene) { $0.ip = "{ truncate_ip: { ipv4: /16 } }" }
        _ = try scene.run(now: "2026-04-11")
        #expect(try members("ip", "out", scene) == ["192.0.2.77", "192.0.0.0", "192.0.2.77"])
        _ = try Sluice.releaseHold(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case", by: "legal",
            now: "2026-04-12")
        _ = try scene.run(now: "2026-04-12")
        let users = try members("user", "out", scene)
        #expect(users[0].utf8.count == 32 && users[1] == half[1] && users[2] == "carl")
        #expect(try members("device", "out", scene)[..<2] == devices[..<2])
        _ = try scene.run(now: "2026-04-13")
        #expect(try members("user", "out", scene) == users)
        #expect(try scene.verify(now: "2026-04-13").findings.isEmpty)
    }

    @Test("where the rules change with the end of a hold, what it kept is judged field by field")
    func heldUntilTheRulesChange() throws {
        let scene = try scene(line("03-01") + line("03-24", "carl"))
        try holdAnna(scene)
        _ = try scene.run(now: "2026-04-10")
        #expect(try members("device", "out", scene)[0].utf8.count == 32)
        try edit(scene) { $0.device = "{ then: drop, after: P10D }" }
        _ = try Sluice.releaseHold(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case", by: "legal",
            now: "2026-04-11")
        _ = try scene.run(now: "2026-04-11")
        // Another transform than the one that it was aged by counts as not done.
        #expect(try members("device", "out", scene)[0] == "")
        #expect(try members("user", "out", scene)[0].utf8.count == 32)
    }

    @Test("an output that may show nothing readable any more loses what is readable in its parts")
    func lostSafeguards() throws {
        let scene = try scene(line("03-01") + line("03-24", "bert"))
        let devices = try members("device", "out", scene)
        #expect(try members("user", "out", scene) == ["anna", "bert"])
        try scene.write(
            "pipeline.yaml",
            try scene.text("pipeline.yaml").replacing(
                #", path: "out/soc.jsonl","#, with: #", path: "out/soc.jsonl" }"#
            ).replacing(
                "      safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }\n",
                with: ""))
        _ = try scene.run(now: "2026-03-26")
        #expect(try members("user", "out", scene).allSatisfy { $0.utf8.count == 32 })
        #expect(try members("device", "out", scene)[0] == devices[0])
        #expect(try scene.verify(now: "2026-03-26").findings.isEmpty)
    }

    @Test("a part in a format that the output no longer has is refused with what to do about it")
    func changedFormat() throws {
        let scene = try scene(line("03-24"))
        let text = try scene.text("pipeline.yaml").replacing(
            "{ name: soc,", with: "{ name: soc, format: csv,")
        try scene.write("pipeline.yaml", text)
        _ = try scene.run(now: "2026-03-26")
        // Nothing in it is due yet. Later it is.
        let failure = #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-04-15") }
        guard case .storage(let sentence)? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(sentence.contains("was written in another format than output `soc` has now"))
    }
}
