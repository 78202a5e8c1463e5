import Foundation
import Glibc
import Pipelines
import TestSupport
import Testing

/// Files that come back out of a backup after they were aged, erased or deleted.
@Suite("A restored part") struct RestoredPartsTests {
    /// Readable for a month; whoever is erased is recognised as long as he is readable.
    private static func pipeline(more: String = "") -> String {
        """
        name: back
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { user: user }
        window: P1M
        fields: { ts: keep, user: pseudonymize }
        outputs:
          - { name: o, purpose: security, path: "out/{date}.jsonl"\(more),
              safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }
        keys: { path: keys, grace: P1Y }
        state: state

        """
    }

    private static func line(_ user: String, _ day: String = "2026-03-05") -> String {
        #"{"ts":"\#(day)T12:00:00Z","user":"\#(user)"}"# + "\n"
    }

    /// A run over records of anna and bert of 5 March, and a copy of what it wrote.
    private func scene(more: String = "") throws -> (TemporaryPipeline, [String: String]) {
        let scene = try TemporaryPipeline(
            Self.pipeline(more: more),
            files: ["in/a": Self.line("anna") + Self.line("bert")])
        try scene.run(now: "2026-03-21")
        return (scene, try texts(scene))
    }

    private func texts(_ scene: TemporaryPipeline) throws -> [String: String] {
        var texts: [String: String] = [:]
        for name in scene.files(below: "out").map({ "out/\($0)" }) {
            texts[name] = try scene.text(name)
        }
        return texts
    }

    private func restore(_ scene: TemporaryPipeline, _ backup: [String: String]) throws {
        for (name, text) in backup { try scene.write(name, text) }
    }

    private func erase(_ scene: TemporaryPipeline, _ user: String, _ now: String) throws {
        _ = try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, user, now: now)))
    }

    private func findings(_ scene: TemporaryPipeline, _ now: String) throws -> [String] {
        var request = VerifyRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = now
        return try Sluice.verify(request).findings.map { "\($0.kind.rawValue): \($0.sentence)" }
    }

    @Test("that was replaced is removed again, under its own name and under any other")
    func removed() throws {
        let (scene, backup) = try scene()
        try erase(scene, "anna", "2026-03-22")
        let after = try texts(scene)
        try restore(scene, backup)
        try scene.write("out/copy-of-march", try #require(backup.values.first))
        #expect(
            try findings(scene, "2026-03-23").contains { $0.contains("run the pipeline, which") })
        let trial = try scene.run(now: "2026-03-23", isDryRun: true)
        #expect(trial.removedAgain == 2 && scene.files(below: "out").count == 3)
        let report = try scene.run(now: "2026-03-23")
        #expect(report.removedAgain == 2 && report.madeAgain == 0)
        #expect(try texts(scene) == after)
        #expect(try findings(scene, "2026-03-23") == [])
    }

    @Test(
        "in the place of its successor, or all that is left, is erased and aged anew",
        arguments: ["in its place", "under its own name", "under another name"])
    func madeAgain(_ place: String) throws {
        let (scene, backup) = try scene()
        let old = try #require(backup.values.first)
        try erase(scene, "anna", "2026-03-22")
        #expect(try scene.run(now: "2026-04-10").agedRecords == 1)
        let after = try texts(scene)
        let current = try #require(after.keys.first)
        #expect(after.count == 1 && after[current]?.contains("bert") == false)
        try scene.remove(current)
        let name = try #require(backup.keys.first)
        let target = ["in its place": current, "under its own name": name][place] ?? "out/other"
        try scene.write(target, old)
        let found = try findings(scene, "2026-04-11")
        #expect(
            found.contains { $0.contains("out of a backup: run") || $0.hasPrefix("missing") })
        let report = try scene.run(now: "2026-04-11")
        #expect(report.madeAgain == 1)
        #expect(try texts(scene) == after)
        #expect(try findings(scene, "2026-04-11") == [])
    }

    @Test("goes when its time has passed, whatever it is called")
    func expired() throws {
        let (scene, backup) = try scene(more: ", expires: P2M")
        #expect(try scene.run(now: "2026-05-20").expiredParts == 1)
        try restore(scene, backup)
        #expect(try findings(scene, "2026-05-21").count == 1)
        #expect(try scene.run(now: "2026-05-21").removedAgain == 1)
        #expect(scene.files(below: "out") == [])
        #expect(try findings(scene, "2026-05-21") == [])
    }

    @Test("whose erasure cannot be done again is refused and named, and so are bytes of nobody")
    func unrepeatable() throws {
        let (scene, _) = try scene()
        try scene.run(now: "2026-04-10")
        // By now only tokens stand for anna: once she is erased nobody can make hers again.
        let tokens = try texts(scene)
        try erase(scene, "anna", "2026-04-11")
        let after = try texts(scene)
        let current = try #require(after.keys.first)
        try scene.write(current, try #require(tokens.values.first))
        for text in [tokens.values.first ?? "", "{}\n"] {
            try scene.write(current, text)
            let sentence = refusal { try scene.run(now: "2026-04-12") }
            #expect(sentence.contains("or take this one away"), "\(sentence)")
            #expect(try scene.text(current) == text, "nothing was done")
        }
        // What the sentence says is a way on.
        try scene.write(current, try #require(after[current]))
        #expect(try scene.run(now: "2026-04-12").madeAgain == 0)
        #expect(try findings(scene, "2026-04-12") == [])
        try scene.remove(current)
        try scene.run(now: "2026-04-13")
    }

    @Test("of which one cannot be made again stops no other, and all such are named at once")
    func severalFaults() throws {
        let scene = try TemporaryPipeline(
            Self.pipeline(),
            files: (5...7).reduce(into: [:]) { files, day in
                files["in/\(day)"] = Self.line("anna", "2026-03-0\(day)")
            })
        try scene.run(now: "2026-03-21")
        let raw = try texts(scene)
        try scene.run(now: "2026-04-10")
        let names = try texts(scene).keys.sorted()
        #expect(names.count == 3)
        for name in names.prefix(2) { try scene.write(name, "{}\n") }
        let last = names[2]
        let tokens = try scene.text(last)
        let restored = try #require(raw.first { $0.key.hasPrefix("out/2026-03-07") }).value
        try scene.write(last, restored)
        let sentence = refusal { try scene.run(now: "2026-04-12") }
        #expect(names.map { sentence.contains($0) } == [true, true, false], "\(sentence)")
        #expect(try scene.text(last) == tokens)
    }

    @Test("a part with due records that was taken away stops no run, and verify names it")
    func takenAway() throws {
        let (scene, backup) = try scene()
        try scene.remove(try #require(backup.keys.first))
        let report = try scene.run(now: "2026-04-10")
        #expect(report.notes.contains { $0.contains("not there and could not be aged: 1") })
        #expect(try findings(scene, "2026-04-10").contains { $0.hasPrefix("missing") })
    }

    /// Nobody knows whose the other's files are: none of them is a reason to fail, or to delete it.
    @Test("of another pipeline with the same folder and pattern is nobody's business")
    func shared() throws {
        let (scene, _) = try scene(more: ", expires: P1Y")
        try scene.write("in/b", Self.line("carl"))
        try scene.write(
            "other.yaml",
            Self.pipeline(more: ", expires: P1Y")
                .replacing("name: back", with: "name: other")
                .replacing("source: {", with: "source: { stream: back,")
                .replacing("state: state", with: "state: state2")
                .replacing("path: keys", with: "path: keys2"))
        for night in 22...31 {
            let now = "2026-03-\(night)"
            if night == 25 { try erase(scene, "anna", now) }
            if night == 27 {
                let lost = try texts(scene).first { $0.value.contains("bert") }
                try scene.remove(try #require(lost).key)
            }
            for file in ["pipeline.yaml", "other.yaml"] {
                let report = try scene.run(now: now, file: file)
                #expect(report.alarms == [])
                let isTold = report.notes.contains { $0.contains("of another pipeline perhaps") }
                #expect(isTold == (night > 22))
            }
        }
        #expect(scene.files(below: "out").count > 1)
    }

    /// The state of the night before yesterday, and the results of yesterday.
    @Test("beside an older state: its unknown successor stops the run, and any other is told of")
    func olderState() throws {
        let (scene, backup) = try scene()
        let first = try #require(backup.keys.first)
        let state = "\(scene.folder)/state"
        try FileManager.default.copyItem(atPath: state, toPath: "\(scene.folder)/backup")
        try erase(scene, "anna", "2026-03-22")
        let after = try texts(scene)
        let successor = try #require(after.keys.first)
        #expect(successor != first)
        try FileManager.default.removeItem(atPath: state)
        try FileManager.default.moveItem(atPath: "\(scene.folder)/backup", toPath: state)
        let sentence = refusal { try scene.run(now: "2026-04-10") }
        #expect(sentence.contains("the state is older than the results"), "\(sentence)")
        #expect(sentence.contains(successor) && sentence.contains(first), "\(sentence)")
        #expect(try texts(scene) == after, "nothing was done")
        // With the results of the same backup there, it is a stranger that has to go.
        try restore(scene, backup)
        #expect(try scene.run(now: "2026-04-10").alarms.contains { $0.contains(successor) })
        try scene.remove(successor)
        #expect(try scene.run(now: "2026-04-11").alarms == [])
        #expect(try findings(scene, "2026-04-11") == [])
    }

    /// Its sources are gone as well: no run writes these files again.
    @Test("beside an older state: what a run wrote first that it does not know is told of")
    func firstWritten() throws {
        let (scene, _) = try scene()
        let state = "\(scene.folder)/state"
        try FileManager.default.copyItem(atPath: state, toPath: "\(scene.folder)/backup")
        try scene.write("in/b", Self.line("carl", "2026-03-21"))
        try scene.run(now: "2026-03-22")
        let written = try #require(try texts(scene).first { $0.value.contains("carl") }).key
        try FileManager.default.removeItem(atPath: state)
        try FileManager.default.moveItem(atPath: "\(scene.folder)/backup", toPath: state)
        try scene.remove("in/b")
        #expect(try scene.run(now: "2026-03-23").alarms.contains { $0.contains(written) })
        try scene.remove(written)
        #expect(try scene.run(now: "2026-03-24").alarms == [])
    }

    @Test(
        "is found among whatever strangers put into its folder",
        arguments: ["a link to itself", "a link to nothing", "a link to a copy", "not UTF-8"])
    func strangers(_ stranger: String) throws {
        let (scene, backup) = try scene()
        let (name, old) = try #require(backup.first)
        try erase(scene, "anna", "2026-03-22")
        try scene.write("copy", old)
        let odd = Array("\(scene.folder)/out/".utf8) + [0xff]
        let link = "\(scene.folder)/out/latest"
        let targets = ["a link to itself": link, "a link to a copy": "\(scene.folder)/copy"]
        if stranger == "not UTF-8" {
            #expect(unsafe mkdir(odd.map(CChar.init(bitPattern:)) + [0], 0o700) == 0)
        } else {
            try FileManager.default.createSymbolicLink(
                atPath: link,
                withDestinationPath: targets[stranger] ?? "\(scene.folder)/nothing")
        }
        defer { _ = unsafe rmdir(odd.map(CChar.init(bitPattern:)) + [0]) }
        try scene.write(name, old)
        #expect(try scene.run(now: "2026-03-23").removedAgain == 1)
        #expect(throws: (any Error).self) { try scene.text(name) }
        #expect(try scene.text("copy") == old)
        #expect(try scene.run(now: "2026-03-24").removedAgain == 0)
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch PipelineFailure.storage(let sentence) { return sentence } catch {
            return "\(error)"
        }
    }
}
