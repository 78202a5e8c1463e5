import Pipelines
import TestSupport
import Testing

/// What was done to a line of a store is done once: transforms here make tokens, and the token of a
/// token is another one.
@Suite("A store knows what was done to each line")
struct StoreDealingTests {
    private let file = "data/a.jsonl"

    private func pipeline(_ user: String, more: String = "") -> String {
        """
        name: archive
        source: { format: jsonl, time: ts }
        store: { files: "data/*", settle: PT0S }
        identity: { user: user, customer: customer }
        window: P2M
        fields:
          ts: keep
          customer: { then: drop, after: P9Y }
          user: { then: pseudonymize, after: \(user) }
          device: pseudonymize
          ip: truncate_ip
        \(more)
        state: state

        """
    }

    private func line(_ day: String, _ user: String = "anna", customer: String = "NL-1") -> String {
        #"{"ts":"2026-\#(day)T10:00:00Z","customer":"\#(customer)","user":"\#(user)","#
            + #""device":"d-\#(user)","ip":"192.0.2.1"}"# + "\n"
    }

    private func member(_ name: String, _ line: Substring) -> String {
        let parts = line.split(separator: "\"")
        let index = parts.firstIndex { $0 == name } ?? 0
        return parts.count > index + 2 ? String(parts[index + 2]) : ""
    }

    private func members(_ name: String, _ scene: TemporaryPipeline) throws -> [String] {
        try scene.text(file).split(separator: "\n").map { member(name, $0) }
    }

    private func raise(
        _ scene: TemporaryPipeline, _ now: String, _ change: (inout HoldRequest) -> Void
    ) throws {
        var request = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        request.now = now
        change(&request)
        _ = try Sluice.raiseHold(request)
    }

    private func release(_ scene: TemporaryPipeline, _ now: String) throws {
        _ = try Sluice.releaseHold(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case", by: "legal", now: now)
    }

    @Test("a field that aged before a hold is not transformed again after its release")
    func severalClocks() throws {
        let scene = try TemporaryPipeline(
            pipeline("P1M"),
            files: [file: line("03-01") + line("03-02", customer: "NL-2") + line("03-03")])
        // The names are due, the devices are not.
        _ = try scene.run(now: "2026-04-15")
        let users = try members("user", scene)
        #expect(Set(users).count == 1 && users[0].utf8.count == 32)
        #expect(try members("device", scene) == ["d-anna", "d-anna", "d-anna"])
        try raise(scene, "2026-04-16") { $0.customers = ["NL-1"] }
        // Now the devices are due; two of them are held.
        _ = try scene.run(now: "2026-05-15")
        #expect(try members("user", scene) == users)
        let half = try members("device", scene)
        #expect(half[0] == "d-anna" && half[1].utf8.count == 32 && half[2] == "d-anna")
        try release(scene, "2026-05-16")
        for now in ["2026-05-16", "2026-05-17"] {
            _ = try scene.run(now: now)
            #expect(try members("user", scene) == users)
            #expect(try members("device", scene) == [half[1], half[1], half[1]])
        }
    }

    @Test("the same when what a reference table said about the name is forgotten by then")
    func tables() throws {
        let tables = """
            tables:
              - { name: accounts, file: accounts.csv, key: user, max_shrink: 100% }
            """
        let scene = try TemporaryPipeline(
            pipeline(
                "{ start: { table: accounts, column: left, by: user }, length: P0D }",
                more: tables),
            files: [
                file: line("03-01") + line("03-02", "bert"),
                "accounts.csv": "user,left\nanna,2026-03-20\nbert,\n",
            ])
        _ = try scene.run(now: "2026-04-15")
        let users = try members("user", scene)
        #expect(users[0].utf8.count == 32 && users[1] == "bert")
        try raise(scene, "2026-04-16") { $0.customers = ["NL-1"] }
        _ = try scene.run(now: "2026-05-15")
        _ = try scene.run(now: "2026-05-16")
        #expect(try members("user", scene) == users)
        try scene.write("accounts.csv", "user,left\nbert,2026-05-01\n")
        try release(scene, "2026-05-17")
        _ = try scene.run(now: "2026-05-17")
        let last = try members("user", scene)
        #expect(last[0] == users[0] && last[1].utf8.count == 32)
        _ = try scene.run(now: "2026-05-18")
        #expect(try members("user", scene) == last)
    }

    @Test("segments that overlap: no line is taken for a new one")
    func overlapping() throws {
        // The first line and the second are looked at together, then the second and the third.
        let lines = [line("03-20", customer: "NL-2"), line("01-05"), line("02-10")]
        let scene = try TemporaryPipeline(pipeline("P2M"), files: [file: lines.joined()])
        _ = try scene.run(now: "2026-03-25")
        try raise(scene, "2026-03-25") { $0.customers = ["NL-1"] }
        _ = try scene.run(now: "2026-04-11")
        try release(scene, "2026-04-12")
        _ = try scene.run(now: "2026-04-12")
        let done = try members("device", scene)
        #expect(done[0] == "d-anna" && done[1].utf8.count == 32 && done[2].utf8.count == 32)
        // The first line becomes due, but is held: the rest stands alone.
        try raise(scene, "2026-05-01") {
            $0.name = "next"
            $0.customers = ["NL-2"]
        }
        for now in ["2026-05-25", "2026-05-26", "2026-05-27"] {
            _ = try scene.run(now: now)
            #expect(try members("device", scene) == done)
        }
    }

    @Test("a clock that is set back does not forget what was done")
    func clockSetBack() throws {
        let scene = try TemporaryPipeline(
            pipeline("P1M"), files: [file: line("03-12") + line("03-20")])
        _ = try scene.run(now: "2026-04-15")
        let users = try members("user", scene)
        #expect(users[0].utf8.count == 32 && users[1] == "anna")
        // Something comes, so that the file is looked at; its first line is not due by this clock.
        try scene.write(file, try scene.text(file) + line("02-20"))
        _ = try scene.run(now: "2026-04-02")
        #expect(try members("user", scene)[..<2] == users[...])
        for now in ["2026-04-16", "2026-04-17"] {
            _ = try scene.run(now: now)
            #expect(try members("user", scene) == [users[0], "anna", try members("user", scene)[2]])
        }
    }
}
