private import Synchronization

/// A fixed number of values that cannot be copied, each lent for the time of a call.
///
/// Loops over records keep what they change in values of this kind: a value that is lent once for a
/// whole chunk needs no check at run time for each access, as a property of a class would.
@safe @usableFromInline package struct OwnedList<Element: ~Copyable>: ~Copyable {
    @usableFromInline package let base: UnsafeMutablePointer<Element>

    /// The number of values.
    @usableFromInline package let count: Int

    /// Makes `count` values, the one at `index` by `make(index)`.
    @inlinable package init(count: Int, _ make: (Int) -> Element) {
        self.count = count
        unsafe base = .allocate(capacity: max(count, 1))
        for index in 0..<count { unsafe (base + index).initialize(to: make(index)) }
    }

    @inlinable deinit {
        unsafe base.deinitialize(count: count)
        unsafe base.deallocate()
    }

    /// The places of the values: `0 ..< count`.
    @inlinable @inline(__always) package var indices: Range<Int> { 0..<count }

    /// The value at `index`, lent in place; `index` must be below `count`.
    @inlinable package subscript(index: Int) -> Element {
        @inline(__always) _read {
            precondition(index >= 0 && index < count)
            yield unsafe base[index]
        }
        @inline(__always) _modify {
            precondition(index >= 0 && index < count)
            yield unsafe &base[index]
        }
    }

    /// Lends the value at `index`; `index` must be below `count`.
    @inlinable @inline(__always)
    package mutating func change<Result>(
        _ index: Int, _ body: (inout Element) -> Result
    ) -> Result {
        precondition(index >= 0 && index < count)
        return unsafe body(&base[index])
    }

    /// Lends the value at `index` for reading.
    @inlinable @inline(__always)
    package func read<Result>(_ index: Int, _ body: (borrowing Element) -> Result) -> Result {
        precondition(index >= 0 && index < count)
        return unsafe body(base[index])
    }
}

/// Calls what it is given for each of 0 ..< `count`, on as many threads at a time, and returns when
/// all calls have returned.
package typealias ThreadRunner =
    (_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Void

extension OwnedList where Element: ~Copyable {
    /// Lends each value to `body` once, to `threads` threads of `run` at a time; those that come
    /// first in `order`, which has the place of each value once, are lent first.
    package mutating func changeAll(
        in order: [Int], threads: Int, by run: ThreadRunner,
        _ body: @Sendable (Int, inout Element) -> Void
    ) {
        precondition(order.sorted().elementsEqual(0..<count))
        let next = NextPlace()
        nonisolated(unsafe) let values = unsafe base
        withoutActuallyEscaping(body) { body in
            run(min(threads, order.count)) { _ in
                while let place = next.take(below: order.count) {
                    unsafe body(order[place], &values[order[place]])
                }
            }
        }
    }

    /// Lends each value as `changeAll` does, together with that of `others`, as many, at the same
    /// place.
    package mutating func changeAll<Other: ~Copyable>(
        with others: inout OwnedList<Other>, in order: [Int], threads: Int,
        by run: ThreadRunner, _ body: @Sendable (inout Element, inout Other) -> Void
    ) {
        precondition(others.count == count)
        nonisolated(unsafe) let lent = unsafe others.base
        changeAll(in: order, threads: threads, by: run) { index, value in
            unsafe body(&value, &lent[index])
        }
    }

    /// Lends each value as `changeAll` does, and for reading with it the value of `others` at the
    /// place that `places` has for it.
    package mutating func changeAll<Other: ~Copyable>(
        reading others: borrowing OwnedList<Other>, at places: [Int], in order: [Int],
        threads: Int, by run: ThreadRunner,
        _ body: @Sendable (inout Element, borrowing Other) -> Void
    ) {
        precondition(places.count == count)
        precondition(places.allSatisfy(others.indices.contains))
        nonisolated(unsafe) let lent = unsafe others.base
        changeAll(in: order, threads: threads, by: run) { index, value in
            unsafe body(&value, lent[places[index]])
        }
    }
}

/// Gives each of 0, 1, 2 … to one thread.
private final class NextPlace: Sendable {
    private let next = Atomic(0)

    /// The next one, nil when it is not below `end`.
    func take(below end: Int) -> Int? {
        let place = next.add(1, ordering: .relaxed).oldValue
        return place < end ? place : nil
    }
}
