import Foundation
import TestSupport
import Testing

/// What the scripts of continuous integration say when a build fails, or a word is wrong.
@Suite struct ScriptTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../.ci").standardizedFileURL.path

    /// Runs a copy of the script in `scene`, where `swift` stands for the toolchain and `python`
    /// for Python; gives its status and what it said.
    ///
    /// A shell makes the programmes: of a file that this process writes, another test's child could
    /// still hold the descriptor, and it could not be started.
    private func run(
        _ script: String,
        _ arguments: [String] = [],
        swift: String,
        python: String = "exit 127",
        in scene: Scene
    ) throws -> (status: Int32, output: String) {
        try scene.write("packages", "#!/bin/sh\n")
        try scene.write("swift", "#!/bin/sh\n\(swift)\n")
        try scene.write("python3", "#!/bin/sh\n\(python)\n")
        try scene.write("java", "#!/bin/sh\n")
        let start = """
            mkdir -p .ci bin
            cp "$0" "${0%/*}/build-release" packages .ci
            cp java python3 swift bin
            chmod 700 .ci/packages bin/*
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
        #expect(other.output.contains("The builds differ; both are kept."))
        #expect(try scene.read(".build-reproducible.first") == bytes("3\n"))
        #expect(try scene.read(".build-reproducible/release/sluice") == bytes("4\n"))
    }

    /// What is installed, shown and put into an image is built by the words that are compared.
    @Test func whatIsShippedIsWhatIsCompared() throws {
        let swift = """
            echo "$*" >>words
            mkdir -p .build-reproducible/release
            echo same >.build-reproducible/release/sluice
            echo '#!/bin/sh' >bin/sluice
            chmod 700 bin/sluice
            case "$*" in *--show-bin-path) echo "$PWD/bin" ;; esac
            """
        let scene = try Scene()
        #expect(try run("reproducible", swift: swift, in: scene).status == 0)
        let installed = try run("install", ["prefix"], swift: swift, in: scene)
        #expect(installed.status == 0, "\(installed.output)")
        #expect(scene.exists("prefix/bin/sluice"))
        let words = text(try scene.read("words")).split(separator: "\n")
        try #require(words.count == 4)
        #expect(words[2].hasPrefix("build -c release --static-swift-stdlib --product sluice -X"))
        #expect(words[0] == "\(words[2]) --scratch-path .build-reproducible")
        #expect(words[1] == words[0] && words[3] == "\(words[2]) --show-bin-path")
        for script in ["demo", "install", "reproducible"] {
            let content = try String(contentsOfFile: "\(Self.folder)/\(script)", encoding: .utf8)
            #expect(content.contains(".ci/build-release") && !content.contains("swift build"))
        }
    }

    @Test func twoBuildsThatFailAreNotTheSame() throws {
        let failed = try run("reproducible", swift: "echo error; exit 1", in: try Scene())
        #expect(failed.status == 1)
        #expect(!failed.output.contains("same bytes"))
    }

    @Test func aBillOfMaterialsWithoutSwiftIsRefused() throws {
        let scene = try Scene()
        try scene.write("Package.resolved", "{}\n")
        try scene.write("Sources/Pipelines/Facade/Sluice.swift", "static let version = \"9.9\"\n")
        for swift in ["exit 127", "echo Swift version unknown", "exit 0"] {
            let refused = try run("sbom", swift: swift, in: scene)
            #expect(refused.status == 1)
            #expect(refused.output == "No swift here that tells its version.\n")
        }
        let bill = try run("sbom", swift: "echo Swift version 6.9.1 of a test", in: scene)
        #expect(bill.status == 0)
        #expect(bill.output.contains(#""name":"swift","version":"6.9.1""#))
    }

    /// Stands for Python in the environments of the adapters: what it does as their tests, given
    /// the folder of these.
    private func testing(_ tests: String) -> String {
        """
        case $2 in
            venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
            unittest) folder=$6; \(tests) ;;
        esac
        """
    }

    private func testedAdapters(by tests: String) throws -> (status: Int32, output: String) {
        let scene = try Scene()
        for adapter in ["dask", "duckdb", "spark"] {
            try scene.write("pipelines/\(adapter)/tests/kept", "here before\n")
        }
        return try run("spark", swift: "", python: testing(tests), in: scene)
    }

    @Test(arguments: [
        ("echo >$folder/left", "left"), ("mkdir $folder/left", "left"),
        ("echo >>$folder/kept", "kept"), ("rm $folder/kept", "kept"),
    ]) func whatTestsOfAdaptersLeaveBehindIsTold(_ change: String, _ name: String) throws {
        let told = try testedAdapters(by: change)
        #expect(told.status == 1)
        #expect(told.output.contains("./pipelines/dask/tests/\(name)"))
        #expect(told.output.contains("The tests of dask changed the tree."))
    }

    @Test func testsOfAdaptersMayWriteWhereTheyAreStarted() throws {
        let clean = try testedAdapters(by: "echo >left")
        #expect(clean.status == 0, "\(clean.output)")
        #expect(clean.output.isEmpty)
    }

    @Test(arguments: ["jsonl", "0", "1.5", "-1"]) func fuzzingEnds(_ seconds: String) throws {
        let refused = try run("fuzz", [seconds], swift: "exit 1", in: try Scene())
        #expect(refused.status == 64)
        #expect(refused.output.hasPrefix("usage: .ci/fuzz"))
    }
}
