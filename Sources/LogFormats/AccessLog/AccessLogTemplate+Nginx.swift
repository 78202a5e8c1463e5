import Records

// https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format and the index of variables.

extension TemplateBuilder {
    /// Variables that have a name of our own; all others keep theirs.
    static let nginxNames: [String: (names: [String], role: AccessLogTemplate.Role)] = [
        "remote_addr": (["ip", "remote_addr"], .text),
        "binary_remote_addr": ([], .text),
        "remote_user": (["user", "remote_user"], .text),
        "time_local": (["time", "time_local"], .time),
        "time_iso8601": (["time", "time_iso8601"], .text),
        "msec": (["time", "msec"], .text),
        "request": (["request"], .request),
        "request_method": (["method", "request_method"], .text),
        "request_uri": (["path", "request_uri"], .text),
        "uri": (["path", "uri"], .text),
        "server_protocol": (["protocol", "server_protocol"], .text),
        "status": (["status"], .status),
        "body_bytes_sent": (["bytes", "body_bytes_sent"], .byteCount),
        "bytes_sent": (["bytes", "bytes_sent"], .byteCount),
        "http_referer": (["referer", "http_referer"], .text),
        "http_user_agent": (["agent", "http_user_agent"], .text),
        "host": (["vhost", "host"], .text),
        "http_host": (["vhost", "http_host"], .text),
        "server_name": (["vhost", "server_name"], .text),
        "server_port": (["port", "server_port"], .text),
        "http_x_forwarded_for": (["forwarded_for"], .list),
        "proxy_add_x_forwarded_for": (["forwarded_for"], .list),
        "upstream_addr": (["upstream_addr"], .list),
        "upstream_status": (["upstream_status"], .list),
        "upstream_response_time": (["upstream_response_time"], .list),
        "upstream_connect_time": (["upstream_connect_time"], .list),
        "upstream_header_time": (["upstream_header_time"], .list),
    ]

    /// Reads `$name` and `${name}`; every other byte is a literal.
    mutating func readNginx(_ bytes: [UInt8]) throws(TemplateFault) {
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "$") else {
                append(literal: [bytes[at]])
                at += 1
                continue
            }
            let sign = at
            let isBraced = at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: "{")
            let start = at + (isBraced ? 2 : 1)
            let end = bytes[start...].firstIndex { !isNameByte($0) } ?? bytes.count
            let isClosed = end < bytes.count && bytes[end] == UInt8(ascii: "}")
            guard end > start, !isBraced || isClosed else {
                throw TemplateFault(
                    offset: sign,
                    message: "expected the name of a variable behind `$`"
                )
            }
            at = isBraced ? end + 1 : end
            try appendVariable(
                String(decoding: bytes[start..<end], as: UTF8.self),
                offset: sign
            )
        }
    }

    private mutating func appendVariable(
        _ name: String,
        offset: Int
    ) throws(TemplateFault) {
        guard let known = Self.nginxNames[name] else {
            return try append(field: [name], role: .text, offset: offset)
        }
        guard !known.names.isEmpty else {
            throw TemplateFault(
                offset: offset,
                message: "found `$\(name)`, which writes raw bytes, expected `$remote_addr`"
            )
        }
        try append(
            field: known.names,
            role: known.role,
            innerSpaces: known.role == .time ? 1 : 0,
            offset: offset
        )
    }
}
