import Foundation
import TestSupport
import Testing

/// Every command in the articles does what the article says: it runs, in its order, in a folder
/// with the pipelines and samples of the repository.
@Suite struct DocumentationTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL
    private static let folder = root.appendingPathComponent("Sources/SluiceKit/SluiceKit.docc")

    static let articles: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(".md") }.sorted()
    }()

    private static func text(_ article: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(article), encoding: .utf8)
    }

    /// What stands between "```sh" and "```".
    private static func blocks(_ text: String) -> [String] {
        var blocks: [String] = []
        var open: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "```sh" {
                open = []
            } else if line == "```", let lines = open {
                blocks.append(lines.joined(separator: "\n"))
                open = nil
            } else {
                open?.append(line)
            }
        }
        return blocks
    }

    @Test(arguments: articles) func everyCommandRuns(_ article: String) throws {
        let blocks = Self.blocks(try Self.text(article))
        if blocks.isEmpty { return }
        let scene = try Scene()
        for name in ["pipelines", "samples"] {
            try FileManager.default.copyItem(
                at: Self.root.appendingPathComponent(name),
                to: URL(fileURLWithPath: "\(scene.path)/\(name)"))
        }
        try scene.write("bin/.keep", "")
        try FileManager.default.createSymbolicLink(
            atPath: "\(scene.path)/bin/sluice", withDestinationPath: SluiceProcess.binary)
        for (index, block) in blocks.enumerated() {
            let (status, errors) = try shell(block, in: scene)
            #expect(status == 0, "\(article), block \(index + 1): \(errors)")
        }
    }

    private func shell(_ block: String, in scene: Scene) throws -> (Int32, String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-euo", "pipefail", "-c", block]
        process.currentDirectoryURL = URL(fileURLWithPath: scene.path)
        process.environment = SluiceProcess.environment([
            "PATH": "\(scene.path)/bin:/usr/bin:/bin", "HOME": scene.path,
        ])
        process.standardOutput = FileHandle.nullDevice
        let errors = "\(scene.path)/errors"
        try scene.write("errors", "")
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, TestSupport.text(try scene.read("errors")))
    }

    /// Every article is on the landing page, and every link leads to an article.
    @Test func theLandingPageKnowsAllArticles() throws {
        let names = Set(Self.articles.map { String($0.dropLast(3)) }).subtracting(["SluiceKit"])
        #expect(names.count > 10)
        let landing = try Self.text("SluiceKit.md")
        for name in names { #expect(landing.contains("<doc:\(name)>"), "\(name)") }
        for article in Self.articles {
            for part in try Self.text(article).components(separatedBy: "<doc:").dropFirst() {
                #expect(names.contains(String(part.prefix { $0 != ">" })), "\(article)")
            }
        }
    }
}
