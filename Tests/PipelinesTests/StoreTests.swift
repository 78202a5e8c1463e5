import Anonymization
import FileSystem
import Testing
import TestSupport

@testable import Pipelines

/// A folder with a pipeline, a source folder, state and outputs.
private struct Store: ~Copyable {
    let path: String

    init() throws {
        path = "/tmp/sluice-store-\(TemporaryName.run)-\(UInt32.random(in: 0 ... .max))"
        _ = try Directory.open("\(path)/in", creating: true, mode: 0o700)
    }

    deinit { removeFolder(path) }

    func write(_ name: String, _ text: String) throws {
        try DurableFile.durablyReplace("\(path)/\(name)", with: Array(text.utf8).span)
    }

    /// A pipeline with one output that is readable in the window.
    func pipeline(
        _ lines: String = "", output: String = "a", more: String = "",
        user: String = "{ replace: GONE }"
    ) throws {
        try write(
            "p.yaml",
            """
            name: store
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user }
            fields: { ts: keep, user: \(user) }
            outputs:
              - { name: \(output), purpose: security, path: "out/{date}.jsonl", \(more)
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }
            state: state
            \(lines)

            """)
    }

    @discardableResult
    func run(_ now: String, dry: Bool = false) throws -> RunReport {
        var request = RunRequest(pipeline: "\(path)/p.yaml")
        request.now = now
        request.isDryRun = dry
        return try Sluice.run(request, observer: nil)
    }

    /// The names in a folder, those that begin with a dot as well.
    func names(_ folder: String) throws -> [String] {
        guard (try? FileStatus.of("\(path)/\(folder)"))?.kind == .directory else { return [] }
        return try Directory.open("\(path)/\(folder)").names().sorted()
    }

    /// All outputs, one after the other.
    func output() throws -> String {
        let folder = try Directory.open("\(path)/out")
        return try names("out").reduce(into: "") { text, name in
            text += String(
                decoding: try folder.content(of: name, limitBytes: 1 << 20), as: UTF8.self)
        }
    }
}

private let record = #"{"ts":"2026-04-10T10:00:00Z","user":"anna.example","x":1}"# + "\n"

@Suite("What runs wrote")
struct StoreTests {
    @Test("the folder of a test goes with it")
    func folderGoes() throws {
        var path = ""
        do {
            let store = try Store()
            try store.write("in/1.jsonl", record)
            path = store.path
            #expect(try FileStatus.of(path)?.kind == .directory)
        }
        #expect(try FileStatus.of(path) == nil)
    }

    @Test("a failed run leaves nothing behind, not even durable temporary files")
    func abandoned() throws {
        let store = try Store()
        try store.pipeline("quarantine: { limit: 0 }")
        try store.write("in/1.jsonl", record)
        try store.write("in/2.jsonl", "{\n")
        #expect(throws: PipelineFailure.self) { try store.run("2026-04-15") }
        #expect(try store.names("out") == [])
    }

    @Test(
        "what expires goes when it should, whatever its records say of their time",
        arguments: [
            // Nobody can read the times that were stored any more.
            (record, "{ field: ts, format: epoch }"),
            // A time beyond the skew keeps nothing for a century.
            (#"{"ts":"2126-04-10T10:00:00Z","user":"anna.example","x":1}"# + "\n", "ts"),
        ])
    func expiry(content: String, laterTime: String) throws {
        let store = try Store()
        func pipeline(_ time: String) throws {
            try store.write(
                "p.yaml",
                """
                name: store
                source: { format: jsonl, files: "in/*.jsonl", time: \(time) }
                identity: { user: user }
                fields: { ts: keep, user: { replace: GONE } }
                outputs:
                  - { name: a, purpose: security, path: "out/{date}.jsonl", expires: P3M,
                      safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }
                state: state

                """)
        }
        try store.write("in/1.jsonl", content)
        try pipeline("ts")
        try store.run("2026-04-20")
        #expect(try store.names("out").count == 1)
        try pipeline(laterTime)
        try store.run("2026-06-20")
        #expect(try store.names("out").count == 1)
        #expect(try !store.output().contains("anna"))
        try store.run("2026-07-22")
        #expect(try store.names("out") == [])
    }

    @Test("a shorter window reaches what was written under a longer one")
    func shorterWindow() throws {
        let store = try Store()
        try store.write("in/1.jsonl", record)
        try store.pipeline("window: P3M")
        try store.run("2026-04-20")
        #expect(try store.output().contains("anna"))
        try store.pipeline("window: P1W")
        try store.run("2026-05-20")
        #expect(try !store.output().contains("anna"))
    }

    @Test("an output that is gone while its parts are due stops the run")
    func renamed() throws {
        let store = try Store()
        try store.write("in/1.jsonl", record)
        try store.pipeline()
        try store.run("2026-04-20")
        try store.pipeline(output: "b")
        #expect(throws: PipelineFailure.self) { try store.run("2026-06-20") }
        try store.pipeline()
        try store.run("2026-06-20")
        #expect(try !store.output().contains("anna"))
    }

    @Test(
        "a readable output keeps the time its records are aged by",
        arguments: [
            "fields: { ts: drop },", "fields: { ts: { truncate_time: day } },",
            "format: csv, columns: [user],",
        ])
    func timeStays(_ more: String) throws {
        let store = try Store()
        try store.write("in/1.jsonl", record)
        try store.pipeline(more: more)
        #expect(throws: PipelineFailure.self) { try store.run("2026-04-20") }
    }

    @Test("a source that begins with another one of the same run is counted from there")
    func commonBeginning() throws {
        let store = try Store()
        try store.write("in/1.jsonl", record)
        try store.write("in/2.jsonl", record + record)
        try store.pipeline()
        #expect(try store.run("2026-04-20").totals.read == 2)
    }

    @Test("a dry run makes nothing")
    func dryRun() throws {
        let store = try Store()
        try store.write("in/1.jsonl", record)
        try store.pipeline(user: "pseudonymize")
        #expect(try store.run("2026-04-20", dry: true).totals.read == 1)
        #expect(try store.names("") == ["in", "p.yaml"])
    }

    @Test("no two results share a file")
    func sharedFile() throws {
        let store = try Store()
        try store.write("in/1.jsonl", record)
        try store.write(
            "p.yaml",
            """
            name: shared
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            outputs:
              - { name: a, purpose: statistics, path: "out/{date}.jsonl" }
              - { name: b, purpose: statistics, path: "out/2026-04-10.jsonl" }

            """)
        #expect(throws: PipelineFailure.self) { try store.run("2026-06-20") }
        #expect(try store.names("out") == [])
    }

    @Test("an opt-out of everything reaches unnamed fields in the window")
    func unnamed() throws {
        let store = try Store()
        let line = #"{"ts":"2026-04-10T10:00:00Z","user":"u","customer":"c1","x":"raw"}"#
        try store.write("in/1.jsonl", line + "\n")
        try store.write(
            "list.csv", "customer,purposes,categories,effective_date\nc1,security,*,2020-01-01\n")
        try store.write(
            "p.yaml",
            """
            name: unnamed
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user, customer: customer }
            fields: { ts: keep, user: drop, customer: drop }
            opt_outs: list.csv
            outputs:
              - { name: a, purpose: security, path: "out/a.jsonl",
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }

            """)
        try store.run("2026-04-15")
        #expect(try store.output() == "{}\n")
    }

    @Test("what a time ahead made due is transformed once, however often it is run")
    func timeAhead() throws {
        let store = try Store()
        // A table is asked again in each run, whatever is due.
        try store.write("firms.csv", "firm,left\nNL-1,\n")
        try store.write(
            "p.yaml",
            """
            name: store
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user }
            tables: [ { name: t, file: firms.csv, key: firm } ]
            delete: { start: { table: t, column: left, by: firm }, length: P9Y }
            fields: { ts: keep, firm: keep, user: { bucket: { width: 10 } } }
            outputs:
              - { name: a, purpose: security, path: "out/{date}.jsonl",
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }
            state: state

            """)
        func line(_ day: String) -> String {
            #"{"ts":"2026-04-\#(day)T10:00:00Z","firm":"NL-1","user":"55"}"# + "\n"
        }
        try store.write("in/a.jsonl", line("10") + line("13"))
        try store.run("2026-04-10")
        let (names, text) = (try store.names("out"), try store.output())
        let aged = #"{"ts":"2026-04-13T10:00:00Z","firm":"NL-1","user":"50-59"}"#
        #expect(text.contains(aged))
        for day in ["2026-04-10", "2026-04-11", "2026-04-14", "2026-06-01"] {
            try store.run(day)
            #expect(try store.output().contains(aged), "\(day)")
            if day == "2026-04-10" { #expect(try store.names("out") == names) }
        }
    }

    @Test("what a time ahead made due is not readable again, and keeps no key alive")
    func timeAheadInAPart() throws {
        let store = try Store()
        try store.write(
            "p.yaml",
            """
            name: store
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user }
            fields: { ts: keep, user: pseudonymize }
            outputs:
              - { name: a, purpose: security, path: "out/{month}.jsonl",
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }
            keys: { path: keys, grace: P0D }
            state: state

            """)
        func line(_ day: String) -> String {
            #"{"ts":"2026-04-\#(day)T10:00:00Z","user":"55"}"# + "\n"
        }
        try store.write("in/a.jsonl", line("09") + line("23"))
        try store.run("2026-04-10")
        #expect(try store.output().contains(#""user":"55""#))
        // The first record ages, beside one that came ahead of its time.
        try store.run("2026-05-10")
        #expect(try !store.output().contains(#""user":"55""#))
        let (names, text) = (try store.names("out"), try store.output())
        try store.run("2026-06-20")
        #expect(try store.names("out") == names && store.output() == text)
        #expect(try store.names("keys").contains("2026-04.destroyed"))
    }

    @Test("a derived field is no readable copy")
    func readableCopy() throws {
        let store = try Store()
        try store.pipeline("derive: { who: { keep: { of: user } } }")
        #expect(throws: PipelineFailure.self) { try store.run("2026-04-20") }
    }

    @Test("a clock that began before the event runs out on its day")
    func otherClock() throws {
        let store = try Store()
        let line = #"{"ts":"2026-04-10T10:00:00Z","user":"anna","closing":"2026-03-20T00:00:00Z"}"#
        try store.write("in/1.jsonl", line + "\n")
        try store.pipeline(
            user: "{ then: drop, after: { start: { field: closing }, length: P1M } }")
        try store.run("2026-04-15")
        #expect(try store.output().contains("anna"))
        try store.run("2026-04-25")
        #expect(try !store.output().contains("anna"))
    }

    @Test(
        "what would not hold is a fault",
        arguments: [
            "statistics: [{ name: s, purpose: statistics, by: [hour], measures: { n: count } }]",
        ])
    func faults(_ line: String) throws {
        let store = try Store()
        try store.write("in/1.jsonl", record)
        try store.pipeline()
        try store.run("2026-04-20", dry: true)
        try store.pipeline(line)
        #expect(throws: PipelineFailure.self) { try store.run("2026-04-20", dry: true) }
    }
}
