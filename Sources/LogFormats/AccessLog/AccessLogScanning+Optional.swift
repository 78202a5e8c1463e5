import Glibc
import Records

// Fields that may be missing. Each of these stores the slice of field number `field`, absent when
// it is not there, and returns the offset at which the line goes on.
extension AccessLogScan {
    /// What a daemon put in front of the line: up to the first `: ` that stands before the bracket
    /// of the time. The colons inside a time of day have no space behind them.
    func behindPrologue(_ start: Int, _ end: Int, _ field: Int) -> Int {
        unsafe found[field] = .absent
        var at = start
        while at &+ 1 < end {
            let byte = unsafe base[at]
            let next = unsafe base[at &+ 1]
            if byte == UInt8(ascii: ":"), next == UInt8(ascii: " ") {
                let isEmpty = at == start
                unsafe found[field] =
                    isEmpty ? .absent : FieldSlice(start: start, length: at - start, kind: .text)
                return at &+ 2
            }
            if byte == UInt8(ascii: "["), isDateAhead(at &+ 1, end) { return start }
            at &+= 1
        }
        return start
    }

    /// `dd/`
    private func isDateAhead(_ at: Int, _ end: Int) -> Bool {
        guard at &+ 2 < end, unsafe base[at &+ 2] == UInt8(ascii: "/") else { return false }
        let first = unsafe base[at] &- UInt8(ascii: "0")
        let second = unsafe base[at &+ 1] &- UInt8(ascii: "0")
        return first < 10 && second < 10
    }

    /// What stands before the next quote; the space in front of the quote is not part of it.
    func behindCaptures(_ start: Int, _ end: Int, _ field: Int) -> Int {
        unsafe found[field] = .absent
        guard start < end,
            let quote = unsafe memchr(base + start, Int32(UInt8(ascii: "\"")), end &- start)
        else { return start }
        let at = unsafe UnsafeRawPointer(quote) - UnsafeRawPointer(base)
        guard at > start &+ 1, unsafe base[at &- 1] == UInt8(ascii: " ") else { return start }
        unsafe found[field] = FieldSlice(start: start, length: at - 1 - start, kind: .text)
        return at
    }

    /// All that follows behind a space, white space at the end of the line aside.
    func behindTail(_ start: Int, _ end: Int, _ field: Int) -> Int {
        unsafe found[field] = .absent
        var last = end
        while last > start, unsafe base[last &- 1] <= UInt8(ascii: " ") { last &-= 1 }
        guard last > start &+ 1, unsafe base[start] == UInt8(ascii: " ") else { return start }
        unsafe found[field] = FieldSlice(start: start + 1, length: last - start - 1, kind: .text)
        return last
    }
}
