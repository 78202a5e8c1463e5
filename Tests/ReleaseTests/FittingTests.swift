import Anonymization
import Records
import TestSupport
import Testing

/// A record that an output's format cannot hold leaves nothing behind, in no figure either.
@Suite("Records that do not fit")
struct FittingTests {
    private func run(
        _ lines: [String], time: String?, unfit: OddBytes = .nul
    ) throws -> ReleaseTrial.Result {
        var trial = ReleaseTrial([
            "user": Replace(with: "GONE"), "text": Keep(), "ts": Keep(),
        ])
        trial.timeField = time
        trial.columns = [.slot(0), .slot(1)]
        var plan = try #require(trial.makePlan())
        plan.outputs[0].unfit = unfit
        let source = bytes(lines.map { $0 + "\n" }.joined())
        return trial.run([source], releaser: Releaser(plan: plan, keyRing: nil))
    }

    private func line(_ text: String, _ time: String = ReleaseTrial.due) -> String {
        #"{"user":"ann","text":"\#(text)","ts":"\#(time)"}"#
    }

    @Test("as if it had not been there, with a time and without", arguments: ["ts", nil])
    func takenBack(_ time: String?) throws {
        let (one, other) = (line("x", ReleaseTrial.fresh), line("y"))
        let odd = line(#"a\u0000b"#)
        let found = try run([one, odd, other, odd], time: time)
        let without = try run([one, other], time: time)
        #expect(found.lines == without.lines && found.lines.count == 2)
        #expect(found.counts.outputs == without.counts.outputs)
        #expect(found.counts.quarantined == [.containsNUL: 2])
        let fitting = try run([one, odd, other], time: time, unfit: [])
        #expect(fitting.lines.count == 3 && fitting.counts.quarantined.isEmpty)
    }
}
