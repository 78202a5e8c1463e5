import Foundation
import Glibc
import TestSupport
import Testing

/// `publish` is killed at every step of what it writes; run again, it ends as if nothing had been.
@Suite struct PublishKillTests {
    private static let pipeline = """
        name: usage
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        fields: { ts: keep, customer: pseudonymize, user: pseudonymize, action: keep }
        statistics:
          - { name: months, purpose: statistics, by: [month],
              measures: { times: count, users: { distinct: user } } }
          - { name: actions, purpose: statistics, by: [month, action],
              measures: { times: count, users: { distinct: user } } }
        publish:
          persons: 3
          path: out
          formats: [csv, html, sqlite]
          for_customers: { path: own, persons: 3, formats: [csv] }
        keys: { path: keys, grace: P1Y }
        state: state

        """

    private let command = ["publish", "p.yaml", "--now", "2026-05-20", "--quiet"]

    /// Three months that were counted and wait.
    private func counted() throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", Self.pipeline)
        var maker = EventMaker(seed: 87)
        try scene.write("in/a.jsonl", maker.jsonLines(600))
        try #require(
            try sluice(["run", "p.yaml", "--now", "2026-04-15", "--quiet"], in: scene).status == 0)
        return scene
    }

    private func published(_ scene: Scene) throws -> [String: [UInt8]] {
        let out = try scene.tree("out").map { ("out/\($0.key)", $0.value) }
        let own = try scene.tree("own").map { ("own/\($0.key)", $0.value) }
        return Dictionary(out + own, uniquingKeysWith: { $1 })
    }

    private func files(_ scene: Scene) -> [String] {
        ["out", "own"].flatMap { folder in
            FileManager.default.enumerator(atPath: "\(scene.path)/\(folder)")?
                .compactMap { $0 as? String } ?? []
        }
    }

    /// Kills when `isReached` says so of the files that are there, or when the process has ended.
    private func kill(
        _ scene: Scene, when isReached: ([String]) -> Bool
    ) throws -> Bool {
        let process = try SluiceProcess(command, in: scene.path)
        for _ in 0..<20_000 {
            if isReached(files(scene)) || Glibc.kill(process.pid, 0) != 0 { break }
            usleep(200)
        }
        process.signal(SIGKILL)
        return try process.finish(within: 60).status == 137
    }

    /// Again; then everything is as it would have been, and nothing lies beside it.
    private func check(
        _ scene: Scene, _ expected: [String: [UInt8]], _ what: String
    ) throws {
        let again = try sluice(command, in: scene)
        try #require(again.status == 0, "\(what): \(again.errors)")
        let found = try published(scene)
        #expect(found.keys.sorted() == expected.keys.sorted(), "\(what)")
        #expect(found == expected, "\(what)")
        #expect(!files(scene).contains { $0.hasSuffix(".tmp") }, "\(what)")
    }

    @Test func killedAtEveryStepAndRunAgain() throws {
        let origin = try counted()
        let calm = try Scene()
        try origin.copy(to: calm)
        let seed: UInt64 = 88
        var moments = try KillMoments(seed: seed) {
            try #require(try sluice(command, in: calm).status == 0)
        }
        let expected = try published(calm)
        #expect(expected.count > 30)
        var killed = 0

        // While files wait under temporary names, and while they get their names.
        for count in [1, 6, 20] {
            let scene = try Scene()
            try origin.copy(to: scene)
            if try kill(scene, when: { $0.filter { $0.hasSuffix(".tmp") }.count >= count }) {
                killed += 1
            }
            try check(scene, expected, "\(count) files wait")
        }
        for count in [1, 4, 12, 30] {
            let scene = try Scene()
            try origin.copy(to: scene)
            let names = ["csv", "json", "html", "sqlite"]
            if try kill(scene, when: { found in
                found.filter { name in names.contains { name.hasSuffix(".\($0)") } }.count >= count
            }) { killed += 1 }
            try check(scene, expected, "\(count) files are there")
        }
        for round in 0..<8 {
            let scene = try Scene()
            try origin.copy(to: scene)
            try moments.kill(try SluiceProcess(command, in: scene.path))
            try check(scene, expected, "seed \(seed) round \(round)")
        }
        #expect(killed + moments.killed >= 5)
    }
}
