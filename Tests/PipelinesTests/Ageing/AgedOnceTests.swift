import Pipelines
import Records
import TestSupport
import Testing

/// A readable output has two clocks for all its records, `window` and `delete_after`, in any order:
/// whatever rewrites a part behind either of them, no token is made of a token, and an erasure
/// finds everybody.
@Suite("Records are aged once, whichever clock runs out first")
struct AgedOnceTests {
    /// The lengths, and a day behind each of the two.
    struct Clocks: CustomStringConvertible {
        var window: String
        var deleteAfter: String
        var days: [String]
        var description: String { "\(window) and \(deleteAfter)" }
    }

    /// What rewrites parts, or lets them be looked at, between the clocks or behind them.
    enum Deed: CaseIterable { case nothing, erasure, optOut, correction, release, edit }

    static let clocks = [
        Clocks(window: "P2W", deleteAfter: "P1M", days: ["04-25", "05-12"]),
        Clocks(window: "P1M", deleteAfter: "P2W", days: ["04-25", "05-12"]),
        Clocks(window: "P1M", deleteAfter: "P1M", days: ["05-11", "05-12"]),
        Clocks(window: "P3D", deleteAfter: "P1W", days: ["04-14", "04-18"]),
    ]

    /// `soc` may show records, `team` has the tokens of the same values from the beginning.
    private func pipeline(_ clocks: Clocks, language: String = "language") -> String {
        """
        name: once
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        window: \(clocks.window)
        fields:
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          device: { then: pseudonymize, after: P5D }
          agent: agent_family
          lang: \(language)
        outputs:
          - name: soc
            purpose: security
            path: "out/soc.jsonl"
            safeguards: { reason: abuse, readers: [soc], delete_after: \(clocks.deleteAfter) }
          - { name: team, purpose: statistics, path: "team/rows.jsonl" }
        state: state

        """
    }

    private static let users = ["anna", "bert", "cleo", "dora"]

    private func scene(_ clocks: Clocks) throws -> TemporaryPipeline {
        let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0.0.0 Safari/537.36"
        let lines = Self.users.map { user in
            #"{"ts":"2026-04-10T10:00:00Z","customer":"c-\#(user)","user":"\#(user)","#
                + #""device":"d-\#(user)","agent":"\#(agent)","lang":"nl-BE"}"# + "\n"
        }
        let scene = try TemporaryPipeline(
            pipeline(clocks), files: ["in/a.jsonl": lines.joined()])
        _ = try scene.run(now: "2026-04-11")
        return scene
    }

    private func lines(_ folder: String, _ scene: TemporaryPipeline) throws -> [String] {
        try scene.files(below: folder).flatMap {
            try scene.text("\(folder)/\($0)").split(separator: "\n").map(String.init)
        }
    }

    private func erase(
        _ user: String, _ scene: TemporaryPipeline, _ now: String
    ) throws -> SubjectChangeReport {
        try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, user, now: now)))
    }

    private func raise(_ scene: TemporaryPipeline) throws {
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.now = "2026-04-11"
        hold.users = ["anna"]
        _ = try Sluice.raiseHold(hold)
    }

    private func perform(
        _ deed: Deed, _ scene: TemporaryPipeline, _ clocks: Clocks, _ now: String
    ) throws {
        let file = "\(scene.folder)/pipeline.yaml"
        switch deed {
        case .nothing: break
        case .erasure: #expect(try erase("dora", scene, now).records == 2, "\(clocks) \(now)")
        case .optOut:
            var request = OptOutRequest(
                pipeline: file, subject: OptOutSubject(customer: "c-dora", user: nil))
            request.now = now
            _ = try Sluice.addOptOut(request)
        case .correction:
            let request = SubjectRectifyRequest(
                subject: scene.request(.user, "bert", now: now), field: "customer",
                text: "c-new")
            _ = try Sluice.rectifySubject(request)
        case .release:
            _ = try Sluice.releaseHold(pipeline: file, name: "case", by: "legal", now: now)
        case .edit:
            try scene.write("pipeline.yaml", pipeline(clocks, language: "drop"))
        }
    }

    @Test("each value has its own token, once", arguments: AgedOnceTests.clocks, Deed.allCases)
    func tokens(_ clocks: Clocks, _ deed: Deed) throws {
        for place in clocks.days.indices {
            let scene = try scene(clocks)
            let team = try lines("team", scene)
            if deed == .release { try raise(scene) }
            for (index, day) in clocks.days.enumerated() {
                _ = try scene.run(now: "2026-\(day)")
                if index == place { try perform(deed, scene, clocks, "2026-\(day)") }
            }
            let last = "2026-\(clocks.days[1])"
            _ = try scene.run(now: last)
            let found = try lines("out", scene)
            let wanted = team.map { line in
                deed == .edit ? line.replacing(#","lang":"nl""#, with: "") : line
            }
            let left = wanted.filter { deed != .erasure || $0 != wanted[3] }
            #expect(found == left, "\(clocks), \(deed) on \(clocks.days[place])")
            for user in Self.users.dropLast() {
                #expect(try erase(user, scene, last).records >= 1, "\(user)")
            }
            #expect(try lines("out", scene).count <= 1)
            #expect(try scene.verify(now: last).findings.isEmpty)
        }
    }

    @Test("what a shorter window did stays done when `delete_after` has passed, held or not")
    func shorterWindow() throws {
        var clocks = Clocks(window: "P1M", deleteAfter: "P1M", days: [])
        let scene = try scene(clocks)
        let team = try lines("team", scene)
        try raise(scene)
        clocks.window = "P2W"
        try scene.write("pipeline.yaml", pipeline(clocks))
        for day in ["04-25", "05-10", "05-11", "05-12"] {
            _ = try scene.run(now: "2026-\(day)")
            #expect(try lines("out", scene).dropFirst() == team.dropFirst(), "\(day)")
        }
    }

    @Test("a `delete_after` as short as the clock of a field reaches the fields of the others")
    func knownLength() throws {
        var clocks = Clocks(window: "P1M", deleteAfter: "P1M", days: [])
        let scene = try scene(clocks)
        _ = try scene.run(now: "2026-04-17")
        clocks.deleteAfter = "P5D"
        try scene.write("pipeline.yaml", pipeline(clocks))
        _ = try scene.run(now: "2026-04-18")
        #expect(try lines("out", scene) == lines("team", scene))
    }

    @Test("a correction is not made where a longer window lets a token look readable")
    func longerWindow() throws {
        var clocks = Clocks(window: "P2W", deleteAfter: "P1Y", days: [])
        let scene = try scene(clocks)
        let team = try lines("team", scene)
        _ = try scene.run(now: "2026-04-25")
        #expect(try lines("out", scene) == team)
        clocks.window = "P2M"
        try scene.write("pipeline.yaml", pipeline(clocks))
        let request = SubjectRectifyRequest(
            subject: scene.request(.user, "bert", now: "2026-04-26"), field: "customer",
            text: "c-new")
        _ = try Sluice.rectifySubject(request)
        #expect(try lines("out", scene) == team)
    }
}
