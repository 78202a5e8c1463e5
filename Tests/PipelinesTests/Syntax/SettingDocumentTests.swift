import Records
import TestSupport
import Testing

@testable import Pipelines

/// The faults of a text as `line:column message`, and its settings in short form.
private func reading(_ text: String) -> (tree: String?, faults: [String]) {
    let faults = Faults()
    let setting = readSettings(bytes(text), faults: faults)
    return (
        setting.map(shortForm),
        faults.sorted.map { "\($0.position.line):\($0.position.column) \($0.message)" }
    )
}

private func shortForm(_ setting: Setting) -> String {
    switch setting {
    case .text(let text, _): "'\(text)'"
    case .list(let items, _): "[" + items.map(shortForm).joined(separator: " ") + "]"
    case .mapping(let members, _):
        "{" + members.map { "\($0.key):\(shortForm($0.value))" }.joined(separator: " ") + "}"
    case .empty: "-"
    }
}

@Suite("Settings from YAML")
struct SettingDocumentTests {
    @Test(
        "every scalar is text",
        arguments: [
            ("a: no", "{a:'no'}"), ("a: 0755", "{a:'0755'}"), ("a: 1e3", "{a:'1e3'}"),
            ("a: ~", "{a:'~'}"), ("a: null", "{a:'null'}"), ("a: 2026-03-01", "{a:'2026-03-01'}"),
            ("a: 'it''s'", "{a:'it's'}"), (#"a: "\x41\u00e9""#, "{a:'Aé'}"),
            ("a:", "{a:-}"), ("a: ''", "{a:''}"), ("- a\n- b", "['a' 'b']"),
            ("a: [1, {b: 2}]", "{a:['1' {b:'2'}]}"), ("a: |\n  x\n  y\n", "{a:'x\ny\n'}"),
            ("yes: &\u{20}", nil), ("\u{FEFF}a: b", "{a:'b'}"),
            ("a: b\r\nc: d\r\n", "{a:'b' c:'d'}"),
            ("---\na: b\n...\n", "{a:'b'}"), ("%YAML 1.1\n---\na: b", "{a:'b'}"),
            ("a: x # y", "{a:'x'}"), ("'<': b", "{<:'b'}"),
            ("a: b & c * d ! e", "{a:'b & c * d ! e'}"),
        ] as [(String, String?)]
    )
    func scalars(text: String, tree: String?) {
        #expect(reading(text).tree == tree)
    }

    @Test(
        "a line ends where editors end it, not wherever YAML does",
        arguments: ["\r", "\u{85}", "\u{2028}", "\u{2029}"]
    )
    func placesBehindOtherLineEnds(end: String) {
        let again = "found the key `c` again; it is already on line"
        #expect(
            reading("a: b\(end)c: d\(end)c: e\n").faults == ["1:11 \(again) 1"]
        )
        #expect(
            reading("a: é\r\nc: d\(end)c: e\n").faults == ["2:6 \(again) 2"]
        )
        #expect(reading("a: [\(end)\(end)").faults.allSatisfy { $0.hasPrefix("1:") })
    }

    @Test("places are those of the values and keys, 1-based, columns in characters")
    func places() throws {
        let faults = Faults()
        let root = readSettings(bytes("é: x\nlist:\n  - 'y'\n  - {ö: |\n"), faults: faults)
        #expect(root == nil)
        let good = readSettings(bytes("é: x\nlist:\n  - 'y'\n  - {ö: z}\n"), faults: Faults())
        guard case .mapping(let members, _) = try #require(good),
            case .list(let items, let listPlace) = members[1].value,
            case .mapping(let inner, let place) = items[1]
        else { throw Unexpected() }
        #expect(members[0].keyPosition == SettingPosition(line: 1, column: 1))
        #expect(members[0].value.position == SettingPosition(line: 1, column: 4))
        #expect(listPlace == SettingPosition(line: 3, column: 3))
        #expect(items[0].position == SettingPosition(line: 3, column: 5))
        #expect(place == SettingPosition(line: 4, column: 5))
        #expect(inner[0].keyPosition == SettingPosition(line: 4, column: 6))
        #expect(inner[0].value.position == SettingPosition(line: 4, column: 9))
    }

    @Test(
        "what is refused, with its place",
        arguments: [
            ("", ["1:1 the file is empty, expected a pipeline beginning with `name:`"]),
            (
                "# only this\n",
                ["1:1 the file is empty, expected a pipeline beginning with `name:`"]
            ),
            (
                "a: 1\nb: 2\na: 3\nb: 4\na: 5\n",
                [
                    "3:1 found the key `a` again; it is already on line 1",
                    "4:1 found the key `b` again; it is already on line 2",
                    "5:1 found the key `a` again; it is already on line 1",
                ]
            ),
            (
                "a: &x 1\nb: 2",
                ["1:4 found an anchor (`&`); anchors are not allowed, quote the text"]
            ),
            (
                "a: &x 1\nb: *x",
                [
                    "1:4 found an anchor (`&`); anchors are not allowed, quote the text",
                    "2:4 found an alias (`*`); write the value itself, or quote the text",
                ]
            ),
            ("files: *.jsonl", ["1:8 found `&` or `*` at the start of a value; quote the text"]),
            ("a: !!str 1", ["1:4 found a tag (`!`); tags are not allowed, quote the text"]),
            ("a: !local [1]", ["1:4 found a tag (`!`); tags are not allowed, quote the text"]),
            ("<<: {a: 1}\nb: 2", ["1:1 found a merge key (`<<`); write the members themselves"]),
            ("[a]: 1", ["1:1 found a list or mapping as a key, expected text"]),
            ("? {a: b}\n: 1", ["1:3 found a list or mapping as a key, expected text"]),
            (
                "a: 1\n: 1",
                ["2:1 expected a key; check the indentation of this line and the ones above"]
            ),
            ("? ''\n: 1", ["1:3 found an empty key, expected a name before `:`"]),
            ("? \n: 1", ["1:2 found an empty key, expected a name before `:`"]),
            (
                "a: 1\n---\nb: 2",
                ["2:1 found a second document (`---`), expected one pipeline per file"]
            ),
            (
                "a: 1\n b: 2",
                ["2:3 found `:` where no key can be; check the indentation, or quote the text"]
            ),
            (
                "a:\n\tb: 2",
                [
                    "2:1 found a character that can't begin a value (a tab, `@`, `%` or a "
                        + "backtick);"
                        + " indent with spaces, quote text"
                ]
            ),
            ("a: [1, 2", ["1:4 this list is not closed, expected `,` or `]` in it"]),
            ("a: {b: 2\nc: 3", ["1:4 this mapping is not closed, expected `,` or `}` in it"]),
            ("a: 'x\nb: 2", ["1:4 this quoted text is not closed"]),
            (
                "a: 1\nb: 2\n  - 3\nc",
                ["4:1 found a key without `:`, or a line indented too little"]
            ),
            ("a: \"\\q\"", ["1:5 found an escape that YAML does not know in a quoted text"]),
            ("a: 1\nb: \u{1}", ["2:4 found a control character, expected printable text"]),
            ("a: \0", ["1:4 found a control character, expected printable text"]),
            (
                String(repeating: "k", count: 1025) + ": 1",
                ["1:1026 found `:` where no key can be; check the indentation, or quote the text"]
            ),
            (
                "? " + String(repeating: "k", count: 1025) + "\n: 1",
                ["1:3 found a key of more than 1024 bytes"]
            ),
        ]
    )
    func refused(text: String, expected: [String]) {
        #expect(reading(text).faults == expected)
    }

    @Test("bytes that are not UTF-8 are refused at their place")
    func encoding() {
        let faults = Faults()
        #expect(readSettings(bytes("a: é\nbé: ") + [0xC3, 0x28], faults: faults) == nil)
        #expect(faults.all.map(\.position) == [SettingPosition(line: 2, column: 5)])
        for utf16 in [[0xFF, 0xFE, 0x61, 0x00], [0xFE, 0xFF, 0x00, 0x61]] as [[UInt8]] {
            let faults = Faults()
            #expect(readSettings(utf16, faults: faults) == nil)
            #expect(faults.all.map(\.message) == ["found a byte that is not UTF-8 text"])
        }
    }

    @Test("duplicate keys still give a tree, with the first value")
    func duplicates() {
        #expect(reading("a: 1\na: 2\nb: 3").tree == "{a:'1' b:'3'}")
    }

    @Test("an alias bomb is refused at once")
    func aliasBomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...25 {
            let items = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(items)]\n"
        }
        text += "? [*a25, *a25]\n: 1\n? [*a25, *a25]\n: 2\n"
        let seconds = processorSeconds {
            let (tree, faults) = reading(text)
            #expect(tree == nil)
            #expect(faults.count == 26 + 25 * 9 + 4 + 2)
        }
        #expect(seconds < 5)
    }

    @Test("nesting is taken to a depth of 32 and no deeper")
    func depth() {
        for (open, close) in [("[", "]"), ("{a: ", "}")] {
            let good =
                String(repeating: open, count: 32) + "x" + String(repeating: close, count: 32)
            #expect(reading(good).faults == [])
            let deep =
                String(repeating: open, count: 33) + "x" + String(repeating: close, count: 33)
            #expect(
                reading(deep).faults == ["1:\(open.count * 32 + 1) found nesting deeper than 32"]
            )
        }
    }

    @Test(
        "large hostile files end quickly",
        arguments: [
            "[", "{", "- ", "? ", "{a: ", "[[]", "a: [", "- - ", "'", "\"", "&a ", "!!a ", "a\n",
            "|", "#", "\u{FEFF}", "\n", " ", "a: b\n", "- a\n", "[a],", "é",
        ]
    )
    func hostile(piece: String) {
        let count = SettingLimits.fileBytesMax / piece.utf8.count
        let seconds = processorSeconds {
            let (tree, faults) = reading(String(repeating: piece, count: count))
            #expect(tree == nil || faults.isEmpty || piece == "a: b\n")
        }
        #expect(seconds < 20)
    }

    @Test("a file above the limit and one with too many values are refused")
    func limits() {
        let text = String(repeating: " ", count: SettingLimits.fileBytesMax + 1)
        #expect(reading(text).faults == ["1:1 found more than 1 MiB, expected a pipeline file"])
        let items = String(repeating: "- a\n", count: SettingLimits.valuesMax)
        #expect(reading(items).faults == ["50000:3 found more than 50000 values in one file"])
    }
}

/// Thrown by tests that found another kind of value than they look at.
private struct Unexpected: Error {}
