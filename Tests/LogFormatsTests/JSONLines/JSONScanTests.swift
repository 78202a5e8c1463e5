import CScanning
import Records
import TestSupport
import Testing

/// The vectorised scans against the portable ones, and those against their description.
@Suite struct JSONScanTests {
    private static let alphabet: [UInt8] =
        bytes("\"\"\"\\\\\\{}[]:,,\n\n ab\t\r") + [
            0x00, 0x0C, 0x1A, 0x1B, 0x1F, 0x7F, 0xFF,
        ]
    private static let texts: [[UInt8]] =
        ["a", "\u{7f}", "é", "߿", "ࠀ", "€", "퟿", "\u{e000}", "￿", "𐀀", "😀", "\u{10ffff}"]
        .map(bytes) + [
            [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80],
            [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xFF], [0xFE],
        ]

    private func index(_ source: ArraySlice<UInt8>, _ choice: Int) -> (
        positions: [UInt32], marks: [UInt8], isText: Bool
    ) {
        var positions = [UInt32](repeating: 0, count: source.count + 64)
        var marks = [UInt8](repeating: 0, count: source.count + 64)
        var isText: Int32 = -1
        let count = unsafe source.withUnsafeBufferPointer { view in
            unsafe positions.withUnsafeMutableBufferPointer { out in
                guard let base = view.baseAddress, let first = out.baseAddress else { return 0 }
                return unsafe cscanning_json_index(
                    base,
                    view.count,
                    first,
                    &marks,
                    &isText,
                    Int32(choice)
                )
            }
        }
        return (Array(positions[..<Int(count)]), Array(marks[..<Int(count)]), isText != 0)
    }

    private func isText(_ source: ArraySlice<UInt8>, _ choice: Int) -> Bool {
        unsafe source.withUnsafeBufferPointer { view in
            guard let base = view.baseAddress else { return true }
            return unsafe cscanning_is_utf8(base, view.count, Int32(choice)) != 0
        }
    }

    /// What `CScanning.h` says, byte by byte.
    private func expectedIndex(_ source: ArraySlice<UInt8>) -> [UInt32] {
        var positions: [UInt32] = []
        var inString = false
        var escaped = false
        for (offset, byte) in source.enumerated() {
            let wasEscaped = escaped
            escaped = false
            switch byte {
            case 0x0A:
                positions.append(UInt32(offset))
                inString = false
            case 0x22 where !wasEscaped:
                positions.append(UInt32(offset))
                inString.toggle()
            case 0x5C where !wasEscaped:
                escaped = true
                if inString { positions.append(UInt32(offset)) }
            case _ where inString:
                if byte < 0x20 { positions.append(UInt32(offset)) }
            default:
                if bytes("{}[]:,").contains(byte) { positions.append(UInt32(offset)) }
            }
        }
        return positions
    }

    /// Control characters outside strings may or may not be listed.
    private func withoutStray(_ positions: [UInt32], _ source: ArraySlice<UInt8>) -> [UInt32] {
        let wanted = Set(expectedIndex(source))
        return positions.filter { at in
            wanted.contains(at) || ![0x0C, 0x1A].contains(source[source.startIndex + Int(at)])
        }
    }

    private func check(_ source: ArraySlice<UInt8>, _ message: Comment) -> Bool {
        let expected = expectedIndex(source)
        let isGood = String(validating: source, as: UTF8.self) != nil
        return Self.choices.allSatisfy { choice in
            let found = index(source, choice)
            let positions =
                choice == Int(CSCANNING_PORTABLE)
                ? found.positions : withoutStray(found.positions, source)
            let marks = found.positions.map { source[source.startIndex + Int($0)] }
            let isRight =
                positions == expected && found.marks == marks && found.isText == isGood
                && isText(source, choice) == isGood
            #expect(isRight, "\(message), choice \(choice)")
            return isRight
        }
    }

    /// All forms; a processor without one uses the next best in its place.
    private static let choices = [CSCANNING_AUTOMATIC, CSCANNING_NARROW, CSCANNING_PORTABLE]
        .map { Int($0) }

    @Test func allScansFollowTheDescriptionAtEveryLengthAndAlignment() {
        var generator = SeededGenerator(seed: 0x5CA9)
        for length in 1...300 {
            for alignment in 0..<64 {
                let mode = (length + alignment) % 3
                var source = [UInt8](repeating: 0x20, count: alignment)
                while source.count < alignment + length {
                    if mode == 0 {
                        source.append(Self.alphabet.randomElement(using: &generator) ?? 0)
                    } else if mode == 1 {
                        source += Self.texts.randomElement(using: &generator) ?? []
                    } else {
                        source.append(UInt8.random(in: 0...255, using: &generator))
                    }
                }
                let view = source[alignment..<(alignment + length)]
                let message: Comment = "length \(length), alignment \(alignment), \(Array(view))"
                guard check(view, message) else { return }
            }
        }
    }

    /// Well-formed texts must pass: a random mixture nearly never is.
    @Test func wellFormedTextsPassAndOneWrongByteIsSeen() {
        var generator = SeededGenerator(seed: 0x07F8)
        let good = Self.texts.prefix(12)
        for round in 0..<6000 {
            var source: [UInt8] = []
            let length = Int.random(in: 1...200, using: &generator)
            while source.count < length { source += good.randomElement(using: &generator) ?? [] }
            guard check(source[...], "round \(round), \(source)") else { return }
            let at = Int.random(in: 0..<source.count, using: &generator)
            source[at] = UInt8.random(in: 0x80...0xFF, using: &generator)
            guard check(source[...], "damaged, round \(round), \(source)") else { return }
        }
    }

    /// Every text of one to four bytes that begins with a lead byte and continues with border
    /// values, across the border of two blocks.
    @Test func borderSequencesAreJudgedAlikeOnBlockBorders() {
        let borders: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xF0, 0xFF,
        ]
        for lead in UInt8(0x80)...0xFF {
            for second in borders {
                for third in [UInt8(0x41), 0x80, 0xBF, 0xC2] {
                    let place = 61 + Int(second) % 3
                    let source =
                        [UInt8](repeating: 0x61, count: place)
                        + [lead, second, third, 0x80, 0x62]
                    guard check(source[...], "\(source[place...])") else { return }
                    guard check(source[..<(place + 3)], "\(source[place...])") else { return }
                }
            }
        }
    }
}
