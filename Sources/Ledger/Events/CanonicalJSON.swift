/// A JSON value with exactly one written form, so that its digest means something.
///
/// Members in the order of the bytes of their names, no spaces, integers only, `"` `\` and control
/// characters escaped, everything else as UTF-8 (the part of RFC 8785 that the ledger needs).
package enum CanonicalJSON: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case text(String)
    case array([CanonicalJSON])
    /// A name that is repeated keeps its last value.
    case object([(name: String, value: CanonicalJSON)])

    /// The written form.
    package var written: String { String(decoding: bytes, as: UTF8.self) }

    /// The UTF-8 bytes of the written form.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        write(into: &output)
        return output
    }

    package static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }

    private func write(into output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .boolean(let value): output += (value ? "true" : "false").utf8
        case .integer(let value): output += String(value).utf8
        case .text(let value): Self.write(value, into: &output)
        case .array(let values):
            output.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                value.write(into: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members): Self.write(members, into: &output)
        }
    }

    private static func write(
        _ members: [(name: String, value: CanonicalJSON)], into output: inout [UInt8]
    ) {
        let pairs = members.map { (Array($0.name.utf8), $0) }
        let byName = Dictionary(pairs, uniquingKeysWith: { $1 })
        output.append(UInt8(ascii: "{"))
        let names = byName.keys.sorted { $0.lexicographicallyPrecedes($1) }
        for (index, name) in names.enumerated() {
            guard let member = byName[name] else { continue }
            if index > 0 { output.append(UInt8(ascii: ",")) }
            write(member.name, into: &output)
            output.append(UInt8(ascii: ":"))
            member.value.write(into: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func write(_ text: String, into output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output += [UInt8(ascii: "\\"), byte]
            case 0..<0x20, 0x7f:
                let digits = String(byte, radix: 16)
                output += "\\u00\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}

extension CanonicalJSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(dictionaryLiteral elements: (String, CanonicalJSON)...) {
        self = .object(elements.map { (name: $0.0, value: $0.1) })
    }
}
