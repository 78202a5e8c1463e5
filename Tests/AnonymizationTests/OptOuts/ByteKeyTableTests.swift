import Records
import TestSupport
import Testing

@testable import Anonymization

/// Names are told apart by their bytes, not by their hashes alone.
@Suite("A table of byte strings")
struct ByteKeyTableTests {
    /// Texts with the same hash: whoever knows the seed of the process can make as many as wanted.
    private static let alike: [[UInt8]] = {
        let seed = (0..<8).map { UInt8(truncatingIfNeeded: ByteHash.seed >> UInt64(8 * $0)) }
        return ["a", "b", "ab", "ba", "abc", "c", "aaaaaaaa"].map { seed + bytes($0) }
    }()

    @Test("names with the same hash are others all the same, also where one begins another")
    func twins() {
        let hashes = Set(Self.alike.map { ByteHash.of($0.span) })
        #expect(hashes.count == 1)
        for one in Self.alike {
            var builder = ByteKeyTable.Builder()
            #expect(builder.number(of: one) == 0)
            let table = builder.finish()
            for other in Self.alike {
                let number = table.number(of: other.span)
                #expect(number == (other == one ? 0 : nil))
            }
        }
        var all = ByteKeyTable.Builder()
        for (number, key) in Self.alike.enumerated() { #expect(all.number(of: key) == number) }
        let table = all.finish()
        #expect(table.repeated == nil)
        for (number, key) in Self.alike.enumerated() {
            let found = table.number(of: key.span)
            #expect(found == number)
        }
    }

    @Test("a key that stands there twice is told, the first of several")
    func repeated() {
        let keys = [Self.alike[0], Self.alike[1], Self.alike[0], bytes("x"), bytes("x")]
        var (content, starts) = ([UInt8](), [0])
        for key in keys {
            content += key
            starts.append(content.count)
        }
        #expect(ByteKeyTable(content: content, starts: starts).repeated == 2)
        let key = keys[0]
        let found = ByteKeyTable(content: [], starts: [0]).number(of: key.span)
        #expect(found == nil)
    }
}
