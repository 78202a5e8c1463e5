import Anonymization
import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct JSONColumnOrderTests {
    private let format = JSONLinesFormat()

    @Test(arguments: [
        (["a.x", "b", "a.y"], ["a.x", "a.y", "b"]), (["b", "a"], ["b", "a"]), ([], []),
        (["a.b.c", "d", "a.e", "a.b.f"], ["a.b.c", "a.b.f", "a.e", "d"]),
        ([#"a\.x"#, "b", #"a\.y"#], [#"a\.x"#, "b", #"a\.y"#]),
        (["t[0].x", "b", "t[0].y"], ["t[0].x", "t[0].y", "b"]),
    ])
    func objectsStayTogether(_ columns: [String], _ expected: [String]) throws {
        #expect(try format.arranged(columns: columns) == expected)
    }

    @Test(arguments: [
        (["a", "a"], "a", "a"), (["b", "a.x", "a"], "a.x", "a"), (["a", "a.x"], "a", "a.x"),
        (["a", #"\a"#], "a", #"\a"#), (["t[0]", "t[1]"], "t[0]", "t[1]"),
    ])
    func onePlaceHoldsOneColumn(_ columns: [String], _ first: String, _ second: String) {
        #expect(throws: ColumnClash(first: first, second: second)) {
            try format.arranged(columns: columns)
        }
    }

    /// For any columns: no clash is found, or each object has each key once.
    @Test func neverAKeyTwice() throws {
        var generator = SeededGenerator(seed: 0xC01)
        var arranged = 0
        for _ in 0..<2000 {
            let count = Int.random(in: 1...6, using: &generator)
            let columns = (0..<count).map { _ in
                (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                    ["a", "b", "c", "d"].randomElement(using: &generator) ?? "a"
                }.joined(separator: ".")
            }
            guard let order = try? format.arranged(columns: columns) else { continue }
            arranged += 1
            let line = written(
                format.columnWriter(columns: order), "", .columns,
                order.map { _ in .text("1") })
            let rows = read(format, bytes(line), fields: order)
            #expect(rows.map(\.state) == [.good], "\(columns) \(line)")
            #expect(rows.first?.values.allSatisfy { text($0.text) == "1" } == true, "\(line)")
        }
        #expect(arranged > 300)
    }
}
