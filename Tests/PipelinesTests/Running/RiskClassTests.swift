import Anonymization
import Pipelines
import TestSupport
import Testing

/// Rows of one class are alike in the file, and rows that are not alike are in different classes.
@Suite("Classes of rows in JSON")
struct RiskClassTests {
    /// The output and the report for rows with these members, each of a user of its own.
    private func run(
        _ members: [String], _ risk: String, fields: String = "city: keep, dx: keep"
    ) throws -> (lines: [String], report: RunReport) {
        let lines = members.enumerated().map { number, members in
            #"{"t":"2026-03-10T12:00:00Z",\#(members)\#(members.isEmpty ? "" : ",")"#
                + #""user":"u\#(number)"}"# + "\n"
        }
        let scene = try TemporaryPipeline(
            """
            name: rows
            source: { format: jsonl, files: "in/*", time: t }
            identity: { user: user }
            keys: keys
            fields: { user: pseudonymize, \(fields) }
            outputs:
              - { name: o, purpose: statistics, path: o, risk: { person: user, \(risk) } }

            """,
            files: ["in/a": lines.joined()])
        let report = try scene.run(now: "2026-05-01")
        let text = try scene.text("o")
        return (text.split(separator: "\n").map { $0.split(separator: #""user""#)[0] }
            .map(String.init), report)
    }

    private static let empties =
        Array(repeating: #""city":"""#, count: 6) + ["", #""city":null"#]

    @Test("what is empty, null and missing becomes one, and is told as one")
    func nothing() throws {
        let (lines, report) = try run(Self.empties, "quasi_identifiers: [city], persons: 5")
        #expect(lines == Array(repeating: "{", count: 8))
        #expect(report.risks.first?.after.classes == 1)
        let (rows, estimate) = try run(Self.empties, "quasi_identifiers: [city]")
        #expect(Set(rows) == [#"{"city":"","#, #"{"city":null,"#, "{"])
        #expect(estimate.risks.first?.before.classes == 3)
        #expect(estimate.risks.first?.before.uniqueRows == 2)
    }

    @Test("also in an object, which goes with its last member")
    func nested() throws {
        let members = [
            #""c":{"city":"","os":""}"#, #""c":{"os":null,"city":""}"#, #""c":{"city":null}"#, "",
            #""c":{"x":1}"#, #""c" : { "city" : "" , "os" : "a" }"#, #""c":{"os":"a"}"#,
        ]
        let (lines, _) = try run(
            members, "quasi_identifiers: [c.city, c.os], persons: 2",
            fields: "c.city: keep, c.os: keep")
        let expected =
            Array(repeating: "{", count: 5) + Array(repeating: #"{"c":{"os":"a"},"#, count: 2)
        #expect(lines == expected)
    }

    @Test("a number is not the text that looks like it, until a step makes both one")
    func numbers() throws {
        let members = Array(repeating: #""city":5"#, count: 3)
            + Array(repeating: #""city":"5""#, count: 3)
        let (lines, report) = try run(members, "quasi_identifiers: [city], persons: 3")
        #expect(Set(lines).count == 2 && report.risks.first?.after.classes == 2)
        #expect(throws: PipelineFailure.self) {
            try run(members, "quasi_identifiers: [city], persons: 4")
        }
        let (dropped, _) = try run(
            members, "quasi_identifiers: [city], persons: 4, ladder: [{ city: drop }]")
        #expect(Set(dropped) == ["{"])
        let years = [#""city":2026"#, #""city":"2026""#, #""city":"2026-03""#]
        let (coarser, _) = try run(
            years, "quasi_identifiers: [city], persons: 3, ladder: [{ city: year }]")
        #expect(Set(coarser) == [#"{"city":"2026","#])
    }

    @Test("one text is spelt in one way")
    func escapes() throws {
        let members = [#""city":"caf\u00e9 \"a\"""#, "\"city\":\"caf\u{e9} \\\"\\u0061\\\"\""]
        let (lines, _) = try run(members, "quasi_identifiers: [city], persons: 2")
        #expect(Set(lines) == ["{\"city\":\"caf\u{e9} \\\"a\\\"\","])
    }

    @Test("a list is a value like others: its row goes, not the run")
    func lists() throws {
        let members = Array(repeating: #""city":"a""#, count: 5) + [#""city":["a"]"#]
        let (lines, report) = try run(
            members, "quasi_identifiers: [city], persons: 2, remove: 20%")
        #expect(lines == Array(repeating: #"{"city":"a","#, count: 5))
        #expect(report.totals.outputs[0].dropped[.rare] == 1)
    }

    @Test("a missing sensitive value is none")
    func sensitive() throws {
        let members = [#""dx":"a""#, "", #""dx":null"#, #""dx":"""#]
        let risk = "quasi_identifiers: [city], persons: 2, sensitive: dx, values: "
        #expect(throws: PipelineFailure.self) { try run(members, risk + "2") }
        let (_, report) = try run(members + [#""dx":"b""#], risk + "2")
        #expect(report.risks.first?.after.fewestValues == 2)
    }

    @Test("elements of lists cannot be measured")
    func elements() throws {
        #expect(throws: PipelineFailure.self) {
            try run([""], "quasi_identifiers: ['g[0]'], persons: 1", fields: "'g[0]': keep")
        }
    }
}
