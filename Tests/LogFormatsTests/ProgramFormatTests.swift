import Anonymization
import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

/// Formats of proxies, load balancers and JSON writers.
@Suite struct ProgramFormatTests {
    private func texts(_ name: String, _ line: String, _ fields: [String]) throws -> [String] {
        let format = try #require(makeFormat(name))
        let row = try #require(read(format, bytes(line), fields: fields).first)
        #expect(row.state == .good, "\(line)")
        return row.values.map { $0.kind == .absent || $0.kind == .null ? "·" : text($0.text) }
    }

    @Test func haproxy() throws {
        let line =
            "203.0.113.9:33317 [06/Feb/2026:12:14:14.655] http-in static/srv1 10/0/30/69/109 "
            + "200 2750 - - ---- 1/1/1/1/0 0/0 {www.example|Mozilla 5} {} \"GET /a?b=c HTTP/1.1\""
        let fields = [
            "syslog_header", "client_ip", "client_port", "request_date", "backend_name",
            "server_name", "Tr", "status_code", "retries", "captured_headers", "path",
        ]
        let values = [
            "203.0.113.9", "33317", "06/Feb/2026:12:14:14.655", "static", "srv1", "69", "200", "0",
            "{www.example|Mozilla 5} {}", "/a?b=c",
        ]
        let header = "Feb  6 12:14:14 lb1 haproxy[14389]"
        #expect(try texts("haproxy", line, fields) == ["·"] + values)
        #expect(try texts("haproxy", "\(header): \(line)", fields) == [header] + values)
        #expect(try texts("haproxy", "-: \(line)", fields) == ["·"] + values)
        let plain = line.replacing("{www.example|Mozilla 5} {} ", with: "")
        #expect(try texts("haproxy", plain, ["captured_headers", "path"]) == ["·", "/a?b=c"])
        let other = read(
            try #require(makeFormat("haproxy")),
            bytes("Feb 25 16:19:38 lb1 haproxy[1]: Proxy in started.\n"), fields: ["client_ip"])
        #expect(other.map(\.state) == [.bad(.formatMismatch)])
    }

    private static let balancer =
        #"https 2026-03-01T22:23:00.186641Z app/my-lb/50dc6c495c0c9188 198.51.100.4:2817 "#
        + #"192.0.2.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://shop.example:443/a HTTP/1.1" "#
        + #""curl/8.5" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:x "Root=1-5" "shop.example" "#
        + #""arn:aws:acm" 1 2026-03-01T22:22:48.364000Z "forward" "-" "-" "192.0.2.1:80" "200" "#
        + #""-" "-""#

    @Test func loadBalancers() throws {
        let fields = ["time", "client:port", "path", "user_agent", "redirect_url", "further_fields"]
        let values = [
            "2026-03-01T22:23:00.186641Z", "198.51.100.4:2817", "https://shop.example:443/a",
            "curl/8.5", "·",
        ]
        #expect(try texts("aws_alb", Self.balancer, fields) == values + ["·"])
        #expect(
            try texts("aws_alb", Self.balancer + " TID_1 new", fields) == values + ["TID_1 new"])
        let classic =
            #"2026-03-01T23:39:43.945958Z my-lb 192.0.2.9:2817 10.0.0.1:80 0.000073 0.001048 "#
            + #"0.000057 200 200 0 29 "GET http://www.example:80/ HTTP/1.1" "curl/7.38.0" - -"#
        #expect(
            try texts("aws_elb", classic, ["client:port", "user_agent", "ssl_cipher"])
                == ["192.0.2.9:2817", "curl/7.38.0", "·"])
    }

    @Test func traefik() throws {
        let line =
            #"192.0.2.7 - anna [01/Mar/2026:12:00:00 +0000] "GET /a HTTP/1.1" 200 12 "-" "curl/8" "#
            + #"7 "web@docker" "http://10.0.0.2:80" 3ms"#
        #expect(
            try texts("traefik", line, ["ip", "user", "path", "router", "duration_ms"])
                == ["192.0.2.7", "anna", "/a", "web@docker", "3"])
    }

    @Test func timesAreKnown() {
        let known: [(String, OwnTime)] = [
            ("haproxy", OwnTime("request_date", as: .haproxy, zone: .declared)),
            ("traefik", OwnTime("time", as: .accessLog)),
            ("aws_alb", OwnTime("time", as: .rfc3339)),
            ("w3c", OwnTime("date", timeOfDay: "time", as: .dateTime, zone: .utc)),
            ("zeek", OwnTime("ts", as: .epochSeconds)),
            ("zeek_json", OwnTime("ts", as: .epochSeconds)),
            ("caddy", OwnTime("ts", as: .epochSeconds)),
            ("traefik_json", OwnTime("StartUTC", as: .rfc3339)),
            ("cloudflare", OwnTime("EdgeStartTimestamp", as: .rfc3339)),
            ("syslog_5424", OwnTime("time", as: .rfc3339)),
            ("syslog_3164", OwnTime("time", as: .syslog, zone: .declared)),
        ]
        for (name, time) in known { #expect(makeFormat(name)?.ownTime == time, "\(name)") }
        #expect(makeFormat("logfmt")?.ownTime == nil)
    }

    /// A line of which everything optional was dropped is still a line of the format.
    @Test func droppedFieldsReadBack() throws {
        let format = try #require(makeFormat("haproxy"))
        let line =
            "-: -:1 [-] - -/- -/-/-/-/- - - - - - -/-/-/-/- -/- - \"-\"\n"
        let rows = read(format, bytes(line), fields: format.fieldNames ?? [])
        #expect(rows.map(\.state) == [.good])
        let balancer = try #require(makeFormat("aws_elb"))
        let dashes = "- - - - - - - - - - - \"-\" \"-\" - - -\n"
        #expect(read(balancer, bytes(dashes), fields: ["time"]).map(\.state) == [.good])
    }
}
