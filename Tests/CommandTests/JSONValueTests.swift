import Testing

@testable import SluiceCommand

@Suite struct JSONValueTests {
    @Test(arguments: [
        ("plain", #""plain""#), (#"say "no""#, #""say \"no\"""#), (#"a\b"#, #""a\\b""#),
        ("line\nfeed\ttab", #""line\nfeed\ttab""#), ("\u{0}\u{1B}[31m", #""\u0000\u001b[31m""#),
        ("\r\n", #""\u000d\n""#), ("\u{7F}", #""\u007f""#), ("é 😀", #""é 😀""#), ("", #""""#),
    ])
    func escapes(text: String, json: String) {
        #expect(JSONValue.text(text).json.utf8.elementsEqual(json.utf8))
    }

    @Test func keepsTheOrderOfMembers() {
        let value = JSONValue.object([
            ("zebra", .integer(-1)), ("ant", .boolean(true)), ("be\"e", .null),
            ("list", .array([.integer(1), .object([]), .array([]), .written("{\"x\":1}")])),
        ])
        #expect(
            value.json
                == #"{"zebra":-1,"ant":true,"be\"e":null,"list":[1,{},[],{"x":1}]}"#
        )
    }

    @Test(
        arguments: [
            (0, "0.000"), (1.2345, "1.235"), (12, "12.000"), (.nan, "0.000"), (.infinity, nil),
        ] as [(Double, String?)]
    )
    func writesSeconds(seconds: Double, json: String?) {
        let written = JSONValue.seconds(seconds).json
        if let json { #expect(written == json) }
        #expect(written.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 })
    }
}
