import Foundation
import Glibc
import TestSupport
import Testing

/// Tasks and commits are killed at any moment, several attempts run at once; done again, the run
/// ends in the bytes of a run on one machine.
@Suite struct TaskKillTests {
    private static let clock = ["--now", "2026-04-15"]

    private func scene(
        _ events: [UInt8], pipeline: String = Pipeline.stateless("jsonl")
    ) throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", pipeline)
        try scene.write("static.key", "an invented key of the tests, long enough")
        try scene.write("run.key", String(repeating: "c0ffee11", count: 8))
        try scene.write("in/1.log", events)
        return scene
    }

    private struct Answer: Decodable {
        struct Task: Decodable { let name: String }
        let folder: String
        let tasks: [Task]
    }

    private func plan(_ scene: Scene) throws -> Answer {
        let words = [
            "plan", "p.yaml", "--work", "work", "--key-file", "run.key", "--range-bytes", "40000",
            "--first-month", "2025-10",
        ]
        let outcome = try sluice(words + Self.clock, in: scene)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try JSONDecoder().decode(Answer.self, from: Data(outcome.output))
    }

    private func words(_ name: String, _ plan: Answer) -> [String] {
        ["task", plan.folder, name, "--key-file", "run.key"]
    }

    private func finish(_ scene: Scene, _ plan: Answer) throws {
        for task in plan.tasks {
            let outcome = try sluice(words(task.name, plan), in: scene)
            try #require(outcome.status == 0, "\(outcome.errors)")
        }
        let outcome = try sluice(["commit", plan.folder], in: scene)
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func killedAtAnyMomentAndDoneAgain() throws {
        var maker = EventMaker(seed: 301)
        let events = maker.jsonLines(700)
        let calm = try scene(events)
        try #require(try sluice(["run", "p.yaml"] + Self.clock, in: calm).status == 0)
        let expected = try calm.tree("out")
        try #require(expected.count == 3)
        let first = try plan(calm)
        try #require(first.tasks.count > 3)
        let seed: UInt64 = 302
        var moments = try KillMoments(seed: seed) {
            _ = try sluice(words(first.tasks[0].name, first), in: calm)
        }
        for task in first.tasks { _ = try sluice(words(task.name, first), in: calm) }
        var ofCommit = try KillMoments(seed: seed) {
            try #require(try sluice(["commit", first.folder], in: calm).status == 0)
        }
        for round in 0..<8 {
            let scene = try scene(events)
            let plan = try plan(scene)
            for task in plan.tasks.prefix(2) {
                let attempts = try (0..<2).map { _ in
                    try SluiceProcess(words(task.name, plan), in: scene.path)
                }
                try moments.kill(attempts[0])
                _ = try attempts[1].finish()
            }
            if round % 2 == 1 {
                for task in plan.tasks { _ = try sluice(words(task.name, plan), in: scene) }
                try ofCommit.kill(try SluiceProcess(["commit", plan.folder], in: scene.path))
            }
            try finish(scene, plan)
            #expect(try scene.tree("out") == expected, "seed \(seed) round \(round)")
            let left = try scene.tree("work").keys.filter { $0.contains("task-") }
            #expect(left.isEmpty, "seed \(seed) round \(round)")
        }
        #expect(moments.killed >= 4 && ofCommit.killed > 0)
    }

    /// A commit that is killed when all is done may leave a transaction open, which only another
    /// one may settle: the same commit, done again, does.
    @Test func aCommitThatWasCompleteSettlesTheLedger() throws {
        var maker = EventMaker(seed: 313)
        let scene = try scene(maker.jsonLines(60), pipeline: Pipeline.stateful)
        let plan = try plan(scene)
        try finish(scene, plan)
        try scene.write("state/ledger.sqlite-journal", "")
        let verify = ["verify", "p.yaml"] + Self.clock
        #expect(try sluice(verify, in: scene).status == 6)
        let again = try sluice(["commit", plan.folder], in: scene)
        #expect(again.status == 0 && again.errors.contains("complete before"))
        let verified = try sluice(verify, in: scene)
        #expect(verified.status == 0, "\(text(verified.output)) \(verified.errors)")
    }

    /// With state, what a killed commit has entered is there once, and what it has not is not.
    @Test func aCommitWithStateKilledAtAnyMoment() throws {
        var maker = EventMaker(seed: 311)
        let events = maker.jsonLines(300)
        let calm = try scene(events, pipeline: Pipeline.stateful)
        let first = try plan(calm)
        for task in first.tasks { _ = try sluice(words(task.name, first), in: calm) }
        let seed: UInt64 = 312
        var moments = try KillMoments(seed: seed) {
            _ = try sluice(["commit", first.folder], in: calm)
        }
        let months = try calm.tree("out")["months.csv"]
        try #require(months != nil)
        for round in 0..<6 {
            let scene = try scene(events, pipeline: Pipeline.stateful)
            let plan = try plan(scene)
            for task in plan.tasks { _ = try sluice(words(task.name, plan), in: scene) }
            try moments.kill(try SluiceProcess(["commit", plan.folder], in: scene.path))
            try finish(scene, plan)
            let label: Comment = "seed \(seed) round \(round)"
            #expect(try scene.tree("out")["months.csv"] == months, label)
            let verified = try sluice(["verify", "p.yaml"] + Self.clock, in: scene)
            #expect(verified.status == 0, "\(label) \(text(verified.output)) \(verified.errors)")
            let again = try sluice(["run", "p.yaml", "--json"] + Self.clock, in: scene)
            #expect(again.status == 0 && text(again.output).contains("\"known\":true"), label)
        }
    }
}
