import FileSystem
import Foundation
import Glibc
import Pipelines
import TestSupport
import Testing
import Yams

/// What lies in `pipelines/deploy`: the units are checked by the tools of systemd, the manifests of
/// Kubernetes, the recipe of the container and the line of cron by what is here. `kubeconform` and
/// `hadolint`, which Debian does not have, look at them too where they are found.
@Suite("deployment")
struct DeploymentTests {
    private static let package = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(4).joined(separator: "/")

    private func shipped(_ name: String) throws -> String {
        try String(contentsOfFile: "\(Self.package)/pipelines/deploy/\(name)", encoding: .utf8)
    }

    /// The output and exit status of a programme; nil, with a line that says so unless nobody
    /// wants it, where there is none.
    private func ask(
        _ tool: String, _ words: [String], isWanted: Bool = true
    ) throws -> (status: Int32, output: String)? {
        let places = ["/usr/bin", "/bin", "/usr/local/bin"].map { "\($0)/\(tool)" }
        guard let path = places.first(where: { unsafe access($0, X_OK) == 0 }) else {
            if isWanted { _ = try Want.deploymentTools.isMet(false) }
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

    /// True for the five fields of a time as cron has it, each a number or a star.
    private static func isTime(_ fields: some Collection<Substring>) -> Bool {
        fields.count == 5
            && zip(fields, [0...59, 0...23, 1...31, 1...12, 0...7]).allSatisfy { field, range in
                field == "*" || Int(field).map(range.contains) ?? false
            }
    }

    @Test func theCronLineIsOne() throws {
        let lines = try shipped("sluice.cron").split(separator: "\n")
            .filter { !$0.hasPrefix("#") && !$0.contains("=") || $0.contains("* * *") }
        #expect(lines.count == 1)
        let fields = try #require(lines.first).split(
            separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
        #expect(fields.count == 7 && fields[5] == "sluice")
        #expect(Self.isTime(fields[..<5]))
        // Cron takes a percent sign for the end of the command.
        #expect(!fields[6].contains("%"))
        let answer = try ask("sh", ["-n", "-c", String(fields[6])])
        #expect(answer?.status == 0)
    }

    // MARK: Kubernetes

    /// The only document of a manifest.
    private func manifest(_ name: String) throws -> Any? {
        let path = "\(Self.package)/pipelines/deploy/\(name)"
        if let answer = try ask("kubeconform", ["-strict", path], isWanted: false) {
            #expect(answer.status == 0, "\(answer.output)")
        }
        let documents = Array(try Yams.load_all(yaml: shipped(name)))
        #expect(documents.count == 1)
        return documents.first
    }

    /// What stands at a path of names and numbers, such as `spec.containers.0`.
    private func value<Value>(_ value: Any?, _ path: String, _: Value.Type) throws -> Value {
        let found = path.split(separator: ".").reduce(value) { value, step in
            if let list = value as? [Any], let at = Int(step) { return list[at] }
            return (value as? [String: Any])?[String(step)]
        }
        return try #require(found as? Value, "\(path)")
    }

    /// What both manifests promise of their pods: no rights, and nothing but the image and the
    /// volumes to work with. Gives the words of the container.
    private func checkPod(_ pod: Any?, writing: Set<String>) throws -> [String] {
        for flag in ["automountServiceAccountToken", "enableServiceLinks", "hostNetwork"] {
            #expect(try !value(pod, flag, Bool.self), "\(flag)")
        }
        #expect(try value(pod, "restartPolicy", String.self) == "Never")
        #expect(try value(pod, "securityContext.runAsNonRoot", Bool.self))
        let filter = try value(pod, "securityContext.seccompProfile.type", String.self)
        #expect(filter == "RuntimeDefault")
        let recipe = ContainerRecipe(try shipped("Containerfile"))
        let user = try ["runAsUser", "runAsGroup"].map {
            "\(try value(pod, "securityContext.\($0)", Int.self))"
        }
        #expect(recipe.stages.last?.all("USER").last?.words == [user.joined(separator: ":")])

        #expect(try value(pod, "containers", [Any].self).count == 1)
        let container = try value(pod, "containers.0", [String: Any].self)
        #expect(container["image"] as? String == "sluice:\(Sluice.version)")
        // The entry of the image is the command.
        #expect(container["command"] == nil)
        let context = try value(container, "securityContext", [String: Any].self)
        #expect(try value(context, "readOnlyRootFilesystem", Bool.self))
        for flag in ["allowPrivilegeEscalation", "privileged"] {
            #expect(try !value(context, flag, Bool.self), "\(flag)")
        }
        #expect(try value(context, "capabilities.drop", [String].self) == ["ALL"])
        #expect(try value(context, "capabilities", [String: Any].self)["add"] == nil)
        _ = try value(container, "resources.limits.memory", String.self)

        let volumes = try value(pod, "volumes", [[String: Any]].self)
        for volume in volumes { #expect(volume.count == 2, "\(volume)") }
        let mounts = try value(container, "volumeMounts", [[String: Any]].self)
        let mounted = mounts.compactMap { $0["name"] as? String }
        #expect(mounted.sorted() == volumes.compactMap { $0["name"] as? String }.sorted())
        #expect(Set(mounted).count == mounts.count)
        let places = mounts.compactMap { $0["mountPath"] as? String }
        #expect(Set(places).count == mounts.count && places.allSatisfy { $0.hasPrefix("/") })
        let open = mounts.filter { $0["readOnly"] as? Bool != true }
        #expect(Set(open.compactMap { $0["name"] as? String }) == writing)
        let words = try value(container, "args", [String].self)
        let told = try (container["env"] as? [[String: Any]] ?? []).map {
            (name: try value($0, "name", String.self), value: $0["value"] as? String)
        }
        for path in words + told.compactMap(\.value) where path.hasPrefix("/") {
            #expect(places.contains { path.hasPrefix("\($0)/") }, "\(path)")
        }
        for word in words where word.hasPrefix("$") {
            #expect(told.contains { "$(\($0.name))" == word }, "\(word)")
        }
        return words
    }

    /// The exit statuses of a rule about failures, which are those of the container's.
    private func statuses(_ rule: Any?, _ operation: String, of pod: Any?) throws -> Set<Int32> {
        let named = try value(rule, "onExitCodes.containerName", String.self)
        #expect(try value(pod, "containers.0.name", String.self) == named)
        #expect(try value(rule, "onExitCodes.operator", String.self) == operation)
        return Set(try value(rule, "onExitCodes.values", [Int].self).map(Int32.init))
    }

    /// What passes by itself, so that trying again helps.
    private static let passing: Set = [ExitStatus.storage, ExitStatus.busy]

    @Test func theCronJobOfKubernetes() throws {
        let job = try manifest("cronjob.yaml")
        #expect(ManifestShape.cronJob.faults(in: job, at: "cronjob") == [])
        #expect(try value(job, "spec.concurrencyPolicy", String.self) == "Forbid")
        let schedule = try value(job, "spec.schedule", String.self)
        #expect(Self.isTime(schedule.split(separator: " ")), "\(schedule)")
        let pod = try value(job, "spec.jobTemplate.spec.template.spec", Any.self)
        let rules = try value(job, "spec.jobTemplate.spec.podFailurePolicy.rules", [Any].self)
        #expect(rules.count == 1)
        #expect(try value(rules[0], "action", String.self) == "FailJob")
        #expect(try statuses(rules[0], "In", of: pod).isDisjoint(with: Self.passing))
        let words = try checkPod(pod, writing: ["state", "results"])

        let scene = try Scene()
        var maker = EventMaker(seed: 94)
        try scene.write("p.yaml", Pipeline.stateless("jsonl"))
        try scene.write("static.key", String(repeating: "5e", count: 32))
        try scene.write("in/1.log", maker.jsonLines(20))
        let outcome = try sluice(words.map { $0.hasPrefix("/") ? "p.yaml" : $0 }, in: scene)
        #expect(words.contains("/etc/sluice/nightly.yaml"))
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    }

    /// The arguments of the container, with what Kubernetes puts into them, do every task.
    @Test func theIndexedJobOfKubernetes() throws {
        let job = try manifest("indexed-job.yaml")
        #expect(ManifestShape.job.faults(in: job, at: "job") == [])
        #expect(try value(job, "spec.completionMode", String.self) == "Indexed")
        let completions = try value(job, "spec.completions", Int.self)
        #expect(try (1...completions).contains(value(job, "spec.parallelism", Int.self)))
        #expect(try value(job, "spec.backoffLimitPerIndex", Int.self) > 0)
        let pod = try value(job, "spec.template.spec", Any.self)
        let rules = try value(job, "spec.podFailurePolicy.rules", [Any].self)
        #expect(rules.count == 2)
        #expect(try value(rules[0], "action", String.self) == "Ignore")
        #expect(try value(rules[0], "onPodConditions.0.type", String.self) == "DisruptionTarget")
        #expect(try value(rules[1], "action", String.self) == "FailIndex")
        let signals = [SIGHUP, SIGINT, SIGKILL, SIGTERM].map { 128 + $0 }
        #expect(try statuses(rules[1], "NotIn", of: pod) == Self.passing.union(signals))
        let index = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
        let given = try value(pod, "containers.0.env", [[String: Any]].self)
            .filter { $0["value"] == nil }
            .map { try value($0, "valueFrom.fieldRef.fieldPath", String.self) }
        #expect(given == [index, "metadata.uid"])
        let words = try checkPod(pod, writing: ["work"])

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

    /// Each alert has an expression over metrics that runs write.
    @Test func theAlerts() throws {
        let document = try Yams.load(yaml: shipped("alerts.yaml"))
        let rules = try value(document, "groups.0.rules", [[String: Any]].self)
        #expect(rules.count > 3)
        let metrics = try String(
            contentsOfFile: "\(Self.package)/Sources/SluiceCommand/Presentation/MetricsText.swift",
            encoding: .utf8)
        for rule in rules {
            let told = ["alert", "expr", "for", "labels", "annotations"]
            #expect(Set(rule.keys).isSubset(of: told))
            _ = try value(rule, "annotations.action", String.self)
            let names = try value(rule, "expr", String.self).matches(of: /sluice_([a-z_]+)/)
            #expect(!names.isEmpty)
            for name in names {
                let isWritten = metrics.contains("\"\(name.1)\"")
                #expect(isWritten, "\(name.0)")
            }
        }
    }

    @Test func theContainerRecipe() throws {
        let text = try shipped("Containerfile")
        let path = "\(Self.package)/pipelines/deploy/Containerfile"
        if let answer = try ask("hadolint", ["--ignore", "DL3008", path], isWanted: false) {
            #expect(answer.status == 0, "\(answer.output)")
        }
        let recipe = ContainerRecipe(text)
        #expect(recipe.faults == [] && recipe.stages.count == 2)
        for stage in recipe.stages {
            let version = stage.base.split(separator: ":").dropFirst().last
            #expect(version.map { $0 != "latest" } ?? false, "\(stage.base)")
            try checkSteps(of: stage)
        }
        let (build, image) = (recipe.stages[0], recipe.stages[1])
        try checkCopies(of: build)
        #expect(build.all("RUN").contains { $0.words.first == ".ci/build-release" })
        #expect(image.all("COPY").map(\.words) == [["--from=\(build.name ?? "")", "/out/", "/"]])
        try checkPrograms(of: image, from: build)

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

    /// Nothing comes from the network but packages of Debian, and every step is one of a shell.
    private func checkSteps(of stage: ContainerRecipe.Stage) throws {
        #expect(stage.all("ADD").isEmpty)
        for step in stage.all("RUN") {
            #expect(!["curl", "wget", "git", "sudo"].contains(where: step.words.contains))
            #expect(try ask("sh", ["-n", "-c", step.text])?.status == 0, "\(step.text)")
        }
    }

    /// What is copied into the stage that builds is there, and all that the build reads is copied:
    /// the scripts before they run, the manifest, and the folders of all targets.
    private func checkCopies(of build: ContainerRecipe.Stage) throws {
        var copied: Set<String> = []
        for step in build.instructions {
            if step.word == "RUN", let script = step.words.first, script.hasPrefix(".ci/") {
                #expect(copied.contains(script), "\(script)")
            }
            guard step.word == "COPY" else { continue }
            for name in step.words.dropLast() where !name.contains("[") {
                #expect(unsafe access("\(Self.package)/\(name)", R_OK) == 0, "\(name)")
                copied.insert(name)
            }
        }
        #expect(copied.isSuperset(of: ["Package.swift", "Sources", "Tests"]))
    }

    /// The image has no user with rights from the last step on, starts what the build put there,
    /// and installs the libraries of the packages that the build asks for.
    private func checkPrograms(
        of image: ContainerRecipe.Stage, from build: ContainerRecipe.Stage
    ) throws {
        let user = try #require(image.all("USER").last?.words.first)
        let numbers = user.split(separator: ":").compactMap { Int($0) }
        #expect(numbers.count == 2 && numbers.allSatisfy { $0 >= 1000 })
        let order = image.instructions.map(\.word)
        let dropped = try #require(order.lastIndex(of: "USER"))
        #expect(!order[dropped...].contains("RUN") && !order[dropped...].contains("COPY"))
        let install = try #require(image.all("RUN").first)
        #expect(install.text.contains("useradd --uid \(numbers[0]) "))
        let entry = try #require(image.all("ENTRYPOINT").last)
        #expect(try JSONDecoder().decode([String].self, from: Data(entry.text.utf8)).count == 1)
        let program = entry.text.dropFirst(2).dropLast(2)
        #expect(build.all("RUN").contains { $0.words.contains("/out\(program)") })

        let words = install.words.drop { $0 != "--no-install-recommends" }.dropFirst()
        let installed = Set(words.prefix { $0 != "&&" }.filter { !$0.isEmpty })
        let script = try String(contentsOfFile: "\(Self.package)/.ci/packages", encoding: .utf8)
        let line = try #require(script.split(separator: "\n").first { $0.hasPrefix("needed=") })
        let needed = line.dropFirst("needed='".count).dropLast().split(separator: " ")
        let libraries: [Substring: String] = [
            "libsqlite3-dev": "libsqlite3-0", "libssl-dev": "libssl3", "zlib1g-dev": "zlib1g",
            "tzdata": "tzdata",
        ]
        let tools: Set<Substring> = ["ca-certificates", "git", "pkg-config"]
        #expect(Set(needed) == tools.union(libraries.keys))
        // The others are loaded when they are there, or come with the toolchain.
        let others = ["libisal2", "libstdc++6", "libzstd1"]
        #expect(installed == Set(libraries.values).union(others))
    }

    /// A clone builds the same sources at any time: each package in one version, which is resolved.
    @Test func thePackagesAreFixed() throws {
        let manifest = try String(
            contentsOfFile: "\(Self.package)/Package.swift", encoding: .utf8)
        let lines = manifest.split(separator: "\n").filter { $0.contains(".package(url:") }
        #expect(lines.count == 3)
        let pins = try self.pins()
        for line in lines {
            let words = line.split(separator: "\"")
            #expect(words.count == 5 && words[2] == ", exact: ", "\(line)")
            let identity = words[1].split(separator: "/").last?.lowercased()
            let version = pins.first { $0.identity == identity }?.version
            #expect(version == String(words[3]), "\(line)")
        }
        #expect(pins.count == lines.count, "a package asks for another one, in any version")
    }

    /// The packages that were resolved.
    private func pins() throws -> [(identity: String, version: String)] {
        let resolved = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: "\(Self.package)/Package.resolved")))
        return try value(resolved, "pins", [Any].self).map { pin in
            (try value(pin, "identity", String.self), try value(pin, "state.version", String.self))
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
        let pins = try self.pins()
        #expect(pins.count > 2)
        for pin in pins {
            let found = components.filter { $0["name"] as? String == pin.identity }
            #expect(found.count == 1)
            #expect(found.first?["version"] as? String == pin.version)
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
