private import KeyedHashing
internal import Records

/// Names one line of a store by its bytes, in eight bytes: the first of the SHA-256 of the line
/// without its terminator and the carriage return in front of it.
///
/// Taken only of lines in which something was dealt with: of a readable one it would let somebody
/// test a guess.
package struct LineDigest: Hashable, Comparable, Sendable, BitwiseCopyable {
    package let bits: UInt64

    package init(bits: UInt64) { self.bits = bits }

    /// The digest of `line`, whatever ends it.
    package init(of line: Span<UInt8>) {
        var end = line.count
        while end > 0, line[end - 1] == 0x0a || line[end - 1] == 0x0d { end -= 1 }
        bits = Digest256.of(line.extracting(0..<end)).firstBits
    }

    package static func < (left: Self, right: Self) -> Bool { left.bits < right.bits }
}
