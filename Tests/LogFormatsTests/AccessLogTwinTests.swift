import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct AccessLogTwinTests {
    private static let line =
        #"192.0.2.7 - jan de@a.example [01/Feb/2026:10:00:00 +0000] "GET /a?b HTTP/1.1" 200 12 "#
        + #""https://a.example/" "Agent/1.0 \"x\" (y)""#

    private static let alphabet = [
        "\"", "\\", " ", "[", "]", "] \"", " [", "-", "0", "9", "a", ":", "/", "\t", "\r", "é", "",
        "\u{1}", "\\\"",
    ]

    @Test func sameFieldsAsThePlainTwin() throws {
        let fields = [
            "ip", "ident", "user", "time", "request", "status", "bytes", "referer", "agent",
        ]
        let format = try #require(makeFormat("combined"))
        var generator = SeededGenerator(seed: 0xACCE55)
        var matched = 0
        for round in 0..<6000 {
            var line = Array(Self.line.utf8)
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let at = Int.random(in: 0..<line.count, using: &generator)
                let end = min(line.count, at + Int.random(in: 0...3, using: &generator))
                line.replaceSubrange(
                    at..<end,
                    with: nasty(Self.alphabet, length: 1, using: &generator)
                )
            }
            let expected = CombinedTwin.values(of: line)
            matched += expected == nil ? 0 : 1
            let row = read(format, line + [0x0A], fields: fields).first
            #expect((row?.state == .good) == (expected != nil), "round \(round): \(text(line))")
            guard let expected, let row else { continue }
            for (value, raw) in zip(row.values, expected) where value.kind != .escapedText {
                #expect(value.text == raw, "round \(round): \(text(line))")
            }
        }
        #expect(matched > 500 && matched < 5500, "the rounds must see both kinds of lines")
    }

    @Test func anyCutGivesTheSameRows() throws {
        let format = try #require(makeFormat("combined"))
        var generator = SeededGenerator(seed: 0xC075)
        var limits = RecordLimits()
        limits.recordBytesMax = 200
        for round in 0..<60 {
            var source: [UInt8] = []
            for _ in 0..<12 {
                source += Array(Self.line.utf8.prefix(Int.random(in: 0...170, using: &generator)))
                source += nasty(["\n", "\r\n", "\n\n", ""], length: 1, using: &generator)
            }
            let whole = read(format, source, fields: ["ip", "path"], limits: limits)
            let cut = read(
                format,
                source,
                fields: ["ip", "path"],
                limits: limits,
                cuts: SeededGenerator(seed: UInt64(round))
            )
            #expect(whole == cut, "round \(round)")
        }
    }
}
