import Records
import TestSupport
import Testing

@testable import Pipelines

/// States of sluices that wrote their rules down without what was known of the zone, without the
/// clock behind which nothing is readable and without what clocks read.
@Suite("What was dealt with is known where less was written of the rules")
struct BriefRulesTests {
    /// What is changed in the pipeline file before its next run.
    enum Edit: CaseIterable {
        case none, otherField, shorterDelete, longerDelete, deleteAsField, otherOutput
    }

    private static let users = ["anna", "bert", "cleo"]

    private func pipeline(_ edit: Edit = .none) -> String {
        let deleteAfter =
            switch edit {
            case .shorterDelete: "P10D"
            case .longerDelete: "P3W"
            case .deleteAsField: "P5D"
            default: "P2W"
            }
        return """
            name: brief
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user }
            window: P1M
            fields:
              ts: keep
              user: pseudonymize
              device: { then: pseudonymize, after: P5D }
              lang: \(edit == .otherField ? "drop" : "language")
            outputs:
              - name: soc
                purpose: security
                path: "out/soc.jsonl"
                safeguards: { reason: abuse, readers: [soc], delete_after: \(deleteAfter) }
              - name: desk
                purpose: security
                path: "desk/desk.jsonl"
                safeguards:
                  { reason: abuse, readers: [desk], delete_after: \(
                      edit == .otherOutput ? "P4M" : "P3M") }
              - { name: team, purpose: statistics, path: "team/rows.jsonl" }
            acknowledge: [readable-window]
            state: state

            """
    }

    private func scene() throws -> TemporaryPipeline {
        let lines = Self.users.map { user in
            #"{"ts":"2026-04-10T10:00:00Z","user":"\#(user)","device":"d-\#(user)","#
                + #""lang":"nl-BE"}"# + "\n"
        }
        return try TemporaryPipeline(pipeline(), files: ["in/a.jsonl": lines.joined()])
    }

    /// A run that writes down of its rules what those sluices did.
    private func runBefore(_ scene: TemporaryPipeline, _ now: String) throws -> RunReport {
        var plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: now)
        for index in plan.outputs.indices { plan.outputs[index].rules?.shorten() }
        if let rules = plan.store?.rulesBefore { plan.store?.rules = rules }
        plan.store?.fieldRules?.shorten()
        return try unlessBusy {
            try StatefulRun(
                plan: plan, statePath: "\(scene.folder)/state", request: RunSettings(),
                observer: nil
            ).run()
        }
    }

    private func lines(_ folder: String, _ scene: TemporaryPipeline) throws -> [String] {
        try scene.files(below: folder).flatMap {
            try scene.text("\(folder)/\($0)").split(separator: "\n").map(String.init)
        }
    }

    private func raiseHold(_ scene: TemporaryPipeline) throws {
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.now = "2026-04-11"
        hold.users = ["anna"]
        _ = try Sluice.raiseHold(hold)
    }

    @Test("no token is made of a token, and nothing stays readable", arguments: Edit.allCases, [
        false, true,
    ])
    func tokens(_ edit: Edit, _ isHeld: Bool) throws {
        let scene = try scene()
        _ = try runBefore(scene, "2026-04-11")
        if isHeld { try raiseHold(scene) }
        // `delete_after` has run out, and the clock of most fields has not.
        _ = try runBefore(scene, "2026-04-25")
        try scene.write("pipeline.yaml", pipeline(edit))
        for day in ["04-26", "05-12"] { _ = try scene.run(now: "2026-\(day)") }
        if isHeld {
            _ = try Sluice.releaseHold(
                pipeline: "\(scene.folder)/pipeline.yaml", name: "case", by: "legal",
                now: "2026-05-12")
            _ = try scene.run(now: "2026-05-13")
        }
        let team = try lines("team", scene).map { line in
            edit == .otherField ? line.replacing(#","lang":"nl""#, with: "") : line
        }
        #expect(try lines("out", scene) == team)
        #expect(try lines("desk", scene) == team)
        #expect(try scene.verify(now: "2026-05-13").findings.isEmpty)
    }

    @Test("what was readable is aged by a `delete_after` that became another clock's length")
    func shortened() throws {
        let scene = try scene()
        _ = try runBefore(scene, "2026-04-18")
        #expect(try lines("out", scene).allSatisfy { $0.contains(#""lang":"nl-BE""#) })
        try scene.write("pipeline.yaml", pipeline(.deleteAsField))
        _ = try scene.run(now: "2026-04-19")
        #expect(try lines("out", scene) == lines("team", scene))
    }

    @Test("parts and files whose rules are those of now are not looked at as those of others")
    func same() throws {
        let scene = try scene()
        _ = try runBefore(scene, "2026-04-11")
        let plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-04-11")
        let rules = try #require(plan.outputs[0].rules)
        var brief = rules
        brief.shorten()
        #expect(rules.digest != brief.digest && plan.outputs[0].hasRules(brief.digest))
        let other = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-04-11")
            .outputs[2].rules
        #expect(try !plan.outputs[0].hasRules(#require(other).digestBefore))

        let store = try TemporaryPipeline(
            storePipeline(), files: ["data/a.jsonl": storeRecord("01-02")])
        #expect(try runBefore(store, "2026-04-15").store?.changed == 1)
        #expect(try store.run(now: "2026-04-15").store?.settledFiles == 1)
    }
}

extension RuleBook {
    fileprivate mutating func shorten() {
        zone = nil
        readable = nil
        reads = [:]
    }
}
