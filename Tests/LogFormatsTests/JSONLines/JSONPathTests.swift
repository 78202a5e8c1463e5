import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct JSONPathTests {
    /// The texts found for `fields` in one record, by all readers alike.
    private func found(_ fields: [String], in line: String) -> [[String]] {
        let answers = JSONTwin.allCases.map { twin in
            let trial = JSONTrial(fields, outline: true, twin: twin)
            return trial.texts(trial.rows(line)[0], of: bytes(line))
        }
        #expect(answers[0] == answers[1] && answers[0] == answers[2], "\(fields) \(line)")
        return answers[0]
    }

    @Test func membersElementsAndEveryElement() {
        let line = #"{"a":1,"b":{"c":2,"d":{"e":3}},"t":[4,[5,6],{"c":7},{"c":8}],"a.b":9,"":0}"#
        let table: [(String, [String])] = [
            ("a", ["1"]), ("b.c", ["2"]), ("b.d.e", ["3"]), ("b.d", [#"{"e":3}"#]), ("b.x", []),
            ("a.x", []), ("t[0]", ["4"]), ("t[1]", ["[5,6]"]), ("t[1][1]", ["6"]), ("t[9]", []),
            ("t[2].c", ["7"]), ("t[*].c", ["7", "8"]), ("t[*][*]", ["5", "6"]),
            ("t[*]", ["4", "[5,6]", #"{"c":7}"#, #"{"c":8}"#]), (#"a\.b"#, ["9"]), ("a.b", []),
            ("b[0]", []), ("t.c", []), ("a[*]", []), ("t[000002].c", ["7"]),
        ]
        for (field, expected) in table {
            #expect(found([field], in: line) == [expected], "\(field)")
        }
        let fields = table.map(\.0).filter { !["b.d", "t[1]", "t[*]", "t[000002].c"].contains($0) }
        let together = found(fields, in: line)
        #expect(together[fields.firstIndex(of: "t[*].c") ?? 0] == ["8"], "t[2].c goes first")
    }

    @Test func escapedSpellingsAreTheSameMember() {
        #expect(
            found(["ip", "c.os"], in: #"{"\u0069p":"x","c":{"\u006fs":"y"}}"#) == [["x"], ["y"]]
        )
        #expect(found([#"q"x"#], in: #"{"q\"x":1}"#) == [["1"]])
        #expect(found(["é"], in: #"{"\u00e9":1}"#) == [["1"]])
    }

    @Test func aNumberedElementKeepsWhatIsDeclaredForEveryOne() {
        let line = #"{"items":[{"ip":"x","name":"n"},{"ip":"y"}],"t":[[1,2],[3,4]]}"#
        #expect(found(["items[0].name", "items[*].ip"], in: line) == [["n"], ["x", "y"]])
        #expect(found(["items[*].ip", "items[0].ip"], in: line) == [["y"], ["x"]])
        #expect(found(["t[*][*]", "t[0][1]"], in: line) == [["1", "3", "4"], ["2"]])
        #expect(found(["t[*][*]", "t[*][0]", "t[1][1]"], in: line) == [["2"], ["1", "3"], ["4"]])
        let deep = #"{"a":[{"b":[{"c":1},{"c":2,"d":3}],"x":4}]}"#
        let fields = ["a[*].b[*].c", "a[*].b[1].d", "a[0].x"]
        #expect(found(fields, in: deep) == [["1", "2"], ["3"], ["4"]])
    }

    @Test func valuesOfSeveralSlotsStayApart() {
        let line = #"{"i":[{"a":1,"b":2},{"b":3},{"a":4}],"j":[5,6]}"#
        #expect(
            found(["i[*].b", "j[*]", "i[*].a"], in: line) == [
                ["2", "3"], ["5", "6"], ["1", "4"],
            ]
        )
        #expect(found(["i[*].b", "j[*]"], in: #"{"i":[],"j":[1]}"#) == [[], ["1"]])
    }

    @Test(arguments: [
        ("a", true), ("a.b", true), (#"a\.b"#, true), ("a[0]", true), ("a[*].b[1]", true),
        (#"\[a]"#, true), ("a b", true), ("é", true), ("a[999999]", true), ("a[0][1].c", true),
        ("", false), (".", false), (".a", false), ("a.", false), ("a..b", false), ("[0]", false),
        ("a[", false), ("a[]", false), ("a[-1]", false), ("a[x]", false), ("a[1000000]", false),
        ("a[**]", false), ("a[0].", false), ("a.[0]", false), ("a[0]b", false),
    ])
    func pathsAreWellFormedOrNot(_ name: String, _ isPath: Bool) {
        #expect(JSONLinesFormat().knows(field: name) == isPath, "\(name)")
    }

    @Test(arguments: [
        ("a", "a.b", true), ("a", "a[0]", true), ("a", "a[*].b", true), ("t[*]", "t[0].x", true),
        ("t[0]", "t[*].x", true), ("a", #"\a"#, true), ("t[0]", "t[000]", true),
        ("a.b", "a", false),
        ("a", "ab.c", false), ("t[0]", "t[1].x", false), ("t[*]", "t[0]", false),
        ("t[0]", "t[*]", false), (#"a\.b"#, "a.b", false), ("a.b", "a.c.d", false),
    ])
    func onePathLiesInsideAnother(_ outer: String, _ inner: String, _ isInside: Bool) throws {
        let path = try #require(JSONFieldPath(outer))
        #expect(path.contains(try #require(JSONFieldPath(inner))) == isInside)
    }
}
