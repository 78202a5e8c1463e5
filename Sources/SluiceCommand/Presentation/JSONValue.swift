/// A JSON value that is written with its members in the order in which they were given, so that
/// two reports can be compared line by line.
package indirect enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    /// A number of seconds, written with three decimals.
    case seconds(Double)
    case text(String)
    case array([JSONValue])
    case object([(name: String, value: JSONValue)])
    /// JSON that was written elsewhere, taken as it is.
    case written(String)

    /// The written form on one line, without a line feed: ASCII control characters, DEL, `"` and
    /// `\` escaped, everything else as UTF-8 (RFC 8259).
    package var json: String {
        var output: [UInt8] = []
        write(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// The text, or null when there is none.
    package static func optional(_ text: String?) -> JSONValue { text.map { .text($0) } ?? .null }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .boolean(let value): output += (value ? "true" : "false").utf8
        case .integer(let value): output += String(value).utf8
        case .seconds(let value):
            let thousandths = NumberText.wholeNumber(value * 1000)
            output += NumberText.decimal(thousandths, places: 3).utf8
        case .text(let value): Self.write(value, to: &output)
        case .array(let values): Self.write(values, to: &output)
        case .object(let members): Self.write(members, to: &output)
        case .written(let json): output += json.utf8
        }
    }

    private static func write(_ values: [JSONValue], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            value.write(to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private static func write(
        _ members: [(name: String, value: JSONValue)],
        to output: inout [UInt8]
    ) {
        output.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            write(member.name, to: &output)
            output.append(UInt8(ascii: ":"))
            member.value.write(to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): output += "\\n".utf8
            case UInt8(ascii: "\t"): output += "\\t".utf8
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                output += "\\u00\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
