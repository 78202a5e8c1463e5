import CScanning
import Glibc
import Records

// The only place where access logs are scanned with pointers. A line is matched from left to right
// in one pass, by the index of the chunk; nothing is read outside the chunk: a word of eight bytes
// may reach into the next line, but never behind the last byte of the chunk.

/// Matches the lines of a chunk against a program.
@safe struct AccessLogScan: ~Copyable {
    let base: UnsafePointer<UInt8>
    /// The number of readable bytes at `base`.
    let count: Int
    let places: LogPlaces
    let steps: UnsafeBufferPointer<AccessLogProgram.Step>
    let literals: UnsafeBufferPointer<UInt8>
    /// Receives one slice per field of the program.
    let found: UnsafeMutablePointer<FieldSlice>

    private static let space = UInt8(ascii: " ")
    private static let backslash = UInt8(ascii: "\\")

    /// Line number `line`, which starts at `start`, less than `count`; a carriage return right
    /// before the line feed, or at the very end of the bytes, belongs to the terminator.
    @inline(__always)
    func line(_ line: Int, at start: Int) -> Line {
        let feed = places.feed(line)
        let next = feed < count ? feed &+ 1 : count
        let hasReturn = unsafe feed > start && base[feed &- 1] == 0x0D
        return Line(start: start, end: hasReturn ? feed &- 1 : feed, next: next)
    }

    /// True when the line holds a NUL byte.
    func hasNUL(in line: Line) -> Bool {
        unsafe containsNUL(base + line.start, length: line.end - line.start)
    }

    /// Where a scan is in a chunk besides the line at hand.
    struct Cursor: BitwiseCopyable {
        /// The number of a mark before the first of the line, or of that one.
        var mark = 0
        /// Where the time that was found last begins; -1 before the first.
        var time = -1
    }

    /// Matches the line `start ..< end`; what lies in `found` afterwards counts only when it did.
    func matches(_ start: Int, _ end: Int, _ cursor: inout Cursor, spacedUser: Bool) -> Bool {
        var at = start
        for index in unsafe steps.indices {
            // Read in place: a copy of each step costs as much as finding a field.
            guard let step = unsafe steps.baseAddress.map({ unsafe $0 + index }) else { break }
            let operation = unsafe step.pointee.operation
            var kind = FieldKind.text
            let behind: Int
            switch operation {
            case .token: behind = endOfToken(at, end)
            case .quoted: behind = endOfQuoted(at, end, &cursor.mark, &kind)
            case .time: behind = endOfTime(at, end, unsafe step.pointee.byte, &cursor.time)
            case .user where !spacedUser: behind = endOfToken(at, end)
            case .words, .list, .rest, .until, .user:
                behind = endOfOther(unsafe step.pointee, at, end)
            case .byte, .literal, .hostAndPort, .prologue, .captures, .tail:
                at = behindOther(unsafe step.pointee, at, end)
                if at < 0 { return false }
                continue
            }
            guard behind > at || behind == at && operation == .quoted,
                unsafe step.pointee.check == .none || passes(step.pointee.check, at, behind)
            else { return false }
            unsafe found[Int(step.pointee.first)] = FieldSlice(
                start: at, length: behind &- at, kind: kind)
            guard unsafe hasTail(step, behind, end) else { return false }
            at = unsafe behind &+ step.pointee.tailLength
        }
        return isWhitespace(at, end)
    }

    /// The end of a field of a kind that is rare, or -1.
    @inline(never)
    private func endOfOther(_ step: AccessLogProgram.Step, _ at: Int, _ end: Int) -> Int {
        switch step.operation {
        case .words: endOfWords(at, end, innerSpaces: step.innerSpaces)
        case .list: endOfList(at, end)
        case .rest: endOfRest(at, end)
        case .until: endOfText(at, end, step.byte)
        case .user: endOfUser(at, end)
        case .byte, .literal, .token, .quoted, .time, .hostAndPort, .prologue, .captures, .tail:
            -1
        }
    }

    /// Where the line goes on behind what is no field, or may be missing; -1 when it must be there
    /// and is not.
    @inline(never)
    private func behindOther(_ step: AccessLogProgram.Step, _ at: Int, _ end: Int) -> Int {
        switch step.operation {
        case .byte: return unsafe at < end && base[at] == step.byte ? at &+ 1 : -1
        case .literal: return hasLiteral(step, at, end) ? at &+ Int(step.length) : -1
        case .hostAndPort:
            let behind = endOfToken(at, end)
            guard behind > at else { return -1 }
            splitHost(at, behind, Int(step.first))
            return behind
        case .prologue: return behindPrologue(at, end, Int(step.first))
        case .captures: return behindCaptures(at, end, Int(step.first))
        case .tail: return behindTail(at, end, Int(step.first))
        case .token, .words, .list, .quoted, .until, .time, .user, .rest: return -1
        }
    }

    /// True when the step's tail stands at `at`.
    @inline(__always)
    private func hasTail(
        _ step: UnsafePointer<AccessLogProgram.Step>, _ at: Int, _ end: Int
    ) -> Bool {
        let length = unsafe step.pointee.tailLength
        let tail = unsafe step.pointee.tail
        guard end &- at >= length else { return false }
        if at &+ 8 <= count {
            let word = unsafe UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self)
            return unsafe (UInt64(littleEndian: word) ^ tail) & step.pointee.tailMask == 0
        }
        for index in 0..<length {
            let wanted = UInt8(truncatingIfNeeded: tail >> UInt64(8 * index))
            if unsafe base[at &+ index] != wanted { return false }
        }
        return true
    }

    @inline(__always)
    private func hasLiteral(_ step: AccessLogProgram.Step, _ at: Int, _ end: Int) -> Bool {
        let length = Int(step.length)
        guard end &- at >= length else { return false }
        for index in 0..<length
        where unsafe base[at &+ index] != literals[Int(step.first) &+ index] {
            return false
        }
        return true
    }

    private func isWhitespace(_ start: Int, _ end: Int) -> Bool {
        for at in start..<end {
            let byte = unsafe base[at]
            if byte != Self.space, byte < 0x09 || byte > 0x0D { return false }
        }
        return true
    }

    /// The offset of the first byte up to the space (0x20 or less), or `end`.
    @inline(__always)
    private func endOfToken(_ start: Int, _ end: Int) -> Int {
        places.blank(from: start, before: end)
    }

    private func endOfWords(_ start: Int, _ end: Int, innerSpaces: UInt8) -> Int {
        var at = endOfToken(start, end)
        for _ in 0..<innerSpaces {
            guard at < end, unsafe base[at] == Self.space else { return -1 }
            at = endOfToken(at &+ 1, end)
        }
        return at
    }

    private func endOfRest(_ start: Int, _ end: Int) -> Int {
        var at = end
        while at > start, isWhitespace(at &- 1, at) { at &-= 1 }
        return at
    }

    private func endOfList(_ start: Int, _ end: Int) -> Int {
        var at = endOfToken(start, end)
        while at > start, at < end, unsafe base[at] == Self.space,
            unsafe base[at &- 1] == UInt8(ascii: ",")
        {
            at = endOfToken(at &+ 1, end)
        }
        return at
    }

    /// The end of a time with `byte` behind it, or -1; `known` is where one was found before, and
    /// becomes where this one was.
    @inline(__always)
    private func endOfTime(_ start: Int, _ end: Int, _ byte: UInt8, _ known: inout Int) -> Int {
        let behind = start &+ AccessLogTimeForm.length
        guard behind < end, unsafe base[behind] == byte else { return -1 }
        // Most often only the second is another one.
        let isLikeKnown =
            unsafe known >= 0 && AccessLogTimeForm.differsBySecond(base + start, base + known)
        guard isLikeKnown || isTime(start, behind) else { return -1 }
        known = start
        return behind
    }

    private func endOfText(_ start: Int, _ end: Int, _ byte: UInt8) -> Int {
        guard let at = unsafe memchr(base + start, Int32(byte), end &- start) else { return -1 }
        return unsafe UnsafeRawPointer(at) - UnsafeRawPointer(base)
    }

    /// The offset of the closing quote, or -1.
    @inline(__always)
    private func endOfQuoted(
        _ start: Int,
        _ end: Int,
        _ mark: inout Int,
        _ kind: inout FieldKind
    ) -> Int {
        var at = places.mark(from: start, &mark)
        while at < end, unsafe base[at] == Self.backslash {
            kind = .escapedText
            at = places.mark(from: at &+ 2, &mark)
        }
        return at < end ? at : -1
    }

    /// The end of a user name with spaces in it. Servers escape quotes in user names but not
    /// brackets, so `] "` can only be the end of the time: the name ends at the last ` [` before.
    private func endOfUser(_ start: Int, _ end: Int) -> Int {
        guard start < end, unsafe base[start] > Self.space else { return -1 }
        var from = start
        while true {
            let bracket = endOfText(from, end, UInt8(ascii: "]"))
            guard bracket >= 0, bracket &+ 2 < end else { return -1 }
            from = bracket &+ 1
            guard unsafe base[from] == Self.space, unsafe base[from &+ 1] == UInt8(ascii: "\"")
            else { continue }
            var at = bracket &- 1
            while at > start {
                if unsafe base[at] == UInt8(ascii: "["), unsafe base[at &- 1] == Self.space {
                    return at &- 1
                }
                at &-= 1
            }
            return -1
        }
    }

    /// True when a word before the user name begins or ends with a comma: then a list of addresses
    /// stands where one is expected, and what was taken for the user name is part of it.
    func hasListBeforeUser() -> Bool {
        let comma = UInt8(ascii: ",")
        for index in unsafe steps.indices {
            let step = unsafe steps[index]
            if step.operation == .user { return false }
            guard step.operation == .token else { continue }
            let word = unsafe found[Int(step.first)]
            if unsafe base[word.offset] == comma || base[word.end &- 1] == comma { return true }
        }
        return false
    }

    private func splitHost(_ start: Int, _ end: Int, _ field: Int) {
        var at = end
        while at > start, unsafe isDigit(base[at &- 1]) { at &-= 1 }
        let hasPort = unsafe at < end && at &- 1 > start && base[at &- 1] == UInt8(ascii: ":")
        let host = hasPort ? at &- 1 : end
        unsafe found[field] = FieldSlice(start: start, length: host &- start, kind: .text)
        unsafe found[field &+ 1] =
            hasPort ? FieldSlice(start: at, length: end &- at, kind: .text) : .absent
    }

    @inline(__always)
    private func passes(_ check: AccessLogProgram.Check, _ start: Int, _ end: Int) -> Bool {
        switch check {
        case .none: true
        case .status: end &- start == 3 && areDigits(start, end)
        case .statusOrDash:
            end &- start == 3 && areDigits(start, end) || isDash(start, end)
        case .byteCount: start < end && areDigits(start, end) || isDash(start, end)
        case .time: isTime(start, end)
        }
    }

    @inline(__always)
    private func isDash(_ start: Int, _ end: Int) -> Bool {
        unsafe end &- start == 1 && base[start] == UInt8(ascii: "-")
    }

    @inline(__always)
    private func areDigits(_ start: Int, _ end: Int) -> Bool {
        if end > start, end &- start <= 8 {
            let text = unsafe Span(_unsafeStart: base + start, count: end &- start)
            return DigitWord(text).isAllDigits
        }
        for at in start..<end where unsafe !isDigit(base[at]) { return false }
        return true
    }

    @inline(__always)
    private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private func isTime(_ start: Int, _ end: Int) -> Bool {
        guard end &- start == AccessLogTimeForm.length else { return false }
        return unsafe AccessLogTimeForm.matches(base + start)
    }

    /// The slice as the table has it: `-` alone is no value, a backslash means escapes.
    @inline(__always)
    func classified(_ slice: FieldSlice) -> FieldSlice {
        guard slice.kind == .text else { return slice }
        if slice.length == 1, unsafe base[slice.offset] == UInt8(ascii: "-") {
            return FieldSlice(start: slice.offset, length: 1, kind: .null)
        }
        guard places.hasBackslash(from: slice.offset, before: slice.end) else { return slice }
        return FieldSlice(start: slice.offset, length: slice.length, kind: .escapedText)
    }

    /// Part 0, 1 or 2 (method, path, protocol) of a request line; absent unless there are exactly
    /// three, with one space between two of them.
    func requestPart(_ part: Int, of request: FieldSlice) -> FieldSlice {
        guard request.isText, request.length > 4 else { return .absent }
        let space = Int32(Self.space)
        let start = unsafe base + request.offset
        guard let one = unsafe memchr(start, space, request.length) else { return .absent }
        let last = unsafe sluice_last_byte(start, request.length, Self.space)
        let first = unsafe UnsafeRawPointer(one) - UnsafeRawPointer(start)
        guard first > 0, last > first + 1, last < request.length - 1,
            unsafe memchr(start + first + 1, space, last - first - 1) == nil
        else { return .absent }
        let range =
            switch part {
            case 0: 0..<first
            case 1: (first + 1)..<last
            default: (last + 1)..<request.length
            }
        return classified(
            FieldSlice(start: request.offset + range.lowerBound, length: range.count, kind: .text)
        )
    }
}
