import FileSystem
import Foundation
import Pipelines
import TestSupport
import Testing

/// What killed commands left behind: `verify` tells of it, the next run ends it.
@Suite("Leftovers of killed commands")
struct LeftoverTests {
    private let run = "0123456789abcdef"

    private func scene() throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(
            SubjectScene.pipeline, files: ["in/a.jsonl": SubjectScene.line("04-10", "anna")])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    private func findings(_ scene: TemporaryPipeline) throws -> [String] {
        try scene.verify(now: "2026-04-15").findings.map {
            "\($0.kind) \($0.place.replacing("\(scene.folder)/", with: ""))"
        }
    }

    @Test(
        "a temporary file is found wherever results and state lie, and cleared",
        arguments: ["out", "out/lines", "state/partials", "state/quarantine"])
    func temporary(_ folder: String) throws {
        let scene = try scene()
        #expect(try findings(scene) == [])
        let name = "\(folder)/.2026-04-10.jsonl.sluice-\(run)-0.tmp"
        try scene.write(name, SubjectScene.line("04-10", "anna"))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: "\(scene.folder)/\(name)")
        let found = try findings(scene)
        #expect(found.contains("unfinished \(name)") || found.contains { $0.hasSuffix(name) })
        _ = try scene.run(now: "2026-04-15")
        #expect(!scene.files(below: folder).contains { $0.hasSuffix(".tmp") })
        #expect(try findings(scene) == [])
    }

    @Test("an old registry key of a rewrapping that was killed is found, overwritten and noted")
    func registryKey() throws {
        let scene = try scene()
        _ = try Sluice.restrictSubject(scene.request(.user, "bert"), lifts: false)
        let key = try Data(contentsOf: URL(fileURLWithPath: "\(scene.folder)/state/registry.key"))
        let former = "\(scene.folder)/state/registry.key.former"
        let isMade = FileManager.default.createFile(
            atPath: former, contents: key, attributes: [.posixPermissions: 0o600])
        #expect(isMade)
        let half = ".registry.key.sluice-6b65792d7365616c-0123456789abcdef-0.tmp"
        let isHalf = FileManager.default.createFile(
            atPath: "\(scene.folder)/state/\(half)", contents: Data("half".utf8),
            attributes: [.posixPermissions: 0o600])
        #expect(isHalf)
        #expect(
            try findings(scene).sorted() == [
                "unfinished state/\(half)", "unfinished state/registry.key.former",
            ])
        // Its blocks are overwritten, whoever has it open.
        let open = try FileHandle(forReadingFrom: URL(fileURLWithPath: former))
        _ = try scene.run(now: "2026-04-15")
        for name in [former, "\(scene.folder)/state/\(half)"] {
            #expect(!FileManager.default.fileExists(atPath: name))
        }
        #expect(try open.readToEnd()?.allSatisfy { $0 == 0 } == true)
        #expect(try findings(scene) == [])
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: "\(scene.folder)/state/registry.key"))
                == key)
    }

    @Test("a rewrapping that was killed before it replaced the key leaves the key alone")
    func registryKeyNotReplaced() throws {
        let scene = try scene()
        _ = try Sluice.restrictSubject(scene.request(.user, "bert"), lifts: false)
        let path = "\(scene.folder)/state/registry.key"
        let key = try Data(contentsOf: URL(fileURLWithPath: path))
        try FileManager.default.linkItem(atPath: path, toPath: "\(path).former")
        _ = try scene.run(now: "2026-04-15")
        #expect(!FileManager.default.fileExists(atPath: "\(path).former"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == key)
        #expect(try findings(scene) == [])
    }
}
