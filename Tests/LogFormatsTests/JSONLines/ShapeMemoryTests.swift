@testable import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

/// Records of known shapes are read as if no record had come before.
@Suite struct ShapeMemoryTests {
    private static let fields = ["a", "ip", "client.os", "client", "tags[0]", "tags[1].a"]
    private static let values = [
        "\"\"", "\"x\"", "\"longer than eight\"", "\"\\n\"",
        "0", "-1.5e9", "01", "true", "nul", "null",
        "{}", "[]", "{\"os\":\"y\"}", "[1,2]", "\"a\",\"b\":1", " \"z\" ", "",
    ]
    /// What stands for a value is put in later; the shapes differ in keys, order, depth and space.
    private static let shapes = [
        "{\"a\":#,\"ip\":#}", "{\"a\": #, \"ip\": #}", "{\"ip\":#,\"a\":#}", "{\"a\":#,\"a\":#}",
        "{\"client\":{\"os\":#,\"sixteen-bytes-ab\":#},\"a\":#}", "{\"b\":#,\"client\":#}",
        "{\"a-key-of-more-than-sixteen-bytes\":#,\"a\":#}", "{\"\":#,\"tags\":[#,{\"a\":#}]}",
        " {\"a\":#}", "{\"a\":#}\r", "{ }", "{\"tags\":[ ],\"\u{e9}\":#}",
    ]
    private static let damage = bytes("\"\\{}[]:, \t0a\r") + [0x00, 0x1F, 0x80]

    private func line(_ shape: String, _ generator: inout SeededGenerator) -> [UInt8] {
        var line: [UInt8] = []
        for byte in shape.utf8 {
            if byte == UInt8(ascii: "#") {
                line += bytes(Self.values.randomElement(using: &generator) ?? "0")
            } else {
                line.append(byte)
            }
        }
        if Int.random(in: 0..<6, using: &generator) == 0 {
            let at = Int.random(in: 0..<line.count, using: &generator)
            line[at] = Self.damage.randomElement(using: &generator) ?? 0
        }
        return line + [0x0A]
    }

    @Test(arguments: [false, true]) func linesLikeThoseBeforeAreReadLikeTheFirst(outline: Bool) {
        var generator = SeededGenerator(seed: 0x54A9)
        let fast = JSONTrial(Self.fields, outline: outline)
        let plain = JSONTrial(Self.fields, outline: outline, twin: .plainWalker)
        var goodRows = 0
        for round in 0..<1500 {
            let count = Int.random(in: 1...12, using: &generator)
            let chosen = (0..<count).map { _ in
                Self.shapes.randomElement(using: &generator) ?? ""
            }
            var source: [UInt8] = []
            for _ in 0..<4 { for shape in chosen { source += line(shape, &generator) } }
            let expected = plain.rows(source)
            let found = fast.rows(source)
            goodRows += expected.count { $0.state == .good }
            #expect(found == expected, "round \(round), \(text(source).debugDescription)")
            guard found == expected else { return }
        }
        #expect(goodRows > 5000)
    }

    /// The limits of what is remembered: more marks, more keys, more shapes than there is room for.
    @Test func largeAndManyShapesAreReadLikeByThePlainWalker() {
        let fast = JSONTrial(["k7", "k250"], outline: true)
        let plain = JSONTrial(["k7", "k250"], outline: true, twin: .plainWalker)
        for count in [1, 7, 8, 9, 100, 101, 102, 103, 127, 128, 129, 250, 300] {
            let members = (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
            let source = bytes(String(repeating: "{\(members)}\n", count: 3))
            #expect(fast.rows(source) == plain.rows(source), "\(count) keys")
        }
    }
}
