import Foundation
import TestSupport
import Testing

/// Every command tries, at each call that it makes, to open a file of somebody else and the
/// network: once it is confined it never can again; without, it can until the end. No programme
/// would inherit a file of it, and no memory that it had locked is given up unwiped.
@Suite("attempts to escape", .enabled(if: try Want.landlock.isMet(hasLandlock)))
struct EscapeTests {
    private static let clock = ["--now", "2026-05-20"]
    private static let user = ["--user", "user3@firma3.example"] + clock
    private static let answer = ["--role", "controller", "--identity-check", "1", "--by", "dpo"]
    private static let ground = [
        "--ground", "own-decision", "--reason", "legal", "--by", "soc", "--notice", "2026-03-01",
    ]

    private static let commands = [
        ["run", "p.yaml"] + clock,
        ["publish", "p.yaml"] + clock,
        ["verify", "p.yaml", "--report", "evidence"] + clock,
        ["subject", "export", "p.yaml", "--output", "copy"] + user + answer,
        ["subject", "erase", "p.yaml"] + user + answer,
        ["subject", "rectify", "p.yaml", "--field", "action", "--to", "logout"] + user + answer,
        ["subject", "restrict", "p.yaml"] + user + answer,
        ["subject", "status", "p.yaml"] + user,
        ["hold", "raise", "p.yaml", "--name", "case", "--customer", "NL-101"] + ground + clock,
        ["hold", "list", "p.yaml"] + clock,
        ["hold", "release", "p.yaml", "--name", "old", "--by", "soc"] + clock,
        ["opt-out", "add", "p.yaml", "--customer", "NL-101"] + clock,
        ["opt-out", "import", "p.yaml", "list.csv"] + clock,
        ["opt-out", "list", "p.yaml"] + clock,
        ["opt-out", "check", "p.yaml"] + user,
        ["opt-out", "withdraw", "p.yaml", "--customer", "NL-199"] + clock,
        ["init", "in/a.jsonl", "--output", "proposed.yaml"],
        ["plan", "p.yaml", "--work", "work"] + clock,
        ["filter", "--format", "jsonl", "--time", "ts", "--set", "ts=keep"],
        ["keys", "list", "p.yaml"] + clock,
        ["keys", "destroy", "p.yaml", "--month", "2026-03"] + clock,
        ["keys", "forget", "p.yaml", "--state", "empty-state"] + clock,
        ["keys", "rewrap", "p.yaml"] + clock,
        ["recalls", "list", "p.yaml", "--all"] + clock,
        ["recalls", "answer", "p.yaml", "--id", "1", "--by", "desk"] + clock,
        ["status", "p.yaml", "--metrics", "told.prom"] + clock,
        ["gc", "idle", "--older-than", "PT0S"],
        ["check", "p.yaml", "lists.yaml"],
        ["explain", "lists.yaml"],
        ["explain", "lists.yaml", "--mermaid"],
        ["test", "lists.yaml", "p.yaml"],
        ["reference"],
        ["manual"],
        ["completions", "bash"],
    ]

    /// Those whose attempts are in `fromATask`.
    private static let ofTasks = ["task", "reduce", "commit"]

    @Test func noCommandIsMissing() throws {
        let help = try sluice(["--help"], in: Scene())
        let lines = text(help.output).split(separator: "\n", omittingEmptySubsequences: false)
            .drop { $0 != "SUBCOMMANDS:" }.dropFirst().prefix { !$0.isEmpty }
        // What a command is for goes on further to the right.
        let names = lines.filter { !$0.hasPrefix("   ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(Set(names) == Set(Self.commands.map { $0[0] } + Self.ofTasks))
    }

    /// What a command may end with besides 0: a key that is still needed, a late run, records that
    /// are set aside.
    private static let otherEnds: [String: Int32] = ["keys destroy": 10, "status p.yaml": 1]

    /// What the commands find, of somebody without records.
    private static let before = [
        ["run", "p.yaml"] + clock,
        ["hold", "raise", "p.yaml", "--name", "old", "--customer", "NL-199"] + ground + clock,
        ["opt-out", "add", "p.yaml", "--customer", "NL-199"] + clock,
    ]

    /// What only commands of this name need.
    private static let beforeOne = [
        "keys": ["run", "empty.yaml"] + clock,
        "recalls": ["opt-out", "add", "p.yaml", "--customer", "NL-103"] + clock,
        "gc": ["plan", "p.yaml", "--work", "idle"] + clock,
    ]

    /// A pipeline that has run, and what `command` needs.
    private func scene(for command: [String]) throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", FaultJob.pipelineText)
        try scene.write("empty.yaml", FaultJob.emptyText)
        try scene.write("lists.yaml", LookedAt.pipeline)
        try LookedAt.lists(in: scene)
        try scene.write("in/a.jsonl", FaultJob.lines(seed: 93))
        try scene.write("none/a.jsonl", "")
        try scene.write("list.csv", "customer,purposes,effective_date\nNL-102,*,2026-01-01\n")
        for command in Self.before + [Self.beforeOne[command[0]]].compactMap(\.self) {
            try #require(try sluice(command, in: scene).status == 0, "\(command)")
        }
        return scene
    }

    @Test(arguments: commands) func fromACommand(_ command: [String]) throws {
        for isConfined in [false, true] {
            _ = try attempt(command, in: scene(for: command), isConfined: isConfined)
        }
    }

    private struct Answer: Decodable {
        struct Task: Decodable { let name: String }
        let folder: String
        let tasks: [Task]
    }

    @Test(arguments: [false, true]) func fromATask(isConfined: Bool) throws {
        let scene = try Scene()
        try scene.write("p.yaml", Pipeline.stateless("jsonl"))
        try scene.write("static.key", "an invented key of the tests, long enough")
        try scene.write("run.key", String(repeating: "c0ffee11", count: 8))
        try scene.write("in/a.jsonl", FaultJob.lines(seed: 94))
        let key = ["--key-file", "run.key"]
        let planned = try attempt(
            ["plan", "p.yaml", "--work", "work", "--buckets", "2"] + key + Self.clock, in: scene,
            isConfined: isConfined)
        let plan = try JSONDecoder().decode(Answer.self, from: Data(planned.output))
        for task in plan.tasks {
            let words = ["task", plan.folder, task.name] + key
            _ = try attempt(words, in: scene, isConfined: isConfined)
        }
        for words in [["reduce", plan.folder, "0"], ["commit", plan.folder]] {
            _ = try attempt(words, in: scene, isConfined: isConfined)
        }
    }

    /// Runs the command; the interposer makes the attempts.
    private func attempt(
        _ command: [String], in scene: Scene, isConfined: Bool
    ) throws -> Outcome {
        let outside = try Scene()
        try outside.write("secret", "of somebody else")
        let report = "\(outside.path)/report"
        try FaultReport.prepare(report)
        let outcome = try sluice(
            command + (isConfined ? [] : ["--no-sandbox"]), in: scene,
            through: Fault(side: .write, kind: .short).settings(report: report)
                + ["FAULT_OUTSIDE=\(outside.path)/secret", "FAULT_STREAMS=1"],
            feed: .bytes(FaultJob.lines(seed: 95)))
        let isAccepted =
            outcome.status == 0 || command[0] == "filter" && outcome.status == 5
            || outcome.status == Self.otherEnds[command.prefix(2).joined(separator: " ")]
        #expect(isAccepted, "\(command): \(outcome.errors)")
        let told = try FaultReport(path: report)
        #expect((told.kept > 0) == isConfined, "\(command)")
        #expect(told.escapes == 0, "\(command) escaped")
        // Its files would be closed to it, and it ends the process where it cannot open them.
        #expect(told.managers == 0, "\(command) has threads that libdispatch manages")
        #expect(told.inheritable == 0, "\(command) opened files that are inherited")
        #expect(told.unwiped == 0, "\(command) gave memory up that held a secret")
        if command[0] == "run" { #expect(told.wiped > 0) }
        return outcome
    }
}

/// True when the kernel keeps a process that confines itself to its files.
let hasLandlock: Bool = {
    let words = ["filter", "--format", "jsonl", "--time", "ts", "--set", "ts=keep", "--profile"]
    guard let scene = try? Scene(), let outcome = try? sluice(words, in: scene) else {
        return false
    }
    return outcome.errors.contains("(Landlock")
}()
