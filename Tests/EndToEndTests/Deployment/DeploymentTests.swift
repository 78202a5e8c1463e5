import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// What lies in `pipelines/deploy`, checked by the tools of the field where the machine has them.
@Suite("deployment")
struct DeploymentTests {
    private static let package = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(4).joined(separator: "/")

    private func shipped(_ name: String) throws -> String {
        try String(contentsOfFile: "\(Self.package)/pipelines/deploy/\(name)", encoding: .utf8)
    }

    /// The output and exit status of a programme; nil, with a line that says so, where there is
    /// none.
    private func ask(_ tool: String, _ words: [String]) throws -> (status: Int32, output: String)? {
        let places = ["/usr/bin", "/bin", "/usr/local/bin"].map { "\($0)/\(tool)" }
        guard let path = places.first(where: { unsafe access($0, X_OK) == 0 }) else {
            _ = try Want.deploymentTools.isMet(false)
            return nil
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = words
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// The units in a folder of their own, with the binary of these tests as their programme.
    private func units() throws -> Scene {
        let scene = try Scene()
        let service = try shipped("sluice@.service")
            .replacingOccurrences(of: "/usr/bin/sluice", with: SluiceProcess.binary)
        try scene.write("sluice@.service", service)
        try scene.write("sluice@nightly.service", service)
        try scene.write("sluice@.timer", try shipped("sluice@.timer"))
        return scene
    }

    @Test func systemdTakesTheUnits() throws {
        let scene = try units()
        for unit in ["sluice@nightly.service", "sluice@.timer"] {
            guard let answer = try ask("systemd-analyze", ["verify", "\(scene.path)/\(unit)"])
            else { return }
            #expect(answer.status == 0 && answer.output.isEmpty, "\(answer.output)")
        }
        let calendar = try shipped("sluice@.timer").split(separator: "\n")
            .first { $0.hasPrefix("OnCalendar=") }
        let time = try #require(calendar).dropFirst("OnCalendar=".count)
        let answer = try ask("systemd-analyze", ["calendar", String(time)])
        #expect(answer.map { $0.status == 0 } ?? true)
    }

    @Test func theServiceIsHardened() throws {
        let scene = try units()
        let words = [
            "security", "--offline=true", "--threshold=10", "--no-pager",
            "\(scene.path)/sluice@nightly.service",
        ]
        guard let answer = try ask("systemd-analyze", words) else { return }
        #expect(answer.status == 0, "\(answer.output)")
        #expect(answer.output.contains("SAFE"))
        // The scale has no word for these.
        let service = try shipped("sluice@.service")
        for setting in ["LimitCORE=0", "SWIFT_BACKTRACE=enable=no", "landlock_restrict_self"] {
            #expect(service.contains(setting))
        }
    }

    @Test func theCronLineIsOne() throws {
        let lines = try shipped("sluice.cron").split(separator: "\n")
            .filter { !$0.hasPrefix("#") && !$0.contains("=") || $0.contains("* * *") }
        #expect(lines.count == 1)
        let fields = try #require(lines.first).split(
            separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
        #expect(fields.count == 7 && fields[5] == "sluice")
        for (field, range) in zip(fields[..<5], [0...59, 0...23, 1...31, 1...12, 0...7]) {
            #expect(field == "*" || Int(field).map(range.contains) ?? false)
        }
        // Cron takes a percent sign for the end of the command.
        #expect(!fields[6].contains("%"))
        let answer = try ask("sh", ["-n", "-c", String(fields[6])])
        #expect(answer?.status == 0)
    }

    @Test func theCronJobOfKubernetes() throws {
        let text = try shipped("cronjob.yaml")
        for setting in [
            "concurrencyPolicy: Forbid", "runAsNonRoot: true", "readOnlyRootFilesystem: true",
            "allowPrivilegeEscalation: false", "drop: [ALL]", "type: RuntimeDefault",
            "automountServiceAccountToken: false", "limits: { memory: ",
        ] { #expect(text.contains(setting), "\(setting)") }
        let path = "\(Self.package)/pipelines/deploy/cronjob.yaml"
        if let answer = try ask("kubeconform", ["-strict", path]) {
            #expect(answer.status == 0, "\(answer.output)")
        }
    }

    /// The arguments of the container, with what Kubernetes puts into them, do every task.
    @Test func theIndexedJobOfKubernetes() throws {
        let text = try shipped("indexed-job.yaml")
        for setting in [
            "completionMode: Indexed", "backoffLimitPerIndex: ", "operator: NotIn",
            "values: [6, 7, 129, 130, 137, 143]", "runAsNonRoot: true", "drop: [ALL]",
            "readOnlyRootFilesystem: true", "batch.kubernetes.io/job-completion-index",
        ] { #expect(text.contains(setting), "\(setting)") }
        let path = "\(Self.package)/pipelines/deploy/indexed-job.yaml"
        if let answer = try ask("kubeconform", ["-strict", path]) {
            #expect(answer.status == 0, "\(answer.output)")
        }
        let line = try #require(text.split(separator: "\n").first { $0.contains("args: [") })
        let inner = try #require(line.split(separator: "[").last).dropLast()
        let words = inner.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }

        let scene = try Scene()
        var maker = EventMaker(seed: 95)
        try scene.write("p.yaml", Pipeline.stateless("jsonl"))
        try scene.write("static.key", String(repeating: "5e", count: 32))
        try scene.write("run.key", String(repeating: "c0ffee11", count: 8))
        try scene.write("in/1.log", maker.jsonLines(200))
        let planned = try sluice(
            ["plan", "p.yaml", "--work", "work", "--range-bytes", "9000", "--key-file", "run.key"],
            in: scene)
        let plan = try JSONDecoder().decode(Plan.self, from: Data(planned.output))
        #expect(plan.tasks.count > 2)
        for number in plan.tasks.indices {
            let values = [
                "$(PLAN)": plan.folder, "$(NUMBER)": "\(number)", "$(POD)": "0c1d-4e5f",
                "/etc/sluice-key/run.key": "run.key",
            ]
            let outcome = try sluice(words.map { values[$0] ?? $0 }, in: scene)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(try sluice(["commit", plan.folder], in: scene).status == 0)
    }

    private struct Plan: Decodable {
        struct Task: Decodable { let name: String }
        let folder: String
        let tasks: [Task]
    }

    @Test func theContainerRecipe() throws {
        let text = try shipped("Containerfile")
        #expect(text.contains("USER 10001:10001"))
        #expect(text.contains("--static-swift-stdlib"))
        let path = "\(Self.package)/pipelines/deploy/Containerfile"
        if let answer = try ask("hadolint", ["--ignore", "DL3008", path]) {
            #expect(answer.status == 0, "\(answer.output)")
        }
        // What the image installs is what the binary asks for, when it starts or later.
        for package in ["libisal2", "libzstd1"] { #expect(text.contains(package), "\(package)") }
        guard let needed = try ask("ldd", [SluiceProcess.binary]) else { return }
        let libraries = [
            "libsqlite3.so": "libsqlite3-0", "libcrypto.so": "libssl3", "libz.so": "zlib1g",
            "libstdc++.so": "libstdc++6",
        ]
        for (library, package) in libraries where needed.output.contains(library) {
            #expect(text.contains(package), "\(library)")
        }
    }

    /// The bill of materials names each package that is resolved, once, with its revision.
    @Test func theBillOfMaterials() throws {
        let answer = try #require(try ask("sh", ["\(Self.package)/.ci/sbom"]))
        #expect(answer.status == 0, "\(answer.output)")
        let again = try #require(try ask("sh", ["\(Self.package)/.ci/sbom"]))
        #expect(again.output == answer.output)
        let bill = try JSONSerialization.jsonObject(with: Data(answer.output.utf8))
        let members = try #require(bill as? [String: Any])
        #expect(members["bomFormat"] as? String == "CycloneDX")
        let components = try #require(members["components"] as? [[String: Any]])
        let resolved = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: "\(Self.package)/Package.resolved")))
        let pins = try #require((resolved as? [String: Any])?["pins"] as? [[String: Any]])
        #expect(pins.count > 2)
        for pin in pins {
            let state = try #require(pin["state"] as? [String: Any])
            let found = components.filter { $0["name"] as? String == pin["identity"] as? String }
            #expect(found.count == 1)
            #expect(found.first?["version"] as? String == state["version"] as? String)
        }
        for library in try loadedLibraries() {
            // Their names are those of Debian.
            guard let owner = try ask("dpkg-query", ["-S", "*/\(library)"]), owner.status == 0,
                let name = owner.output.split(separator: ":").first
            else { continue }
            #expect(components.contains { $0["name"] as? String == String(name) }, "\(library)")
        }
        for component in components {
            // In such an address a plus is a blank.
            #expect((component["purl"] as? String)?.contains("+") == false, "\(component)")
        }
    }

    /// The system's libraries that the binary is linked with, and those that it loads later.
    private func loadedLibraries() throws -> Set<String> {
        var libraries: Set = ["libisal.so.2", "libzstd.so.1"]
        for line in try ask("ldd", [SluiceProcess.binary])?.output.split(separator: "\n") ?? [] {
            let words = line.split(separator: " ")
            guard words.count > 2, words[2].hasPrefix("/lib/") else { continue }
            libraries.insert(words[0].trimmingCharacters(in: .whitespaces))
        }
        return libraries
    }

    /// Before anything is resolved the document would leave out every Swift package.
    @Test func noBillOfMaterialsWithoutThePackages() throws {
        let scene = try Scene()
        let script = try String(contentsOfFile: "\(Self.package)/.ci/sbom", encoding: .utf8)
        let facade = "Sources/Pipelines/Facade/Sluice.swift"
        try scene.write(".ci/sbom", script)
        try scene.write(
            facade, try String(contentsOfFile: "\(Self.package)/\(facade)", encoding: .utf8))
        let answer = try #require(try ask("sh", ["\(scene.path)/.ci/sbom"]))
        #expect(answer.status == 1)
        #expect(answer.output == "No Package.resolved: swift package resolve\n")
    }
}
