@testable import Anonymization
import Records
import TestSupport
import Testing

/// A `ReplacementCache` that takes arrays.
private final class Memory {
    private var cache = ReplacementCache()

    func wipe() { cache.wipe() }

    func find(_ key: [UInt8], tag: Int32 = 0, hash: UInt64) -> [UInt8]? {
        var found = ByteBuffer()
        found.append("-")
        // One byte more, so that an empty key has an address too.
        let result = unsafe (key + [0]).withUnsafeBufferPointer { view in
            unsafe view.baseAddress.flatMap {
                unsafe cache.find($0, length: key.count, tag: tag, hash: hash, into: &found)
            }
        }
        return result == .text ? Array(found.array().dropFirst()) : nil
    }

    func insert(_ key: [UInt8], tag: Int32 = 0, hash: UInt64, value: [UInt8]) {
        unsafe (key + value + [0]).withUnsafeBufferPointer { view in
            guard let base = view.baseAddress else { return }
            unsafe cache.insert(
                base,
                length: key.count,
                tag: tag,
                hash: hash,
                value: base + key.count,
                valueLength: value.count,
                result: .text
            )
        }
    }
}

@Suite struct ReplacementCacheTests {
    private struct Key: Hashable {
        let bytes: [UInt8]
        let tag: Int32
    }

    /// Against a dictionary, with hashes that collide on purpose.
    @Test(arguments: [1 as UInt64, 3, 1 << 40]) func holdsWhatWasPutIntoIt(_ hashes: UInt64) {
        var generator = SeededGenerator(seed: 0x3E3 + hashes)
        let memory = Memory()
        var known: [Key: [UInt8]] = [:]
        var hits = 0
        func hash(_ key: Key) -> UInt64 {
            UInt64(key.bytes.count * 31 + key.bytes.count { $0 == 1 }) % hashes
        }
        for _ in 0..<3000 {
            let length = Int.random(in: 0...14, using: &generator)
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...1, using: &generator) }
            let key = Key(bytes: bytes, tag: Int32.random(in: -1...1, using: &generator))
            let found = memory.find(bytes, tag: key.tag, hash: hash(key))
            #expect(found == known[key])
            if found != known[key] { return }
            hits += found == nil ? 0 : 1
            if found != nil { continue }
            let value = Array(bytes.reversed()) + [UInt8.random(in: 0...255, using: &generator)]
            memory.insert(bytes, tag: key.tag, hash: hash(key), value: value)
            known[key] = value
        }
        #expect(hits > 300)
        memory.wipe()
        #expect(known.keys.allSatisfy { memory.find($0.bytes, tag: $0.tag, hash: hash($0)) == nil })
    }

    @Test func staysWithinItsBounds() {
        let memory = Memory()
        func key(_ number: Int, _ length: Int) -> [UInt8] {
            Array(repeating: 7, count: length) + (0..<4).map { UInt8(number >> ($0 * 8) & 255) }
        }
        func put(_ number: Int, _ length: Int) {
            memory.insert(key(number, length), hash: UInt64(number), value: [1, 2, 3])
        }
        func knows(_ number: Int, _ length: Int) -> Bool {
            memory.find(key(number, length), hash: UInt64(number)) == [1, 2, 3]
        }
        let most = ReplacementCache.entriesMax
        for number in 0..<most { put(number, 0) }
        #expect(knows(0, 0) && knows(most - 1, 0))
        put(most, 0)
        #expect(!knows(0, 0) && knows(most, 0), "full: starts afresh")
        memory.wipe()
        let fitting = ReplacementCache.bytesMax / 4007
        for number in 0..<fitting { put(number, 4000) }
        #expect(knows(0, 4000) && knows(fitting - 1, 4000))
        put(fitting, 4000)
        #expect(!knows(0, 4000) && knows(fitting, 4000), "full: starts afresh")
        put(1, 5000)
        #expect(!knows(1, 5000), "too long to be remembered")
    }
}
