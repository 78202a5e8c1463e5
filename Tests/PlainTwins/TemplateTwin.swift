package import LogFormats

/// A template of an access log as a regular expression, in which no part gives back what it has
/// taken.
package struct TemplateTwin {
    /// What a field must be besides, once it is found.
    private enum Check { case nothing, status, byteCount, time, listed }

    private var names: [String] = []
    private var checks: [Check] = []
    private var hasUser = false
    private let pattern: BytePattern
    private let spacedPattern: BytePattern
    private let request: String?

    private static let clock =
        "[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}"
    private static let word = #"[^\x00-\x20]"#

    package init(_ template: AccessLogTemplate) {
        let parts = template.parts
        var words = ["", ""]
        var at = 0
        while at < parts.count {
            let behind = Self.literal(parts, at + 1)
            switch parts[at] {
            case .literal(let bytes):
                for index in words.indices { words[index] += BytePattern.quoted(bytes) }
            case .field(let field) where Self.isHostAndPort(parts, at):
                guard case .field(let port) = parts[at + 2] else { break }
                let pattern = "(?>(\(Self.word)+?)(?::([0-9]+))?(?![^\\x00-\\x20]))"
                for index in words.indices { words[index] += pattern }
                names += [field.name, port.name]
                checks += [.nothing, .nothing]
                at += 2
            case .field(let field):
                names.append(field.name)
                let before = Self.literal(parts, at - 1).last
                let isUser =
                    field.name == "user" && field.role == .text && Self.isTimeBehind(parts, at)
                let found = Self.pattern(
                    field, before, behind.first, isLast: at + 1 == parts.count, parts)
                checks.append(Self.check(field, isListed: found.isWord && !isUser && !hasUser))
                words[0] += "(?>(\(found.pattern)))"
                // All up to the bracket of the time, which the first `] "` behind it ends.
                words[1] +=
                    isUser
                    ? #"(?>([^\x00-\x20](?:(?!\] ").)*?)(?= \[(?:(?! \[|\] ").)*\] "))"#
                    : "(?>(\(found.pattern)))"
                hasUser = hasUser || isUser
            }
            at += 1
        }
        pattern = BytePattern(words[0] + "[\\t-\\r ]*\\z")
        spacedPattern = BytePattern(words[1] + "[\\t-\\r ]*\\z")
        request = template.parts.lazy.compactMap { part in
            if case .field(let field) = part, field.role == .request { field.name } else { nil }
        }.first
    }

    private static func literal(_ parts: [AccessLogTemplate.Part], _ at: Int) -> [UInt8] {
        guard parts.indices.contains(at), case .literal(let bytes) = parts[at] else { return [] }
        return bytes
    }

    /// `%v:%p`, with a space or nothing behind.
    private static func isHostAndPort(_ parts: [AccessLogTemplate.Part], _ at: Int) -> Bool {
        guard at + 2 < parts.count, case .field(let host) = parts[at],
            case .field(let port) = parts[at + 2]
        else { return false }
        return host.name == "vhost" && port.name == "port"
            && literal(parts, at + 1) == Array(":".utf8)
            && literal(parts, at + 3).first ?? 0x20 == 0x20
    }

    private static func isTimeBehind(_ parts: [AccessLogTemplate.Part], _ at: Int) -> Bool {
        guard at + 2 < parts.count, case .field(let time) = parts[at + 2] else { return false }
        return time.role == .time && literal(parts, at + 1) == Array(" [".utf8)
            && literal(parts, at + 3).starts(with: "] \"".utf8)
    }

    private static func pattern(
        _ field: AccessLogTemplate.Field, _ before: UInt8?, _ behind: UInt8?, isLast: Bool,
        _ parts: [AccessLogTemplate.Part]
    ) -> (pattern: String, isWord: Bool) {
        let quote = UInt8(ascii: "\"")
        if isLast, !parts.indices.contains(where: { literal(parts, $0).contains(0x20) }) {
            return (#".*[^\t-\r ]"#, false)
        }
        if before == quote, behind == quote { return (#"(?:[^"\\]|\\.)*"#, false) }
        if let behind, behind != 0x20 {
            if field.role == .time { return (clock, false) }
            return ("(?:(?!\(BytePattern.quoted([behind]))).)+", false)
        }
        if field.role == .list { return ("\(word)+(?: (?<=, )\(word)*)*", false) }
        if field.innerSpaces > 0 {
            return ("\(word)*(?: \(word)*){\(min(field.innerSpaces, 255))}", false)
        }
        return (word + "+", true)
    }

    private static func check(_ field: AccessLogTemplate.Field, isListed: Bool) -> Check {
        switch field.role {
        case .status: .status
        case .byteCount: .byteCount
        case .time: .time
        default: isListed ? .listed : .nothing
        }
    }

    /// The bytes of the fields of `line` by their names; nil when it is no such line.
    package func values(of line: [UInt8]) -> [String: [UInt8]]? {
        for (spaced, pattern) in [(false, pattern), (true, spacedPattern)] {
            if spaced, !hasUser { break }
            guard let groups = pattern.groups(in: line)?.dropFirst() else { continue }
            let found = groups.map { $0.map { Array(line[$0]) } }
            guard zip(checks, found).allSatisfy({ passes($0, $1 ?? [], spaced: spaced) }) else {
                continue
            }
            var values: [String: [UInt8]] = [:]
            for (name, value) in zip(names, found) { values[name] = value }
            let words = request.flatMap { values[$0] }.map {
                $0.split(separator: 0x20, omittingEmptySubsequences: false)
            }
            if let words, words.count == 3, words.allSatisfy({ !$0.isEmpty }) {
                for (name, word) in zip(["method", "path", "protocol"], words)
                where !names.contains(name) {
                    values[name] = Array(word)
                }
            }
            return values
        }
        return nil
    }

    private func passes(_ check: Check, _ value: [UInt8], spaced: Bool) -> Bool {
        let isNumber = !value.isEmpty && value.allSatisfy { (48...57).contains($0) }
        let isDash = value == Array("-".utf8)
        let comma = UInt8(ascii: ",")
        return switch check {
        case .nothing: true
        case .status: isNumber && value.count == 3 || isDash
        case .byteCount: isNumber || isDash
        case .time: BytePattern(Self.clock + "\\z").groups(in: value) != nil
        // A list of addresses is no address, and what follows no user name.
        case .listed: !spaced || value.first != comma && value.last != comma
        }
    }

    /// What an escaped value stands for.
    package static func unescaped(_ value: [UInt8]) -> [UInt8] {
        let letters: [UInt8: UInt8] = [
            0x22: 0x22, 0x5C: 0x5C, 0x62: 8, 0x74: 9, 0x6E: 10, 0x76: 11, 0x72: 13,
        ]
        var output: [UInt8] = []
        var rest = value[...]
        while let byte = rest.popFirst() {
            guard byte == 0x5C, let letter = rest.first else {
                output.append(byte)
                continue
            }
            let digits = rest.dropFirst().prefix(2)
            let isHex = digits.count == 2 && digits.allSatisfy {
                "0123456789abcdefABCDEF".utf8.contains($0)
            }
            if letter == UInt8(ascii: "x"), isHex,
                let number = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                output.append(number)
                rest = rest.dropFirst(3)
            } else {
                output += letters[letter].map { [$0] } ?? [byte, letter]
                rest = rest.dropFirst()
            }
        }
        return output
    }
}
