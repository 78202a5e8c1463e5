import Records

// Access logs of proxies and load balancers, with the names that their vendors give the fields.
extension AccessLogFormat {
    /// https://doc.traefik.io/traefik/observability/access-logs/, "Common Log Format".
    static let traefik = FormatDescriptor(
        name: "traefik",
        summary: "Access logs of Traefik as text: the combined format, then `request_count`, "
            + "`router`, `server_url` and `duration_ms`.",
        make: { _ in
            AccessLogFormat(
                name: "traefik",
                template: AccessLogTemplate(
                    known: #"""
                        $remote_addr - $remote_user [$time_local] "$request" $status \#
                        $body_bytes_sent "$http_referer" "$http_user_agent" $request_count \#
                        "$router" "$server_url" ${duration_ms}ms
                        """#),
                numbers: .strict)
        }
    )

    /// "Access log entries" of Application Load Balancers (Elastic Load Balancing user guide).
    static let applicationLoadBalancer = vendor(
        "aws_alb",
        "Access logs of AWS Application Load Balancers: `type`, `time`, `elb`, `client:port`, … as "
            + "AWS names them, `request` with its parts `method`, `path` and `protocol`, and "
            + "`further_fields` for all that stands behind `classification_reason`.",
        OwnTime("time", as: .rfc3339),
        """
        type time elb client:port target:port request_processing_time target_processing_time \
        response_processing_time elb_status_code target_status_code received_bytes sent_bytes \
        "request" "user_agent" ssl_cipher ssl_protocol target_group_arn "trace_id" "domain_name" \
        "chosen_cert_arn" matched_rule_priority request_creation_time "actions_executed" \
        "redirect_url" "error_reason" "target:port_list" "target_status_code_list" \
        "classification" "classification_reason"
        """
    )

    /// "Access log entries" of Classic Load Balancers (same source).
    static let classicLoadBalancer = vendor(
        "aws_elb",
        "Access logs of AWS Classic Load Balancers: `time`, `elb`, `client:port`, `backend:port`, "
            + "… as AWS names them, `request` with its parts, and `further_fields`.",
        OwnTime("time", as: .rfc3339),
        """
        time elb client:port backend:port request_processing_time backend_processing_time \
        response_processing_time elb_status_code backend_status_code received_bytes sent_bytes \
        "request" "user_agent" ssl_cipher ssl_protocol
        """
    )

    /// HAProxy configuration manual, section 8.2.3 "HTTP log format".
    static let haproxy = FormatDescriptor(
        name: "haproxy",
        summary: "HTTP logs of HAProxy (`option httplog`), with or without what syslog puts in "
            + "front (`syslog_header`): `client_ip`, `client_port`, `request_date`, "
            + "`frontend_name`, `backend_name`, `server_name`, `TR`, `Tw`, `Tc`, `Tr`, `Ta`, "
            + "`status_code`, `bytes_read`, …, `captured_headers`, `http_request` with its parts. "
            + "Their times have no zone: say it under `zone` or `source.time`.",
        make: { _ in
            AccessLogFormat(
                name: "haproxy",
                template: AccessLogTemplate(parts: haproxyParts),
                ownTime: OwnTime("request_date", as: .haproxy, zone: .declared))
        }
    )

    private static let haproxyParts: [AccessLogTemplate.Part] =
        [field("syslog_header", .prologue), field("client_ip", .host)]
        + pattern(
            """
            :client_port [request_date] frontend_name backend_name/server_name TR/Tw/Tc/Tr/Ta \
            status_code bytes_read captured_request_cookie captured_response_cookie \
            termination_state actconn/feconn/beconn/srv_conn/retries srv_queue/backend_queue\u{20}
            """)
        + [
            field("captured_headers", .captures), .literal(Array("\"".utf8)),
            field("http_request", .request), .literal(Array("\"".utf8)),
            field("further_fields", .tail),
        ]

    private static func field(
        _ name: String, _ role: AccessLogTemplate.Role = .text
    ) -> AccessLogTemplate.Part { .field(AccessLogTemplate.Field(name: name, role: role)) }

    /// Names of fields and what stands between them: everything that is no letter, digit or
    /// underscore.
    private static func pattern(_ text: String) -> [AccessLogTemplate.Part] {
        var parts: [AccessLogTemplate.Part] = []
        var name: [UInt8] = []
        var between: [UInt8] = []
        for byte in text.utf8 {
            if isNameByte(byte) {
                if !between.isEmpty { parts.append(.literal(between)) }
                between = []
                name.append(byte)
            } else {
                if !name.isEmpty { parts.append(field(String(decoding: name, as: UTF8.self))) }
                name = []
                between.append(byte)
            }
        }
        if !between.isEmpty { parts.append(.literal(between)) }
        return parts
    }

    /// A format of fields with a space between them, some of them in quotes, to which its vendor
    /// may add others.
    private static func vendor(
        _ name: String, _ summary: String, _ ownTime: OwnTime, _ fields: String
    ) -> FormatDescriptor {
        FormatDescriptor(
            name: name, summary: summary,
            make: { _ in
                AccessLogFormat(
                    name: name, template: AccessLogTemplate(parts: spaced(fields)),
                    ownTime: ownTime)
            })
    }

    private static func spaced(_ fields: String) -> [AccessLogTemplate.Part] {
        var parts: [AccessLogTemplate.Part] = []
        var literal: [UInt8] = []
        for word in fields.utf8.split(separator: UInt8(ascii: " ")) {
            let quote = word.first == UInt8(ascii: "\"") ? [UInt8(ascii: "\"")] : []
            let name = String(
                decoding: word.dropFirst(quote.count).dropLast(quote.count), as: UTF8.self)
            if !parts.isEmpty { literal.append(UInt8(ascii: " ")) }
            literal += quote
            if !literal.isEmpty { parts.append(.literal(literal)) }
            parts.append(field(name, name == "request" ? .request : .text))
            literal = quote
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts + [field("further_fields", .tail)]
    }
}
