import Anonymization
import Foundation
import Pipelines
import TestSupport
import Testing

/// What was done stands in a state under the name of its pipeline: no other name gets at it.
@Suite("A state of another pipeline") struct StateOwnerTests {
    private func isRefused(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch let failure as PipelineFailure {
            return failure.exitStatus == ExitStatus.refused
                && "\(failure)".contains("is that of the pipeline")
        } catch { return false }
    }

    @Test("is refused by every command, and nothing is written")
    func refused() throws {
        let trial = try PublishTrial()
        try trial.add("1", "2026-01-10", 0..<9)
        try trial.trial.run(now: "2026-01-25")
        let before = trial.trial.files(below: "")
        let named = try trial.trial.text("pipeline.yaml")
        let lines = named.split(separator: "\n", omittingEmptySubsequences: false)
        try trial.trial.write(
            "pipeline.yaml",
            lines.map { $0.hasPrefix("name:") ? "name: renamed" : $0 }.joined(separator: "\n"))
        let file = "\(trial.trial.folder)/pipeline.yaml"
        let user = trial.trial.request(.user, "p1@a.example")

        #expect(isRefused { try trial.trial.run(now: "2026-01-26") })
        #expect(isRefused { try trial.trial.run(now: "2026-01-26", isDryRun: true) })
        #expect(isRefused { _ = try trial.publish("2026-02-20") })
        #expect(isRefused { _ = try trial.findings("2026-01-26") })
        #expect(isRefused { _ = try Sluice.status(StatusRequest(pipeline: file)) })
        #expect(isRefused { _ = try Sluice.recalls(pipeline: file) })
        #expect(isRefused { _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: user)) })
        #expect(
            isRefused {
                _ = try Sluice.addOptOut(
                    OptOutRequest(pipeline: file, subject: OptOutSubject(customer: "C1")))
            })
        #expect(isRefused { _ = try Sluice.listKeys(KeysRequest(pipeline: file)) })
        #expect(trial.trial.files(below: "") == before)

        try trial.trial.write("pipeline.yaml", named)
        #expect(try trial.trial.run(now: "2026-01-26").totals.read == 0)
    }
}
