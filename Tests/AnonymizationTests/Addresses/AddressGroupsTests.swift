@testable import Anonymization
import CScanning
import TestSupport
import Testing

/// IPv6 addresses that are read all at once, compared with the way group by group.
@Suite struct AddressGroupsTests {
    private let canDoItAtOnce = atOnce(bytes("2001:db8::1")) != nil

    private static func atOnce(
        _ text: [UInt8], _ choice: Int = CSCANNING_AUTOMATIC
    ) -> IPAddress? {
        var halves: [UInt64] = [0, 0]
        let isFound = unsafe text.withUnsafeBufferPointer { view in
            guard let start = view.baseAddress else { return false }
            return unsafe cscanning_groups(start, view.count, &halves, Int32(choice)) != 0
        }
        return isFound ? IPAddress(high: halves[0], low: halves[1]) : nil
    }

    private func byGroup(_ text: [UInt8]) -> IPAddress? {
        unsafe text.withUnsafeBufferPointer { view in
            guard let start = view.baseAddress, view.count >= 2, view.count <= 45 else {
                return nil
            }
            return unsafe AddressScanner.ipv6ByGroup(start, view.count)
        }
    }

    /// Where the processor can do it, exactly the addresses without a dotted tail are read at once.
    private func check(_ written: [UInt8], _ hint: String) -> Bool {
        let isPlain = !written.contains(UInt8(ascii: ".")) && written.count <= 39
        let expected = canDoItAtOnce && isPlain ? byGroup(written) : nil
        // The address of no group at all is left to the other way.
        let isEmpty = written == bytes("::")
        #expect(Self.atOnce(written) == (isEmpty ? nil : expected), "\(hint)")
        #expect(Self.atOnce(written, CSCANNING_PORTABLE) == nil, "\(hint)")
        #expect(Self.atOnce(written, CSCANNING_NARROW) == nil, "\(hint)")
        return expected != nil
    }

    @Test func everyGapAndEveryLength() {
        for count in 1...9 {
            for digits in 1...5 {
                let group = String("9aBf0".prefix(digits))
                let groups = Array(repeating: group, count: count)
                _ = check(bytes(groups.joined(separator: ":")), "\(count) groups of \(digits)")
                for gap in 0...count {
                    let front = groups[..<gap].joined(separator: ":")
                    let back = groups[gap...].joined(separator: ":")
                    for text in ["\(front)::\(back)", "\(front):::\(back)", ":\(front)::\(back)"] {
                        _ = check(bytes(text), text)
                    }
                }
            }
        }
    }

    @Test func everyByteInEveryPlace() {
        let text = bytes("2001:DB8:12::aF:9")
        for place in text.indices {
            for byte in UInt8.min...UInt8.max {
                var written = text
                written[place] = byte
                _ = check(written, "byte \(byte) at \(place)")
            }
        }
    }

    @Test func randomTexts() {
        let seed: UInt64 = 0x6E0
        var addresses = AddressGenerator(seed: seed)
        var found = 0
        for round in 0..<10_000
        where check(bytes(addresses.next()), "seed \(seed), round \(round)") {
            found += 1
        }
        #expect(found > 500 || !canDoItAtOnce)
    }
}
