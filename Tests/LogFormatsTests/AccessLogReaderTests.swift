import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct AccessLogReaderTests {
    private static let fields = [
        "ip", "ident", "user", "time", "request", "status", "bytes", "referer", "agent", "method",
        "path", "protocol",
    ]

    private func combined(_ line: String, _ fields: [String] = fields) -> ReadRow? {
        guard let format = makeFormat("combined") else { return nil }
        return read(format, bytes(line), fields: fields).first
    }

    @Test func combinedLine() {
        let row = combined(
            #"192.0.2.7 - jan@a.example [01/Feb/2026:10:00:00 +0100] "GET /a?b=1 HTTP/1.1" 200 12 "#
                + #""-" "Agent \"x\" \x41\\""# + "\n"
        )
        #expect(row?.state == .good)
        #expect(
            row?.values == [
                ReadValue(kind: .text, text: bytes("192.0.2.7")),
                ReadValue(kind: .null, text: bytes("-")),
                ReadValue(kind: .text, text: bytes("jan@a.example")),
                ReadValue(kind: .text, text: bytes("01/Feb/2026:10:00:00 +0100")),
                ReadValue(kind: .text, text: bytes("GET /a?b=1 HTTP/1.1")),
                ReadValue(kind: .text, text: bytes("200")),
                ReadValue(kind: .text, text: bytes("12")),
                ReadValue(kind: .null, text: bytes("-")),
                ReadValue(kind: .escapedText, text: bytes(#"Agent "x" A\"#)),
                ReadValue(kind: .text, text: bytes("GET")),
                ReadValue(kind: .text, text: bytes("/a?b=1")),
                ReadValue(kind: .text, text: bytes("HTTP/1.1")),
            ]
        )
    }

    static let good = [
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 - "" "x""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 -0930] "" 200 0 "-" "-"  "#,
        #"2001:db8::1 a b [01/Feb/2026:10:00:00 +0000] "\x16\x03" 400 0 "-" "-""# + "\r",
        #"? ? ? [99/Xyz/0000:99:99:99 +9999] "a\"b" 000 1 "c\\" "d""#,
        #"192.0.2.7 - jan de wit [01/Feb/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-""#,
    ]

    @Test(arguments: good) func accepted(_ line: String) {
        #expect(combined(line)?.state == .good)
    }

    static let mismatches = [
        "x", " ", "- - -",
        #" 192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-" "-""#,
        #"192.0.2.7 -  [01/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-" "-""#,
        #"192.0.2.7  - - [01/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-" "-""#,
        "192.0.2.7\t- - " + #"[01/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-" "-""#,
        #"192.0.2.7 - - [1/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-" "-""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 0000] "GET /" 200 1 "-" "-""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000 "GET /" 200 1 "-" "-""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] GET / 200 1 "-" "-""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" 20 1 "-" "-""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" 2000 1 "-" "-""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" - 1 "-" "-""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" 200 1k "-" "-""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-" "-"#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-" "-\""#,
        #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-" "-" x"#,
    ]

    @Test(arguments: mismatches) func refused(_ line: String) {
        #expect(combined(line)?.state == .bad(.formatMismatch))
    }

    /// A name that looks like the rest of a line must not move the time: servers escape the quote.
    @Test func forgedTimeInUserName() {
        let row = combined(
            #"192.0.2.7 - a [01/Jan/2020:00:00:00 +0000] \"GET / [01/Feb/2026:10:00:00 +0000] "#
                + #""GET /x HTTP/1.1" 200 1 "-" "-""#,
            ["user", "time", "path"]
        )
        #expect(row?.values.last?.text == bytes("/x"))
        #expect(row?.values[1].text == bytes("01/Feb/2026:10:00:00 +0000"))
        #expect(
            row?.values.first?.text
                == bytes(#"a [01/Jan/2020:00:00:00 +0000] "GET /"#)
        )
    }

    @Test(
        arguments: [
            "-", "GET /", "GET", "GET / a HTTP/1.1", "GET  HTTP/1.1", " / HTTP/1.1", "a b ",
        ])
    func requestsThatAreNotThreeParts(_ request: String) {
        let row = combined(
            #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] ""# + request + #"" 200 1 "-" "-""#,
            ["method", "path", "protocol"]
        )
        #expect(row?.state == .good)
        #expect(row?.values.allSatisfy { $0.kind == .absent } == true)
    }

    @Test func blankNULAndRawBytes() throws {
        let tail = bytes(#" - - [01/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-" "-""#)
        let source =
            bytes("\n\r\n") + bytes("a\0b") + tail + bytes("\n") + [0xFF, 0xC3] + tail
        let format = try #require(makeFormat("combined"))
        let rows = read(format, source, fields: ["ip"])
        #expect(rows.map(\.state) == [.blank, .blank, .bad(.containsNUL), .good])
        #expect(rows.last?.values.first?.text == [0xFF, 0xC3])
    }

    @Test func tooLongLines() throws {
        var limits = RecordLimits()
        limits.recordBytesMax = 10
        let format = try #require(makeFormat("access_log", ["template": "%h"]))
        let rows = read(
            format,
            bytes("1234567890\n12345678901\n1\r\n"),
            fields: ["ip"],
            limits: limits
        )
        #expect(rows.map(\.state) == [.good, .bad(.tooLong), .good])
    }

    @Test func virtualHosts() throws {
        let format = try #require(makeFormat("vhost_combined"))
        let tail = #" 192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" 200 1 "-" "-""# + "\n"
        let hosts = [
            "a.example:443", "a.example", "[2001:db8::1]:80", "[2001:db8::a]", ":80", "a:",
        ]
        let rows = read(
            format,
            bytes(hosts.map { $0 + tail }.joined()),
            fields: ["vhost", "port", "ip"]
        )
        #expect(
            rows.map { text($0.values.first?.text ?? []) } == [
                "a.example", "a.example", "[2001:db8::1]", "[2001:db8::a]", ":80", "a:",
            ]
        )
        #expect(rows.map { text($0.values[1].text) } == ["443", "", "80", "", "", ""])
        #expect(rows.allSatisfy { $0.values[2].text == bytes("192.0.2.7") })
    }

    /// The first word would be an address, the second the `ident`, and the rest the user name.
    @Test(arguments: [
        "192.0.2.7, 198.51.100.2 - anna", "unknown, 198.51.100.2, 203.0.113.3 - -",
        "192.0.2.7 , 198.51.100.2 - anna", "192.0.2.7 ,198.51.100.2 - anna",
    ]) func aListInFrontIsNoAddress(_ front: String) throws {
        let rest = #" [01/Feb/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1"#
        for (name, end) in [("common", ""), ("combined", #" "-" "-""#)] {
            let rows = read(
                try #require(makeFormat(name)), bytes(front + rest + end), fields: ["user"])
            #expect(rows.map(\.state) == [.bad(.formatMismatch)], "\(name)")
        }
        let host = try #require(makeFormat("vhost_combined"))
        let rows = read(host, bytes("a.example:80 " + front + rest + #" "-" "-""#), fields: [])
        #expect(rows.map(\.state) == [.bad(.formatMismatch)])
    }

    /// A template that names the header has the whole list as one field.
    @Test(arguments: ["anna", "anna b"]) func aTemplateReadsTheList(_ user: String) throws {
        let template = #"%{X-Forwarded-For}i %l %u %t "%r" %>s %b"#
        let format = try #require(makeFormat("access_log", ["template": template]))
        let line = "192.0.2.7, 198.51.100.2 - \(user)"
            + #" [01/Feb/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1"#
        let rows = read(format, bytes(line), fields: ["forwarded_for", "user"])
        #expect(rows.map(\.state) == [.good])
        #expect(rows[0].values.map(\.text) == [bytes("192.0.2.7, 198.51.100.2"), bytes(user)])
    }

    @Test func commonDoesNotTakeMore() throws {
        let format = try #require(makeFormat("common"))
        let line = #"192.0.2.7 - - [01/Feb/2026:10:00:00 +0000] "GET /" 200 1"#
        let rows = read(format, bytes(line + "\n" + line + #" "-" "-""#), fields: ["bytes"])
        #expect(rows.map(\.state) == [.good, .bad(.formatMismatch)])
    }

    @Test func firstField() throws {
        let format = try #require(makeFormat("first-field"))
        let source = bytes("192.0.2.7 x\n\n x\n192.0.2.8\r\n\0\n") + [0xFF, 0x20]
        let rows = read(format, source, fields: ["ip"])
        // The address of a line that begins with a space would be in no field.
        #expect(rows.map(\.state) == [.good, .good, .bad(.formatMismatch), .good, .good, .good])
        #expect(
            rows.map(\.values.first) == [
                ReadValue(kind: .text, text: bytes("192.0.2.7")),
                ReadValue(kind: .absent, text: []), nil,
                ReadValue(kind: .text, text: bytes("192.0.2.8\r")),
                ReadValue(kind: .text, text: [0]), ReadValue(kind: .text, text: [0xFF]),
            ]
        )
        let lenient = try #require(makeFormat("first-field", ["leading_space": "empty"]))
        let empty = read(lenient, source, fields: ["ip"])[2]
        #expect(empty.state == .good)
        #expect(empty.values == [ReadValue(kind: .text, text: [])])
        for seed in 0..<20 {
            let cut = read(
                format,
                source,
                fields: ["ip"],
                cuts: SeededGenerator(seed: UInt64(seed))
            )
            #expect(cut == rows)
        }
    }
}
