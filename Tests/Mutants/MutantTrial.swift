import Foundation

/// Runs the tests of a built copy, each mutant against those that come by its place.
struct MutantTrial: Sendable {
    /// One test: what it costs, and which mutants it comes by.
    struct Trial: Sendable, Codable {
        let name: String
        /// Seconds of processors, without those that any run of the bundle takes.
        let seconds: Double
        /// None for one that takes too long.
        let reached: Set<Int>
    }

    enum Verdict: Sendable {
        case killed, killedByTime, survived
        /// No test comes by the place with another value there.
        case notReached

        /// What is said of one that lives.
        var ofLiving: String? {
            switch self {
            case .killed, .killedByTime: nil
            case .survived: "survived"
            case .notReached: "not covered"
            }
        }
    }

    /// The limits of a trial, in seconds of processors: what else the machine does changes nothing.
    struct Limits: Sendable {
        /// A test that takes longer is not used.
        var test = 6.0
        /// A mutant that lives through tests of this length is left to live.
        var mutant = 12.0
        /// What a process is given beside a multiple of what its tests took.
        var least = 4.0
    }

    private let folder: URL
    private let bundle: String
    private let limits: Limits
    /// Seconds of processors that a run of the bundle takes without a test.
    private let startSeconds: Double
    /// The quickest first.
    private var tests: [Trial] = []
    /// For each mutant one divided by how many tests come by it.
    private var rarity: [Double] = []

    /// Runs the tests of `bundle` that belong to `targets`, each by itself, to see what it comes
    /// by; `count` is the largest number of a mutant. What `memory` knows is not run again.
    init(
        bundle: String, in folder: URL, targets: [String], count: Int, limits: Limits = Limits(),
        memory: inout TrialMemory
    ) async throws {
        self.folder = folder
        self.bundle = bundle
        self.limits = limits
        let listed = try inScratch { scratch in
            try Command(
                words: [bundle, "--testing-library", "swift-testing", "--list-tests"],
                folder: folder
            ).run(scratch: scratch)
        }
        startSeconds = listed.processorSeconds
        let names = listed.output.split(separator: "\n").map(String.init)
            .filter { name in targets.contains { name.hasPrefix($0 + ".") } }
        let runner = self
        let known = memory
        let measured = try await concurrently(names) { name in
            try known[name] ?? runner.measured(name, count: count)
        }
        let trials = measured.compactMap(\.self)
        for trial in trials { memory.add(trial) }
        tests = trials.filter { !$0.reached.isEmpty }.sorted { $0.seconds < $1.seconds }
        var comers = [Double](repeating: 0, count: count + 1)
        for test in tests { for mutant in test.reached { comers[mutant] += 1 } }
        rarity = comers.map { 1 / max($0, 1) }
        report(
            "\(tests.count) of \(names.count) tests, "
                + "\(Int(tests.reduce(0) { $0 + $1.seconds })) seconds")
    }

    /// Runs some tests, at most for `seconds` of processors. What waits forever is ended by the
    /// clock, late enough for a busy machine.
    private func run(
        _ names: [String], _ environment: [String: String], seconds: Double, _ scratch: URL
    ) throws -> Command.Result {
        let escaped = names.map { name in
            name.replacing("(", with: "\\(").replacing(")", with: "\\)")
                .replacing(".", with: "\\.")
        }
        let pattern = "^(\(escaped.joined(separator: "|")))"
        var settings = environment
        settings["TMPDIR"] = scratch.path
        settings["SWIFT_BACKTRACE"] = "enable=no"
        return try Command(
            words: [bundle, "--testing-library", "swift-testing", "--filter", pattern],
            folder: folder, environment: settings, timeout: 30 + 10 * seconds,
            processorSeconds: Int(seconds) + 1, last: " recorded an issue"
        ).run(scratch: scratch)
    }

    /// What a test comes by; nil for one that fails as it is.
    private func measured(_ name: String, count: Int) throws -> Trial? {
        try inScratch { scratch in
            let marks = scratch.appendingPathComponent("marks")
            try Data(count: count + 1).write(to: marks)
            let result = try run(
                [name], ["SLUICE_MUTANT_MARKS": marks.path], seconds: 4 * limits.test, scratch)
            if result.status == nil, !result.isCutShort {
                report("left out, it takes too long: \(name)")
                return Trial(name: name, seconds: 4 * limits.test, reached: [])
            }
            guard result.status == 0 else {
                report("left out, it fails as it is: \(name)")
                return nil
            }
            let seconds = max(Self.leastSeconds, result.processorSeconds - startSeconds)
            let reached = try Data(contentsOf: marks).enumerated().filter { $0.element == 1 }
            return Trial(
                name: name, seconds: seconds,
                reached: seconds < limits.test ? Set(reached.map(\.offset)) : [])
        }
    }

    /// What the tests say of `mutant`, some at a time: first those that for their time come by most
    /// of `neighbours`, the mutants of the same file. One that few others come by counts for more:
    /// each test that makes a run comes by what every run does, and looks at something else.
    func verdict(_ mutant: Int, among neighbours: Range<Int>) throws -> Verdict {
        let reaching = tests.filter { $0.reached.contains(mutant) }.map { test in
            let near = neighbours.reduce(0) { $0 + (test.reached.contains($1) ? rarity[$1] : 0) }
            return (test, near / (test.seconds + Self.secondsOfATest))
        }
        if reaching.isEmpty { return .notReached }
        var rest = reaching.sorted { $0.1 > $1.1 }.map(\.0)[...]
        var length = Self.firstSeconds
        var spent = try run(mutant, length, &rest)
        while case .lived(let seconds) = spent, seconds <= limits.mutant, !rest.isEmpty {
            length *= 3
            let next = try run(mutant, length, &rest)
            if case .lived(let more) = next { spent = .lived(seconds + more) } else { spent = next }
        }
        return switch spent {
        case .lived: .survived
        case .ended(let verdict): verdict
        }
    }

    private enum Outcome {
        /// It lived through tests of so many seconds.
        case lived(Double)
        case ended(Verdict)
    }

    /// Takes tests of about `length` seconds off `rest` and tries the mutant with them.
    private func run(
        _ mutant: Int, _ length: Double, _ rest: inout ArraySlice<Trial>
    ) throws -> Outcome {
        var (names, seconds): ([String], Double) = ([], 0)
        while names.count < Self.atOnceMax, let next = rest.first,
            names.isEmpty || seconds + next.seconds < length
        {
            names.append(next.name)
            seconds += next.seconds
            rest.removeFirst()
        }
        let result = try inScratch { scratch in
            try run(
                names, ["SLUICE_MUTANT": "\(mutant)"], seconds: limits.least + 4 * seconds, scratch)
        }
        if result.isCutShort { return .ended(.killed) }
        guard let status = result.status else { return .ended(.killedByTime) }
        return status == 0 ? .lived(seconds) : .ended(.killed)
    }

    private static let firstSeconds = 0.3

    /// No test costs nothing.
    private static let leastSeconds = 0.001

    /// Below it, it does not matter how long a test takes.
    private static let secondsOfATest = 0.01

    /// The most tests of one process: its pattern is held against the name of every test.
    private static let atOnceMax = 40
}

/// Gives `body` a folder of its own, which goes with all that was left in it.
func inScratch<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let manager = FileManager.default
    let scratch = manager.temporaryDirectory.appendingPathComponent("mutant-\(UUID().uuidString)")
    try manager.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? manager.removeItem(at: scratch) }
    return try body(scratch)
}

/// Does `work` for each of `items`, two at a time.
func concurrently<Item: Sendable, Result: Sendable>(
    _ items: [Item], _ work: @escaping @Sendable (Item) throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var results: [Int: Result] = [:]
        var next = 0
        func start() {
            guard next < items.count else { return }
            let (index, item) = (next, items[next])
            group.addTask { (index, try work(item)) }
            next += 1
        }
        start()
        start()
        while let (index, result) = try await group.next() {
            results[index] = result
            start()
        }
        return items.indices.compactMap { results[$0] }
    }
}
