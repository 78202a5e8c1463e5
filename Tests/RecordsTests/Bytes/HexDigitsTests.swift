import Records
import TestSupport
import Testing

struct HexDigitsTests {
    /// The slow twin: one digit after the other.
    private func plain(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String((String(repeating: "0", count: 16) + text).suffix(digits))
    }

    @Test func agreesWithThePlainTwin() {
        var random = SeededGenerator(seed: 20_261_121)
        for round in 0..<2000 {
            var value = UInt64.random(in: .min ... .max, using: &random)
            if round % 3 == 0 { value >>= UInt64(round % 64) }
            var buffer = ByteBuffer(capacity: 16)
            buffer.append(0x3A)
            buffer.append(hex: value)
            let whole = String(decoding: buffer.array(), as: UTF8.self)
            #expect(whole == ":" + plain(value, digits: 16), "round \(round)")
            let digits = 1 + round % 15
            buffer.removeAll()
            buffer.append(hex: value, digits: digits)
            let last = String(decoding: buffer.array(), as: UTF8.self)
            #expect(last == plain(value, digits: digits), "round \(round)")
        }
    }

    @Test func everyDigitInEveryPlace() {
        for place in 0..<16 {
            for digit in UInt64(0)..<16 {
                var buffer = ByteBuffer()
                buffer.append(hex: digit << UInt64(4 * place))
                let expected = plain(digit << UInt64(4 * place), digits: 16)
                #expect(String(decoding: buffer.array(), as: UTF8.self) == expected)
            }
        }
    }
}
