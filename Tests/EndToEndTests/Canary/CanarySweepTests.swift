import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// Marks are planted wherever an identifier can stand; then the tool works, fails, is killed and
/// crashes, and not one of them may be found in anything that it wrote, in any form, but where the
/// README says that it stays for a while.
@Suite("a sweep for planted identifiers")
struct CanarySweepTests {
    private static let seed: UInt64 = 0xca7a
    private static let clock = ["--now", "2026-04-15"]
    private static let run = ["run", "p.yaml"] + clock + ["--workers", "2"]
    private static let days = (1...9).map { "2026-0\(1 + $0 % 3)-0\($0)" }

    /// Sources, lists and tables full of marks, all of which count as due.
    private func bareHouse(_ pipeline: String = CanaryPipeline.bare) throws -> CanaryHouse {
        let house = try CanaryHouse(seed: Self.seed)
        let scene = house.scene
        try scene.write("p.yaml", pipeline)
        let good = house.field.goodLines(Self.days)
        let future = house.field.record("2031-01-01T00:00:00Z", "record of the future")
        let lines = good[..<4] + [future]
        try scene.write("in/\(house.field.sourceName())", lines.joined(separator: "\n") + "\n")
        let packed = try house.field.namedGzip(bytes(good[4...].joined(separator: "\n")))
        try scene.write("in/b.jsonl.gz", packed)
        let bad: [UInt8] = house.field.badLines().flatMap { $0 + [0x0a] }
        try scene.write("in/c.jsonl", bad)
        try writeLists(house)
        return house
    }

    private func writeLists(_ house: CanaryHouse) throws {
        let users = house.field.users.prefix(6).map { "\($0),,\(house.field.word("a note"))" }
        let gone = "\(house.field.word("key of a table"))@firma.example,2026-02-01,"
        try house.scene.write(
            "lists/accounts.csv", (["user,ended,note"] + users + [gone]).joined(separator: "\n"))
        try house.scene.write(
            "lists/opt-outs.csv",
            "customer,person,purposes,effective_date\n"
                + "\(house.field.customers[1]),,*,2026-03-01\n"
                + "\(house.field.word("opted out")),,*,2026-03-01\n"
                + ",\(house.field.word("person opted out"))@firma.example,statistics,2026-03-01\n")
        try house.scene.write(
            "lists/holds.yaml",
            """
            holds:
              - { name: case, ground: law, citation: Order 4, reason: inquiry, by: legal,
                  user: \(house.field.users[2]), customer: \(house.field.word("held")),
                  start: 2026-03-01, end: 2026-05-01 }

            """)
    }

    // MARK: What goes well

    @Test func runsAndPublications() throws {
        let house = try bareHouse()
        let first = Self.run + ["--verbose", "--metrics", "out/metrics.prom"]
        #expect(try house.run(first).status == 0)
        #expect(try house.run(Self.run + ["--json", "--profile"]).status == 0)
        #expect(try house.run(Self.run + ["--dry-run", "--log-format", "json"]).status == 0)
        let later = ["--now", "2026-05-20"]
        for command in [
            ["run", "p.yaml", "--log-format", "journald"] + later,
            ["publish", "p.yaml"] + later, ["verify", "p.yaml"] + later,
            ["verify", "p.yaml", "--json"] + later, ["status", "p.yaml"] + later,
            ["explain", "p.yaml"], ["explain", "p.yaml", "--json"], ["test", "p.yaml"],
            ["check", "p.yaml"], ["keys", "list", "p.yaml", "--verbose"] + later,
            ["hold", "list", "p.yaml"] + later, ["opt-out", "list", "p.yaml"] + later,
            ["recalls", "list", "p.yaml"] + later,
        ] {
            let outcome = try house.run(command)
            #expect([0, 1].contains(outcome.status), "\(command): \(outcome.errors)")
        }
        let written = try house.scene.tree("out")
        #expect(written.count > 12, "\(written.keys.sorted())")
        try house.sweep("all went well")
    }

    @Test func requestsOfPersons() throws {
        let house = try bareHouse()
        let subject = house.field.record("2026-03-02T10:00:00Z", "subject", .subject)
        try house.scene.write("in/d.jsonl", subject + "\n")
        let (user, customer) = (house.field.users.last ?? "", house.field.customers.last ?? "")
        #expect(try house.run(Self.run + ["--quiet"]).status == 0)
        // In the state a copy has no name, and is gone with the process. It says where it is from.
        let copy = ["copy/", "output of subject export", "state/#", "state/.spill"]
        house.allowances += [
            CanaryAllowance(kind: .subject, places: copy),
            CanaryAllowance(kind: .sourceName, places: copy),
        ]
        let who = ["--role", "controller", "--identity-check", "T-1", "--by", "dpo"]
        for (command, line) in [
            (["opt-out", "add", "p.yaml", "--customer", "-"], customer),
            (["opt-out", "check", "p.yaml", "--user", "-"], user),
            (["opt-out", "import", "p.yaml", "lists/opt-outs.csv"], ""),
            (["hold", "raise", "p.yaml", "--name", "h2", "--ground", "law", "--citation", "O",
              "--reason", "r", "--by", "legal", "--user", "-", "--end", "2026-05-01"], user),
            (["subject", "status", "p.yaml", "--user", "-", "--json"], user),
            (["subject", "export", "p.yaml", "--user", "-", "--output", "copy"] + who, user),
            (["subject", "export", "p.yaml", "--user", "-", "--output", "-"] + who, user),
            (["subject", "restrict", "p.yaml", "--user", "-"] + who, user),
            (["subject", "erase", "p.yaml", "--user", "-"] + who, user),
            (["hold", "release", "p.yaml", "--name", "h2", "--by", "legal"], ""),
            (["run", "p.yaml"], ""), (["recalls", "list", "p.yaml", "--all"], ""),
        ] {
            let outcome = try house.run(command + Self.clock, feed: .bytes(bytes(line + "\n")))
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
        }
        #expect(try house.scene.tree("copy").count > 0)
        try house.sweep("requests were answered")
    }

    @Test func tasksOfADividedRun() throws {
        let house = try bareHouse()
        try house.scene.write("run.key", String(repeating: "c0ffee11", count: 8))
        let plan = try house.run(
            ["plan", "p.yaml", "--work", "work", "--key-file", "run.key", "--range-bytes", "4000",
             "--first-month", "2025-10"] + Self.clock)
        try #require(plan.status == 0, "\(plan.errors)")
        let answer = try JSONDecoder().decode(Plan.self, from: Data(plan.output))
        for task in answer.tasks {
            let outcome = try house.run(["task", answer.folder, task.name, "--key-file", "run.key"])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        // With a state there is nothing to merge, and it says so.
        try house.run(["reduce", answer.folder, "--group", "0", "--groups", "1"])
        let commit = try house.run(["commit", answer.folder])
        #expect(commit.status == 0, "\(commit.errors)")
        try house.sweep("tasks did it")
    }

    private struct Plan: Decodable {
        struct Task: Decodable { let name: String }
        let folder: String
        let tasks: [Task]
    }

    /// What may be read for a month is in that output and the kept lines, and nowhere else.
    @Test func theWindow() throws {
        let house = try CanaryHouse(seed: Self.seed)
        try house.scene.write("p.yaml", CanaryPipeline.kept)
        let old = house.field.goodLines(["2026-01-02", "2026-02-03", "2026-03-14"])
        let new = house.field.goodLines(["2026-03-15", "2026-04-02"], .inWindow)
        try house.scene.write("in/a.jsonl", (old + new).joined(separator: "\n") + "\n")
        let bad: [UInt8] = house.field.badLines(.unreadable).flatMap { $0 + [0x0a] }
        try house.scene.write("in/b.jsonl", bad)
        let kept = [
            CanaryAllowance(kind: .inWindow, places: ["out/kept/"]),
            CanaryAllowance(kind: .unreadable, places: ["state/quarantine/"]),
        ]
        house.allowances += kept
        #expect(try house.run(Self.run + ["--verbose"]).status == 0)
        #expect(try house.run(["verify", "p.yaml"] + Self.clock).status == 0)
        try house.sweep("in the window")
        house.allowances.removeLast(kept.count)
        #expect(try !house.leaks().isEmpty)
    }

    // MARK: What fails

    @Test func badConfigurationsAndSources() throws {
        let house = try bareHouse()
        let text = CanaryPipeline.bare
        try house.scene.write("strict.yaml", text.replacingOccurrences(of: "70%", with: "1%"))
        #expect(try house.run(["run", "strict.yaml", "--now", "2026-04-15"]).status == 5)
        for (name, old, new) in [
            ("zone", "time: ts", "time: { field: ts, format: epoch }"),
            ("field", "time: ts", "time: tts"), ("wrong", "redact", "redacted"),
            ("format", "format: jsonl", "format: csv"),
            ("table", "key: user }", "key: usr }"),
            ("lists", "lists/opt-outs.csv", "lists/accounts.csv"),
            ("holds", "lists/holds.yaml", "lists/opt-outs.csv"),
            ("pipeline", "holds: lists/holds.yaml", "holds: in/c.jsonl"),
        ] {
            try house.scene.write(
                "\(name).yaml",
                text.replacingOccurrences(of: old, with: new)
                    .replacingOccurrences(of: "state: state", with: "state: state/\(name)"))
            let outcome = try house.run(["run", "\(name).yaml", "--now", "2026-04-15"])
            #expect(outcome.status != 0, "\(name)")
        }
        var member = try house.scene.read("in/b.jsonl.gz")
        member[member.count / 2] ^= 0x55
        try house.scene.write("in/broken.jsonl.gz", member)
        #expect(try house.run(Self.run).status == 4)
        try house.scene.remove("in/broken.jsonl.gz")
        // A log where a pipeline should stand.
        #expect(try house.run(["check", "in/c.jsonl"]).status == 3)
        try house.sweep("all failed")
    }

    @Test func aDiskThatIsFull() throws {
        let house = try bareHouse()
        // No copies: they could not grow either. The thread sanitizer makes a file of its own in
        // TMPDIR before main, and does without where there is no such folder.
        let blocks = ["TMPDIR=/nowhere", "/bin/sh", "-c", #"ulimit -f 8; exec "$0" "$@""#]
        #expect(try house.run(Self.run, through: blocks, copies: false).status == 6)
        let report = "\(house.scene.path)/../report"
        var failed = 0
        for (number, error) in zip([3, 20, 45, 80, 120], [ENOSPC, EIO, EDQUOT, ENOSPC, EROFS]) {
            try FaultReport.prepare(report)
            let fault = Fault(side: .write, kind: .error(error), number: number, lasts: true)
            if try house.run(Self.run, through: fault.settings(report: report)).status != 0 {
                failed += 1
            }
        }
        #expect(failed >= 3)
        let filter = ["filter", "--format", "jsonl", "--time", "ts", "--user", "drop",
                      "--quarantine-limit", "99%"]
        let lines = try house.scene.read("in/c.jsonl")
        let outcome = try house.run(filter, feed: .bytes(lines), drain: .file("/dev/full"))
        #expect(outcome.status == 6, "\(outcome.errors)")
        try house.sweep("no room")
    }

    // MARK: What crashes

    /// At calls that write, and at any moment; the caller allows a core of any size.
    @Test(arguments: [SIGKILL, SIGABRT, SIGSEGV, SIGILL]) func crashes(_ signal: Int32) throws {
        var random = SeededGenerator(seed: Self.seed &+ UInt64(signal))
        let house = try bareHouse()
        let report = "\(house.scene.path)/../report"
        let core = ["/bin/sh", "-c", #"ulimit -c unlimited; exec "$0" "$@""#]
        for _ in 0..<4 {
            try FaultReport.prepare(report)
            let number = Int.random(in: 1...60, using: &random)
            let fault = Fault(side: .write, kind: .signal(signal), number: number)
            let outcome = try house.run(
                Self.run, through: fault.settings(report: report) + core)
            #expect(outcome.status == 128 + signal, "\(fault): \(outcome.errors)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: house.scene.path)
        #expect(!names.contains { $0.hasPrefix("core") })
        // A signal may also come before the programme has begun: a core then holds no record.
        let wait = UInt32.random(in: 1000...90_000, using: &random)
        try house.run(Self.run, through: core) { process in
            usleep(wait)
            process.signal(signal)
        }
        let lines = Feed.open(try house.scene.read("in/c.jsonl"))
        try house.run(Self.run + ["-", "--eof-is-complete"], feed: lines) { process in
            usleep(200_000)
            process.signal(signal)
        }
        // What comes by standard input is kept until it is known to be whole.
        house.allowances.append(CanaryAllowance(kind: .due, places: ["state/spool"]))
        try house.sweep("signal \(signal)")
        #expect(try house.run(Self.run).status == 0)
        #expect(!house.scene.exists("state/spool"))
        try house.sweep("after signal \(signal)")
    }
}
