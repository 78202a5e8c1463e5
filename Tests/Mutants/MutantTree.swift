import Foundation

/// A copy of the package in a folder of its own, with all mutants in it.
///
/// Files that are already there as they should be are left alone, so that a second run in the same
/// folder builds only what has changed.
struct MutantTree {
    /// The package that is copied.
    let package: URL
    let folder: URL
    /// The targets whose tests are kept.
    let testTargets: [String]
    /// Paths of the files that are changed, below the package.
    let files: [String]

    private(set) var mutants: [Mutant] = []
    /// The numbers of the mutants of each file.
    private(set) var ranges: [String: Range<Int>] = [:]

    /// What is left out, as it does not compile.
    private var excluded = Exclusions()

    /// How often the copy is built before the tool gives up.
    private static let buildsMax = 40

    /// What the tests need of the package, and what spares the copy from fetching what the package
    /// depends on.
    private static let parts = [
        "Package.resolved", "Sources", "Tests", "pipelines", "samples", "README.md",
    ]
    private static let fetched = ["checkouts", "repositories", "workspace-state.json"]

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(of package: URL, in folder: URL, testTargets: [String], files: [String]) {
        self.package = package
        self.folder = folder
        self.testTargets = testTargets
        self.files = files
    }

    /// Writes the copy and builds it, without the changes that do not compile.
    mutating func build() throws {
        try copy()
        let kept = Self.leftOutList(in: folder)
        excluded = Exclusions(from: kept)
        for _ in 0..<Self.buildsMax {
            try change()
            report("building with \(mutants.count) mutants")
            let built = try Command(words: ["swift", "build", "--build-tests"], folder: folder)
                .run(scratch: FileManager.default.temporaryDirectory)
            if built.status == 0 { return }
            guard exclude(faultsIn: built.output) else {
                throw Failure(description: "the copy does not build:\n\(built.output.suffix(4000))")
            }
            try excluded.write(to: kept)
        }
        throw Failure(description: "the copy does not build after \(Self.buildsMax) tries")
    }

    /// Where it is kept what does not compile.
    static func leftOutList(in folder: URL) -> URL {
        folder.appendingPathComponent(".build/left-out.json")
    }

    // MARK: The copy

    private func copy() throws {
        let manager = FileManager.default
        try manager.createDirectory(at: folder, withIntermediateDirectories: true)
        for part in Self.parts { try copyPart(part) }
        try put(manifest(), "Package.swift")
        let build = folder.appendingPathComponent(".build")
        guard !manager.fileExists(atPath: build.path) else { return }
        try manager.createDirectory(at: build, withIntermediateDirectories: true)
        for name in Self.fetched {
            let source = package.appendingPathComponent(".build/\(name)")
            guard manager.fileExists(atPath: source.path) else { continue }
            try manager.copyItem(at: source, to: build.appendingPathComponent(name))
        }
    }

    /// Makes a file or folder of the copy what it is in the package, but for the changed files.
    private func copyPart(_ part: String) throws {
        let manager = FileManager.default
        var isFolder: ObjCBool = false
        let source = package.appendingPathComponent(part).path
        guard unsafe manager.fileExists(atPath: source, isDirectory: &isFolder) else { return }
        let inside = isFolder.boolValue ? try manager.subpathsOfDirectory(atPath: source) : []
        let names = isFolder.boolValue ? inside.map { "\(part)/\($0)" } : [part]
        for name in names where !files.contains(name) {
            let from = package.appendingPathComponent(name)
            if let bytes = try? Data(contentsOf: from) { try put(bytes, name) }
        }
        let kept = Set(names)
        let target = folder.appendingPathComponent(part).path
        for name in (try? manager.subpathsOfDirectory(atPath: target)) ?? []
        where !kept.contains("\(part)/\(name)") && !name.hasSuffix(SwitchSource.fileName) {
            try? manager.removeItem(atPath: "\(target)/\(name)")
        }
    }

    /// The manifest with the kept tests and what they need. Switched places give warnings about
    /// code that says too much; everything else is held to what it is held to in the package.
    private func manifest() throws -> Data {
        let text = try String(
            contentsOf: package.appendingPathComponent("Package.swift"), encoding: .utf8)
        let changed = Set(files.compactMap { $0.split(separator: "/").dropFirst().first })
        let cut = """

            var needed: Set<String> = \(testTargets)
            var before = 0
            while needed.count > before {
                before = needed.count
                for target in package.targets where needed.contains(target.name) {
                    for case .byNameItem(let name, _) in target.dependencies { needed.insert(name) }
                }
            }
            package.targets.removeAll { !needed.contains($0.name) }
            package.products = []
            for target in package.targets where \(changed.sorted()).contains(target.name) {
                target.swiftSettings?.append(.treatAllWarnings(as: .warning))
            }

            """
        return Data((text + cut).utf8)
    }

    /// Writes a file if it is another: builds go by the time of files.
    private func put(_ bytes: Data, _ path: String) throws {
        let url = folder.appendingPathComponent(path)
        if (try? Data(contentsOf: url)) == bytes { return }
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: url)
    }

    // MARK: The mutants

    private mutating func change() throws {
        mutants = []
        var operators: [String: [PlaceOperator]] = [:]
        var next = 1
        for file in files {
            let bytes = Array(try Data(contentsOf: package.appendingPathComponent(file)))
            let rules = MutationRules(
                file: file, bytes: bytes, excluding: excluded.lines(of: file, bytes: bytes),
                first: next)
            ranges[file] = next..<next + rules.count
            next += rules.count
            mutants += rules.mutants
            let module = file.split(separator: "/").prefix(2).joined(separator: "/")
            operators[module, default: []] += rules.operators
            try put(Data(rules.applied(to: bytes)), file)
        }
        for (module, list) in operators {
            try put(Data(SwitchSource.text(list).utf8), "\(module)/\(SwitchSource.fileName)")
        }
    }

    /// Leaves out what the compiler named; false when it named nothing that is changed.
    private mutating func exclude(faultsIn output: String) -> Bool {
        var named: [String: Set<Int>] = [:]
        for line in output.split(separator: "\n") where line.contains(": error: ") {
            let parts = line.split(separator: ":", maxSplits: 3)
            guard parts.count > 2, let number = Int(parts[1]),
                let file = files.first(where: { parts[0].hasSuffix("/" + $0) })
            else { continue }
            named[file, default: []].insert(number)
        }
        for (file, numbers) in named {
            let inside = mutants.filter { $0.file == file }
            for number in numbers { excluded.add(file, line: number, among: inside) }
        }
        report("leaving out changes in \(named.values.reduce(0) { $0 + $1.count }) lines")
        return !named.isEmpty
    }
}
