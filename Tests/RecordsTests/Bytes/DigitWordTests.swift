import Records
import TestSupport
import Testing

/// Digits read as one word, compared with a look at each byte.
@Suite struct DigitWordTests {
    @Test func sameAsALookAtEachByte() {
        let seed: UInt64 = 0xD161
        var generator = SeededGenerator(seed: seed)
        for round in 0..<20_000 {
            let length = Int.random(in: 1...8, using: &generator)
            var text = (0..<length).map { _ in UInt8.random(in: 48...57, using: &generator) }
            if round % 2 == 0 {
                let place = Int.random(in: 0..<length, using: &generator)
                text[place] = UInt8.random(in: 0...255, using: &generator)
            }
            let word = DigitWord(text.span)
            let areDigits = text.allSatisfy { (48...57).contains($0) }
            #expect(word.isAllDigits == areDigits, "seed \(seed), round \(round)")
            guard areDigits else { continue }
            let number = text.reduce(0) { $0 * 10 + UInt64($1 - 48) }
            #expect(word.number == number, "seed \(seed), round \(round)")
        }
    }

    @Test func noOtherByteIsADigit() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<8 {
                var text = [UInt8](repeating: 57, count: 8)
                text[place] = byte
                #expect(DigitWord(text.span).isAllDigits == (48...57).contains(byte))
            }
        }
    }
}
