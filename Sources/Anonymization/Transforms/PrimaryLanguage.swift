package import Records

/// Reduces a language list or locale to the primary subtag of its first entry: `nl-BE,nl;q=0.9`
/// becomes `nl`.
package struct PrimaryLanguage: Transform {
    init() {}

    package func apply(
        _ value: borrowing FieldValue,
        _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        guard value.kind == .text || value.kind == .escapedText else { return .dropped }
        let bytes = value.bytes
        guard bytes.count > 0 else { return .unchanged }
        var start = 0
        while start < bytes.count, Self.isSpace(bytes[start]) { start += 1 }
        var end = start
        var isLower = true
        while end < bytes.count, let letter = Self.folded(bytes[end]) {
            if letter != bytes[end] { isLower = false }
            end += 1
            if end - start > 3 { return .dropped }
        }
        guard end - start >= 2, end == bytes.count || Self.isDelimiter(bytes[end]) else {
            return .dropped
        }
        if start == 0, end == bytes.count, isLower { return .unchanged }
        for index in start..<end { output.append(bytes[index] | 32) }
        return .plainText
    }

    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        var output = ByteBuffer(capacity: 64)
        return value.isText && apply(value, TransformContext(), into: &output) == .unchanged
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    private static func folded(_ byte: UInt8) -> UInt8? {
        let lower = byte | 32
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z") ? lower : nil
    }

    /// What may follow a subtag in a language tag (RFC 5646 §2.1), in a list of ranges (RFC 9110
    /// §12.5.4) and in a locale name (`nl_BE.UTF-8@euro`).
    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "."), UInt8(ascii: "@"), UInt8(ascii: " "), UInt8(ascii: "\t"):
            true
        default: false
        }
    }
}

extension PrimaryLanguage {
    package static let descriptor = TransformDescriptor(
        name: "language",
        summary: "Keeps the primary language of the first entry: nl-BE,nl;q=0.9 becomes nl.",
        guarantees: """
            Only two or three letters in lower case remain; region, script, variants, private \
            parts, weights and further entries go. Anything else is dropped.
            """,
        leaks: """
            The language itself: where few people use it, it can single one out; a threshold in \
            the publication is still needed.
            """,
        make: { _, _ in PrimaryLanguage() }
    )
}
