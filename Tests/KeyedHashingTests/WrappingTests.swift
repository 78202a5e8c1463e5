import Foundation
import TestSupport
import Testing

@testable import KeyedHashing

struct AESGCMTests {
    struct Vector: Sendable {
        let key: String
        let nonce: String
        let plain: String
        let associated: String
        let sealed: String
    }

    /// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 14 and 16.
    static let published = [
        Vector(
            key: String(repeating: "00", count: 32), nonce: String(repeating: "00", count: 12),
            plain: String(repeating: "00", count: 16), associated: "",
            sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            nonce: "cafebabefacedbaddecaf888",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            associated: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                + "76fc6ece0f4e1768cddf8853bb2d551b"),
    ]

    @Test(arguments: published) func publishedVectors(_ vector: Vector) throws {
        let key = try secret(fromHex: vector.key)
        let associated = unhex(vector.associated)
        let plain = try secret(fromHex: vector.plain)
        let sealed = try AESGCM.seal(
            plain, key: key, nonce: unhex(vector.nonce), associated: associated)
        #expect(hex(shown(sealed)) == vector.nonce + vector.sealed)
        let opened = try AESGCM.open(sealed, from: 0, key: key, associated: associated)
        #expect(opened.map { hex(shown($0)) } == vector.plain)
    }

    @Test func anyFlippedBitIsRefused() throws {
        let key = try SecretKey.random()
        let plain = try SecretKey.random()
        let sealed = try AESGCM.seal(
            plain, key: key, nonce: [UInt8](repeating: 7, count: 12), associated: [1, 2, 3])
        let good = shown(sealed)
        for index in good.indices {
            var bad = good
            bad[index] ^= 1 << UInt8(index % 8)
            let content = try SecretKey.copying(bad.span)
            let opened = try AESGCM.open(content, from: 0, key: key, associated: [1, 2, 3])
            #expect(opened == nil)
        }
        let content = try SecretKey.copying(good.span)
        let elsewhere = try AESGCM.open(content, from: 0, key: key, associated: [1, 2])
        #expect(elsewhere == nil)
        let otherKey = try SecretKey.random()
        let byOther = try AESGCM.open(content, from: 0, key: otherKey, associated: [1, 2, 3])
        #expect(byOther == nil)
    }
}

struct WrappedStoreTests {
    private func wrapping(_ byte: UInt8) throws -> WrappingKey {
        let bytes = [UInt8](repeating: byte, count: 32)
        let key = try SecretKey.copying(bytes.span)
        return try WrappingKey(key)
    }

    private func open(
        _ scratch: Scratch, _ wrapping: WrappingKey?, _ name: String = "keys"
    ) throws -> KeyStore {
        try KeyStore.open(
            path: "\(scratch.path)/\(name)", zone: "UTC", creatingIfMissing: true,
            wrapping: wrapping)
    }

    @Test func aSealedKeyComesBackAndTheFileDoesNotShowIt() throws {
        let scratch = try Scratch()
        let plain = try open(scratch, nil, "plain")
        _ = try plain.key(for: march, creatingIfMissing: true)
        let store = try open(scratch, try wrapping(1))
        #expect(store.isWrapped && !plain.isWrapped)
        let key = try #require(aliveKey(try store.key(for: march, creatingIfMissing: true)))
        let again = try open(scratch, try wrapping(1))
        let found = try #require(aliveKey(try again.key(for: march, creatingIfMissing: false)))
        #expect(found.fingerprint == key.fingerprint)
        // The plain form holds the key itself; the sealed form must not be readable as one.
        let file = try scratch.read("keys/2026-03.key")
        let content = try SecretKey.copying(file.span)
        let head = KeyFileForm.head(of: store.epoch(of: march))
        let asPlain = try KeyFileForm.decode(content, head: head)
        #expect(asPlain == nil)
        #expect(KeyFileForm.isSealed(content))
        #expect(try store.destroy(march, run: "run", now: noon).method == KeyStore.methodOfSealed)
        #expect(isDestroyed(try again.key(for: march, creatingIfMissing: true)))
    }

    @Test func sealedFilesSaySoInTheirNinthByte() throws {
        let isSealed = try ["SLUICEKEY\u{2}", "SLUICEKEY\u{1}", "SLUICEKEY\u{3}", "SLUICEKEY"].map {
            KeyFileForm.isSealed(try SecretKey.copyingRecord(bytes($0)))
        }
        #expect(isSealed == [true, false, false, false])
    }

    @Test func withoutTheKeyOrWithAnotherItIsAFault() throws {
        let scratch = try Scratch()
        _ = try open(scratch, try wrapping(1)).key(for: march, creatingIfMissing: true)
        let path = scratch.path + "/keys"
        #expect(throws: KeyFault.wrapped(path: path)) { try open(scratch, nil) }
        #expect(throws: KeyFault.otherWrappingKey(path: path)) {
            try open(scratch, try wrapping(2))
        }
        _ = try open(scratch, nil, "plain")
        #expect(throws: KeyFault.notWrapped(path: scratch.path + "/plain")) {
            try open(scratch, try wrapping(1), "plain")
        }
    }

    /// A sealed file opens only under its own month, in its own store, and as it was written.
    @Test func sealedFilesCannotBeMovedOrChanged() throws {
        let scratch = try Scratch()
        let store = try open(scratch, try wrapping(1))
        _ = try store.key(for: march, creatingIfMissing: true)
        let good = try scratch.read("keys/2026-03.key")
        try scratch.write("keys/2026-04.key", good)
        #expect(throws: KeyFault.damaged(path: scratch.path + "/keys/2026-04.key")) {
            try store.key(for: april, creatingIfMissing: true)
        }
        let other = try KeyStore.open(
            path: scratch.path + "/other", zone: "Europe/Paris", creatingIfMissing: true,
            wrapping: wrapping(1))
        try scratch.write("other/2026-03.key", good)
        #expect(throws: KeyFault.self) { try other.key(for: march, creatingIfMissing: false) }
        for index in good.indices {
            var bad = good
            bad[index] ^= 4
            try scratch.write("keys/2026-03.key", bad)
            #expect(throws: KeyFault.damaged(path: scratch.path + "/keys/2026-03.key")) {
                try store.key(for: march, creatingIfMissing: false)
            }
        }
    }

    @Test func theRegistryKeyIsSealedByTheSameMeans() throws {
        let scratch = try Scratch()
        let directory = try scratch.directory()
        let first = try #require(
            try RegistryKey.hasher(
                in: directory, creatingIfMissing: true, wrapping: wrapping(1)))
        let second = try #require(
            try RegistryKey.hasher(
                in: directory, creatingIfMissing: false, wrapping: wrapping(1)))
        #expect(first.fingerprint == second.fingerprint)
        let path = scratch.path + "/" + RegistryKey.fileName
        #expect(throws: KeyFault.wrapped(path: path)) {
            try RegistryKey.hasher(in: directory, creatingIfMissing: true)
        }
        #expect(throws: KeyFault.otherWrappingKey(path: path)) {
            try RegistryKey.hasher(
                in: directory, creatingIfMissing: true, wrapping: wrapping(2))
        }
        try FileManager.default.removeItem(atPath: path)
        _ = try RegistryKey.hasher(in: directory, creatingIfMissing: true)
        #expect(throws: KeyFault.notWrapped(path: path)) {
            try RegistryKey.hasher(
                in: directory, creatingIfMissing: true, wrapping: wrapping(1))
        }
    }
}

struct WrappingKeyTests {
    /// What is written to the descriptor, and whether it is a key.
    static let contents: [(text: [UInt8], isKey: Bool)] = [
        ([UInt8](repeating: 0x80, count: 32), true),
        (bytes(String(repeating: "ab", count: 32)), true),
        (bytes(String(repeating: "AB", count: 32) + "\n"), true),
        ([UInt8](repeating: 0x80, count: 31), false),
        ([UInt8](repeating: 0x80, count: 33), false),
        (bytes("a passphrase that somebody made up"), false),
        ([], false),
        ([UInt8](repeating: 0x80, count: 5000), false),
    ]

    @Test(arguments: contents.indices) func aDescriptorGivesTheKey(_ index: Int) throws {
        let (content, isKey) = Self.contents[index]
        var ends: [Int32] = [-1, -1]
        let status = unsafe pipe(&ends)
        #expect(status == 0)
        _ = unsafe content.withUnsafeBytes { unsafe write(ends[1], $0.baseAddress, $0.count) }
        close(ends[1])
        if isKey {
            _ = try WrappingKey.load(.descriptor(ends[0]))
        } else {
            #expect(throws: KeyFault.self) { try WrappingKey.load(.descriptor(ends[0])) }
        }
    }

    @Test func aDescriptorThatIsNotOpenIsAFault() {
        let fault = #expect(throws: KeyFault.self) { try WrappingKey.load(.descriptor(1000)) }
        #expect(fault?.description.contains("descriptor 1000") == true)
        #expect(throws: KeyFault.self) { try WrappingKey.load(.descriptor(0)) }
    }
}

/// The bytes of a key; for these tests only.
private func shown(_ key: SecretKey) -> [UInt8] {
    var bytes: [UInt8] = []
    key.withSpan { span in
        for index in span.indices { bytes.append(span[index]) }
    }
    return bytes
}
