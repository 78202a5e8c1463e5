import CScanning
@testable import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct CSVTwinTests {
    private static let alphabet = [
        "\"", "\"", "\"\"", ",", ",", "\n", "\r\n", "\r", "a", "bc", "é", "\0", " ", "\",\"",
        "\"\n",
    ]

    @Test(arguments: [3, 12, 90, 1000]) func sameRowsAsThePlainTwin(_ limit: Int) {
        var generator = SeededGenerator(seed: 0xC57 + UInt64(limit))
        var limits = RecordLimits()
        limits.recordBytesMax = limit
        for round in 0..<2500 {
            let length = Int.random(in: 1...260, using: &generator)
            var source = nasty(Self.alphabet, length: length, using: &generator)
            if round % 7 == 0 { source[Int.random(in: 0..<source.count, using: &generator)] = 0xFF }
            let expected = CSVTwin(source: source, limit: limit, columnCount: 2).rows()
            let columns = ["x", "y"]
            let found = read(
                CSVFormat(),
                source,
                fields: columns,
                columns: columns,
                limits: limits
            )
            #expect(found == expected, "limit \(limit), round \(round), \(text(source))")
            let cut = read(
                CSVFormat(),
                source,
                fields: columns,
                columns: columns,
                limits: limits,
                cuts: SeededGenerator(seed: UInt64(round))
            )
            #expect(cut == expected, "cut, limit \(limit), round \(round), \(text(source))")
            if found != expected || cut != expected { return }
        }
    }

    /// Rows of three cells whose quotes stand where they belong, with few exceptions.
    private static func mostlyRegular(_ generator: inout SeededGenerator) -> [UInt8] {
        let cells = [
            "", "a", "bc", "2026-01-15T07:01:26.204Z", "\"\"", "\"x, y\"", "\"two\r\nlines\"",
            "\"say \"\"so\"\"\"", "\"\"\"\"", "\"Mozilla/5.0 (X11; Linux, like Gecko) 123.0.0.0\"",
            "é", "日本語", String(repeating: "long ", count: 30),
        ]
        let faults = ["\"", "a\"b", "\"a\"b", "\0", "\r", ",", "\n", "\"a\"\rb"]
        let hasFaults = Int.random(in: 0..<3, using: &generator) == 0
        var source: [UInt8] = []
        for _ in 0..<Int.random(in: 1...30, using: &generator) {
            let row = (0..<3).map { _ -> String in
                let isFault = hasFaults && Int.random(in: 0..<40, using: &generator) == 0
                return (isFault ? faults : cells).randomElement(using: &generator) ?? ""
            }
            source += Array(row.joined(separator: ",").utf8)
            source += Bool.random(using: &generator) ? [10] : [13, 10]
        }
        if Bool.random(using: &generator) { source.removeLast() }
        if hasFaults, Int.random(in: 0..<4, using: &generator) == 0 {
            source[Int.random(in: 0..<source.count, using: &generator)] = 0xFF
        }
        return source
    }

    /// The index of regular text, in each of its forms, against the scanner of rows and the twin.
    @Test(arguments: [60, 1000]) func regularTextReadsTheSameByItsIndex(_ limit: Int) {
        let seed = 0xC58 + UInt64(limit)
        var generator = SeededGenerator(seed: seed)
        var limits = RecordLimits()
        limits.recordBytesMax = limit
        let fields = DeclaredFields(names: ["z", "x", "no such"])
        let plain = CSVReader(
            format: CSVFormat(), fields: fields, limits: limits, isPlain: true)
        let readers = StructuralScan.allCases.map {
            CSVReader(format: CSVFormat(), fields: fields, limits: limits, scan: $0)
        }
        for round in 0..<1500 {
            let source = Self.mostlyRegular(&generator)
            func rows(_ reader: CSVReader, cuts: SeededGenerator? = nil) -> [ReadRow] {
                read(
                    CSVFormat(), source, fields: fields.names, columns: ["x", "y", "z"],
                    limits: limits, cuts: cuts, reader: reader)
            }
            let expected = rows(plain)
            let twin = CSVTwin(source: source, limit: limit, columnCount: 3).rows()
            #expect(expected.map(\.state) == twin.map(\.state), "seed \(seed), round \(round)")
            for reader in readers {
                let found = rows(reader)
                #expect(found == expected, "seed \(seed), round \(round), \(text(source))")
                let cut = rows(reader, cuts: SeededGenerator(seed: UInt64(round)))
                #expect(cut == expected, "cut, seed \(seed), round \(round), \(text(source))")
                if found != expected || cut != expected { return }
            }
        }
    }

    /// Every border that the index finds is one that the search row by row finds too.
    @Test func regularBordersAreTheBordersOfRows() {
        let seed: UInt64 = 0xC59
        var generator = SeededGenerator(seed: seed)
        for round in 0..<3000 {
            let all = Self.mostlyRegular(&generator)
            let source = Array(all.prefix(Int.random(in: 1...all.count, using: &generator)))
            var state = sluice_csv_split_state()
            let plain = unsafe source.withUnsafeBufferPointer { view in
                unsafe view.baseAddress.map {
                    unsafe sluice_csv_split($0, view.count, 0x2C, 1 << 20, &state)
                } ?? 0
            }
            for scan in StructuralScan.allCases {
                var splitter = CSVSplitter(delimiter: 0x2C, limit: 1 << 20, scan: scan)
                let found = splitter.wholeRecords(in: source.span) ?? 0
                #expect(found == plain, "seed \(seed), round \(round), \(text(source))")
            }
        }
    }

    @Test func cellsWithoutQuotesKeepTheirQuotes() {
        let format = CSVFormat(name: "tsv", delimiter: .tab, hasQuotes: false)
        let source = bytes("\"a\t\"b\"\n\t\"\n")
        let rows = read(format, source, fields: ["x", "y"], columns: ["x", "y"])
        let texts = rows.map { $0.values.map { text($0.text) } }
        #expect(texts == [["\"a", "\"b\""], ["", "\""]])
    }

    /// One stray quote must not cost more than its own line, however many lines follow.
    @Test func strayQuoteCostsOneLine() {
        var source = bytes("a,\"b\n")
        for index in 0..<50_000 { source += bytes("\(index),\"\"\n") }
        let columns = ["x", "y"]
        let rows = read(CSVFormat(), source, fields: columns, columns: columns)
        #expect(rows.count == 50_001)
        #expect(rows.filter { $0.state == .good }.count == 50_000)
    }

    /// Each line opens a quote that the next one closes: still every byte is looked at only twice.
    @Test func endlessQuotesTakeLinearTime() {
        let source = Array(repeatElement(bytes("a\",\"b\n"), count: 500_000).joined())
        let columns = ["x", "y"]
        let seconds = processorSeconds {
            let whole = read(CSVFormat(), source, fields: columns, columns: columns)
            #expect(whole.allSatisfy { $0.state != .good })
            #expect(!whole.isEmpty)
        }
        #expect(seconds < 60)
    }
}
