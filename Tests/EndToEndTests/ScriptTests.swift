import Foundation
import TestSupport
import Testing

/// What the scripts of continuous integration say when a build fails, or a word is wrong.
@Suite struct ScriptTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../.ci").standardizedFileURL.path

    /// Runs a copy of the script in `scene`, where `swift` stands for the toolchain; gives its
    /// status and what it said.
    ///
    /// A shell makes the programmes: of a file that this process writes, another test's child could
    /// still hold the descriptor, and it could not be started.
    private func run(
        _ script: String,
        _ arguments: [String] = [],
        swift: String,
        in scene: Scene
    ) throws -> (status: Int32, output: String) {
        try scene.write("packages", "#!/bin/sh\n")
        try scene.write("swift", "#!/bin/sh\n\(swift)\n")
        let start = """
            mkdir -p .ci bin
            cp "$0" packages .ci
            cp swift bin
            chmod 700 .ci/packages bin/swift
            exec sh ".ci/\(script)" "$@"
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-euc", start, "\(Self.folder)/\(script)"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: scene.path)
        process.environment = ["PATH": "\(scene.path)/bin:/usr/bin:/bin"]
        let said = Pipe()
        process.standardOutput = said
        process.standardError = said
        try process.run()
        let output = said.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, text(Array(output)))
    }

    /// A toolchain that makes the binary of `content`, a word of the shell, and counts its builds.
    private func building(_ content: String) -> String {
        """
        echo >>builds
        mkdir -p .build-reproducible/release
        echo \(content) >.build-reproducible/release/sluice
        """
    }

    @Test func sameBytesAreToldFromOthers() throws {
        let scene = try Scene()
        let same = try run("reproducible", swift: building("same"), in: scene)
        #expect(same.status == 0)
        #expect(same.output.contains("Same folder, same bytes."))
        #expect(try scene.read("builds").count == 2)
        let other = try run("reproducible", swift: building("$(wc -l <builds)"), in: scene)
        #expect(other.status == 1)
        #expect(other.output.contains("The builds differ."))
    }

    @Test func twoBuildsThatFailAreNotTheSame() throws {
        let failed = try run("reproducible", swift: "echo error; exit 1", in: try Scene())
        #expect(failed.status == 1)
        #expect(!failed.output.contains("same bytes"))
    }

    @Test(arguments: ["jsonl", "0", "1.5", "-1"]) func fuzzingEnds(_ seconds: String) throws {
        let refused = try run("fuzz", [seconds], swift: "exit 1", in: try Scene())
        #expect(refused.status == 64)
        #expect(refused.output.hasPrefix("usage: .ci/fuzz"))
    }
}
