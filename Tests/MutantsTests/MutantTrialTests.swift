import Foundation
import Testing

@testable import Mutants

/// A small programme with mutants, built by the compiler and put on trial.
@Suite struct MutantTrialTests {
    /// What is changed; the numbers of its mutants are looked up by their words.
    private static let source = """
        func isDue(_ age: Int, limit: Int) -> Bool {
            if limit < 0 || age > 1_000_000 {
                return true
            }
            return age > limit
        }

        func total(_ list: [Int]) -> Int {
            var (sum, at) = (0, 0)
            while at < list.count {
                sum = sum + list[at]
                at += 1
            }
            return max(sum, 0)
        }

        func nobodyCalls() -> Bool { false }

        func isAwaited() -> Bool { true }

        func isWorkedFor() -> Bool { true }
        """

    /// Takes the words of the test runner. One test waits for longer than a test may take, one
    /// works for longer.
    private static let programme = """
        import Glibc

        let words = CommandLine.arguments
        if words.contains("--list-tests") {
            print("Fixture.Windows/due()\\nFixture.Windows/total()\\nOther.Windows/due()")
            print("Fixture.Windows/waits()\\nFixture.Windows/works()")
            exit(0)
        }
        let pattern = words[words.count - 1]
        var isRight = true
        if pattern.contains("due") { isRight = isDue(2, limit: 1) && !isDue(1, limit: 1) }
        if pattern.contains("total") { isRight = isRight && total([1, 2, 3]) == 6 }
        if pattern.contains("waits") {
            usleep(1_200_000)
            isRight = isRight && isAwaited()
        }
        if pattern.contains("works") {
            while clock() < 1_200_000 {}
            isRight = isRight && isWorkedFor()
        }
        print(isRight ? "Test run passed after 0.001 seconds." : "Test recorded an issue")
        exit(isRight ? 0 : 1)
        """

    private func build(_ rules: MutationRules, in folder: URL) throws {
        let files = [
            ("Fixture.swift", rules.applied(to: Array(Self.source.utf8))),
            (SwitchSource.fileName, Array(SwitchSource.text(rules.operators).utf8)),
            ("main.swift", Array(Self.programme.utf8)),
        ]
        for (name, bytes) in files {
            try Data(bytes).write(to: folder.appendingPathComponent(name))
        }
        let built = try Command(
            words: ["swiftc", "-o", "fixture"] + files.map(\.0), folder: folder
        ).run(scratch: folder)
        try #require(built.status == 0, "\(built.output)")
    }

    @Test func findsWhatIsKilledAndWhatSurvives() async throws {
        let rules = MutationRules(
            file: "Fixture.swift", bytes: Array(Self.source.utf8), first: 1)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("mutants-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try build(rules, in: folder)
        var limits = MutantTrial.Limits()
        limits.test = 1
        limits.least = 0
        var memory = TrialMemory()
        let trial = try await MutantTrial(
            bundle: "./fixture", in: folder, targets: ["Fixture"], count: rules.count,
            limits: limits, memory: &memory)
        var verdicts: [String: MutantTrial.Verdict] = [:]
        for mutant in rules.mutants {
            verdicts["\(mutant.line): \(mutant.change)"] = try trial.verdict(
                mutant.number, among: 1..<rules.count + 1)
        }
        #expect(verdicts["5: `>` becomes `>=`"] == .killed)
        #expect(verdicts["2: `1_000_000` is one more"] == .survived)
        #expect(verdicts["2: `>` becomes `>=`"] == .notReached)
        #expect(verdicts["2: `<` becomes `<=`"] == .notReached)
        #expect(verdicts["2: `||` becomes `&&`"] == .notReached)
        #expect(verdicts["10: a clause of `while` is never true"] == .killed)
        #expect(verdicts["14: `0` is one more"] == .survived)
        #expect(verdicts["3: `true` is the other one"] == .notReached)
        #expect(verdicts["2: a clause of `if` is always true"] == .killed)
        #expect(verdicts["11: `+` becomes `-`"] == .killed)
        #expect(verdicts["12: a statement is left out"] == .killedByTime)
        #expect(verdicts["14: `max` becomes `min`"] == .killed)
        #expect(verdicts["17: `false` is the other one"] == .notReached)
        #expect(verdicts["19: `true` is the other one"] == .killed)
        #expect(verdicts["21: `true` is the other one"] == .notReached)
    }

    @Test func countsWhatProcessorsWorkAndEndsWhatWaitsForever() throws {
        func result(
            _ script: String, clock: Double, processor: Int
        ) throws -> Command.Result {
            try inScratch { scratch in
                try Command(
                    words: ["sh", "-c", script], folder: scratch, timeout: clock,
                    processorSeconds: processor
                ).run(scratch: scratch)
            }
        }
        let waiting = try result("sleep 600 & sleep 600", clock: 1, processor: 600)
        #expect(waiting.status == nil)
        #expect(waiting.processorSeconds < 0.5)
        let working = try result("while :; do :; done", clock: 600, processor: 1)
        #expect(working.status == nil)
        #expect(working.processorSeconds > 0.5 && working.processorSeconds < 3)
        let children = try result("(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done); exit 3",
            clock: 600, processor: 600)
        #expect(children.status == 3)
        #expect(children.processorSeconds > 0.02)
    }
}
