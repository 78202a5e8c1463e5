import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// A store that is aged in place, through the real process.
@Suite struct StoreKillTests {
    private static let pipeline = """
        name: archive
        source: { format: jsonl, time: ts, files: "data/*" }
        store: { files: "data/*", settle: PT0S, guard: { factor: 3, at_least: 1000000 } }
        identity: { customer: customer, user: user }
        fields:
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
          action: keep
        keys: keys
        state: state
        statistics:
          - name: months
            purpose: security
            by: [month, action]
            measures: { times: count }
            path: out/months.csv
            suppression: { persons: 2 }

        """

    private func scene(_ records: Int = 400) throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", Self.pipeline)
        for index in 0..<4 {
            var maker = EventMaker(seed: 300 + UInt64(index))
            let lines = maker.jsonLines(records)
            try scene.write("data/\(index).jsonl", index == 3 ? gzip(lines) : lines)
        }
        return scene
    }

    private let first = ["run", "p.yaml", "--now", "2026-03-01", "--quiet"]
    private let later = ["run", "p.yaml", "--now", "2026-04-20", "--quiet"]

    /// Kills at moments spread over a whole run; what is left, run again, is what an undisturbed
    /// run gives, and nothing readable lies beside it.
    @Test func killedAtAnyMomentAndRunAgain() throws {
        let seed: UInt64 = 86
        let origin = try scene()
        let spare = try Scene()
        try origin.copy(to: spare)
        // The keys are random: all runs share those of a first one.
        try #require(try sluice(later, in: spare).status == 0)
        for (name, content) in try spare.tree("keys") { try origin.write("keys/\(name)", content) }
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o700], ofItemAtPath: "\(origin.path)/keys")
        let calm = try Scene()
        try origin.copy(to: calm)
        var moments = try [first, later].map { command in
            try KillMoments(seed: seed) {
                try #require(try sluice(command, in: calm).status == 0)
            }
        }
        let expected = try calm.tree("data")
        let table = try calm.tree("out")
        for round in 0..<12 {
            let scene = try Scene()
            try origin.copy(to: scene)
            for (index, command) in [first, later].enumerated() {
                try moments[index].kill(try SluiceProcess(command, in: scene.path))
                let again = try sluice(command, in: scene)
                try #require(again.status == 0, "seed \(seed) round \(round): \(again.errors)")
            }
            let found = try scene.tree("data")
            #expect(found == expected, "seed \(seed) round \(round): \(found.keys.sorted())")
            #expect(try scene.tree("out") == table, "seed \(seed) round \(round)")
        }
        let killed = moments.map(\.killed)
        StandardError.write("killed \(killed) of 12 runs each, seed \(seed)\n")
        #expect(killed.allSatisfy { $0 >= 3 })
    }

    @Test func theNightAfterChangesNothingAndCountsNothing() throws {
        let scene = try scene(60)
        try #require(try sluice(later, in: scene).status == 0)
        let data = try scene.tree("data")
        let again = try sluice(
            ["run", "p.yaml", "--now", "2026-04-20", "--json", "--quiet"], in: scene)
        #expect(again.status == 0, "\(again.errors)")
        #expect(text(again.output).contains(#""totals":{"read":0,"#))
        #expect(text(again.output).contains(#""settled_files":4"#))
        #expect(try scene.tree("data") == data)
    }

    @Test func aDryRunPrintsTheTokenThatTheRunDemands() throws {
        let scene = try scene(60)
        try scene.write(
            "p.yaml",
            Self.pipeline.replacingOccurrences(
                of: "settle: PT0S", with: "settle: PT0S, confirm: required"))
        let dry = try sluice(["run", "p.yaml", "--now", "2026-04-20", "--dry-run"], in: scene)
        #expect(dry.status == 0, "\(dry.errors)")
        let line = dry.errors.split(separator: "\n").first { $0.hasPrefix("token: ") }
        let token = String(try #require(line).dropFirst(7))
        let before = try scene.tree("data")
        let refused = try sluice(later, in: scene)
        #expect(refused.status == 10)
        #expect(refused.errors.contains("--confirm"))
        #expect(refused.errors.contains("nothing was written"))
        #expect(try scene.tree("data") == before)
        let confirmed = try sluice(later + ["--confirm", token], in: scene)
        #expect(confirmed.status == 0, "\(confirmed.errors)")
        #expect(try scene.tree("data") != before)
    }
}
