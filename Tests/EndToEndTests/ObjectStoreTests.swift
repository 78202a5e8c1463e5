import Foundation
import TestSupport
import Testing

/// Tasks whose work folder can rename and link nothing, as an object store that is mounted as a
/// folder: a library before the C library refuses it.
@Suite struct ObjectStoreTests {
    private static let key = ["--key-file", "run.key"]

    private struct Plan: Decodable {
        struct Task: Decodable { let name: String }
        let folder: String
        let tasks: [Task]
    }

    private func scene() throws -> Scene {
        let scene = try Scene()
        var maker = EventMaker(seed: 311)
        try scene.write("p.yaml", Pipeline.stateless("jsonl"))
        try scene.write("static.key", "an invented key of the tests, long enough")
        try scene.write("run.key", String(repeating: "c0ffee11", count: 8))
        try scene.write("in/1.log", maker.jsonLines(700))
        return scene
    }

    /// Runs `sluice` where nothing below `work` can be renamed or linked.
    private func sluiceOnStore(_ words: [String], in scene: Scene) throws -> Outcome {
        // As the system names it.
        let folder = URL(fileURLWithPath: scene.path).standardizedFileURL.path
        let place = "FAULT_BELOW=\(folder)/work"
        return try sluice(
            words, in: scene, through: ["env", "LD_PRELOAD=\(Fault.interposer)", place])
    }

    private func plan(_ scene: Scene, _ more: [String]) throws -> Outcome {
        let words = [
            "plan", "p.yaml", "--work", "work", "--range-bytes", "40000", "--first-month",
            "2025-10", "--now", "2026-04-15",
        ]
        return try sluiceOnStore(words + Self.key + more, in: scene)
    }

    @Test func withoutRenamesTheBytesAreThoseOfOneMachine() throws {
        let scene = try scene()
        try #require(
            try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene).status == 0)
        let expected = try scene.tree("out")
        try #require(expected.count == 3)
        try FileManager.default.removeItem(atPath: "\(scene.path)/out")

        let planned = try plan(scene, ["--no-rename", "--buckets", "2"])
        try #require(planned.status == 0, "\(planned.errors)")
        let plan = try JSONDecoder().decode(Plan.self, from: Data(planned.output))
        try #require(plan.tasks.count > 3)
        for task in plan.tasks {
            for _ in 0..<2 {
                let outcome = try sluiceOnStore(
                    ["task", plan.folder, task.name] + Self.key, in: scene)
                try #require(outcome.status == 0, "\(outcome.errors)")
            }
        }
        for words in [["reduce", plan.folder, "1"], ["commit", plan.folder]] {
            let outcome = try sluiceOnStore(words, in: scene)
            try #require(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(try scene.tree("out") == expected)
    }

    /// Were a rename or a link made in secret, the other test would not notice.
    @Test func otherwiseThePlanIsRefused() throws {
        let outcome = try plan(try scene(), [])
        #expect(outcome.status == 6, "\(outcome.errors)")
    }
}
