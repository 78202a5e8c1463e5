import FileSystem
import Foundation
import Records
import TestSupport
import Testing

@testable import KeyedHashing

struct StaticKeyFileTests {
    static let digits = "0123456789abcdef0123456789abcdef"

    struct Case: Sendable, CustomTestStringConvertible {
        let content: String
        let encoding: KeyEncoding
        let length: KeyLength
        /// The key in hexadecimal; nil when the file is refused.
        let key: String?

        var testDescription: String { "\(content.debugDescription) \(encoding) \(length)" }
    }

    static let cases = [
        Case(content: digits, encoding: .raw, length: .hash, key: hex(bytes(digits))),
        Case(content: digits, encoding: .automatic, length: .hash, key: nil),
        Case(content: digits, encoding: .hex, length: .hash, key: nil),
        Case(content: digits, encoding: .automatic, length: .exactly(16), key: digits),
        Case(content: digits + "\n", encoding: .hex, length: .exactly(16), key: digits),
        Case(content: digits + digits, encoding: .automatic, length: .hash, key: digits + digits),
        Case(
            content: digits.uppercased() + digits + "\n", encoding: .automatic, length: .hash,
            key: digits + digits),
        Case(content: digits + digits + "\n\n", encoding: .hex, length: .hash, key: nil),
        Case(content: digits + digits + "0", encoding: .hex, length: .hash, key: nil),
        Case(content: digits + "x", encoding: .hex, length: .hash, key: nil),
        Case(
            content: digits + "x", encoding: .automatic, length: .hash,
            key: hex(bytes(digits + "x"))),
        Case(
            content: digits + "\n", encoding: .raw, length: .hash, key: hex(bytes(digits + "\n"))),
        Case(content: digits, encoding: .raw, length: .exactly(16), key: nil),
        Case(content: "correct horse", encoding: .automatic, length: .hash, key: nil),
        Case(content: "correct horse", encoding: .raw, length: .hash, key: nil),
        Case(content: "abcdef", encoding: .automatic, length: .hash, key: nil),
        Case(content: "", encoding: .automatic, length: .hash, key: nil),
        Case(content: "\n", encoding: .hex, length: .hash, key: nil),
        Case(
            content: String(repeating: "z", count: 4097), encoding: .raw, length: .hash, key: nil),
    ]

    @Test(arguments: cases)
    func tableOfFiles(_ example: Case) throws {
        let scratch = try Scratch()
        try scratch.write("key", bytes(example.content))
        let load = {
            try SecretKey.load(
                path: scratch.path + "/key", encoding: example.encoding, length: example.length)
        }
        guard let expected = example.key else {
            let fault = #expect(throws: KeyFault.self) { try load() }
            let shown = fault?.description ?? ""
            if example.content.utf8.count > 2 { #expect(!shown.contains(example.content)) }
            return
        }
        let probe = TokenDomain(scope: "probe", field: "probe")
        let wanted = TokenHasher(key: try secret(fromHex: expected), epoch: nil)
        let got = TokenHasher(key: try load(), epoch: nil)
        #expect(got.token(probe, []) == wanted.token(probe, []))
    }

    /// As the volumes of a cluster lay out a secret: a link to what lies in a folder of its own.
    @Test func aDeliveredKeyIsReadThroughItsLink() throws {
        let scratch = try Scratch()
        try scratch.write("data", bytes(Self.digits + Self.digits), mode: 0o400)
        let link = scratch.path + "/run.key"
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: scratch.path + "/data")
        let probe = TokenDomain(scope: "probe", field: "probe")
        let wanted = TokenHasher(key: try SecretKey.load(path: scratch.path + "/data"), epoch: nil)
        let got = TokenHasher(key: try SecretKey.load(deliveredAt: link), epoch: nil)
        #expect(got.token(probe, []) == wanted.token(probe, []))
        for mode in [0o404, 0o460, 0o444] {
            try scratch.setMode("data", mode)
            #expect(throws: KeyFault.self) { try SecretKey.load(deliveredAt: link) }
        }
        for path in [scratch.path, "/dev/zero"] {
            #expect(throws: KeyFault.file(FileFault(.open, .notRegularFile, path: path))) {
                try SecretKey.load(deliveredAt: path)
            }
        }
    }

    /// What no test of one user can try with files of others.
    @Test func aDeliveredFileIsOfTheUserOrOfTheSuperuser() {
        let cases: [(owner: UInt32, permissions: UInt32, user: UInt32, FileFault.Cause?)] = [
            (7, 0o400, 7, nil), (7, 0o700, 7, nil), (7, 0o440, 7, .openToOthers),
            (7, 0o404, 7, .openToOthers), (7, 0o401, 7, .openToOthers), (0, 0o400, 7, nil),
            (0, 0o440, 7, nil), (0, 0o460, 7, .openToOthers), (0, 0o450, 7, .openToOthers),
            (0, 0o404, 7, .openToOthers), (0, 0o400, 0, nil), (0, 0o440, 0, .openToOthers),
            (8, 0o400, 7, .foreignOwner), (1, 0o400, 7, .foreignOwner),
            (8, 0o400, 0, .foreignOwner),
        ]
        for (owner, permissions, user, cause) in cases {
            let found = DeliveredFile.refusal(owner: owner, permissions: permissions, user: user)
            #expect(found == cause, "\(permissions) of \(owner) for \(user)")
        }
    }

    @Test func otherFilesAreRefused() throws {
        let scratch = try Scratch()
        try scratch.write("key", bytes(Self.digits + Self.digits), mode: 0o640)
        #expect(throws: KeyFault.self) { try SecretKey.load(path: scratch.path + "/key") }
        try scratch.setMode("key", 0o400)
        _ = try SecretKey.load(path: scratch.path + "/key")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/link", withDestinationPath: scratch.path + "/key")
        #expect(throws: KeyFault.self) { try SecretKey.load(path: scratch.path + "/link") }
        #expect(throws: KeyFault.self) { try SecretKey.load(path: scratch.path + "/none") }
        #expect(throws: KeyFault.self) { try SecretKey.load(path: scratch.path) }
    }
}
