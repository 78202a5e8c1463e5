import KeyedHashing
import TestSupport
import Testing

struct AESBlocksTests {
    struct Vector: Sendable {
        let key: String
        let plain: String
        let cipher: String
    }

    static let published = [
        // FIPS 197, Appendix C.1
        Vector(
            key: "000102030405060708090a0b0c0d0e0f", plain: "00112233445566778899aabbccddeeff",
            cipher: "69c4e0d86a7b0430d8cdb78070b4c55a"),
        // NIST SP 800-38A, F.1.1: four blocks
        Vector(
            key: "2b7e151628aed2a6abf7158809cf4f3c",
            plain: "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                + "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
            cipher: "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
                + "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"),
        // draft-denis-ipcrypt, deterministic: 0.0.0.0 and 192.0.2.1 in their 16-byte form
        Vector(
            key: "0123456789abcdeffedcba9876543210", plain: "00000000000000000000ffff00000000",
            cipher: "bde96789d353824cd7c6f58a6bd226eb"),
        Vector(
            key: "2b7e151628aed2a6abf7158809cf4f3c", plain: "00000000000000000000ffffc0000201",
            cipher: "1dbdc1b9fff175867d0b67b4e76e4777"),
    ]

    @Test(arguments: published)
    func publishedVectors(_ vector: Vector) throws {
        let cipher = try AESBlocks(key: try secret(fromHex: vector.key))
        var blocks = unhex(vector.plain)
        var span = blocks.mutableSpan
        try cipher.encrypt(&span)
        #expect(hex(blocks) == vector.cipher)
        var back = blocks.mutableSpan
        try cipher.decrypt(&back)
        #expect(hex(blocks) == vector.plain)
    }

    @Test func keyMayLieBehindAnotherKey() throws {
        let vector = Self.published[0]
        let both = try secret(fromHex: String(repeating: "5a", count: 16) + vector.key)
        var blocks = unhex(vector.plain)
        var span = blocks.mutableSpan
        try AESBlocks(key: both, at: 16).encrypt(&span)
        #expect(hex(blocks) == vector.cipher)
        #expect(both.halvesDiffer)
        #expect(try !secret(fromHex: vector.key + vector.key).halvesDiffer)
    }

    @Test func manyBlocksAreBlocksOneByOneOnAnyWorker() async throws {
        let cipher = try AESBlocks(key: try SecretKey.random(count: 16))
        await withTaskGroup(of: Bool.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    (try? Self.compares(cipher, seed: UInt64(worker))) == true
                }
            }
            for await agrees in group { #expect(agrees) }
        }
    }

    private static func compares(_ cipher: AESBlocks, seed: UInt64) throws -> Bool {
        var random = SeededGenerator(seed: seed)
        for count in 0..<100 {
            let plain = (0..<count * 16).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            var together = plain
            var span = together.mutableSpan
            try cipher.encrypt(&span)
            for index in 0..<count {
                var single = Array(plain[index * 16..<index * 16 + 16])
                var one = single.mutableSpan
                try cipher.encrypt(&one)
                if single != Array(together[index * 16..<index * 16 + 16]) { return false }
            }
        }
        return true
    }

    @Test func refusesWhatIsNotWholeBlocksOrKeys() throws {
        let key = try SecretKey.random(count: 31)
        #expect(throws: CipherFault.keyTooShort) { try AESBlocks(key: key, at: 16) }
        #expect(throws: CipherFault.keyTooShort) { try AESBlocks(key: key, at: -1) }
        var blocks = [UInt8](repeating: 0, count: 17)
        #expect(throws: CipherFault.partialBlock) {
            var span = blocks.mutableSpan
            try AESBlocks(key: key).encrypt(&span)
        }
    }
}
