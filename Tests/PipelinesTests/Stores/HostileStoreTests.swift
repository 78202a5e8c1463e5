import Anonymization
import Foundation
import Glibc
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Stores with things in them that must not be touched, or would leave readable copies.
@Suite struct HostileStoreTests {
    private func store() throws -> TemporaryPipeline {
        try TemporaryPipeline(storePipeline(), files: ["data/a.jsonl": storeRecord("01-10")])
    }

    /// The run fails as a source that cannot be read, and nothing has changed.
    private func isRefused(
        _ folder: TemporaryPipeline, _ word: String, location: SourceLocation = #_sourceLocation
    ) throws {
        do {
            _ = try folder.run(now: "2026-04-01")
            Issue.record("expected a refusal", sourceLocation: location)
        } catch let failure as PipelineFailure {
            #expect(failure.exitStatus == 4, sourceLocation: location)
            guard case .source(let fault) = failure else { return }
            #expect(fault.expectation.contains(word), "\(fault)", sourceLocation: location)
        }
        #expect(
            try folder.text("data/a.jsonl") == storeRecord("01-10"), sourceLocation: location)
        let left = folder.files(below: "data").filter { $0.hasSuffix(".tmp") }
        #expect(left.isEmpty, sourceLocation: location)
    }

    /// Taken for empty, a folder would keep what a killed run left there.
    @Test func aFolderThatCannotBeListed() throws {
        let folder = try store()
        try folder.write("data/app-1/b.jsonl", "")
        try folder.write("data/private/c.jsonl", "")
        let pattern = "\(folder.folder)/data/app-*/*.jsonl"
        try folder.close("data/private")
        #expect(
            try StoreListing.folders(of: [pattern]) == ["\(folder.folder)/data/app-1"],
            "what no file of the store can lie in is none of its business")
        try folder.close("data/app-1")
        let failure = #expect(throws: PipelineFailure.self) {
            try StoreListing.folders(of: [pattern])
        }
        #expect(failure?.exitStatus == ExitStatus.source)
    }

    /// What waits in the sources is not rewritten in the store by an opt-out: which files that are
    /// must be known.
    @Test func sourcesThatCannotBeListed() throws {
        let statistics = """
            statistics:
              - name: months
                purpose: statistics
                by: [month]
                measures: { times: count }
                path: months.csv
                suppression: { of: count, persons: 1 }
            """
        let folder = try TemporaryPipeline(
            storePipeline(statistics, source: #", files: "in/*""#),
            files: ["data/a.jsonl": storeRecord("01-10"), "in/b.jsonl": storeRecord("01-11")])
        _ = try folder.run(now: "2026-01-20")
        var request = OptOutRequest(
            pipeline: "\(folder.folder)/pipeline.yaml", subject: OptOutSubject(user: "anna"))
        request.now = "2026-01-21"
        try folder.close("in")
        let failure = #expect(throws: PipelineFailure.self) { try Sluice.addOptOut(request) }
        #expect(failure?.exitStatus == ExitStatus.source)
        // A pattern may mean nothing.
        try folder.remove("in")
        _ = try Sluice.addOptOut(request)
    }

    @Test func aSymbolicLink() throws {
        let folder = try store()
        try folder.write("elsewhere.txt", storeRecord("01-11"))
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.folder)/data/b.jsonl",
            withDestinationPath: "\(folder.folder)/elsewhere.txt")
        try isRefused(folder, "symbolic link")
        #expect(try folder.text("elsewhere.txt") == storeRecord("01-11"))
    }

    /// A link to a file of the store itself, and one to a folder that a search would pass over.
    @Test(arguments: ["data/a.jsonl", "elsewhere", "gone"])
    func aSymbolicLinkThatASearchWouldPassOver(_ target: String) throws {
        let folder = try store()
        try folder.write("elsewhere/x.jsonl", storeRecord("01-11"))
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.folder)/data/z.jsonl",
            withDestinationPath: "\(folder.folder)/\(target)")
        try isRefused(folder, "symbolic link")
    }

    @Test func twoNamesOfOneFile() throws {
        let folder = try store()
        try folder.write("data/b.jsonl", storeRecord("01-11"))
        try FileManager.default.linkItem(
            atPath: "\(folder.folder)/data/b.jsonl", toPath: "\(folder.folder)/outside")
        try isRefused(folder, "hard links")
    }

    @Test func aNamedPipe() throws {
        let folder = try store()
        let made = unsafe mkfifo("\(folder.folder)/data/b.jsonl", 0o600)
        #expect(made == 0)
        // A pattern means files; named by itself it is refused.
        #expect(try folder.run(now: "2026-01-20").store?.rewrittenFiles == 0)
        try folder.write(
            "pipeline.yaml",
            storePipeline().replacingOccurrences(
                of: "\"data/**/*.jsonl*\"", with: "[data/a.jsonl, data/b.jsonl]"))
        try isRefused(folder, "regular file")
    }

    @Test func aFolderInTheShapeOfAFile() throws {
        let folder = try store()
        try folder.write("data/b.jsonl/c.jsonl", storeRecord("01-11"))
        let report = try folder.run(now: "2026-04-01")
        #expect(report.store?.changed == 2)
    }

    @Test func nothingThere() throws {
        let folder = try TemporaryPipeline(storePipeline())
        #expect(throws: PipelineFailure.self) { try folder.run(now: "2026-04-01") }
    }

    @Test func leftoversInTheStoreGo() throws {
        let folder = try store()
        let left = "data/deep/.a.jsonl.sluice-0123456789abcdef-0.tmp"
        try folder.write(left, storeRecord("01-10"))
        let other = "data/.a.jsonl.tmp"
        try folder.write(other, "somebody else's")
        _ = try folder.run(now: "2026-04-01")
        #expect(folder.files(below: "data").sorted() == [".a.jsonl.tmp", "a.jsonl"])
    }

    @Test func aDamagedArchive() throws {
        let folder = try store()
        try Data([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]).write(
            to: URL(fileURLWithPath: "\(folder.folder)/data/b.jsonl.gz"))
        #expect(throws: PipelineFailure.self) { try folder.run(now: "2026-04-01") }
        #expect(try folder.text("data/a.jsonl") == storeRecord("01-10"))
    }
}
