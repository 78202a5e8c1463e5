import Pipelines
import Records
import TestSupport
import Testing

/// Runs that a hold kept from records of a part are judged by the rules that they had, whatever the
/// pipeline says since: what is held stays readable until the release, and has one token from then
/// on, and nobody else's token is made twice.
@Suite("A window that changes while a hold binds")
struct HeldWindowTests {
    /// What rewrites the part under the hold, after the window changed.
    enum Rewriting: CaseIterable { case nothing, rule, erasure, month, opposite }

    /// The window before and after its change.
    struct Windows: CustomStringConvertible {
        var before: String
        var after: String
        var description: String { "\(before), then \(after)" }
    }

    static let windows = [
        Windows(before: "P3W", after: "P2W"), Windows(before: "P2W", after: "P1M"),
        Windows(before: "P2W", after: "P3W"), Windows(before: "P1M", after: "P2W"),
    ]
    static let others = ["drop", "keep-everything"]

    private func pipeline(
        _ window: String, _ others: String, file: String, language: String = "  lang: language\n"
    ) -> String {
        """
        name: held
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user }
        window: \(window)
        fields:
          ts: keep
          n: keep
          user: pseudonymize
        \(language)others: \(others)
        outputs:
          - name: soc
            purpose: security
            path: "out/{\(file)}.jsonl"
            safeguards: { reason: abuse, readers: [soc], delete_after: P3M }
          - { name: team, purpose: statistics, path: "team/rows.jsonl" }
        acknowledge: [readable-window]
        state: state

        """
    }

    private static func record(_ day: String, _ user: String) -> String {
        #"{"ts":"2026-09-\#(day)T10:00:00Z","n":"\#(user)","user":"\#(user)","lang":"nl-BE"}"#
            + "\n"
    }

    private static let held = #""user":"u2""#

    /// The rows of `folder` by the user who they are about.
    private func rows(_ folder: String, _ scene: TemporaryPipeline) throws -> [String: String] {
        var rows: [String: String] = [:]
        for file in scene.files(below: folder) {
            for line in try scene.text("\(folder)/\(file)").split(separator: "\n") {
                let words = line.split(separator: "\"")
                guard let name = words.firstIndex(of: "n") else { continue }
                rows[String(words[name + 2])] = String(line)
            }
        }
        return rows
    }

    private func erase(_ user: String, _ scene: TemporaryPipeline, _ now: String) throws -> Int {
        try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, user, now: now))).records
    }

    private func raise(_ scene: TemporaryPipeline, _ now: String) throws {
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.now = now
        hold.users = ["u2"]
        _ = try Sluice.raiseHold(hold)
    }

    /// Rewrites the part as `rewriting` says, and runs on the nights behind.
    private func rewrite(
        _ rewriting: Rewriting, _ scene: TemporaryPipeline,
        _ change: (_ window: String?) throws -> Void
    ) throws {
        switch rewriting {
        case .nothing, .rule, .month: break
        case .erasure: #expect(try erase("u3", scene, "2026-10-05") == 2)
        case .opposite:
            _ = try scene.run(now: "2026-10-05")
            try change("P20D")
        }
        for day in ["05", "06", "09", "10"] { _ = try scene.run(now: "2026-10-\(day)") }
    }

    @Test(
        "it is readable until the release, then it has one token",
        arguments: HeldWindowTests.windows, Rewriting.allCases)
    func tokens(_ windows: Windows, _ rewriting: Rewriting) throws {
        for others in Self.others {
            let file = rewriting == .month ? "month" : "date"
            let scene = try TemporaryPipeline(
                pipeline(windows.before, others, file: file),
                files: [
                    "in/a.jsonl": ["u1", "u2", "u3"].map { Self.record("10", $0) }.joined()
                        + Self.record("23", "u4")
                ])
            func change(_ window: String?) throws {
                let language = rewriting == .rule ? "" : "  lang: language\n"
                try scene.write(
                    "pipeline.yaml",
                    pipeline(window ?? windows.after, others, file: file, language: language))
            }
            _ = try scene.run(now: "2026-09-24")
            let team = try rows("team", scene)
            try raise(scene, "2026-09-25")
            _ = try scene.run(now: "2026-10-03")
            try change(nil)
            _ = try scene.run(now: "2026-10-04")
            try rewrite(rewriting, scene, change)
            let before = try rows("out", scene)["u2"]
            #expect(before?.contains(Self.held) == true, "\(others)")
            _ = try Sluice.releaseHold(
                pipeline: "\(scene.folder)/pipeline.yaml", name: "case", by: "legal",
                now: "2026-10-20")
            for day in ["10-20", "10-25"] { _ = try scene.run(now: "2026-\(day)") }
            let last = try rows("out", scene)
            for (user, line) in last {
                #expect(token(line) == token(team[user] ?? ""), "\(user), \(others)")
            }
            #expect(last.count == (rewriting == .erasure ? 3 : 4))
            #expect(try scene.verify(now: "2026-10-25").findings.isEmpty, "\(others)")
            // A shorter window lets the key go before.
            guard windows.after == "P1M", rewriting != .opposite else { continue }
            for user in last.keys { #expect(try erase(user, scene, "2026-10-26") == 2) }
        }
    }

    private func token(_ line: String) -> String {
        let words = line.split(separator: "\"")
        guard let name = words.firstIndex(of: "user") else { return "none" }
        return String(words[name + 2])
    }

    private func tables(_ window: String) -> String {
        """
        name: tables
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user }
        window: \(window)
        tables:
          - { name: people, file: people.csv, key: user }
        fields:
          ts: keep
          user: pseudonymize
          lang:
            then: language
            after: { start: { table: people, column: left, by: user }, length: P1D }
        outputs:
          - name: soc
            purpose: security
            path: "out/{date}.jsonl"
            safeguards: { reason: abuse, readers: [soc], delete_after: P3M }
        acknowledge: [readable-window]
        state: state

        """
    }

    @Test("the last run tells nothing of a part that was away then, or that it left by other rules")
    func lastRun() throws {
        for isAway in [true, false] {
            let record = #"{"ts":"2026-09-10T10:00:00Z","user":"anna","lang":"nl-BE"}"# + "\n"
            let scene = try TemporaryPipeline(
                tables("P2W"),
                files: ["in/a.jsonl": record, "people.csv": "user,left\nanna,2026-12-01\n"])
            for day in ["12", "13"] { _ = try scene.run(now: "2026-09-\(day)") }
            let name = "out/\(try #require(scene.files(below: "out").first))"
            let stored = try scene.text(name)
            if isAway { try scene.remove(name) } else {
                try scene.write("pipeline.yaml", tables("P1M"))
            }
            for day in ["24", "25"] { _ = try scene.run(now: "2026-09-\(day)") }
            if isAway { try scene.write(name, stored) }
            for day in ["09-26", "10-12"] { _ = try scene.run(now: "2026-\(day)") }
            let file = try #require(scene.files(below: "out").first)
            #expect(try !scene.text("out/\(file)").contains("anna"), "\(isAway)")
            #expect(try scene.verify(now: "2026-10-12").findings.isEmpty, "\(isAway)")
        }
    }

    @Test("what lay ahead of the clock goes by changed rules when its time has come", arguments: [
        "ip", "lang", "others",
    ])
    func ahead(_ edit: String) throws {
        func pipeline(_ edit: String = "") -> String {
            """
            name: ahead
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user }
            window: P1M
            fields:
              ts: keep
              user: pseudonymize
              ip: { truncate_ip: { ipv4: \(edit == "ip" ? "/16" : "/24") } }
            \(edit == "lang" ? "" : "  lang: language")
            others: \(edit == "others" ? "drop" : "keep-everything")
            outputs:
              - name: soc
                purpose: security
                path: "out/{date}.jsonl"
                safeguards: { reason: abuse, readers: [soc], delete_after: P1M }
            acknowledge: [readable-window]
            state: state

            """
        }
        let record = #"{"ts":"2026-09-13T10:00:00Z","user":"anna","ip":"192.0.2.77","#
            + #""lang":"nl-BE","more":"x"}"# + "\n"
        let scene = try TemporaryPipeline(pipeline(), files: ["in/a.jsonl": record])
        for day in ["10", "11", "20"] { _ = try scene.run(now: "2026-09-\(day)") }
        try scene.write("pipeline.yaml", pipeline(edit))
        for day in ["09-21", "09-22", "10-20", "10-21"] { _ = try scene.run(now: "2026-\(day)") }
        let file = try #require(scene.files(below: "out").first)
        let left = try scene.text("out/\(file)")
        #expect(left.contains(edit == "ip" ? "192.0.0.0" : "192.0.2.0"), "\(left)")
        #expect(edit == "ip" || !left.contains(edit == "lang" ? "never" : "more"), "\(left)")
        #expect(try scene.verify(now: "2026-10-21").findings.isEmpty)
        #expect(try scene.run(now: "2026-10-22").agedParts == 0)
    }
}
