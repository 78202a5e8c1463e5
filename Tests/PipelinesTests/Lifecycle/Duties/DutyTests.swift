import Foundation
import TestSupport
import Testing

/// Random histories over all commands of a pipeline with everything that ages, in one process.
///
/// While a hold binds, nothing held is aged out, corrected, erased or loses its key; what was held
/// is aged out by the next run after its release; nothing that is not held is readable beyond its
/// window, and nothing goes before; who is erased stays erased through late files and replays; what
/// is published stays as it is; and verify finds nothing behind a run.
///
/// `SLUICE_DUTIES=SEED,SEED,… swift test --filter DutyTests` plays longer ones.
@Suite("Histories over all commands")
struct DutyTests {
    private static let asked = Asked("SLUICE_DUTIES", form: "SEED,SEED,… as 1,2")

    @Test("keep their promises", arguments: [5, 23, 71, 104, 131] as [UInt64])
    func keepPromises(seed: UInt64) { play(seed, 48) }

    @Test("keep them longer", .enabled(if: asked.isMade), arguments: try asked.list(Asked.number))
    func longer(seed: UInt64) { play(seed, 150) }

    private func play(_ seed: UInt64, _ count: Int) {
        let first = DutyStep.beginning
        let steps = DutyStep.sequence(count, seed: seed)
        guard let failure = DutyWorld.failure(of: first + steps) else { return }
        let fewest = shrunk(steps, attempts: 120) {
            DutyWorld.failure(of: first + $0)?.kind == failure.kind
        }
        let last = DutyWorld.failure(of: first + fewest) ?? failure
        let list = (first + fewest).map { "  .\($0)" }.joined(separator: ",\n")
        let sentences = last.sentences.joined(separator: "\n")
        Issue.record(
            "seed \(seed), \(last.step):\n\(sentences)\nthe steps that are left:\n\(list)")
    }

    @Test("kept what was held in a store, released while the clock was set back")
    func releasedBefore() {
        let steps: [DutyStep] = [
            .raise(.period(days: 45), days: nil), .clock(days: 14), .record(user: 1, age: 51),
            .clock(days: -16), .release(0),
        ]
        #expect(DutyWorld.failure(of: DutyStep.beginning + steps)?.sentences == nil)
    }

    @Test("the book notices what happens behind the back of a hold")
    func notices() throws {
        let world = try DutyWorld()
        for step in [DutyStep.record(user: 1, age: 3), .run, .raise(.user(1), days: nil), .run] {
            #expect(try world.play(step) == [])
        }
        try world.removeStore()
        #expect(try world.play(.status(user: 1)) == ["archive: r0 was held"])
    }

    @Test("what fails is reduced to the steps that matter")
    func shrinking() {
        let steps = Array(0..<50)
        var asked = 0
        let fewest = shrunk(steps, attempts: 200) { steps in
            asked += 1
            return steps.contains(7) && steps.contains(31)
        }
        #expect(fewest == [7, 31] && asked <= 200)
        #expect(shrunk(steps, attempts: 0) { _ in true } == steps)
    }
}
