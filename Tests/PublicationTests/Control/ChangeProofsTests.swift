@testable import Publication
import TestSupport
import Testing

/// Proofs come out as they went in, however large their amounts.
@Suite struct ChangeProofsTests {
    private static let amounts: [Int128] = [
        0, 1, -1, Family.one, -Family.one, Family.one + 1, 7 * Family.one,
        Int128(Int32.max) * Family.one, Int128(Int32.min) * Family.one,
        (Int128(Int32.max) + 1) * Family.one, Int128(Int64.max), Int128(Int64.min),
        Int128(Int64.max) + 1, .max, .min,
    ]

    @Test func everyAmount() {
        var generator = SeededGenerator(seed: 12)
        var expected: [[(cell: Int, amount: Int128)]] = [[]]
        for _ in 0..<200 {
            expected.append(
                (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                    (
                        Int.random(in: 0..<1 << 31, using: &generator),
                        Self.amounts.randomElement(using: &generator) ?? 0
                    )
                })
        }
        var proofs = ChangeProofs()
        for proof in expected { proofs.add(proof) }
        #expect(proofs.count == expected.count)
        for (number, proof) in expected.enumerated() {
            let (cells, amounts) = proofs.proof(number)
            #expect(cells == proof.map { Int32($0.cell) })
            #expect(amounts == proof.map { $0.amount })
        }
    }
}
