import KeyedHashing
import TestSupport
import Testing

struct Digest256Tests {
    /// FIPS 180-4 examples, as published by NIST (SHA-256, one and two blocks), and the empty text.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func publishedVectors(message: String, digest expected: String) {
        #expect(digest(bytes(message)).hex == expected)
        #expect(Digest256(hex: expected)?.hex == expected)
        #expect(hex(digest(bytes(message)).bytes) == expected)
    }

    @Test func anyCutsGiveTheSameDigestAndSnapshotsDoNotDisturb() {
        var random = SeededGenerator(seed: 11)
        let content = (0..<5000).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        var hasher = ContentHasher()
        var at = 0
        while at < content.count {
            let next = min(content.count, at + Int.random(in: 0...200, using: &random))
            hasher.update(content[at..<next].span)
            at = next
            let sofar = hasher.digest()
            let count = hasher.byteCount
            #expect(sofar == digest(Array(content[..<at])))
            #expect(count == at)
        }
        var fork = hasher.copy()
        fork.update(bytes("more").span)
        let (first, second, count) = (hasher.digest(), fork.digest(), fork.byteCount)
        #expect(first == digest(content))
        #expect(second == digest(content + bytes("more")))
        #expect(count == content.count + 4)
    }

    @Test(arguments: [
        "", "00", String(repeating: "A", count: 64), String(repeating: "g", count: 64),
    ])
    func refusesOtherText(_ digits: String) { #expect(Digest256(hex: digits) == nil) }
}
