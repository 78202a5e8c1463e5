import CScanning
@testable import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

/// Line feeds found sixty-four bytes at a time, compared with a look at each byte.
@Suite struct LineFeedsTests {
    @Test(arguments: [CSCANNING_AUTOMATIC, CSCANNING_PORTABLE, CSCANNING_NARROW])
    func sameAsALookAtEachByte(_ choice: Int) {
        let seed: UInt64 = 0xFEED
        var generator = SeededGenerator(seed: seed)
        var feeds = LineFeeds()
        for round in 0..<2000 {
            let length = Int.random(in: 0...300, using: &generator)
            let share = Int.random(in: 1...40, using: &generator)
            let source = (0..<length).map { _ -> UInt8 in
                Int.random(in: 0..<share, using: &generator) == 0
                    ? 0x0A : UInt8.random(in: 0...255, using: &generator)
            }
            feeds.find(in: source.span, choice: choice)
            let found = (0..<feeds.count).map { feeds[$0] }
            let expected = source.indices.filter { source[$0] == 0x0A }
            #expect(found == expected, "seed \(seed), round \(round)")
        }
    }

    @Test func nothingButLineFeeds() {
        var feeds = LineFeeds()
        feeds.find(in: [UInt8](repeating: 0x0A, count: 1000).span)
        #expect(feeds.count == 1000 && feeds[999] == 999)
        feeds.find(in: [UInt8]().span)
        #expect(feeds.count == 0)
    }

    @Test func firstFieldsOfLinesOfAllKinds() {
        let seed: UInt64 = 0xF157
        var generator = SeededGenerator(seed: seed)
        for round in 0..<500 {
            let source = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                [0x0A, 0x20, 0x21, 0x61, 0x09, 0xFF, 0x00, 0xA0].randomElement(using: &generator)
                    ?? UInt8(0)
            }
            let lines = source.split(separator: 0x0A, omittingEmptySubsequences: false)
            let expected = lines.enumerated().filter {
                $0.offset < lines.count - 1 || !$0.element.isEmpty
            }.map { (_, line) -> [UInt8]? in
                // A line that begins with a space is refused.
                line.first == 0x20 ? nil : Array(line.prefix { $0 != 0x20 })
            }
            let rows = read(FirstFieldFormat(), source, fields: ["ip"])
            #expect(
                rows.map { $0.values.first?.text } == expected, "seed \(seed), round \(round)")
        }
    }
}
