/// Bytes of values that not every format can hold.
package struct OddBytes: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let nul = OddBytes(rawValue: 1)
    package static let notUTF8 = OddBytes(rawValue: 2)

    /// Why `text` does not fit where these bytes cannot be; nil when it has none of them.
    package func found(in text: Span<UInt8>) -> QuarantineReason? {
        var all: UInt8 = 0
        var hasNUL = false
        for index in text.indices {
            all |= text[index]
            if text[index] == 0 { hasNUL = true }
        }
        if hasNUL, contains(.nul) { return .containsNUL }
        guard all >= 0x80, contains(.notUTF8) else { return nil }
        do { _ = try UTF8Span(validating: text) } catch { return .invalidUTF8 }
        return nil
    }
}
