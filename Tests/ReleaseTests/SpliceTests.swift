@testable import Anonymization
import LogFormats
import Records
import TestSupport
import Testing

/// Members taken out of records whose other bytes stay, and records rebuilt from what is named.
@Suite struct SpliceTests {
    private static let time = "2026-01-01T00:00:00Z"

    /// `line` with `drops` taken out; `TS` stands for a time member.
    private func without(_ drops: [String], _ line: String, keepsUnnamed: Bool = true) -> String {
        var trial = ReleaseTrial(drops.map { ($0, FieldRule(transform: nil)) })
        trial.timeField = nil
        trial.keepsUnnamed = keepsUnnamed
        let result = trial.run([line])
        #expect(result.counts.isConserved && result.counts.outputs[0].anonymised == 1)
        return result.lines.first ?? ""
    }

    @Test func droppedMembersTakeOneCommaWithThem() {
        let line = #"{"a":1,"b":"x","c":[1],"d":{"e":2}}"#
        let members = [#""a":1"#, #""b":"x""#, #""c":[1]"#, #""d":{"e":2}"#]
        let names = ["a", "b", "c", "d"]
        for mask in 0..<16 {
            let kept = (0..<4).filter { mask >> $0 & 1 == 0 }.map { members[$0] }
            let gone = (0..<4).filter { mask >> $0 & 1 == 1 }.map { names[$0] }
            if gone.isEmpty { continue }
            #expect(without(gone, line) == "{" + kept.joined(separator: ",") + "}")
            #expect(without(gone.reversed(), line) == "{" + kept.joined(separator: ",") + "}")
        }
    }

    @Test(arguments: [
        (["a"], #"{ "a" : 1 }"#, "{  }"), (["a"], #"{ "a" : 1 , "b" : 2 }"#, #"{  "b" : 2 }"#),
        (["b"], #"{ "a" : 1 , "b" : 2 }"#, #"{ "a" : 1  }"#),
        (["b"], "{\t\"a\":1\r,\t\"b\":2,\"c\":3}", "{\t\"a\":1\r,\"c\":3}"),
        ([#"k"\"#], #"{"k\"\\":1,"b":2}"#, #"{"b":2}"#),
        ([#"k"\"#], #"{"b":2,"k\"\\":1}"#, #"{"b":2}"#),
        ([#"\""#], #"{"\"":"\"","b":",\""}"#, #"{"b":",\""}"#),
        (["é"], #"{"\u00e9":1}"#, "{}"), (["a"], #"{"b":"x,","a":"\\"}"#, #"{"b":"x,"}"#),
        (["c.d"], #"{"c":{"d":1}}"#, #"{"c":{}}"#),
        (["c.d"], #"{"c":{"d":1,"e":2}}"#, #"{"c":{"e":2}}"#),
        (["c.d", "e"], #"{"c":{"x":0,"d":1},"e":2}"#, #"{"c":{"x":0}}"#),
        (["t[0]"], #"{"t":[1,2,3]}"#, #"{"t":[2,3]}"#),
        (["t[2]"], #"{"t":[1,2,3]}"#, #"{"t":[1,2]}"#),
        (["t[*]"], #"{"t":["a,", "b" ,[":"]]}"#, #"{"t":[ ]}"#),
        (["t[1]"], #"{"t":[":","x","y"]}"#, #"{"t":[":","y"]}"#),
        (
            ["t[*].ip"], #"{"t":[{"ip":1},{"a":2,"ip":3},{"ip":4,"b":5}]}"#,
            #"{"t":[{},{"a":2},{"b":5}]}"#
        ),
        (["a", "c"], #"{"a":1, "b":2, "c":3}"#, #"{ "b":2}"#),
        (["a", "b"], #"{"a":1 , "b":2 }"#, "{  }"),
        (["a"], #"{"a":null,"b":1}"#, #"{"b":1}"#),
        (["t[0]", "t[1]"], #"{"t":[{"x":[","]},"]",3]}"#, #"{"t":[3]}"#),
    ])
    func droppedInPlace(_ drops: [String], _ line: String, _ expected: String) {
        #expect(without(drops, line) == expected)
    }

    /// No key is left, whatever stood there: also where the rule is written.
    @Test(arguments: [#"{"a":null,"b":1}"#, #"{"b":1,"a":"x"}"#, #"{"b":1,"a":[null]}"#])
    func droppedWithItsKey(_ line: String) {
        for keepsUnnamed in [true, false] {
            var trial = ReleaseTrial(["a": Drop(), "b": Keep()])
            trial.timeField = nil
            trial.keepsUnnamed = keepsUnnamed
            #expect(trial.run([line]).lines == [#"{"b":1}"#])
        }
    }

    @Test(arguments: [
        (["a"], #"{"a":1,"b":2}"#, "{}"), (["c.d"], #"{"c":{"d":1},"b":2}"#, "{}"),
        (["t[*].ip"], #"{"t":[{"ip":1},{"a":2}]}"#, "{}"), (["zz"], #" {"a":{"b":[1]}} "#, "{}"),
    ])
    func rebuiltFromNothing(_ drops: [String], _ line: String, _ expected: String) {
        #expect(without(drops, line, keepsUnnamed: false) == expected)
    }

    @Test(arguments: [
        (["a"], #" { "x":0 , "a" : [1, {"q":2}] , "y":1 } "#, #"{"a":[1, {"q":2}]}"#),
        (["c.d", "c.f"], #"{"c":{"d":1,"e":2,"f":3},"a":1}"#, #"{"c":{"d":1,"f":3}}"#),
        (
            ["c.d.e", "a"], #"{"c":{"d":{"e":1}},"a":"\u0041"}"#,
            #"{"c":{"d":{"e":1}},"a":"\u0041"}"#
        ),
        (
            ["t[*].ip", "t[*].b.c"], #"{"t":[{"ip":1,"b":{"c":2}},3,{"z":4},{"b":{"c":5}}]}"#,
            #"{"t":[{"ip":1,"b":{"c":2}},{"b":{"c":5}}]}"#
        ),
        (["t[1]"], #"{"t":[1,"two",3],"u":[]}"#, #"{"t":[null,"two"]}"#),
        (
            ["t[1].a", "t[3]"], #"{"t":[{"a":0},{"a":1,"b":0},2,[3],4]}"#,
            #"{"t":[null,{"a":1},null,[3]]}"#
        ),
        (
            ["t[*].a", "t[2].b"], #"{"t":[{"a":0},{"b":1},{"a":2,"b":3}]}"#,
            #"{"t":[{"a":0},null,{"a":2,"b":3}]}"#
        ),
        (["a", "b"], #"{"b":null,"\u0061":true}"#, #"{"b":null,"\u0061":true}"#),
        (["m[*][0]"], #"{"m":[[1,2],[],[3]]}"#, #"{"m":[[1],[3]]}"#),
    ])
    func rebuiltFromWhatIsNamed(_ fields: [String], _ line: String, _ expected: String) {
        var trial = ReleaseTrial(fields.map { ($0, FieldRule(transform: Keep())) })
        trial.timeField = nil
        #expect(trial.run([line]).lines == [expected])
    }

    @Test func someDroppedSomeReplacedInNestedPlaces() {
        let line = #"{"a":"x","c":{"ip":"192.0.2.9","n":1,"q":"z"},"t":["p","q"],"u":"y"}"#
        for keepsUnnamed in [true, false] {
            var trial = ReleaseTrial([
                "t[*]": Replace(with: "\"r\\"), "u": nil, "c.q": nil, "c.ip": TruncateAddress(),
                "a": nil,
            ])
            trial.timeField = nil
            trial.keepsUnnamed = keepsUnnamed
            let number = keepsUnnamed ? #","n":1"# : ""
            #expect(
                trial.run([line]).lines == [
                    #"{"c":{"ip":"192.0.0.0"\#(number)},"t":["\"r\\","\"r\\"]}"#
                ]
            )
        }
    }

    @Test func derivedMembersAreAddedBeforeTheirSourceIsCut() {
        for keepsUnnamed in [true, false] {
            var trial = ReleaseTrial(["a": Keep(), "ua": nil])
            trial.timeField = nil
            trial.keepsUnnamed = keepsUnnamed
            trial.derived = [
                DerivedField(name: "os", slot: 1, transform: Replace(with: "v")),
                DerivedField(name: "no", slot: 1, transform: Drop()),
            ]
            let table = [
                (#"{"a":1,"ua":"m"}"#, #"{"a":1,"os":"v"}"#), (#"{"ua":"m"}"#, #"{"os":"v"}"#),
                (#"{"ua":"m","a":{}}"#, #"{"a":{},"os":"v"}"#), (#"{"a":1}"#, #"{"a":1}"#),
                ("{}", "{}"), (#"{"ua":null}"#, "{}"),
                (#"{"ua":"}","a":"}"}"#, #"{"a":"}","os":"v"}"#),
            ]
            for (line, expected) in table {
                #expect(trial.run([line]).lines == [expected], "\(line) \(keepsUnnamed)")
            }
        }
    }

    /// What a transform leaves as it is says as much as what it changes.
    @Test func derivedMembersAreThereWhenNothingIsToBeChanged() {
        let lines = [
            (#"{"l":"nl","p":"/login"}"#, #"{"lang":"nl","text":"/login"}"#),
            (#"{"l":"nl-BE","p":"a@b.nl"}"#, #"{"lang":"nl","text":"[email]"}"#),
            (#"{"l":"n\u006c","p":"\\"}"#, #"{"lang":"nl","text":"\\"}"#),
            (#"{"l":null,"p":7}"#, #"{"text":null}"#), (#"{"p":null}"#, "{}"), ("{}", "{}"),
        ]
        var trial = ReleaseTrial(["l": nil, "p": nil])
        trial.timeField = nil
        trial.derived = [
            DerivedField(name: "lang", slot: 0, transform: PrimaryLanguage()),
            DerivedField(name: "text", slot: 1, transform: RedactText(kinds: .email)),
        ]
        for keepsUnnamed in [true, false] {
            trial.keepsUnnamed = keepsUnnamed
            #expect(trial.run(lines.map(\.0)).lines == lines.map(\.1))
        }
        trial.columns = [.derived(0), .derived(1)]
        #expect(trial.run(lines.map(\.0)).lines == lines.map(\.1))
    }

    @Test func derivedMembersAreAddedInTheWindowToo() {
        var trial = ReleaseTrial(["ts": Keep(), "ua": nil])
        trial.derived = [DerivedField(name: "os", slot: 1, transform: Replace(with: "v"))]
        let line = #"{"ts":"\#(ReleaseTrial.fresh)","ua":"m","x":{}} "#
        #expect(
            trial.run([line]).lines == [
                #"{"ts":"\#(ReleaseTrial.fresh)","ua":"m","x":{},"os":"v"} "#
            ]
        )
    }

    @Test func ofSeveralValuesAColumnHoldsTheFirst() {
        var trial = ReleaseTrial([
            "t[*]": Keep(), "c.d": Keep(), "e": Replace(with: "\n"), "f": nil,
        ])
        trial.timeField = nil
        trial.columns = [.slot(0), .slot(1), .slot(2), .slot(3)]
        let line = #"{"x":9,"f":1,"t":["\u0061",2],"c":{"d":{"y": 1}},"e":3}"#
        #expect(
            trial.run([line, "{}", #"{"t":[],"c":{"d":null}}"#]).lines == [
                #"{"t":"a","c":{"d":{"y": 1}},"e":"\n"}"#, "{}", #"{"c":{"d":null}}"#,
            ]
        )
    }

    /// A request line and its method begin at one place: what is done to the whole counts.
    @Test func theLongerOfTwoEditsAtOnePlaceWins() throws {
        let format = try #require(FormatCatalogue.named("combined")).make(
            SettingReader(.mapping([], .none), path: "source", faults: Faults())
        )
        let line =
            #"192.0.2.7 - ann [01/Jan/2026:00:00:00 +0000] "GET /secret HTTP/1.1" 200 5 "-" "-""#
        for order in [["method", "request"], ["request", "method"]] {
            var trial = ReleaseTrial(
                order.map { name in
                    (name, FieldRule(transform: name == "method" ? Replace(with: "M") : nil))
                }
            )
            trial.format = try #require(format)
            trial.timeField = nil
            trial.syntax = .template
            trial.keepsUnnamed = true
            let out = trial.run([line]).lines
            #expect(out.count == 1)
            #expect(out.allSatisfy { !$0.contains("secret") }, "\(out)")
        }
    }
}
