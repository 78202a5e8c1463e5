import Glibc
import TestSupport
import Testing

/// Keys through the real process: sealed ones, dead ones, races and kills.
@Suite struct KeyTests {
    private func pipeline(_ name: String = "log", keys: String = "{ path: keys, grace: P0D }")
        -> String
    {
        """
        name: \(name)
        source: { format: jsonl, files: "in/*", time: ts, stream: \(name) }
        identity: { user: user }
        window: P1M
        fields: { ts: keep, user: pseudonymize }
        keys: \(keys)
        state: state-\(name)
        outputs:
          - name: \(name)
            purpose: security
            path: "out-\(name)/{date}.jsonl"
            recipients: [own]
            safeguards: { reason: abuse, readers: [soc], delete_after: P1M }

        """
    }

    private func line(_ day: String, _ user: String) -> String {
        #"{"ts":"2026-\#(day)T10:00:00Z","user":"\#(user)"}"# + "\n"
    }

    private func scene(_ pipelines: [String: String]) throws -> Scene {
        let scene = try Scene()
        for (name, text) in pipelines { try scene.write(name, text) }
        let days = ["01-10", "01-20", "01-31"]
        let lines = days.flatMap { day in (0..<20).map { line(day, "user\($0)@a.example") } }
        try scene.write("in/a.jsonl", lines.joined())
        return scene
    }

    /// The key and tombstone files.
    private func keys(_ scene: Scene) throws -> [String] {
        try scene.tree("keys").keys.filter { $0.hasSuffix(".key") || $0.hasSuffix(".destroyed") }
            .sorted()
    }

    private func records(_ scene: Scene, _ name: String = "log") throws -> [String] {
        try scene.tree("out-\(name)").values
            .flatMap { text($0).split(separator: "\n").map(String.init) }.sorted()
    }

    @discardableResult
    private func run(
        _ scene: Scene, _ now: String, _ file: String = "p.yaml", through: [String] = [],
        location: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        let outcome = try sluice(
            ["run", file, "--now", now, "--json"], in: scene, through: through)
        #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: location)
        return outcome
    }

    @Test func filterCannotReviveADeadMonth() throws {
        let scene = try scene(["p.yaml": pipeline()])
        try run(scene, "2026-02-01")
        let flags = [
            "filter", "--format", "jsonl", "--time", "ts", "--set", "ts=keep", "--user",
            "pseudonymize", "--keys", "keys", "--json",
        ]
        let before = try sluice(flags, in: scene, feed: .bytes(bytes(line("01-10", "x@a.example"))))
        #expect(text(before.output).contains(#""user":""#), "\(before.errors)")
        let end = text(try run(scene, "2026-03-02").output)
        #expect(end.contains(#""destroyed_keys":[{"month":"2026-01""#))
        let after = try sluice(flags, in: scene, feed: .bytes(bytes(line("01-10", "x@a.example"))))
        #expect(after.status == 0, "\(after.errors)")
        #expect(text(after.output) == #"{"ts":"2026-01-10T10:00:00Z"}"# + "\n")
        #expect(after.errors.contains(#""keyless":1"#))
        #expect(try keys(scene) == ["2026-01.destroyed"])
    }

    @Test func listDestroyAndForget() throws {
        let scene = try scene(["p.yaml": pipeline()])
        try run(scene, "2026-02-01")
        let list = try sluice(["keys", "list", "p.yaml", "--now", "2026-02-01"], in: scene)
        #expect(list.status == 0, "\(list.errors)")
        #expect(text(list.output).contains("2026-01"))
        #expect(text(list.output).contains("active"))
        let destroy = ["keys", "destroy", "p.yaml", "--month", "2026-01", "--now"]
        let refused = try sluice(destroy + ["2026-02-28"], in: scene)
        #expect(refused.status == 10)
        #expect(refused.errors.contains("2026-03-01"))
        #expect(try keys(scene) == ["2026-01.key"])
        let json = try sluice(destroy + ["2026-02-28", "--json"], in: scene)
        #expect(text(json.output).contains(#"{"status":10,"failure":{"kind":"refused""#))
        // On its day the key is needed until the pipeline has aged its records.
        #expect(try sluice(destroy + ["2026-03-01"], in: scene).status == 10)
        try run(scene, "2026-03-01")
        let known = try sluice(destroy + ["2026-03-01", "--json"], in: scene)
        #expect(known.status == 0, "\(known.errors)")
        #expect(text(known.output).contains(#""was_destroyed":true"#))
        let unknown = try sluice(["keys", "forget", "p.yaml", "--state", "gone"], in: scene)
        #expect(unknown.status == 2)
    }

    /// A key-encryption key from a descriptor and from a credential.
    @Test func sealedKeys() throws {
        let scene = try scene([
            "p.yaml": pipeline(keys: "{ path: keys, grace: P0D, wrapped_by: { descriptor: 3 } }"),
            "c.yaml": pipeline(
                "other", keys: "{ path: keys, grace: P0D, wrapped_by: { credential: kek } }"),
        ])
        try scene.write("credentials/kek", [UInt8](repeating: 0x91, count: 32))
        try scene.write("wrong/kek", String(repeating: "92", count: 32) + "\n")
        let descriptor = ["sh", "-c", #"exec "$0" "$@" 3<credentials/kek"#]
        let credential = ["CREDENTIALS_DIRECTORY=\(scene.path)/credentials"]
        try run(scene, "2026-02-01", through: descriptor)
        try run(scene, "2026-02-01", "c.yaml", through: credential)
        #expect(try keys(scene) == ["2026-01.key"])
        let failures: [(file: String, through: [String])] = [
            ("p.yaml", ["sh", "-c", #"exec "$0" "$@" 3<&-"#]),
            ("p.yaml", ["sh", "-c", #"exec "$0" "$@" 3<wrong/kek"#]),
            ("c.yaml", []), ("c.yaml", ["CREDENTIALS_DIRECTORY=\(scene.path)/wrong"]),
            ("c.yaml", ["CREDENTIALS_DIRECTORY=\(scene.path)/none"]),
        ]
        for (file, through) in failures {
            let outcome = try sluice(
                ["run", file, "--now", "2026-02-02"], in: scene, through: through)
            #expect(outcome.status == 8, "\(file) \(through): \(outcome.errors)")
        }
        try scene.write(
            "credentials/kek", [UInt8](repeating: 0x91, count: 32), mode: 0o644)
        let open = try sluice(
            ["run", "c.yaml", "--now", "2026-02-02"], in: scene, through: credential)
        #expect(open.status == 8, "\(open.errors)")
        try scene.write("credentials/kek", [UInt8](repeating: 0x91, count: 32))
        try run(scene, "2026-03-02", "c.yaml", through: credential)
        let end = text(try run(scene, "2026-03-02", through: descriptor).output)
        #expect(end.contains("sealed file overwritten and unlinked"))
        #expect(try keys(scene) == ["2026-01.destroyed"])
        #expect(try records(scene) == (try records(scene, "other")))
        #expect(try !records(scene).joined().contains("@"))
    }

    /// The key of the registry is sealed like the keys of months, for every command that needs it.
    @Test func theRegistrysKeyIsSealed() throws {
        let keys = "{ path: keys, wrapped_by: { descriptor: 3 } }"
        let scene = try scene(["p.yaml": pipeline(keys: keys)])
        try scene.write("kek", [UInt8](repeating: 0x91, count: 32))
        try scene.write("wrong", [UInt8](repeating: 0x92, count: 32))
        let good = ["sh", "-c", #"exec "$0" "$@" 3<kek"#]
        try run(scene, "2026-02-01", through: good)
        let who = ["--role", "controller", "--identity-check", "T-1", "--by", "desk"]
        let commands: [[String]] = [
            ["opt-out", "add", "p.yaml", "--user", "user1@a.example", "--purpose", "statistics"],
            [
                "hold", "raise", "p.yaml", "--name", "h", "--ground", "law", "--citation", "A",
                "--reason", "r", "--by", "l", "--user", "user2@a.example",
            ],
            ["subject", "status", "p.yaml", "--user", "user1@a.example"],
            ["subject", "restrict", "p.yaml", "--user", "user3@a.example"] + who,
            ["subject", "erase", "p.yaml", "--user", "user4@a.example"] + who,
            ["subject", "export", "p.yaml", "--user", "user5@a.example", "--output", "c"] + who,
            ["opt-out", "check", "p.yaml", "--user", "user1@a.example"],
            ["hold", "list", "p.yaml"], ["opt-out", "list", "p.yaml"],
            ["run", "p.yaml"], ["verify", "p.yaml"],
        ]
        for command in commands {
            let words = command + ["--now", "2026-02-02"]
            let outcome = try sluice(words, in: scene, through: good)
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
        }
        // Version 2 is the sealed form.
        #expect(try scene.tree("state-log")["registry.key"]?[9] == 2)
        for command in commands where command[1] != "list" {
            for through in [[], ["sh", "-c", #"exec "$0" "$@" 3<wrong"#]] {
                let words = command + ["--now", "2026-02-03"]
                let outcome = try sluice(words, in: scene, through: through)
                // verify looks all the same once it has a key, and tells that it is another one.
                let expected: Int32 = command[0] == "verify" && !through.isEmpty ? 1 : 8
                #expect(outcome.status == expected, "\(command) \(through): \(outcome.errors)")
            }
        }
    }

    /// Wrapping turned on, changed and turned off for keys that are there.
    @Test func existingKeysAreSealed() throws {
        let plain = pipeline(keys: "{ path: keys }")
        let sealed = pipeline(keys: "{ path: keys, wrapped_by: { descriptor: 3 } }")
        let scene = try scene(["p.yaml": plain])
        for (name, byte) in [("one", 1), ("two", 2)] as [(String, UInt8)] {
            try scene.write(name, [UInt8](repeating: byte, count: 32))
        }
        try run(scene, "2026-02-01")
        let add = ["opt-out", "add", "p.yaml", "--now", "2026-02-02", "--user"]
        #expect(try sluice(add + ["user1@a.example"], in: scene).status == 0)
        func shell(_ files: String) -> [String] { ["sh", "-c", #"exec "$0" "$@" "# + files] }
        func works(_ through: [String], _ day: String) throws {
            try run(scene, "2026-02-\(day)", through: through)
            for command in ["verify", "keys list"] {
                let words = command.split(separator: " ").map(String.init)
                let outcome = try sluice(
                    words + ["p.yaml", "--now", "2026-02-\(day)"], in: scene, through: through)
                #expect(outcome.status == 0, "\(command): \(outcome.errors)")
            }
            let check = ["opt-out", "check", "p.yaml", "--user", "user1@a.example"]
            let outcome = try sluice(check, in: scene, through: through)
            #expect(text(outcome.output).hasPrefix("opted out"), "\(outcome.errors)")
        }
        try scene.write("p.yaml", sealed)
        let refused = try sluice(["run", "p.yaml"], in: scene, through: shell("3<one"))
        #expect(refused.status == 8 && refused.errors.contains("sluice keys rewrap"))
        let rewrap = ["keys", "rewrap", "p.yaml", "--now", "2026-02-03", "--json"]
        let first = try sluice(rewrap, in: scene, through: shell("3<one"))
        #expect(text(first.output).contains(#""keys":1,"registry_keys":1,"sealed":true"#))
        try works(shell("3<one"), "04")
        let from = ["--from-descriptor", "4"]
        let wrong = try sluice(rewrap + from, in: scene, through: shell("3<two 4<two"))
        #expect(wrong.status == 8, "\(wrong.errors)")
        let second = try sluice(rewrap + from, in: scene, through: shell("3<two 4<one"))
        #expect(second.status == 0, "\(second.errors)")
        try works(shell("3<two"), "05")
        try scene.write("p.yaml", plain)
        #expect(try sluice(rewrap + from, in: scene, through: shell("4<two")).status == 0)
        try works([], "06")
        let usage = try sluice(rewrap + from + ["--from-credential", "x"], in: scene)
        #expect(usage.status == 2)
    }

    /// Two pipelines and a destruction by hand at once: all see one key, or none.
    @Test func processesRaceForCreationAndDestruction() throws {
        let scene = try scene(["p.yaml": pipeline(), "q.yaml": pipeline("other")])
        let makers = try ["p.yaml", "q.yaml"].map {
            try SluiceProcess(["run", $0, "--now", "2026-02-01"], in: scene.path)
        }
        for process in makers { #expect(try process.finish().status == 0) }
        #expect(try keys(scene) == ["2026-01.key"])
        for round in 0..<3 {
            let commands =
                ["p.yaml", "q.yaml"].map { ["run", $0, "--now", "2026-03-0\(round + 1)"] } + [
                    ["keys", "destroy", "p.yaml", "--month", "2026-01", "--now", "2026-03-01"]
                ]
            let running = try commands.map { try SluiceProcess($0, in: scene.path) }
            for process in running {
                // A state or store that is in use turns others away; nothing else may go wrong.
                let outcome = try process.finish()
                #expect([0, 7, 10].contains(outcome.status), "\(outcome.errors)")
            }
        }
        for file in ["p.yaml", "q.yaml", "p.yaml"] { try run(scene, "2026-03-05", file) }
        #expect(try keys(scene) == ["2026-01.destroyed"])
        // No record was aged without its token, and both pipelines made the same tokens.
        let records = try records(scene)
        #expect(records.count == 60)
        #expect(records.allSatisfy { $0.contains(#""user":""#) && !$0.contains("@") })
        #expect(records == (try self.records(scene, "other")))
    }

    /// Killed at any moment of the run that destroys, and run again: as if undisturbed.
    @Test func aKilledDestructionEndsLikeAnUndisturbedOne() throws {
        let calm = try scene(["p.yaml": pipeline()])
        try run(calm, "2026-02-01")
        var moments = try KillMoments(seed: 401) { try run(calm, "2026-03-02") }
        for round in 0..<10 {
            let scene = try scene(["p.yaml": pipeline()])
            try run(scene, "2026-02-01")
            try moments.kill(
                try SluiceProcess(["run", "p.yaml", "--now", "2026-03-02"], in: scene.path))
            try run(scene, "2026-03-02")
            let again = text(try run(scene, "2026-03-02").output)
            #expect(again.contains(#""destroyed_keys":[]"#), "round \(round)")
            #expect(try keys(scene) == ["2026-01.destroyed"], "round \(round)")
            // Every record was aged while its key lived: each has its token, none its name.
            let records = try records(scene)
            #expect(records.count == 60, "round \(round)")
            #expect(records.allSatisfy { $0.contains(#""user":""#) && !$0.contains("@") })
            #expect(Set(records).count == 60, "round \(round)")
            let list = try sluice(
                ["keys", "list", "p.yaml", "--now", "2026-03-02", "--json"], in: scene)
            #expect(text(list.output).contains(#""state":"destroyed""#), "round \(round)")
        }
        #expect(moments.killed > 0)
    }
}
