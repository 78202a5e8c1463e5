import Foundation
import Ledger
import Records
import TestSupport
import Testing

@testable import Pipelines

/// A pipeline that publishes, and a log of invented people.
struct PublishTrial {
    let trial: TemporaryPipeline

    static func pipeline(publish: String = "", more: String = "", other: String = "") -> String {
        """
        name: usage
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        fields: { ts: keep, customer: pseudonymize, user: pseudonymize, action: keep }
        statistics:
          - { name: months, purpose: statistics, by: [month],
              measures: { times: count, users: { distinct: user } } }
          - { name: actions, purpose: statistics, by: [month, action],
              measures: { times: count, users: { distinct: user } }\(other) }
        publish: { persons: 3, customers: 2, path: out, formats: [csv, jsonl]\(publish) }
        keys: { path: keys, grace: P7D }
        state: state
        \(more)
        """
    }

    init(trial: TemporaryPipeline) { self.trial = trial }

    init(publish: String = "", more: String = "", other: String = "") throws {
        trial = try TemporaryPipeline(
            Self.pipeline(publish: publish, more: more, other: other))
    }

    /// A log with a record for each of `people` on `day`: person `n` of customer `n % 3`.
    func add(
        _ name: String, _ day: String, _ people: Range<Int>, action: String = "login"
    ) throws {
        var text = ""
        for person in people {
            text += #"{"ts":"\#(day)T12:00:00Z","customer":"C\#(person % 3)","#
                + #""user":"p\#(person)@a.example","action":"\#(action)"}"# + "\n"
        }
        try trial.write("in/\(name).jsonl", text)
    }

    @discardableResult
    func publish(
        _ now: String, _ change: (inout PublishRequest) -> Void = { _ in }
    ) throws -> PublishReport {
        var request = PublishRequest(pipeline: "\(trial.folder)/pipeline.yaml")
        request.now = now
        change(&request)
        return try Sluice.publish(request)
    }

    /// The sentence with which something is refused; empty when it is not.
    func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch PipelineFailure.refused(let sentence) { return sentence } catch {
            return "\(error)"
        }
    }

    /// The codes of what `verify` finds.
    func findings(_ now: String) throws -> [String] {
        var request = VerifyRequest(pipeline: "\(trial.folder)/pipeline.yaml")
        request.now = now
        return try Sluice.verify(request).findings.map { "\($0.kind.rawValue) \($0.place)" }
    }

    /// All files below `out` with their bytes.
    func published() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in trial.files(below: "out") {
            files[name] = try Data(
                contentsOf: URL(fileURLWithPath: "\(trial.folder)/out/\(name)"))
        }
        return files
    }

    func ledger() throws -> Ledger {
        try Ledger.openForReading(stateDirectory: "\(trial.folder)/state")
    }
}
