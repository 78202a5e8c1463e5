import FileSystem
import Glibc
import Pipelines
import Records
import TestSupport
import Testing

@Suite("verify")
struct VerifyTests {
    private static func scene() throws -> VerificationScene {
        let scene = try VerificationScene()
        try scene.addLog("1", date: "2026-03-10")
        try scene.addLog("2", date: "2026-03-20")
        try scene.run("2026-03-25")
        return scene
    }

    @Test("what a run left is proven, on its day and as long as nothing is due")
    func proven() throws {
        let scene = try Self.scene()
        for now in ["2026-03-25", "2026-04-10"] {
            let report = try scene.verify(now)
            #expect(report.findings == [], "\(now)")
            #expect(report.checks.contains { $0.name == "records read back" && $0.count == 16 })
        }
    }

    @Test("verification changes nothing")
    func changesNothing() throws {
        let scene = try Self.scene()
        let before = try scene.files().map { ($0, try scene.content($0)) }
        _ = try scene.verify("2026-09-01")
        let after = try scene.files().map { ($0, try scene.content($0)) }
        #expect(before.map(\.0) == after.map(\.0))
        for (left, right) in zip(before, after) { #expect(left.1 == right.1, "\(left.0)") }
    }

    @Test("a missed deadline is found in the content and in the runs, and heals by a run")
    func missedDeadline() throws {
        let scene = try Self.scene()
        #expect(try scene.findings("2026-04-11") == ["missed-run", "readable-past-window"])
        let late = try scene.verify("2026-04-14").findings
        let sentence = try #require(late.first { $0.kind == .readablePastWindow }).sentence
        #expect(sentence.contains("4 records, the first is number 1"))
        #expect(sentence.contains("`ip` 4"))
        #expect(sentence.contains("due on 2026-04-11, 3 days ago"))
        #expect(!sentence.contains("192.0.2") && !sentence.contains("person"))
        try scene.run("2026-04-11")
        #expect(try scene.findings("2026-04-11") == [])
    }

    @Test("a readable record put back in a file is found even with a ledger that agrees")
    func putBack() throws {
        let scene = try Self.scene()
        let file = try #require(try scene.files("out/actions").first)
        let readable = try scene.content(file)
        try scene.run("2026-04-15")
        let aged = try #require(
            try scene.files("out/actions").first { $0.contains("2026-03-10") })
        try scene.replace(aged, readable)
        #expect(try scene.findings("2026-04-15").contains("readable-past-window"))
        #expect(try scene.findings("2026-04-15").contains("changed"))
    }

    @Test("an unnamed field in a due record is found")
    func unnamedField() throws {
        let scene = try Self.scene()
        try scene.run("2026-04-15")
        let file = try #require(
            try scene.files("out/actions").first { $0.contains("2026-03-10") })
        var text = String(decoding: try scene.content(file), as: UTF8.self)
        text = text.replacing(
            "\"action\":\"login\"", with: "\"action\":\"login\",\"x\":1",
            maxReplacements: 1)
        try scene.write(file, text)
        let findings = try scene.verify("2026-04-15").findings
        let found = try #require(findings.first { $0.kind == .readablePastWindow })
        #expect(found.sentence.contains("1 record,"))
        #expect(found.sentence.contains("fields that no rule names"))
    }

    @Test("missing, unknown and left files are told apart")
    func strangers() throws {
        let scene = try Self.scene()
        let file = try #require(try scene.files("out/actions").first)
        let bytes = try scene.content(file)
        try scene.remove(file)
        #expect(try scene.findings("2026-03-25") == ["missing"])
        try scene.replace(file, bytes)
        try scene.write("out/actions/copy.jsonl", "{}\n")
        #expect(try scene.findings("2026-03-25") == ["unknown-file"])
        try scene.remove("out/actions/copy.jsonl")
        try scene.write("out/actions/.a.sluice-0123456789abcdef-0.tmp", "{}\n")
        #expect(try scene.findings("2026-03-25") == ["unfinished"])
        try scene.remove("out/actions/.a.sluice-0123456789abcdef-0.tmp")
        try scene.run("2026-04-15")
        try scene.replace(file, bytes)
        #expect(try scene.findings("2026-04-15") == ["not-deleted"])
        try scene.remove(file)
        try scene.write("state/odd", "x")
        #expect(try scene.findings("2026-04-15") == ["unknown-file"])
    }

    @Test("files that had to be gone are found")
    func expired() throws {
        let scene = try Self.scene()
        let report = try scene.verify("2027-04-01")
        let places = report.findings.filter { $0.kind == .notDeleted }.map(\.place)
        #expect(places.contains { $0.contains("/quarantine/") })
        #expect(places.contains { $0.contains("/research/") })
        #expect(places.contains { $0.contains("/actions/") })
        try scene.run("2027-04-01")
        #expect(try scene.findings("2027-04-01") == [])
        #expect(try scene.files("out/actions") == [])
        #expect(try scene.files("state/quarantine") == [])
    }

    @Test("a state that is open to others is found")
    func exposed() throws {
        let scene = try Self.scene()
        _ = unsafe chmod("\(scene.path)/state/quarantine", 0o755)
        #expect(try scene.findings("2026-03-25") == ["exposed"])
        _ = unsafe chmod("\(scene.path)/state/quarantine", 0o700)
        let key = try #require(try scene.files("keys").first { $0.hasSuffix(".key") })
        _ = unsafe chmod("\(scene.path)/\(key)", 0o640)
        #expect(try scene.findings("2026-03-25").contains("exposed"))
    }

    @Test("lists of quarantine on a path of their own are for their owner only, too")
    func exposedLists() throws {
        let scene = try TemporaryPipeline(
            """
            name: p
            source: { format: jsonl, files: "in/*", time: ts }
            fields: { ts: keep }
            outputs: [{ name: o, purpose: statistics, path: "out/{month}.jsonl" }]
            quarantine: { limit: 90%, keep_lines: true, path: bad/lists }
            state: state
            """,
            files: ["in/a": #"{"ts":"2026-03-05T12:00:00Z"}"# + "\nanna@one.example\n"])
        try scene.run(now: "2026-03-10")
        let list = try #require(scene.files(below: "bad/lists").first)
        for (path, mode, good) in [
            ("bad/lists", 0o755, 0o700), ("bad/lists", 0o777, 0o700),
            ("bad/lists/\(list)", 0o644, 0o600),
        ] {
            #expect(try scene.permissions(path) == good)
            _ = unsafe chmod("\(scene.folder)/\(path)", mode_t(mode))
            let found = try scene.verify(now: "2026-03-10").findings
            #expect(found.map(\.kind) == [.exposed], "\(found)")
            _ = unsafe chmod("\(scene.folder)/\(path)", mode_t(good))
        }
        #expect(try scene.verify(now: "2026-03-10").findings.isEmpty)
    }

    @Test("nobody can look while a run is at work, before the first run, or without state")
    func cannotLook() throws {
        let scene = try VerificationScene()
        #expect(throws: PipelineFailure.self) { try scene.verify("2026-03-25") }
        try scene.addLog("1", date: "2026-03-10")
        try scene.run("2026-03-25")
        let lock = try FileLock.acquire("lock", in: try Directory.open("\(scene.path)/state"))
        #expect {
            try scene.verify("2026-03-25")
        } throws: { error in
            if case .busy = error as? PipelineFailure { true } else { false }
        }
        _ = consume lock
        #expect(try scene.findings("2026-03-25") == [])
        try scene.write(
            "p.yaml", VerificationScene.pipeline.replacing("state: state\n", with: ""))
        #expect(throws: PipelineFailure.self) { try scene.verify("2026-03-25") }
    }

    @Test("another version of the pipeline is told and judged by its own rules")
    func otherRules() throws {
        let scene = try Self.scene()
        try scene.run("2026-04-15")
        let other = VerificationScene.pipeline.replacing(
            "note: redact", with: "note: { replace: gone }")
        try scene.write("p.yaml", other)
        let findings = try scene.verify("2026-04-15").findings
        #expect(findings.allSatisfy { $0.kind == .readablePastWindow })
        #expect(try #require(findings.first).sentence.contains("by other rules than"))
    }
}
