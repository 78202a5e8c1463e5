import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Pipelines

/// What of a pipeline decides how long it needs keys.
struct KeyPlanTests {
    struct Example: Sendable {
        let fields: String
        var keys = "keys: store"
        let lengths: String
        var dueMonths = false
        var grace = "P7D"
        var partsTell = true
    }

    static let examples = [
        Example(fields: "user: pseudonymize", lengths: "P1M"),
        Example(
            fields: "user: pseudonymize", keys: "keys: { path: store, grace: P0D }",
            lengths: "P1M", grace: "P0D"),
        Example(
            fields: "user: { then: pseudonymize, after: P1Y }", lengths: "P1M P12M",
            partsTell: false),
        // A field that becomes no token needs no key, however long it stays.
        Example(
            fields: "user: pseudonymize, note: { then: drop, after: P2Y }", lengths: "P1M",
            partsTell: false),
        // Its key is that of the month in which it becomes due.
        Example(
            fields:
                "user: { then: pseudonymize, after: { start: { field: left }, length: P2Y } }",
            lengths: "P1M", dueMonths: true, partsTell: false),
    ]

    @Test(arguments: examples) func needs(_ example: Example) throws {
        let trial = try TemporaryPipeline(
            """
            name: log
            source: { format: jsonl, files: "in/*", time: ts }
            fields: { ts: keep, \(example.fields) }
            \(example.keys)
            state: state
            outputs:
              - { name: log, purpose: security, path: "out/{date}.jsonl" }
            """)
        let plan = try Sluice.loadPlan("\(trial.folder)/pipeline.yaml", now: "2026-03-01")
        let expected = KeyNeeds(
            lengthsText: example.lengths, usesDueMonths: example.dueMonths,
            graceText: example.grace, partsTell: example.partsTell)
        #expect(plan.keyNeeds == expected)
        #expect(plan.keyStore == "\(trial.folder)/store")
    }

    @Test func sourcesOfTheKeyEncryptionKey() throws {
        func wrapping(_ text: String) throws -> (WrappingKeySource?, Int32) {
            let trial = try TemporaryPipeline(
                """
                name: log
                source: { format: jsonl, files: "in/*", time: ts }
                fields: { ts: keep, user: pseudonymize }
                keys: { path: store, wrapped_by: \(text) }
                outputs: [{ name: log, purpose: security, path: "out/{date}.jsonl" }]
                """)
            do {
                let plan = try Sluice.loadPlan("\(trial.folder)/pipeline.yaml", now: nil)
                return (plan.keyWrapping?.source, 0)
            } catch { return (nil, error.exitStatus) }
        }
        #expect(try wrapping("{ descriptor: 3 }").0 == .descriptor(3))
        #expect(try wrapping("{ credential: log-kek }").0 == .credential("log-kek"))
        for text in [
            "{ descriptor: 2 }", "{ descriptor: x }", "{ credential: ../kek }",
            "{ credential: .hidden }", "{ file: kek }", "{ descriptor: 3, credential: k }", "3",
        ] {
            #expect(try wrapping(text).1 == ExitStatus.pipelineFaults, "\(text)")
        }
    }
}
