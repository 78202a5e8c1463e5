import KeyedHashing
import LogFormats
import Records
import TestSupport
import Testing

@testable import Anonymization

/// Whose a record is, by all of its fields that may say so.
@Suite("Records of somebody who is sought")
struct RecordMatcherTests {
    private static let names = ["customer", "user", "alias", "users[*]"]

    private func match(_ matcher: RecordMatcher, _ line: String) -> RecordMatcher.Match {
        read(line) { matcher.match(0, $0, $1, $2) }
    }

    private func read<Answer>(
        _ line: String,
        _ body: (borrowing RecordTable, Span<UInt8>, any RecordReader) -> Answer
    ) -> Answer {
        let reader = JSONLinesFormat().makeReader(
            fields: DeclaredFields(names: Self.names, needsOutline: false),
            limits: RecordLimits())
        var table = RecordTable(slotCount: Self.names.count)
        var chunk = Chunk(capacity: 16)
        chunk.buffer.append(bytes(line + "\n"))
        chunk.seal()
        reader.index(chunk, into: &table)
        return body(table, chunk.buffer.bytes, reader)
    }

    private func sought(_ kind: SubjectKind, _ value: String, _ slots: [Int]) -> SoughtIdentity {
        SoughtIdentity(
            kind: kind, who: .value(bytes(value)), slots: slots, tokens: [bytes("token")])
    }

    @Test(
        "any of the fields, and any element of a list",
        arguments: [
            (#"{"user":"anna"}"#, RecordMatcher.Match.value), (#"{"user":"bob"}"#, .none),
            (#"{"user":"\u0061nna"}"#, .value), (#"{"user":"bob","alias":"anna"}"#, .value),
            (#"{"user":"bob","alias":"token"}"#, .token), (#"{"customer":"anna"}"#, .none),
            (#"{"users":["bob","anna"]}"#, .value), (#"{"users":["bob","carl"]}"#, .none),
            (#"{"users":["bob"],"alias":"anna"}"#, .value), ("{}", .none),
            (#"{"users":["bob","token","carl"]}"#, .token), (#"{"user":null}"#, .none),
        ])
    func fields(_ line: String, _ expected: RecordMatcher.Match) {
        #expect(match(RecordMatcher(sought: sought(.user, "anna", [1, 2, 3])), line) == expected)
        #expect(match(RecordMatcher(sought: sought(.user, "anna", [3, 2, 1])), line) == expected)
    }

    @Test(
        "what may stand for the customer, or for another, leaves it open",
        arguments: [
            ("c1", RecordMatcher.Match.value), ("c2", .none),
            ("mask", .undecided(isToken: false)), ("", .undecided(isToken: false)),
        ])
    func copies(_ customer: String, _ expected: RecordMatcher.Match) {
        var within = sought(.customer, "c1", [0])
        within.copies = [bytes("mask")]
        let line = #"{"user":"anna","customer":"\#(customer)"}"#
        #expect(
            match(RecordMatcher(sought: sought(.user, "anna", [1]), within: within), line)
                == expected)
        within.copies = []
        #expect(
            match(RecordMatcher(sought: sought(.user, "anna", [1]), within: within), line)
                == (customer == "mask" ? .none : expected))
    }

    @Test("a name that is no text is sought as it is, or as what is written for it")
    func namesThatAreNoText() {
        let (plain, written) = (#"a\u0000b"#, #"a\\x00b"#)
        for name in ["a\u{0}b", #"a\x00b"#] {
            let matcher = RecordMatcher(sought: sought(.user, name, [1]))
            #expect(match(matcher, #"{"user":"\#(plain)"}"#) == .value)
            for other in ["ab", #"a\u0000c"#, #"a\\x00c"#] {
                #expect(match(matcher, #"{"user":"\#(other)"}"#) == .none)
            }
        }
        let matcher = RecordMatcher(sought: sought(.user, #"a\x00b"#, [1]))
        #expect(match(matcher, #"{"user":"\#(written)"}"#) == .value)
    }

    @Test("what a match says")
    func words() {
        func words(_ match: RecordMatcher.Match) -> [Bool] {
            [match.isSure, match.isToken, match.isUndecided]
        }
        #expect(words(.none) == [false, false, false])
        #expect(words(.value) == [true, false, false])
        #expect(words(.token) == [true, true, false])
        #expect(words(.undecided(isToken: false)) == [false, false, true])
        #expect(words(.undecided(isToken: true)) == [false, true, true])
    }

    @Test(
        "any text inside an array or an object, at any depth",
        arguments: [
            (#"{"user":["anna"]}"#, RecordMatcher.Match.value),
            (#"{"user":["bob", 7 , "anna"]}"#, .value),
            (#"{"user":{"id":" anna ","age":7}}"#, .value),
            (#"{"user":{"anna":true}}"#, .value), (#"{"user":[[{"a":["\u0061nna"]}]]}"#, .value),
            (#"{"user":["\"","anna"]}"#, .value), (#"{"user":["\\","anna"]}"#, .value),
            (#"{"user":["\",\"anna\""]}"#, .none), (#"{"user":["annabel","xanna"]}"#, .none),
            (#"{"user":[]}"#, .none), (#"{"user":{}}"#, .none), (#"{"user":[""]}"#, .none),
            (#"{"users":[["bob"],{"id":"anna"}]}"#, .value), (#"{"user":["token"]}"#, .token),
            (#"{"customer":["anna"],"user":"bob"}"#, .none),
        ])
    func structures(_ line: String, _ expected: RecordMatcher.Match) {
        #expect(match(RecordMatcher(sought: sought(.user, "anna", [1, 2, 3])), line) == expected)
    }

    @Test("a number inside is a name as written, a truth value is none")
    func numbersInside() {
        for (value, isThere) in [("7", true), ("-1.5e3", true), ("1", false), ("true", false)] {
            let matcher = RecordMatcher(sought: sought(.user, value, [1]))
            let found = match(matcher, #"{"user":[true,{"n":7},-1.5e3]}"#)
            #expect((found == .value) == isThere)
        }
    }

    @Test("a number is a name, a truth value is none")
    func kinds() {
        #expect(match(RecordMatcher(sought: sought(.user, "7", [1])), #"{"user":7}"#) == .value)
        let truth = RecordMatcher(sought: sought(.user, "true", [1]))
        #expect(match(truth, #"{"user":true}"#) == .none)
        #expect(match(truth, #"{"user":"true"}"#) == .value)
    }

    @Test(
        "of one customer: a record that does not say whose it is cannot be told",
        arguments: [
            (#"{"customer":"c1","user":"anna"}"#, RecordMatcher.Match.value),
            (#"{"customer":"c2","user":"anna"}"#, .none),
            (#"{"customer":"c12","user":"anna"}"#, .none),
            (#"{"customer":"x","user":"anna"}"#, .none),
            (#"{"user":"anna"}"#, .undecided(isToken: false)),
            (#"{"user":"token"}"#, .undecided(isToken: true)),
            (#"{"customer":"","user":"anna"}"#, .undecided(isToken: false)),
            (#"{"customer":"\u0020 ","user":"anna"}"#, .undecided(isToken: false)),
            (#"{"customer":true,"user":"anna"}"#, .undecided(isToken: false)),
            (#"{"customer":["c2"],"user":"anna"}"#, .undecided(isToken: false)),
            (#"{"customer":["c2","c1"],"user":"anna"}"#, .value),
            (#"{"customer":{"id":"c1"},"user":["anna"]}"#, .value),
            (#"{"customer":"c2","user":["anna"]}"#, .none),
            (#"{"customer":null,"user":"anna"}"#, .undecided(isToken: false)),
            (#"{"user":"bob"}"#, .none),
            (#"{"customer":"c1","user":"bob"}"#, .none),
            (#"{"customer":"c1","user":"token"}"#, .token),
        ])
    func within(_ line: String, _ expected: RecordMatcher.Match) {
        let matcher = RecordMatcher(
            sought: sought(.user, "anna", [1]),
            within: SoughtIdentity(kind: .customer, who: .value(bytes("c1")), slots: [0]))
        #expect(match(matcher, line) == expected)
    }

    @Test(
        "the same where a list names the customers",
        arguments: [
            (#"{"users":["c1"],"user":"anna"}"#, RecordMatcher.Match.value),
            (#"{"users":["c2"],"user":"anna"}"#, .none),
            (#"{"users":["c2","c1"],"user":"anna"}"#, .value),
            (#"{"users":[],"user":"anna"}"#, .undecided(isToken: false)),
            (#"{"users":[" ",null],"user":"anna"}"#, .undecided(isToken: false)),
            (#"{"users":[{"id":"c2"}],"user":"anna"}"#, .undecided(isToken: false)),
            (#"{"users":[],"customer":"c2","user":"anna"}"#, .none),
            (#"{"users":[" ",7],"user":"anna"}"#, .none),
        ])
    func withinLists(_ line: String, _ expected: RecordMatcher.Match) {
        let matcher = RecordMatcher(
            sought: sought(.user, "anna", [1]),
            within: SoughtIdentity(kind: .customer, who: .value(bytes("c1")), slots: [3, 0]))
        #expect(match(matcher, line) == expected)
    }
}
