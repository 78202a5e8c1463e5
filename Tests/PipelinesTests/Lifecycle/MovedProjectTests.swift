import FileSystem
import Foundation
import TestSupport
import Testing

@testable import Pipelines

/// A project that is moved or copied with its state goes on where it lies now.
@Suite("A project that is moved or copied") struct MovedProjectTests {
    /// The scene's own folder lies at `path` of a scene that is deleted with everything in it.
    private func inner(_ scene: VerificationScene, _ name: String) -> String {
        "\(scene.path)/\(name)"
    }

    private func makeProject(_ scene: VerificationScene, _ name: String) throws {
        _ = try Directory.open("\(scene.path)/\(name)/in", creating: true, mode: 0o700)
        let pipeline = VerificationScene.pipeline.replacing("keys: keys\n", with: "")
        try scene.write("\(name)/p.yaml", pipeline)
        try scene.addLog("1", date: "2026-03-01")
        try move(scene, "in/1.jsonl", "\(name)/in/1.jsonl")
    }

    private func move(_ scene: VerificationScene, _ from: String, _ to: String) throws {
        try FileManager.default.moveItem(atPath: inner(scene, from), toPath: inner(scene, to))
    }

    private func copy(_ from: String, _ to: String) throws {
        _ = try Directory.open(to, creating: true, mode: 0o700)
        let folder = try Directory.open(from)
        for name in try folder.names() {
            let path = "\(from)/\(name)"
            if try folder.status(of: name)?.kind == .directory {
                try copy(path, "\(to)/\(name)")
            } else {
                let bytes = try FileDescriptor.reading(path).readAll(limitBytes: 1 << 24)
                try DurableFile.durablyReplace("\(to)/\(name)", with: bytes.span)
            }
        }
    }

    private func run(_ project: String, _ now: String) throws -> RunReport {
        var request = RunRequest(pipeline: "\(project)/p.yaml")
        request.now = now
        request.workers = 1
        return try Sluice.run(request, observer: nil)
    }

    private func findings(_ project: String, _ now: String) throws -> [String] {
        var request = VerifyRequest(pipeline: "\(project)/p.yaml")
        request.now = now
        return try Sluice.verify(request).findings.map { "\($0.kind) \($0.place) \($0.sentence)" }
    }

    private func text(_ scene: VerificationScene, _ folder: String) throws -> String {
        try scene.files(folder).map {
            String(decoding: try scene.content($0), as: UTF8.self)
        }.joined()
    }

    @Test("ages, erases and proves its own files, not those of the original")
    func copied() throws {
        let scene = try VerificationScene()
        try makeProject(scene, "a")
        let (a, b) = (inner(scene, "a"), inner(scene, "b"))
        _ = try run(a, "2026-03-10")
        try copy(a, b)
        let report = try run(b, "2026-04-15")
        #expect(report.agedParts == 1)
        #expect(try text(scene, "a/out/actions").contains("person1@company.example"))
        #expect(try !text(scene, "b/out/actions").contains("person1@company.example"))
        #expect(try findings(b, "2026-04-15") == [])
        // The original is what it was.
        #expect(try findings(a, "2026-03-10") == [])
        #expect(try run(a, "2026-04-15").agedParts == 1)
        #expect(try findings(a, "2026-04-15") == [])
    }

    @Test("is proven, aged and left without leftovers at its new place")
    func moved() throws {
        let scene = try VerificationScene()
        try makeProject(scene, "a")
        let c = inner(scene, "c")
        _ = try run(inner(scene, "a"), "2026-03-10")
        try move(scene, "a", "c")
        #expect(try findings(c, "2026-03-10") == [])
        #expect(try run(c, "2026-04-15").agedParts == 1)
        #expect(try !text(scene, "c/out/actions").contains("person1@company.example"))
        #expect(try findings(c, "2026-04-15") == [])
        #expect(!scene.isThere("a"), "nothing is made at the old place")
    }

    @Test("loses what a killed run left before the move, and keeps what others left")
    func leftovers() throws {
        let scene = try VerificationScene()
        try makeProject(scene, "a")
        _ = try run(inner(scene, "a"), "2026-03-10")
        let plan = try Sluice.loadPlan("\(inner(scene, "a"))/p.yaml", now: "2026-03-10")
            .anchored(at: try workingFolder())
        let run = "0123456789abcdef"
        let (own, other) = ("\(plan.mark.digits)-\(run)", "fedcba9876543210-\(run)")
        for mark in [own, other] {
            try scene.write("a/out/actions/.x.sluice-\(mark)-0.tmp", "person1@company.example")
        }
        try move(scene, "a", "c")
        let c = inner(scene, "c")
        #expect(try findings(c, "2026-03-10").count == 2)
        _ = try self.run(c, "2026-03-10")
        let names = try scene.files("c/out/actions").filter { $0.hasSuffix(".tmp") }
        #expect(names == ["c/out/actions/.x.sluice-\(other)-0.tmp"])
        // And once more: each place is remembered.
        try move(scene, "c", "d")
        try scene.write("d/out/actions/.x.sluice-\(own)-1.tmp", "person1@company.example")
        _ = try self.run(inner(scene, "d"), "2026-03-10")
        #expect(try scene.files("d/out/actions").filter { $0.contains(own) } == [])
    }

    @Test("keeps results together that its pipeline file names from a folder beside them")
    func siblings() throws {
        let scene = try VerificationScene()
        try makeProject(scene, "a")
        let pipeline = VerificationScene.pipeline.replacing("keys: keys\n", with: "")
            .replacing("\"in/", with: "\"../in/").replacing("\"out/", with: "\"../out/")
            .replacing("state: state", with: "state: ../state")
        try scene.write("a/p.yaml", pipeline)
        _ = try Directory.open("\(scene.path)/a/rules", creating: true, mode: 0o700)
        try move(scene, "a/p.yaml", "a/rules/p.yaml")
        _ = try run(inner(scene, "a/rules"), "2026-03-10")
        try move(scene, "a", "c")
        #expect(try run(inner(scene, "c/rules"), "2026-04-15").agedParts == 1)
        #expect(try findings(inner(scene, "c/rules"), "2026-04-15") == [])
    }
}
