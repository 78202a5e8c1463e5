import Anonymization
import Foundation
import Pipelines
import TestSupport
import Testing

/// A pipeline whose files are aged in place.
func storePipeline(_ lines: String = "", store: String = "", source: String = "") -> String {
    """
    name: archive
    source: { format: jsonl, time: ts\(source) }
    store: { files: "data/**/*.jsonl*", settle: PT0S\(store) }
    identity: { user: user }
    fields:
      ts: keep
      user: { replace: GONE }
      ip: { truncate_ip: { ipv4: /16 } }
      action: keep
    state: state
    \(lines)

    """
}

/// One record of the store.
func storeRecord(_ day: String, _ user: String = "anna") -> String {
    #"{"ts":"2026-\#(day)T10:00:00Z","user":"\#(user)","ip":"203.0.113.9","action":"login","#
        + #""extra":1}"# + "\n"
}

/// What `storeRecord` is once it is due.
func dueRecord(_ day: String) -> String {
    #"{"ts":"2026-\#(day)T10:00:00Z","user":"GONE","ip":"203.0.0.0","action":"login"}"# + "\n"
}

@Suite struct StoreAgeingTests {
    private func inode(_ folder: TemporaryPipeline, _ name: String) throws -> Int {
        let path = "\(folder.folder)/\(name)"
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.systemFileNumber] as? Int) ?? -1
    }

    @Test func onlyDueRecordsChangeAndTheFileIsThenLeftAlone() throws {
        let odd = " {\"ts\" : \"2026-03-20T10:00:00Z\" , \"user\":\"bert\"}\r\n\r\n"
        let folder = try TemporaryPipeline(
            storePipeline(),
            files: ["data/a.jsonl": storeRecord("01-10") + odd + storeRecord("03-21")])
        let report = try folder.run(now: "2026-04-15")
        #expect(report.store?.changed == 1 && report.store?.rewrittenFiles == 1)
        let aged = dueRecord("01-10") + odd + storeRecord("03-21")
        #expect(try folder.text("data/a.jsonl") == aged)
        let before = try inode(folder, "data/a.jsonl")
        for day in ["2026-04-15", "2026-04-16", "2026-04-20"] {
            let again = try folder.run(now: day)
            #expect(again.store?.settledFiles == 1 && again.store?.files.isEmpty == true)
        }
        #expect(try inode(folder, "data/a.jsonl") == before)
        let next = try folder.run(now: "2026-04-21")
        #expect(next.store?.changed == 1)
        #expect(try folder.text("data/a.jsonl").contains("bert") == false)
        #expect(try folder.text("data/a.jsonl").hasSuffix("GONE\"}\r\n\r\n" + storeRecord("03-21")))
        _ = try folder.run(now: "2026-04-22")
        let last = try folder.run(now: "2030-01-01")
        #expect(last.store?.settledFiles == 1)
    }

    @Test func whatWasAppendedIsAgedAndTheRestIsNotAgedAgain() throws {
        let pipeline = storePipeline().replacingOccurrences(
            of: "user: { replace: GONE }", with: "user: { hmac_sha256: { key: static.key } }")
            + "acknowledge: [static-key]\n"
        let folder = try TemporaryPipeline(
            pipeline,
            files: [
                "data/a.jsonl": storeRecord("01-10"),
                "static.key": "an invented key of the tests, long enough",
            ])
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: "\(folder.folder)/static.key")
        _ = try folder.run(now: "2026-03-15")
        let first = try folder.text("data/a.jsonl")
        try folder.write("data/a.jsonl", first + storeRecord("01-11") + storeRecord("03-14"))
        let report = try folder.run(now: "2026-03-16")
        #expect(report.store?.changed == 1)
        let second = try folder.text("data/a.jsonl")
        #expect(second.hasPrefix(first))
        #expect(second.hasSuffix(storeRecord("03-14")))
        // Joined with another file of the store, in another order, it is still known.
        try folder.write("data/b.jsonl", storeRecord("01-12"))
        _ = try folder.run(now: "2026-03-17")
        let other = try folder.text("data/b.jsonl")
        try folder.write("data/c.jsonl", other + second)
        let joined = try folder.run(now: "2026-03-18")
        #expect(joined.store?.changed == 0)
        #expect(try folder.text("data/c.jsonl") == other + second)
    }

    @Test func aRenamedCopyIsTheSameFile() throws {
        let folder = try TemporaryPipeline(
            storePipeline(), files: ["data/a.jsonl": storeRecord("01-10") + storeRecord("03-20")])
        _ = try folder.run(now: "2026-04-01")
        let text = try folder.text("data/a.jsonl")
        try folder.write("data/deep/er/z.jsonl.1", text)
        let report = try folder.run(now: "2026-04-02")
        #expect(report.store?.settledFiles == 2)
    }

    @Test func modeAndTimesStay() throws {
        let folder = try TemporaryPipeline(
            storePipeline(), files: ["data/a.jsonl": storeRecord("01-10")])
        let path = "\(folder.folder)/data/a.jsonl"
        let date = Date(timeIntervalSince1970: 1_700_000_000.25)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o640, .modificationDate: date], ofItemAtPath: path)
        _ = try folder.run(now: "2026-04-01")
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
        #expect(attributes[.modificationDate] as? Date == date)
        #expect(try folder.text("data/a.jsonl") == dueRecord("01-10"))
    }

    @Test func aFreshFileIsLeftAlone() throws {
        let folder = try TemporaryPipeline(
            storePipeline().replacingOccurrences(of: "PT0S", with: "PT10M"),
            files: ["data/a.jsonl": storeRecord("01-10")])
        let report = try folder.run(now: "2026-04-01")
        #expect(report.store?.busy.count == 1 && report.store?.changed == 0)
        #expect(try folder.text("data/a.jsonl") == storeRecord("01-10"))
    }

    @Test func aFileThatSomebodyWritesToIsLeftAlone() throws {
        let folder = try TemporaryPipeline(
            storePipeline().replacingOccurrences(of: "PT0S", with: "PT1S"),
            files: ["data/a.jsonl": storeRecord("01-10")])
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)],
            ofItemAtPath: "\(folder.folder)/data/a.jsonl")
        let writer = try FileHandle(
            forWritingTo: URL(fileURLWithPath: "\(folder.folder)/data/a.jsonl"))
        #expect(try folder.run(now: "2026-04-01").store?.busy.count == 1)
        try writer.close()
    }

    @Test(arguments: [("drop", 1), ("keep", 0)])
    func unreadableLines(_ word: String, _ removed: Int) throws {
        let broken = "{\"user\":\"broken\n" + #"{"ts":"never","user":"late"}"# + "\n"
        let content = storeRecord("01-10") + broken + storeRecord("03-20")
        let strict = try TemporaryPipeline(storePipeline(), files: ["data/a.jsonl": content])
        #expect(throws: PipelineFailure.self) { try strict.run(now: "2026-04-01") }
        #expect(try strict.text("data/a.jsonl") == content)
        let limited = try TemporaryPipeline(
            storePipeline(store: ", unreadable: \(word)"), files: ["data/a.jsonl": content])
        #expect(throws: PipelineFailure.self) { try limited.run(now: "2026-04-01") }
        #expect(try limited.text("data/a.jsonl") == content)
        let folder = try TemporaryPipeline(
            storePipeline("quarantine: { limit: 60% }", store: ", unreadable: \(word)"),
            files: ["data/a.jsonl": content])
        let report = try folder.run(now: "2026-04-01")
        #expect(report.store?.removed == removed * 2)
        #expect(report.store?.files.first?.unreadable == 2)
        #expect(
            try folder.text("data/a.jsonl") == dueRecord("01-10") + (removed == 0 ? broken : "")
                + storeRecord("03-20"))
        let again = try folder.run(now: "2026-04-02")
        #expect(again.store?.settledFiles == 1)
        #expect(again.store?.keptUnreadable == (removed == 0 ? 2 : 0))
    }

    @Test func aTable() throws {
        let pipeline = storePipeline().replacingOccurrences(of: "jsonl, time", with: "csv, time")
            .replacingOccurrences(of: "*.jsonl*", with: "*.csv")
        let folder = try TemporaryPipeline(
            pipeline,
            files: [
                "data/a.csv": "ts,user,ip,action,\"ex\"\"tra\"\r\n"
                    + "2026-01-10T10:00:00Z,\"an,na\",203.0.113.9,login,\"secret\"\r\n"
                    + "2026-03-20T10:00:00Z,\"be,rt\",203.0.113.9,login,\"secret\"\r\n"
            ])
        let report = try folder.run(now: "2026-04-01")
        #expect(report.store?.changed == 1)
        #expect(
            try folder.text("data/a.csv") == "ts,user,ip,action,\"ex\"\"tra\"\r\n"
                + "2026-01-10T10:00:00Z,GONE,203.0.0.0,login,\r\n"
                + "2026-03-20T10:00:00Z,\"be,rt\",203.0.113.9,login,\"secret\"\r\n")
        #expect(try folder.run(now: "2026-04-02").store?.settledFiles == 1)
    }

    @Test func anAccessLog() throws {
        let pipeline = """
            name: web
            source: { format: combined }
            store: { files: "data/*.log", settle: PT0S }
            fields: { time: keep, ip: { truncate_ip: { ipv4: /16 } }, status: keep, path: keep }
            state: state

            """
        let due =
            #"203.0.113.9 - anna [10/Jan/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "x""#
        let young =
            #"203.0.113.9 - bert [20/Mar/2026:10:00:00 +0000] "GET /b HTTP/1.1" 200 5 "-" "y""#
        let folder = try TemporaryPipeline(pipeline, files: ["data/a.log": "\(due)\n\(young)"])
        _ = try folder.run(now: "2026-04-01")
        let text = try folder.text("data/a.log")
        #expect(text.hasSuffix("\n" + young))
        #expect(!text.contains("anna") && text.contains("203.0.0.0 - -"))
    }

    @Test func theTokenAndTheGuard() throws {
        let folder = try TemporaryPipeline(
            storePipeline(store: ", guard: { factor: 2, at_least: 3 }"),
            files: ["data/a.jsonl": storeRecord("01-10")])
        _ = try folder.run(now: "2026-04-01")
        let many = (1...4).map { storeRecord("01-1\($0)") }.joined()
        try folder.write("data/b.jsonl", many)
        #expect(throws: PipelineFailure.self) { try folder.run(now: "2026-04-01") }
        #expect(try folder.text("data/b.jsonl") == many)
        let dry = try folder.run(now: "2026-04-01", isDryRun: true)
        let token = try #require(dry.store?.token)
        #expect(dry.store?.changed == 4)
        #expect(try folder.text("data/b.jsonl") == many)
        #expect(throws: PipelineFailure.self) {
            try folder.run(now: "2026-04-02", confirmation: token)
        }
        #expect(throws: PipelineFailure.self) {
            try folder.run(now: "2026-04-01", confirmation: "0" + token.dropFirst())
        }
        #expect(try folder.run(now: "2026-04-01", confirmation: token).store?.changed == 4)
        // So many have become usual now.
        try folder.write("data/c.jsonl", many + many)
        #expect(try folder.run(now: "2026-04-01").store?.changed == 8)
    }

    /// Up to `at_least`, and up to `factor` times the last change, nobody has to be asked; lines
    /// that go count as lines that change.
    @Test(arguments: [
        (3, 0, 0, true), (3, 6, 0, true), (3, 7, 0, false), (1, 3, 0, true), (1, 4, 0, false),
        (4, 0, 0, false), (0, 3, 0, true), (0, 4, 0, false), (0, 2, 2, false), (0, 1, 2, true),
    ] as [(Int, Int, Int, Bool)])
    func theGuardAtItsBorder(_ example: (Int, Int, Int, Bool)) throws {
        let (first, then, broken, isAllowed) = example
        let folder = try TemporaryPipeline(
            storePipeline(
                "quarantine: { limit: 90% }",
                store: ", unreadable: drop, guard: { factor: 2, at_least: 3 }"))
        func write(_ name: String, _ count: Int, _ broken: Int = 0) throws {
            let due = (0..<count).map { storeRecord("01-1\($0)") }.joined()
            try folder.write(
                "data/\(name).jsonl",
                storeRecord("03-20") + due + String(repeating: "broken\n", count: broken))
        }
        func isRefused(_ change: Int) throws -> Bool {
            do {
                let report = try folder.run(now: "2026-04-01")
                #expect((report.store?.changed ?? 0) + (report.store?.removed ?? 0) == change)
                return false
            } catch let failure as PipelineFailure {
                #expect(failure.exitStatus == 10)
                #expect("\(failure)".contains("\(change) records of the store"))
                return true
            }
        }
        try write("a", first)
        let isFirst = then == 0 && broken == 0
        #expect(try isRefused(first) == (isFirst && !isAllowed))
        if isFirst { return }
        try write("b", then, broken)
        #expect(try isRefused(then + broken) == !isAllowed)
        if isAllowed { return }
        let token = try #require(try folder.run(now: "2026-04-01", isDryRun: true).store?.token)
        #expect(token.utf8.count == 32)
        _ = try folder.run(now: "2026-04-01", confirmation: token)
        // Nothing is left to be confirmed, and a token of other changes confirms nothing.
        #expect(throws: PipelineFailure.self) {
            try folder.run(now: "2026-04-01", confirmation: token)
        }
        #expect(try !isRefused(0))
    }

    /// The factor is one of changes that were made: where there were none it allows nothing.
    @Test func theFirstChangeHasNothingToBeMeasuredBy() throws {
        let folder = try TemporaryPipeline(
            storePipeline(store: ", guard: { factor: 10, at_least: 1 }"),
            files: ["data/a.jsonl": storeRecord("01-10") + storeRecord("01-11")])
        let failure = #expect(throws: PipelineFailure.self) { try folder.run(now: "2026-04-01") }
        #expect(failure?.exitStatus == 10)
        #expect(try !folder.text("data/a.jsonl").contains("GONE"))
    }

    @Test func noUnreadableLineIsAllowedUnlessThePipelineSaysSo() throws {
        let folder = try TemporaryPipeline(
            storePipeline("quarantine: { limit: 90% }"),
            files: ["data/a.jsonl": storeRecord("01-10") + "broken\n" + storeRecord("01-11")])
        do {
            try folder.run(now: "2026-04-01")
            Issue.record("expected a refusal")
        } catch let failure as PipelineFailure {
            guard case .quarantineLimit(let report, let allowed) = failure else {
                throw failure
            }
            #expect(allowed == "none in a store (`unreadable: fail`)")
            #expect(report.store == nil || report.store?.rewrittenFiles == 0)
        }
        let limited = try TemporaryPipeline(
            storePipeline("quarantine: { limit: 10% }", store: ", unreadable: drop"),
            files: ["data/a.jsonl": storeRecord("01-10") + "broken\n"])
        do {
            try limited.run(now: "2026-04-01")
            Issue.record("expected a refusal")
        } catch let failure as PipelineFailure {
            guard case .quarantineLimit(_, let allowed) = failure else { throw failure }
            #expect(!allowed.contains("unreadable"))
        }
    }

    @Test func aTokenCanBeDemanded() throws {
        let folder = try TemporaryPipeline(
            storePipeline(store: ", confirm: required"),
            files: ["data/a.jsonl": storeRecord("01-10") + storeRecord("03-20")])
        let dry = try folder.run(now: "2026-04-01", isDryRun: true)
        #expect(folder.files(below: ".").allSatisfy { !$0.hasPrefix("state") })
        do {
            _ = try folder.run(now: "2026-04-01")
            Issue.record("expected a refusal")
        } catch let failure as PipelineFailure {
            #expect(failure.exitStatus == 10)
        }
        let token = try #require(dry.store?.token)
        #expect(try folder.run(now: "2026-04-01", confirmation: token).store?.changed == 1)
        // With nothing to change there is nothing to confirm.
        #expect(try folder.run(now: "2026-04-02").store?.changed == 0)
    }

    @Test func aCountedSourceIsNotCountedAgainOnceItIsRewritten() throws {
        let folder = try TemporaryPipeline(
            storePipeline(
                """
                outputs:
                  - { name: all, purpose: statistics, path: "out/{date}.jsonl" }
                """),
            files: ["data/a.jsonl": storeRecord("01-10") + storeRecord("03-20")])
        let first = try folder.run(now: "2026-04-01")
        #expect(first.totals.read == 2 && first.store?.changed == 1)
        let second = try folder.run(now: "2026-04-02")
        #expect(second.totals.read == 0)
        let text = try folder.text("data/a.jsonl")
        try folder.write("data/a.jsonl", text + storeRecord("03-30"))
        let third = try folder.run(now: "2026-04-03")
        #expect(third.totals.read == 1 && third.store?.changed == 0)
    }

    @Test func otherClocks() throws {
        let pipeline = storePipeline().replacingOccurrences(
            of: "  action: keep", with: "  action: { then: drop, after: P1Y }")
        let folder = try TemporaryPipeline(pipeline, files: ["data/a.jsonl": storeRecord("01-10")])
        _ = try folder.run(now: "2026-03-01")
        #expect(try folder.text("data/a.jsonl") == dueRecord("01-10"))
        #expect(try folder.run(now: "2027-01-10").store?.settledFiles == 1)
        #expect(try folder.run(now: "2027-01-11").store?.changed == 1)
        #expect(try !folder.text("data/a.jsonl").contains("login"))
        #expect(try folder.run(now: "2036-01-11").store?.settledFiles == 1)
    }

    @Test func faultsOfThePipeline() throws {
        for (old, new) in [
            ("ts: keep", "ts: drop"), ("state: state", ""), ("time: ts", ""),
            ("settle: PT0S", "settle: soon"), ("files:", "file:"),
        ] {
            let folder = try TemporaryPipeline(
                storePipeline().replacingOccurrences(of: old, with: new),
                files: ["data/a.jsonl": storeRecord("01-10")])
            #expect(throws: PipelineFailure.self, "\(old)") { try folder.run(now: "2026-04-01") }
            #expect(try folder.text("data/a.jsonl") == storeRecord("01-10"))
        }
    }
}
