import Anonymization
import FileSystem
import KeyedHashing
import Ledger
import Records
import TestSupport
import Testing

@testable import Pipelines

/// What the commands about keys say and do, field by field.
@Suite("Commands about keys")
struct KeyWorkTests {
    private static func pipeline(_ keys: String = "path: keys, grace: P5D") -> String {
        """
        name: log
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user }
        window: P1M
        zone: Europe/Amsterdam
        fields: { ts: keep, user: pseudonymize }
        keys: { \(keys) }
        state: state
        outputs:
          - { name: log, purpose: security, path: "out/{date}.jsonl", recipients: [own],
              safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }

        """
    }

    private static let statistics = """
        statistics:
          - { name: months, purpose: statistics, by: [month], path: out/months.csv,
              measures: { users: { distinct: user } } }

        """

    private func line(_ day: String, _ user: String) -> String {
        #"{"ts":"\#(day)T12:00:00Z","user":"\#(user)"}"# + "\n"
    }

    /// One with records of January and February.
    private func scene(_ pipeline: String = pipeline()) throws -> TemporaryPipeline {
        try TemporaryPipeline(
            pipeline,
            files: ["in/a.jsonl": line("2026-01-10", "anna") + line("2026-02-20", "bert")])
    }

    private func request(_ scene: TemporaryPipeline, _ now: String) -> KeysRequest {
        var request = KeysRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = now
        return request
    }

    private func list(_ scene: TemporaryPipeline, _ now: String) throws -> KeyListReport {
        try Sluice.listKeys(request(scene, now))
    }

    @Test("a living key is listed with who keeps it, and until when")
    func living() throws {
        let scene = try scene()
        try scene.run(now: "2026-02-20T23:30:00Z")
        let report = try list(scene, "2026-02-25")
        #expect(report.pipeline == "log" && report.zone == "Europe/Amsterdam")
        #expect(report.store.hasSuffix("\(scene.folder)/keys") && !report.isWrapped)
        #expect(report.users.map(\.fault) == [""])
        #expect(report.users.allSatisfy { $0.place.hasSuffix("\(scene.folder)/state") })
        #expect(report.keys.map(\.month) == ["2026-01", "2026-02"])
        let january = report.keys[0]
        #expect(january.state == .active && january.codes == ["in-window"])
        #expect(january.reasons.count == 1 && !january.run.isEmpty)
        #expect(january.since == "2026-02-20T23:30:00Z" && january.sinceDay == "2026-02-21")
        // The last record of January is due on 1 March, the grace is five days.
        #expect(january.mayDieFrom == "2026-03-05T23:00:00Z")
        #expect(january.mayDieDay == "2026-03-06")
        #expect(january.method.isEmpty && january.reason.isEmpty)
    }

    @Test("a destroyed key is listed with how and why, once; a copy beside its record is erased")
    func destroyed() throws {
        let scene = try scene()
        try scene.run(now: "2026-02-20")
        let copy = try FileDescriptor.reading("\(scene.folder)/keys/2026-01.key")
            .readAll(limitBytes: 1 << 12)
        let run = try scene.run(now: "2026-03-06")
        #expect(run.destroyedKeys.map(\.month) == ["2026-01"])
        let january = try #require(try list(scene, "2026-03-07").keys.first)
        #expect(january.state == .destroyed && january.method == KeyStore.method)
        #expect(january.reason == Tombstone.agedOut && !january.run.isEmpty)
        #expect(january.sinceDay == "2026-03-06" && january.reasons.isEmpty)
        try DurableFile.durablyReplace("\(scene.folder)/keys/2026-01.key", with: copy.span)
        #expect(try list(scene, "2026-03-07").erasedAgainKeys == ["2026-01"])
        // A key that was destroyed is not missing where its record is.
        try scene.remove("keys/2026-01.destroyed")
        #expect(try list(scene, "2026-03-07").keys.map(\.month) == ["2026-02"])
    }

    @Test("a key that is gone without a record is listed as missing, and its loss can be recorded")
    func missing() throws {
        let scene = try scene()
        try scene.run(now: "2026-02-20T23:30:00Z")
        try scene.remove("keys/2026-02.key")
        let keys = try list(scene, "2026-02-25").keys
        #expect(keys.map(\.state) == [.active, .missing])
        let february = keys[1]
        #expect(february.month == "2026-02" && february.codes == ["missing"])
        #expect(february.since == "2026-02-20T23:30:00Z" && february.sinceDay == "2026-02-21")
        #expect(!february.run.isEmpty && february.run == keys[0].run)
        #expect(february.reasons.count == 1 && february.reasons[0].contains("keys destroy"))
        let record = try Sluice.destroyKey(
            request(scene, "2026-02-25"), month: "2026-02", reason: "disk replaced")
        #expect(!record.wasDestroyed && record.key.keyID == february.keyID)
        #expect(record.key.month == "2026-02" && record.reason == "disk replaced")
        let known = try Ledger.openForReading(stateDirectory: "\(scene.folder)/state").keys()
        #expect(known.map(\.state) == [.active, .destroyed])
        let again = try Sluice.destroyKey(
            request(scene, "2026-02-26"), month: "2026-02", reason: nil)
        #expect(again.wasDestroyed && again.reason == "disk replaced")
    }

    @Test("a sealed store says so")
    func sealed() throws {
        let name = "key-work-\(UInt64.random(in: 0 ... .max))"
        try Credentials.write(name, 1)
        defer { Credentials.remove(name) }
        let scene = try scene(
            Self.pipeline("path: keys, wrapped_by: { credential: \(name) }"))
        try scene.run(now: "2026-02-20")
        #expect(try list(scene, "2026-02-20").isWrapped)
    }

    @Test("to look at keys makes no store and no state, and does not wait for a run")
    func looksOnly() throws {
        let scene = try scene()
        #expect(throws: PipelineFailure.self) { try list(scene, "2026-02-20") }
        #expect(scene.files(below: "keys").isEmpty)
        try scene.run(now: "2026-02-20")
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        #expect(try list(scene, "2026-02-20").keys.count == 2)
        withExtendedLifetime(ledger) {}
        try scene.remove("state")
        #expect(try list(scene, "2026-02-20").keys.map(\.run) == ["", ""])
        #expect(scene.files(below: "state").isEmpty)
    }

    @Test("a pipeline without month keys is told so by the path of its file")
    func withoutKeys() throws {
        let scene = try scene(
            Self.pipeline().replacing("pseudonymize", with: "drop")
                .replacing("keys: { path: keys, grace: P5D }\n", with: ""))
        let failure = try #require(throws: PipelineFailure.self) { try list(scene, "2026-02-20") }
        #expect("\(failure)".contains("pipeline.yaml uses no month keys"))
    }

    /// Readable records keep a state, and so do aggregates and a single file that is owed.
    @Test("a state is forgotten once nothing in it needs a key, and not before")
    func forgotten() throws {
        func refusal(_ scene: TemporaryPipeline, _ now: String) -> String {
            let outcome = Result {
                try Sluice.forgetState(request(scene, now), state: "\(scene.folder)/state")
            }
            guard case .failure(let failure) = outcome else { return "" }
            return "\(failure)"
        }
        let readable = try scene()
        try readable.run(now: "2026-02-20")
        #expect(refusal(readable, "2026-02-20").contains("still needs keys"))
        let counted = try scene(
            Self.pipeline().replacing(#/outputs:\n(.|\n)*/#, with: "") + Self.statistics)
        try counted.run(now: "2026-04-10")
        #expect(refusal(counted, "2026-04-10").contains("still needs keys"))
        let aged = try scene()
        let unfinished = try scene()
        for scene in [aged, unfinished] { try scene.run(now: "2026-04-10") }
        try owe(unfinished)
        #expect(refusal(unfinished, "2026-04-10").contains("still needs keys"))
        #expect(refusal(aged, "2026-04-10") == "")
    }

    /// A run that ended before it had removed a file.
    private func owe(_ scene: TemporaryPipeline) throws {
        let time = EventTime(milliseconds: 1_775_800_000_000)
        var commit = RunCommit(
            name: "owing", pipeline: "log", command: "run",
            plan: Digest256.of(Array("plan".utf8).span), started: time, finished: time, now: time,
            cutoff: nil, counts: RunCounts(read: 0, written: 0, dropped: 0, quarantined: 0))
        commit.publications = [
            PendingPublication(directory: "out", finalName: "gone.jsonl", action: .remove)
        ]
        _ = try Ledger.open(stateDirectory: "\(scene.folder)/state").commitRun(commit)
    }
}
