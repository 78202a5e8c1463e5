import CScanning
@testable import LogFormats
import Records
import TestSupport
import Testing

/// The index of access logs and the form of their times, compared with a look at each byte.
@Suite struct LogIndexTests {
    @Test(arguments: [CSCANNING_AUTOMATIC, CSCANNING_PORTABLE, CSCANNING_NARROW])
    func sameAsALookAtEachByte(_ choice: Int) {
        let seed: UInt64 = 0xB10C
        var generator = SeededGenerator(seed: seed)
        var index = LogIndex()
        for round in 0..<600 {
            let source = text(round, &generator)
            unsafe source.withUnsafeBufferPointer { view in
                guard let base = view.baseAddress else { return }
                unsafe index.find(base, count: view.count, choice: choice)
            }
            #expect(index.hasNUL == source.contains(0), "seed \(seed), round \(round)")
            let places = index.places
            let feeds = source.indices.filter { source[$0] == 0x0A } + [source.count]
            #expect(
                feeds.indices.map { places.feed($0) } == feeds, "seed \(seed), round \(round)")
            var mark = 0
            for at in 0...source.count {
                let end = Int.random(in: at...source.count, using: &generator)
                let part = source[at..<end]
                let hint = "seed \(seed), round \(round), \(at)..<\(end)"
                let blank = part.firstIndex { $0 <= 0x20 } ?? end
                #expect(places.blank(from: at, before: end) == blank, "\(hint)")
                let hasBackslash = part.contains(0x5C)
                #expect(places.hasBackslash(from: at, before: end) == hasBackslash, "\(hint)")
                if at % 3 == 0 {
                    let found = places.mark(from: at, &mark)
                    let expected = source[at...].firstIndex { $0 == 0x22 || $0 == 0x5C }
                    #expect(found == expected ?? source.count, "\(hint)")
                }
            }
        }
    }

    /// Up to 260 bytes, some of which a log is cut at.
    private func text(_ round: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        let letters: [UInt8] = [0x0A, 0x20, 0x22, 0x5C, 0x61, 0x1F, 0x21, 0xA0, 0x09, 0x5C, 0x62]
        let length = Int.random(in: 0...260, using: &generator)
        let share = Int.random(in: 1...30, using: &generator)
        var source = (0..<length).map { _ -> UInt8 in
            Int.random(in: 0..<share, using: &generator) > 0
                ? 0x78 : letters.randomElement(using: &generator) ?? 0
        }
        if round % 7 == 0, length > 0 { source[Int.random(in: 0..<length, using: &generator)] = 0 }
        return source
    }

    @Test func timesOfEveryForm() {
        let pattern = Array("00/aaa/0000:00:00:00 +0000".utf8)
        let good = Array("15/Jan/2026:01:09:26 -0130".utf8)
        for place in good.indices {
            for byte in UInt8.min...UInt8.max {
                var time = good
                time[place] = byte
                let expected =
                    switch pattern[place] {
                    case UInt8(ascii: "0"): (48...57).contains(byte)
                    case UInt8(ascii: "a"): (65...90).contains(byte) || (97...122).contains(byte)
                    case UInt8(ascii: "+"): byte == 0x2B || byte == 0x2D
                    default: byte == pattern[place]
                    }
                let matches = unsafe time.withUnsafeBufferPointer { view in
                    guard let start = view.baseAddress else { return false }
                    return unsafe AccessLogTimeForm.matches(start)
                }
                #expect(matches == expected, "byte \(byte) at \(place)")
            }
        }
    }

    @Test func timesThatDifferBySecondHaveTheForm() {
        let known = Array("15/Jan/2026:01:01:26 +0000".utf8)
        for place in known.indices {
            for byte in UInt8.min...UInt8.max {
                var time = known
                time[place] = byte
                let isOther = byte != known[place]
                let expected = !isOther || (18...19).contains(place) && (48...57).contains(byte)
                let differs = unsafe time.withUnsafeBufferPointer { time in
                    unsafe known.withUnsafeBufferPointer { known in
                        guard let one = time.baseAddress, let other = known.baseAddress else {
                            return false
                        }
                        return unsafe AccessLogTimeForm.differsBySecond(one, other)
                    }
                }
                #expect(differs == expected, "byte \(byte) at \(place)")
            }
        }
    }
}
