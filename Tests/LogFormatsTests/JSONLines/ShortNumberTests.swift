import Records
import TestSupport
import Testing

@testable import LogFormats

@Suite struct ShortNumberTests {
    /// What is told at one look is a number by the grammar; what is not told is too long, or no
    /// whole number.
    @Test func shortNumbersAreNumbersOfTheGrammar() {
        let seed: UInt64 = 61
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("00112233456789 -.eE+/:\u{7f}".utf8) + [0xB0, 0xFA, 0xFF]
        var told = 0
        for round in 0..<60_000 {
            let length = Int.random(in: 0...10, using: &generator)
            let digits = Bool.random(using: &generator) ? 14 : alphabet.count
            let text = (0..<length).map { _ in
                alphabet[Int.random(in: 0..<digits, using: &generator)]
            }
            let behind = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let (isShort, slice) = unsafe ([0x3A] + text + behind).withUnsafeBufferPointer { view in
                guard let base = view.baseAddress else { return (false, FieldSlice?.none) }
                return unsafe (
                    JSONGrammar.isShortNumber(base, 1, length),
                    JSONGrammar.scalar(base, behind: 1, before: 1 + length)
                )
            }
            let isWhole = text.allSatisfy { (0x30...0x39).contains($0) }
                && (1...8).contains(length) && (length == 1 || text[0] != 0x30)
            #expect(isShort == isWhole, "seed \(seed), round \(round)")
            guard isShort else { continue }
            told += 1
            let expected = FieldSlice(start: 1, length: length, kind: .number)
            #expect(slice == expected, "seed \(seed), round \(round)")
        }
        #expect(told > 1000)
    }
}
