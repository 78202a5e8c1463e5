import TestSupport
import Testing

/// Promise 5: how the input is cut, packed and shared out does not show in the result.
@Suite struct SameBytesTests {
    static let formats = ["jsonl", "csv", "combined"]

    private func input(_ format: String, seed: UInt64) -> (header: [UInt8], rows: [UInt8]) {
        var maker = EventMaker(seed: seed)
        return switch format {
        case "csv": (bytes(Event.csvHeader + "\n"), maker.csvLines(700))
        case "combined": ([], maker.combinedLines(700))
        default: ([], maker.jsonLines(700))
        }
    }

    /// Runs the pipeline over `files` and returns everything below `out`.
    private func result(
        _ format: String,
        _ files: [[UInt8]],
        workers: Int = 1
    ) throws -> [String: [UInt8]] {
        let scene = try Scene()
        let pipeline =
            format == "combined"
            ? Pipeline.stateless(format, time: "time") : Pipeline.stateless(format)
        try scene.write("p.yaml", pipeline)
        try scene.write("static.key", "an invented key of the tests, long enough")
        for (index, file) in files.enumerated() {
            try scene.write("in/\(String(1000 + index)).log", file)
        }
        let outcome = try sluice(
            ["run", "p.yaml", "--now", "2026-04-15", "--workers", "\(workers)"],
            in: scene
        )
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try scene.tree("out")
    }

    @Test(arguments: formats) func anyCutGivesTheSameFiles(_ format: String) throws {
        let (header, rows) = input(format, seed: 71)
        let whole = header + rows
        let expected = try result(format, [whole])
        #expect(expected.count == 3)
        #expect((expected["records"]?.count ?? 0) > 10_000)
        for workers in [2, 3] {
            #expect(try result(format, [whole], workers: workers) == expected)
        }
        let fifty = linePieces(rows, 50).map { header + $0 }
        #expect(fifty.count == 50)
        #expect(try result(format, fifty, workers: 2) == expected)
        #expect(try result(format, [gzip(whole)], workers: 2) == expected)
        let members = try pieces(whole, 13).map { try gzip($0) } + [gzip([])]
        #expect(try result(format, [members.flatMap { $0 } + [0, 0, 0]]) == expected)
    }

    @Test(arguments: formats) func theLastLineCountsWithoutItsLineFeed(_ format: String) throws {
        let (header, rows) = input(format, seed: 72)
        let whole = try result(format, [header + rows])
        let open = try result(format, [header + rows.dropLast()])
        for name in ["days.csv", "sessions.csv"] { #expect(open[name] == whole[name]) }
        #expect(trimmed(open["records"]) == trimmed(whole["records"]))
    }

    @Test(arguments: formats) func carriageReturnsChangeNoValue(_ format: String) throws {
        let (header, rows) = input(format, seed: 73)
        let plain = try result(format, [header + rows])
        let crlf = (header + rows).flatMap { $0 == 0x0a ? [0x0d, 0x0a] : [$0] }
        let found = try result(format, [crlf])
        for name in ["days.csv", "sessions.csv"] { #expect(found[name] == plain[name]) }
        #expect(found["records"]?.filter { $0 != 0x0d } == plain["records"])
    }

    @Test(arguments: formats) func filterDoesNotSeeHowItIsFed(_ format: String) throws {
        let (header, rows) = input(format, seed: 74)
        let whole = header + Array(rows.prefix(40_000))
        let scene = try Scene()
        let time = format == "combined" ? [] : ["--time", "ts", "--set", "ts=keep"]
        let flags =
            ["filter", "--format", format, "--ip", "/16,/32", "--set", "user=drop"] + time
            + ["--set", "path=url", "--quarantine-limit", "50%", "--quiet", "--workers"]
        let first = try sluice(flags + ["1"], in: scene, feed: .bytes(whole))
        try #require(first.status == 0, "\(first.errors)")
        #expect(first.output.count > 1000)
        for workers in ["1", "2", "3"] {
            let other = try sluice(flags + [workers], in: scene, feed: .byteByByte(whole))
            #expect(other == first, "\(workers) workers")
            let members = try pieces(whole, 7).flatMap { try gzip($0) }
            #expect(try sluice(flags + [workers], in: scene, feed: .bytes(members)) == first)
        }
    }

    private func trimmed(_ file: [UInt8]?) -> [UInt8] {
        var file = file ?? []
        if file.last == 0x0a { file.removeLast() }
        return file
    }
}
