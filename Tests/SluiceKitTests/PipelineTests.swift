import Foundation
import SluiceKit
import Testing

/// The library as a programme of somebody else uses it: public names only.
@Suite struct PipelineTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("sluice-kit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func write(_ name: String, _ text: String) throws -> String {
        let place = folder.appendingPathComponent(name)
        try text.write(to: place, atomically: true, encoding: .utf8)
        return place.path
    }

    private func pipeline() throws -> Pipeline {
        _ = try write(
            "a.jsonl",
            (1...20).map {
                #"{"ts":"2026-02-10T10:00:00Z","user":"user\#($0)@a.example","action":"login"}"#
                    + "\n"
            }.joined())
        let file = try write(
            "p.yaml",
            """
            name: logins
            source: { format: jsonl, files: "*.jsonl", time: ts, stream: logins }
            identity: { user: user }
            fields: { ts: keep, user: pseudonymize, action: keep }
            outputs:
              - { name: rows, purpose: security, path: "out/{date}.jsonl" }
            statistics:
              - name: per-month
                purpose: statistics
                by: [month, action]
                measures: { times: count, users: { distinct: user } }
                suppression: { persons: 10 }
            publish: { path: published, formats: [csv] }
            keys: keys
            state: state

            """)
        return try Pipeline(contentsOf: file)
    }

    @Test func loadRunPublishAndVerify() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let pipeline = try pipeline()
        var options = RunOptions()
        options.now = "2026-04-15"
        options.isDryRun = true
        #expect(try pipeline.run(options).read == 20)
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("out").path))
        options.isDryRun = false
        let summary = try pipeline.run(options)
        #expect(summary.read == 20 && summary.quarantined == 0 && summary.isConserved)
        #expect(summary.outputs == [summary.outputs[0]] && summary.outputs[0].anonymised == 20)
        #expect(try pipeline.run(options).read == 0, "what was counted is not counted again")
        var publishing = PublishOptions()
        publishing.now = "2026-04-15"
        let published = try pipeline.publish(publishing)
        #expect(published.map(\.month) == ["2026-02"] && published[0].outcome == "published")
        #expect(published[0].files.contains("per-month.csv"))
        #expect(try pipeline.publish(publishing)[0].outcome == "unchanged")
        #expect(try pipeline.verify(now: "2026-04-15").isEmpty)
        let part = try #require(summary.files.first)
        try Data("x".utf8).write(to: folder.appendingPathComponent("out/stranger.jsonl"))
        #expect(try pipeline.verify(now: "2026-04-15").count == 1, "\(part)")
    }

    @Test func failuresSayWhatAndWhere() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = try write("bad.yaml", "name: x\nfeilds: {}\n")
        let error = #expect(throws: SluiceError.self) { try Pipeline(contentsOf: file) }
        #expect(error?.kind == .faults && error?.exitStatus == 3)
        #expect(error?.description.contains("bad.yaml:2:1") == true, "\(String(describing: error))")
        var options = RunOptions()
        options.sources = [folder.appendingPathComponent("nosuch.jsonl").path]
        let good = try pipeline()
        let missing = #expect(throws: SluiceError.self) { try good.run(options) }
        #expect(missing?.kind == .source)
    }
}
