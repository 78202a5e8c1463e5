import Pipelines
import TestSupport
import Testing

/// Tokens of tokens would be found by nobody: what was done to a line is known by the rule of each
/// field, and line by line where a file was cut.
@Suite("A store knows what was done under other rules and to single lines")
struct StoreKnowledgeTests {
    private let file = "data/a.jsonl"

    private func pipeline(_ fields: String, window: String = "P1M") -> String {
        """
        name: archive
        source: { format: jsonl, time: ts }
        store: { files: "data/*", settle: PT0S }
        identity: { user: user }
        window: \(window)
        fields: { ts: keep, \(fields) }
        state: state

        """
    }

    private func line(_ day: Int, _ user: String = "anna") -> String {
        let day = day < 10 ? "0\(day)" : "\(day)"
        return #"{"ts":"2026-01-\#(day)T10:00:00Z","user":"\#(user)","ip":"192.0.2.1","#
            + #""lang":"nl-NL"}"# + "\n"
    }

    private func members(
        _ name: String, _ scene: TemporaryPipeline, _ file: String
    ) throws -> [String] {
        try scene.text(file).split(separator: "\n").map { line in
            let parts = line.split(separator: "\"")
            let index = parts.firstIndex { $0 == name } ?? parts.count
            return parts.count > index + 2 ? String(parts[index + 2]) : ""
        }
    }

    private func users(_ scene: TemporaryPipeline, _ file: String) throws -> [String] {
        try members("user", scene, file)
    }

    /// What stands in the rules after the first run, and whether the address stays as it was aged.
    private static let changes: [(fields: String, window: String, keepsAddress: Bool)] = [
        ("user: pseudonymize, ip: truncate_ip, lang: language", "P1M", true),
        ("user: pseudonymize, ip: drop", "P1M", false),
        ("user: pseudonymize, ip: truncate_ip", "P2M", true),
        ("user: pseudonymize, ip: { then: truncate_ip, after: P2M }", "P1M", true),
    ]

    @Test("a rule that changes leaves the fields of others alone", arguments: changes)
    func otherRules(_ change: (fields: String, window: String, keepsAddress: Bool)) throws {
        let scene = try TemporaryPipeline(
            pipeline("user: pseudonymize, ip: truncate_ip"),
            files: [file: line(3) + line(4) + line(25)])
        _ = try scene.run(now: "2026-02-20")
        let before = try users(scene, file)
        #expect(before[0].utf8.count == 32 && before[2] == "anna")
        let address = try members("ip", scene, file)[0]
        #expect(address.hasPrefix("192.0.") && address != "192.0.2.1")
        try scene.write("pipeline.yaml", pipeline(change.fields, window: change.window))
        for now in ["2026-02-20", "2026-02-21", "2026-04-02"] {
            _ = try scene.run(now: now)
            #expect(Array(try users(scene, file)[..<2]) == Array(before[..<2]))
            #expect(try members("ip", scene, file)[0] == (change.keepsAddress ? address : ""))
        }
        #expect(try users(scene, file)[2] == before[0])
    }

    @Test("a rule that changes while a hold binds is applied when the hold has ended")
    func held() throws {
        let scene = try TemporaryPipeline(
            pipeline("user: pseudonymize, ip: truncate_ip"), files: [file: line(3) + line(4)])
        _ = try scene.run(now: "2026-02-20")
        let before = try users(scene, file)
        let addresses = try members("ip", scene, file)
        var request = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        request.now = "2026-02-20"
        request.from = "2026-01-01"
        _ = try Sluice.raiseHold(request)
        try scene.write("pipeline.yaml", pipeline("user: pseudonymize, ip: drop"))
        _ = try scene.run(now: "2026-02-21")
        _ = try scene.run(now: "2026-02-22")
        #expect(try members("ip", scene, file) == addresses && !addresses[0].isEmpty)
        _ = try Sluice.releaseHold(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case", by: "legal",
            now: "2026-02-23")
        for now in ["2026-02-23", "2026-02-24"] {
            _ = try scene.run(now: now)
            #expect(try members("ip", scene, file) == ["", ""])
            #expect(try users(scene, file) == before)
        }
    }

    @Test("lines of a file that was cut, split or filtered are known one by one")
    func lines() throws {
        let all = (1...9).map { line($0, "u\($0)") }
        let scene = try TemporaryPipeline(
            pipeline("user: pseudonymize"), files: [file: all.joined()])
        _ = try scene.run(now: "2026-02-20")
        let aged = try scene.text(file).split(separator: "\n").map { "\($0)\n" }
        // One taken out, one new in between, and two in a file of their own.
        try scene.write(file, aged[0] + aged[2] + line(2, "new") + aged[3...].joined())
        try scene.write("data/b.jsonl", aged[5] + aged[1])
        let report = try scene.run(now: "2026-02-21")
        #expect(report.store?.formed == 0)
        #expect(report.store?.edited.count == 1)
        let text = try scene.text(file).split(separator: "\n").map { "\($0)\n" }
        #expect(text[0] == aged[0] && text[1] == aged[2] && Array(text[3...]) == Array(aged[3...]))
        #expect(try users(scene, file)[2].utf8.count == 32)
        #expect(try scene.text("data/b.jsonl") == aged[5] + aged[1])
        // Behind the death of the key nothing could be made again.
        _ = try scene.run(now: "2026-03-20")
        try scene.write(file, aged[7] + aged[2])
        _ = try scene.run(now: "2026-03-21")
        #expect(try scene.text(file) == aged[7] + aged[2])
    }

    @Test("a new line whose name looks like a token is aged, and that is told")
    func unknownTokens() throws {
        let name = "0123456789abcdef0123456789abcdef"
        let scene = try TemporaryPipeline(
            pipeline("user: pseudonymize"), files: [file: line(3, name) + line(4)])
        let report = try scene.run(now: "2026-02-20")
        #expect(report.store?.formed == 1)
        let aged = try users(scene, file)
        #expect(aged[0] != name && aged[0].utf8.count == 32)
        #expect(try scene.run(now: "2026-02-21").store?.formed == 0)
        #expect(try users(scene, file) == aged)
    }

    @Test("late records of a month whose key is dead are counted once")
    func keyless() throws {
        let scene = try TemporaryPipeline(pipeline("user: pseudonymize"), files: [file: line(5)])
        _ = try scene.run(now: "2026-02-20")
        let last = try scene.run(now: "2026-03-20")
        #expect(last.destroyedKeys.count == 1 && last.store?.keyless == 0)
        try scene.write("data/late.jsonl", line(5, "late"))
        #expect(try scene.run(now: "2026-03-21", isDryRun: true).store?.keyless == 1)
        #expect(try scene.run(now: "2026-03-21").store?.keyless == 1)
        #expect(!(try scene.text("data/late.jsonl").contains("late")))
        #expect(try scene.run(now: "2026-03-22").store?.keyless == 0)
    }

    @Test("files that no pattern reaches because of their dot, and times ahead, are told")
    func passedOver() throws {
        let dotted = "data/.old.jsonl"
        let scene = try TemporaryPipeline(
            pipeline("user: pseudonymize").replacing("\"data/*\"", with: "\"data/**\""),
            files: [file: line(3), dotted: line(3), "data/.deep/x.jsonl": line(3)])
        let report = try scene.run(now: "2026-02-20")
        #expect(report.store?.passedOver.count == 2)
        #expect(report.notes.contains { $0.contains("begin with a dot") })
        let verified = try Sluice.verify(request(scene, "2026-02-20"))
        #expect(verified.notes.contains { $0.contains("begin with a dot") })
    }

    private func request(_ scene: TemporaryPipeline, _ now: String) -> VerifyRequest {
        var request = VerifyRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = now
        return request
    }

    @Test("verify tells what was changed since the last run")
    func drift() throws {
        let scene = try TemporaryPipeline(
            pipeline("user: pseudonymize"),
            files: [file: line(3) + line(4), "data/b.jsonl": line(5)])
        _ = try scene.run(now: "2026-02-20")
        let aged = try scene.text(file)
        func kinds() throws -> [String] {
            try Sluice.verify(request(scene, "2026-02-20")).findings.map(\.kind.rawValue)
        }
        #expect(try kinds() == [])
        try scene.write(file, aged.replacing("nl-NL", with: "nl-BE"))
        #expect(try kinds() == (aged.contains("nl-NL") ? ["changed"] : []))
        try scene.write(file, String(aged.split(separator: "\n")[0]) + "\n")
        #expect(try kinds() == ["changed"])
        let user = try users(scene, "data/b.jsonl")[0]
        try scene.write(file, aged.replacing(user, with: String(user.reversed())))
        #expect(try kinds() == (aged.contains(user) ? ["changed"] : []))
        try scene.write(file, aged + #"{"ts":"2026-02-19T10:00:00Z","user":"new"}"# + "\n")
        var report = try Sluice.verify(request(scene, "2026-02-20"))
        #expect(report.isProven && report.notes.contains { $0.contains("grew") })
        try scene.remove(file)
        report = try Sluice.verify(request(scene, "2026-02-20"))
        #expect(report.isProven && report.notes.contains { $0.contains("is gone") })
    }

    @Test("verify finds that another pipeline aged what a hold had kept")
    func heldElsewhere() throws {
        let scene = try TemporaryPipeline(pipeline("user: drop"), files: [file: line(3)])
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.now = "2026-01-06"
        hold.users = ["anna"]
        _ = try Sluice.raiseHold(hold)
        _ = try scene.run(now: "2026-03-01")
        #expect(try users(scene, file) == ["anna"])
        try scene.write(
            "other.yaml", pipeline("user: drop").replacing("state: state", with: "state: other"))
        _ = try scene.run(now: "2026-03-01", file: "other.yaml")
        let report = try Sluice.verify(request(scene, "2026-03-01"))
        #expect(report.findings.contains { $0.sentence.contains("the last run left 1") })
    }
}
