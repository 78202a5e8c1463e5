import Dispatch
import Records
import Testing

struct OwnedListTests {
    @Test(arguments: [1, 2, 5, 40])
    func lendsEachValueOnceToOneThread(_ threads: Int) {
        var list = OwnedList<Int>(count: 24) { $0 }
        list.changeAll(
            in: Array((0..<24).reversed()), threads: threads,
            by: { count, body in
                #expect(count == min(threads, 24))
                DispatchQueue.concurrentPerform(iterations: count, execute: body)
            },
            { place, value in value += 1000 * (place + 1) })
        for place in 0..<24 { #expect(list.read(place) { $0 } == place + 1000 * (place + 1)) }
    }

    @Test func lendsTheValuesOfTwoListsTogether() {
        var sums = OwnedList<Int>(count: 9) { $0 }
        var added = OwnedList<Int>(count: 9) { 10 * $0 }
        sums.changeAll(with: &added, in: Array(0..<9), threads: 3, by: Self.byThreads) {
            $0 += $1
            $1 = 0
        }
        #expect(sums.indices.map { sums[$0] } == (0..<9).map { 11 * $0 })
        #expect(added.indices.allSatisfy { added[$0] == 0 })
    }

    @Test func severalValuesMayReadOneOfAnotherList() {
        var list = OwnedList<Int>(count: 6) { _ in 0 }
        let read = OwnedList<Int>(count: 2) { $0 + 1 }
        list.changeAll(
            reading: read, at: [1, 1, 0, 1, 0, 0], in: Array(0..<6), threads: 4,
            by: Self.byThreads
        ) { $0 = $1 }
        #expect(list.indices.map { list[$0] } == [2, 2, 1, 2, 1, 1])
    }

    private static func byThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        DispatchQueue.concurrentPerform(iterations: count, execute: body)
    }

    @Test func nothingIsLentOfNothing() {
        var list = OwnedList<Int>(count: 0) { $0 }
        list.changeAll(in: [], threads: 4, by: { count, _ in #expect(count == 0) }, { _, _ in })
    }
}
