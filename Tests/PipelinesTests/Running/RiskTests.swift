import Anonymization
import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Rows of an output leave only in classes that are large enough.
struct RiskTests {
    private static func pipeline(
        _ risk: String, format: String = "csv", path: String = "out/rows.csv", more: String = ""
    ) -> String {
        """
        name: rows
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        fields: { ts: { truncate_time: day }, customer: drop, user: pseudonymize, os: keep,
                  language: keep, action: keep }
        outputs:
          - { name: rows, purpose: statistics, path: "\(path)", format: \(format),
              window: P0D,
              columns: [ts, user, os, language, action], risk: { \(risk) } }
        keys: keys
        \(more)
        """
    }

    /// Twelve people with Windows, four with Linux, one with something else, two records each, on
    /// one of two days.
    private static func log(from first: Int = 0) -> String {
        var text = ""
        for person in first..<first + 17 {
            let os = person % 17 == 16 ? "Plan 9" : person % 17 < 12 ? "Windows" : "Linux"
            for action in ["login", person % 2 == 0 ? "search" : "print"] {
                text += #"{"ts":"2026-03-1\#(person % 2)T12:00:00Z","customer":"C1","#
                    + #""user":"p\#(person)@a.example","os":"\#(os)","language":"nl-\#(person)","#
                    + #""action":"\#(action)"}"# + "\n"
            }
        }
        return text
    }

    private static func run(
        _ pipeline: String, logs: [String] = [RiskTests.log()]
    ) throws -> (trial: TemporaryPipeline, report: RunReport) {
        let trial = try TemporaryPipeline(pipeline)
        for (number, log) in logs.enumerated() { try trial.write("in/\(number).jsonl", log) }
        return (trial, try trial.run(now: "2026-05-01"))
    }

    private static func rows(_ trial: TemporaryPipeline) throws -> [[String]] {
        try trial.text("out/rows.csv").split(separator: "\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// The slow, plain twin: distinct persons by the values of some columns.
    private static func classes(_ rows: [[String]], _ columns: [Int]) -> [[String]: Set<String>] {
        var classes: [[String]: Set<String>] = [:]
        for row in rows { classes[columns.map { row[$0] }, default: []].insert(row[1]) }
        return classes
    }

    @Test func rowsOfSmallClassesAreRemovedUpToAShare() throws {
        let (trial, report) = try Self.run(
            Self.pipeline("person: user, quasi_identifiers: [os], persons: 4, remove: 6%"))
        let rows = try Self.rows(trial)
        #expect(rows.count == 32 && Set(rows.map { $0[2] }) == ["Windows", "Linux"])
        #expect(Self.classes(rows, [2]).values.allSatisfy { $0.count >= 4 })
        let risk = try #require(report.risks.first)
        #expect(risk.removedRows == 2 && risk.before.uniqueRows == 2)
        #expect(risk.before.fewestPersons == 1 && risk.after.fewestPersons == 4)
        #expect(risk.before.classes == 3 && risk.after.classes == 2)
        let counts = report.totals.outputs[0]
        #expect(counts.written == 32 && counts.dropped[.rare] == 2)
        #expect(report.totals.isConserved)
        #expect(report.files.first?.records == 32)
    }

    @Test func theLadderIsTakenStepByStepAndThePersonIsDropped() throws {
        let risk = """
            person: user, quasi_identifiers: [ts, os, language], persons: 4, remove: 6%,
            ladder: [{ language: language }, { ts: month }, { os: drop }], drop_person: true
            """
        let (trial, report) = try Self.run(Self.pipeline(risk))
        let told = try #require(report.risks.first)
        #expect(told.steps == 2 && told.stepsMax == 3 && told.removedRows == 2)
        let rows = try Self.rows(trial)
        #expect(rows.count == 32)
        #expect(rows.allSatisfy { $0[0] == "2026-03" && $0[1].isEmpty && $0[3] == "nl" })
    }

    @Test func nothingIsWrittenWhenTheDemandIsOutOfReach() throws {
        let risk = "person: user, quasi_identifiers: [ts, os], persons: 4, remove: 6%"
        for path in ["out/rows.csv", "out/{date}.csv"] {
            do {
                _ = try Self.run(Self.pipeline(risk, path: path))
                Issue.record("expected a refusal")
            } catch PipelineFailure.refused(let sentence) {
                #expect(sentence.contains("10 of 34 rows are in classes of fewer than 4 persons"))
                #expect(!sentence.contains("Plan 9"))
            }
        }
    }

    @Test func aSensitiveValueMustDifferWithinAClass() throws {
        let base = "person: user, quasi_identifiers: [os], persons: 2, remove: 20%"
        let (_, plain) = try Self.run(
            Self.pipeline("\(base), sensitive: action, values: 3"))
        #expect(plain.risks.first?.after.fewestValues == 3)
        #expect(throws: PipelineFailure.self) {
            try Self.run(Self.pipeline("\(base), sensitive: action, values: 4"))
        }
    }

    @Test func linesOfJSONAreMadeCoarserWhereTheyLie() throws {
        let risk = "person: user, quasi_identifiers: [language, os], persons: 4, remove: 6%,"
            + " ladder: [{ language: drop }]"
        let (trial, _) = try Self.run(
            Self.pipeline(risk, format: "jsonl", path: "out/rows.jsonl"))
        let lines = try trial.text("out/rows.jsonl").split(separator: "\n")
        #expect(lines.count == 32)
        for line in lines {
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
            #expect(object["language"] == nil && object["os"]?.isEmpty == false)
        }
    }

    @Test func withoutADemandTheRiskIsEstimatedAndTold() throws {
        let (trial, report) = try Self.run(
            Self.pipeline("person: user, quasi_identifiers: [ts, os]"))
        #expect(try Self.rows(trial).count == 34)
        let risk = try #require(report.risks.first)
        #expect(risk.demandedPersons == nil && risk.before.classes == 5)
        #expect(risk.before.uniqueRows == 2 && risk.after == risk.before)
    }

    @Test func withStateEachSourceFulfilsTheDemandAndVerifyProvesTheRest() throws {
        let pipeline = Self.pipeline(
            "person: user, quasi_identifiers: [os], persons: 4, remove: 6%",
            path: "out/{date}.csv", more: "state: state")
        let (trial, report) = try Self.run(pipeline, logs: [Self.log(), Self.log(from: 17)])
        #expect(report.risks.map(\.removedRows) == [2, 2])
        #expect(report.totals.outputs[0].dropped[.rare] == 4)
        var request = VerifyRequest(pipeline: "\(trial.folder)/pipeline.yaml")
        request.now = "2026-05-01"
        #expect(try Sluice.verify(request).findings.isEmpty)
    }

    /// What leaves is k-anonymous by the plain twin, whatever the records.
    @Test func randomRowsLeaveInLargeClassesOnly() throws {
        let seed: UInt64 = 7_041
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<4 {
            var text = ""
            for _ in 0..<400 {
                let person = Int.random(in: 0..<60, using: &generator)
                let os = Int.random(in: 0..<8, using: &generator)
                let day = Int.random(in: 10..<13, using: &generator)
                text += #"{"ts":"2026-03-\#(day)T12:00:00Z","customer":"C1","#
                    + #""user":"p\#(person)@a.example","os":"os \#(os * os / 8)","#
                    + #""language":"nl","action":"login"}"# + "\n"
            }
            let (trial, report) = try Self.run(
                Self.pipeline(
                    "person: user, quasi_identifiers: [ts, os], persons: 14, remove: 90%"),
                logs: [text])
            let rows = try Self.rows(trial)
            let kept = Self.classes(rows, [0, 2])
            #expect(kept.values.allSatisfy { $0.count >= 14 }, "seed \(seed)")
            let risk = try #require(report.risks.first)
            #expect(risk.after.classes == kept.count, "seed \(seed)")
            #expect(rows.count + risk.removedRows == 400, "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("person: user, quasi_identifiers: [os, size], persons: 4", "no field `size`"),
        ("person: user, quasi_identifiers: [os], values: 2", "expected `persons`"),
        ("person: user, quasi_identifiers: [os], persons: 4, values: 2", "together, or neither"),
        (
            "person: user, quasi_identifiers: [os], persons: 4, ladder: [{ os: week }]",
            "expected `hour`, `day`, `month`"
        ),
        (
            "person: user, quasi_identifiers: [os], persons: 4, ladder: [{ ts: day }]",
            "makes a quasi-identifier coarser"
        ),
        ("quasi_identifiers: [os], persons: 4", "`person` is missing"),
        (
            "person: user, quasi_identifiers: [os], persons: 4, remove: 100%",
            "expected a share below `100%`"
        ),
    ])
    func wrongDemandsAreFaults(_ risk: String, _ message: String) throws {
        #expect(try Self.faults(Self.pipeline(risk)).contains { $0.contains(message) })
    }

    @Test func aStateCannotProveALadder() throws {
        let risk = "person: user, quasi_identifiers: [os], persons: 4, ladder: [{ os: drop }]"
        #expect(
            try Self.faults(Self.pipeline(risk, more: "state: state"))
                .contains { $0.contains("could not be proven later") })
    }

    private static func faults(_ text: String) throws -> [String] {
        let trial = try TemporaryPipeline(text)
        return try Sluice.check(pipeline: "\(trial.folder)/pipeline.yaml").map(\.message)
    }
}
