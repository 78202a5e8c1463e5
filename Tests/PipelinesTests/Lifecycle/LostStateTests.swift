import Anonymization
import Pipelines
import TestSupport
import Testing

/// A state that has lost its ledger is not taken for a new one, by any command.
@Suite("A lost ledger") struct LostStateTests {
    @Test("is refused by run, publish, opt-outs, erasures and verify, and nothing is written")
    func refused() throws {
        let trial = try PublishTrial()
        try trial.add("1", "2026-01-10", 0..<9)
        try trial.trial.run(now: "2026-01-25")
        try trial.trial.remove("state/ledger.sqlite")
        let before = trial.trial.files(below: "")
        let file = "\(trial.trial.folder)/pipeline.yaml"
        func isRefused(_ body: () throws -> Void) -> Bool {
            do {
                try body()
                return false
            } catch let failure as PipelineFailure {
                return failure.exitStatus == ExitStatus.storage && "\(failure)".contains("is gone")
            } catch { return false }
        }
        #expect(isRefused { try trial.trial.run(now: "2026-01-26") })
        #expect(isRefused { _ = try trial.publish("2026-02-20") })
        #expect(isRefused { _ = try trial.findings("2026-01-26") })
        #expect(
            isRefused {
                _ = try Sluice.addOptOut(
                    OptOutRequest(pipeline: file, subject: OptOutSubject(customer: "C1")))
            })
        #expect(
            isRefused {
                _ = try Sluice.eraseSubject(
                    SubjectEraseRequest(subject: trial.trial.request(.user, "p1@a.example")))
            })
        #expect(isRefused { _ = try Sluice.recalls(pipeline: file) })
        #expect(trial.trial.files(below: "") == before)
        // Beginning anew, knowingly.
        for name in before where name.hasPrefix("state/") { try trial.trial.remove(name) }
        #expect(try trial.trial.run(now: "2026-01-26").totals.read == 9)
    }
}
