/// Where the parts of a URL or request target lie (RFC 3986 §3, RFC 9112 §3.2), read leniently and
/// so that in doubt more is taken for query.
struct URLParts: Equatable {
    /// `https://`, or of an opaque URL `mailto:`; empty for a bare path.
    private(set) var scheme: Range<Int>
    /// Host and port, without user information.
    private(set) var host: Range<Int>
    private(set) var path: Range<Int>
    /// Behind the first `?` or `%3F` up to the fragment.
    private(set) var query: Range<Int>
    /// True when there is no structure behind the scheme that could be kept.
    private(set) var isOpaque = false

    init(_ text: ByteView) {
        let start = text.lower
        let end = Self.fragmentStart(in: text)
        let queryStart = Self.queryStart(in: text, before: end)
        query = min(queryStart.upperBound, end)..<end
        scheme = start..<start
        host = start..<start
        path = start..<queryStart.lowerBound
        let colon = Self.schemeEnd(in: text, before: queryStart.lowerBound)
        guard colon > start else { return }
        if text[colon + 1] == UInt8(ascii: "/"), text[colon + 2] == UInt8(ascii: "/") {
            scheme = start..<colon + 3
            readAuthority(text, from: colon + 3)
        } else if text.isAny(ByteClass.digit, at: colon + 1) {
            readAuthority(text, from: start)
        } else {
            scheme = start..<colon + 1
            host = colon + 1..<colon + 1
            isOpaque = true
        }
    }

    private mutating func readAuthority(_ text: ByteView, from start: Int) {
        var end = start
        var hostStart = start
        // Browsers read it as a slash; others take it and all up to an `@` for user information.
        var backslash: Int?
        while end < path.upperBound, text[end] != UInt8(ascii: "/") {
            if text[end] == UInt8(ascii: "\\"), backslash == nil { backslash = end }
            let sign = text.length(of: UInt8(ascii: "@"), at: end)
            end += max(sign, 1)
            if sign > 0 {
                hostStart = min(end, path.upperBound)
                backslash = nil
            }
        }
        end = min(backslash ?? end, path.upperBound)
        host = hostStart..<end
        path = end..<path.upperBound
    }

    /// The offset of the colon behind a scheme, or the start of the text when there is none.
    private static func schemeEnd(in text: ByteView, before limit: Int) -> Int {
        guard text.isAny(ByteClass.alphanumeric, at: text.lower) else { return text.lower }
        var index = text.lower
        while index < limit,
            text.isAny(ByteClass.alphanumeric | ByteClass.joiner, at: index)
                || text[index] == UInt8(ascii: ".")
        {
            index += 1
        }
        return index < limit && text[index] == UInt8(ascii: ":") ? index : text.lower
    }

    private static func fragmentStart(in text: ByteView) -> Int {
        var index = text.firstIndex(
            of: 0,
            or: UInt8(ascii: "#"),
            UInt8(ascii: "%"),
            from: text.lower
        )
        while index < text.upper, text.length(of: UInt8(ascii: "#"), at: index) == 0 {
            index = text.firstIndex(
                of: 0,
                or: UInt8(ascii: "#"),
                UInt8(ascii: "%"),
                from: index + 1
            )
        }
        return index
    }

    private static func queryStart(in text: ByteView, before end: Int) -> Range<Int> {
        let mark = UInt8(ascii: "?")
        var index = text.firstIndex(of: 0, or: mark, UInt8(ascii: "%"), from: text.lower)
        while index < end {
            let length = text.length(of: mark, at: index)
            if length > 0 { return index..<index + length }
            index = text.firstIndex(of: 0, or: mark, UInt8(ascii: "%"), from: index + 1)
        }
        return end..<end
    }
}

/// What a path segment looks like, escapes decoded.
enum SegmentKind: Equatable {
    /// A name of the programme: stays.
    case word
    /// A number, a hexadecimal number, random text or the folder of a user (`~name`).
    case identifier
    /// Holds an e-mail address.
    case email

    /// Reads all of `segment` once.
    init(_ segment: ByteView) {
        var shape = SegmentShape()
        var index = segment.lower
        while index < segment.upper {
            let decoded = segment.escape(at: index)
            if let decoded {
                shape.add(decoded, ByteClass.table[Int(decoded)])
            } else {
                shape.add(segment[index], segment.classOf(index))
            }
            if decoded == UInt8(ascii: "%"), segment.matches("40", at: index + 3) {
                shape.add(UInt8(ascii: "@"), ByteClass.addressPunctuation)
            }
            index += decoded == nil ? 1 : 3
        }
        self = shape.kind
    }
}

/// The counts that tell names from identifiers.
private struct SegmentShape {
    private var length = 0
    private var digits = 0
    private var changes = 0
    private var hasSign = false
    private var isHex = true
    private var beginsWithTilde = false
    private var previous: UInt8 = 0

    /// Adds a byte and its class.
    mutating func add(_ byte: UInt8, _ current: UInt8) {
        if length == 0 { beginsWithTilde = byte == UInt8(ascii: "~") }
        if byte == UInt8(ascii: "@"), length > 0 { hasSign = true }
        length += 1
        if current & ByteClass.digit != 0 { digits += 1 }
        if current & ByteClass.hex == 0 { isHex = false }
        let isPair = previous & ByteClass.alphanumeric != 0 && current & ByteClass.alphanumeric != 0
        let meets = (previous ^ current) & ByteClass.digit != 0
        let rises = previous & ByteClass.lower != 0 && current & ByteClass.upper != 0
        if isPair, meets || rises { changes += 1 }
        previous = current
    }

    var kind: SegmentKind {
        if hasSign { return .email }
        if beginsWithTilde, length > 1 { return .identifier }
        if digits == length { return length >= 2 ? .identifier : .word }
        if digits >= 4 { return .identifier }
        if isHex, length >= 8, digits > 0 || length >= 24 { return .identifier }
        return length >= 16 && changes * 5 >= length ? .identifier : .word
    }
}
