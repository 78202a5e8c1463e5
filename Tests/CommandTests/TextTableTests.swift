import Testing
import TestSupport

@testable import SluiceCommand

@Suite struct TextTableTests {
    @Test func alignsNumbersAtTheRight() {
        var table = TextTable([.text("name"), .number("records"), .text("why")])
        table.add(["a", "1", "x"])
        table.add(["longer", "12,345,678", ""])
        #expect(
            table.lines(columnsMax: 80) == [
                "name       records  why",
                "a                1  x",
                "longer  12,345,678",
            ]
        )
    }

    @Test func cutsTheMiddleOfColumnsThatMayShrink() {
        var table = TextTable([.text("file", shrinksTo: 10), .number("size")])
        table.add(["out/actions/2026-08-01.jsonl.gz", "12 B"])
        #expect(table.lines(columnsMax: 26).last == "out/a...-01.jsonl.gz  12 B")
    }

    @Test func becomesBlocksWhenNothingElseHelps() {
        var table = TextTable([.text("name"), .number("records"), .number("kept")])
        table.add(["actions", "12,345", "11,000"])
        #expect(table.lines(columnsMax: 20) == ["actions", "  records 12,345", "  kept 11,000"])
    }

    @Test func replacesWhatATerminalWouldObey() {
        var table = TextTable([.text("name")])
        table.add(["a\u{1B}[31m\nb"])
        #expect(table.lines(columnsMax: 80) == ["name", "a\u{FFFD}[31m\u{FFFD}b"])
    }

    /// No line is wider than it may be, and every line of a table is as wide as its columns.
    @Test func neverGetsTooWide() {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<500 {
            var table = TextTable([.text("t", shrinksTo: 5), .number("n"), .text("u")])
            for _ in 0..<3 {
                table.add(
                    (0..<3).map { _ in
                        String(
                            repeating: "x",
                            count: Int.random(in: 0...60, using: &generator)
                        )
                    }
                )
            }
            let columns = Int.random(in: 10...90, using: &generator)
            for line in table.lines(columnsMax: columns) {
                #expect(line.count <= columns, "seed 12, \(columns) columns")
            }
        }
    }

    @Test(arguments: [
        ("abcdef", 6, "abcdef"), ("abcdefghij", 9, "ab...ghij"), ("abcdef", 3, "abc"),
        ("abcdef", 0, ""), ("abcdef", 4, "...f"),
    ])
    func shortens(text: String, width: Int, result: String) {
        #expect(TextTable.shortened(text, to: width) == result)
    }

    @Test func wrapsBetweenWords() {
        #expect(
            wrapped("one two three four", columnsMax: 9) == ["one two", "  three", "  four"]
        )
        #expect(wrapped("averyverylongword b", columnsMax: 5) == ["averyverylongword", "  b"])
        #expect(wrapped("", columnsMax: 5).isEmpty)
    }
}
