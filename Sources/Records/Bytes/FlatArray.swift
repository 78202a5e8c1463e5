/// A growable run of plain values in memory of its own: what a Swift array does, without reference
/// counts or uniqueness checks, so that the loops over rows cost what they look like.
///
/// Every index is checked. The memory never shrinks until `removeAll`. It grows in place where it
/// can, and room that was never written to takes none.
@safe @usableFromInline package struct FlatArray<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline package var base: UnsafeMutablePointer<Element>
    @usableFromInline package var capacity: Int
    @usableFromInline package var count = 0

    /// An empty run with room for `capacity` values.
    @inlinable package init(capacity: Int = 0) {
        let room = max(capacity, 8)
        self.capacity = room
        unsafe base = Self.allocate(room)
    }

    @inlinable deinit { unsafe FlatMemory.free(base) }

    @inlinable static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element> {
        let bytes = capacity * MemoryLayout<Element>.stride
        return unsafe FlatMemory.allocate(bytes).bindMemory(to: Element.self, capacity: capacity)
    }

    /// The memory in use, in bytes.
    @inlinable package var residentBytes: Int { count * MemoryLayout<Element>.stride }

    /// The value at `index`; `index` must be below `count`.
    @inlinable package subscript(index: Int) -> Element {
        @inline(__always) get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            return unsafe base[index]
        }
        @inline(__always) _modify {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            yield unsafe &base[index]
        }
    }

    /// Lends the value at `index` for a change in place.
    @inline(__always)
    @inlinable package mutating func change(_ index: Int, _ body: (inout Element) -> Void) {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
        unsafe body(&base[index])
    }

    /// Appends one value.
    @inline(__always)
    @inlinable package mutating func append(_ element: Element) {
        if _slowPath(count == capacity) { grow(to: count + 1) }
        unsafe base[count] = element
        count &+= 1
    }

    /// Appends `extra` copies of `element`.
    @inlinable package mutating func append(repeating element: Element, count extra: Int) {
        if count + extra > capacity { grow(to: count + extra) }
        unsafe (base + count).initialize(repeating: element, count: extra)
        count += extra
    }

    /// Makes the run exactly `length` values long; new ones are `element`.
    @inlinable package mutating func resize(to length: Int, filling element: Element) {
        if length > count { append(repeating: element, count: length - count) }
        count = length
    }

    /// Sets all values to `element`.
    @inlinable package mutating func fill(_ element: Element) {
        unsafe base.update(repeating: element, count: count)
    }

    /// The values as a view.
    package var span: Span<Element> {
        @_lifetime(borrow self)
        @inlinable borrowing get {
            let view = unsafe Span(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(view, borrowing: self)
        }
    }

    /// The places of the values: `0 ..< count`.
    @inlinable package var indices: Range<Int> { 0..<count }

    /// Drops all values behind the first `length`.
    @inlinable package mutating func truncate(to length: Int) {
        precondition(length >= 0 && length <= count)
        count = length
    }

    /// Forgets all values and gives the memory back.
    @inlinable package mutating func removeAll() {
        unsafe FlatMemory.free(base)
        capacity = 8
        unsafe base = Self.allocate(capacity)
        count = 0
    }

    /// Lends the values as a buffer, for sorting and block copies.
    @inlinable package mutating func withBuffer<Result>(
        _ body: (inout UnsafeMutableBufferPointer<Element>) -> Result
    ) -> Result {
        var buffer = unsafe UnsafeMutableBufferPointer(start: base, count: count)
        return unsafe body(&buffer)
    }

    /// Sorts the values.
    @inlinable package mutating func sort(by areInOrder: (Element, Element) -> Bool) {
        unsafe withBuffer { unsafe $0.sort(by: areInOrder) }
    }

    @usableFromInline @inline(never)
    package mutating func grow(to wanted: Int) {
        let roomier = max(wanted, capacity * 2)
        let larger = unsafe FlatMemory.resize(base, roomier * MemoryLayout<Element>.stride)
        unsafe base = larger.bindMemory(to: Element.self, capacity: roomier)
        capacity = roomier
    }
}
