import Pipelines
import TestSupport
import Testing

/// What clocks of `delete` read is not in all stored records: they are not deleted by a guess.
@Suite("A stored record that lost its own length is not deleted by that of all others")
struct LostLengthTests {
    private static let readable =
        "security, safeguards: { reason: abuse, readers: [soc], delete_after: P9M }"
    private static let formats = ["csv", "jsonl", "logfmt"]

    private struct Edition {
        var window = "P1M"
        var delete = "{ start: event, length: P2W, length_from: { field: keepfor } }"
        var keepfor = "keep"
        var output = "format: jsonl, columns: [ts, user, n],"
        var purpose = LostLengthTests.readable
    }

    private func pipeline(_ edition: Edition) -> String {
        """
        name: lengths
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user }
        window: \(edition.window)
        delete: \(edition.delete)
        tables: [{ name: accounts, file: accounts.csv, key: account, max_shrink: 100% }]
        fields: { ts: keep, user: pseudonymize, n: keep, account: keep, stopped: keep,
            keepfor: \(edition.keepfor) }
        outputs:
          - { name: rows, path: "out/{month}.txt", \(edition.output)
              purpose: \(edition.purpose) }
        state: state

        """
    }

    private func line(_ day: Int, _ user: String, _ more: String = "") -> String {
        #"{"ts":"2026-01-\#(day)T10:00:00Z","user":"\#(user)","n":"n\#(day)","#
            + #""account":"a-\#(user)"\#(more)}"# + "\n"
    }

    /// Anna, Bert and Carl, on 10, 11 and 12 January; `lengths` are their own.
    private func scene(_ edition: Edition, _ lengths: [String]) throws -> TemporaryPipeline {
        let stopped = #","stopped":"2026-01-15""#
        let lines = zip(zip([10, 11, 12], ["anna", "bert", "carl"]), lengths).map {
            line($0.0, $0.1, stopped + ($1.isEmpty ? "" : #","keepfor":"\#($1)""#))
        }
        let table = "account,kept,length\n" + ["anna", "bert", "carl"].map {
            "a-\($0),2026-01-15,P5Y\n"
        }.joined()
        let scene = try TemporaryPipeline(
            pipeline(edition), files: ["in/a.jsonl": lines.joined(), "accounts.csv": table])
        try scene.run(now: "2026-01-20")
        return scene
    }

    /// Which of the three are stored.
    private func stored(_ scene: TemporaryPipeline) throws -> [Int] {
        let text = try scene.files(below: "out").map { try scene.text("out/\($0)") }.joined()
        return [10, 11, 12].filter { text.contains("n\($0)") }
    }

    private func isProven(_ scene: TemporaryPipeline, now: String) throws -> Bool {
        let findings = try scene.verify(now: now).findings
        if !findings.isEmpty { Issue.record("\(now): \(findings)") }
        return findings.isEmpty
    }

    @Test("whose length is no column ages and stays", arguments: formats, [
        "{ start: event, length: P2W, length_from: { field: keepfor } }",
        "{ start: event, length: P2W, unless: { field: stopped } }",
        "{ start: event, length: P2W, "
            + "length_from: { table: accounts, column: length, by: account } }",
        "{ start: event, length: P2W, unless: { table: accounts, column: kept, by: account } }",
    ])
    func neverColumn(format: String, delete: String) throws {
        let edition = Edition(
            delete: delete, output: "format: \(format), columns: [ts, user, n],")
        let scene = try scene(edition, ["P5Y", "P5Y", "P5Y"])
        for day in ["2026-02-11", "2026-02-20"] {
            try scene.run(now: day)
            #expect(try stored(scene) == [10, 11, 12], "\(day)")
            #expect(try isProven(scene, now: day))
        }
        let text = try scene.files(below: "out").map { try scene.text("out/\($0)") }.joined()
        #expect(!text.contains("anna"))
    }

    @Test("an erasure takes nobody else along", arguments: [
        "format: csv, columns: [ts, user, n],", "format: jsonl, columns: [ts, user, n],",
        "format: logfmt, columns: [ts, user, n],", "",
    ])
    func erasure(output: String) throws {
        // Records that are written as they are lose the field by its rule.
        let edition = Edition(
            window: "P6M", keepfor: output.isEmpty ? "drop" : "keep", output: output,
            purpose: "development")
        let scene = try scene(edition, ["P5Y", "P5Y", "P5Y"])
        _ = try unlessBusy { try scene.erase(now: "2026-04-20") }
        #expect(try stored(scene) == [11, 12])
        try scene.run(now: "2026-04-21")
        #expect(try stored(scene) == [11, 12])
        #expect(try isProven(scene, now: "2026-04-21"))
    }

    @Test("a column that holds it says it, and as long as it is there", arguments: formats)
    func withdrawn(format: String) throws {
        let delete = "{ start: event, length: P1M, length_from: { field: keepfor } }"
        var edition = Edition(
            window: "P3M", delete: delete,
            output: "format: \(format), columns: [ts, user, n, keepfor],")
        let scene = try scene(edition, ["P5Y", "P3W", ""])
        edition.output = "format: \(format), columns: [ts, user, n],"
        try scene.write("pipeline.yaml", pipeline(edition))
        let left = ["2026-01-21": [10, 11, 12], "2026-02-05": [10, 12], "2026-02-20": [10, 12]]
        for (day, rows) in left.sorted(by: { $0.key < $1.key }) {
            try scene.run(now: day)
            #expect(try stored(scene) == rows, "\(day)")
            #expect(try isProven(scene, now: day))
        }
    }

    @Test("whose length is a column is deleted by its own, or by that of all", arguments: formats)
    func column(format: String) throws {
        let scene = try scene(
            Edition(output: "format: \(format), columns: [ts, user, n, keepfor],"),
            ["P5Y", "P3W", ""])
        let left = ["2026-01-28": [10, 11], "2026-02-05": [10], "2026-02-20": [10]]
        for (day, rows) in left.sorted(by: { $0.key < $1.key }) {
            try scene.run(now: day)
            #expect(try stored(scene) == rows, "\(day)")
            #expect(try isProven(scene, now: day))
        }
    }
}
