import Foundation
import TestSupport
import Testing

@testable import Pipelines

/// A month that was counted, all or in part, before the statistics were changed.
struct ChangedStatisticsTests {
    private func scene(_ records: Bool = true) throws -> PublishTrial {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        let changed = PublishTrial.pipeline().replacingOccurrences(
            of: "times: count", with: "often: count")
        try scene.trial.write("pipeline.yaml", changed)
        if records { try scene.add("b", "2026-03-11", 0..<6) }
        try scene.trial.run(now: "2026-04-02")
        return scene
    }

    @Test("it is refused, waits with its key, and is given up", arguments: [true, false])
    func givenUp(_ isMixed: Bool) throws {
        let scene = try scene(isMixed)
        if isMixed {
            let refused = scene.refusal { try scene.publish("2026-04-08") }
            #expect(refused.contains("before the statistics of the pipeline were changed"))
        }
        let named = scene.refusal { try scene.publish("2026-05-07") { $0.period = "2026-03" } }
        #expect(named.contains("before the statistics of the pipeline were changed"))
        #expect(scene.trial.files(below: "keys").contains { $0.hasPrefix("2026-03") })
        #expect(scene.trial.files(below: "state/partials") != [])

        // A week to close it, a month to correct it: then it is given up, and the key with it.
        let report = try scene.publish("2026-05-08")
        #expect(report.notes.contains { $0.contains("its aggregates are given up") })
        #expect(report.entries.isEmpty)
        #expect(report.destroyedKeys.map(\.month) == ["2026-03"])
        #expect(scene.trial.files(below: "state/partials") == [])
        #expect(scene.trial.files(below: "out") == [])
        #expect(try scene.findings("2026-05-08") == [])
        #expect(try scene.publish("2026-05-09").notes == [])
    }

    @Test func itIsPublishedWithTheStatisticsAsTheyWere() throws {
        let scene = try scene(false)
        let report = try scene.publish("2026-04-10")
        #expect(report.entries.isEmpty)
        #expect(report.notes.contains { $0.contains("given up on 2026-05-08T00:00:00Z") })
        try scene.trial.write("pipeline.yaml", PublishTrial.pipeline())
        #expect(try scene.publish("2026-04-10").entries.map(\.outcome) == [.published])
    }
}
