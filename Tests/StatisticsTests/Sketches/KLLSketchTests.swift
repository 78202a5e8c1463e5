import TestSupport
import Testing

@testable import Statistics

@Suite struct KLLSketchTests {
    /// Read as other numbers than it was made of, a sketch gives nonsense without a fault.
    @Test func eachItemIsMergedByItsOwnFunction() {
        let merge = SketchDescriptor.kll.sparkFunction
        #expect(merge(.double).hasPrefix("kll_merge_agg_double "))
        #expect(merge(.milliseconds).hasPrefix("kll_merge_agg_bigint "))
    }

    @Test func bytesOfTheLibrary() throws {
        // By the Python package datasketches 5.2.0. Level 0 has no order there, here it is sorted.
        #expect(hex(KLLSketch<Double>().bytes) == "02010f01c8000800")
        #expect(hex(kll([1]).bytes) == "02020f04c8000800000000000000f03f")
        let five = unhex(
            "05010f00c80008000500000000000000c8000100c3000000000000000000f03f0000000000001440"
                + "00000000000014400000000000001040000000000000084000000000000000400000"
                + "00000000f03f")
        let read = try KLLSketch<Double>(bytes: five)
        #expect(read.count == 5)
        #expect(read.bytes.prefix(3) == five.prefix(3))
        #expect(read.bytes.dropFirst(4).prefix(36) == five.dropFirst(4).prefix(36))
        #expect(read.bytes == kll([1, 2, 3, 4, 5]).bytes)
        // k 8, 20 numbers, two levels.
        let two = unhex(
            "05010f0008000800140000000000000008000200000000000c000000000000000000f03f000000000000"
                + "3440000000000000344000000000000033400000000000003240000000000000314000000000"
                + "000030400000000000002e400000000000002c400000000000002a400000000000002840000000"
                + "0000002640000000000000244000000000000022400000000000000040000000000000104000"
                + "000000000018400000000000002040")
        let levels = try KLLSketch<Double>(bytes: two)
        #expect(levels.count == 20)
        #expect(levels.quantile(0.5) == 10)
        let longs = unhex(
            "05010f00c80008000300000000000000c8000100c5000000010000000000000003000000000000000300"
                + "00000000000002000000000000000100000000000000")
        #expect(try KLLSketch<Int64>(bytes: longs).quantile(0.5) == 2)
    }

    @Test func exactWhileSmall() {
        let sketch = kll((1...200).map { Double($0) }.shuffled())
        #expect(!sketch.isEstimating)
        #expect(sketch.quantile(0) == 1)
        #expect(sketch.quantile(0.5) == 100)
        #expect(sketch.quantile(0.95) == 190)
        #expect(sketch.quantile(1) == 200)
        #expect(sketch.rank(50) == 0.25)
        #expect(KLLSketch<Double>().quantile(0.5) == nil)
        #expect(KLLSketch<Double>().rank(0.5) == 0)
    }

    @Test func notANumberHasNoPlace() {
        var sketch = KLLSketch<Double>()
        sketch.insert(.nan)
        sketch.insert(.nan, times: 9)
        #expect(sketch.count == 0)
        sketch.insert(-.infinity)
        sketch.insert(0)
        #expect(sketch.least == -.infinity)
        #expect(sketch.greatest == 0)
    }

    private static func worstRank(_ sketch: KLLSketch<Int64>, of count: Int) -> Double {
        (1...99).map { hundredth in
            let item = Int64(count * hundredth / 100)
            return abs(sketch.rank(item) - Double(item) / Double(count))
        }.max() ?? 1
    }

    @Test func ranksAreAsExactAsStated() {
        var generator = SeededGenerator(seed: 75)
        let count = 10_000
        var failures = 0
        for round in 0..<30 {
            var numbers = Array(1...Int64(count))
            if round % 3 > 0 { numbers.shuffle(using: &generator) }
            var sketch = KLLSketch<Int64>(k: 100)
            if round % 3 == 2 {
                for part in 0..<5 {
                    var other = KLLSketch<Int64>(k: 100)
                    for at in stride(from: part, to: count, by: 5) { other.insert(numbers[at]) }
                    sketch.merge(other)
                }
            } else {
                for number in numbers { sketch.insert(number) }
            }
            #expect(sketch.count == UInt64(count))
            #expect(sketch.least == 1)
            #expect(sketch.greatest == Int64(count))
            #expect(sketch.bytes.count < 4000)
            if Self.worstRank(sketch, of: count) > sketch.rankError { failures += 1 }
        }
        // One in a hundred may be.
        #expect(failures <= 2, "\(failures) of 30")
    }

    @Test func weightsAreManyValues() {
        var generator = SeededGenerator(seed: 76)
        var weighted = KLLSketch<Int64>()
        var times: [UInt64] = []
        for number in 0..<2000 {
            times.append(UInt64.random(in: 1...5000, using: &generator))
            weighted.insert(Int64(number), times: times[number])
        }
        let total = times.reduce(0, +)
        #expect(weighted.count == total)
        var below: UInt64 = 0
        for number in 0..<2000 {
            below += times[number]
            let error = weighted.rank(Int64(number)) - Double(below) / Double(total)
            #expect(abs(error) < weighted.rankError, "number \(number)")
        }
        var huge = KLLSketch<Int64>(k: 8)
        huge.insert(1, times: .max)
        huge.insert(2, times: .max)
        huge.insert(3)
        #expect(huge.count == KLLSketch<Int64>.countMax)
        #expect(huge.quantile(0.5) == 1)
    }

    @Test func sameOrderGivesSameBytesAndGoesOnFromBytes() throws {
        var generator = SeededGenerator(seed: 77)
        let numbers = (0..<30_000).map { _ in Double.random(in: -5...5, using: &generator) }
        let whole = kll(numbers)
        #expect(whole.bytes == kll(numbers).bytes)
        for cut in [0, 1, 2, 199, 200, 201, 5000, 29_999] {
            var resumed = try KLLSketch<Double>(bytes: kll(numbers.prefix(cut)).bytes)
            for number in numbers.dropFirst(cut) { resumed.insert(number) }
            #expect(resumed.bytes == whole.bytes, "cut \(cut)")
        }
    }

    /// Sizes of levels by the definition, in whole numbers of any length.
    @Test func roomOfLevels() {
        for k in [8, 9, 200, 65_535] {
            for power in 0...30 {
                var threes = Int128(1)
                for _ in 0..<power { threes *= 3 }
                let twice = (Int128(k) << Int128(power + 1)) / threes
                let expected = max(8, Int((twice + 1) / 2))
                #expect(KLLCapacity.level(0, k: k, levels: power + 1) == expected)
            }
            #expect(KLLCapacity.level(0, k: k, levels: 60) == 8)
        }
    }

    @Test func damageIsFoundWhereItIs() {
        let full = kll((0..<1000).map { Double($0) }).bytes
        let single = kll([7]).bytes
        func changed(_ bytes: [UInt8], _ place: Int, _ value: UInt8) -> [UInt8] {
            var bytes = bytes
            bytes[place] = value
            return bytes
        }
        let cases: [([UInt8], SketchFault.Code, Int)] = [
            (Array(full.prefix(5)), .truncated, 5),
            (changed(full, 0, 2), .damaged, 0),
            (changed(full, 1, 3), .otherVersion, 1),
            (changed(full, 2, 7), .otherFamily, 2),
            (changed(full, 3, 4), .damaged, 3),
            (changed(full, 4, 7), .damaged, 4),
            (changed(full, 6, 9), .otherForm, 6),
            (changed(full, 8, 1), .damaged, 8),
            (changed(full, 15, 1), .damaged, 8),
            (changed(full, 16, 201), .damaged, 16),
            (changed(full, 18, 0), .damaged, 18),
            (changed(full, 18, 61), .damaged, 18),
            (changed(full, 21, 9), .damaged, 20),
            (changed(full, 20, full[20] - 1), .truncated, full.count),
            (Array(full.dropLast()), .truncated, full.count - 1),
            (full + [0], .trailing, full.count),
            (changed(full, full.count - 1, 0x7f), .damaged, full.count - 8),
            (changed(changed(single, 14, 0xf8), 15, 0x7f), .damaged, 8),
            (single + [0], .trailing, 16),
        ]
        for (index, (bytes, code, offset)) in cases.enumerated() {
            let found = fault { _ = try KLLSketch<Double>(bytes: bytes) }
            #expect(found?.code == code, "case \(index)")
            #expect(found?.byteOffset == offset, "case \(index)")
        }
    }
}
