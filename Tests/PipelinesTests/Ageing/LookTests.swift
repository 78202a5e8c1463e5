import Foundation
import GRDB
import Pipelines
import TestSupport
import Testing

/// A part that other rules were applied to is looked at, and stays as it is until something in it
/// is due. What the look finds counts from then on, if it could be noted; else it is made again.
@Suite("Looks at parts under changed rules") struct LookTests {
    private struct Edition {
        var window = "P2W"
        var fields = ["user: pseudonymize", "ip: { truncate_ip: { ipv4: /24 } }", "lang: language"]
        var output = #"path: "out/{month}.csv", format: csv, columns: [ts, user, ip, lang]"#
        var end = "P1M"
    }

    private func pipeline(_ change: (inout Edition) -> Void = { _ in }) -> String {
        var edition = Edition()
        change(&edition)
        return """
            name: looks
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user }
            window: \(edition.window)
            fields: { ts: keep, \(edition.fields.joined(separator: ", ")) }
            outputs:
              - { name: soc, purpose: security, \(edition.output),
                  safeguards: { reason: abuse, readers: [soc], delete_after: \(edition.end) } }
            acknowledge: [readable-window]
            state: state

            """
    }

    private func record(_ day: String) -> String {
        #"{"ts":"2026-\#(day)T10:00:00Z","user":"u-\#(day)","ip":"192.0.2.77","lang":"nl-BE"}"#
            + "\n"
    }

    private func stored(_ scene: TemporaryPipeline) throws -> [String] {
        try scene.files(below: "out").flatMap { file in
            try scene.text("out/\(file)").split(separator: "\n").map(String.init)
        }
    }

    @Test("a column that is none any more goes when the longer window of now has passed")
    func withdrawn() throws {
        let scene = try TemporaryPipeline(pipeline(), files: ["in/a.jsonl": record("09-01")])
        try scene.run(now: "2026-09-21")
        try scene.write(
            "pipeline.yaml",
            pipeline {
                ($0.window, $0.end) = ("P1M", "P3M")
                $0.output = $0.output.replacing(", lang]", with: "]")
            })
        for now in ["09-22", "10-03"] { try scene.run(now: "2026-\(now)") }
        #expect(try stored(scene)[0] == "ts,user,ip")
        #expect(try stored(scene)[1].hasSuffix(",192.0.2.0"))
        #expect(try scene.verify(now: "2026-10-03").findings.isEmpty)
    }

    @Test("what lay ahead of the clock goes by changed rules in its time, beside a new column")
    func ahead() throws {
        func edition(_ columns: String, _ length: String) -> String {
            pipeline {
                $0.window = "P1M"
                $0.fields[1] = "ip: { truncate_ip: { ipv4: \(length) } }"
                $0.output = #"path: "out/{date}.csv", format: csv, columns: [\#(columns)]"#
            }
        }
        let scene = try TemporaryPipeline(
            edition("ts, ip, lang", "/24"), files: ["in/a.jsonl": record("09-13")])
        for now in ["10", "11", "20"] { try scene.run(now: "2026-09-\(now)") }
        try scene.write("pipeline.yaml", edition("ts, ip, lang, user", "/16"))
        for now in ["09-21", "10-20"] { try scene.run(now: "2026-\(now)") }
        #expect(
            try stored(scene)
                == ["ts,ip,lang,user", "2026-09-13T10:00:00Z,192.0.0.0,nl,"])
        #expect(try scene.verify(now: "2026-10-20").findings.isEmpty)
    }

    @Test("what becomes due before that which was waited for goes in its time")
    func earlier() throws {
        func edition(_ change: (inout Edition) -> Void = { _ in }) -> String {
            pipeline {
                $0.output = #"path: "out/{month}.jsonl""#
                change(&$0)
            }
        }
        let scene = try TemporaryPipeline(
            edition(), files: ["in/a.jsonl": record("09-01") + record("09-20")])
        try scene.run(now: "2026-09-21")
        let token = try #require(stored(scene)[0].split(separator: "\"").dropFirst(7).first)
        #expect(token.utf8.count == 32)
        try scene.write(
            "pipeline.yaml",
            edition {
                ($0.window, $0.end) = ("P1M", "P3M")
                $0.fields = ["user: pseudonymize", "ip: { truncate_ip: { ipv4: /16 } }"]
            })
        for now in ["09-22", "10-03"] { try scene.run(now: "2026-\(now)") }
        let lines = try stored(scene)
        #expect(lines[0].contains(token) && lines[0].contains("192.0.0.0"))
        #expect(!lines[0].contains("lang"))
        #expect(lines[1].contains("u-09-20") && lines[1].contains("192.0.2.77"))
        #expect(try scene.verify(now: "2026-10-03").findings.isEmpty)
    }

    // MARK: Tables

    private func tables(_ columns: String, end: String = "P9M") -> String {
        """
        name: looks
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user }
        window: P3M
        tables:
          - { name: people, file: people.csv, key: user, time: date }
        fields:
          ts: keep
          account: keep
          lang: keep
          more: keep
          user:
            then: pseudonymize
            after: { start: { table: people, column: left, by: account }, length: P1D }
        outputs:
          - { name: soc, purpose: security, path: "out/{month}.csv", format: csv,
              columns: [\(columns)],
              safeguards: { reason: abuse, readers: [soc], delete_after: \(end) } }
        acknowledge: [readable-window]
        state: state

        """
    }

    private static let people = "user,left\na-1,2026-09-10\na-2,2026-09-21\na-3,2026-09-25\n"

    private func people(_ columns: String) throws -> TemporaryPipeline {
        let records = (1...3).map {
            #"{"ts":"2026-09-0\#($0)T10:00:00Z","user":"u-\#($0)","account":"a-\#($0)","#
                + #""lang":"nl"}"# + "\n"
        }
        let scene = try TemporaryPipeline(
            tables(columns), files: ["in/a.jsonl": records.joined(), "people.csv": Self.people])
        try scene.run(now: "2026-09-12")
        return scene
    }

    /// The users that are stored, in their order.
    private func users(_ scene: TemporaryPipeline) throws -> [String] {
        try stored(scene).dropFirst().map { line in
            String(line.split(separator: ",", omittingEmptySubsequences: false)[0])
        }
    }

    /// Each is changed once: the users stay what they are, or become the tokens that they have.
    private func expectTokens(
        _ scene: TemporaryPipeline, from first: [String], _ comment: Comment
    ) throws {
        #expect(first[0].utf8.count == 32 && Array(first[1...]) == ["u-2", "u-3"], comment)
        try scene.run(now: "2026-09-23")
        let second = try users(scene)
        #expect(second[0] == first[0] && second[2] == "u-3", comment)
        #expect(second[1].utf8.count == 32, comment)
        for day in ["27", "28"] { try scene.run(now: "2026-09-\(day)") }
        let last = try users(scene)
        #expect(Array(last[..<2]) == Array(second[..<2]) && last[2].utf8.count == 32, comment)
        #expect(try scene.verify(now: "2026-09-28").findings.isEmpty, comment)
    }

    @Test("tokens stay what they are beside other columns", arguments: [
        "user, account, ts", "user, account, lang, ts, more",
    ])
    func otherColumns(_ columns: String) throws {
        let scene = try people("user, account, lang, ts")
        let first = try users(scene)
        try scene.write("pipeline.yaml", tables(columns))
        for day in ["14", "15", "16"] { try scene.run(now: "2026-09-\(day)") }
        #expect(try users(scene) == first)
        try expectTokens(scene, from: first, "\(columns)")
    }

    @Test("and where an older sluice had looked, which noted nothing of what it found")
    func migrated() throws {
        let scene = try people("user, account, lang, ts")
        let first = try users(scene)
        try scene.write("pipeline.yaml", tables("user, account, lang, ts", end: "P8M"))
        for day in ["14", "15"] { try scene.run(now: "2026-09-\(day)") }
        let queue = try DatabaseQueue(path: "\(scene.folder)/state/ledger.sqlite")
        try queue.write { db in
            let looked = "SELECT count(*) FROM parts WHERE looked_rules IS NOT NULL"
            #expect(try Int.fetchOne(db, sql: looked) == 1)
            try db.execute(
                sql: """
                    DELETE FROM part_dealings;
                    DELETE FROM grdb_migrations WHERE identifier = '16-looked-again'
                    """)
        }
        try queue.close()
        try scene.remove("state/ledger.seal")
        try scene.run(now: "2026-09-16")
        #expect(try users(scene) == first)
        try expectTokens(scene, from: first, "migrated")
    }
}
