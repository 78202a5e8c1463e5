/// The pattern of an access log: literals and fields in turns, made from an nginx `log_format` or
/// an Apache `LogFormat` string.
package struct AccessLogTemplate: Sendable, Equatable {
    /// What a field holds, as far as reading depends on it.
    package enum Role: Sendable, Equatable {
        case text
        /// Three digits; `-` too in templates of the user's own.
        case status
        /// Digits or `-`.
        case byteCount
        /// `dd/Mon/yyyy:hh:mm:ss ±hhmm` without brackets.
        case time
        /// `METHOD path PROTOCOL`; has the sub-fields `method`, `path` and `protocol`.
        case request
        /// May hold several values with `, ` between them, also without quotes around.
        case list
        /// A host, in front of a colon and its port.
        case host
        /// What a daemon put in front of the line, up to `: `; may be missing.
        case prologue
        /// Words in braces in front of a quote; may be missing.
        case captures
        /// All fields that follow; may be missing.
        case tail

        /// True when a line may be without the field and what stands around it.
        var mayBeMissing: Bool { self == .prologue || self == .captures || self == .tail }
    }

    package struct Field: Sendable, Equatable {
        package let name: String
        package let role: Role
        /// The number of spaces in each value, known from its time pattern.
        package var innerSpaces = 0
    }

    package enum Part: Sendable, Equatable {
        case literal([UInt8])
        case field(Field)
    }

    package let parts: [Part]

    /// The names of all fields, sub-fields of the request behind the others.
    package var fieldNames: [String] {
        var names = parts.compactMap { part in
            if case .field(let field) = part { field.name } else { nil }
        }
        if requestIndex != nil {
            names += Self.requestParts.filter { !names.contains($0) }
        }
        return names
    }

    static let requestParts = ["method", "path", "protocol"]

    /// The index among the fields of the request line.
    var requestIndex: Int? { fields.firstIndex { $0.role == .request } }

    var fields: [Field] {
        parts.compactMap { part in
            if case .field(let field) = part { field } else { nil }
        }
    }

    /// Reads a template; its dialect is nginx when it has a `$` variable, else Apache.
    package init(_ text: String) throws(TemplateFault) {
        let bytes = Array(text.utf8)
        var builder = TemplateBuilder()
        if Self.hasVariable(bytes) {
            try builder.readNginx(bytes)
        } else {
            try builder.readApache(bytes)
        }
        parts = try builder.finish(length: bytes.count)
    }

    /// A template of a program that fixes its own pattern.
    init(parts: [Part]) { self.parts = parts }

    /// A template known at compile time; an empty one if it has a fault, which a test rules out.
    init(known text: StaticString) {
        parts = (try? AccessLogTemplate("\(text)"))?.parts ?? []
    }

    private static func hasVariable(_ bytes: [UInt8]) -> Bool {
        zip(bytes, bytes.dropFirst()).contains { sign, next in
            sign == UInt8(ascii: "$") && (next == UInt8(ascii: "{") || isNameByte(next))
        }
    }
}

/// One fault of a template.
package struct TemplateFault: Error, Sendable, Equatable {
    /// The offset in the template, 0-based, in bytes.
    package let offset: Int
    package let message: String
}

/// True for the bytes of nginx variable names.
func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
    default: false
    }
}

/// Collects the parts of a template and checks what holds for both dialects.
struct TemplateBuilder {
    private var parts: [AccessLogTemplate.Part] = []
    private var names: Set<String> = []

    mutating func append(literal bytes: [UInt8]) {
        if case .literal(let before)? = parts.last {
            parts[parts.count - 1] = .literal(before + bytes)
        } else {
            parts.append(.literal(bytes))
        }
    }

    /// Appends a field under the first of `names` that is still free.
    mutating func append(
        field candidates: [String],
        role: AccessLogTemplate.Role,
        innerSpaces: Int = 0,
        offset: Int
    ) throws(TemplateFault) {
        if case .field? = parts.last {
            throw TemplateFault(
                offset: offset,
                message: "found two fields with nothing between them, expected a literal that "
                    + "says where the first one ends"
            )
        }
        guard let name = candidates.first(where: { !names.contains($0) }) else {
            throw TemplateFault(
                offset: offset,
                message: "found field `\(candidates[0])` twice, expected each field once"
            )
        }
        names.insert(name)
        parts.append(
            .field(AccessLogTemplate.Field(name: name, role: role, innerSpaces: innerSpaces))
        )
    }

    func finish(length: Int) throws(TemplateFault) -> [AccessLogTemplate.Part] {
        guard !names.isEmpty else {
            throw TemplateFault(
                offset: 0,
                message: "expected at least one field, such as `$remote_addr` or `%h`"
            )
        }
        for case .literal(let bytes) in parts where bytes.contains(0x0A) {
            throw TemplateFault(
                offset: length,
                message: "found a line feed, expected a template of one line"
            )
        }
        return parts
    }
}
