import TestSupport
import Testing

/// What long forms are asked for by variables of the environment.
@Suite("what the environment asks of tests")
struct AskedTests {
    private static func asked(_ words: String?) -> Asked {
        Asked("SLUICE_LONG_X", form: "SEED,SEED,… as 1,2", words: words)
    }

    @Test func wordsAreRead() throws {
        #expect(try Self.asked("400").list(Asked.number) == [400])
        #expect(try Self.asked("400,0,18446744073709551615").list(Asked.number) == [400, 0, .max])
        #expect(try Self.asked("1000").one(Asked.count) == 1000)
        #expect(try Self.asked("1").isTold())
    }

    @Test func nothingIsAskedFor() throws {
        #expect(!Self.asked(nil).isMade)
        #expect(try Self.asked(nil).list(Asked.number) == [])
        #expect(try !Self.asked(nil).isTold())
    }

    @Test(arguments: [
        "", "x", "400,x", "400,,401", ",400", "400,", "400, 401", "400;401", "-1", "+1", "0x1f",
        "1.0", "18446744073709551616",
    ]) func oddWordsAreRefused(_ words: String) {
        let fault = #expect(throws: Asked.OddWords.self) {
            try Self.asked(words).list(Asked.number)
        }
        #expect(
            fault?.description == "SLUICE_LONG_X is \"\(words)\": SEED,SEED,… as 1,2 is expected")
        #expect(throws: Asked.OddWords.self) { try Self.asked(words).one(Asked.count) }
        #expect(throws: Asked.OddWords.self) { try Self.asked(words).isTold() }
    }

    @Test(arguments: ["0", "1,2", "4294967296"]) func oddCountsAreRefused(_ words: String) {
        #expect(throws: Asked.OddWords.self) { try Self.asked(words).one(Asked.count) }
        #expect(throws: Asked.OddWords.self) { try Self.asked(words).isTold() }
    }
}
