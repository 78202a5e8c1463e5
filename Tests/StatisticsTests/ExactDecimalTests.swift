import Records
import TestSupport
import Testing

@testable import Statistics

@Suite struct ExactDecimalTests {
    @Test(arguments: [
        ("0", 0), ("-0", 0), ("1", 1_000_000_000), ("+1.5", 1_500_000_000),
        ("-0.000000001", -1), ("1e3", 1_000_000_000_000), ("12E-1", 1_200_000_000),
        ("0.1000000000000", 100_000_000), ("000123", 123_000_000_000), ("5e-9", 5),
        ("1500e-11", 15),
    ] as [(String, Int128)])
    func readsDecimals(_ written: String, _ billionths: Int128) {
        #expect(ExactDecimal(bytes(written).span)?.billionths == billionths)
    }

    @Test(arguments: [
        "", "-", ".", ".5", "5.", "1.2.3", "0x10", "1e", "1e+", "1e9999", "NaN", "1 ", " 1",
        "1,5", "0.0000000001", "1000000000000000", "1e15", "--1", "1-", "1e-10",
    ])
    func refusesEverythingElse(_ written: String) {
        #expect(ExactDecimal(bytes(written).span) == nil)
    }

    /// Short whole numbers are read at one go, others digit by digit: both say the same.
    @Test func bothWaysSayTheSame() {
        let seed: UInt64 = 0xDEC
        var generator = SeededGenerator(seed: seed)
        let letters = Array("0123456789012345678901234567890123456789.-+e ".utf8)
        for round in 0..<20_000 {
            let written = (0..<Int.random(in: 0...11, using: &generator)).map { _ in
                letters.randomElement(using: &generator) ?? 0
            }
            let plain = ExactDecimal(inParts: written.span)
            #expect(ExactDecimal(written.span) == plain, "seed \(seed), round \(round)")
        }
    }

    @Test func writesWhatItReads() {
        for written in ["0", "-1.5", "999999999999999.999999999", "0.000000001", "42"] {
            var buffer = ByteBuffer()
            ExactDecimal(bytes(written).span)?.append(to: &buffer)
            #expect(text(buffer.array()) == written)
        }
    }

    @Test func ranksAreNearest() throws {
        for count in 1...200 {
            for share in [1, 50, 95, 99, 100] {
                let percentile = try #require(Percentile(basisPoints: share * 100))
                #expect(percentile.rank(of: count) == (count * share + 99) / 100)
            }
        }
        #expect(Percentile(basisPoints: 0) == nil)
        #expect(Percentile(basisPoints: 10_001) == nil)
    }
}
