import FileSystem
import Glibc
import TestSupport
import Testing

/// A stopped run leaves nothing half-written.
@Suite struct InterruptionTests {
    private func scene() throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", Pipeline.stateful)
        var maker = EventMaker(seed: 81)
        try scene.write("in/a.jsonl", maker.jsonLines(300))
        return scene
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func aSignalDuringARun(_ signal: Int32) throws {
        let scene = try scene()
        var maker = EventMaker(seed: 82)
        let process = try SluiceProcess(
            ["run", "p.yaml", "-", "--eof-is-complete", "--now", "2026-04-15"],
            in: scene.path,
            feed: .open(maker.jsonLines(200))
        )
        for _ in 0..<3000 where !scene.exists("state/spool") { usleep(10_000) }
        process.signal(signal)
        let outcome = try process.finish(within: 60)
        #expect(outcome.status == 128 + signal, "\(outcome.errors)")
        #expect(outcome.errors.contains("nothing was written"))
        #expect(try scene.tree("out").isEmpty)
        #expect(try scene.tree().keys.filter { $0.hasSuffix(".tmp") }.isEmpty)
        #expect(!scene.exists("state/spool"))
        let next = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
        #expect(next.status == 0, "\(next.errors)")
    }

    @Test(arguments: [SIGINT, SIGTERM]) func aSignalDuringAFilter(_ signal: Int32) throws {
        let scene = try scene()
        var maker = EventMaker(seed: 83)
        let process = try SluiceProcess(
            ["filter", "--format", "jsonl", "--time", "ts", "--set", "ts=keep"],
            in: scene.path,
            feed: .open(maker.jsonLines(50))
        )
        _ = try process.statusOnceItWaits()
        process.signal(signal)
        let outcome = try process.finish(within: 60)
        #expect(outcome.status == 128 + signal, "\(outcome.errors)")
        #expect(outcome.errors.contains("incomplete"))
    }

    /// What a kill leaves (raw lines may be in it) is gone after the next run.
    @Test func theNextRunRemovesASpoolOfAKilledOne() throws {
        let scene = try scene()
        var maker = EventMaker(seed: 84)
        let process = try SluiceProcess(
            ["run", "p.yaml", "-", "--eof-is-complete", "--now", "2026-04-15"],
            in: scene.path,
            feed: .open(maker.jsonLines(200))
        )
        for _ in 0..<3000 where !scene.exists("state/spool") { usleep(10_000) }
        process.signal(SIGKILL)
        #expect(try process.finish(within: 60).status == 137)
        #expect(scene.exists("state/spool"))
        #expect(try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene).status == 0)
        #expect(!scene.exists("state/spool"))
    }

    @Test func aSecondRunOnTheSameStateIsTurnedAwayAtOnce() throws {
        let scene = try scene()
        var maker = EventMaker(seed: 87)
        let first = try SluiceProcess(
            ["run", "p.yaml", "-", "--eof-is-complete", "--now", "2026-04-15"],
            in: scene.path,
            feed: .open(maker.jsonLines(200))
        )
        // Made by the run that has the lock.
        for _ in 0..<3000 where !scene.exists("state/spool") { usleep(10_000) }
        let start = time(nil)
        let second = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
        #expect(second.status == 7, "\(second.errors)")
        #expect(time(nil) - start < 5)
        #expect(second.errors.contains("state"))
        first.closeInput()
        let outcome = try first.finish(within: 60)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene).status == 0)
    }

    /// Of several runs that start at once each does all or is turned away.
    @Test func severalRunsAtOnce() throws {
        let origin = try scene()
        let run = ["run", "p.yaml", "--now", "2026-04-15", "--quiet"]
        let calm = try Scene()
        try origin.copy(to: calm)
        try #require(try sluice(run, in: calm).status == 0)
        let runs = try (0..<4).map { _ in try SluiceProcess(run, in: origin.path) }
        let statuses = try runs.map { try $0.finish(within: 60).status }
        #expect(statuses.contains(0) && Set(statuses).isSubset(of: [0, 7]), "\(statuses)")
        let last = try sluice(["run", "p.yaml", "--now", "2026-04-15", "--json"], in: origin)
        #expect(text(last.output).contains(#""totals":{"read":0,"#), "\(last.errors)")
        #expect(try origin.tree("out")["months.csv"] == calm.tree("out")["months.csv"])
        #expect(try origin.tree("out").count == calm.tree("out").count)
        #expect(try sluice(["verify", "p.yaml", "--now", "2026-04-15"], in: origin).status == 0)
    }

    /// A run that is stopped keeps others away, goes on where it was, and ends as if nothing had
    /// been.
    @Test func stoppedAndResumed() throws {
        let scene = try scene()
        let calm = try Scene()
        try scene.copy(to: calm)
        let now = ["--now", "2026-04-15"]
        for world in [scene, calm] {
            try #require(try sluice(["run", "p.yaml"] + now, in: world).status == 0)
        }
        for index in 0..<3 {
            var maker = EventMaker(seed: 83 + UInt64(index))
            let more = maker.jsonLines(400)
            let words = ["run", "p.yaml", "-", "--eof-is-complete"] + now
            let process = try SluiceProcess(words, in: scene.path, feed: .open(more))
            usleep(UInt32(100_000 + 60_000 * index))
            process.signal(SIGSTOP)
            usleep(100_000)
            #expect(!process.hasEnded)
            if scene.exists("state/lock") {
                #expect([0, 7].contains(try sluice(["run", "p.yaml"] + now, in: scene).status))
            }
            process.signal(SIGCONT)
            process.closeInput()
            let outcome = try process.finish(within: 60)
            #expect([0, 7].contains(outcome.status), "\(outcome.errors)")
            let same = try sluice(words, in: calm, feed: .bytes(more))
            try #require(same.status == 0, "\(same.errors)")
            _ = try sluice(words, in: scene, feed: .bytes(more))
            #expect(try scene.tree("out")["months.csv"] == calm.tree("out")["months.csv"])
        }
        #expect(try sluice(["verify", "p.yaml"] + now, in: scene).status == 0)
    }

    /// Kills at moments spread over a whole run; what is left, run again, is what an undisturbed
    /// run gives.
    @Test func killedAtAnyMomentAndRunAgain() throws {
        let seed: UInt64 = 85
        let origin = try scene()
        for index in 0..<4 {
            var maker = EventMaker(seed: 200 + UInt64(index))
            try origin.write("in/\(index).jsonl", maker.jsonLines(250))
        }
        let now = ["--now", "2026-04-01", "--quiet"]
        // The keys are random: all runs share those of a first one.
        try #require(try sluice(["run", "p.yaml"] + now, in: origin).status == 0)
        try origin.remove("out")
        try origin.remove("state")
        let later = ["run", "p.yaml", "--now", "2026-04-20", "--quiet"]
        let calm = try Scene()
        try origin.copy(to: calm)
        let commands = [["run", "p.yaml"] + now, later]
        var moments = try commands.map { command in
            try KillMoments(seed: seed) {
                try #require(try sluice(command, in: calm).status == 0)
            }
        }
        let expected = try calm.tree("out")
        for round in 0..<15 {
            let scene = try Scene()
            try origin.copy(to: scene)
            for (index, command) in commands.enumerated() {
                try moments[index].kill(try SluiceProcess(command, in: scene.path))
                let again = try sluice(command, in: scene)
                try #require(again.status == 0, "seed \(seed) round \(round): \(again.errors)")
            }
            let found = try scene.tree("out")
            #expect(
                found == expected,
                "seed \(seed) round \(round): \(differences(found, expected))"
            )
        }
        let killed = moments.map(\.killed)
        StandardError.write("killed \(killed) of 15 runs each, seed \(seed)\n")
        #expect(killed.allSatisfy { $0 >= 4 })
    }

    private func differences(_ one: [String: [UInt8]], _ two: [String: [UInt8]]) -> [String] {
        Set(one.keys).union(two.keys).filter { one[$0] != two[$0] }.sorted()
    }
}
