import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct AccessLogTemplateTests {
    private func fault(_ template: String) -> TemplateFault? {
        do throws(TemplateFault) {
            _ = try AccessLogTemplate(template)
            return nil
        } catch {
            return error
        }
    }

    @Test func namesOfBothDialects() throws {
        // The predefined format `combined` of nginx and `combinedio` of Apache.
        #expect(
            try AccessLogTemplate(
                #"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "#
                    + #""$http_referer" "${http_user_agent}" "$http_x_forwarded_for" $host $scheme"#
            ).fieldNames == [
                "ip", "user", "time", "request", "status", "bytes", "referer", "agent",
                "forwarded_for", "vhost", "scheme", "method", "path", "protocol",
            ]
        )
        #expect(
            try AccessLogTemplate(
                #"%v:%p %h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %I %O %D "#
                    + #"%{X-Forwarded-For}i %!200,304{X-Request-Id}i %a %{sid}C %{ms}T 100%%"#
            ).fieldNames == [
                "vhost", "port", "ip", "ident", "user", "time", "request", "status", "bytes",
                "referer", "agent", "bytes_in", "bytes_out", "duration_us", "forwarded_for",
                "x_request_id", "client_ip", "cookie_sid", "duration_ms", "method", "path",
                "protocol",
            ]
        )
    }

    @Test func anExplicitFieldComesBeforeAPartOfTheRequest() throws {
        let format = try #require(
            makeFormat("access_log", ["template": #"$uri "$request" $request_method"#])
        )
        #expect(format.fieldNames == ["path", "request", "method", "protocol"])
        let row = read(
            format,
            bytes(#"/b "GET /a HTTP/2.0" PUT"#),
            fields: ["path", "method", "protocol"]
        ).first
        #expect(row?.values.map { text($0.text) } == ["/b", "PUT", "HTTP/2.0"])
    }

    @Test(arguments: [
        ("%h%l", 2), ("%h %y", 3), ("%h %", 3), ("%h %{x", 3), ("plain", 0), ("", 0),
        ("$remote_addr$status", 12), ("$status $", 8), ("$status ${x", 8), ("%h %h %h", 6),
        ("$status $status", 8), ("%{%c}t", 0), ("$binary_remote_addr", 0), ("%{x}s %h", 0),
        (#"%h\n%l"#, 6),
    ]) func faultsHaveAPlace(_ template: String, _ offset: Int) {
        #expect(fault(template)?.offset == offset, "\(template)")
    }

    @Test func faultReachesThePipelineFile() {
        let faults = Faults()
        #expect(makeFormat("access_log", ["template": "%h %y"], faults: faults) == nil)
        #expect(faults.all.count == 1)
        #expect(faults.all.first?.path == "source.template")
        #expect(faults.all.first?.message.contains("at byte 4") == true)
    }

    struct Case: Sendable {
        let template: String
        let line: String
        let fields: [String: String]

        init(_ template: String, _ line: String, _ fields: [String: String]) {
            self.template = template
            self.line = line
            self.fields = fields
        }
    }

    static let cases = [
        Case(
            "$remote_addr|$time_local|$request_uri",
            "192.0.2.7|01/Feb/2026:10:00:00 +0000|/a b",
            ["ip": "192.0.2.7", "time": "01/Feb/2026:10:00:00 +0000", "path": "/a b"]
        ),
        Case(
            "$remote_addr\t$http_user_agent",
            "192.0.2.7\tAgent (x; y)  ",
            ["ip": "192.0.2.7", "agent": "Agent (x; y)"]
        ),
        Case("%h", "192.0.2.7 ", ["ip": "192.0.2.7"]),
        Case(
            "$time_local $remote_addr",
            "01/Feb/2026:10:00:00 +0000 192.0.2.7",
            ["time": "01/Feb/2026:10:00:00 +0000", "ip": "192.0.2.7"]
        ),
        Case(
            "%h %{%Y-%m-%d %H:%M:%S}t %s",
            "192.0.2.7 2026-02-01 10:00:00 200",
            ["time": "2026-02-01 10:00:00", "status": "200"]
        ),
        Case(
            "[%{%Y-%m-%dT%H:%M:%S}t] %h",
            "[2026-02-01T10:00:00] 192.0.2.7",
            ["time": "2026-02-01T10:00:00", "ip": "192.0.2.7"]
        ),
        Case(
            "%{X-Forwarded-For}i %h",
            "192.0.2.7, 198.51.100.1, 203.0.113.9 192.0.2.1",
            ["forwarded_for": "192.0.2.7, 198.51.100.1, 203.0.113.9", "ip": "192.0.2.1"]
        ),
        Case(
            "ip=$remote_addr rt=$request_time",
            "ip=192.0.2.7 rt=0.003",
            ["ip": "192.0.2.7", "request_time": "0.003"]
        ),
        Case("$remote_addr \"$host\"", "192.0.2.7 \"\"", ["ip": "192.0.2.7", "vhost": ""]),
        Case("%s %b %h", "- - 192.0.2.7", ["status": "-", "bytes": "-", "ip": "192.0.2.7"]),
    ]

    @Test(arguments: cases) func examples(_ one: Case) throws {
        let format = try #require(makeFormat("access_log", ["template": one.template]))
        let names = one.fields.keys.sorted()
        let row = read(format, bytes(one.line + "\n"), fields: names).first
        #expect(row?.state == .good)
        #expect(row?.values.map { text($0.text) } == names.map { one.fields[$0] })
    }

    @Test func timeFormOfTheTemplate() {
        #expect(makeFormat("combined")?.ownTime == OwnTime("time", as: .accessLog))
        #expect(
            makeFormat("access_log", ["template": "$time_iso8601 $status"])?.ownTime == nil
        )
    }
}
