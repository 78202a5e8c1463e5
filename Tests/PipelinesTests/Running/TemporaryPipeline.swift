import FileSystem
import Foundation
import Pipelines
import TestSupport

/// A folder of its own for one test, with a pipeline file in it; gone afterwards.
final class TemporaryPipeline {
    let folder: String

    init(_ pipeline: String, files: [String: String] = [:]) throws {
        let base = FileManager.default.temporaryDirectory.path
        folder = "\(base)/sluice-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        try write("pipeline.yaml", pipeline)
        for (name, content) in files { try write(name, content) }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ name: String, _ content: String) throws {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }

    @discardableResult
    func run(
        now: String, isDryRun: Bool = false, file: String = "pipeline.yaml",
        confirmation: String? = nil
    ) throws -> RunReport {
        var request = RunRequest(pipeline: "\(folder)/\(file)")
        request.now = now
        request.workers = 1
        request.isDryRun = isDryRun
        request.confirmation = confirmation
        return try unlessBusy { try Sluice.run(request, observer: nil) }
    }

    /// Puts something in the place of `name` that nobody can look into: a link to itself.
    func close(_ name: String) throws {
        let path = "\(folder)/\(name)"
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
    }

    func verify(now: String) throws -> VerificationReport {
        var request = VerifyRequest(pipeline: "\(folder)/pipeline.yaml")
        request.now = now
        return try Sluice.verify(request)
    }

    /// The files below `name`, as paths relative to it, in order.
    func files(below name: String) -> [String] {
        let root = "\(folder)/\(name)"
        let found = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return found.filter {
            var isFolder: ObjCBool = false
            _ = unsafe FileManager.default.fileExists(
                atPath: "\(root)/\($0)", isDirectory: &isFolder)
            return !isFolder.boolValue
        }.sorted()
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }

    func permissions(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
        return (attributes[.posixPermissions] as? Int) ?? 0
    }
}

/// Waits a little while a state is busy: a child process that another test is just starting shares
/// our locks until it runs its own programme.
func unlessBusy<Result>(_ work: () throws -> Result) throws -> Result {
    for _ in 0..<100 {
        do { return try work() } catch PipelineFailure.busy { usleep(5000) }
    }
    return try work()
}
