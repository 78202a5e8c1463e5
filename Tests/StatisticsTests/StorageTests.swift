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
            // Sometimes with room behind it for a read of whole words, sometimes without.
            let room = Int.random(in: 0...20, using: &generator)
            let padded = [0] + text + [UInt8](repeating: 98, count: room)
            let number = unsafe padded.withUnsafeBufferPointer {
                unsafe interner.number($0, from: 1, length: length)
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
        for _ in 0..<3000 {
            let words = (0..<width).map { _ in UInt32.random(in: 0...9, using: &generator) }
            for index in 0..<width { key[index] = words[index] }
            let row = table.row(key)
            #expect(row == twin[words, default: twin.count])
            twin[words] = row
        }
        for (words, row) in twin {
            #expect((0..<width).map { table.word($0, of: row) } == words)
        }
    }

    @Test(arguments: 1...5)
    func keysOfABatchGetTheRowsOfSingleKeys(_ width: Int) {
        let seed: UInt64 = 44
        var generator = SeededGenerator(seed: seed)
        var plain = KeyTable(width: width, seed: generator.next())
        var batched = KeyTable(width: width, seed: generator.next())
        var remembering = KeyTable(width: width, seed: generator.next())
        var lastRows = FlatArray<UInt32>()
        var rows = FlatArray<UInt32>()
        var key = FlatArray<UInt32>()
        for round in 0..<200 {
            let count = Int.random(in: 0...30, using: &generator)
            var keys = FlatArray<UInt32>()
            var wanted: [UInt32] = []
            for _ in 0..<count {
                key.truncate(to: 0)
                for _ in 0..<width { key.append(UInt32.random(in: 0...12, using: &generator)) }
                for word in 0..<width { keys.append(key[word]) }
                wanted.append(UInt32(plain.row(key)))
            }
            batched.rows(of: keys, count: count, into: &rows)
            #expect(rows.indices.map { rows[$0] } == wanted, "seed \(seed), round \(round)")
            remembering.rows(
                of: keys,
                count: count,
                rememberedBy: width - 1,
                in: &lastRows,
                into: &rows
            )
            #expect(rows.indices.map { rows[$0] } == wanted, "seed \(seed), round \(round)")
        }
        #expect(batched.count == plain.count && remembering.count == plain.count)
    }

    @Test func aKeyWithoutWordsHasOneRow() {
        var table = KeyTable(width: 0, seed: 5)
        var rows = FlatArray<UInt32>()
        table.rows(of: FlatArray<UInt32>(), count: 3, into: &rows)
        #expect(rows.indices.map { rows[$0] } == [0, 0, 0])
        #expect(table.count == 1)
    }

    @Test func shortTextsAreTheSameWordsHoweverTheyAreRead() {
        let bytes = [UInt8](0x61...0x80)
        unsafe bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            for length in 1...TextWords.lengthMax {
                let over = unsafe TextWords(readingOver: base, length)
                let exact = unsafe TextWords(base, length)
                #expect(over == exact, "length \(length)")
            }
        }
    }

    @Test func tokensAndPairsAreKeptOnce() {
        var tokens = TokenInterner()
        var pairs = PairSet(seed: 7)
        var twin: Set<UInt64> = []
        var generator = SeededGenerator(seed: 43)
        for _ in 0..<5000 {
            let user = Int.random(in: 0...900, using: &generator)
            let number = tokens.number(token(user))
            #expect(tokens.token(Int(number)) == token(user))
            let row = Int.random(in: 0...3, using: &generator)
            pairs.insert(row: UInt32(row), token: number)
            twin.insert(UInt64(row) << 32 | UInt64(number))
        }
        #expect(pairs.count == twin.count)
        let kept = pairs.pairs()
        #expect(Set((0..<kept.count).map { kept[$0] }) == twin)
        let taken = pairs.takeSorted { ~$0 }
        #expect((0..<taken.count).map { taken[$0] } == twin.map { ~$0 }.sorted())
        #expect(pairs.count == 0 && pairs.pairs().count == 0)
        pairs.insert(row: 1, token: 2)
        #expect(pairs.count == 1)
    }

    /// Values that differ in all bits, in few, in the highest and in the lowest byte only.
    @Test(
        arguments: [0..<UInt64.max, 0..<3, 1 << 40..<1 << 40 + 300, 0..<1 << 33]
            as [Range<UInt64>])
    func valuesAreSortedInPlace(_ range: Range<UInt64>) {
        let seed: UInt64 = 44
        var generator = SeededGenerator(seed: seed)
        for count in [0, 1, 2, 31, 32, 33, 500, 20_000] {
            var values = FlatArray<UInt64>()
            for number in 0..<count {
                let value = UInt64.random(in: range, using: &generator)
                values.append(number % 3 == 0 ? value.byteSwapped : value)
            }
            let expected = (0..<count).map { values[$0] }.sorted()
            values.sortInPlace()
            #expect((0..<count).map { values[$0] } == expected, "seed \(seed), \(count) values")
        }
    }

    @Test func tokensAreSortedWhereverTheyLie() {
        let seed: UInt64 = 45
        var generator = SeededGenerator(seed: seed)
        // Spread evenly, as tokens are, and all with the same first bits.
        for shift in [0, 40] as [UInt64] {
            var interner = TokenInterner()
            for _ in 0..<3000 {
                let high = UInt64.random(in: 0...(.max), using: &generator) >> shift
                _ = interner.number(
                    Token(high: high, low: UInt64.random(in: 1...3, using: &generator))
                )
            }
            let sorted = interner.sorted { $0 % 7 != 0 }
            let expected = (1..<UInt32(interner.count)).filter { $0 % 7 != 0 }
                .sorted { interner.token(Int($0)) < interner.token(Int($1)) }
            #expect(sorted == expected, "seed \(seed), shift \(shift)")
        }
    }
}
