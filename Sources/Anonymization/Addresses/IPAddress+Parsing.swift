import CScanning

/// What may stand around an address besides the address itself.
package struct AddressForms: OptionSet, Sendable {
    package let rawValue: Int
    @inlinable package init(rawValue: Int) { self.rawValue = rawValue }

    /// `[2001:db8::1]`
    package static let brackets = AddressForms(rawValue: 1)
    /// `192.0.2.1:443`, and `[2001:db8::1]:443` together with `brackets`.
    package static let port = AddressForms(rawValue: 2)
    /// `fe80::1%eth0`: whatever follows the percent sign (RFC 4007 section 11), IPv6 only.
    package static let zone = AddressForms(rawValue: 4)
    /// Spaces and tabs on both sides.
    package static let spaces = AddressForms(rawValue: 8)
    /// All of them.
    package static let all: AddressForms = [.brackets, .port, .zone, .spaces]
}

extension IPAddress {
    /// Reads an address; nil when `text` is anything else.
    ///
    /// IPv4 is four decimal octets without leading zeros (a leading zero means octal to some
    /// readers). IPv6 is the text of RFC 4291 section 2.2: groups of one to four hexadecimal
    /// digits, `::` once and for at least one group, a dotted IPv4 tail. `forms` names what may
    /// surround it; brackets, port and zone are not part of the value.
    package init?(_ text: Span<UInt8>, accepting forms: AddressForms = []) {
        let parsed = unsafe text.withUnsafeBufferPointer { buffer -> IPAddress? in
            guard let start = buffer.baseAddress else { return nil }
            return unsafe AddressScanner.address(start, buffer.count, forms)
        }
        guard let parsed else { return nil }
        self = parsed
    }
}

/// Reads addresses from raw bytes; the one place of this folder that follows pointers.
///
/// Every function takes a start and a length, looks at no byte outside of them, and takes time that
/// grows with the length at most linearly.
enum AddressScanner {
    /// The longest plain IPv6 text: `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`.
    private static let ipv6TextMax = 45

    static func address(
        _ start: UnsafePointer<UInt8>, _ length: Int, _ forms: AddressForms
    ) -> IPAddress? {
        if let bits = unsafe ipv4(start, length) { return IPAddress(ipv4: bits) }
        if forms.isEmpty { return unsafe ipv6(start, length) }
        var first = 0
        var end = length
        if forms.contains(.spaces) {
            while first < end, unsafe isBlank(start[first]) { first += 1 }
            while first < end, unsafe isBlank(start[end - 1]) { end -= 1 }
        }
        return unsafe trimmed(start + first, end - first, forms)
    }

    private static func trimmed(
        _ start: UnsafePointer<UInt8>, _ length: Int, _ forms: AddressForms
    ) -> IPAddress? {
        guard length > 0 else { return nil }
        if unsafe start[0] == UInt8(ascii: "[") {
            return forms.contains(.brackets) ? unsafe bracketed(start, length, forms) : nil
        }
        if let bits = unsafe ipv4(start, length) { return IPAddress(ipv4: bits) }
        if let address = unsafe zoned(start, length, forms) { return address }
        guard forms.contains(.port), let colon = unsafe portColon(start, length),
            let bits = unsafe ipv4(start, colon)
        else { return nil }
        return IPAddress(ipv4: bits)
    }

    private static func bracketed(
        _ start: UnsafePointer<UInt8>, _ length: Int, _ forms: AddressForms
    ) -> IPAddress? {
        var close = length - 1
        if unsafe start[close] != UInt8(ascii: "]") {
            guard forms.contains(.port), let colon = unsafe portColon(start, length), colon > 0,
                unsafe start[colon - 1] == UInt8(ascii: "]")
            else { return nil }
            close = colon - 1
        }
        guard close > 1 else { return nil }
        if let bits = unsafe ipv4(start + 1, close - 1) { return IPAddress(ipv4: bits) }
        return unsafe zoned(start + 1, close - 1, forms)
    }

    private static func zoned(
        _ start: UnsafePointer<UInt8>, _ length: Int, _ forms: AddressForms
    ) -> IPAddress? {
        if let address = unsafe ipv6(start, length) { return address }
        guard forms.contains(.zone) else { return nil }
        var end = 0
        while end < length, end <= ipv6TextMax, unsafe start[end] != UInt8(ascii: "%") { end += 1 }
        return end < length ? unsafe ipv6(start, end) : nil
    }

    /// The index of the colon before a port of one to five digits, at most 65535, that ends the
    /// text.
    private static func portColon(_ start: UnsafePointer<UInt8>, _ length: Int) -> Int? {
        var at = length
        while at > 0, length - at < 5, unsafe start[at - 1] &- 48 < 10 { at -= 1 }
        guard at > 0, at < length, unsafe start[at - 1] == UInt8(ascii: ":") else { return nil }
        var port = 0
        for index in at..<length { port = unsafe port * 10 + Int(start[index] &- 48) }
        return port <= 65_535 ? at - 1 : nil
    }

    @inline(__always)
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    /// The 32 bits of a dotted IPv4 address that fills the text.
    @inline(__always)
    static func ipv4(_ start: UnsafePointer<UInt8>, _ length: Int) -> UInt32? {
        guard length >= 7, length <= 15 else { return nil }
        var bits: UInt32 = 0
        var at = 0
        for octetIndex in 0..<4 {
            guard at < length else { return nil }
            var octet = unsafe UInt32(start[at] &- 48)
            guard octet < 10 else { return nil }
            at &+= 1
            let mayGrow = octet != 0
            while at < length {
                let digit = unsafe UInt32(start[at] &- 48)
                guard digit < 10 else { break }
                // A leading zero ends here; three digits cannot overflow, a fourth is over 255.
                octet = octet &* 10 &+ digit
                guard mayGrow, octet <= 255 else { return nil }
                at &+= 1
            }
            bits = bits << 8 | octet
            if octetIndex < 3 {
                guard at < length, unsafe start[at] == UInt8(ascii: ".") else { return nil }
                at &+= 1
            }
        }
        return at == length ? bits : nil
    }

    /// The address of an IPv6 text that fills the bytes.
    @inline(__always)
    static func ipv6(_ start: UnsafePointer<UInt8>, _ length: Int) -> IPAddress? {
        guard length >= 2, length <= ipv6TextMax else { return nil }
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        let isFound = unsafe withUnsafeMutableBytes(of: &halves) { room in
            let words = unsafe room.assumingMemoryBound(to: UInt64.self).baseAddress
            return unsafe cscanning_groups(start, length, words, Int32(CSCANNING_AUTOMATIC)) != 0
        }
        if isFound { return IPAddress(high: halves.high, low: halves.low) }
        return unsafe ipv6ByGroup(start, length)
    }

    /// The same, read group by group: for tails of dotted IPv4, for what is no address, and where
    /// the processor cannot do it all at once.
    static func ipv6ByGroup(_ start: UnsafePointer<UInt8>, _ length: Int) -> IPAddress? {
        var groups = GroupList()
        var at = 0
        if unsafe start[0] == UInt8(ascii: ":") {
            guard unsafe start[1] == UInt8(ascii: ":") else { return nil }
            groups.markGap()
            at = 2
        }
        while at < length {
            let group = HexGroup(unsafe word(start, length, at: at))
            let end = at &+ group.digits
            if end < length, unsafe start[end] == UInt8(ascii: ".") {
                guard let tail = unsafe ipv4(start + at, length &- at) else { return nil }
                groups.append(UInt64(tail >> 16))
                groups.append(UInt64(tail & 0xffff))
                return groups.address
            }
            guard group.digits > 0, group.digits <= 4 else { return nil }
            groups.append(group.value)
            if end == length { break }
            at = end &+ 1
            guard unsafe start[end] == UInt8(ascii: ":"), at < length else { return nil }
            if unsafe start[at] == UInt8(ascii: ":") {
                guard groups.markGap() else { return nil }
                at &+= 1
            }
        }
        return groups.address
    }

    /// The bytes from `at` on, below `length`, as a word, the first in the lowest bits: eight of
    /// them, or as many as there are and zeros behind them.
    @inline(__always)
    private static func word(
        _ start: UnsafePointer<UInt8>, _ length: Int, at: Int
    ) -> UInt64 {
        let bytes = unsafe UnsafeRawPointer(start)
        let missing = at &+ 8 &- length
        if missing <= 0 {
            return unsafe UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        }
        if length >= 8 {
            let last = unsafe bytes.loadUnaligned(
                fromByteOffset: length &- 8, as: UInt64.self)
            return UInt64(littleEndian: last) &>> UInt64(truncatingIfNeeded: 8 &* missing)
        }
        var word: UInt64 = 0
        for index in at..<length {
            word |= unsafe UInt64(start[index]) &<< UInt64(truncatingIfNeeded: 8 &* (index &- at))
        }
        return word
    }
}

/// The hexadecimal digits that eight bytes begin with, and the number that they make: all digits
/// at once, in the bytes of a word.
private struct HexGroup {
    /// How many there are, 0 to 8.
    let digits: Int
    /// The number of the first `digits` of them, as far as there are four at most.
    let value: UInt64

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let topBits: UInt64 = 0x8080_8080_8080_8080

    /// Reads `word`, the first byte in its lowest bits.
    @inline(__always)
    init(_ word: UInt64) {
        // Without top bits sums stay in their bytes.
        let plain = word & ~Self.topBits
        let letters = plain | 0x20 &* Self.ones
        let areDigits = Self.bytes(of: plain, from: 0x30, to: 0x39)
        let areLetters = Self.bytes(of: letters, from: 0x61, to: 0x66)
        let others = ~(areDigits | areLetters) | word
        digits = (others & Self.topBits).trailingZeroBitCount >> 3
        // A letter is nine more than its lower half.
        let halves = (word & (0x0F &* Self.ones)) &+ (word &>> 6 & Self.ones) &* 9
        // The digits move up to the fourth byte, zeros stand in front of them.
        let four = UInt32(truncatingIfNeeded: halves)
            << UInt32(truncatingIfNeeded: 32 &- 8 &* min(digits, 4))
        let pairs = (four &<< 4 | four &>> 8) & 0x00FF_00FF
        value = UInt64((pairs & 0xFF) &<< 8 | pairs &>> 16)
    }

    /// The top bit of each byte of `word`, all below 0x80, that is between `first` and `last`.
    @inline(__always)
    private static func bytes(of word: UInt64, from first: UInt64, to last: UInt64) -> UInt64 {
        (word &+ (0x80 &- first) &* ones) & ~(word &+ (0x7F &- last) &* ones) & topBits
    }
}

/// The groups of an IPv6 text as they come, and where `::` stood among them.
private struct GroupList {
    private var bits: UInt128 = 0
    private var count = 0
    private var gap = -1

    mutating func append(_ group: UInt64) {
        bits = bits << 16 | UInt128(group)
        count += 1
    }

    /// Notes `::` at this place; false when there was one before.
    @discardableResult
    mutating func markGap() -> Bool {
        if gap >= 0 { return false }
        gap = count
        return true
    }

    /// The address, or nil when the number of groups does not fit.
    var address: IPAddress? {
        guard count <= (gap < 0 ? 8 : 7), count == 8 || gap >= 0 else { return nil }
        var whole = bits
        if gap >= 0 {
            let tailBits = 16 * (count - gap)
            // Smart shifts: all of it is tail, or none.
            let tail = bits & ~(UInt128.max << tailBits)
            whole = (bits >> tailBits) << (16 * (8 - gap)) | tail
        }
        return IPAddress(
            high: UInt64(truncatingIfNeeded: whole >> 64), low: UInt64(truncatingIfNeeded: whole))
    }
}
