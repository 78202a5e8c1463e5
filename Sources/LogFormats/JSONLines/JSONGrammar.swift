internal import Records

/// The small regular pieces of RFC 8259: white space, literals, numbers and escapes, over bytes the
/// caller vouches for. Shared by the indexed and the plain walker.
enum JSONGrammar {
    /// True when `start ..< end` holds nothing but space, tab and carriage return.
    @inline(__always)
    static func isBlank(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var at = start
        while at < end {
            let byte = unsafe bytes[at]
            guard byte == 0x20 || byte == 0x09 || byte == 0x0d else { return false }
            at &+= 1
        }
        return true
    }

    /// The kind of the scalar that fills `start ..< end` exactly (RFC 8259 sections 3 and 6), or
    /// nil.
    static func scalar(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> FieldKind? {
        guard start < end else { return nil }
        switch unsafe bytes[start] {
        case UInt8(ascii: "n"):
            return unsafe matches(bytes, start, end, "null") ? .null : nil
        case UInt8(ascii: "t"):
            return unsafe matches(bytes, start, end, "true") ? .boolean : nil
        case UInt8(ascii: "f"):
            return unsafe matches(bytes, start, end, "false") ? .boolean : nil
        default:
            return unsafe isNumber(bytes, start, end) ? .number : nil
        }
    }

    /// The scalar between two marks, with white space around it or without; nil when there is none
    /// or something else.
    @inline(__always)
    static func scalar(
        _ bytes: UnsafePointer<UInt8>, behind start: Int, before end: Int
    ) -> FieldSlice? {
        var first = start
        var last = end
        while first < last, unsafe bytes[first] <= 0x20, unsafe bytes[first] != 0x0a { first &+= 1 }
        while last > first, unsafe bytes[last &- 1] <= 0x20 { last &-= 1 }
        guard unsafe isBlank(bytes, start, first) && isBlank(bytes, last, end),
            let kind = unsafe scalar(bytes, first, last)
        else { return nil }
        return FieldSlice(start: first, length: last &- first, kind: kind)
    }

    private static func matches(
        _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ word: StaticString
    ) -> Bool {
        guard end - start == word.utf8CodeUnitCount else { return false }
        for offset in 0..<(end - start) {
            guard unsafe bytes[start + offset] == word.utf8Start[offset] else { return false }
        }
        return true
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// True when the `length` bytes at `start` are a whole number of one to eight digits and
    /// nothing else: what most scalars are, told without a branch for each digit. Eight bytes must
    /// be readable.
    @inline(__always)
    static func isShortNumber(
        _ bytes: UnsafePointer<UInt8>, _ start: Int, _ length: Int
    ) -> Bool {
        guard UInt(bitPattern: length &- 1) < 8 else { return false }
        let raw = unsafe UnsafeRawPointer(bytes + start).loadUnaligned(as: UInt64.self)
        let digits = UInt64(littleEndian: raw) ^ 0x3030_3030_3030_3030
        let own = UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- length &* 8)
        let wrong = (digits | (digits &+ 0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0 & own
        let leadsWithZero = digits & 0xFF == 0 && length > 1
        return wrong == 0 && !leadsWithZero
    }

    /// True when `start ..< end` is a JSON number: no leading zeros, no bare dot, no plus sign.
    private static func isNumber(
        _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int
    ) -> Bool {
        var at = start
        if unsafe bytes[at] == UInt8(ascii: "-") { at &+= 1 }
        guard at < end, unsafe isDigit(bytes[at]) else { return false }
        let leadsWithZero = unsafe bytes[at] == UInt8(ascii: "0")
        at &+= 1
        if leadsWithZero {
            if at < end, unsafe isDigit(bytes[at]) { return false }
        } else {
            while at < end, unsafe isDigit(bytes[at]) { at &+= 1 }
        }
        if at < end, unsafe bytes[at] == UInt8(ascii: ".") {
            at &+= 1
            guard unsafe skipDigits(bytes, &at, end) else { return false }
        }
        if at < end, unsafe bytes[at] | 0x20 == UInt8(ascii: "e") {
            at &+= 1
            if at < end, unsafe bytes[at] == 0x2b || bytes[at] == 0x2d { at &+= 1 }
            guard unsafe skipDigits(bytes, &at, end) else { return false }
        }
        return at == end
    }

    private static func skipDigits(
        _ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int
    ) -> Bool {
        let first = at
        while at < end, unsafe isDigit(bytes[at]) { at &+= 1 }
        return at > first
    }

    /// What an escape turned out to be.
    enum Escape {
        case good(length: Int)
        case loneSurrogate
        case bad
    }

    /// Checks the escape whose backslash is at `at`; a surrogate pair counts as one escape of
    /// twelve bytes (RFC 8259 section 7). Looks at most twelve bytes ahead.
    static func escape(_ bytes: UnsafePointer<UInt8>, _ at: Int) -> Escape {
        switch unsafe bytes[at &+ 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return .good(length: 2)
        case UInt8(ascii: "u"):
            guard let unit = unsafe codeUnit(bytes, at &+ 2) else { return .bad }
            guard unit & 0xf800 == 0xd800 else { return .good(length: 6) }
            guard unit < 0xdc00, unsafe bytes[at &+ 6] == UInt8(ascii: "\\"),
                unsafe bytes[at &+ 7] == UInt8(ascii: "u"),
                let second = unsafe codeUnit(bytes, at &+ 8), second & 0xfc00 == 0xdc00
            else { return .loneSurrogate }
            return .good(length: 12)
        default:
            return .bad
        }
    }

    /// The value of four hexadecimal digits, or nil.
    static func codeUnit(_ bytes: UnsafePointer<UInt8>, _ at: Int) -> UInt32? {
        var unit: UInt32 = 0
        for offset in 0..<4 {
            guard let digit = unsafe hexValue(bytes[at &+ offset]) else { return nil }
            unit = unit << 4 | digit
        }
        return unit
    }

    private static func hexValue(_ byte: UInt8) -> UInt32? {
        if isDigit(byte) { return UInt32(byte &- 0x30) }
        let lower = byte | 0x20
        guard lower &- 0x61 < 6 else { return nil }
        return UInt32(lower &- 0x61 &+ 10)
    }
}
