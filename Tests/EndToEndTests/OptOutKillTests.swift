import Foundation
import TestSupport
import Testing

/// Opt-outs are entered and carried out as one: an import that is killed has done all or nothing,
/// and the state is at peace after the next command.
@Suite struct OptOutKillTests {
    private static let pipeline = """
        name: shared
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        fields: { ts: keep, customer: pseudonymize, user: pseudonymize, action: keep }
        outputs:
          - { name: partner, purpose: statistics, path: "out/{date}.jsonl",
              recipients: [partner], readers: [desk], expires: P5M }
        statistics:
          - name: months
            purpose: statistics
            by: [month, action]
            measures: { times: count }
            path: out/months.csv
            suppression: { persons: 1, customers: 1 }
        keys: { path: keys, grace: P1Y }
        state: state

        """

    private let counted = ["run", "p.yaml", "--now", "2026-04-15", "--quiet"]
    private let entered = ["opt-out", "import", "p.yaml", "list.csv", "--now", "2026-04-16"]
    private let later = ["run", "p.yaml", "--now", "2026-04-16", "--quiet"]

    private func origin() throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", Self.pipeline)
        var maker = EventMaker(seed: 90)
        let lines = maker.jsonLines(400)
        try scene.write("in/a.jsonl", lines)
        let customers = Set(
            text(lines).split(separator: "\n").compactMap { line -> Substring? in
                let parts = line.split(separator: "\"")
                return parts.firstIndex(of: "customer").map { parts[$0 + 2] }
            })
        let rows = customers.sorted().prefix(3).map { "\($0),*,2026-04-01\n" }
        try scene.write(
            "list.csv", "customer,purpose,effective_date\n" + rows.joined())
        try #require(rows.count == 3)
        try #require(try sluice(counted, in: scene).status == 0)
        // The key of the registry is random: all imports share it.
        let nobody = ["opt-out", "add", "p.yaml", "--customer", "nobody", "--now", "2026-04-15"]
        try #require(try sluice(nobody, in: scene).status == 0)
        return scene
    }

    /// What anybody can see of it.
    private func outcome(_ scene: Scene) throws -> [String: [UInt8]] {
        var found = try scene.tree("out")
        for command in ["opt-out", "recalls"] {
            let list = try sluice([command, "list", "p.yaml", "--json"], in: scene)
            try #require(list.status == 0, "\(list.errors)")
            found[command] = list.output
        }
        return found
    }

    private func isWhole(_ scene: Scene, _ what: String) throws {
        let proof = try sluice(["verify", "p.yaml", "--now", "2026-04-16"], in: scene)
        #expect(proof.status == 0, "\(what): \(text(proof.output))")
    }

    @Test func killedAtEveryStep() throws {
        let origin = try origin()
        let calm = try Scene()
        try origin.copy(to: calm)
        for command in [entered, later] {
            try #require(try sluice(command, in: calm).status == 0)
        }
        let expected = try outcome(calm)
        var killed = 0
        for events in [1, 3, 6, 9, 14, 20, 28, 40, 60, 90] {
            let scene = try Scene()
            try origin.copy(to: scene)
            let watch = try FileEvents(below: scene.path)
            let process = try SluiceProcess(entered, in: scene.path)
            if watch.wait(for: events, orUntil: { process.hasEnded }) { process.signal(SIGKILL) }
            if try process.finish(within: 60).status == 137 { killed += 1 }
            // The next command settles it; nothing is half done.
            try #require(try sluice(later, in: scene).status == 0, "after \(events)")
            try isWhole(scene, "killed after \(events)")
            let list = try sluice(["opt-out", "list", "p.yaml", "--json"], in: scene)
            let isEntered = text(list.output).contains(#""id":2"#)
            let isDone = try outcome(scene) == expected
            #expect(isEntered == isDone, "killed after \(events)")
            try #require(try sluice(entered, in: scene).status == 0)
            #expect(try outcome(scene) == expected, "killed after \(events), and again")
            try isWhole(scene, "killed after \(events), and again")
        }
        #expect(killed > 0)
    }
}
