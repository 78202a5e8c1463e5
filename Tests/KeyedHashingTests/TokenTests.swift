import KeyedHashing
import Records
import TestSupport
import Testing

struct TokenTests {
    /// The slow twin: puts the whole message together and hashes it as one.
    static func twin(
        _ key: SecretKey, scope: String, field: String, canonical: [UInt8]
    ) -> Token {
        var message: [UInt8] = [1]
        for part in [Array(scope.utf8), Array(field.utf8), canonical] {
            for shift in [24, 16, 8, 0] { message.append(UInt8(part.count >> shift & 255)) }
            message += part
        }
        return HMACSHA256(key: key).token(of: message.span)
    }

    @Test func agreesWithTheTwin() throws {
        var random = SeededGenerator(seed: 7)
        let key = try SecretKey.random()
        let hasher = TokenHasher(key: key, epoch: nil)
        for length in 0...300 {
            let scope = String(repeating: "s", count: Int.random(in: 0...60, using: &random))
            let field = String(repeating: "f", count: Int.random(in: 0...60, using: &random))
            let value = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            let domain = TokenDomain(scope: scope, field: field)
            #expect(
                hasher.token(domain, value)
                    == Self.twin(key, scope: scope, field: field, canonical: value))
        }
    }

    /// The known answer was computed with another programme's HMAC-SHA-256 over the message
    /// `01 00000004 75736572 00000002 6964 00000005 616c696365`, key bytes 00 to 1f.
    @Test func knownAnswer() throws {
        let key = try SecretKey.copying(Array(UInt8(0)..<32).span)
        let hasher = TokenHasher(key: key, epoch: nil)
        var buffer = ByteBuffer()
        hasher.appendToken(
            in: TokenDomain(scope: "user", field: "id"), of: bytes("alice").span, to: &buffer)
        #expect(text(buffer.array()) == "088b7c4d1a47cceed217f44cd9c0a61f")
    }

    /// The same for a secret of another use: HMAC-SHA-256 of `alice` under that of the message
    /// `85 636f756e7473`.
    @Test func knownAnswerOfASecret() throws {
        let key = try SecretKey.copying(Array(UInt8(0)..<32).span)
        let secret = try TokenHasher(key: key, epoch: nil).secret(for: "counts")
        let tag = secret.withTag(of: bytes("alice").span) { tag in tag.indices.map { tag[$0] } }
        #expect(
            hex(tag) == "d82b2401e14799d724be10ffa90478a62adf9e18d306a9d5e57e28daa811dfd0")
    }

    @Test func movingBytesBetweenPartsChangesTheToken() throws {
        let hasher = TokenHasher(key: try SecretKey.random(), epoch: nil)
        var tokens = Set<Token>()
        let whole = Array("abcdef")
        var cases = 0
        for first in 0...whole.count {
            for second in first...whole.count {
                let domain = TokenDomain(
                    scope: String(whole[..<first]), field: String(whole[first..<second]))
                let value = bytes(String(whole[second...]))
                tokens.insert(hasher.token(domain, value))
                cases += 1
            }
        }
        #expect(tokens.count == cases)
    }

    @Test func everyKeyHasItsOwnTokensAndNames() throws {
        let domain = TokenDomain(scope: "user", field: "user")
        var tokens = Set<Token>()
        var names = Set<String>()
        for _ in 0..<50 {
            let hasher = TokenHasher(key: try SecretKey.random(), epoch: nil)
            tokens.insert(hasher.token(domain, bytes("someone")))
            names.insert(hasher.keyID.text)
        }
        #expect(tokens.count == 50)
        #expect(names.count == 50)
    }

    @Test func keyNamesCarryTheEpoch() throws {
        let epoch = KeyEpoch(month: CalendarMonth(year: 2026, month: 3), zone: "Europe/Amsterdam")
        let key = try SecretKey.copying(Array(UInt8(0)..<32).span)
        let name = TokenHasher(key: key, epoch: epoch).keyID.text
        #expect(name == "2026-03/Europe.Amsterdam/13639df3560a6e33")
        #expect(TokenHasher(key: key, epoch: nil).keyID.text == "static/13639df3560a6e33")
        #expect(epoch < KeyEpoch(month: CalendarMonth(year: 2026, month: 4), zone: "UTC"))
    }
}
