import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

/// The outline as one line of text: what a rebuilt record would hold before values are changed.
@Suite struct JSONOutlineTests {
    private func outline(_ fields: [String], _ line: String) -> String {
        let source = bytes(line)
        let answers = JSONTwin.allCases.map { twin in
            let row = JSONTrial(fields, outline: true, twin: twin).rows(source)[0]
            return row.outline.map { step in
                let slice = text(Array(source[step.slice.offset..<step.slice.end]))
                switch step.operation {
                case .openObject: return "{"
                case .closeObject: return "}"
                case .openArray: return "["
                case .closeArray: return "]"
                case .element: return "#"
                case .key: return slice + ":"
                case .value: return "<\(step.slot) \(slice)>"
                }
            }.joined(separator: " ")
        }
        #expect(answers[0] == answers[1] && answers[0] == answers[2], "\(fields) \(line)")
        return answers[0]
    }

    @Test func onlyDeclaredMembersAndTheWayToThem() {
        let line =
            #"{"x":1,"a":"t","c":{"y":{},"os":2,"z":[1]},"i":[{"ip":3},4,{"q":1}],"n":{"k":1}}"#
        let table: [([String], String)] = [
            ([], ""), (["zz"], ""), (["a"], #""a": <0 t>"#),
            (["c"], #""c": <0 {"y":{},"os":2,"z":[1]}>"#),
            (["c.os"], #""c": { "os": <0 2> }"#), (["c.none"], #""c": { }"#), (["a.b"], ""),
            (["a[0]"], ""), (["i.ip"], ""), (["c[0]"], ""),
            (["i[*].ip"], #""i": [ { "ip": <0 3> } { } ]"#), (["i[1]"], #""i": [ # # <0 4> # ]"#),
            (["i[2].q", "x"], #""x": <1 1> "i": [ # # # { "q": <0 1> } ]"#),
            (["n.k", "a"], #""a": <1 t> "n": { "k": <0 1> }"#),
        ]
        for (fields, expected) in table { #expect(outline(fields, line) == expected, "\(fields)") }
    }

    @Test func keysKeepTheirSpellingAndSpacesVanish() {
        #expect(
            outline(["a", "b.c"], #" { "\u0061" : 1 , "b" : { "c" : "x" } } "#)
                == #""\u0061": <0 1> "b": { "c": <1 x> }"#
        )
        #expect(
            outline(["a", "b.c"], #" { "a" : 1 , "b" : { "c" : "x" } } "#)
                == #""a": <0 1> "b": { "c": <1 x> }"#
        )
    }

    /// Bad rows leave no steps behind that the next row could take for its own.
    @Test func badRowsHaveNoOutline() {
        let source = bytes("{\"a\":1}\n{\"a\":2,}\n\n{\"a\":3}\n{\"a\":4")
        for twin in JSONTwin.allCases {
            let rows = JSONTrial(["a"], outline: true, twin: twin).rows(source)
            #expect(rows.map(\.outline.count) == [2, 0, 0, 2, 0])
            #expect(rows[3].outline[1].slice.offset == 23)
        }
    }
}
