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

    /// Workers inflate several files at once: the result is that of one worker, file by file.
    @Test(arguments: formats) func manyCompressedFilesGiveTheSameBytes(_ format: String) throws {
        let (header, rows) = input(format, seed: 75)
        let expected = try result(format, [header + rows])
        for (count, repeats) in [(40, 1), (3, 1), (4, 10)] {
            let files = linePieces(rows, count).map { rows in
                header + Array(repeatElement(rows, count: repeats).joined())
            }
            let alone = repeats == 1 ? expected : try result(format, files)
            let packed = try files.map { try gzip($0) }
            for workers in [1, 2, 3] {
                #expect(try result(format, packed, workers: workers) == alone)
            }
        }
    }

    /// The same with state, where every file is looked through first and taken in by itself.
    @Test func manyCompressedFilesAreTakenInAlike() throws {
        let first = try Scene()
        try first.write("p.yaml", Pipeline.stateful)
        try first.write("in/0.log", input("jsonl", seed: 76).rows)
        let run = ["run", "p.yaml", "--now", "2026-04-15", "--quiet", "--workers"]
        try #require(try sluice(run + ["1"], in: first).status == 0)
        let files = try linePieces(input("jsonl", seed: 77).rows, 12).map { try gzip($0) }
        var trees: [[String: [UInt8]]] = []
        for workers in 1...3 {
            let scene = try Scene()
            try first.copy(to: scene)
            for (index, file) in files.enumerated() {
                try scene.write("in/\(1000 + index).gz", file)
            }
            let outcome = try sluice(run + ["\(workers)"], in: scene)
            try #require(outcome.status == 0, "\(outcome.errors)")
            trees.append(try scene.tree("out"))
        }
        #expect(trees[0].count > 12)
        for tree in trees { #expect(tree == trees[0]) }
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
