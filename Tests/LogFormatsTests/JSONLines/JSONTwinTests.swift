import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

/// Lines of JSON that are nearly right: made of good pieces and then damaged.
struct JSONLineMaker {
    var generator: SeededGenerator

    private static let keys = [
        "a", "b", "ip", "client", "os", "items", "tags", "", "longer-than-eight",
        "longer-than-eigh",
        "longer-than-nine", "\\u0061", "i\\u0070", "é", "k\\\"q", "x\\\\", "id.orig",
    ]
    private static let scalars = [
        "1", "0", "-0.5e+10", "true", "false", "null", "\"\"", "\"text\"", "\"\\n\\\"q\\\\\"",
        "\"\\ud83d\\ude00\"", "\"192.0.2.7\"", "\"{[,:]}\"", "\"é€😀\"", "12345678901234567890",
    ]
    private static let nasty: [[UInt8]] =
        [
            "\"", "\\", "\\\\", "\\\"", "\n", "\r\n", "{", "}", "[", "]", ":", ",", "\\ud800",
            "\\udc00", "\\u00", "\0", "\u{c}", "\u{1a}", "\u{1b}", "\t", " ", "é", "tru", "nul",
            "01",
            "-", "1.", "e5", "\u{7f}", "\"a\":1,", ",\"a\":2", "\"\\u0061\":3,", "\u{feff}", "0x1",
            "{\"a\":1}", "\n\n", "//", "'",
        ].map(bytes) + [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF5]]

    mutating func pick<Element>(_ list: [Element]) -> Element {
        list[Int.random(in: 0..<list.count, using: &generator)]
    }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &generator) == 0 }

    private mutating func space() -> String { chance(6) ? pick([" ", "\t", "  ", "\r"]) : "" }

    mutating func value(_ depth: Int) -> String {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0...1 where depth > 0: return object(depth - 1)
        case 2...3 where depth > 0:
            let count = Int.random(in: 0...4, using: &generator)
            let parts = (0..<count).map { _ in space() + value(depth - 1) + space() }
            return "[" + parts.joined(separator: ",") + (count == 0 ? space() : "") + "]"
        default: return pick(Self.scalars)
        }
    }

    mutating func object(_ depth: Int) -> String {
        var names: [String] = []
        for _ in 0..<Int.random(in: 0...6, using: &generator) {
            let name = pick(Self.keys)
            if !names.contains(name) || chance(30) { names.append(name) }
        }
        let members = names.map { name in
            "\(space())\"\(name)\"\(space()):\(space())\(value(depth))\(space())"
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// A few lines, damaged in about half of the cases.
    mutating func source() -> [UInt8] {
        var source: [UInt8] = []
        for _ in 0..<Int.random(in: 1...5, using: &generator) {
            source += bytes(space() + object(3) + space())
            if !chance(12) { source.append(0x0A) }
            if chance(10) { source.append(0x0A) }
        }
        if chance(2) {
            for _ in 0..<Int.random(in: 1...3, using: &generator) { damage(&source) }
        }
        return source
    }

    private mutating func damage(_ source: inout [UInt8]) {
        guard !source.isEmpty else { return }
        let at = Int.random(in: 0..<source.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: source.remove(at: at)
        case 1: source.replaceSubrange(at...at, with: pick(Self.nasty))
        case 2: source.insert(contentsOf: pick(Self.nasty), at: at)
        default: source.removeSubrange(at..<min(source.count, at + 3))
        }
    }
}

/// The lines of `source` as (start, end): what every reader must make rows of.
func lines(of source: [UInt8]) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = 0
    while start < source.count {
        let end = source[start...].firstIndex(of: 0x0A) ?? source.count
        lines.append(start..<end)
        start = end + 1
    }
    return lines
}

@Suite struct JSONTwinTests {
    static let fields = [
        "a", "ip", "client.os", "items[*].ip", "tags[0]", "tags[2]", "items[*].tags[*]",
        "longer-than-eight", "id\\.orig", "k\"q", "client.client.client", "b[*]", "items[1].a",
    ]

    private static func tight() -> RecordLimits {
        var limits = RecordLimits()
        limits.depthMax = 3
        limits.fieldsMax = 9
        limits.recordBytesMax = 150
        return limits
    }

    @Test(arguments: [false, true]) func allReadersAgreeOnDamagedLines(isTight: Bool) {
        let seed: UInt64 = isTight ? 0x7163 : 0x15ED
        let limits = isTight ? Self.tight() : RecordLimits()
        let trials = JSONTwin.allCases.map {
            JSONTrial(Self.fields, outline: true, limits: limits, twin: $0)
        }
        let withoutOutline = JSONTrial(Self.fields, limits: limits)
        var maker = JSONLineMaker(generator: SeededGenerator(seed: seed))
        var goodRows = 0
        for round in 0..<12_000 {
            let source = maker.source()
            let message: Comment = "seed \(seed), round \(round), \(text(source).debugDescription)"
            let expected = trials[trials.count - 1].rows(source)
            goodRows += expected.count { $0.state == .good }
            #expect(expected.map(\.start) == lines(of: source).map(\.lowerBound), message)
            var same = true
            for trial in trials.dropLast() {
                let found = trial.rows(source)
                same = same && found == expected
                #expect(found == expected, message)
            }
            let cut = trials[0].rows(source, cuts: SeededGenerator(seed: UInt64(round)))
            #expect(cut == expected, message)
            let bare = withoutOutline.rows(source)
            #expect(bare.map(\.values) == expected.map(\.values), message)
            for (row, line) in zip(expected, lines(of: source)) {
                same = same && agrees(row, Array(source[line]), limits, message)
            }
            if !same || cut != expected { return }
        }
        #expect(goodRows > 5000)
    }

    /// The judgement of the independent acceptor on one line.
    private func agrees(
        _ row: JSONRow,
        _ line: [UInt8],
        _ limits: RecordLimits,
        _ message: Comment
    ) -> Bool {
        if row.state == .blank {
            let isBlank = line.allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
            #expect(isBlank, message)
            return isBlank
        }
        let isGood = JSONReference.accepts(line, limits: limits)
        #expect((row.state == .good) == isGood, message)
        return (row.state == .good) == isGood
    }
}
