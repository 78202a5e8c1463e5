import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Statistics

@Suite struct SketchHashTests {
    private struct Known {
        let input: [UInt8]
        let first: UInt64
        let second: UInt64
        let coupon: UInt32
        let theta: UInt64
    }

    /// Computed with the Python package datasketches 5.2.0 and with a MurmurHash3 of another hand;
    /// whole numbers are eight bytes.
    private static let known = [
        Known(
            input: unhex("0000000000000000"), first: 0x4089_0191_dcc2_d7cb,
            second: 0x9a7a_cdbe_1b80_efb2, coupon: 79_878_091, theta: 2_325_124_908_111_195_109),
        Known(
            input: unhex("0100000000000000"), first: 0x0b43_0d7b_96fb_f22b,
            second: 0xe8ea_0960_d424_6765, coupon: 117_174_827, theta: 405_753_591_161_026_837),
        Known(
            input: unhex("ffffffffffffffff"), first: 0x1cf7_9f8c_1be7_64d9,
            second: 0x6487_9b0f_1ffb_7e86, coupon: 199_714_009,
            theta: 1_043_656_188_210_950_764),
        Known(
            input: bytes("a"), first: 0xf602_0f0a_a43b_822f, second: 0xc51f_4ded_6e1e_b0fe,
            coupon: 71_008_815, theta: 8_863_373_810_831_573_271),
        Known(
            input: bytes("192.0.2.1"), first: 0x89a1_36fe_83f5_ed9c,
            second: 0x5eff_7e16_ef14_256a, coupon: 200_666_524,
            theta: 4_958_634_160_605_034_190),
        Known(
            input: bytes("j\u{fc}rgen@example.org"), first: 0x66ea_b001_990b_34fe,
            second: 0xf78b_ce8b_3a8d_37a2, coupon: 84_620_542, theta: 3_707_966_628_664_023_679),
        Known(
            input: bytes("0123456789abcdef"), first: 0x257b_6066_8d28_9420,
            second: 0x7136_b9a3_e21f_b393, coupon: 153_654_304,
            theta: 1_350_429_197_554_960_912),
        Known(
            input: bytes("0123456789abcdef0123456789abcdef0"), first: 0x28d9_a4ac_0c0f_bab5,
            second: 0xc428_a21b_54fc_03c3, coupon: 68_139_701, theta: 1_471_782_445_153_508_698),
    ]

    @Test func publishedHashes() {
        for known in Self.known {
            let hash = SketchHash(known.input.span)
            #expect(hash.first == known.first)
            #expect(hash.second == known.second)
            #expect(hash.coupon == known.coupon)
            #expect(hash.theta == known.theta)
        }
        #expect(SketchHash(Int64(0)) == SketchHash(unhex("0000000000000000").span))
        #expect(SketchHash(Int64(-1)) == SketchHash(unhex("ffffffffffffffff").span))
        #expect(SketchHash.seedDigest == 0x93cc)
    }

    @Test func tokensAreHashedAsTheirDigits() {
        var generator = SeededGenerator(seed: 71)
        for _ in 0..<2000 {
            let token = Token(high: generator.next(), low: generator.next())
            var digits = ByteBuffer()
            digits.append(tokenHex: token)
            #expect(SketchHash(token) == SketchHash(digits.bytes))
        }
    }

    /// MurmurHash3 x64 128 as its author describes it, a byte at a time.
    private static func plain(_ input: [UInt8], seed: UInt64) -> (UInt64, UInt64) {
        func rotated(_ value: UInt64, _ bits: Int) -> UInt64 {
            value << bits | value >> (64 - bits)
        }
        func finished(_ word: UInt64) -> UInt64 {
            let one = (word ^ word >> 33) &* 0xff51_afd7_ed55_8ccd
            let two = (one ^ one >> 33) &* 0xc4ce_b9fe_1a85_ec53
            return two ^ two >> 33
        }
        let first: UInt64 = 0x87c3_7b91_1142_53d5
        let second: UInt64 = 0x4cf5_ad43_2745_937f
        var (low, high) = (seed, seed)
        for start in stride(from: 0, to: input.count, by: 16) {
            let block = Array(input[start..<min(start + 16, input.count)])
            var words: [UInt64] = [0, 0]
            for (index, byte) in block.enumerated() {
                words[index / 8] |= UInt64(byte) << (index % 8 * 8)
            }
            low ^= rotated(words[0] &* first, 31) &* second
            if block.count == 16 { low = (rotated(low, 27) &+ high) &* 5 &+ 0x52dc_e729 }
            high ^= rotated(words[1] &* second, 33) &* first
            if block.count == 16 { high = (rotated(high, 31) &+ low) &* 5 &+ 0x3849_5ab5 }
        }
        low ^= UInt64(input.count)
        high ^= UInt64(input.count)
        low &+= high
        high &+= low
        low = finished(low)
        high = finished(high)
        low &+= high
        return (low, high &+ low)
    }

    @Test func agreesWithAPlainTwin() {
        var generator = SeededGenerator(seed: 72)
        for length in 0..<200 {
            let input = (0..<length).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            let seed = generator.next()
            let hash = SketchHash(input.span, seed: seed)
            let (first, second) = Self.plain(input, seed: seed)
            #expect(hash.first == first, "length \(length)")
            #expect(hash.second == second, "length \(length)")
        }
    }
}
