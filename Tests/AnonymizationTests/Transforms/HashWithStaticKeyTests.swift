import Anonymization
import KeyedHashing
import Records
import TestSupport
import Testing

@Suite struct HashWithStaticKeyTests {
    private func made(_ key: [UInt8]) throws -> HashWithStaticKey {
        HashWithStaticKey(key: try SecretKey.copying(key.span))
    }

    /// RFC 4231 section 4, cases 1, 2 and 6.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            bytes("Jefe"), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func writesTheFullTag(_ key: [UInt8], _ message: String, _ tag: String) throws {
        #expect(try made(key).trial(message) == Outcome(.plainText, tag))
        #expect(try made(key).trial(message, .escapedText) == Outcome(.plainText, tag))
    }

    @Test func onlyTextIsHashed() throws {
        let transform = try made(bytes("Jefe"))
        #expect(transform.trial("") == Outcome(.unchanged))
        for kind in [FieldKind.number, .boolean, .structure] {
            #expect(transform.trial("17", kind) == Outcome(.null))
        }
    }

    @Test func readsItsKeyFile() throws {
        let planned = HashWithStaticKey.descriptor.planned(
            [("key", setting("static.key")), ("encoding", setting("raw"))], key: bytes("Jefe"))
        #expect(planned.faults.isEmpty)
        #expect(planned.transform?.trial("ann") == (try made(bytes("Jefe")).trial("ann")))
    }

    @Test func saysWhatIsWrongWithTheKeyFile() {
        let none = HashWithStaticKey.descriptor.planned()
        #expect(none.transform == nil)
        #expect(none.faults.map(\.message) == ["`key` is missing"])
        let missing = HashWithStaticKey.descriptor.planned([("key", setting("missing.key"))])
        #expect(missing.transform == nil)
        #expect(missing.faults.map(\.path) == ["fields.field.hmac_sha256.key"])
        let encoding = HashWithStaticKey.descriptor.planned([
            ("key", setting("static.key")), ("encoding", setting("base64")),
        ])
        #expect(encoding.transform == nil)
        #expect(encoding.faults.map(\.path) == ["fields.field.hmac_sha256.encoding"])
    }
}
