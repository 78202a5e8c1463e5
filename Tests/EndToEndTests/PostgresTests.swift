import Foundation
import TestSupport
import Testing

/// The recipes of `pipelines/postgres` against a real server, where the machine has one.
@Suite struct PostgresTests {
    /// The programmes of the newest server installed, as Debian lays them out.
    private static let programmes: String? = {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.compactMap { Int($0) }.max()
        let folder = newest.map { "\(root)/\($0)/bin" }
        return folder.flatMap {
            FileManager.default.isExecutableFile(atPath: "\($0)/initdb") ? $0 : nil
        }
    }()

    @Test(.enabled(if: try Want.postgres.isMet(programmes != nil)))
    func theRecipesDoWhatTheySay() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = tests.appendingPathComponent("../..").standardizedFileURL.path
        let scene = try Scene()
        try scene.write("errors", "")
        try scene.write("bin/.keep", "")
        try FileManager.default.createSymbolicLink(
            atPath: "\(scene.path)/bin/sluice", withDestinationPath: SluiceProcess.binary)
        let process = Process()
        process.executableURL = tests.appendingPathComponent("Postgres/recipes.sh")
        process.arguments = [root]
        process.environment = SluiceProcess.environment([
            "PATH": "\(scene.path)/bin:\(Self.programmes ?? ""):/usr/sbin:/usr/bin:/bin",
            "HOME": scene.path,
        ])
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: "\(scene.path)/errors")
        try process.run()
        process.waitUntilExit()
        let errors = text(try scene.read("errors"))
        #expect(process.terminationStatus == 0, "\(errors)")
    }
}
