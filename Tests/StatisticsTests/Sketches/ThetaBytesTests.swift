import TestSupport
import Testing

@testable import Statistics

@Suite struct ThetaBytesTests {
    /// By the Python package datasketches 5.2.0: the numbers 0 to 4, plain and compressed.
    private static let plainFive =
        "02030300001acc93050000000000000015f97dcbbd86a10540de2ee1c9db3d08c397fc1281709d1ee56b61ee"
        + "c8804420ba40b3c1da06695d"
    private static let packedFive =
        "0104033e011acc930516861af72df7e45429c550c15b0e52b597e52dcc736e60c1a71047db64d422f4921847"
        + "4d475354"
    /// The numbers 0 to 999 with lgK 5, compressed: it estimates.
    private static let packedEstimating =
        "02040338011acc9345a54733acacdd04202a74baf2ed89d53b6526ee7e230908d7346b47c81c04cdfd38ce4f"
        + "cd237b1dc4597a3846e8bdf4262852175d8fb07d57fa11841b23da089947cdaf93bc97cb10f4d311c5c25b"
        + "1483b47f7c437e0b6e1c2f9519f30fab26228cb9801b7ae7612686be28dd82f8a67dbf2160ddec687277359"
        + "844f9282ea5693e78e8df103d02d93bd746049c02bfe3e5a654068e236aab2f533b468890cba9f5f704758e"
        + "3539a3133f1a19755c295702453686d9e12a1fb12a574d24ad01bc298267fa52272fe4edc8053b004b16b25"
        + "2ffd689559bd802459f1a75577a419bb51e6977bcd09745"

    @Test func readsBothVersions() throws {
        #expect(hex(theta(0..<5).bytes) == Self.plainFive)
        #expect(try ThetaSketch(bytes: unhex(Self.plainFive)) == theta(0..<5))
        #expect(try ThetaSketch(bytes: unhex(Self.packedFive)) == theta(0..<5))
        let estimating = theta(0..<1000, lgK: 5)
        #expect(try ThetaSketch(bytes: unhex(Self.packedEstimating)) == estimating)
        #expect(estimating.estimate().value == 841.7736718846904)
        #expect(try ThetaSketch(bytes: unhex("01030300001ecc93")) == .empty)
    }

    @Test func readsWhatOtherLibrariesWriteOtherwise() throws {
        // Java marks a single hash by another flag, and writes 1.0 behind the count.
        let single = unhex("01030300003acc9315f97dcbbd86a105")
        #expect(try ThetaSketch(bytes: single) == theta([1]))
        var withShare = theta(0..<9).bytes
        withShare.replaceSubrange(12..<16, with: unhex("0000803f"))
        #expect(try ThetaSketch(bytes: withShare) == theta(0..<9))
        // Nothing under another seed is nothing.
        #expect(try ThetaSketch(bytes: unhex("01030300001e0000")) == .empty)
        // Hashes in any order, marked so.
        var unordered = theta(0..<3).bytes
        unordered[5] &= ~16
        let first = Array(unordered[16..<24])
        unordered.replaceSubrange(16..<24, with: Array(unordered[24..<32]))
        unordered.replaceSubrange(24..<32, with: first)
        #expect(try ThetaSketch(bytes: unordered) == theta(0..<3))
    }

    /// Writes serial version 4 bit by bit.
    static func packed(_ sketch: ThetaSketch) -> [UInt8] {
        var steps: [UInt64] = []
        var last: UInt64 = 0
        for hash in sketch.hashes {
            steps.append(hash - last)
            last = hash
        }
        let width = 64 - steps.reduce(0, |).leadingZeroBitCount
        let countBytes = (71 - UInt64(steps.count).leadingZeroBitCount) / 8
        var bytes: [UInt8] = [
            sketch.isEstimating ? 2 : 1, 4, 3, UInt8(width), UInt8(countBytes), 0x1a, 0xcc, 0x93,
        ]
        if sketch.isEstimating { bytes.append(littleEndian: sketch.theta, width: 8) }
        bytes.append(littleEndian: UInt64(steps.count), width: countBytes)
        var bits: [UInt8] = []
        for step in steps {
            for place in (0..<width).reversed() { bits.append(UInt8(step >> UInt64(place) & 1)) }
        }
        while bits.count % 8 != 0 { bits.append(0) }
        for start in stride(from: 0, to: bits.count, by: 8) {
            bytes.append(bits[start..<start + 8].reduce(0) { $0 << 1 | $1 })
        }
        return bytes
    }

    @Test func everyLengthSurvives() throws {
        #expect(hex(Self.packed(theta(0..<5))) == Self.packedFive)
        #expect(hex(Self.packed(theta(0..<1000, lgK: 5))) == Self.packedEstimating)
        for count in [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 255, 256, 300, 5000] {
            let sketch = theta(0..<count, lgK: 10)
            #expect(try ThetaSketch(bytes: sketch.bytes) == sketch)
            if count > 0 {
                #expect(try ThetaSketch(bytes: Self.packed(sketch)) == sketch)
            }
        }
        let nothingBelow = theta(0..<5000).subtracting(theta(0..<5000))
        #expect(try ThetaSketch(bytes: nothingBelow.bytes) == nothingBelow)
    }

    private func changed(_ bytes: [UInt8], _ place: Int, _ value: UInt8) -> [UInt8] {
        var bytes = bytes
        bytes[place] = value
        return bytes
    }

    @Test func damageIsFoundWhereItIs() {
        let five = unhex(Self.plainFive)
        let packed = unhex(Self.packedFive)
        let estimating = theta(0..<1000, lgK: 5).bytes
        let cases: [([UInt8], SketchFault.Code, Int)] = [
            ([], .truncated, 0),
            (Array(five.prefix(7)), .truncated, 7),
            (Array(five.dropLast()), .truncated, 55),
            (five + [0], .trailing, 56),
            (changed(five, 0, 4), .damaged, 0),
            (changed(five, 1, 2), .otherVersion, 1),
            (changed(five, 2, 2), .otherFamily, 2),
            (changed(five, 5, 0x12), .otherForm, 5),
            (changed(five, 5, 0x1b), .otherForm, 5),
            (changed(five, 6, 0xcd), .otherSeed, 6),
            (changed(five, 8, 6), .truncated, 56),
            (changed(five, 8, 4), .trailing, 48),
            (changed(five, 11, 0xff), .truncated, 56),
            (changed(five, 23, 0xff), .damaged, 16),
            (changed(five, 31, 0), .damaged, 24),
            (changed(estimating, 23, 0x80), .damaged, 16),
            (changed(estimating, 23, 0), .damaged, 64),
            (changed(unhex("01030300001ecc93"), 0, 2), .damaged, 0),
            (changed(packed, 0, 3), .damaged, 0),
            (changed(packed, 5, 0x1e), .damaged, 5),
            (changed(packed, 3, 64), .damaged, 3),
            (changed(packed, 3, 0), .damaged, 3),
            (changed(packed, 4, 0), .damaged, 4),
            (changed(packed, 8, 0), .trailing, 9),
            (changed(packed, 8, 6), .truncated, 48),
            (packed + [1], .trailing, 48),
        ]
        for (index, (bytes, code, offset)) in cases.enumerated() {
            let found = fault { _ = try ThetaSketch(bytes: bytes) }
            #expect(found?.code == code, "case \(index)")
            #expect(found?.byteOffset == offset, "case \(index)")
        }
    }
}
