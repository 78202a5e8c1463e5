import Records
import TestSupport
import Testing

@Suite("Small reference files")
struct DelimitedRowsTests {
    private func read(_ file: String) throws(ReferenceFault) -> [[String]] {
        let content = bytes(file)
        let rows = try DelimitedRows(file: content.span)
        return [rows.columns]
            + (0..<rows.count).map { row in
                rows.columns.indices.map { text(Array(rows.cell(row, $0))) }
            }
    }

    @Test(
        "What RFC 4180 allows",
        arguments: [
            ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
            ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
            ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
            ("\u{feff}a,b\n,\n", [["a", "b"], ["", ""]]),
            ("a,b\n\"x,\"\"y\"\"\n z\",\"\"\n", [["a", "b"], ["x,\"y\"\n z", ""]]),
            ("a\n\n1\n\n2\n\n", [["a"], ["1"], ["2"]]),
            ("\"a\"\n1", [["a"]] + [["1"]]),
            ("a,b\n", [["a", "b"]]),
            ("a,b\n 1 ,2\t\n", [["a", "b"], [" 1 ", "2\t"]]),
        ]
    )
    func good(file: String, expected: [[String]]) throws {
        #expect(try read(file) == expected)
    }

    @Test(
        "What it does not, and on which line",
        arguments: [
            ("", 1), ("\n\n", 1), ("a,a\n", 1), ("a,\n", 1), ("a,b\n1\n", 2), ("a,b\n1,2,3\n", 2),
            ("a,b\n1,2\n\"x\ny\",2\n1\n", 5), ("a\nx\"y\n", 2), ("a\n\"x\"y\n", 2),
            ("a\n1\n\"x\n\n", 3), ("a\n1\u{0}\n", 2), ("a\n\"\u{0}\"\n", 2), ("a\n1\r2\n", 2),
            ("a\n1\n2\r", 3),
        ]
    )
    func bad(file: String, line: Int) {
        let fault = #expect(throws: ReferenceFault.self) { try read(file) }
        #expect(fault?.line == line)
    }

    @Test("A row has a longest length, whatever it is made of")
    func longRows() throws {
        let most = DelimitedRows.rowBytesMax
        let makers: [(Int) -> String] = [
            { String(repeating: "x", count: $0 - 2) + ",y" },
            { "y," + String(repeating: "x", count: $0 - 2) },
            { "\"" + String(repeating: "\n", count: $0 - 4) + "\",y" },
        ]
        for make in makers {
            #expect(try read("a,b\n1,2\n\(make(most))\n3,4\n").count == 4)
            #expect(try read("a,b\n1,2\n\(make(most))").count == 3)
            let fault = #expect(throws: ReferenceFault.self) {
                try read("a,b\n1,2\n\(make(most + 1))\n3,4\n")
            }
            #expect(fault == ReferenceFault(line: 3, "expected a row of at most 1 MiB"))
        }
        let open = #expect(throws: ReferenceFault.self) {
            try read("a,b\n1,\"" + String(repeating: "x", count: most))
        }
        #expect(open == ReferenceFault(line: 2, "expected a row of at most 1 MiB"))
    }

    @Test("Cells written with quotes come back, whatever is in them")
    func roundTrip() throws {
        let seed: UInt64 = 17
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("ab,\"\n\r ;é")
        for _ in 0..<300 {
            let table = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                (0..<3).map { _ in
                    let count = Int.random(in: 0...5, using: &generator)
                    return String(
                        (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? "a" }
                    )
                }
            }
            let lines = table.map { row in
                row.map {
                    "\""
                        + $0.split(separator: "\"", omittingEmptySubsequences: false)
                        .joined(separator: "\"\"") + "\""
                }.joined(separator: ",")
            }
            let file = (["x,y,z"] + lines).joined(separator: "\n")
            #expect(try read(file) == [["x", "y", "z"]] + table, "seed \(seed)")
        }
    }

    @Test("Random bytes never trap, and no fault tells what it found")
    func noise() {
        var generator = SeededGenerator(seed: 23)
        let alphabet = bytes("aZ,\"\n\r\u{0}")
        for _ in 0..<5000 {
            let file = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            do throws(ReferenceFault) {
                _ = try DelimitedRows(file: file.span)
            } catch {
                #expect(!error.expectation.utf8.contains(UInt8(ascii: "Z")))
                #expect(error.line >= 1)
            }
        }
    }
}
