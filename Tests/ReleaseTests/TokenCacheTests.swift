import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Anonymization

@Suite struct TokenCacheTests {
    private struct Key: Hashable {
        let bytes: [UInt8]
        let tag: Int32
    }

    /// Against a dictionary, with hashes that collide on purpose.
    @Test(arguments: [1 as UInt64, 3, 1 << 40]) func holdsWhatWasPutIntoIt(_ hashes: UInt64) {
        let seed = 0x70C + hashes
        var generator = SeededGenerator(seed: seed)
        var cache = TokenCache()
        var known: [Key: Token] = [:]
        var hits = 0
        func hash(_ key: Key) -> UInt64 {
            UInt64(key.bytes.count * 31 + key.bytes.count { $0 == 1 }) % hashes
        }
        for round in 0..<3000 {
            let length = Int.random(in: 0...40, using: &generator) / 2
            // Seldom another byte than 1: values that differ in one place are common.
            let bytes = (0..<length).map { _ in
                UInt8.random(in: 0...9, using: &generator) == 0 ? 0 as UInt8 : 1
            }
            let key = Key(bytes: bytes, tag: Int32.random(in: 0...2, using: &generator))
            let found = cache.find(bytes.span, tag: key.tag, hash: hash(key))
            #expect(found == known[key], "seed \(seed), round \(round)")
            if found != known[key] { return }
            hits += found == nil ? 0 : 1
            if found != nil { continue }
            let made = Token(high: generator.next(), low: generator.next())
            cache.insert(bytes.span, tag: key.tag, hash: hash(key), token: made)
            known[key] = made
        }
        #expect(hits > 300)
        cache.wipe()
        let isEmpty = known.keys.allSatisfy { key in
            cache.find(key.bytes.span, tag: key.tag, hash: hash(key)) == nil
        }
        #expect(isEmpty)
    }

    @Test func staysWithinItsBounds() {
        var cache = TokenCache()
        func key(_ number: Int, _ length: Int) -> [UInt8] {
            Array(repeating: 7, count: length) + (0..<4).map { UInt8(number >> ($0 * 8) & 255) }
        }
        func put(_ number: Int, _ length: Int) {
            cache.insert(
                key(number, length).span, tag: 0, hash: UInt64(number),
                token: Token(high: 1, low: UInt64(number)))
        }
        func knows(_ number: Int, _ length: Int) -> Bool {
            cache.find(key(number, length).span, tag: 0, hash: UInt64(number))?.low
                == UInt64(number)
        }
        let most = TokenCache.entriesMax
        for number in 0..<most { put(number, 0) }
        #expect(knows(0, 0) && knows(most - 1, 0))
        put(most, 0)
        #expect(!knows(0, 0) && knows(most, 0), "full: starts afresh")
        cache.wipe()
        let fitting = TokenCache.bytesMax / 4004
        for number in 0..<fitting { put(number, 4000) }
        #expect(knows(0, 4000) && knows(fitting - 1, 4000))
        put(fitting, 4000)
        #expect(!knows(0, 4000) && knows(fitting, 4000), "full: starts afresh")
        put(1, 5000)
        #expect(!knows(1, 5000), "too long to be remembered")
    }
}
