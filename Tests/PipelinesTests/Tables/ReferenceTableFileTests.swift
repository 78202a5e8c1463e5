import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Which reference tables a run takes, and what it says of the others.
@Suite("Reference tables of a pipeline")
struct ReferenceTableFileTests {
    private static let record =
        #"{"ts":"2026-04-14T10:00:00Z","user":"anna","kind":"first"}"# + "\n"

    private func pipeline(
        _ table: String = "file: accounts.csv, key: user", column: String = "left",
        more: String = ""
    ) -> String {
        """
        name: tables
        source: { format: jsonl, files: in.jsonl, time: ts }
        tables: [ { name: accounts, \(table) } ]
        fields:
          ts: keep
          user: { then: drop, after: { start: { table: accounts, column: \(column), by: user },
            length: P0D } }
        outputs:
          - { name: a, purpose: security, path: out.jsonl,
              safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }
        \(more)

        """
    }

    private func scene(
        _ csv: String? = "user,left\nanna,\n", _ pipeline: String? = nil
    ) throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(
            pipeline ?? self.pipeline(), files: ["in.jsonl": Self.record])
        if let csv { try scene.write("accounts.csv", csv) }
        return scene
    }

    /// The faults of a run, one per line; empty when it ran.
    private func faults(
        _ scene: TemporaryPipeline, now: String = "2026-04-15"
    ) throws -> String {
        do {
            _ = try scene.run(now: now)
            return ""
        } catch let failure as PipelineFailure {
            guard case .tables(let faults, _) = failure else { throw failure }
            #expect(failure.exitStatus == ExitStatus.tables)
            #expect(!scene.files(below: "").contains("out.jsonl"))
            return FaultReport.render(faults, file: "")
        }
    }

    @Test("a good table decides")
    func good() throws {
        #expect(try faults(scene()) == "")
        let scene = try scene("user,left\r\n\"anna\",2026-04-15\r\n")
        let report = try scene.run(now: "2026-04-15")
        #expect(try !scene.text("out.jsonl").contains("anna"))
        #expect(report.notes.contains { $0.contains("not checked without `state`") })
    }

    @Test(
        "a table that cannot be trusted fails the run before anything is read",
        arguments: [
            ("", "expected a first line"), ("user,left\n", "at least one row"),
            ("user,lft\nanna,\n", "no column `left`; did you mean `lft`?"),
            ("login,left\nanna,\n", "no column `user`"),
            ("user,left\nanna,\nanna,2026-01-01\n", "line 3: expected each key once"),
            ("user,left\nanna,\n anna ,\n", "line 3: expected each key once"),
            ("user,left\nanna,\n,2026-01-01\n", "line 3: expected a key in every row"),
            ("user,left\nanna\n", "expected 2 cells"), ("user,left\nanna,\"\n", "closing quote"),
            ("user,user\nanna,\n", "distinct names"),
        ])
    func damaged(_ csv: String, _ message: String) throws {
        let text = try faults(scene(csv))
        #expect(text.contains(message), "\(text)")
        #expect(!text.contains("anna") && !text.contains("2026-01-01"))
    }

    @Test("a table that is no UTF-8, or UTF-16")
    func encodings() throws {
        let scene = try scene()
        let latin: [UInt8] = Array("user,left\nanna,\nbj".utf8) + [0xF6] + Array("rn,\n".utf8)
        try Data(latin).write(to: URL(fileURLWithPath: "\(scene.folder)/accounts.csv"))
        #expect(try faults(scene).contains("line 3: expected keys in UTF-8"))
        let wide = "user,left\nanna,\n".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let path = "\(scene.folder)/accounts.csv"
        try Data([0xFF, 0xFE] + wide).write(to: URL(fileURLWithPath: path))
        #expect(try !faults(scene).isEmpty)
    }

    @Test("what is no file: nothing, a folder, a pipe, a link that leads nowhere")
    func places() throws {
        #expect(try faults(scene(nil)).contains("cannot be read"))
        let folder = try scene(nil)
        try folder.write("accounts.csv/x", "")
        #expect(try faults(folder).contains("cannot be read"))
        let pipe = try scene(nil)
        let made = unsafe mkfifo("\(pipe.folder)/accounts.csv", 0o600)
        #expect(made == 0)
        #expect(try faults(pipe).contains("cannot be read"))
        let link = try scene(nil)
        let files = FileManager.default
        try files.createSymbolicLink(
            atPath: "\(link.folder)/accounts.csv", withDestinationPath: "export.csv")
        #expect(try faults(link).contains("cannot be read"))
        // A link that leads to a file is followed: exports are often swapped that way.
        try link.write("export.csv", "user,left\nanna,\n")
        #expect(try faults(link) == "")
    }

    @Test("the age is that of the file, or the oldest of a column")
    func age() throws {
        let aged = pipeline("file: accounts.csv, key: user, max_age: P2D")
        let scene = try scene(pipeline: aged)
        try touch(scene, "accounts.csv", "2026-04-13T00:00:00Z")
        #expect(try faults(scene, now: "2026-04-15") == "")
        try scene.write("out.jsonl", "")
        try FileManager.default.removeItem(atPath: "\(scene.folder)/out.jsonl")
        #expect(try faults(scene, now: "2026-04-16").contains("older than its `max_age` of P2D"))
        try touch(scene, "accounts.csv", "2027-01-01T00:00:00Z")
        #expect(try faults(scene, now: "2026-04-16") == "")
        let stated = pipeline("file: accounts.csv, key: user, max_age: P2D, as_of: at")
        let cases = [
            ("2026-04-14", "2026-04-15", ""), ("2026-04-12", "2026-04-15", "older than"),
            ("", "2026-04-15", "a date in every row of `at`"),
            ("?", "2026-04-15", "a date in every row of `at`"),
        ]
        for (one, other, expected) in cases {
            let scene = try self.scene("user,left,at\nanna,,\(one)\ndaan,,\(other)\n", stated)
            let text = try faults(scene)
            #expect(expected.isEmpty ? text.isEmpty : text.contains(expected), "\(one)")
        }
    }

    @Test("a table that lost too many rows since the last run fails; a smaller loss does not")
    func shrunk() throws {
        func csv(_ count: Int) -> String {
            "user,left\n" + (0..<count).map { "u\($0),\n" }.joined()
        }
        let scene = try scene(csv(100), pipeline(more: "state: state"))
        _ = try scene.run(now: "2026-04-15")
        try scene.write("accounts.csv", csv(89))
        let before = scene.files(below: "")
        let text = try { () throws -> String in
            do {
                _ = try scene.run(now: "2026-04-16")
                return ""
            } catch let failure as PipelineFailure {
                #expect(failure.exitStatus == ExitStatus.tables)
                guard case .tables(let faults, let file) = failure else { return "?" }
                #expect(file.hasSuffix("pipeline.yaml"))
                return FaultReport.render(faults, file: "")
            }
        }()
        #expect(text.contains("has 89 rows and lacks 11 of the 100 keys of the last run"))
        #expect(scene.files(below: "") == before)
        #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-04-16", isDryRun: true) }
        try scene.write("accounts.csv", csv(90))
        _ = try scene.run(now: "2026-04-16")
        // Each run is held against the one before it.
        try scene.write("accounts.csv", csv(81))
        _ = try scene.run(now: "2026-04-17")
        try scene.write("accounts.csv", csv(200))
        _ = try scene.run(now: "2026-04-18")
    }

    @Test(
        "a column of which too much cannot be read fails the run; a single cell never does",
        arguments: [
            (["NULL"], 2, "", ""), (["NULL", ""], 0, "", ""),
            (["NULL", "01-09-2026"], 1, "", "2 of 3"),
            (["NULL", "NULL"], 18, "", ""), (["NULL", "", "NULL", "x"], 17, "", "3 of 20"),
            (["NULL", "NULL", "x"], 17, ", max_shrink: 15%", ""),
            (["NULL", "x"], 0, ", max_shrink: 100%", ""),
            (["1788220800000", "1788220800001"], 0, ", time: epoch", "names, epoch,"),
            (["1788220800.0", "1788220800000.0"], 0, ", time: epoch-ms", "names, epoch-ms,"),
            (["1788220800", "1788220801"], 0, "", "expected `time`, or dates such as"),
        ])
    func otherForm(_ bad: [String], _ good: Int, _ more: String, _ message: String) throws {
        let cells = bad + Array(repeating: "2026-09-01", count: good)
        let csv = "user,left\nanna,\n" + cells.enumerated().map { "u\($0),\($1)\n" }.joined()
        let scene = try scene(csv, pipeline("file: accounts.csv, key: user\(more)"))
        guard message.isEmpty else {
            let text = try faults(scene)
            #expect(text.contains(message) && text.contains("dates in `left` cannot"), "\(text)")
            #expect(!text.contains("NULL") && !text.contains("01-09-2026"))
            return
        }
        let report = try scene.run(now: "2026-04-15")
        let count = bad.count { !$0.isEmpty }
        let told = "table accounts: \(count) of \(count + good) dates in `left` cannot be read"
        #expect(report.alarms.count == 1 && report.alarms[0].hasPrefix(told), "\(report.alarms)")
        #expect(report.notes.filter { $0.hasPrefix(told) }.count == 1)
        #expect(report.unreadableCells.map(\.count) == [count])
    }

    @Test("dates of the last run that are gone are a loss like keys, unless they are few")
    func goneDates() throws {
        func csv(_ dates: Int, _ other: String = "") -> String {
            let cells = (0..<50).map { $0 < dates ? "2026-09-01" : other }
            return "user,left\nanna,\n" + cells.enumerated().map { "u\($0),\($1)\n" }.joined()
        }
        let scene = try scene(csv(50), pipeline(more: "state: state"))
        _ = try scene.run(now: "2026-04-15")
        func expectRefused(_ table: String, _ words: String) throws {
            try scene.write("accounts.csv", table)
            let failure = #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-04-17") }
            guard case .tables(let faults, _) = failure else { throw try #require(failure) }
            #expect(faults.count == 1 && faults[0].message.contains(words), "\(faults)")
        }
        try expectRefused(csv(44), "6 of the 50 dates that the last run read in `left` are gone")
        try expectRefused(csv(0), "50 of the 50 dates")
        try expectRefused(csv(44, "?"), "6 of 50 dates in `left` cannot be read")
        try scene.write("accounts.csv", csv(45))
        _ = try scene.run(now: "2026-04-17")
        // Four of a few are no loss, unless they are most of them.
        let few = try self.scene("user,left\n", pipeline(more: "state: state"))
        func rows(_ dates: Int) -> String {
            let cells = (0..<9).map { "u\($0),\($0 < dates ? "2026-09-01" : "")\n" }
            return "user,left\nanna,\n" + cells.joined()
        }
        for (dates, isTaken) in [(9, true), (5, true), (2, false), (3, true), (2, true)] {
            try few.write("accounts.csv", rows(dates))
            #expect(((try? few.run(now: "2026-04-17")) != nil) == isTaken, "\(dates)")
        }
    }

    @Test("as many rows under other keys are a loss, too")
    func otherKeys() throws {
        func csv(_ letter: String) -> String {
            "user,left\nanna,\n" + (0..<20).map { "\(letter)\($0),\n" }.joined()
        }
        let scene = try scene(csv("u"), pipeline(more: "state: state"))
        _ = try scene.run(now: "2026-04-15")
        try scene.write("accounts.csv", csv("U"))
        let failure = #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-04-16") }
        #expect(failure?.exitStatus == ExitStatus.tables)
        try scene.write("accounts.csv", csv(" u"))
        _ = try scene.run(now: "2026-04-16")
    }

    @Test("a table with `as_of` is remembered from run to run")
    func remembered() throws {
        let text = pipeline(
            "file: accounts.csv, key: user, max_age: P2D, as_of: at", more: "state: state")
        let scene = try scene("user,left,at\nanna,,2026-04-15\n", text)
        _ = try scene.run(now: "2026-04-15")
        _ = try scene.run(now: "2026-04-16")
        try scene.write("accounts.csv", "user,left,at\nanna,2026-04-16,2026-04-16\n")
        #expect(try scene.run(now: "2026-04-17").agedRecords == 1)
    }

    @Test("a table of an SQLite database does the same")
    func sqlite() throws {
        // The ledger of one pipeline is the database of the other.
        let first = try TemporaryPipeline(
            """
            name: first
            source: { format: jsonl, files: in.jsonl, time: ts }
            outputs: [ { name: a, purpose: statistics, path: out.jsonl } ]
            state: state

            """, files: ["in.jsonl": Self.record])
        _ = try first.run(now: "2026-04-10")
        func text(_ table: String, column: String = "now_ms") -> String {
            """
            name: second
            source: { format: jsonl, files: in.jsonl, time: ts }
            tables: [ { name: runs, \(table) } ]
            fields:
              ts: keep
              user: { then: drop, after: { length: P5D,
                start: { table: runs, column: \(column), by: kind } } }
            outputs:
              - { name: a, purpose: security, path: out.jsonl,
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }

            """
        }
        try first.write(
            "pipeline.yaml",
            text("sqlite: state/ledger.sqlite, table: runs, key: pipeline, time: epoch-ms"))
        _ = try first.run(now: "2026-04-15")
        #expect(try first.text("out.jsonl").contains("anna"))
        _ = try first.run(now: "2026-04-16")
        #expect(try !first.text("out.jsonl").contains("anna"))
        let cases = [
            ("sqlite: state/ledger.sqlite, table: run, key: pipeline", "did you mean `runs`?"),
            ("sqlite: state/ledger.sqlite, table: runs, key: pipelin", "did you mean `pipeline`?"),
            ("sqlite: state/none.sqlite, table: runs, key: pipeline", "cannot be read"),
            ("sqlite: in.jsonl, table: runs, key: pipeline", "SQLite database"),
            ("sqlite: state, table: runs, key: pipeline", "cannot be read"),
        ]
        try FileManager.default.removeItem(atPath: "\(first.folder)/out.jsonl")
        for (table, message) in cases {
            try first.write("pipeline.yaml", text(table))
            let found = try faults(first)
            #expect(found.contains(message), "\(found)")
        }
    }

    @Test("check names the nearest table and column; explain says when each clock runs out")
    func words() throws {
        let scene = try scene(nil, pipeline(column: "lefd"))
        try scene.write("accounts.csv", "user,left\nanna,\n")
        let path = "\(scene.folder)/pipeline.yaml"
        let faults = try Sluice.check(pipeline: path)
        #expect(faults.map(\.suggestion) == ["left"])
        #expect(faults.first?.position.line == 6)
        try scene.write("pipeline.yaml", pipeline(more: """
            window: { start: { field: closed }, length: P1M, unless: { field: kept } }
            delete: { start: event, length: P1Y }
            """))
        let words = try Sluice.explain(pipeline: PipelineFile(path), asJSON: false)
        #expect(words.contains("window   P1M after `closed`, unless `kept` has passed"))
        #expect(words.contains("as soon as `left` of table accounts by user has passed"))
        #expect(words.contains("the record is deleted  P12M after the event"))
        #expect(!words.contains("cut-off"))
        let json = try Sluice.explain(pipeline: PipelineFile(path), asJSON: true)
        #expect(json.contains(#""runs_out":"#))
    }

    private func scene(pipeline: String) throws -> TemporaryPipeline {
        try scene("user,left\nanna,\n", pipeline)
    }

    private func touch(_ scene: TemporaryPipeline, _ name: String, _ time: String) throws {
        let date = try #require(ISO8601DateFormatter().date(from: time))
        try FileManager.default.setAttributes(
            [.modificationDate: date], ofItemAtPath: "\(scene.folder)/\(name)")
    }
}
