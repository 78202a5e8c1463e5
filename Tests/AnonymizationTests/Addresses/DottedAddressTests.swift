@testable import Anonymization
import CScanning
import Records
import TestSupport
import Testing

/// Dotted addresses that are cut in their text, compared with the way over their bits.
@Suite struct DottedAddressTests {
    private func dots(_ text: [UInt8], _ choice: Int) -> UInt32 {
        unsafe text.withUnsafeBufferPointer { view in
            guard let start = view.baseAddress else { return 0 }
            return unsafe cscanning_dots(start, view.count, Int32(choice))
        }
    }

    private func check(_ written: [UInt8], _ hint: String) {
        let address = IPAddress(written.span)
        let ipv4 = address.flatMap { $0.isIPv4 ? $0 : nil }
        let places = written.indices.filter { written[$0] == UInt8(ascii: ".") }
        let expected =
            ipv4 == nil ? 0 : places.enumerated().reduce(0) { $0 | $1.element << (8 * $1.offset) }
        #expect(dots(written, CSCANNING_AUTOMATIC) == UInt32(expected), "\(hint)")
        #expect(dots(written, CSCANNING_PORTABLE) == UInt32(expected), "\(hint)")
        for octets in 1...3 {
            var output = ByteBuffer()
            output.append(UInt8(ascii: "<"))
            let isCut = DottedAddress.appendFirst(octets, of: written.span, to: &output)
            #expect(isCut == (ipv4 != nil && written.count >= 8), "\(hint)")
            let cut = isCut ? ipv4?.truncated(to: octets * 8).textBytes ?? [] : []
            #expect(output.array() == [UInt8(ascii: "<")] + cut, "\(hint)")
        }
    }

    @Test func everyOctetInEveryPlace() {
        for place in 0..<4 {
            for value in 0..<1000 {
                for digits in ["\(value)", "0\(value)", "00\(value)"] {
                    var octets = ["10", "0", "255", "7"]
                    octets[place] = digits
                    let written = octets.joined(separator: ".")
                    check(bytes(written), written)
                }
            }
        }
    }

    @Test func randomTexts() {
        let seed: UInt64 = 0xD075
        var addresses = AddressGenerator(seed: seed)
        var generator = SeededGenerator(seed: seed)
        let letters = bytes("0123456789.....12520/:;-\u{0}é")
        for round in 0..<30_000 {
            let written =
                round % 2 == 0
                ? bytes(addresses.next())
                : (0..<Int.random(in: 0...18, using: &generator)).map { _ in
                    letters.randomElement(using: &generator) ?? 0
                }
            check(written, "seed \(seed), round \(round)")
        }
    }
}
