import Anonymization
import KeyedHashing
import Records
import TestSupport
import Testing

/// Whether a text names somebody who is sought, readable or by a token.
@Suite("Identities that are sought")
struct SoughtIdentityTests {
    private static func hasher() throws -> SubjectHasher {
        SubjectHasher(key: try SecretKey.copying(bytes("thirty-two bytes of a fixed key!").span))
    }

    /// Sought by the value, and by the registry's hash of it.
    private func both(
        _ kind: SubjectKind, _ value: String, tokens: Set<[UInt8]> = []
    ) throws -> [SoughtIdentity] {
        let hash = try #require(try Self.hasher().hash(kind, writtenAs: bytes(value).span))
        return [
            SoughtIdentity(kind: kind, who: .value(bytes(value)), tokens: tokens),
            SoughtIdentity(kind: kind, who: .hash(hash, try Self.hasher()), tokens: tokens),
        ]
    }

    @Test(
        "Customers and users, byte for byte without the white space around them",
        arguments: [SubjectKind.customer, .user],
        [
            ("c1", true), (" c1\t", true), ("C1", false), ("c2", false), ("d1", false),
            ("c", false), ("c12", false), ("", false), ("  ", false), ("c1, c1", false),
        ])
    func names(_ kind: SubjectKind, _ example: (text: String, isSought: Bool)) throws {
        for sought in try both(kind, "c1") {
            #expect(
                sought.match(bytes(example.text).span) == (example.isSought ? .value : .none))
        }
    }

    @Test(
        "Addresses in any spelling, alone and in lists",
        arguments: [
            ("2001:db8::7", true), ("2001:0DB8:0:0::7", true),
            ("192.0.2.9, 2001:db8::7", true), ("2001:db8::7, 192.0.2.9", true),
            ("2001:db8::8", false), ("192.0.2.9", false), ("", false), ("db8", false),
        ])
    func addresses(_ text: String, _ isSought: Bool) throws {
        for sought in try both(.address, "2001:db8::7") {
            #expect(sought.match(bytes(text).span) == (isSought ? .value : .none))
        }
    }

    @Test(
        "Tokens, alone and in lists",
        arguments: [
            ("t1", RecordMatcher.Match.token), ("x, t2", .token), ("t1,x", .token),
            (" t1 ", .token), ("x,t2,y", .token), ("t", .none), ("t12", .none), ("t1 t2", .none),
            ("x,,y", .none), (",", .none), ("", .none), ("T1", .none),
        ])
    func tokens(_ text: String, _ expected: RecordMatcher.Match) throws {
        for kind in [SubjectKind.user, .address] {
            let value = kind == .user ? "anna" : "192.0.2.7"
            for sought in try both(kind, value, tokens: [bytes("t1"), bytes("t2")]) {
                #expect(sought.match(bytes(text).span) == expected)
                #expect(sought.match(bytes(value).span) == .value)
            }
            for sought in try both(kind, value) {
                #expect(sought.match(bytes(text).span) == .none)
            }
        }
    }
}
