/// A fixed number of values that cannot be copied, each lent for the time of a call.
@safe struct OwnedList<Element: ~Copyable>: ~Copyable {
    private let base: UnsafeMutablePointer<Element>
    let count: Int

    /// Makes `count` values, the one at `index` by `make(index)`.
    init(count: Int, _ make: (Int) -> Element) {
        self.count = count
        unsafe base = .allocate(capacity: max(count, 1))
        for index in 0..<count { unsafe (base + index).initialize(to: make(index)) }
    }

    deinit {
        unsafe base.deinitialize(count: count)
        unsafe base.deallocate()
    }

    /// Lends the value at `index`; `index` must be below `count`.
    @inline(__always)
    mutating func change<Result>(_ index: Int, _ body: (inout Element) -> Result) -> Result {
        precondition(index >= 0 && index < count)
        return unsafe body(&base[index])
    }

    /// Lends the value at `index` for reading.
    func read<Result>(_ index: Int, _ body: (borrowing Element) -> Result) -> Result {
        precondition(index >= 0 && index < count)
        return unsafe body(base[index])
    }
}
