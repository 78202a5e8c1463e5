import Foundation
import Glibc
import TestSupport
import Testing

/// `publish` stops soon after a signal, wherever it is, and leaves nothing behind.
@Suite(.serialized) struct PublishStopTests {
    /// Many cells of few persons with all totals: almost all the time is spent on control.
    private static let pipeline = """
        name: cube
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        fields: { ts: keep, customer: pseudonymize, user: pseudonymize, a: keep, b: keep, c: keep }
        statistics:
          - { name: a, purpose: statistics, by: [month, a], measures: { n: count } }
          - { name: b, purpose: statistics, by: [month, b], measures: { n: count } }
          - { name: ab, purpose: statistics, by: [month, a, b], measures: { n: count } }
          - { name: ac, purpose: statistics, by: [month, a, c], measures: { n: count } }
          - { name: bc, purpose: statistics, by: [month, b, c], measures: { n: count } }
          - { name: abc, purpose: statistics, by: [month, a, b, c], measures: { n: count } }
        publish: { persons: 10, path: out, other: none, formats: [csv, html, sqlite] }
        keys: { path: keys, grace: P1Y }
        state: state

        """

    private let command = ["publish", "p.yaml", "--now", "2026-05-20", "--quiet"]

    private func counted() throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", Self.pipeline)
        var random = SeededGenerator(seed: 88)
        var lines = ""
        for _ in 0..<30_000 {
            let user = Int.random(in: 0..<3000, using: &random)
            let values = [46, 13, 6].map { size in
                Int.random(in: 0...Int.random(in: 0..<size, using: &random), using: &random)
            }
            lines += """
                {"ts":"2026-03-05T10:00:00Z","customer":"c\(user % 60)","user":"u\(user)",\
                "a":"a\(values[0])","b":"b\(values[1])","c":"c\(values[2])"}

                """
        }
        try scene.write("in/a.jsonl", Array(lines.utf8))
        let run = try sluice(["run", "p.yaml", "--now", "2026-04-15", "--quiet"], in: scene)
        try #require(run.status == 0, "\(run.errors)")
        return scene
    }

    /// The processor time of a process that was not waited for yet, in seconds (proc(5), stat).
    private func processorSeconds(of process: SluiceProcess) throws -> Double {
        let stat = try String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)
        // What stands in front of the last bracket is the name, which may hold anything.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        let ticks = try [12, 13].map { try #require(Double(fields[$0])) }.reduce(0, +)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Waits until the process has used so many seconds, or has ended; says how many it has used.
    private func wait(for process: SluiceProcess, seconds: Double) throws -> Double {
        while true {
            let used = try processorSeconds(of: process)
            if used >= seconds || process.hasEnded { return used }
            usleep(5_000)
        }
    }

    @Test func aSignalStopsAPublicationWhereverItIs() throws {
        let scene = try counted()
        let calm = try Scene()
        try scene.copy(to: calm)
        let whole = try SluiceProcess(command, in: calm.path)
        let seconds = try wait(for: whole, seconds: .infinity)
        try #require(try whole.finish().status == 0)
        // Otherwise it would have ended in time by itself.
        try #require(seconds > 1.5, "\(seconds)")
        for (part, signal) in [(0.1, SIGINT), (0.3, SIGTERM), (0.5, SIGHUP), (0.65, SIGTERM)] {
            let process = try SluiceProcess(command, in: scene.path)
            let before = try wait(for: process, seconds: part * seconds)
            process.signal(signal)
            let after = try wait(for: process, seconds: .infinity)
            let outcome = try process.finish()
            #expect(outcome.status == 128 + signal, "at \(part): \(outcome.errors)")
            #expect(after - before < 0.25 * seconds, "at \(part) of \(seconds) s")
            #expect(outcome.errors.contains("nothing of the month at hand was published"))
            #expect(try scene.tree("out").isEmpty)
            #expect(try scene.tree().keys.filter { $0.hasSuffix(".tmp") }.isEmpty)
        }
        try #require(try sluice(command, in: scene).status == 0)
        #expect(try scene.tree("out") == calm.tree("out"))
    }
}
