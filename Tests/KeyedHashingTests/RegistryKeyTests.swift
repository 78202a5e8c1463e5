import FileSystem
import Foundation
import KeyedHashing
import Records
import TestSupport
import Testing

struct RegistryKeyTests {
    private func folder(_ scratch: Scratch) throws -> Directory {
        try Directory.privateDirectory(scratch.path, creating: false, closedToReaders: true)
    }

    @Test func theKeyIsMadeOnFirstNeedAndStays() throws {
        let scratch = try Scratch()
        let folder = try folder(scratch)
        #expect(try RegistryKey.hasher(in: folder, creatingIfMissing: false) == nil)
        let made = try #require(try RegistryKey.hasher(in: folder, creatingIfMissing: true))
        let again = try #require(try RegistryKey.hasher(in: folder, creatingIfMissing: false))
        #expect(made.keyID == again.keyID)
        #expect(made.fingerprint == again.fingerprint)
        #expect(made.keyID.hasPrefix("registry/"))
        #expect(try scratch.mode(RegistryKey.fileName) == 0o600)
        #expect(try scratch.names() == [RegistryKey.fileName])
        let name = bytes("ada@customer.example")
        #expect(made.hash(.user, name.span) == again.hash(.user, name.span))
    }

    @Test func everyByteOfTheFileCounts() throws {
        let scratch = try Scratch()
        let folder = try folder(scratch)
        _ = try RegistryKey.hasher(in: folder, creatingIfMissing: true)
        let good = try scratch.read(RegistryKey.fileName)
        for index in good.indices {
            var bad = good
            bad[index] ^= 1
            try scratch.write(RegistryKey.fileName, bad)
            #expect(throws: KeyFault.self, "byte \(index)") {
                try RegistryKey.hasher(in: folder, creatingIfMissing: true)
            }
        }
    }

    @Test func aKeyOfAnotherKindIsRefused() throws {
        let scratch = try Scratch()
        let folder = try folder(scratch)
        _ = try scratch.store().key(for: march, creatingIfMissing: true)
        try scratch.write(RegistryKey.fileName, scratch.read("keys/2026-03.key"))
        #expect(throws: KeyFault.self) {
            try RegistryKey.hasher(in: folder, creatingIfMissing: true)
        }
    }

    /// The message written out by hand: the hash is what the documentation says.
    @Test func theHashIsThatOfTheDocumentedMessage() throws {
        let key = try SecretKey.copying(bytes("thirty-two bytes of a fixed key!").span)
        let message =
            bytes("sluice-subject-1") + [0, 0, 0, 8] + bytes("customer") + [0, 0, 0, 4]
            + bytes("acme")
        let expected = HMACSHA256(key: key).withTag(of: message.span) { Digest256(bytes: $0) }
        let made = SubjectHasher(key: key).hash(.customer, bytes("acme").span)
        #expect(made.digest == expected)
        #expect(made.kind == .customer)
        #expect(SubjectHasher(key: key).hash(.user, bytes("acme").span).digest != expected)
    }
}
