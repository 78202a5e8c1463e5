import Anonymization
import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct WriterTests {
    @Test func csvQuotesOnlyWhereNeeded() {
        let writer = CSVFormat().columnWriter(columns: ["a", "b", "c", "d", "e"])
        #expect(text(writer.header(columns: nil)) == "a,b,c,d,e\n")
        let line = written(
            writer,
            "x,y",
            .columns,
            [.text("p q"), .text("a,\"b\""), .null, .source(0..<3), .text("l\nm")]
        )
        #expect(line == "p q,\"a,\"\"b\"\"\",,\"x,y\",\"l\nm\"\n")
        #expect(written(writer, "", .columns, [.text("a\rb"), .text("a;b")]) == "\"a\rb\",a;b\n")
    }

    @Test func csvSplices() {
        let writer = CSVFormat().splicedWriter()
        #expect(text(writer.header(columns: ["a", "b,c"])) == "a,\"b,c\"\n")
        #expect(
            written(writer, "\"1\",x,3", .spliced, [.raw(0..<4), .text("y,z"), .raw(5..<7)])
                == "\"1\",\"y,z\",3\n"
        )
        #expect(written(writer, "1,x", .spliced, [.raw(0..<2), .null]) == "1,\n")
        let named = CSVFormat(columns: ["a"]).splicedWriter()
        #expect(named.header(columns: ["a"]).isEmpty)
    }

    /// A lone empty cell would else be an empty line, and that is no record.
    @Test func csvLoneEmptyCell() {
        #expect(
            written(CSVFormat().columnWriter(columns: ["a"]), "", .columns, [.null]) == "\"\"\n"
        )
        #expect(written(CSVFormat().splicedWriter(), "", .spliced, [.text("")]) == "\"\"\n")
    }

    @Test func tsvWithoutQuotesLosesOnlyWhatItCannotWrite() {
        let format = CSVFormat(name: "tsv", delimiter: .tab, hasQuotes: false)
        let writer = format.columnWriter(columns: ["a", "b"])
        #expect(
            written(writer, "", .columns, [.text("a\tb\r\nc"), .text("\"q\"")])
                == "a b  c\t\"q\"\n"
        )
    }

    @Test func csvReadsBackWhatItWrote() {
        var generator = SeededGenerator(seed: 0x5EED)
        let names = ["x", "y", "z"]
        let writer = CSVFormat().columnWriter(columns: names)
        for _ in 0..<500 {
            let cells = names.map { _ in
                text(
                    nasty(
                        ["\"", ",", "\n", "\r", "a", "é", ""].map { $0 + "" },
                        length: Int.random(in: 0...5, using: &generator),
                        using: &generator
                    )
                )
            }
            let line = written(writer, "", .columns, cells.map { .text($0) })
            let rows = read(CSVFormat(), bytes(line), fields: names, columns: names)
            #expect(rows.map { $0.values.map { text($0.text) } } == [cells], "\(line)")
        }
    }

    @Test func accessLogSplicesByWhatStandsAround() throws {
        let writer = try #require(makeFormat("combined")).splicedWriter()
        let line = #"ip - user [time] "GET /p H" 200 1 "-" "agent""#
        #expect(
            written(
                writer,
                line,
                .spliced,
                [
                    .text("a [b] \"c\"\\"), .raw(2..<5), .text(""), .raw(9..<11),
                    .text("01/Feb/2026:00:00:00 +0000"), .raw(15..<22), .text("/q [x]"),
                    .raw(24..<39), .text("a \"b\"\n"), .raw(44..<45),
                ]
            )
                == #"a\x20\x5Bb\x5D\x20\"c\"\\ - - [01/Feb/2026:00:00:00 +0000] "GET /q [x] H" "#
                + #"200 1 "-" "a \"b\"\x0A""# + "\n"
        )
        #expect(written(writer, line, .spliced, [.null, .raw(2..<3)]) == "- \n")
    }

    @Test func accessLogColumns() throws {
        let format = try #require(makeFormat("combined"))
        let writer = format.columnWriter(columns: ["ip", "time", "agent", "path"])
        #expect(
            written(
                writer,
                "",
                .columns,
                [
                    .text("192.0.2.0"), .text("01/Feb/2026:00:00:00 +0000"),
                    .text("Firefox / Linux"), .text("/a b"),
                ]
            )
                == #"192.0.2.0 - - [01/Feb/2026:00:00:00 +0000] "- /a\x20b -" - - "-" "#
                + #""Firefox / Linux""# + "\n"
        )
    }

    /// Any value comes back as one field, whatever stands around it.
    @Test func accessLogReadsBackWhatItWrote() throws {
        let format = try #require(
            makeFormat("access_log", ["template": #"$a "$b" [$c] $d"#])
        )
        let writer = format.columnWriter(columns: ["a", "b", "c", "d"])
        var generator = SeededGenerator(seed: 0xBACC)
        for _ in 0..<500 {
            let cells = (0..<4).map { _ in
                text(
                    nasty(
                        ["\"", "\\", "\n", "\r", "a", "é", " ", "[", "]", "\u{7F}", "\\n"],
                        length: Int.random(in: 1...5, using: &generator),
                        using: &generator
                    )
                )
            }
            let line = written(writer, "", .columns, cells.map { .text($0) })
            let rows = read(format, bytes(line), fields: ["a", "b", "c", "d"])
            #expect(rows.map { $0.values.map { text($0.text) } } == [cells], "\(line)")
        }
    }
}
