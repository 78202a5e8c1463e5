import FileSystem
import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

/// A run that is confined to its files finds all of them, wherever they are.
@Suite("a confined run")
struct ConfinedRunTests {
    private func scene() throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", Pipeline.stateful)
        var maker = EventMaker(seed: 91)
        try scene.write("in/a.jsonl", maker.jsonLines(60))
        return scene
    }

    private let run = ["run", "p.yaml", "--now", "2026-04-15"]

    private func isConfined(_ outcome: Outcome) -> Bool {
        outcome.errors.contains("confined to")
    }

    @Test func theProfileSaysWhatItIsConfinedTo() throws {
        let scene = try scene()
        let first = try sluice(run + ["--profile"], in: scene)
        #expect(first.status == 0 && isConfined(first), "\(first.errors)")
        let json = try sluice(run + ["--profile", "--json"], in: scene)
        #expect(text(json.output).contains(#""confined":"to "#))
        let free = try sluice(run + ["--profile", "--no-sandbox"], in: scene)
        #expect(free.status == 0 && !isConfined(free), "\(free.errors)")
    }

    @Test func theSystemKnowsIt() throws {
        let scene = try scene()
        for (words, isConfined) in [([], true), (["--no-sandbox"], false)] {
            let process = try SluiceProcess(
                ["filter", "--format", "jsonl", "--time", "ts", "--set", "ts=keep"] + words,
                in: scene.path, feed: .open([]))
            let status = try process.statusOnceItWaits()
            #expect(status.contains("NoNewPrivs:\t\(isConfined ? 1 : 0)"), "\(status)")
            #expect(status.contains("Seccomp:\t\(isConfined ? 2 : 0)"))
            process.closeInput()
            #expect(try process.finish().status == 0)
        }
    }

    /// Sources behind links, in other folders, behind descriptors and pipes.
    @Test func sourcesFromAnywhere() throws {
        let scene = try scene()
        let elsewhere = try Scene()
        var maker = EventMaker(seed: 92)
        let rest = maker.jsonLines(30)
        try elsewhere.write("logs/b.jsonl", rest)
        try FileManager.default.createSymbolicLink(
            atPath: "\(scene.path)/in/b.jsonl",
            withDestinationPath: "\(elsewhere.path)/logs/b.jsonl")
        let linked = try sluice(run + ["--profile"], in: scene)
        #expect(linked.status == 0 && linked.errors.contains("90"), "\(linked.errors)")

        try scene.write("plain.yaml", Pipeline.stateless("jsonl"))
        try scene.write("static.key", String(repeating: "5e", count: 32))
        let whole = "exec \"$0\" \"$@\" < \(elsewhere.path)/logs/b.jsonl"
        let piped = "cat \(elsewhere.path)/logs/b.jsonl | \"$0\" \"$@\""
        for (script, source) in [(whole, "-"), (whole, "/dev/stdin"), (piped, "/dev/stdin")] {
            let outcome = try sluice(
                ["run", "plain.yaml", source, "--now", "2026-04-15", "--profile"], in: scene,
                through: ["/bin/sh", "-c", script])
            #expect(outcome.status == 0 && isConfined(outcome), "\(source): \(outcome.errors)")
        }
        unsafe mkfifo("\(elsewhere.path)/pipe", 0o600)
        let fed = "cat logs/b.jsonl > pipe & exec \"$0\" \"$@\""
        try elsewhere.write("plain.yaml", Pipeline.stateless("jsonl"))
        try elsewhere.write("static.key", String(repeating: "5e", count: 32))
        let outcome = try sluice(
            ["run", "plain.yaml", "pipe", "--now", "2026-04-15"], in: elsewhere,
            through: ["/bin/sh", "-c", fed])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// A command that looks for what a run is still going to take in, where one of the patterns
    /// means nothing and what another means lies behind a link.
    @Test func sourcesOfWhichSomeAreMissing() throws {
        let scene = try Scene()
        let elsewhere = try Scene()
        func line(_ day: String) -> String {
            #"{"ts":"2026-01-\#(day)T10:00:00Z","user":"anna","action":"login"}"# + "\n"
        }
        try scene.write(
            "p.yaml",
            """
            name: archive
            source: { format: jsonl, time: ts, files: ["in/*.jsonl", "late/*.jsonl"] }
            store: { files: "data/**/*.jsonl", settle: PT0S }
            identity: { user: user }
            fields: { ts: keep, user: { replace: GONE }, action: keep }
            state: state
            statistics:
              - name: months
                purpose: statistics
                by: [month]
                measures: { times: count }
                path: months.csv
                suppression: { of: count, persons: 1 }

            """)
        try scene.write("data/a.jsonl", line("10"))
        try scene.write("late/b.jsonl", line("11"))
        try elsewhere.write("logs/c.jsonl", line("12"))
        try FileManager.default.createDirectory(
            atPath: "\(scene.path)/in", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(scene.path)/in/c.jsonl",
            withDestinationPath: "\(elsewhere.path)/logs/c.jsonl")
        let first = try sluice(["run", "p.yaml", "--now", "2026-01-20"], in: scene)
        #expect(first.status == 0, "\(first.errors)")
        try FileManager.default.removeItem(atPath: "\(scene.path)/late/b.jsonl")
        try elsewhere.write("logs/c.jsonl", line("12") + line("13"))
        let outcome = try sluice(
            ["opt-out", "add", "p.yaml", "--user", "anna", "--now", "2026-01-21"], in: scene)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// Outputs that were elsewhere, states that share keys, results outside the project.
    @Test func resultsThatMoved() throws {
        let scene = try scene()
        let elsewhere = try Scene()
        let far = Pipeline.stateful
            .replacingOccurrences(of: "out/{date}", with: "\(elsewhere.path)/far/{date}")
            .replacingOccurrences(of: "keys: keys", with: "keys: \(elsewhere.path)/keys")
        try scene.write("p.yaml", far)
        let second = far.replacingOccurrences(of: "state: state", with: "state: s2")
        try scene.write("other.yaml", second)
        let early = ["--now", "2026-03-20", "--quiet"]
        #expect(try sluice(["run", "p.yaml"] + early, in: scene).status == 0)
        #expect(try sluice(["run", "other.yaml"] + early, in: scene).status == 0)
        // What was written there is aged there, though new records go somewhere else.
        try scene.write(
            "p.yaml", far.replacingOccurrences(of: "\(elsewhere.path)/far/", with: "near/"))
        let before = try elsewhere.tree("far")
        let later = try sluice(["run", "p.yaml", "--now", "2026-04-20"], in: scene)
        #expect(later.status == 0, "\(later.errors)")
        #expect(try elsewhere.tree("far") != before)
        #expect(try sluice(["verify", "p.yaml", "--now", "2026-04-20"], in: scene).status == 0)
    }

    /// A list of quarantine goes in time, wherever lists of today lie.
    @Test(arguments: ["", "quarantine: { limit: 10, keep_lines: true, path: elsewhere }"])
    func whereListsOfQuarantineLay(_ section: String) throws {
        let scene = try Scene()
        let pipeline = """
            name: q
            source: { format: jsonl, files: "in/*", time: ts }
            fields: { ts: keep, user: drop }
            outputs:
              - { name: o, purpose: statistics, path: "out/{month}.jsonl" }
            state: state

            """
        try scene.write(
            "p.yaml", pipeline + "quarantine: { limit: 10, keep_lines: true, path: quar }\n")
        try scene.write("in/a", "{\"ts\":\"2026-04-14T10:00:00Z\",\"user\":\"u\"}\n{broken\n")
        let run = ["run", "p.yaml", "--quiet", "--now"]
        let first = try sluice(run + ["2026-04-15"], in: scene)
        #expect(first.status == 0, "\(first.errors)")
        #expect(try !scene.tree("quar").isEmpty)
        try scene.write("p.yaml", pipeline + section + "\n")
        let verified = try sluice(["verify", "p.yaml", "--now", "2026-04-16"], in: scene)
        #expect(verified.status == 0, "\(text(verified.output))")
        let due = try sluice(run + ["2026-06-15"], in: scene)
        #expect(due.status == 0, "\(due.errors)")
        #expect(try scene.tree("quar").isEmpty)
    }

    /// Where nothing but former parts lay, a command that is confined before its run still finds
    /// and removes what a backup brought back.
    @Test func whereNothingButFormerPartsLay() throws {
        let scene = try Scene()
        let elsewhere = try Scene()
        let near = FaultJob.pipelineText.replacingOccurrences(
            of: "readers: [university]\n    expires: P3M", with: "readers: [university]")
        let far = near.replacingOccurrences(
            of: "out/{month}", with: "\(elsewhere.path)/far/{month}")
        try scene.write("p.yaml", far)
        try scene.write("in/a.jsonl", FaultJob.lines(seed: 97))
        let run = ["run", "p.yaml", "--quiet", "--now"]
        #expect(try sluice(run + ["2026-04-20"], in: scene).status == 0)
        let former = try elsewhere.tree("far")
        try scene.write("p.yaml", near)
        #expect(try sluice(run + ["2026-07-20"], in: scene).status == 0)
        #expect(try !former.isEmpty && elsewhere.tree("far").isEmpty)
        let clock = ["--now", "2026-07-21"]
        for command in [
            ["opt-out", "add", "p.yaml", "--customer", "NL-101"], ["publish", "p.yaml"],
            [
                "subject", "erase", "p.yaml", "--role", "controller", "--identity-check", "1",
                "--by", "dpo", "--user", "user3@firma3.example",
            ],
        ] {
            for (name, content) in former { try elsewhere.write("far/\(name)", content) }
            let outcome = try sluice(command + clock, in: scene)
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
            #expect(try elsewhere.tree("far").isEmpty, "\(command)")
        }
    }

    /// The key that seals the others is read from outside before the outside is closed.
    @Test func aCredentialForKeysWithoutState() throws {
        let scene = try scene()
        let elsewhere = try Scene()
        try elsewhere.write("kek", [UInt8](repeating: 0x91, count: 32))
        let text = Pipeline.stateless("jsonl")
            .replacingOccurrences(of: "{ hmac_sha256: { key: static.key } }", with: "pseudonymize")
            .replacingOccurrences(of: "acknowledge: [static-key]", with: Self.sealedKeys)
        try scene.write("plain.yaml", text)
        for _ in 0..<2 {
            let outcome = try sluice(
                ["run", "plain.yaml", "--now", "2026-04-15", "--profile"], in: scene,
                through: ["CREDENTIALS_DIRECTORY=\(elsewhere.path)"])
            #expect(outcome.status == 0 && isConfined(outcome), "\(outcome.errors)")
        }
    }

    /// Sealing the keys reaches the registry of every state that uses them, wherever it lies.
    @Test func keysOfAStateElsewhere() throws {
        let scene = try scene()
        let elsewhere = try Scene()
        try elsewhere.write("kek", [UInt8](repeating: 0x92, count: 32))
        func texts(_ keys: String) throws {
            let own = Pipeline.stateful.replacingOccurrences(of: "keys: keys", with: keys)
            try scene.write("p.yaml", own)
            try scene.write(
                "other.yaml",
                own.replacingOccurrences(of: "state: state", with: "state: \(elsewhere.path)/state")
                    .replacingOccurrences(of: "out/", with: "other/"))
        }
        func optOut(_ user: String) throws -> Outcome {
            try sluice(
                ["opt-out", "add", "other.yaml", "--user", user, "--now", "2026-04-15"], in: scene,
                through: ["CREDENTIALS_DIRECTORY=\(elsewhere.path)"])
        }
        try texts("keys: keys")
        for pipeline in ["p.yaml", "other.yaml"] {
            let outcome = try sluice(["run", pipeline, "--now", "2026-04-15"], in: scene)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(try optOut("anna").status == 0)
        try texts(Self.sealedKeys)
        let sealed = try sluice(
            ["keys", "rewrap", "p.yaml", "--json", "--now", "2026-04-15"], in: scene,
            through: ["CREDENTIALS_DIRECTORY=\(elsewhere.path)"])
        #expect(sealed.status == 0, "\(sealed.errors)")
        #expect(text(sealed.output).contains(#""registry_keys":1,"#), "\(text(sealed.output))")
        let outcome = try optOut("berta")
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// Where no more memory may be locked the work goes on, and says so.
    @Test(.enabled(if: try Want.plainProcess.isMet())) func keysThatCannotBeLocked() throws {
        let scene = try scene()
        let report = "\(scene.path)/../report"
        for isRefused in [false, true] {
            try FaultReport.prepare(report)
            let fault = Fault(
                side: .write, kind: .error(ENOMEM), number: isRefused ? 1 : 0, lasts: true,
                call: "mlock")
            let outcome = try sluice(
                run, in: scene, through: fault.settings(report: report))
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try FaultReport(path: report).calls > 0)
            #expect(
                outcome.errors.contains("not all keys") == isRefused, "\(outcome.errors)")
        }
    }

    /// A database is read with its log, which lies beside what a symbolic link leads to.
    @Test func theLogOfADatabaseBehindALink() throws {
        let scene = try scene()
        let elsewhere = try Scene()
        let writer = try DatabasePool(path: "\(elsewhere.path)/crm.db")
        try writer.write { db in
            try db.execute(sql: "CREATE TABLE people (login TEXT PRIMARY KEY, left TEXT)")
            try db.execute(sql: "INSERT INTO people VALUES ('nobody', ''), ('anna', '')")
        }
        try FileManager.default.createSymbolicLink(
            atPath: "\(scene.path)/crm.db", withDestinationPath: "\(elsewhere.path)/crm.db")
        let table = "tables: [ { name: people, sqlite: crm.db, table: people, key: login } ]"
        let clock = "delete: [ { start: { table: people, column: left, by: user }, length: P9Y } ]"
        try scene.write("p.yaml", Pipeline.stateful + table + "\n" + clock + "\n")
        #expect(try sluice(run, in: scene).status == 0)
        let export = try sluice(
            [
                "subject", "export", "p.yaml", "--role", "controller", "--identity-check", "1",
                "--by", "dpo", "--user", "anna", "--output", "-", "--now", "2026-04-15",
            ], in: scene)
        #expect(export.status == 0, "\(export.errors)")
        #expect(text(export.output).contains(#""login""#), "\(text(export.output))")
        try writer.close()
    }

    /// To know what it may open, a command that looks changes nothing: keys that came back out of a
    /// backup are found, and stay.
    @Test func verifyingChangesNothing() throws {
        let scene = try Scene()
        try scene.write("p.yaml", FaultJob.pipelineText)
        try scene.write("in/a.jsonl", FaultJob.lines(seed: 96))
        var keys: [String: [UInt8]] = [:]
        for (command, clock) in [
            ("run", "2026-04-20"), ("publish", "2026-05-20"), ("run", "2026-07-20"),
        ] {
            let outcome = try sluice([command, "p.yaml", "--now", clock, "--quiet"], in: scene)
            #expect(outcome.status == 0, "\(outcome.errors)")
            if keys.isEmpty { keys = try scene.tree("keys").filter { $0.key.hasSuffix(".key") } }
        }
        let left = try scene.tree("keys").keys.filter { $0.hasSuffix(".key") }
        #expect(!keys.isEmpty && left.isEmpty)
        for (name, content) in keys { try scene.write("keys/\(name)", content) }
        let before = try scene.tree()
        let outcome = try sluice(["verify", "p.yaml", "--now", "2026-07-20"], in: scene)
        #expect(outcome.status == 1)
        #expect(text(outcome.output).contains("keys/2026-03.key"), "\(outcome.errors)")
        #expect(try scene.tree() == before)
    }

    /// To sort more than two megabytes of an index, SQLite makes a file in a folder of its own
    /// choice unless it is told to do it in memory; all of those folders are closed.
    @Test(.enabled(if: try Want.landlock.isMet(hasLandlock)))
    func largeTablesOfADatabase() throws {
        let scene = try Scene(inMemory: true)
        let rows = 3000
        var lines = ""
        for row in 0..<rows {
            let page = "/\(row)/" + String(repeating: "x", count: 1000)
            for user in 0..<3 {
                lines += #"{"ts":"2026-03-05T12:00:00Z","user":"u\#(user)","#
                lines += #""page":"\#(page)"}"# + "\n"
            }
        }
        try scene.write("in/a.jsonl", lines)
        try scene.write(
            "p.yaml",
            """
            name: pages
            source: { format: jsonl, files: in/*.jsonl, time: ts }
            identity: { user: user }
            fields: { ts: keep, user: drop, page: keep }
            keys: keys
            state: state
            statistics:
              - { name: pages, purpose: statistics, by: [month, page],
                  measures: { times: count, users: { distinct: user } } }
            publish: { persons: 3, path: published, formats: [sqlite] }
            """)
        for command in ["run", "publish"] {
            let outcome = try sluice(
                [command, "p.yaml", "--now", "2026-05-20", "--quiet"], in: scene)
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
        }
        let database = try DatabaseQueue(
            path: "\(scene.path)/published/2026-03/publication.sqlite")
        let count = try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM pages") }
        #expect(count == rows)
        try database.close()
    }

    /// What is only looked at says the same as without confinement, wherever the lists lie that it
    /// names, and of several pipelines at once.
    @Test func pipelinesThatAreOnlyLookedAt() throws {
        let scene = try Scene()
        let elsewhere = try Scene()
        try LookedAt.lists(in: elsewhere)
        let writer = try DatabasePool(path: "\(elsewhere.path)/crm.db")
        try writer.write { db in
            try db.execute(sql: "CREATE TABLE people (login TEXT PRIMARY KEY, left TEXT)")
            try db.execute(sql: "INSERT INTO people VALUES ('nobody', ''), ('anna', '')")
        }
        for name in ["crm.db", "people.csv"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(scene.path)/\(name)",
                withDestinationPath: "\(elsewhere.path)/\(name)")
        }
        let far = LookedAt.pipeline
            .replacingOccurrences(of: "opt-outs.csv", with: "\(elsewhere.path)/opt-outs.csv")
            .replacingOccurrences(of: "static.key", with: "\(elsewhere.path)/static.key")
        func write(_ file: String, table: String) throws {
            try scene.write(file, far.replacingOccurrences(of: "people.csv", with: table))
        }
        try write("far/p.yaml", table: "../people.csv")
        try write("missing.yaml", table: "none.csv")
        let database = far.replacingOccurrences(
            of: "file: people.csv,", with: "sqlite: crm.db, table: people,")
        try scene.write("database.yaml", database)
        try scene.write("broken.yaml", "name: [")
        // A source must not find what an earlier run left in the state.
        try scene.write("state/quarantine/old.csv", "x")
        try scene.write("state/tables/old", "x")
        try scene.write(
            "state.yaml", far + "state: state\nquarantine: { path: lists }\n")
        for folder in ["quarantine/*.csv", "tables/*"] {
            let finds = far.replacingOccurrences(of: "in/*", with: "state/\(folder)")
            try scene.write(
                "finds-\(folder.prefix(6)).yaml",
                finds + "state: state\nquarantine: { path: lists }\n")
        }
        let files = [
            "far/p.yaml", "database.yaml", "missing.yaml", "broken.yaml", "none.yaml", "state.yaml",
            "finds-quaran.yaml", "finds-tables.yaml", "/dev/stdin",
        ]
        var commands = [["check"] + files, ["check", "--json"] + files, ["test"] + files]
        commands += files.map { ["explain", $0] }
        for command in commands {
            for way in ["exec \"$0\" \"$@\" < far/p.yaml", "cat far/p.yaml | \"$0\" \"$@\""] {
                let shell = ["/bin/sh", "-c", way]
                let bound = try sluice(command, in: scene, through: shell)
                let free = try sluice(command + ["--no-sandbox"], in: scene, through: shell)
                let told = [bound, free].map { "\($0.status) \(text($0.output))\($0.errors)" }
                #expect(told[0] == told[1], "\(command)")
            }
        }
        let whole = ["far/p.yaml", "database.yaml", "state.yaml"]
        for command in ["check", "test"] {
            let outcome = try sluice([command] + whole, in: scene)
            #expect(outcome.status == 0, "\(command): \(text(outcome.output))\(outcome.errors)")
        }
        for name in ["finds-quaran.yaml", "finds-tables.yaml"] {
            let outcome = try sluice(["check", name], in: scene)
            #expect(outcome.status == 3 && text(outcome.output).contains("what may be"))
        }
        try writer.close()
    }

    private static let sealedKeys = "keys: { path: keys, wrapped_by: { credential: kek } }"

    /// Nothing but tables, in folders that are there or not: what is put aside goes there, too.
    @Test(arguments: ["made/{name}.csv", "made/{name}/table.csv", "{name}.csv"])
    func tablesAlone(path: String) throws {
        let scene = try scene()
        try scene.write(
            "tables.yaml",
            """
            name: tables
            source: { format: jsonl, files: in/*.jsonl, time: ts }
            identity: { user: user, customer: customer }
            keys: keys
            fields: { action: keep }
            statistics:
              - name: actions
                purpose: statistics
                by: [month, action]
                measures: { users: { distinct: user } }
                path: "\(path)"
            """)
        for _ in 0..<2 {
            let outcome = try sluice(
                ["run", "tables.yaml", "--now", "2026-04-15", "--profile"], in: scene)
            #expect(outcome.status == 0 && isConfined(outcome), "\(outcome.errors)")
        }
        let table = path.replacingOccurrences(of: "{name}", with: "actions")
        #expect(try scene.tree().keys.contains { $0.hasSuffix(table) })
    }

    @Test func anOutputFolderThatALinkLeadsTo() throws {
        let scene = try scene()
        let elsewhere = try Scene()
        try elsewhere.write("results/kept", "x")
        try FileManager.default.createSymbolicLink(
            atPath: "\(scene.path)/out", withDestinationPath: "\(elsewhere.path)/results")
        let outcome = try sluice(run, in: scene)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try elsewhere.tree("results").count > 1)
    }
}
