import Pipelines
import Testing

@Suite struct QuarantineFileTests {
    private func pipeline(_ quarantine: String) -> String {
        """
        name: set-aside
        source: { format: jsonl, files: "in.jsonl", time: ts }
        fields: { ts: keep, ip: truncate_ip }
        outputs:
          - { name: all, purpose: statistics, path: "out/all.jsonl" }
        quarantine: \(quarantine)
        """
    }

    private let input = """
        {"ts":"2026-03-01T00:00:00Z","ip":"192.0.2.1"}
        {"ts":"2026-03-01T00:00:00Z","ip":"192.0.2.2"
        {"ts":"not a time","ip":"192.0.2.3"}

        """

    @Test func listsPositionsAndReasonsButNeverARecord() throws {
        let folder = try TemporaryPipeline(
            pipeline("{ limit: 10, path: aside }"), files: ["in.jsonl": input])
        _ = try folder.run(now: "2026-04-15")
        let names = folder.files(below: "aside")
        #expect(names.count == 1)
        let name = try #require(names.first)
        let list = try folder.text("aside/\(name)")
        let lines = list.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].contains(#""byte_offset":47,"length":45,"reason":"not-json","record":2"#))
        #expect(lines[1].contains(#""reason":"bad-time","record":3"#))
        #expect(!list.contains("192.0.2"))
        #expect(!list.contains("line_hex"))
        #expect(try folder.permissions("aside/\(name)") == 0o600)
        #expect(try folder.permissions("aside") == 0o700)
    }

    @Test func keepsLinesOnDemandForOneWindowAndNoLonger() throws {
        let folder = try TemporaryPipeline(
            pipeline("{ limit: 10, path: aside, keep_lines: true }"), files: ["in.jsonl": input])
        _ = try folder.run(now: "2026-04-15")
        let name = try #require(folder.files(below: "aside").first)
        let third = #"{"ts":"not a time","ip":"192.0.2.3"}"#
        let hex = third.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(try folder.text("aside/\(name)").contains(hex))
        try folder.write("in.jsonl", "")
        _ = try folder.run(now: "2026-05-15")
        #expect(folder.files(below: "aside").contains(name))
        _ = try folder.run(now: "2026-05-16")
        #expect(folder.files(below: "aside").isEmpty)
    }

    @Test("status tells a list whose time has come, also by a window that is shorter since")
    func status() throws {
        let text = pipeline("{ limit: 100%, keep_lines: true }") + "\nstate: state"
        let folder = try TemporaryPipeline(text, files: ["in.jsonl": input])
        _ = try folder.run(now: "2026-04-15")
        func status(_ now: String) throws -> StatusReport {
            var request = StatusRequest(pipeline: "\(folder.folder)/pipeline.yaml")
            request.now = now
            return try unlessBusy { try Sluice.status(request) }
        }
        #expect(try status("2026-05-15").due.expired == 0)
        let due = try status("2026-05-17")
        #expect(due.due.expired == 1 && due.overdue == 0 && due.lateness?.days == 1)
        try folder.write("in.jsonl", "")
        _ = try folder.run(now: "2026-04-25")
        try folder.write("pipeline.yaml", text.replacing("fields:", with: "window: P1W\nfields:"))
        let shorter = try status("2026-04-25")
        #expect(shorter.due.expired == 1 && shorter.overdue == 1 && shorter.isLate)
        _ = try folder.run(now: "2026-04-25")
        #expect(folder.files(below: "state/quarantine").isEmpty)
        #expect(try !status("2026-04-25").isLate)
    }

    @Test(arguments: ["", "\nstate: state"])
    func twoRunsOfOneDayHaveAListEach(state: String) throws {
        let folder = try TemporaryPipeline(
            pipeline("{ limit: 100%, path: aside }") + state, files: ["in.jsonl": input])
        _ = try folder.run(now: "2026-04-15")
        try folder.write("in.jsonl", input + "no record at all\n")
        _ = try folder.run(now: "2026-04-15")
        #expect(folder.files(below: "aside").count == 2)
    }

    @Test func writesNothingPastTheLimit() throws {
        let folder = try TemporaryPipeline(
            pipeline("{ limit: 1, path: aside }"), files: ["in.jsonl": input])
        #expect(throws: PipelineFailure.self) { try folder.run(now: "2026-04-15") }
        #expect(folder.files(below: "aside").isEmpty)
        #expect(folder.files(below: "out").isEmpty)
    }
}
