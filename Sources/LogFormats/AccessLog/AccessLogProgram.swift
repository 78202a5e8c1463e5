import Records

/// A template compiled into steps that the scanner takes from left to right, without a look back.
struct AccessLogProgram: Sendable {
    enum Operation: UInt8, Sendable {
        /// The bytes `literals[first ..< first + length]`.
        case literal
        /// One byte, `byte`.
        case byte
        /// A field of bytes above the space.
        case token
        /// The same, with `innerSpaces` spaces.
        case words
        /// A token, but a space behind a comma does not end it.
        case list
        /// A field up to the next quote without a backslash before it.
        case quoted
        /// A field up to `byte`, not empty.
        case until
        /// A time of the common form, with `byte` behind it.
        case time
        /// The last field of a template without spaces: all up to the white space at the line's
        /// end.
        case rest
        /// `host` or `host:port`: two fields.
        case hostAndPort
        /// A token; when the line does not match, all up to the bracket of the time.
        case user
        /// What stands before the first `: ` in front of the bracket of a time, or nothing.
        case prologue
        /// What stands before the next quote, a space between them, or nothing.
        case captures
        /// All that follows behind a space, or nothing.
        case tail

        /// True for fields behind which a literal can be compared in the same step.
        var takesTail: Bool {
            switch self {
            case .literal, .byte, .rest, .hostAndPort, .prologue, .captures, .tail: false
            case .token, .words, .list, .quoted, .until, .time, .user: true
            }
        }
    }

    struct Step: Sendable {
        var operation: Operation
        var byte: UInt8 = 0
        var innerSpaces: UInt8 = 0
        var check = Check.none
        /// The index of the field; for a literal that of its first byte in `literals`.
        var first: Int32 = 0
        /// The length of a literal.
        var length: Int32 = 0
        /// What must stand right behind a field: up to eight bytes, the first in the lowest bits,
        /// and ones where there is a byte.
        var tail: UInt64 = 0
        var tailMask: UInt64 = 0
        var tailLength = 0
    }

    /// What the bytes of a field must be.
    enum Check: UInt8, Sendable {
        case none, status, statusOrDash, byteCount, time
    }

    /// Which bytes match as a status, and as a number of bytes.
    enum Numbers: Sendable {
        /// A status is three digits; a number of bytes may be `-`.
        case strict
        /// A status may be `-`, too.
        case orDash
        /// Any token: what a run wrote for them.
        case any
    }

    private(set) var steps: [Step] = []
    private(set) var literals: [UInt8] = []
    private(set) var fieldCount = 0

    /// True when a second try with spaces in the user name makes sense.
    private(set) var hasSpacedUser = false

    init(_ template: AccessLogTemplate, _ numbers: Numbers) {
        let parts = template.parts
        let hasSpaces = parts.contains { Self.bytes($0).contains(UInt8(ascii: " ")) }
        var at = 0
        while at < parts.count {
            switch parts[at] {
            case .literal(let bytes):
                append(literal: bytes)
                at += 1
            case .field(let field):
                if Self.isHostAndPort(parts, at) {
                    steps.append(Step(operation: .hostAndPort, first: Int32(fieldCount)))
                    fieldCount += 2
                    at += 3
                } else {
                    let before = at > 0 ? Self.bytes(parts[at - 1]).last : nil
                    append(field, before: before, rest: parts[(at + 1)...], numbers)
                    at += 1
                    if at == parts.count, !hasSpaces {
                        steps[steps.count - 1].operation = .rest
                    }
                }
            }
        }
        joinTails()
    }

    /// Puts short literals into the steps of the fields before them, to be compared in one go.
    private mutating func joinTails() {
        var joined: [Step] = []
        for step in steps {
            let bytes = literal(of: step)
            guard (1...8).contains(bytes.count), let last = joined.indices.last,
                joined[last].operation.takesTail, joined[last].tailLength == 0
            else {
                joined.append(step)
                continue
            }
            joined[last].tailLength = bytes.count
            joined[last].tailMask = UInt64.max >> UInt64(64 - 8 * bytes.count)
            joined[last].tail = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        steps = joined
    }

    private func literal(of step: Step) -> [UInt8] {
        switch step.operation {
        case .byte: [step.byte]
        case .literal: Array(literals[Int(step.first)..<Int(step.first + step.length)])
        default: []
        }
    }

    private mutating func append(literal bytes: [UInt8]) {
        if bytes.count == 1 {
            steps.append(Step(operation: .byte, byte: bytes[0]))
        } else {
            steps.append(
                Step(
                    operation: .literal,
                    first: Int32(literals.count),
                    length: Int32(bytes.count)
                )
            )
            literals += bytes
        }
    }

    private mutating func append(
        _ field: AccessLogTemplate.Field,
        before: UInt8?,
        rest: ArraySlice<AccessLogTemplate.Part>,
        _ numbers: Numbers
    ) {
        let quote = UInt8(ascii: "\"")
        let behind = rest.first.map(Self.bytes) ?? []
        var step = Step(operation: .token, first: Int32(fieldCount))
        fieldCount += 1
        step.innerSpaces = UInt8(clamping: field.innerSpaces)
        step.check = Self.check(field.role, numbers)
        if let operation = Self.optional(field.role) {
            step.operation = operation
        } else if before == quote, behind.first == quote {
            step.operation = .quoted
        } else if let end = behind.first, end != UInt8(ascii: " ") {
            step.operation = .until
            step.byte = end
            if step.check == .time {
                step.operation = .time
                step.check = .none
            }
        } else if field.role == .list {
            step.operation = .list
        } else if field.name == "user", Self.isTimeAhead(rest) {
            step.operation = .user
            hasSpacedUser = true
        } else if step.innerSpaces > 0 {
            step.operation = .words
        }
        steps.append(step)
    }

    private static func check(_ role: AccessLogTemplate.Role, _ numbers: Numbers) -> Check {
        switch role {
        case .status where numbers == .any, .byteCount where numbers == .any: .none
        case .status: numbers == .strict ? .status : .statusOrDash
        case .byteCount: .byteCount
        case .time: .time
        case .text, .request, .list, .host, .prologue, .captures, .tail: .none
        }
    }

    /// How a field is found that may be missing; nil for all others.
    private static func optional(_ role: AccessLogTemplate.Role) -> Operation? {
        switch role {
        case .prologue: .prologue
        case .captures: .captures
        case .tail: .tail
        case .text, .request, .list, .host, .status, .byteCount, .time: nil
        }
    }

    private static func bytes(_ part: AccessLogTemplate.Part) -> [UInt8] {
        if case .literal(let bytes) = part { bytes } else { [] }
    }

    /// `%v:%p` and the like: the host ends at the last colon, and only digits are a port.
    private static func isHostAndPort(_ parts: [AccessLogTemplate.Part], _ at: Int) -> Bool {
        guard at + 2 < parts.count, case .field(let host) = parts[at],
            case .field(let port) = parts[at + 2],
            host.role == .host || host.name == "vhost" && port.name == "port"
        else { return false }
        let behind = at + 3 < parts.count ? bytes(parts[at + 3]).first : UInt8(ascii: " ")
        return bytes(parts[at + 1]) == [UInt8(ascii: ":")] && behind == UInt8(ascii: " ")
    }

    /// ` [`, a time and `] "` follow.
    private static func isTimeAhead(_ rest: ArraySlice<AccessLogTemplate.Part>) -> Bool {
        let parts = Array(rest.prefix(3))
        guard parts.count == 3, case .field(let time) = parts[1] else { return false }
        return time.role == .time && bytes(parts[0]) == Array(" [".utf8)
            && bytes(parts[2]).starts(with: "] \"".utf8)
    }
}
