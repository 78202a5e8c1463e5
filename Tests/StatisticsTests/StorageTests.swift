import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Statistics

@Suite struct StorageTests {
    @Test func textsOfAllLengthsGetOneNumberEach() {
        let seed: UInt64 = 41
        var generator = SeededGenerator(seed: seed)
        var interner = TextInterner(seed: generator.next())
        var twin: [[UInt8]: UInt32] = [[]: 0]
        for round in 0..<4000 {
            let length = Int.random(in: 0...40, using: &generator)
            // Two letters only: texts that differ in one byte are common.
            let text = (0..<length).map { _ in UInt8.random(in: 97...98, using: &generator) }
            let padded = [0] + text + [0]
            let number = unsafe padded.withUnsafeBufferPointer {
                unsafe interner.number($0, from: 1, length: length, last: 0)
            }
            if let known = twin[text] {
                #expect(number == known, "seed \(seed), round \(round)")
            } else {
                #expect(Int(number) == twin.count, "seed \(seed), round \(round)")
                twin[text] = number
            }
        }
        for (text, number) in twin { #expect(interner.text(Int(number)) == text) }
        let sorted = interner.sorted { _ in true }.map { interner.text(Int($0)) }
        #expect(sorted == twin.keys.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test(arguments: 1...5)
    func keysGetOneRowEach(_ width: Int) {
        var generator = SeededGenerator(seed: 42)
        var table = KeyTable(width: width, seed: generator.next())
        var twin: [[UInt32]: Int] = [:]
        var key = FlatArray<UInt32>(capacity: width)
        key.resize(to: width, filling: 0)
        var last = 0
        for _ in 0..<3000 {
            let words = (0..<width).map { _ in UInt32.random(in: 0...9, using: &generator) }
            for index in 0..<width { key[index] = words[index] }
            let row = table.row(key, last: last)
            last = row
            #expect(row == twin[words, default: twin.count])
            twin[words] = row
        }
        for (words, row) in twin {
            #expect((0..<width).map { table.word($0, of: row) } == words)
        }
    }

    @Test func tokensAndPairsAreKeptOnce() {
        var tokens = TokenInterner()
        var pairs = PairSet(seed: 7)
        var twin: Set<UInt64> = []
        var generator = SeededGenerator(seed: 43)
        for _ in 0..<5000 {
            let user = Int.random(in: 0...900, using: &generator)
            let number = tokens.number(token(user), last: 0)
            #expect(tokens.token(Int(number)) == token(user))
            let row = Int.random(in: 0...3, using: &generator)
            pairs.insert(row: row, token: number)
            twin.insert(UInt64(row) << 32 | UInt64(number))
        }
        #expect(pairs.count == twin.count)
        let kept = pairs.pairs()
        #expect(Set((0..<kept.count).map { kept[$0] }) == twin)
    }
}
