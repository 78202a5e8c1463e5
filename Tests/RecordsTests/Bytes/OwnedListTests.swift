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

    @Test func nothingIsLentOfNothing() {
        var list = OwnedList<Int>(count: 0) { $0 }
        list.changeAll(in: [], threads: 4, by: { count, _ in #expect(count == 0) }, { _, _ in })
    }
}
