import Records

/// What the programs that write headed tables do not have in common.
enum HeadedTableDialect: Sendable {
    case w3c, cloudFront, zeek

    /// What one directive says.
    enum Directive: Equatable {
        case fields([[UInt8]])
        case other
    }

    private static let w3cNames = [
        "#Version:", "#Software:", "#Date:", "#Start-Date:", "#End-Date:",
    ].map { Array($0.utf8) }

    private static let zeekNames = [
        "#separator ", "#set_separator\t", "#empty_field\t", "#unset_field\t", "#path\t",
        "#open\t", "#close\t", "#types\t",
    ].map { Array($0.utf8) }

    /// Reads a line; nil when it is no directive that the dialect knows.
    func directive(_ line: Span<UInt8>) -> Directive? {
        guard !line.isEmpty, line[0] == UInt8(ascii: "#") else { return nil }
        let prefix = Array(isZeek ? "#fields\t".utf8 : "#Fields:".utf8)
        if Self.starts(line, with: prefix) {
            return .fields(Self.words(line, from: prefix.count, onlyTabs: isZeek))
        }
        let names = isZeek ? Self.zeekNames : Self.w3cNames
        guard names.contains(where: { Self.starts(line, with: $0) }) else { return nil }
        // Another separator would make one long value of each line.
        let isSeparator = isZeek && Self.starts(line, with: Self.zeekNames[0])
        let isTab = Self.ends(line, with: Array("\\x09".utf8))
        return isSeparator && !isTab ? nil : .other
    }

    private var isZeek: Bool {
        if case .zeek = self { true } else { false }
    }

    private static func starts(_ line: Span<UInt8>, with prefix: [UInt8]) -> Bool {
        line.count >= prefix.count && prefix.indices.allSatisfy { line[$0] == prefix[$0] }
    }

    private static func ends(_ line: Span<UInt8>, with suffix: [UInt8]) -> Bool {
        guard line.count >= suffix.count else { return false }
        let start = line.count - suffix.count
        return suffix.indices.allSatisfy { line[start + $0] == suffix[$0] }
    }

    private static func words(
        _ line: Span<UInt8>, from start: Int, onlyTabs: Bool
    ) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        for index in start..<line.count {
            let byte = line[index]
            if byte == 0x09 || byte == 0x20 && !onlyTabs || byte == 0x0D {
                if !word.isEmpty { words.append(word) }
                word = []
            } else {
                word.append(byte)
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    /// True for a name that a header may leave out without anybody wondering whether it is
    /// misspelt: those that the vendor documents. Logs of Zeek differ in their fields.
    func mayLack(_ name: String) -> Bool {
        isZeek || Self.documented.contains { sameBytes($0, name) }
    }

    /// https://learn.microsoft.com/iis "W3C Logging" and the Amazon CloudFront developer guide,
    /// "Standard log file fields".
    private static let documented = [
        "date", "time", "c-ip", "c-port", "c-country", "s-ip", "s-port", "s-sitename",
        "s-computername", "cs-username", "cs-method", "cs-uri-stem", "cs-uri-query", "cs-uri",
        "cs-version", "cs-host", "cs-protocol", "cs-protocol-version", "cs-bytes", "sc-status",
        "sc-substatus", "sc-win32-status", "sc-bytes", "sc-content-type", "sc-content-len",
        "sc-range-start", "sc-range-end", "time-taken", "time-to-first-byte", "cs(User-Agent)",
        "cs(Referer)", "cs(Cookie)", "cs(Host)", "x-edge-location", "x-edge-result-type",
        "x-edge-response-result-type", "x-edge-detailed-result-type", "x-edge-request-id",
        "x-host-header", "x-forwarded-for", "X-Forwarded-For", "ssl-protocol", "ssl-cipher",
        "fle-status", "fle-encrypted-fields", "streamid",
    ]

    /// A source that nobody could read.
    var badHeader: SourceFault {
        SourceFault(
            .badHeader,
            byteOffset: 0,
            expectation: "expected `\(isZeek ? "#fields" : "#Fields:")` in front of the first "
                + "record, each field with its own name"
                + (isZeek ? ", behind `#separator \\x09`" : ""))
    }

    // MARK: Values

    /// True for a column whose values have escapes. A header of a request may hold anything, so IIS
    /// writes its spaces as `+`, and CloudFront its bytes as `%xx`, some of them twice.
    func hasEscapes(column name: String) -> Bool {
        isZeek || name.utf8.starts(with: "cs(".utf8)
    }

    /// True when `text` of such a column has an escape.
    func isEscaped(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\\") where isZeek: return true
            case UInt8(ascii: "+") where self == .w3c: return true
            case UInt8(ascii: "%") where !isZeek: return true
            default: continue
            }
        }
        return false
    }

    /// Appends what `text` stands for; what is no escape stays as it is.
    func decode(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
        if isZeek { return Self.decode(text, sign: Array("\\x".utf8), into: &buffer) }
        if self == .w3c {
            for index in text.indices {
                let byte = text[index]
                buffer.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
            return
        }
        var once = ByteBuffer()
        Self.decode(text, sign: [UInt8(ascii: "%")], into: &once)
        Self.decode(once.bytes, sign: [UInt8(ascii: "%")], into: &buffer)
    }

    private static func decode(
        _ text: Span<UInt8>, sign: [UInt8], into buffer: inout ByteBuffer
    ) {
        var at = 0
        while at < text.count {
            let digits = at + sign.count
            if digits + 1 < text.count, sign.indices.allSatisfy({ text[at + $0] == sign[$0] }),
                let high = hexDigitValue(text[digits]), let low = hexDigitValue(text[digits + 1])
            {
                buffer.append(high << 4 | low)
                at = digits + 2
            } else {
                buffer.append(text[at])
                at += 1
            }
        }
    }

    /// Appends `text` so that it reads back as one value.
    func encode(_ text: Span<UInt8>, into output: inout ByteBuffer) {
        guard !text.isEmpty else { return output.append("-") }
        let hasOtherBytes = !ByteEscapes.isUTF8(text)
        for index in text.indices {
            let byte = text[index]
            let isControl = byte < 0x20 || byte == 0x7F || (hasOtherBytes && byte >= 0x80)
            switch self {
            case .zeek where isControl || byte == UInt8(ascii: "\\"):
                output.append("\\x")
                output.append(hex: UInt64(byte), digits: 2)
            case .w3c where byte == UInt8(ascii: " "): output.append(UInt8(ascii: "+"))
            case .w3c where isControl || byte == UInt8(ascii: "\""),
                .cloudFront where isControl || byte == UInt8(ascii: " "):
                output.append("%")
                output.append(hex: UInt64(byte), digits: 2)
            default: output.append(byte)
            }
        }
    }
}
