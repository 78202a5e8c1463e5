import CScanning
import Glibc
import Records

// The only place where the line formats search for line ends with pointers.

/// The offset behind the last line feed in `bytes[from...]`, or nil when there is none.
func endOfLastLine(in bytes: Span<UInt8>, from: Int) -> Int? {
    unsafe bytes.withUnsafeBufferPointer { view in
        guard let base = view.baseAddress, from < view.count else {
            return nil
        }
        let found = unsafe sluice_last_byte(base + from, view.count - from, 0x0A)
        return found < 0 ? nil : from + found + 1
    }
}

/// The offset behind the first line feed in `bytes[from...]`, or nil when there is none.
func endOfFirstLine(in bytes: Span<UInt8>, from: Int) -> Int? {
    unsafe bytes.withUnsafeBufferPointer { view in
        guard let base = view.baseAddress, from < view.count,
            let feed = unsafe memchr(base + from, 0x0A, view.count - from)
        else { return nil }
        return unsafe UnsafeRawPointer(feed) - UnsafeRawPointer(base) + 1
    }
}

/// The offset of the first line from `from` on that begins with `byte`; `bytes` begin with a line.
func firstLine(beginningWith byte: UInt8, in bytes: Span<UInt8>, from: Int) -> Int? {
    unsafe bytes.withUnsafeBufferPointer { view in
        guard let base = view.baseAddress else { return nil }
        var at = from
        while at < view.count,
            let found = unsafe memchr(base + at, Int32(byte), view.count - at)
        {
            at = unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
            if unsafe at == 0 || base[at - 1] == 0x0A { return at }
            at += 1
        }
        return nil
    }
}

/// One line: its text without the terminator and where the next line starts.
struct Line {
    let start: Int
    /// Behind the last byte of the text.
    let end: Int
    /// Behind the terminator.
    let next: Int
}

/// True when the `length` bytes at `start` hold a NUL byte.
func containsNUL(_ start: UnsafePointer<UInt8>, length: Int) -> Bool {
    length > 0 ? unsafe memchr(start, 0, length) != nil : false
}

/// The number of bytes before the first space of the line `start ..< end`; all of them without one.
@inline(__always)
func lengthOfFirstField(of bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    unsafe bytes.withUnsafeBytes { view in
        guard let base = view.baseAddress else { return 0 }
        let spaces: UInt64 = 0x2020_2020_2020_2020
        var at = start
        // Eight bytes at a time; a word may reach into the next line, not behind the last byte.
        let lastWord = min(end &- 1, view.count &- 8)
        while at <= lastWord {
            let word = unsafe base.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let differs = UInt64(littleEndian: word) ^ spaces
            // The lowest set top bit marks the first space; a borrow disturbs only bytes behind it.
            let found = (differs &- 0x0101_0101_0101_0101) & ~differs & 0x8080_8080_8080_8080
            if found != 0 { return min(at &+ found.trailingZeroBitCount >> 3, end) &- start }
            at &+= 8
        }
        while at < end, unsafe view[at] != 0x20 { at &+= 1 }
        return min(at, end) &- start
    }
}
