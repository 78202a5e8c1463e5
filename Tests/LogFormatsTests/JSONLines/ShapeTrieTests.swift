@testable import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

/// Beyond the bounds of the shape tree the result is the same: the tree is only a memory.
@Suite struct ShapeTrieTests {
    private func compare(_ fields: [String], _ source: [UInt8], _ count: Int) {
        let fast = JSONTrial(fields, outline: true)
        let plain = JSONTrial(fields, outline: true, twin: .plainWalker)
        let expected = plain.rows(source)
        #expect(expected.count == count)
        for _ in 0..<2 {
            let found = fast.rows(source)
            #expect(found.count == expected.count)
            let wrong = zip(found, expected).first { $0 != $1 }
            #expect(wrong == nil, "\(String(describing: wrong))")
        }
    }

    private func record(_ keys: [String], extra: String = "") -> String {
        "{" + keys.map { "\"\($0)\":\"v\"" }.joined(separator: ",") + extra + "}\n"
    }

    @Test func moreSiblingsThanFollowed() {
        let count = ShapeTrie.siblingsMax * 3
        var source = ""
        for index in 0..<count { source += record(["k\(index)", "a", "k\(index + 1)"]) }
        for index in 0..<count { source += record(["a", "first\(index)", "a"]) }
        compare(["a", "k5", "first3"], bytes(source), count * 2)
        let states = JSONTrial(["a"]).rows(bytes(source)).map(\.state)
        #expect(states[..<count].allSatisfy { $0 == .good })
        #expect(states[count...].allSatisfy { $0 == .bad(.duplicateKey) })
    }

    @Test func moreKeysThanFollowed() {
        for count in [ShapeTrie.keysMax - 1, ShapeTrie.keysMax, ShapeTrie.keysMax + 1, 2000] {
            let keys = (0..<count).map { "key\($0)" }
            let last = "key\(count - 1)"
            let source =
                record(keys) + record(keys + ["a"]) + record(keys + [last])
                + record(keys, extra: ",\"o\":{\"a\":1}") + record(keys + ["\\u006bey0"])
            compare(["a", "key0", last, "o.a"], bytes(source), 5)
        }
    }

    @Test func moreNodesThanKept() {
        var source: [UInt8] = []
        var rows = 0
        // Sequences of ever-new keys behind a few first ones, until the tree is full.
        for first in 0..<12 {
            for second in 0..<12 {
                let keys =
                    ["f\(first)", "s\(second)"] + (0..<480).map { "x\(first)-\(second)-\($0)" }
                source += bytes(record(keys + ["a"], extra: ",\"o\":{\"a\":[{\"b\":1}]}"))
                source += bytes(record(Array(keys.prefix(5)) + [keys[3]]))
                rows += 2
            }
        }
        #expect(12 * 12 * 480 > ShapeTrie.nodesMax)
        compare(["a", "f1", "o.a[*].b", "x11-11-479"], source, rows)
    }

    @Test func longKeysAreReadAllTheSame() {
        for length in [7, 8, 9, 255, 256, 257, 5000] {
            let key = String(repeating: "k", count: length)
            let other = String(repeating: "k", count: length - 1) + "j"
            let source =
                record([key, other, "a"]) + record([key, "a", key]) + record([other, key])
            compare(["a", key, other], bytes(source), 3)
        }
    }

    /// Keys that share eight bytes, or differ only behind a zero byte of padding.
    @Test func keysWithTheSameBeginning() {
        let keys = [
            "", "1", "12345678", "123456789", "12345678a", "1234567", "12345678é", "123456789a",
        ]
        var source = ""
        for first in keys {
            for second in keys { source += record([first, second, "a"]) }
        }
        compare(keys.filter { !$0.isEmpty } + ["a"], bytes(source), keys.count * keys.count)
    }

    /// The last key of a chunk may end right before the padding.
    @Test func aKeyAtTheVeryEnd() {
        for end in [
            "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1,\"b\"", "{\"", "{\"abcdefgh\"", "{\"a\":\"\\",
        ] {
            compare(["a"], bytes("{\"a\":1}\n" + end), 2)
        }
    }
}
