import Pipelines
import TestSupport
import Testing

/// What becomes of parts in formats with columns when the pipeline file has other ones.
@Suite("Parts are read by the columns that they were written with")
struct ChangedColumnsTests {
    private struct Edition {
        var fields = ["ts: keep", "user: pseudonymize", "n: keep"]
        var columns = ""
        var isReadable = false
        var format = "csv"
        var more = ""
    }

    private func pipeline(_ edition: Edition) -> String {
        let readable =
            "security, safeguards: { reason: abuse, readers: [soc], delete_after: P1M }"
        return """
            name: columns
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user }
            window: P3W
            fields: { \(edition.fields.joined(separator: ", ")) }
            outputs:
              - { name: rows, path: "out/{date}.txt", format: \(edition.format),
                  \(edition.columns)
                  purpose: \(edition.isReadable ? readable : "development") }
            state: state
            \(edition.more)

            """
    }

    private func line(_ day: String, _ user: String) -> String {
        #"{"ts":"2026-\#(day)T10:00:00Z","n":1,"user":"\#(user)","lang":"nl-BE"}"# + "\n"
    }

    private func scene(
        _ change: (inout Edition) -> Void = { _ in }
    ) throws -> TemporaryPipeline {
        var edition = Edition()
        change(&edition)
        let scene = try TemporaryPipeline(
            pipeline(edition),
            files: ["in/a.jsonl": line("03-10", "anna") + line("03-10", "bert")])
        try scene.run(now: "2026-03-11")
        return scene
    }

    private func edit(
        _ scene: TemporaryPipeline, _ change: (inout Edition) -> Void
    ) throws {
        var edition = Edition()
        change(&edition)
        try scene.write("pipeline.yaml", pipeline(edition))
    }

    private func stored(_ scene: TemporaryPipeline) throws -> String {
        try scene.files(below: "out").map { try scene.text("out/\($0)") }.joined()
    }

    private func isProven(_ scene: TemporaryPipeline, now: String) throws -> Bool {
        let findings = try scene.verify(now: now).findings
        if !findings.isEmpty { Issue.record("\(now): \(findings)") }
        return findings.isEmpty
    }

    @Test("a field more stops no run, and what was written without it goes on ageing",
        arguments: ["", "columns: [ts, user, n],"], [false, true])
    func added(columns: String, isReadable: Bool) throws {
        let scene = try scene {
            $0.isReadable = isReadable
            $0.columns = columns
        }
        let before = try stored(scene)
        try edit(scene) {
            $0.isReadable = isReadable
            $0.fields.append("lang: language")
            $0.columns = columns.replacing("n]", with: "n, lang]")
        }
        try scene.write("in/b.jsonl", line("03-11", "carl"))
        try scene.run(now: "2026-03-12")
        #expect(try isProven(scene, now: "2026-03-12"))
        #expect(scene.files(below: "out").count == 2)
        if isReadable { #expect(try stored(scene).contains("anna")) }
        try scene.run(now: "2026-04-02")
        let after = try stored(scene)
        #expect(!after.contains("anna") && !after.contains("bert") && !after.contains("carl"))
        #expect(after.contains("ts,user,n,lang\n"))
        if !isReadable {
            let tokens = before.split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
            #expect(tokens.allSatisfy { after.contains($0[1]) })
        }
        #expect(try isProven(scene, now: "2026-04-02"))
        #expect(try scene.run(now: "2026-04-03").agedParts == 0)
    }

    @Test("a column that is none any more leaves what was written before", arguments: [
        "csv", "jsonl", "logfmt",
    ], [false, true])
    func withdrawn(format: String, isReadable: Bool) throws {
        let all = ["ts: keep", "user: pseudonymize", "n: keep", "lang: keep"]
        let scene = try scene {
            $0.isReadable = isReadable
            $0.format = format
            $0.fields = all
            $0.columns = "columns: [ts, user, n, lang],"
        }
        #expect(try stored(scene).contains("nl-BE"))
        try edit(scene) {
            $0.isReadable = isReadable
            $0.format = format
            $0.fields = all
            $0.columns = "columns: [ts, user, n],"
        }
        try scene.run(now: "2026-03-12")
        #expect(try stored(scene).contains("nl-BE") == isReadable)
        #expect(try isProven(scene, now: "2026-03-12"))
        try scene.run(now: "2026-04-02")
        #expect(try !stored(scene).contains("nl-BE"))
        #expect(try isProven(scene, now: "2026-04-02"))
    }

    @Test("one that was aged before the column was withdrawn loses it, and nothing else",
        arguments: ["", "others: keep-everything"])
    func withdrawnFromAged(more: String) throws {
        let all = ["ts: keep", "user: pseudonymize", "n: keep", "lang: keep"]
        func edition(_ columns: String) -> (inout Edition) -> Void {
            { $0.isReadable = true; $0.fields = all; $0.columns = columns; $0.more = more }
        }
        let scene = try scene(edition("columns: [ts, user, n, lang],"))
        try scene.run(now: "2026-04-02")
        let aged = try stored(scene)
        #expect(!aged.contains("anna") && aged.contains("nl-BE"))
        try edit(scene, edition("columns: [ts, user, n],"))
        #expect(try !scene.verify(now: "2026-04-02").findings.isEmpty)
        try scene.run(now: "2026-04-03")
        #expect(
            try stored(scene)
                == aged.replacing(",lang\n", with: "\n").replacing(",nl-BE", with: ""))
        #expect(try isProven(scene, now: "2026-04-03"))
    }

    @Test("the order of fields is nobody's concern", arguments: [
        "csv", "jsonl", "logfmt", "tsv", "zeek",
    ], [false, true])
    func order(format: String, isReadable: Bool) throws {
        let scene = try scene {
            $0.isReadable = isReadable
            $0.format = format
        }
        try edit(scene) {
            $0.isReadable = isReadable
            $0.format = format
            $0.fields = ["n: keep", "user: pseudonymize", "ts: keep"]
        }
        #expect(try scene.run(now: "2026-03-12").agedParts == 0)
        #expect(try isProven(scene, now: "2026-03-12"))
        try scene.run(now: "2026-04-02")
        let aged = try stored(scene)
        #expect(!aged.contains("anna"))
        #expect(try isProven(scene, now: "2026-04-02"))
        // What stays readable past its time is found in any order.
        #expect(aged.contains("2026-03-10T10:00:00Z"))
    }

    @Test("what is readable past its time is found in another order, too", arguments: [
        "csv", "jsonl", "logfmt",
    ])
    func overdue(format: String) throws {
        let scene = try scene {
            $0.isReadable = true
            $0.format = format
        }
        try edit(scene) {
            $0.isReadable = true
            $0.format = format
            $0.fields = ["n: keep", "user: pseudonymize", "ts: keep"]
        }
        let findings = try scene.verify(now: "2026-04-02").findings.filter {
            $0.kind == .readablePastWindow
        }
        #expect(findings.count == 1)
        #expect(findings.allSatisfy { $0.sentence.contains("2 records") })
        #expect(findings.allSatisfy { $0.sentence.contains("`user` 2") })
    }
}
