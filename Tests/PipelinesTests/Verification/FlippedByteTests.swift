import FileSystem
import Pipelines
import TestSupport
import Testing

/// Any single flipped byte in state or output is found.
@Suite("a flipped byte", .serialized)
struct FlippedByteTests {
    private static let seed: UInt64 = 0xf11b_2026
    /// How many places of a longer file are tried; shorter files are tried byte by byte.
    private static let placesMax = 20

    @Test("in any file of state and outputs is found by verify, or verify cannot look")
    func found() throws {
        let scene = try VerificationScene()
        try scene.addLog("1", date: "2026-03-10")
        try scene.addLog("2", date: "2026-02-03")
        try scene.run("2026-03-25")
        #expect(try scene.findings("2026-03-25") == [])
        var random = SeededGenerator(seed: Self.seed)
        let files = try scene.files("state") + scene.files("keys") + scene.files("out")
        #expect(files.count >= 14)
        for file in files {
            let good = try scene.content(file)
            for place in Self.places(good.count, &random) {
                var bad = good
                bad[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                try scene.replace(file, bad)
                #expect(Self.isFound(scene), "\(file) byte \(place), seed \(Self.seed)")
            }
            try scene.replace(file, good)
        }
        #expect(try scene.findings("2026-03-25") == [])
    }

    @Test("in the ledger stops the next run")
    func stopsRun() throws {
        let scene = try VerificationScene()
        try scene.addLog("1", date: "2026-03-10")
        try scene.run("2026-03-25")
        var bytes = try scene.content("state/ledger.sqlite")
        bytes[bytes.count - 7] ^= 1
        try scene.replace("state/ledger.sqlite", bytes)
        #expect(throws: PipelineFailure.self) { try scene.run("2026-03-26") }
    }

    @Test("in the head of an event leaves columns empty that cannot be: a finding, no trap")
    func emptyColumns() throws {
        let scene = try VerificationScene()
        try scene.addLog("1", date: "2026-03-10")
        try scene.run("2026-03-25")
        let good = try scene.content("state/ledger.sqlite")
        // Such a head begins with its own length and ends with two texts of 64 bytes (SQLite file
        // format, section 2.1).
        let end: [UInt8] = [0x81, 0x0D, 0x81, 0x0D]
        var tried = 0
        for at in 12..<(good.count - end.count) where good[at...].starts(with: end) {
            for start in (at - 8)..<at
            where Int(good[start]) == at + end.count - start && good[start + 1] == 0 {
                var bad = good
                bad[start] = 2
                try scene.replace("state/ledger.sqlite", bad)
                #expect(Self.isFound(scene), "byte \(start)")
                tried += 1
            }
        }
        #expect(tried > 0)
    }

    private static func places(_ count: Int, _ random: inout SeededGenerator) -> [Int] {
        if count <= placesMax { return Array(0..<count) }
        return (0..<placesMax).map { _ in Int.random(in: 0..<count, using: &random) }
    }

    private static func isFound(_ scene: VerificationScene) -> Bool {
        guard let report = try? scene.verify("2026-03-25") else { return true }
        return !report.isProven
    }
}
