package import KeyedHashing
internal import Records

/// The one written form of an identifier of each kind: what the registry hashes.
///
/// Customer and user: the bytes of the decoded text without the white space around it (every byte
/// up to and including the space, as in the opt-out list). Upper and lower case differ. Address:
/// the text of RFC 5952, an IPv4-mapped address as IPv4, without port, zone and brackets.
package enum CanonicalSubject {
    /// The bytes of the canonical form, or nil when `text` is empty or not an address.
    package static func bytes(_ kind: SubjectKind, _ text: Span<UInt8>) -> [UInt8]? {
        switch kind {
        case .customer, .user:
            let range = trimmed(text)
            return range.isEmpty ? nil : range.map { text[$0] }
        case .address:
            return IPAddress(text, accepting: .all)?.unmapped.textBytes
        }
    }

    /// Where the text lies without the white space around it.
    @inline(__always)
    static func trimmed(_ text: Span<UInt8>) -> Range<Int> {
        var first = 0
        var end = text.count
        while first < end, text[first] <= 0x20 { first &+= 1 }
        while end > first, text[end &- 1] <= 0x20 { end &-= 1 }
        return first..<end
    }
}

extension SubjectHasher {
    /// The hash of an identifier as people write it, or nil when it is empty or not an address.
    package func hash(_ kind: SubjectKind, writtenAs text: Span<UInt8>) -> SubjectHash? {
        CanonicalSubject.bytes(kind, text).map { hash(kind, $0.span) }
    }
}
