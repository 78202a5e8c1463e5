import LogFormats
import TestSupport
import Testing

@Suite struct FormatDetectionTests {
    private func detect(_ text: String) -> FormatDetection.Verdict {
        FormatDetection.detect(bytes(text), isComplete: true)
    }

    private static let combined =
        #"192.0.2.7 - anna [01/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 1 "-" "agent""#

    @Test(arguments: [
        ("jsonl", #"{"ts":1,"a":2}"#), ("combined", combined),
        ("common", #"192.0.2.7 - - [01/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 1"#),
        ("vhost_combined", "shop.example:443 \(combined)"),
        ("logfmt", #"ts=2026-03-01T10:00:00Z msg="a b" user=anna"#),
        ("syslog_3164", "Mar  1 10:00:00 web1 app[7]: user=anna came"),
        ("syslog_5424", "<13>1 2026-03-01T10:00:00Z web1 app 7 - - user=anna"),
        (
            "haproxy",
            "Feb  6 12:14:14 lb haproxy[1]: 192.0.2.1:1 [01/Jan/2026:00:00:00.000] f b/s "
                + "1/1/1/1/1 200 2 - - ---- 1/1/1/1/0 0/0 \"GET /x HTTP/1.1\""
        ),
        ("w3c", "#Fields: date time c-ip\n2026-03-01 10:00:00 192.0.2.1"),
        ("cloudfront", "#Fields: date time x-edge-location\n2026-03-01\t10:00:00\tAMS1"),
        ("zeek", "#separator \\x09\n#fields\tts\tuid\n1.5\tCx"),
        ("zeek_json", #"{"ts":1.5,"uid":"Cx","id.orig_h":"192.0.2.1"}"#),
        (
            "cloudflare",
            #"{"EdgeStartTimestamp":"2026-03-01T10:00:00Z","RayID":"1","ClientIP":"192.0.2.1"}"#
        ),
        ("csv", "time,user\n2026-03-01,anna"), ("tsv", "time\tuser\n2026-03-01\tanna"),
    ]) func formatsByTheirLook(_ name: String, _ line: String) {
        #expect(detect(line + "\n") == .found(name, lines: 1), "\(name)")
    }

    @Test(arguments: [
        "", "hello world\n", "a,b\n", "192.0.2.1,anna\n192.0.2.2,bert\n", "a b=c d\n",
        "Mar  1 10:00:00\n", "name\nanna\n", "\u{0}\u{1}",
    ]) func inDoubtThereIsNone(_ text: String) { #expect(detect(text) == .none) }

    @Test func severalMayBeMeant() {
        #expect(detect("a,b\tc,d\n1,2\t3,4\n") == .unsure(["csv", "tsv"]))
    }

    /// One damaged line in ten is a log's everyday; more is another format.
    @Test func damagedLines() {
        let good = String(repeating: Self.combined + "\n", count: 9)
        #expect(detect(good + "broken\n") == .found("combined", lines: 10))
        #expect(detect(good + "broken\nbroken\n") == .none)
    }

    @Test(arguments: [
        ("json_array", #"[{"time":"2026-03-01T10:00:00Z"},"# + "\n{}]"),
        ("cloudtrail", "{\n\"Records\": [{\"eventTime\": \"2026-03-01T10:00:00Z\"}]}"),
        ("cloudtrail", #"{"Records":[{"eventTime":"2026-03-01T10:00:00Z"}]}"#),
    ]) func documentsWhereTheyAreLookedFor(_ name: String, _ text: String) {
        let found = FormatDetection.detect(bytes(text), isComplete: true, documents: true)
        #expect(found == .found(name, lines: name == "json_array" ? 2 : 1))
        #expect(detect(text) != .found(name, lines: 1))
    }

    @Test func headersInMidFile() {
        let one = "#Fields: date time c-ip\n2026-03-01 10:00:00 192.0.2.1\n"
        let other = "#Fields: date time sc-status c-ip\n2026-03-01 10:00:00 200 192.0.2.1\n"
        #expect(detect(one + other) == .found("w3c", lines: 1))
    }

    @Test func theLineThatWasCutOffIsNotJudged() {
        let start = bytes(Self.combined + "\n" + "192.0.2.7 - - [01/M")
        #expect(FormatDetection.detect(start, isComplete: false) == .found("combined", lines: 1))
    }
}
