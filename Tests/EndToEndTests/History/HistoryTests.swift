import Foundation
import Pipelines
import TestSupport
import Testing

/// A company's year on a state: every day logs, some of them late, some copied; holds, opt-outs, a
/// clock that jumps back, days without a run; month ends, a leap day and both changes of the clock.
///
/// Every day everything is verified, and looked at by a plain model that knows nothing of ledgers.
/// A second world lives through the same and has its runs killed: it must end in the same state.
@Suite("a simulated history", .serialized)
struct HistoryTests {
    @Test("of some weeks, over leap day, month ends and the change of the clock")
    func weeks() throws {
        try live(
            seed: 0x415_2028, from: HistoryDate(year: 2028, month: 2, dayOfMonth: 23), days: 40)
    }

    @Test(
        "of 400 days",
        .enabled(if: ProcessInfo.processInfo.environment["SLUICE_LONG_HISTORY"] != nil))
    func year() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["SLUICE_LONG_HISTORY"].flatMap { UInt64($0) } ?? 400
        try live(seed: seed, from: HistoryDate(year: 2027, month: 2, dayOfMonth: 15), days: 400)
    }

    private func live(seed: UInt64, from start: HistoryDate, days: Int) throws {
        let calm = try HistoryWorld()
        let disturbed = try HistoryWorld()
        var random = SeededGenerator(seed: seed &+ 1)
        for day in HistoryScript.days(seed: seed, from: start, count: days) {
            try calm.begin(day)
            try disturbed.begin(day)
            guard let clock = day.clock else { continue }
            let place = "\(day.date.text), seed \(seed)"
            try calm.run(clock)
            while Int.random(in: 0..<3, using: &random) == 0 {
                try disturbed.runAndKill(
                    clock, after: UInt32.random(in: 0..<250_000, using: &random))
            }
            try disturbed.run(clock)
            try check(calm, clock, place)
            if Int.random(in: 0..<4, using: &random) == 0 { try check(disturbed, clock, place) }
        }
        #expect(calm.aged == disturbed.aged)
        #expect(!calm.aged.isEmpty && calm.aged.count < calm.records.count)
        #expect(try calm.outputs() == disturbed.outputs(), "seed \(seed)")
    }

    private func check(_ world: HistoryWorld, _ clock: HistoryDate, _ place: String) throws {
        let report = try world.verify(clock)
        let findings = report.findings.map { "\($0.kind.rawValue) \($0.place): \($0.sentence)" }
        let wrong = try findings + world.faults()
        for sentence in wrong { Issue.record("\(place): \(sentence)") }
        // One broken day breaks those that follow.
        try #require(wrong.isEmpty, "\(place)")
        let isConserved = report.evidence.runs.allSatisfy {
            $0.read == $0.written + $0.dropped + $0.quarantined
        }
        #expect(isConserved, "\(place)")
    }
}
