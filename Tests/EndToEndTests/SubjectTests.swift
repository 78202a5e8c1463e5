import Glibc
import TestSupport
import Testing

/// `subject` through the real process: standard input for values, exit statuses, and a kill in the
/// middle of an erasure.
@Suite struct SubjectTests {
    private static let answer = [
        "--role", "controller", "--identity-check", "T-1", "--by", "desk", "--now", "2026-04-15",
    ]

    private func line(_ number: Int, _ user: String) -> String {
        let day = number % 28 + 1
        let month = number % 4 + 1
        let date = "2026-0\(month)-\(day < 10 ? "0" : "")\(day)"
        return #"{"ts":"\#(date)T10:00:00Z","customer":"NL-1","#
            + #""user":"\#(user)","ip":"203.0.113.9","action":"login","path":"/a"}"# + "\n"
    }

    private func scene(_ count: Int) throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", Pipeline.stateful)
        var source = ""
        for number in 0..<count where !(number % 4 == 3 && number % 28 > 13) {
            source += line(number, number % 5 == 0 ? "anna" : "user\(number % 40)")
        }
        try scene.write("in/a.jsonl", source)
        let outcome = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return scene
    }

    private func erase(_ scene: Scene, _ value: String = "anna") throws -> Outcome {
        try sluice(
            ["subject", "erase", "p.yaml", "--user", "-", "--json"] + Self.answer, in: scene,
            feed: .bytes(bytes("\(value)\n")))
    }

    @Test func aValueFromStandardInputStandsNowhere() throws {
        let scene = try scene(200)
        let outcome = try erase(scene)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(text(outcome.output).contains(#""blocked_by":null"#))
        #expect(!text(outcome.output).contains("anna") && !outcome.errors.contains("anna"))
        for (name, content) in try scene.tree() where !name.hasPrefix("in/") {
            #expect(!text(content).contains("anna"), "\(name)")
        }
        let status = try sluice(
            ["subject", "status", "p.yaml", "--user", "-", "--now", "2026-04-15"], in: scene,
            feed: .bytes(bytes("anna\n")))
        #expect(text(status.output).contains("erasure"))
        #expect(!text(status.output).contains("anna"))
    }

    @Test func aCopyGoesToStandardOutputOnlyWhole() throws {
        let scene = try scene(60)
        let outcome = try sluice(
            ["subject", "export", "p.yaml", "--user", "anna", "--output", "-"] + Self.answer,
            in: scene)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(text(outcome.output).hasPrefix(#"{"document":"sluice-subject-export""#))
        #expect(outcome.output.last == 0x0a)
        let broken = try sluice(
            ["subject", "export", "p.yaml", "--user", "anna", "--output", "-"] + Self.answer,
            in: scene, drain: .closedPipe)
        #expect(broken.status == 141)
    }

    @Test(arguments: [
        ["subject", "erase", "p.yaml", "--user", "anna"],
        ["subject", "erase", "p.yaml"] + answer,
        ["subject", "erase", "p.yaml", "--user", "a", "--customer", "b"] + answer,
        ["subject", "export", "p.yaml", "--user", "a", "--output", "-", "--format", "csv"] + answer,
        ["subject", "export", "p.yaml", "--address", "no-address", "--output", "x"] + answer,
        ["subject", "restrict", "p.yaml", "--user", "-"] + answer,
    ])
    func wrongUseIsStatusTwo(_ arguments: [String]) throws {
        let scene = try scene(10)
        let outcome = try sluice(arguments, in: scene)
        #expect(outcome.status == 2)
        #expect(!outcome.errors.contains("anna") && !outcome.errors.contains("no-address"))
    }

    @Test("killed in the middle of an erasure, the next run ends it as if nothing had been")
    func killed() throws {
        // The ledger knows its files by their whole paths: every trial begins in the same folder.
        let scene = try scene(4000)
        let start = try scene.tree()
        #expect(try erase(scene).status == 0)
        let rerun = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
        #expect(rerun.status == 0, "\(rerun.errors)")
        let expected = try visible(scene)
        for delay in [2, 15, 40, 80, 140, 220] {
            try restore(start, in: scene)
            let process = try SluiceProcess(
                ["subject", "erase", "p.yaml", "--user", "-"] + Self.answer, in: scene.path,
                feed: .bytes(bytes("anna\n")))
            usleep(UInt32(delay) * 1000)
            process.signal(SIGKILL)
            _ = try process.finish()
            // Whoever was killed before the erasure was entered asks again; a run ends the rest.
            let status = try sluice(
                ["subject", "status", "p.yaml", "--user", "anna", "--now", "2026-04-15"], in: scene)
            if !text(status.output).contains("erasure") { _ = try erase(scene) }
            let run = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try visible(scene) == expected, "killed after \(delay) ms")
        }
    }

    private func restore(_ files: [String: [UInt8]], in scene: Scene) throws {
        for name in ["in", "out", "state", "keys", "p.yaml"] { try scene.remove(name) }
        for (name, content) in files { try scene.write(name, content) }
    }

    /// What can be seen of the outputs: file names and bytes.
    private func visible(_ scene: Scene) throws -> [String: [UInt8]] {
        try scene.tree("out")
    }
}
