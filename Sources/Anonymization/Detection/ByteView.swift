private import Glibc
import Records

/// What a byte can be part of, as bits; one look-up for each byte of a text.
enum ByteClass {
    static let digit: UInt8 = 1
    static let hexLower: UInt8 = 2
    static let hexUpper: UInt8 = 4
    static let otherLower: UInt8 = 8
    static let otherUpper: UInt8 = 16
    /// `-`, `_` and `+`: join pieces to a run.
    static let joiner: UInt8 = 32
    /// `@`, `.` and `~`: with the above, what stands unescaped in an e-mail address.
    static let addressPunctuation: UInt8 = 64

    static let lower = hexLower | otherLower
    static let upper = hexUpper | otherUpper
    static let letter = lower | upper
    static let hex = digit | hexLower | hexUpper
    static let nonHexLetter = otherLower | otherUpper
    static let alphanumeric = digit | letter

    /// The class of each of the 256 bytes.
    static let table: [UInt8] = (0...255).map { (byte: Int) -> UInt8 in
        switch UInt8(truncatingIfNeeded: byte) {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit
        case UInt8(ascii: "a")...UInt8(ascii: "f"): hexLower
        case UInt8(ascii: "g")...UInt8(ascii: "z"): otherLower
        case UInt8(ascii: "A")...UInt8(ascii: "F"): hexUpper
        case UInt8(ascii: "G")...UInt8(ascii: "Z"): otherUpper
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "+"): joiner
        case UInt8(ascii: "@"), UInt8(ascii: "."), UInt8(ascii: "~"): addressPunctuation
        default: 0
        }
    }
}

/// The bytes of one text as detectors see them.
///
/// Reading outside `lower ..< upper` gives 0, which is part of nothing, so that a detector needs
/// no guard at either end. The view borrows: it is made by `withView` and must not outlive that
/// call. All pointers of the detectors are in this file.
@safe struct ByteView {
    private let base: UnsafePointer<UInt8>
    private let classes: UnsafePointer<UInt8>
    /// The offset of the first byte that can be read.
    let lower: Int
    /// The offset behind the last byte that can be read.
    let upper: Int

    private init(
        base: UnsafePointer<UInt8>,
        classes: UnsafePointer<UInt8>,
        lower: Int,
        upper: Int
    ) {
        unsafe self.base = base
        unsafe self.classes = classes
        self.lower = lower
        self.upper = upper
    }

    /// Calls `body` with a view of all of `bytes`.
    static func withView<Result>(
        of bytes: Span<UInt8>,
        _ body: (ByteView) -> Result
    ) -> Result {
        unsafe ByteClass.table.withUnsafeBufferPointer { table in
            unsafe bytes.withUnsafeBufferPointer { buffer in
                let nothing: StaticString = " "
                let classes = unsafe table.baseAddress ?? nothing.utf8Start
                let base = unsafe buffer.baseAddress ?? nothing.utf8Start
                return unsafe body(
                    ByteView(base: base, classes: classes, lower: 0, upper: buffer.count)
                )
            }
        }
    }

    /// The same bytes, but only those in `range` can be read; `range` must lie inside this view.
    func limited(to range: Range<Int>) -> ByteView {
        precondition(range.lowerBound >= lower && range.upperBound <= upper)
        return unsafe ByteView(
            base: base,
            classes: classes,
            lower: range.lowerBound,
            upper: range.upperBound
        )
    }

    /// The byte at `index`, or 0 outside the view.
    @inline(__always) subscript(index: Int) -> UInt8 {
        index >= lower && index < upper ? unsafe base[index] : 0
    }

    /// The `ByteClass` bits of the byte at `index`, or 0 outside the view.
    @inline(__always) func classOf(_ index: Int) -> UInt8 {
        index >= lower && index < upper ? unsafe classes[Int(base[index])] : 0
    }

    /// True when the byte at `index` is in one of the classes `mask`.
    @inline(__always) func isAny(_ mask: UInt8, at index: Int) -> Bool {
        classOf(index) & mask != 0
    }

    /// The end of the longest stretch from `start` of bytes in the classes `wanted`; the classes
    /// met are added to `met`.
    @inline(__always) func end(
        of wanted: UInt8,
        from start: Int,
        met: inout UInt8
    ) -> Int {
        var index = max(start, lower)
        var seen = met
        while index < upper {
            let found = unsafe classes[Int(base[index])]
            if found & wanted == 0 { break }
            seen |= found
            index &+= 1
        }
        met = seen
        return index
    }

    /// The first byte from `start` in one of the classes `wanted` or equal to one of two bytes;
    /// the end of the view when there is none.
    @inline(__always) func firstIndex(
        of wanted: UInt8,
        or one: UInt8,
        _ two: UInt8,
        from start: Int
    ) -> Int {
        var index = max(start, lower)
        while index < upper {
            let byte = unsafe base[index]
            if unsafe classes[Int(byte)] & wanted != 0 || byte == one || byte == two { break }
            index &+= 1
        }
        return index
    }

    /// The offset of the first `byte` from `start` on, or the end of the view.
    func firstIndex(of byte: UInt8, from start: Int) -> Int {
        guard start < upper, start >= lower,
            let hit = unsafe memchr(base + start, Int32(byte), upper - start)
        else { return upper }
        return unsafe UnsafeRawPointer(hit) - UnsafeRawPointer(base)
    }

    /// The first offset from `start` on at which two bytes stand whose slot in `table` is not 0,
    /// or the end of the view; `table` has `WordSearch.slotCount` entries.
    func firstPair(in table: [UInt8], from start: Int) -> Int {
        precondition(table.count == WordSearch.slotCount && start >= lower)
        return unsafe table.withUnsafeBufferPointer { slots in
            var index = start
            while index &+ 1 < upper {
                let slot = unsafe WordSearch.slot(base[index], base[index &+ 1])
                if unsafe slots[slot] != 0 { return index }
                index &+= 1
            }
            return upper
        }
    }

    /// True when `word` stands at `index`.
    func matches(_ word: [UInt8], at index: Int) -> Bool {
        guard index >= lower, index + word.count <= upper else { return false }
        for offset in word.indices where unsafe base[index + offset] != word[offset] {
            return false
        }
        return true
    }

    /// True when the ASCII `word`, which is in lower case, stands at `index` in any case.
    func matches(_ word: StaticString, at index: Int) -> Bool {
        let length = word.utf8CodeUnitCount
        guard index >= lower, index + length <= upper else { return false }
        for offset in 0..<length {
            let byte = unsafe base[index + offset]
            let folded = unsafe classes[Int(byte)] & ByteClass.upper != 0 ? byte | 32 : byte
            if unsafe folded != word.utf8Start[offset] { return false }
        }
        return true
    }

    /// The byte that the escape `%XX` at `index` stands for, or nil when there is no escape.
    func escape(at index: Int) -> UInt8? {
        guard self[index] == UInt8(ascii: "%"), isAny(ByteClass.hex, at: index + 1),
            isAny(ByteClass.hex, at: index + 2)
        else { return nil }
        return hexValue(at: index + 1) << 4 | hexValue(at: index + 2)
    }

    /// How many letters and digits at `index` belong to an escape of a programming language (RFC
    /// 8259 §7 and its kin) whose backslash, `mark`, stands before them, or to a control character
    /// as rsyslog writes it (`#012`); 0 when they belong to none.
    @inline(__always) func lengthOfWrittenEscape(at index: Int, behind mark: UInt8) -> Int {
        switch mark {
        case UInt8(ascii: "\\"): lengthOfEscapeLetters(at: index)
        case UInt8(ascii: "#"): isControl(at: index) ? 3 : 0
        default: 0
        }
    }

    private func lengthOfEscapeLetters(at index: Int) -> Int {
        switch self[index] {
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "v"), UInt8(ascii: "a"), UInt8(ascii: "e"):
            1
        case UInt8(ascii: "x"): isHex(2, at: index + 1) ? 3 : 0
        case UInt8(ascii: "u"): isHex(4, at: index + 1) ? 5 : 0
        case UInt8(ascii: "U"): isHex(8, at: index + 1) ? 9 : 0
        case UInt8(ascii: "0"): isControl(at: index) ? 3 : 1
        default: 0
        }
    }

    private func isHex(_ count: Int, at index: Int) -> Bool {
        (index..<index + count).allSatisfy { isAny(ByteClass.hex, at: $0) }
    }

    /// True when the octal number of a control character stands at `index`: `000` to `037`.
    private func isControl(at index: Int) -> Bool {
        self[index] == UInt8(ascii: "0") && self[index + 1] & ~3 == UInt8(ascii: "0")
            && self[index + 2] & ~7 == UInt8(ascii: "0")
    }

    /// The value of the hexadecimal digit at `index`; the caller knows that it is one.
    func hexValue(at index: Int) -> UInt8 {
        let byte = self[index]
        return byte < 58 ? byte & 15 : (byte & 7) + 9
    }

    /// The length of `byte` as written at `index`: 1, 3 when percent-encoded, 0 when not there.
    @inline(__always) func length(of byte: UInt8, at index: Int) -> Int {
        let here = self[index]
        if here == byte { return 1 }
        return here == UInt8(ascii: "%") && escape(at: index) == byte ? 3 : 0
    }

    /// Appends the bytes of `range` to `output`; `range` must lie inside this view.
    func append(_ range: Range<Int>, to output: inout ByteBuffer) {
        precondition(range.lowerBound >= lower && range.upperBound <= upper)
        unsafe output.append(unsafeFrom: base + range.lowerBound, length: range.count)
    }
}
