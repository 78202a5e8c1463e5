import TestSupport
import Testing

@testable import Statistics

@Suite struct HLLSketchTests {
    @Test func bytesOfTheLibrary() throws {
        // By the Python package datasketches 5.2.0, lgK 12, HLL_8, the numbers 0 to n - 1.
        #expect(hex(HLLSketch().bytes) == "0201070c030c0008")
        #expect(hex(hll(0..<1).bytes) == "0201070c03080108cbd7c204")
        let seven = "0201070c03080708cbd7c2042bf2fb06862ff90d7581660781bc5d067b65e608fc2d420a"
        #expect(try HLLSketch(bytes: unhex(seven)) == hll(0..<7))
        let eight =
            "0301070c050800090800000081bc5d06862ff90dcbd7c204c1e9170575816607fc2d420a7b65e6082bf2"
            + "fb06"
        #expect(try HLLSketch(bytes: unhex(eight)) == hll(0..<8))
        #expect(hll(0..<8).bytes.prefix(12) == unhex(eight).prefix(12))
        #expect(hll(0..<384).bytes.prefix(12) == unhex("0301070c0908000980010000")[...])
        // The union of 0 to 49,999 and 30,000 to 99,999.
        var union = hll(0..<50_000)
        union.merge(hll(30_000..<100_000))
        #expect(
            digest(union.bytes)
                == "ade120e8c8c9c7cc43df15b4344075e4a79bd09265afe14e3595ed160d37f440")
        #expect(union == hll(0..<100_000))
        #expect(
            digest(Array(hll(0..<1000).bytes.dropFirst(40)))
                == "b0c4eb8217d77913dee1842c1a6c3aa4d3a4defb5a903486e8cfa2d8e380a38e")
    }

    @Test func readsTheUpdatableForm() throws {
        let empty = [UInt8](unhex("0201070c03040008")) + [UInt8](repeating: 0, count: 32)
        #expect(try HLLSketch(bytes: empty) == HLLSketch())
        let one = unhex("0201070c03000108cbd7c204") + [UInt8](repeating: 0, count: 28)
        #expect(try HLLSketch(bytes: one) == hll(0..<1))
        var set = hll(0..<20).bytes
        let slots = Array(set.dropFirst(12)) + [UInt8](repeating: 0, count: 12 * 4)
        set = Array(set.prefix(12))
        set[5] = 0
        #expect(try HLLSketch(bytes: set + slots) == hll(0..<20))
        var registers = hll(0..<2000).bytes
        registers[5] = 0
        #expect(try HLLSketch(bytes: registers) == hll(0..<2000))
    }

    @Test func anyOrderAndAnyPartsGiveTheSame() {
        var generator = SeededGenerator(seed: 74)
        for round in 0..<60 {
            let lgK = Int.random(in: 4...13, using: &generator)
            let count = Int.random(in: 0...2000, using: &generator)
            var numbers = (0..<count).map { _ in Int.random(in: 0..<2000, using: &generator) }
            let whole = hll(numbers, lgK: lgK).bytes
            numbers.shuffle(using: &generator)
            let cut = Int.random(in: 0...count, using: &generator)
            var union = hll(numbers.prefix(cut), lgK: lgK)
            union.merge(hll(numbers.dropFirst(cut), lgK: lgK))
            #expect(union.bytes == whole, "round \(round)")
            // A sketch of another size takes the smaller one, either way round.
            var larger = hll(numbers.prefix(cut), lgK: lgK + 2)
            larger.merge(hll(numbers.dropFirst(cut), lgK: lgK))
            #expect(larger.bytes == whole, "round \(round)")
            var smaller = hll(numbers.prefix(cut), lgK: lgK)
            smaller.merge(hll(numbers.dropFirst(cut), lgK: lgK + 3))
            #expect(smaller.bytes == whole, "round \(round)")
        }
    }

    @Test func everyModeSurvives() throws {
        for lgK in [4, 7, 8, 12, 21] {
            for count in [0, 1, 6, 7, 8, 24, 25, 384, 385, 5000] {
                let sketch = hll(0..<count, lgK: lgK)
                #expect(try HLLSketch(bytes: sketch.bytes) == sketch, "\(lgK), \(count)")
            }
        }
    }

    /// 200 sets of each size: the error is as large as stated, and there is no bias.
    @Test func errorsAreAsStated() {
        for truth in [150.0, 700, 4000] {
            var within = 0
            var squares = 0.0
            var sum = 0.0
            for seed in 1...200 {
                var generator = SeededGenerator(seed: UInt64(seed))
                var sketch = HLLSketch(lgK: 7)
                for _ in 0..<Int(truth) {
                    let rank = UInt32(min(generator.next().leadingZeroBitCount, 62) + 1)
                    let place = UInt32(truncatingIfNeeded: generator.next()) & 0x3ff_ffff
                    sketch.insert(coupon: rank << 26 | place)
                }
                let estimate = sketch.estimate()
                if estimate.lower <= truth, truth <= estimate.upper { within += 1 }
                let error = estimate.value / truth - 1
                sum += error
                squares += error * error
            }
            let stated = SketchDescriptor.hll.standardError(7)
            #expect(within >= 181, "\(within) of 200 at \(truth)")
            #expect((squares / 200).squareRoot() < 1.15 * stated, "at \(truth)")
            #expect(abs(sum / 200) < 3 * stated / 200.0.squareRoot(), "at \(truth)")
        }
        #expect(abs(SketchDescriptor.hll.standardError(12) - 0.01624) < 0.0001)
        #expect(HLLSketch().estimate().value == 0)
        // The libraries' own estimate of these 384 coupons.
        #expect(abs(hll(0..<384).estimate().value - 384.0003652576619) < 1e-5)
    }

    @Test func damageIsFoundWhereItIs() {
        let list = hll(0..<5).bytes
        let set = hll(0..<20).bytes
        let registers = hll(0..<2000).bytes
        func changed(_ bytes: [UInt8], _ place: Int, _ value: UInt8) -> [UInt8] {
            var bytes = bytes
            bytes[place] = value
            return bytes
        }
        let cases: [([UInt8], SketchFault.Code, Int)] = [
            ([1], .truncated, 1),
            (changed(list, 1, 2), .otherVersion, 1),
            (changed(list, 2, 3), .otherFamily, 2),
            (changed(list, 3, 3), .damaged, 3),
            (changed(list, 3, 22), .damaged, 3),
            (changed(list, 5, 9), .otherForm, 5),
            (changed(list, 5, 12), .damaged, 5),
            (changed(set, 5, 12), .damaged, 5),
            (changed(registers, 5, 28), .damaged, 5),
            (changed(list, 7, 0), .otherForm, 7),
            (changed(list, 7, 11), .damaged, 7),
            (changed(list, 0, 3), .damaged, 0),
            (changed(list, 6, 6), .truncated, 28),
            (changed(list, 6, 4), .trailing, 24),
            (changed(list, 11, 0), .damaged, 8),
            (Array(list.prefix(8)) + Array(list[8..<12]) + Array(list[8..<24]), .damaged, 12),
            (changed(set, 8, 21), .truncated, 92),
            (changed(set, 11, 0x7f), .truncated, 92),
            (changed(set, 5, 0), .truncated, 92),
            (Array(set.prefix(9)), .truncated, 9),
            (Array(registers.dropLast()), .truncated, 4135),
            (registers + [0], .trailing, 4136),
            (changed(registers, 100, 64), .damaged, 100),
        ]
        for (index, (bytes, code, offset)) in cases.enumerated() {
            let found = fault { _ = try HLLSketch(bytes: bytes) }
            #expect(found?.code == code, "case \(index)")
            #expect(found?.byteOffset == offset, "case \(index)")
        }
    }
}
