import Records

// https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats

extension TemplateBuilder {
    private typealias Directive = (names: [String], role: AccessLogTemplate.Role)

    private static let plain: [UInt8: Directive] = [
        UInt8(ascii: "a"): (["ip", "client_ip"], .text),
        UInt8(ascii: "A"): (["local_ip"], .text),
        UInt8(ascii: "b"): (["bytes", "bytes_body"], .byteCount),
        UInt8(ascii: "B"): (["bytes", "bytes_body"], .byteCount),
        UInt8(ascii: "D"): (["duration_us"], .text),
        UInt8(ascii: "f"): (["file"], .text),
        UInt8(ascii: "h"): (["ip", "host"], .text),
        UInt8(ascii: "H"): (["protocol"], .text),
        UInt8(ascii: "I"): (["bytes_in"], .byteCount),
        UInt8(ascii: "k"): (["keepalive"], .text),
        UInt8(ascii: "l"): (["ident"], .text),
        UInt8(ascii: "L"): (["log_id"], .text),
        UInt8(ascii: "m"): (["method"], .text),
        UInt8(ascii: "O"): (["bytes", "bytes_out"], .byteCount),
        UInt8(ascii: "p"): (["port"], .text),
        UInt8(ascii: "P"): (["pid"], .text),
        UInt8(ascii: "q"): (["query"], .text),
        UInt8(ascii: "r"): (["request"], .request),
        UInt8(ascii: "R"): (["handler"], .text),
        UInt8(ascii: "s"): (["status", "status_first"], .status),
        UInt8(ascii: "S"): (["bytes_total"], .byteCount),
        UInt8(ascii: "T"): (["duration_s"], .text),
        UInt8(ascii: "u"): (["user"], .text),
        UInt8(ascii: "U"): (["path"], .text),
        UInt8(ascii: "v"): (["vhost", "server_name"], .text),
        UInt8(ascii: "V"): (["vhost", "server_name"], .text),
        UInt8(ascii: "X"): (["connection"], .text),
    ]

    /// Reads directives `%x`, `%{argument}x` with their conditions, and the escapes `\"`, `\\`,
    /// `\t` of a configuration file; every other byte is a literal.
    mutating func readApache(_ bytes: [UInt8]) throws(TemplateFault) {
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            let next = at + 1 < bytes.count ? bytes[at + 1] : 0
            if byte == UInt8(ascii: "\\"), let literal = Self.escapes[next] {
                append(literal: [literal])
                at += 2
            } else if byte == UInt8(ascii: "%"), next == byte {
                append(literal: [byte])
                at += 2
            } else if byte == UInt8(ascii: "%") {
                at = try readDirective(bytes, at)
            } else {
                append(literal: [byte])
                at += 1
            }
        }
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "'"): UInt8(ascii: "'"), UInt8(ascii: "t"): UInt8(ascii: "\t"),
        UInt8(ascii: "n"): UInt8(ascii: "\n"),
    ]

    /// Reads the directive whose `%` is at `sign` and returns the offset behind it.
    private mutating func readDirective(
        _ bytes: [UInt8],
        _ sign: Int
    ) throws(TemplateFault) -> Int {
        var at = sign + 1
        let modifiers = Array("0123456789,!<>".utf8)
        while at < bytes.count, modifiers.contains(bytes[at]) { at += 1 }
        var argument: [UInt8]?
        if at < bytes.count, bytes[at] == UInt8(ascii: "{") {
            let end = bytes[at...].firstIndex(of: UInt8(ascii: "}")) ?? bytes.count
            argument = Array(bytes[(at + 1)..<end])
            at = end + 1
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: "^") { at += 2 }
        guard at < bytes.count else {
            throw TemplateFault(offset: sign, message: "found `%` without a directive behind it")
        }
        let letter = bytes[at]
        if letter == UInt8(ascii: "t") {
            try appendTime(argument, offset: sign)
        } else if let argument, let names = Self.names(letter, argument) {
            try append(field: names.names, role: names.role, offset: sign)
        } else if let directive = Self.plain[letter],
            argument == nil || Self.mayHaveArgument.contains(letter)
        {
            try append(field: directive.names, role: directive.role, offset: sign)
        } else {
            let text = String(decoding: bytes[sign...at], as: UTF8.self)
            throw TemplateFault(
                offset: sign,
                message: "found `\(text)`, expected a directive of Apache's mod_log_config"
            )
        }
        return at + 1
    }

    private static let mayHaveArgument = Array("apPhT".utf8)

    /// The fields of `%{argument}x`: request headers and their like.
    private static func names(_ letter: UInt8, _ argument: [UInt8]) -> Directive? {
        let lower = String(decoding: argument, as: UTF8.self).lowercased()
        let name = String(lower.map { $0 == "-" || $0 == "." || $0 == "/" ? "_" : $0 })
        switch letter {
        case UInt8(ascii: "i"):
            switch name {
            case "referer": return (["referer"], .text)
            case "user_agent": return (["agent"], .text)
            case "x_forwarded_for": return (["forwarded_for"], .list)
            case "host": return (["vhost", "host"], .text)
            default: return ([name], .text)
            }
        case UInt8(ascii: "o"): return (["out_" + name], .text)
        case UInt8(ascii: "C"): return (["cookie_" + name], .text)
        case UInt8(ascii: "e"): return (["env_" + name], .text)
        case UInt8(ascii: "n"): return (["note_" + name], .text)
        case UInt8(ascii: "T"):
            return name == "us" || name == "ms" || name == "s" ? (["duration_" + name], .text) : nil
        case UInt8(ascii: "a"): return name == "c" ? (["peer_ip", "client_ip"], .text) : nil
        default: return nil
        }
    }

    /// `%t` writes brackets of its own; `%{pattern}t` what strftime makes of the pattern.
    private mutating func appendTime(
        _ argument: [UInt8]?,
        offset: Int
    ) throws(TemplateFault) {
        guard var pattern = argument else {
            append(literal: [UInt8(ascii: "[")])
            try append(field: ["time", "time_again"], role: .time, innerSpaces: 1, offset: offset)
            return append(literal: [UInt8(ascii: "]")])
        }
        for prefix in ["begin:", "end:"] where pattern.starts(with: prefix.utf8) {
            pattern.removeFirst(prefix.utf8.count)
        }
        for (sign, letter) in zip(pattern, pattern.dropFirst())
        where sign == UInt8(ascii: "%") && Array("cxXrE+O".utf8).contains(letter) {
            throw TemplateFault(
                offset: offset,
                message: "found a time that depends on the server's language, expected one in "
                    + "digits such as `%{%Y-%m-%dT%H:%M:%S%z}t`"
            )
        }
        let accessLog = Array("%d/%b/%Y:%H:%M:%S %z".utf8)
        let spaces = pattern.count { $0 == UInt8(ascii: " ") }
        try append(
            field: ["time", "time_again"],
            role: pattern == accessLog ? .time : .text,
            innerSpaces: spaces,
            offset: offset
        )
    }
}
