import Foundation
import Pipelines
import TestSupport
import Testing

/// Runs that follow each other under different data of their time zone: what the earlier one dealt
/// with is known by the data of then.
@Suite struct ZoneDataTests {
    private static let zone = "Europe/Amsterdam"
    private static let lines = """
        {"ts":"2026-03-14T10:00:00Z","user":"ann"}
        {"ts":"2026-03-14T20:00:00Z","user":"bob"}
        {"ts":"2026-03-15T12:00:00Z","user":"cas"}

        """

    private func kept() throws -> TemporaryPipeline {
        try TemporaryPipeline(
            """
            name: zones
            source: { format: jsonl, files: "in/*", time: ts }
            identity: { user: user }
            zone: \(Self.zone)
            window: P1M
            fields: { ts: keep, user: pseudonymize }
            outputs:
              - name: log
                purpose: security
                path: "out/{date}.jsonl"
                safeguards: { reason: abuse, readers: [soc], delete_after: P1Y }
            acknowledge: [readable-window]
            keys: keys
            state: state

            """, files: ["in/1": Self.lines])
    }

    private func store() throws -> TemporaryPipeline {
        try TemporaryPipeline(
            """
            name: zones
            source: { format: jsonl, time: ts }
            identity: { user: user }
            zone: \(Self.zone)
            window: P1M
            store: { files: "out/*", settle: PT0S }
            fields: { ts: keep, user: pseudonymize }
            keys: keys
            state: state

            """, files: ["out/1.jsonl": Self.lines])
    }

    /// The values of `user`, by the times of their records.
    private func users(_ pipeline: TemporaryPipeline) throws -> [String: String] {
        var users: [String: String] = [:]
        for name in pipeline.files(below: "out") {
            for line in try pipeline.text("out/\(name)").split(separator: "\n") {
                let record = try JSONDecoder().decode(
                    [String: String].self, from: Data(line.utf8))
                users[record["ts"] ?? ""] = record["user"]
            }
        }
        return users
    }

    /// The cut-off of the first run lies at 14:00 on the 14th east of Greenwich, and 20 hours later
    /// west of it.
    @Test(arguments: [false, true])
    func whatWasReadableUnderOtherDataAgesAll(_ isStore: Bool) throws {
        let pipeline = try isStore ? store() : kept()
        try OtherZoneData(Self.zone, as: "Etc/GMT-10").use {
            _ = try pipeline.run(now: "2026-04-15T12:00:00Z")
        }
        let before = try users(pipeline)
        #expect(before["2026-03-14T20:00:00Z"] == "bob" && before["2026-03-14T10:00:00Z"] != "ann")
        try OtherZoneData(Self.zone, as: "Etc/GMT+10").use {
            _ = try pipeline.run(now: "2026-04-17T12:00:00Z")
            let after = try users(pipeline)
            #expect(after.values.allSatisfy { $0.utf8.count == 32 })
            // No token is made of a token.
            #expect(after["2026-03-14T10:00:00Z"] == before["2026-03-14T10:00:00Z"])
            _ = try pipeline.run(now: "2026-04-18T12:00:00Z")
            #expect(try users(pipeline) == after)
        }
    }

    @Test(arguments: [false, true])
    func whatWasDueUnderOtherDataStaysAsItIs(_ isStore: Bool) throws {
        let pipeline = try isStore ? store() : kept()
        try OtherZoneData(Self.zone, as: "Etc/GMT+10").use {
            _ = try pipeline.run(now: "2026-04-15T12:00:00Z")
        }
        let before = try users(pipeline)
        #expect(before["2026-03-14T20:00:00Z"] != "bob" && before["2026-03-15T12:00:00Z"] == "cas")
        try OtherZoneData(Self.zone, as: "Etc/GMT-10").use {
            _ = try pipeline.run(now: "2026-04-17T12:00:00Z")
            let after = try users(pipeline)
            #expect(after.values.allSatisfy { $0.utf8.count == 32 })
            #expect(after["2026-03-14T20:00:00Z"] == before["2026-03-14T20:00:00Z"])
        }
    }
}
