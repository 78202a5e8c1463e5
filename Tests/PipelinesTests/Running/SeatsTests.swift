import FileSystem
import Synchronization
import Testing

@testable import Pipelines

/// Threads that keep to a processor each while they work, where there are as many of both.
@Suite struct SeatsTests {
    /// What a thread saw of itself.
    private struct Sight: Sendable {
        var allowed: Int?
        var processor: Int
    }

    private func sights(of count: Int) -> [Int: Sight] {
        let seen = Mutex<[Int: Sight]>([:])
        runThreads(count) { index in
            let sight = Sight(
                allowed: ProcessorSet.allowed()?.count, processor: currentProcessor())
            seen.withLock { $0[index] = sight }
        }
        return seen.withLock { $0 }
    }

    @Test(.enabled(if: processorCount() > 1)) func asManyThreadsAsProcessors() {
        let count = processorCount()
        let seen = sights(of: count)
        #expect(seen.count == count)
        #expect(seen.values.allSatisfy { $0.allowed == 1 })
        #expect(Set(seen.values.map(\.processor)).count == count)
        #expect(processorCount() == count, "the calling thread runs everywhere again")
    }

    @Test func moreThreadsThanProcessors() {
        let count = processorCount()
        #expect(sights(of: count + 1).values.allSatisfy { $0.allowed == count })
    }

    @Test func theSetIsARing() throws {
        let all = try #require(ProcessorSet.allowed())
        defer { all.allow() }
        var places: [Int] = []
        for turn in 0...all.count {
            #expect(all.keep(to: turn, behind: 0))
            #expect(ProcessorSet.allowed()?.count == 1)
            places.append(currentProcessor())
            #expect(all.allow())
        }
        #expect(Set(places).count == all.count)
        #expect(places.first == places.last)
        // Upwards, from the one that was asked for.
        #expect(places.dropLast() == places.dropLast().sorted()[...])
        for first in places {
            #expect(all.keep(to: 0, behind: first))
            #expect(currentProcessor() == first)
            #expect(all.allow())
        }
    }
}
