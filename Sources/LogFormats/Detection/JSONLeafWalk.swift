internal import Records

/// Finds every value of one JSON record that is no object and no list, for a `FieldSurvey`.
///
/// The record is one that a reader has found good, so nothing is checked here: what stands at a
/// place can only be what the grammar has there, and the depth is within the limits.
struct JSONLeafWalk {
    private let bytes: [UInt8]
    private var at = 0

    init(_ record: [UInt8]) { bytes = record }

    mutating func run(into survey: inout FieldSurvey) {
        value("", isRepeated: false, &survey)
    }

    private static let signs = Set(",:".utf8)

    private var byte: UInt8 { at < bytes.count ? bytes[at] : 0 }

    /// Skips blanks and the signs between members and elements.
    private mutating func skipSigns() {
        while at < bytes.count, byte <= 0x20 || Self.signs.contains(byte) { at += 1 }
    }

    private mutating func value(
        _ path: String?, isRepeated: Bool, _ survey: inout FieldSurvey
    ) {
        skipSigns()
        switch byte {
        case UInt8(ascii: "{"): object(path, isRepeated, &survey)
        case UInt8(ascii: "["): list(path, &survey)
        default:
            guard let leaf = leaf(), let path else { return }
            survey.add(leaf, to: path, isRepeated: isRepeated)
        }
    }

    private mutating func object(_ path: String?, _ isRepeated: Bool, _ survey: inout FieldSurvey) {
        at += 1
        if let path { survey.object(at: path) }
        skipSigns()
        while at < bytes.count, byte != UInt8(ascii: "}") {
            let name = string()
            let member = path.flatMap { survey.member(name, of: $0) }
            value(member, isRepeated: isRepeated, &survey)
            skipSigns()
        }
        at += 1
    }

    private mutating func list(_ path: String?, _ survey: inout FieldSurvey) {
        at += 1
        skipSigns()
        while at < bytes.count, byte != UInt8(ascii: "]") {
            value(path.map { "\($0)[*]" }, isRepeated: true, &survey)
            skipSigns()
        }
        at += 1
    }

    /// The scalar that stands here, decoded; nil for `null`.
    private mutating func leaf() -> [UInt8]? {
        if byte == UInt8(ascii: "\"") { return string() }
        let start = at
        while at < bytes.count, byte > 0x20, !Self.ends.contains(byte) { at += 1 }
        // A place where nothing stands would be met again and again.
        if at == start { at += 1 }
        let text = bytes[start..<min(at, bytes.count)]
        return text.elementsEqual("null".utf8) ? nil : Array(text)
    }

    private static let ends = Set(",]}".utf8)

    /// The decoded string that begins here.
    private mutating func string() -> [UInt8] {
        at += 1
        let start = at
        while at < bytes.count, byte != UInt8(ascii: "\"") {
            at += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        var text = ByteBuffer()
        JSONText.decode(bytes.span.extracting(start..<min(at, bytes.count)), into: &text)
        at += 1
        return text.array()
    }
}
