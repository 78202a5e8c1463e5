package import KeyedHashing
internal import Records

/// The one written form of an identifier of each kind: what the registry hashes, and what lists,
/// tables and commands are read as.
///
/// Customer and user: the bytes of the decoded text without the white space around it (every byte
/// up to and including the space). Upper and lower case differ. Address: the text of RFC 5952
/// without port, zone and brackets; an address with an IPv4 address inside (`EmbeddedIPv4`) as
/// that.
package enum CanonicalSubject {
    /// The bytes of the canonical form, or nil when `text` is empty or not an address.
    package static func bytes(_ kind: SubjectKind, _ text: Span<UInt8>) -> [UInt8]? {
        switch kind {
        case .customer, .user:
            let range = trimmed(text)
            return range.isEmpty ? nil : range.map { text[$0] }
        case .address:
            return IPAddress(text, accepting: .all)?.canonical.textBytes
        }
    }

    /// What a value of a record may be called besides itself where its bytes are no text, or look
    /// like what is written for such: `ByteEscapes` of it. Commands and lists know no other name
    /// for it.
    static func otherName(of value: Span<UInt8>) -> [UInt8]? {
        guard ByteEscapes.areNeeded(in: value) else { return nil }
        let plain = value.indices.map { value[$0] }
        let escaped = ByteEscapes.escaped(plain)
        return escaped == plain ? nil : escaped
    }

    /// The bytes of a customer or user without the white space around them; may be empty.
    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let front = text.drop { $0 <= 0x20 }
        let end = front.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? front.startIndex
        return front[front.startIndex..<end]
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
