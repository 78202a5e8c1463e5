import FileSystem
import Foundation
import TestSupport
import Testing

/// The oracle's pipelines against a plain twin, and against its own fixtures where they lie about.
@Suite struct OracleTests {
    private static let key = "an invented oracle key, of 32 and more bytes"
    private static let tests = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().path
    private static let fixtures = "\(tests)/../../shared/bench/fixtures"

    private func scene(_ job: String, key: String = key, optOuts: String) throws -> Scene {
        let scene = try Scene()
        let pipeline = try String(
            contentsOfFile: "\(Self.tests)/PipelinesTests/Oracle/\(job).yaml",
            encoding: .utf8
        )
        try scene.write("p.yaml", pipeline.replacingOccurrences(of: "OUT/", with: "out/"))
        try scene.write("oracle.key", key)
        try scene.write("optout.csv", optOuts)
        return scene
    }

    private func run(
        _ scene: Scene,
        _ input: [UInt8],
        workers: Int = 2,
        now: String = "2026-04-15"
    ) throws -> [UInt8] {
        let outcome = try sluice(
            ["run", "p.yaml", "--quiet", "--now", now, "--workers", "\(workers)"],
            in: scene,
            feed: .bytes(input)
        )
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }

    @Test func thePlainHashGivesPublishedValues() {
        // RFC 4231, test case 2.
        #expect(
            PlainHash.hmac(key: bytes("Jefe"), bytes("what do ya want for nothing?"))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func firstFields(_ seed: UInt64) throws {
        var maker = EventMaker(seed: seed)
        var random = SeededGenerator(seed: seed)
        let odd = ["999.0.0.1", "01.2.3.4", "user1", "1.2.3", "-", "::ffff:192.0.2.9", ""]
        var input = ""
        var expected = ""
        for _ in 0..<400 {
            var event = maker.next().event
            if Int.random(in: 0..<8, using: &random) == 0 {
                event.address = odd[Int.random(in: 0..<odd.count, using: &random)]
            }
            let rest = " - \(event.user) \"GET \(event.path)\"\n"
            let cut =
                event.address == odd[5] ? "::ffff:192.0.2.0" : OracleTwin.cut(event.address)
            input += event.address + rest
            expected += cut + rest
        }
        let found = try run(scene("j1", optOuts: "customer,purpose,effective_date\n"), bytes(input))
        #expect(found == bytes(expected), "seed \(seed)")
    }

    @Test(arguments: [4, 5, 6] as [UInt64]) func recordsAndTables(_ seed: UInt64) throws {
        var maker = EventMaker(seed: seed)
        let events = maker.events(900)
        var input = ""
        for (index, event) in events.enumerated() {
            input += event.json + "\n"
            if index % 90 == 0 { input += "\n{\"ts\":\"2026-02-30T00:00:00Z\"}\n{broken\n" }
        }
        let optOuts = """
            customer,purpose,effective_date
            NL-103,statistics & research,2026-02-10
            NL-103,statistics & research,2026-03-10
            NL-104,benchmarking,2026-01-01

            """
        let twin = OracleTwin(key: bytes(Self.key), optOuts: ["NL-103": "2026-02-10"])
        let records = try run(scene("j2", optOuts: optOuts), bytes(input))
        #expect(
            text(records) == twin.anonymise(events),
            "seed \(seed): \(firstDifference(text(records), twin.anonymise(events)))"
        )
        for job in ["j3", "j4"] {
            let scene = try scene(job, optOuts: optOuts)
            _ = try run(scene, job == "j4" ? gzip(bytes(input)) : bytes(input), workers: 3)
            let found = try scene.tree("out").mapValues { text($0) }
            #expect(found["daily_action.csv"] == twin.dailyActions(events), "seed \(seed)")
            #expect(found["monthly_partner.csv"] == twin.monthlyPartners(events), "seed \(seed)")
            #expect(found["sessions.csv"] == twin.sessions(events), "seed \(seed)")
        }
    }

    private func firstDifference(_ one: String, _ two: String) -> String {
        let pair = zip(one.split(separator: "\n"), two.split(separator: "\n")).first { $0 != $1 }
        return pair.map { "\($0.0)\n\($0.1)" } ?? "lengths \(one.utf8.count) \(two.utf8.count)"
    }

    // MARK: Fixtures

    @Test(
        .enabled(
            if: try Want.fixtures.isMet(FileManager.default.fileExists(atPath: fixtures))))
    func theFixturesOfTheOracle() throws {
        var ran = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.fixtures).sorted() {
            let folder = "\(Self.fixtures)/\(name)"
            let settings = try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: "\(folder)/job.json"))
            )
            let key = try #require((settings as? [String: Any])?["key"] as? String)
            let optOuts = try String(contentsOfFile: "\(folder)/optout.csv", encoding: .utf8)
            for (job, source, records, tables) in Self.jobs {
                guard let input = try? file("\(folder)/\(source)"),
                    FileManager.default.fileExists(
                        atPath: "\(folder)/expected/\(records ?? tables ?? "")"
                    )
                else { continue }
                let scene = try scene(job, key: key, optOuts: optOuts)
                let output = try run(scene, input)
                if let records {
                    let expected = try file("\(folder)/expected/\(records)")
                    #expect(output == expected, "\(name) \(job)")
                }
                if let tables {
                    #expect(
                        try scene.tree("out") == Self.tree("\(folder)/expected/\(tables)"),
                        "\(name) \(job)"
                    )
                }
                ran += 1
            }
        }
        StandardError.write("oracle: \(ran) jobs on fixtures compared byte for byte\n")
        #expect(ran >= 10)
    }

    private static let jobs: [(String, String, records: String?, tables: String?)] = [
        ("j1", "access.log", "j1.log", nil), ("j2", "events.jsonl", "j2.jsonl", nil),
        ("j3", "events.jsonl", nil, "j3"), ("j3csv", "events.csv", nil, "j3"),
        ("j3log", "access.log", nil, "j3log"), ("j4", "events.jsonl.gz", "j2.jsonl", "j3"),
    ]

    private func file(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static func tree(_ folder: String) throws -> [String: [UInt8]] {
        try FileManager.default.contentsOfDirectory(atPath: folder).reduce(into: [:]) {
            $0[$1] = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($1)")))
        }
    }
}
