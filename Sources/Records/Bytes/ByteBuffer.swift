/// A growable run of bytes with one owner, made once and refilled.
///
/// Every stage that produces bytes appends to a buffer of this kind. It never shrinks, so the
/// steady state of a run allocates nothing. The view `bytes` ends at `count`; what lies beyond it
/// in the allocation is never shown. `deinit` and `wipe()` overwrite nothing by themselves unless
/// the buffer was made `sensitive`.
@safe @usableFromInline package struct ByteBuffer: ~Copyable {
    @usableFromInline package var base: UnsafeMutablePointer<UInt8>
    @usableFromInline package var capacity: Int

    /// The number of bytes appended so far.
    @usableFromInline package var count: Int

    /// Makes an empty buffer with room for `capacity` bytes (at least 16).
    @inlinable package init(capacity: Int = 256) {
        self.capacity = max(capacity, 16)
        unsafe base = .allocate(capacity: self.capacity)
        count = 0
    }

    @inlinable deinit { unsafe base.deallocate() }

    /// True when nothing has been appended since the last `removeAll`.
    @inlinable package var isEmpty: Bool { count == 0 }

    /// The bytes appended so far.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        @inlinable borrowing get {
            let view = unsafe Span(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(view, borrowing: self)
        }
    }

    /// Forgets the content and keeps the room.
    @inlinable package mutating func removeAll() { count = 0 }

    /// Drops everything after the first `length` bytes; `length` must not exceed `count`.
    @inlinable package mutating func truncate(to length: Int) {
        precondition(length >= 0 && length <= count)
        count = length
    }

    /// Overwrites the whole allocation with zeros and empties the buffer.
    @inlinable package mutating func wipe() {
        unsafe base.update(repeating: 0, count: capacity)
        count = 0
    }

    /// Makes sure that `extra` further bytes fit without another allocation.
    @inlinable package mutating func reserve(_ extra: Int) {
        if _slowPath(capacity &- count < extra) { grow(extra) }
    }

    @usableFromInline @inline(never)
    package mutating func grow(_ extra: Int) {
        let wanted = max(capacity * 2, count + extra)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        unsafe larger.update(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = larger
        capacity = wanted
    }

    /// Appends one byte.
    @inlinable package mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe base[count] = byte
        count &+= 1
    }

    /// Appends a copy of `view`.
    @inlinable package mutating func append(_ view: Span<UInt8>) {
        reserve(view.count)
        unsafe view.withUnsafeBufferPointer { source in
            if let start = source.baseAddress {
                unsafe (base + count).update(from: start, count: source.count)
            }
        }
        count &+= view.count
    }

    /// Appends a copy of `view`, which is short more often than not: 8 to 16 bytes go in two words
    /// that overlap.
    @inlinable @inline(__always) package mutating func append(short view: Span<UInt8>) {
        let length = view.count
        guard length >= 8, length <= 16 else { return append(view) }
        reserve(16)
        unsafe view.withUnsafeBytes { source in
            let target = unsafe UnsafeMutableRawPointer(base + count)
            let first = unsafe source.loadUnaligned(as: UInt64.self)
            let last = unsafe source.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)
            unsafe target.storeBytes(of: first, as: UInt64.self)
            unsafe target.storeBytes(of: last, toByteOffset: length &- 8, as: UInt64.self)
        }
        count &+= length
    }

    /// Appends the bytes of an array.
    @inlinable package mutating func append(_ array: [UInt8]) { append(array.span) }

    /// Appends the UTF-8 bytes of a literal known at compile time.
    @inlinable package mutating func append(_ literal: StaticString) {
        let length = literal.utf8CodeUnitCount
        reserve(length)
        unsafe (base + count).update(from: literal.utf8Start, count: length)
        count &+= length
    }

    /// Appends the UTF-8 bytes of `text`; for text of the programme itself, not for record content.
    package mutating func append(text: String) {
        for byte in text.utf8 { append(byte) }
    }

    /// Appends `length` bytes starting at `start`.
    ///
    /// The caller promises that `length` bytes are readable there; only the byte-scanning files
    /// use this form.
    @inlinable package mutating func append(
        unsafeFrom start: UnsafePointer<UInt8>, length: Int
    ) {
        reserve(length)
        unsafe (base + count).update(from: start, count: length)
        count &+= length
    }

    /// Lets `body` write up to `limit` further bytes and say how many it wrote.
    ///
    /// `body` receives the unused room, at least `limit` bytes, and returns the number written.
    @inlinable package mutating func appendUnsafe(
        upTo limit: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) throws -> Int
    ) rethrows {
        reserve(limit)
        let room = unsafe UnsafeMutableBufferPointer(start: base + count, count: capacity - count)
        let written = try unsafe body(room)
        precondition(written >= 0 && written <= capacity - count)
        count &+= written
    }

    /// Removes the first `length` bytes and moves the rest to the front.
    package mutating func removeFirst(_ length: Int) {
        precondition(length >= 0 && length <= count)
        unsafe base.update(from: base + length, count: count - length)
        count -= length
    }

    /// The content as an array of its own.
    package borrowing func array() -> [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: base, count: count))
    }
}

extension ByteBuffer {
    /// Appends `value` in decimal, without grouping.
    package mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    /// Appends `value` in decimal, without grouping.
    package mutating func append(decimal value: UInt64) {
        reserve(20)
        var digits = 1
        var power: UInt64 = 10
        while digits < 20, value >= power {
            digits += 1
            if digits < 20 { power &*= 10 }
        }
        var rest = value
        var at = count + digits
        count = at
        repeat {
            at -= 1
            unsafe base[at] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while at > count - digits
    }

    /// Appends `value` in decimal with leading zeros, exactly `width` digits; the value must fit.
    package mutating func append(decimal value: Int, width: Int) {
        reserve(width)
        var rest = value
        for place in stride(from: width - 1, through: 0, by: -1) {
            unsafe base[count + place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += width
    }

    /// Appends `view` as lower-case hexadecimal, two digits a byte.
    package mutating func append(hex view: Span<UInt8>) {
        reserve(view.count * 2)
        for index in view.indices {
            let byte = view[index]
            unsafe base[count] = hexDigit(byte >> 4)
            unsafe base[count + 1] = hexDigit(byte & 15)
            count += 2
        }
    }

    /// Appends `value` as `digits` (1 to 16) lower-case hexadecimal digits, most significant first.
    package mutating func append(hex value: UInt64, digits: Int = 16) {
        reserve(digits)
        if digits == 16 {
            let bytes = unsafe UnsafeMutableRawPointer(base + count)
            let high = hexDigits(UInt32(truncatingIfNeeded: value >> 32)).littleEndian
            let low = hexDigits(UInt32(truncatingIfNeeded: value)).littleEndian
            unsafe bytes.storeBytes(of: high, as: UInt64.self)
            unsafe bytes.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
            count &+= 16
            return
        }
        for place in stride(from: (digits - 1) * 4, through: 0, by: -4) {
            append(hexDigit(UInt8(truncatingIfNeeded: value >> UInt64(place)) & 15))
        }
    }
}

/// The eight lower-case hexadecimal digits of `value`, the first in the lowest bits: all worked out
/// at once in the bytes of a word.
@inlinable package func hexDigits(_ value: UInt32) -> UInt64 {
    var halves = UInt64(value)
    halves = (halves | halves << 16) & 0x0000_FFFF_0000_FFFF
    halves = (halves | halves << 8) & 0x00FF_00FF_00FF_00FF
    halves = (halves | halves << 4) & 0x0F0F_0F0F_0F0F_0F0F
    // Six more carries what is above nine into the upper half: a letter stands 39 behind it.
    let letters = (halves &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return (halves &+ 0x3030_3030_3030_3030 &+ letters &* 39).byteSwapped
}

/// The lower-case hexadecimal digit of a value from 0 to 15.
@inlinable package func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &- 10 &+ value
}
