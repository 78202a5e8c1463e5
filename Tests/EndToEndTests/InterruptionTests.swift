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
        usleep(300_000)
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
        usleep(300_000)
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
        let first = try SluiceProcess(
            ["run", "p.yaml", "-", "--eof-is-complete", "--now", "2026-04-15"],
            in: scene.path,
            feed: .open([])
        )
        usleep(300_000)
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

    /// Kills at moments spread over a whole run; what is left, run again, is what an undisturbed
    /// run gives.
    @Test func killedAtAnyMomentAndRunAgain() throws {
        let seed: UInt64 = 85
        var random = SeededGenerator(seed: seed)
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
        let start = milliseconds()
        try #require(try sluice(["run", "p.yaml"] + now, in: calm).status == 0)
        let length = max(20, milliseconds() - start)
        try #require(try sluice(later, in: calm).status == 0)
        let expected = try calm.tree("out")
        var killed = 0
        for round in 0..<15 {
            let scene = try Scene()
            try origin.copy(to: scene)
            for command in [["run", "p.yaml"] + now, later] {
                let process = try SluiceProcess(command, in: scene.path)
                usleep(UInt32(Int.random(in: 0...(length * 1000), using: &random)))
                process.signal(SIGKILL)
                if try process.finish(within: 60).status == 137 { killed += 1 }
                let again = try sluice(command, in: scene)
                try #require(again.status == 0, "seed \(seed) round \(round): \(again.errors)")
            }
            let found = try scene.tree("out")
            #expect(
                found == expected,
                "seed \(seed) round \(round): \(differences(found, expected))"
            )
        }
        StandardError.write("killed \(killed) of 30 runs of about \(length) ms, seed \(seed)\n")
        #expect(killed >= 10)
    }

    private func differences(_ one: [String: [UInt8]], _ two: [String: [UInt8]]) -> [String] {
        Set(one.keys).union(two.keys).filter { one[$0] != two[$0] }.sorted()
    }

    private func milliseconds() -> Int {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
    }
}
