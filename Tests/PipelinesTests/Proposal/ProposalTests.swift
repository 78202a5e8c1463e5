import Pipelines
import Records
import TestSupport
import Testing

@Suite("a pipeline proposed for a log")
struct ProposalTests {
    private let world: TemporaryPipeline

    init() throws { world = try TemporaryPipeline("") }

    private func path(_ name: String) -> String { "\(world.folder)/\(name)" }

    private func proposal(
        _ log: String, _ name: String = "sample.log",
        _ change: (inout ProposalRequest) -> Void = { _ in }
    ) throws -> Proposal {
        try world.write(name, log)
        var request = ProposalRequest()
        request.logs = [path(name)]
        change(&request)
        return try Sluice.propose(request)
    }

    /// The line of the proposal that says what becomes of a field.
    private func rule(_ field: String, _ proposal: Proposal) -> String {
        let lines = proposal.text.split(separator: "\n").map(String.init)
        let line = lines.first { $0.hasPrefix("  \(field): ") }
        return line.map { String($0.dropFirst(2)) } ?? "none"
    }

    // MARK: Whatever the format

    private static let combined =
        #"203.0.113.9 - anna [01/Mar/2026:10:00:00 +0000] "GET /zeldzaam HTTP/1.1" "#
        + #"200 1 "-" "opvallend""#

    private static let logs: [(format: String, log: String, values: [String])] = [
        (
            "jsonl",
            #"{"ts":"2026-03-01T10:00:00Z","who":{"user":"anna"},"#
                + #""ips":[{"v":"203.0.113.9"}],"n":4}"#,
            ["anna", "203.0.113.9"]
        ),
        ("combined", combined, ["203.0.113.9", "anna", "zeldzaam", "opvallend"]),
        (
            "common", #"203.0.113.9 - bert [01/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 1"#,
            ["203.0.113.9", "bert"]
        ),
        ("vhost_combined", "winkel.example:443 \(combined)", ["winkel", "anna"]),
        ("logfmt", #"ts=2026-03-01T10:00:00Z msg="opvallend" user=anna"#, ["anna", "opvallend"]),
        ("syslog_3164", "Mar  1 10:00:00 machine7 app[7]: opvallend", ["machine7", "opvallend"]),
        (
            "syslog_5424", "<13>1 2026-03-01T10:00:00Z machine7 app 7 - - opvallend",
            ["machine7", "opvallend"]
        ),
        (
            "haproxy",
            "Feb  6 12:14:14 lb haproxy[1]: 203.0.113.9:1 [01/Jan/2026:00:00:00.000] f b/s "
                + "1/1/1/1/1 200 2 - - ---- 1/1/1/1/0 0/0 \"GET /zeldzaam HTTP/1.1\"",
            ["203.0.113.9", "zeldzaam"]
        ),
        (
            "w3c",
            "#Fields: date time c-ip cs-username cs-uri-stem sc-status\n"
                + "2026-03-01 10:00:00 203.0.113.9 anna /zeldzaam 200", ["203.0.113.9", "anna"]
        ),
        (
            "cloudfront",
            "#Fields: date time x-edge-location c-ip cs(User-Agent)\n"
                + "2026-03-01\t10:00:00\tAMS1\t203.0.113.9\topvallend",
            ["203.0.113.9", "opvallend"]
        ),
        (
            "zeek",
            "#separator \\x09\n#fields\tts\tuid\tid.orig_h\n1772355600.5\tCxyz9\t203.0.113.9",
            ["Cxyz9", "203.0.113.9"]
        ),
        (
            "zeek_json", #"{"ts":1772355600.5,"uid":"Cxyz9","id.orig_h":"203.0.113.9"}"#,
            ["Cxyz9", "203.0.113.9"]
        ),
        (
            "cloudflare",
            #"{"EdgeStartTimestamp":"2026-03-01T10:00:00Z","RayID":"xyz9","#
                + #""ClientIP":"203.0.113.9"}"#,
            ["xyz9", "203.0.113.9"]
        ),
        ("csv", "time,user,amount\n2026-03-01,anna,1", ["anna"]),
        ("tsv", "time\tuser\n2026-03-01\tanna", ["anna"]),
    ]

    /// What is proposed has no fault, its own tests pass, and no value of the log is in it.
    @Test(arguments: logs) func holds(_ format: String, _ log: String, _ values: [String]) throws {
        let proposal = try proposal(log + "\n")
        #expect(proposal.format == format)
        #expect(proposal.recordCount == 1)
        for value in values { #expect(!proposal.text.contains(value), "\(format)") }
        try world.write("proposed.yaml", proposal.text)
        let file = path("proposed.yaml")
        #expect(try Sluice.check(pipeline: file).map(\.message) == [], "\(format)")
        let cases = try Sluice.test(pipeline: PipelineFile(file)).cases
        #expect(cases.count == 1)
        for test in cases { #expect(test.differences == [], "\(format)") }
    }

    @Test(arguments: [
        ("json_array", #"[{"time":"2026-03-01T10:00:00Z","user":"anna"}]"#),
        (
            "cloudtrail",
            #"{"Records":[{"eventTime":"2026-03-01T10:00:00Z","sourceIPAddress":"203.0.113.9"}]}"#
        ),
        (
            "w3c", "#Fields: date time c-ip bakker\n2026-03-01 10:00:00 203.0.113.9 blue"
        ),
        (
            "aws_elb",
            "2026-03-01T10:00:00.000000Z shop 203.0.113.9:2817 198.51.100.1:80 0.1 0.1 0.1 200 "
                + "200 0 29 \"GET http://www.shop.example:80/ HTTP/1.1\" \"curl/8.5.0\" - -"
        ),
    ]) func formatsThatMustBeNamed(_ format: String, _ log: String) throws {
        let proposal = try proposal(log + "\n") { $0.format = format }
        try world.write("proposed.yaml", proposal.text)
        let file = path("proposed.yaml")
        #expect(try Sluice.check(pipeline: file).map(\.message) == [], "\(format)")
        let proposed = try Sluice.test(pipeline: PipelineFile(file))
        for test in proposed.cases { #expect(test.differences == []) }
    }

    // MARK: Rules

    private static let record =
        #"{"ts":"2026-03-01T10:00:00Z","customer_id":"NL-1","userName":"anna@one.example","#
        + #""contactEmail":"bert@one.example","clientIp":"2001:db8::7","agent":"curl/8.5.0","#
        + #""locale":"nl-BE","action":"login","duration_ms":4,"session":"f00","comment":"bel mij","#
        + #""url":"/a/4711?x=y","paid":true,"lastName":"Jansen","closedAt":"2026-03-02","#
        + #""request_id":"3f2504e0-4f89-11d3-9a0c-0305e82c3301","shoe":"blue","user_count":7}"#

    @Test(arguments: [
        ("ts", "keep"), ("customer_id", "pseudonymize"), ("userName", "pseudonymize"),
        ("contactEmail", "email"), ("clientIp", "{ category: technical, then: { truncate_ip"),
        ("agent", "{ category: technical, then: agent_family }"),
        ("locale", "{ category: technical, then: language }"), ("action", "keep"),
        ("duration_ms", "keep"), ("session", "drop"), ("comment", "drop"), ("url", "url"),
        ("paid", "keep"), ("lastName", "drop"),
        ("closedAt", "{ truncate_time: { unit: day, format: date } }"), ("request_id", "drop"),
        ("shoe", "drop"), ("user_count", "keep"),
    ]) func ruleByNameAndLook(_ field: String, _ expected: String) throws {
        let log = String(repeating: Self.record + "\n", count: 30)
        let rule = rule(field, try proposal(log))
        #expect(rule.hasPrefix("\(field): \(expected)"), "\(rule)")
    }

    /// What might be somebody's is never kept, whatever its name begins with.
    @Test(arguments: [
        ("bsn_code", "123456789"), ("pin_code", "1234"), ("customer_code", "17"),
        ("code", "884112"), ("event_owner", #""Jansen""#), ("action_by", #""anna""#),
        ("service_desk", #""Jansen""#), ("channel", #""+31612345678""#),
        ("kind", #""anna@one.example""#), ("type", #""Jansen Bouw B.V.""#),
        ("level", #""192.0.2.7""#), ("home", #""/home/anna""#), ("file", #""/klanten/Jansen.pdf""#),
        ("geb_datum", #""1980-01-01""#), ("uid", #""Cxyz9""#), ("ClientCountry", #""NL""#),
    ]) func neverKept(_ field: String, _ value: String) throws {
        let record = #"{"ts":"2026-03-01T10:00:00Z","\#(field)":\#(value)}"# + "\n"
        let rule = rule(field, try proposal(String(repeating: record, count: 30)))
        #expect(!rule.hasPrefix("\(field): keep"), "\(rule)")
        #expect(!rule.hasPrefix("\(field): url"), "\(rule)")
        #expect(!rule.contains("unit: day"), "\(rule)")
    }

    @Test func numbersThatStandForSomebodyStayNumbers() throws {
        let text = try proposal(
            #"{"ts":"2026-03-01T10:00:00Z","user_id":5,"customer_id":7}"# + "\n").text
        #expect(text.contains(#""user_id":884112,"customer_id":1042}"#))
        #expect(text.contains(#""user_id":"<token>","customer_id":"<token>"}"#))
    }

    @Test func saysWhatItIsUnsureOf() throws {
        let proposal = try proposal(String(repeating: Self.record + "\n", count: 30))
        #expect(proposal.unsureFields == ["comment", "url", "shoe"])
        #expect(rule("shoe", proposal).contains("# unsure: "))
        #expect(!rule("session", proposal).contains("unsure"))
    }

    @Test func identityAndTable() throws {
        let text = try proposal(String(repeating: Self.record + "\n", count: 30)).text
        #expect(text.contains("identity: { customer: customer_id, user: userName }"))
        #expect(text.contains("by: [month, action]"))
        #expect(text.contains("people: { distinct: userName }"))
    }

    /// A user name here and there tells nothing of who the others were.
    @Test func addressesStandForPersonsWhereFewAreNamed() throws {
        let anonymous = Self.combined.replacing("anna", with: "-")
        let log = ([Self.combined] + Array(repeating: anonymous, count: 9))
            .map { $0 + "\n" }.joined()
        let text = try proposal(log).text
        #expect(text.contains("identity: { user: ip }"))
        #expect(text.contains("  user: pseudonymize"))
    }

    // MARK: Names that are values

    @Test func namesThatLookLikeValuesAreNotTold() throws {
        let proposal = try proposal(
            #"{"ts":"2026-03-01T10:00:00Z","by":{"anna@one.example":1,"203.0.113.9":2,"k9999":3}}"#
                + "\n")
        for value in ["anna", "203.0.113.9", "k9999"] { #expect(!proposal.text.contains(value)) }
        #expect(proposal.withheldNames == 3)
    }

    @Test func membersWithoutUsualWordsAreNotTold() throws {
        let proposal = try proposal(
            #"{"ts":"2026-03-01T10:00:00Z","balances":{"anna":1,"De_Vries":3}}"# + "\n")
        for value in ["anna", "Vries"] { #expect(!proposal.text.contains(value)) }
        #expect(proposal.withheldNames == 2)
    }

    @Test func keysOfLogfmtThatEverChangeAreNotTold() throws {
        let letters = "abcdefghijklmnopqrstuvwxyz".map(String.init)
        let log = letters.map { "ts=2026-03-01T10:00:00Z q\($0)=1\n" }.joined()
        let proposal = try proposal(log)
        #expect(!proposal.text.contains("qa"))
        #expect(proposal.withheldNames == 26)
    }

    /// A record with many members of which each comes seldom keeps those that come always.
    @Test func fieldsThatAlwaysComeStay() throws {
        let letters = "abcdefghijklmnopqrstuvwxyz".map(String.init)
        let log = letters.map { #"{"ts":"2026-03-01T10:00:00Z","action":"login","q\#($0)":1}"# }
        let proposal = try proposal(log.map { $0 + "\n" }.joined())
        #expect(rule("action", proposal).hasPrefix("action: keep"))
        #expect(proposal.withheldNames == 26)
    }

    @Test func membersThatEverChangeAreNotTold() throws {
        let letters = "abcdefghijklmnopqrstuvwxyz".map(String.init)
        let names = letters.map { "q\($0)" } + letters.prefix(14).map { "w\($0)" }
        let log = names.map { #"{"ts":"2026-03-01T10:00:00Z","seen":{"\#($0)":1}}"# + "\n" }
        let proposal = try proposal(log.joined())
        #expect(!proposal.text.contains("qa"))
        #expect(proposal.withheldNames == 40)
    }

    // MARK: Refusals

    private func refusal(_ log: String) -> String {
        do {
            _ = try proposal(log)
            return "none"
        } catch let failure as PipelineFailure {
            guard case .usage(let message) = failure else { return "another failure" }
            return message
        } catch { return "another error" }
    }

    @Test(arguments: [
        ("anna,login\nbert,login\nanna,search\n", "the first line looks like a record"),
        ("anna,login\nbert,search\ncarl,search\n", "no field looks like the time"),
        ("anna,login\nbert,2026-03-01\ncarl,2026-03-02\n", "no field looks like the time"),
        ("", "the log is empty"),
        (#"{"a":1}"# + "\n", "no field looks like the time"), ("hello world\n", "in no format"),
        ("a,b\tc,d\n1,2\t3,4\n", "the log may be `csv` or `tsv`"),
    ]) func refuses(_ log: String, _ message: String) {
        #expect(refusal(log).contains(message), "\(refusal(log))")
    }

    @Test func timeThatIsNamed() throws {
        let proposal = try proposal(#"{"a":"2026-03-01","b":"2026-03-02"}"# + "\n") {
            $0.timeField = "b"
        }
        #expect(proposal.text.contains("time: { field: b, format: date }"))
    }

    @Test func timeThatIsNone() throws {
        #expect(throws: PipelineFailure.self) {
            try self.proposal(#"{"ts":"2026-03-01","user":"anna"}"# + "\n") {
                $0.timeField = "user"
            }
        }
    }

    @Test(arguments: ["Name", "a b", "", "x:y"]) func badNames(_ name: String) throws {
        #expect(throws: PipelineFailure.self) {
            try self.proposal(Self.combined + "\n") { $0.name = name }
        }
    }

    /// Lines that cannot be read would make a run with the usual limit fail.
    @Test func limitAboveWhatWasSeen() throws {
        let log = String(repeating: Self.combined + "\n", count: 19) + "broken\n"
        #expect(try proposal(log).text.contains("quarantine: { limit: 11% }  # unsure: 1 of 20"))
    }

    // MARK: The file

    @Test func writesAFileOnce() throws {
        try world.write("pipelines/other.txt", "")
        let file = path("pipelines/first.yaml")
        let proposal = try proposal(Self.combined + "\n") { $0.output = file }
        #expect(try world.text("pipelines/first.yaml") == proposal.text)
        #expect(throws: PipelineFailure.self) {
            try self.proposal(Self.combined + "\n") { $0.output = file }
        }
        #expect(try Sluice.check(pipeline: file).isEmpty)
    }

    @Test func namesItAfterTheLogOrItsFolder() throws {
        let numbered = try proposal(Self.combined + "\n", "website-1.log")
        #expect(numbered.text.contains("name: website\n"))
        let dated = try proposal(Self.combined + "\n", "shop/2026-03-01.log")
        #expect(dated.text.contains("name: shop\n"))
    }
}
