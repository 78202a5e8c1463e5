import CCrypto
import KeyedHashing
import Records
import TestSupport
import Testing

/// RFC 4231 §4.2 to §4.8; case 5 is published with a tag cut to 128 bits.
struct HMACSHA256Tests {
    struct Vector: Sendable {
        let key: String
        let message: String
        let tag: String
    }

    static let published = [
        Vector(
            key: repeated("0b", 20),
            message: "4869205468657265",
            tag: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            key: "4a656665",
            message: "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
            tag: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            key: repeated("aa", 20),
            message: repeated("dd", 50),
            tag: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            key: "0102030405060708090a0b0c0d0e0f10111213141516171819",
            message: repeated("cd", 50),
            tag: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            key: repeated("aa", 131),
            message: "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b65"
                + "79202d2048617368204b6579204669727374",
            tag: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            key: repeated("aa", 131),
            message: "5468697320697320612074657374207573696e672061206c6172676572207468616e2062"
                + "6c6f636b2d73697a65206b657920616e642061206c6172676572207468616e20626c6f63"
                + "6b2d73697a6520646174612e20546865206b6579206e6565647320746f20626520686173"
                + "686564206265666f7265206265696e6720757365642062792074686520484d414320616c"
                + "676f726974686d2e",
            tag: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
        Vector(
            key: repeated("0c", 20),
            message: "546573742057697468205472756e636174696f6e",
            tag: "a3b6167473100ee06e0c796c2955552b"),
    ]

    static func repeated(_ pair: String, _ count: Int) -> String {
        String(repeating: pair, count: count)
    }

    @Test(arguments: published)
    func publishedVectors(_ vector: Vector) throws {
        let hasher = HMACSHA256(key: try secret(fromHex: vector.key))
        let message = unhex(vector.message)
        for _ in 0..<2 {
            var buffer = ByteBuffer()
            hasher.appendHex(of: message.span, to: &buffer)
            let digits = text(buffer.array())
            #expect(digits.count == 64)
            #expect(digits.hasPrefix(vector.tag))
            var token = ByteBuffer()
            token.append(tokenHex: hasher.token(of: message.span))
            #expect(text(token.array()) == String(vector.tag.prefix(32)))
        }
    }

    @Test func selfTestPasses() throws { try HashingSelfTest.run() }

    /// The plain twin: the one-message-per-context interface of OpenSSL.
    @Test(arguments: [1 as UInt64, 2, 3])
    func agreesWithTheMACInterface(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for length in 0...300 {
            let key = (0..<Int.random(in: 1...150, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            let message = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            let hasher = HMACSHA256(key: try SecretKey.copying(key.span))
            var buffer = ByteBuffer()
            hasher.appendHex(of: message.span, to: &buffer)
            #expect(
                text(buffer.array()) == hex(twin(key: key, message: message)),
                "seed \(seed), length \(length)")
        }
    }

    private func twin(key: [UInt8], message: [UInt8]) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: 32)
        var written = 0
        let result = unsafe EVP_Q_mac(
            nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &tag,
            tag.count, &written)
        let isDone = unsafe result != nil
        #expect(isDone && written == 32)
        return tag
    }
}
