/// What kind of text a field holds in its source, as far as the reader could tell.
@usableFromInline package enum FieldKind: UInt8, Sendable, BitwiseCopyable {
    /// The record has no such field.
    case absent = 0
    /// The field is there and says that it has no value: JSON `null`, `-` in an access log.
    case null
    /// Text that stands for itself, byte for byte.
    case text
    /// Text that must be decoded first (JSON escapes, doubled CSV quotes, `\"` in an access log).
    case escapedText
    /// A JSON number.
    case number
    /// JSON `true` or `false`.
    case boolean
    /// A JSON object or array as a whole.
    case structure
    /// Several values (a path with "every element"): `start` is the index of the first in
    /// `RecordTable.elements`, `length` their number.
    case several
}

/// Where one field lies: an offset into the bytes of a chunk, a length and a kind, in eight bytes.
///
/// For `text` and `escapedText` the slice covers the content without the quotes around it; for the
/// other kinds it covers the value as written. Offsets are from the start of the chunk, 0-based.
@usableFromInline package struct FieldSlice: Equatable, Sendable, BitwiseCopyable {
    @usableFromInline package var start: UInt32
    @usableFromInline package var packed: UInt32

    /// The longest field in bytes that a slice can describe: 2^28 - 1.
    package static let lengthMax = (1 << 28) - 1

    /// A field that the record does not have.
    @inlinable @inline(__always) package static var absent: FieldSlice {
        FieldSlice(start: 0, length: 0, kind: .absent)
    }

    /// A slice of `length` bytes at `start`; `length` must not exceed `lengthMax`.
    @inlinable @inline(__always) package init(start: Int, length: Int, kind: FieldKind) {
        self.start = UInt32(truncatingIfNeeded: start)
        packed = UInt32(truncatingIfNeeded: length) | UInt32(kind.rawValue) << 28
    }

    /// The length in bytes (for `several`: the number of elements).
    @inlinable @inline(__always) package var length: Int { Int(packed & 0x0fff_ffff) }

    /// The offset of the first byte in the chunk.
    @inlinable @inline(__always) package var offset: Int { Int(start) }

    /// The offset behind the last byte in the chunk.
    @inlinable @inline(__always) package var end: Int { Int(start) &+ length }

    /// What the slice holds.
    @inlinable @inline(__always) package var kind: FieldKind {
        // Written out, since `init(rawValue:)` would be a call.
        switch packed >> 28 {
        case 1: .null
        case 2: .text
        case 3: .escapedText
        case 4: .number
        case 5: .boolean
        case 6: .structure
        case 7: .several
        default: .absent
        }
    }

    /// True for `text` and `escapedText`.
    @inlinable @inline(__always) package var isText: Bool { packed &- (2 << 28) < 2 << 28 }

    /// True when the record has the field with a value (neither absent nor null).
    @inlinable @inline(__always) package var hasValue: Bool { packed >= 2 << 28 }
}
