import Foundation
import TestSupport
import Testing

/// One clear message, the documented status, nothing written, and no value of the input in it.
@Suite struct BadInputTests {
    /// Stands in every identifier of the data and must never be told.
    private static let canary = "kanarie-7731"

    private func data(_ count: Int = 40) -> [UInt8] {
        bytes(
            (0..<count).map {
                #"{"ts":"2026-03-01T10:00:\#(10 + $0 % 50)Z","user":"\#(Self.canary)","#
                    + #""ip":"203.0.113.9","action":"login","path":"/\#(Self.canary)"}"# + "\n"
            }.joined()
        )
    }

    private func scene(_ pipeline: String = Pipeline.stateless("jsonl")) throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", pipeline)
        try scene.write("static.key", "an invented key of the tests, long enough")
        try scene.write("in/a.jsonl", data())
        return scene
    }

    /// Runs and checks what every failure owes.
    private func fails(
        _ scene: Scene,
        _ status: Int32,
        _ words: [String],
        arguments: [String] = ["run", "p.yaml", "--now", "2026-04-15"],
        drain: Drain = .captured,
        feed: Feed = .bytes([]),
        location: SourceLocation = #_sourceLocation
    ) throws {
        let before = try scene.tree()
        let outcome = try sluice(arguments, in: scene, feed: feed, drain: drain)
        #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: location)
        for word in words {
            #expect(
                outcome.errors.contains(word),
                "\(word) in: \(outcome.errors)",
                sourceLocation: location
            )
        }
        #expect(!outcome.errors.contains(Self.canary), sourceLocation: location)
        #expect(!text(outcome.output).contains(Self.canary), sourceLocation: location)
        // The state folder and month keys are made before the first record is read.
        let own = ["state/", "keys/"]
        let after = try scene.tree().filter { file in !own.contains { file.key.hasPrefix($0) } }
        let expected = before.filter { file in !own.contains { file.key.hasPrefix($0) } }
        #expect(
            after == expected,
            "\(Set(after.keys).symmetricDifference(expected.keys))",
            sourceLocation: location
        )
    }

    // MARK: Flags and pipelines

    @Test func wrongFlags() throws {
        let scene = try scene()
        try fails(
            scene,
            2,
            ["--workerz", "--workers"],
            arguments: ["run", "p.yaml", "--workerz", "2"]
        )
        try fails(scene, 2, ["--workers", "64"], arguments: ["run", "p.yaml", "--workers", "0"])
        try fails(scene, 2, ["did you mean `run`"], arguments: ["rum", "p.yaml"])
        try fails(scene, 2, ["expected"], arguments: [])
    }

    @Test func aMissingPipeline() throws {
        let scene = try scene()
        try fails(scene, 3, ["none.yaml", "no such file"], arguments: ["run", "none.yaml"])
        try fails(scene, 3, ["in"], arguments: ["run", "in"])
    }

    @Test(arguments: [
        ("acknowledge: [static-key]", "aknowledge: [static-key]", "p.yaml:10:1:", "`acknowledge`"),
        ("quarantine: { limit: 50% }", "name: again", "p.yaml:11:1:", "name"),
        ("quarantine: { limit: 50% }", "quarantine: { limit: [1] }", "p.yaml:11:22:", "expected"),
        ("{ ipv4: /16, ipv6: /32 }", "{ ipv4: /99 }", "p.yaml:7:", "ipv4"),
        ("truncate_ip", "truncate_up", "p.yaml:7:", "did you mean `truncate_ip`"),
        ("path: url", "path: {", "p.yaml:", "expected"),
    ]) func faultsOfThePipeline(_ old: String, _ new: String, _ place: String, _ word: String)
        throws
    {
        let pipeline = Pipeline.stateless("jsonl").replacingOccurrences(of: old, with: new)
        try fails(scene(pipeline), 3, [place, word])
    }

    @Test func aColumnThatTheFileDoesNotHave() throws {
        let scene = try scene(
            Pipeline.stateless("csv").replacingOccurrences(of: "  user: {", with: "  usr: {")
        )
        try scene.write("in/a.jsonl", Event.csvHeader + "\n2026-03-01T10:00:00Z,a,b,c,d,e,f\n")
        let outcome = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
        #expect([3, 4].contains(outcome.status))
        #expect(outcome.errors.contains("usr") && outcome.errors.contains("`user`"))
        #expect(!scene.exists("out/records"))
    }

    @Test func severalFaultsAreToldAtOnce() throws {
        let pipeline = Pipeline.stateless("jsonl")
            .replacingOccurrences(of: "path: url", with: "path: urn")
            .replacingOccurrences(of: "acknowledge:", with: "acknowledged:")
        try fails(scene(pipeline), 3, ["`url`", "`acknowledge`"])
    }

    // MARK: Sources

    @Test func sourcesThatCannotBeOpened() throws {
        let scene = try scene()
        let now = ["--now", "2026-04-15"]
        try fails(scene, 4, ["none.jsonl"], arguments: ["run", "p.yaml", "none.jsonl"] + now)
        try fails(
            scene,
            4,
            ["in/a.jsonl/x"],
            arguments: ["run", "p.yaml", "in/a.jsonl/x"] + now
        )
        try scene.remove("in/a.jsonl")
        try fails(scene, 4, ["in/"])
    }

    @Test func aTruncatedGzipSaysHowFarItGot() throws {
        let scene = try scene()
        let whole = try gzip(data(3000))
        try scene.write("in/a.jsonl", Array(whole.prefix(whole.count / 2)))
        try fails(scene, 4, ["in/a.jsonl", "truncated-gzip", "byte"])
    }

    @Test func aDamagedGzipSaysHowFarItGot() throws {
        let scene = try scene()
        var damaged = try gzip(data(3000))
        for index in 0..<8 { damaged[damaged.count - 8 + index] ^= 0x55 }
        try scene.write("in/a.jsonl", damaged)
        try fails(scene, 4, ["in/a.jsonl", "damaged-gzip", "byte"])
    }

    @Test func moreBrokenRecordsThanAllowed() throws {
        let scene = try scene(
            Pipeline.stateless("jsonl").replacingOccurrences(of: "50%", with: "10%")
        )
        let broken = bytes("{\"user\":\"\(Self.canary)\n{\"ts\":\"\(Self.canary)\"}\n")
        try scene.write("in/a.jsonl", data(8) + broken)
        try fails(scene, 5, ["10%", "2 of 10", "not-json", "bad-time"])
    }

    // MARK: Outputs

    @Test func aDirectoryInTheOutputsPlace() throws {
        let scene = try scene()
        try scene.write("out/records/inner", "here before")
        try fails(scene, 6, ["out/records", "directory"])
    }

    @Test func aDirectoryInTheTablesPlace() throws {
        let scene = try scene()
        try scene.write("out/days.csv/inner", "here before")
        try fails(scene, 6, ["out/days.csv", "directory"])
    }

    @Test func anOutputThatIsTheInput() throws {
        let scene = try scene(
            Pipeline.stateless("jsonl").replacingOccurrences(
                of: "out/records",
                with: "in/a.jsonl"
            )
        )
        try fails(scene, 3, ["outputs[1].path", "a source of the pipeline"])
    }

    @Test func aFolderThatIsAFile() throws {
        let scene = try scene()
        try scene.write("out", "a file")
        try fails(scene, 6, ["out"])
    }

    private static let filterFlags = [
        "filter", "--format", "jsonl", "--time", "ts", "--set", "ts=keep", "--keep-others",
        "--user", "drop", "--set", "path=drop",
    ]

    @Test func aFullDevice() throws {
        try fails(
            scene(),
            6,
            ["no space", "incomplete"],
            arguments: Self.filterFlags,
            drain: .file("/dev/full"),
            feed: .bytes(data(4000))
        )
    }

    @Test func aReaderThatLeft() throws {
        let outcome = try sluice(
            Self.filterFlags,
            in: scene(),
            feed: .bytes(data(4000)),
            drain: .closedPipe
        )
        #expect(outcome.status == 141)
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
    }

    // MARK: Keys

    @Test func keysThatOthersMayRead() throws {
        let scene = try scene()
        try scene.write("static.key", "an invented key of the tests, long enough", mode: 0o644)
        let outcome = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
        #expect([3, 8].contains(outcome.status))
        #expect(outcome.errors.contains("static.key"))
        #expect(!scene.exists("out/records"))
    }

    @Test func aKeyStoreThatOthersMayEnter() throws {
        let scene = try scene(Pipeline.stateful)
        let run = ["run", "p.yaml", "--now", "2026-04-15", "--quiet"]
        try #require(try sluice(run, in: scene).status == 0)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: "\(scene.path)/keys"
        )
        try scene.write("in/b.jsonl", data(45))
        try fails(scene, 8, ["keys", "0700"])
    }

    @Test func aKeyFileThatOthersMayRead() throws {
        let scene = try scene(Pipeline.stateful)
        let run = ["run", "p.yaml", "--now", "2026-04-15", "--quiet"]
        try #require(try sluice(run, in: scene).status == 0)
        for name in try scene.tree("keys").keys {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644],
                ofItemAtPath: "\(scene.path)/keys/\(name)"
            )
        }
        try scene.write("in/b.jsonl", data(45))
        try fails(scene, 8, ["keys/", "0600"])
    }

    // MARK: State

    /// A failed run leaves no trace: the next one gives what it would have given at once.
    @Test func afterAFailureTheNextRunIsTheFirst() throws {
        let scene = try scene(Pipeline.stateful)
        let twin = try Scene()
        try scene.copy(to: twin)
        try twin.write("in/b.jsonl", data(7))
        let whole = try gzip(data(7))
        try scene.write("in/b.jsonl", Array(whole.dropLast(9)))
        try fails(scene, 4, ["in/b.jsonl"])
        #expect(try scene.tree("out").isEmpty)
        try scene.write("in/b.jsonl", whole)
        let run = ["run", "p.yaml", "--now", "2026-04-15", "--quiet"]
        try #require(try sluice(run, in: scene).status == 0)
        try #require(try sluice(run, in: twin).status == 0)
        #expect(try scene.tree("out").keys.sorted() == twin.tree("out").keys.sorted())
        #expect(try scene.tree("out")["months.csv"] == twin.tree("out")["months.csv"])
    }
}
