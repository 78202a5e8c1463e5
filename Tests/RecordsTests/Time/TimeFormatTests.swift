import PlainTwins
import Records
import TestSupport
import Testing

@Suite("Times of records")
struct TimeFormatTests {
    private func milliseconds(_ text: String, _ format: TimeFormat) -> Int64? {
        format.parse(bytes(text).span, zone: .utc)?.milliseconds
    }

    /// Instants computed with `date -u -d`.
    @Test(
        "RFC 3339: what is a time",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2026-03-15T00:00:00.000Z", 1_773_532_800_000),
            ("2024-02-29T12:34:56Z", 1_709_210_096_000),
            ("2000-02-29t00:00:00z", 951_782_400_000),
            ("2026-01-01T00:00:00.1Z", 1_767_225_600_100),
            ("2026-01-01T00:00:00.12Z", 1_767_225_600_120),
            ("2026-01-01T00:00:00.123999999Z", 1_767_225_600_123),
            ("2026-01-01T00:00:00+01:00", 1_767_222_000_000),
            ("2026-01-01T00:00:00.5-23:59", 1_767_311_940_500),
            ("2026-01-01T00:00:00-00:00", 1_767_225_600_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000),
            ("0000-02-29T00:00:00Z", -62_162_121_600_000),
        ]
    )
    func goodRFC3339(text: String, expected: Int) {
        #expect(milliseconds(text, .rfc3339) == Int64(expected))
    }

    @Test(
        "RFC 3339: what is none",
        arguments: [
            "", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00Z",
            "2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2026-01-01T23:59:60Z",
            "2016-12-31T23:59:60Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01",
            "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z", "2026-01-01T00:00:00ZZ",
            "2026-01-01T00:00:00\u{2212}01:00", "2026-1-01T00:00:00Z", "+2026-01-01T00:00:00Z",
            "2026/01/01T00:00:00Z", "2026-01-01T00.00.00Z", "2026-01-01T0\u{7}:00:00Z",
            "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:0:Z", "202\u{fa}-01-01T00:00:00Z",
        ]
    )
    func badRFC3339(text: String) {
        #expect(milliseconds(text, .rfc3339) == nil)
    }

    @Test("RFC 3339: the fast reader agrees with a plain one on altered times")
    func fastAgreesWithPlain() {
        let seed: UInt64 = 20_260_301
        var generator = SeededGenerator(seed: seed)
        let alphabet = bytes("0123456789-:.TtZz+ /;@\u{0}\u{7f}")
        var good = 0
        for _ in 0..<60_000 {
            var time = randomTime(&generator)
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let at = Int.random(in: 0..<time.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: time.remove(at: at)
                case 1: time.insert(alphabet.randomElement(using: &generator) ?? 0, at: at)
                case 2: time[at] = UInt8.random(in: 0...255, using: &generator)
                default: time[at] = alphabet.randomElement(using: &generator) ?? 0
                }
                if time.isEmpty { time = [0] }
            }
            let fast = TimeFormat.rfc3339.parse(time.span, zone: .utc)?.milliseconds
            let plain = plainRFC3339(time)
            good += plain == nil ? 0 : 1
            #expect(fast == plain, "seed \(seed): \(text(time))")
        }
        #expect(good > 10_000)
    }

    @Test("Random bytes never trap and are never a time")
    func randomBytes() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...40, using: &generator)
            let noise = (0..<length).map { _ in UInt8.random(in: 58...255, using: &generator) }
            for format in TimeFormat.allCases {
                let time = format.parse(noise.span, zone: .utc)
                #expect(time == nil)
            }
        }
    }

    @Test(
        "Access logs: what is a time",
        arguments: [
            ("01/Jan/1970:00:00:00 +0000", 0),
            ("29/Feb/2024:12:34:56 +0000", 1_709_210_096_000),
            ("15/Mar/2026:01:00:00 +0100", 1_773_532_800_000),
            ("14/Mar/2026:14:00:00 -1000", 1_773_532_800_000),
            ("31/Dec/9999:23:59:59 +0000", 253_402_300_799_000),
        ]
    )
    func goodAccessLog(text: String, expected: Int) {
        #expect(milliseconds(text, .accessLog) == Int64(expected))
    }

    @Test("Access logs: all twelve months")
    func months() {
        let names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(separator: " ")
        for (index, name) in names.enumerated() {
            let expected = CivilDate(year: 2026, month: index + 1, day: 1).daysSince1970
            #expect(
                milliseconds("01/\(name)/2026:00:00:00 +0000", .accessLog)
                    == Int64(expected) * 86_400_000
            )
            for wrong in [name.lowercased(), name.uppercased()] {
                #expect(milliseconds("01/\(wrong)/2026:00:00:00 +0000", .accessLog) == nil)
            }
        }
    }

    @Test(
        "Access logs: what is none",
        arguments: [
            "", "[01/Jan/2026:00:00:00 +0000]", "01/Jan/2026:00:00:00",
            "01/Jan/2026:00:00:00 +00:00",
            "1/Jan/2026:00:00:00 +0000", "29/Feb/2026:00:00:00 +0000", "31/Apr/2026:00:00:00 +0000",
            "00/Jan/2026:00:00:00 +0000", "01/Jan/2026:24:00:00 +0000",
            "01/Jan/2026:00:00:60 +0000",
            "01/Jan/2026:00:00:00 +2400", "01/Jan/2026:00:00:00 +0060",
            "01/Jan/2026:00:00:00  0000",
            "01-Jan-2026:00:00:00 +0000", "01/Jan/2026:00:00:00 +0000 ",
            "01/Foo/2026:00:00:00 +0000",
        ]
    )
    func badAccessLog(text: String) {
        #expect(milliseconds(text, .accessLog) == nil)
    }

    @Test("Seconds and milliseconds since 1970")
    func epoch() {
        let seconds: [(String, Int64?)] = [
            ("0", 0), ("1773532800", 1_773_532_800_000), ("1773532800.5", 1_773_532_800_500),
            ("1773532800.123999", 1_773_532_800_123), ("253402300799", 253_402_300_799_000),
            ("253402300800", nil), ("", nil), ("-1", nil), ("+1", nil), ("01", nil), ("1.", nil),
            (".5", nil), ("1e9", nil), ("1.1234567890", nil), ("1 ", nil), ("1.5.5", nil),
            ("99999999999999999999999", nil),
        ]
        for (text, expected) in seconds {
            #expect(milliseconds(text, .epochSeconds) == expected, "\(text)")
        }
        let millis: [(String, Int64?)] = [
            ("0", 0), ("1773532800123", 1_773_532_800_123),
            ("253402300799999", 253_402_300_799_999),
            ("253402300800000", nil), ("1.5", nil), ("-1", nil), ("00", nil), ("", nil),
            ("1x", nil),
        ]
        for (text, expected) in millis {
            #expect(milliseconds(text, .epochMilliseconds) == expected, "\(text)")
        }
    }

    @Test("Local times and dates")
    func local() throws {
        let amsterdam = try ZoneTable.named("Europe/Amsterdam")
        func instant(_ text: String, _ format: TimeFormat) -> Int64? {
            format.parse(bytes(text).span, zone: amsterdam)?.milliseconds
        }
        func utc(_ text: String) -> Int64? { milliseconds(text, .rfc3339) }
        let times: [(String, String)] = [
            ("2026-01-15 12:00:00", "2026-01-15T11:00:00Z"),
            ("2026-07-15T12:00:00.25", "2026-07-15T10:00:00.25Z"),
            // Skipped: the earlier of 00:30Z (+02:00) and 01:30Z (+01:00).
            ("2026-03-29 02:30:00", "2026-03-29T00:30:00Z"),
            ("2026-03-29 01:59:59.999", "2026-03-29T00:59:59.999Z"),
            ("2026-03-29 03:00:00", "2026-03-29T01:00:00Z"),
            // Twice: the first pass, still summer time.
            ("2026-10-25 02:30:00", "2026-10-25T00:30:00Z"),
            ("2026-10-25 03:00:00", "2026-10-25T02:00:00Z"),
        ]
        for (text, expected) in times {
            #expect(instant(text, .dateTime) == utc(expected), "\(text)")
        }
        #expect(instant("2026-07-15", .date) == utc("2026-07-14T22:00:00Z"))
        for bad in [
            "2026-01-15", "2026-01-15 12:00", "2026-01-15 12:00:00Z", "2026-01-15t12:00:00",
            "2026-01-15  2:00:00", "2026-02-30 12:00:00", "2026-01-15 12:00:00.",
            "2026-01-15 24:00:00",
        ] { #expect(instant(bad, .dateTime) == nil, "\(bad)") }
        for bad in ["2026-1-15", "2026-01-32", "20260115", "2026-01-15 ", "2026-02-29"] {
            #expect(instant(bad, .date) == nil, "\(bad)")
        }
    }
}

private func randomTime(_ generator: inout SeededGenerator) -> [UInt8] {
    func digits(_ value: Int, _ width: Int) -> String {
        String(String(value + 1_000_000_000).suffix(width))
    }
    func any(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    var time =
        digits(any(0...9999), 4) + "-" + digits(any(0...13), 2) + "-" + digits(any(0...32), 2)
    time += ["T", "t"][any(0...1)] + digits(any(0...24), 2) + ":" + digits(any(0...60), 2)
    time += ":" + digits(any(0...60), 2)
    let fraction = any(0...10)
    if fraction > 0 { time += "." + digits(any(0...999_999_999), min(fraction, 9)) }
    switch any(0...3) {
    case 0: time += "Z"
    case 1: time += "z"
    default: time += ["+", "-"][any(0...1)] + digits(any(0...24), 2) + ":" + digits(any(0...60), 2)
    }
    return bytes(time)
}
