import TestSupport
import Testing

/// An archive has more days than a process may have open files.
@Suite struct ManyFilesTests {
    private static let days = 3000

    private func date(_ day: Int) -> String {
        // Thirty days in each month: all of them exist.
        let month = day / 28
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(2000 + month / 12)-\(two(month % 12 + 1))-\(two(day % 28 + 1))"
    }

    private func pipeline(_ outputs: String) -> String {
        """
        name: archive
        source: { format: jsonl, files: in.jsonl, time: ts }
        fields: { ts: keep, a: keep }
        outputs:
        \(outputs)

        """
    }

    private func record(_ day: Int, _ round: Int) -> String {
        #"{"ts":"\#(date(day))T10:00:00Z","a":\#(round)}"# + "\n"
    }

    @Test(arguments: [
        ("out/{date}.jsonl", false), ("out/{date}/all.jsonl", false), ("out/{date}.jsonl.gz", true),
    ])
    func openFilesAreBounded(_ path: String, _ isCompressed: Bool) throws {
        let scene = try Scene(inMemory: true)
        try scene.write(
            "p.yaml", pipeline("  - { name: all, purpose: security, path: '\(path)' }"))
        // Each round goes through all days, so that each file is closed and opened again.
        let rounds = 2
        let input = (0..<rounds).flatMap { round in
            (0..<Self.days).map { record($0, round) }
        }
        try scene.write("in.jsonl", input.joined())
        let outcome = try sluice(
            ["run", "p.yaml", "--now", "2026-04-15", "--workers", "2"], in: scene, openFiles: 64)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let files = try scene.tree("out")
        #expect(files.count == Self.days)
        for day in [0, 1, 63, 64, 65, 700, Self.days - 1] {
            let name = path.replacing("{date}", with: date(day)).dropFirst(4)
            let stored = try #require(files[String(name)])
            let plain = (0..<rounds).map { record(day, $0) }.joined()
            #expect(stored == (isCompressed ? try gzip(bytes(plain)) : bytes(plain)))
        }
    }

    /// Whether a file was compressed at once or at the end does not show.
    @Test func spooledFilesAreTheSameBytes() throws {
        var results: [[String: [UInt8]]] = []
        for first in [0, 150] {
            let scene = try Scene(inMemory: true)
            try scene.write(
                "p.yaml",
                pipeline("  - { name: all, purpose: security, path: 'out/{date}.jsonl.gz' }"))
            let days = (0..<200).map { ($0 + first) % 200 }
            let lines = (0..<40).flatMap { round in days.map { record($0, round) } }
            try scene.write("in.jsonl", lines.joined())
            let outcome = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
            #expect(outcome.status == 0, "\(outcome.errors)")
            results.append(try scene.tree("out"))
        }
        #expect(results[0].count == 200)
        #expect(results[0] == results[1])
    }
}
