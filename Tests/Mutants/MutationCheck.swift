import Foundation

/// A check of a choice of mutants, and what came out of it.
struct MutationCheck {
    /// What was asked for.
    struct Request {
        /// Words for modules, or for places: `File.swift`, `File.swift:LINE` or a folder. None for
        /// all.
        var places: [String] = []
        /// Of the mutants in these places only those whose number is a multiple of this.
        var step = 1
        /// True for those only that lived when they were last tried in this folder.
        var isAgain = false
        /// The targets whose tests are used.
        var tests = MutatedModule.testTargets
        var limits = MutantTrial.Limits()
        var folder: URL
    }

    /// What became of the mutants of one module.
    private struct Tally {
        var (killed, killedByTime, equivalent, survived, notReached) = (0, 0, 0, 0, 0)
        var tried: Int { killed + killedByTime + equivalent + survived + notReached }

        mutating func count(_ verdict: MutantTrial.Verdict) {
            switch verdict {
            case .killed: killed += 1
            case .killedByTime: killedByTime += 1
            case .survived: survived += 1
            case .notReached: notReached += 1
            }
        }

        mutating func add(_ other: Tally) {
            killed += other.killed
            killedByTime += other.killedByTime
            equivalent += other.equivalent
            survived += other.survived
            notReached += other.notReached
        }
    }

    let package: URL
    let request: Request

    /// Tries the mutants, the most critical modules first, and tells the survivors; true when there
    /// is none that the list of equivalent ones does not have.
    func run() async throws -> Bool {
        let list = package.appendingPathComponent("Tests/Mutants/equivalent.txt")
        let equivalents = Equivalents(try String(contentsOf: list, encoding: .utf8))
        var tree = MutantTree(
            of: package, in: request.folder, testTargets: request.tests,
            files: MutatedModule.all.flatMap(\.paths))
        try tree.build()
        var memory = TrialMemory(in: request.folder, of: request.tests, limits: request.limits)
        let trial = try await MutantTrial(
            bundle: ".build/debug/sluicePackageTests.xctest", in: request.folder,
            targets: request.tests, count: tree.mutants.last?.number ?? 0, limits: request.limits,
            memory: &memory)
        try memory.write(in: request.folder)
        for line in equivalents.stale(among: tree.mutants) {
            tell("stands for nothing in equivalent.txt: \(line)")
        }
        var sum = Tally()
        var living = lived
        let known = request.isAgain ? living : nil
        for module in MutatedModule.all {
            let start = Self.processorSeconds
            let chosen = tree.mutants.filter { mutant in
                module.paths.contains(mutant.file) && isAsked(mutant, module)
                    && mutant.number.isMultiple(of: request.step)
                    && known?.contains(mutant.key) ?? true
            }
            let (tally, alive) = try await check(chosen, trial, equivalents, tree.ranges)
            living = living.subtracting(chosen.map(\.key)).union(alive)
            let spent = Self.processorSeconds - start
            if tally.tried > 0 { tell("\(module.name): \(words(tally)), in \(minutes(spent))") }
            sum.add(tally)
        }
        try Data(living.sorted().joined(separator: "\n").utf8).write(to: livedList)
        tell("all: \(words(sum)), in \(minutes(Self.processorSeconds)), building included")
        return sum.survived + sum.notReached == 0
    }

    /// Tells how many places each file and module has, without building anything: changes that do
    /// not compile are among them, but for those that an earlier run in the folder has found.
    func list() throws {
        var excluded = Exclusions(from: MutantTree.leftOutList(in: request.folder))
        var sum = 0
        for module in MutatedModule.all {
            var count = 0
            for path in module.paths {
                let bytes = Array(try Data(contentsOf: package.appendingPathComponent(path)))
                let rules = MutationRules(
                    file: path, bytes: bytes, excluding: excluded.lines(of: path, bytes: bytes),
                    first: 1)
                tell("\(path): \(rules.mutants.count)")
                count += rules.mutants.count
            }
            tell("\(module.name): \(count) changes in \(module.paths.count) files")
            sum += count
        }
        tell("all: \(sum) changes")
    }

    /// Where the keys of those are kept that lived when they were last tried.
    private var livedList: URL { request.folder.appendingPathComponent(".build/lived.txt") }

    private var lived: Set<String> {
        let text = (try? String(contentsOf: livedList, encoding: .utf8)) ?? ""
        return Set(text.split(separator: "\n").map(String.init))
    }

    /// What becomes of `chosen`, and the keys of those that live; `ranges` has the numbers of each
    /// file.
    private func check(
        _ chosen: [Mutant], _ trial: MutantTrial, _ equivalents: Equivalents,
        _ ranges: [String: Range<Int>]
    ) async throws -> (Tally, [String]) {
        var tally = Tally()
        let open = chosen.filter { !equivalents.contains($0) }
        tally.equivalent = chosen.count - open.count
        let verdicts = try await concurrently(open) { mutant in
            let verdict = try trial.verdict(
                mutant.number, among: ranges[mutant.file] ?? mutant.number..<mutant.number + 1)
            if let how = verdict.ofLiving {
                tell("\(how): \(mutant.file):\(mutant.line): \(mutant.key)")
            }
            return verdict
        }
        for verdict in verdicts { tally.count(verdict) }
        let living = zip(open, verdicts).filter { $1.ofLiving != nil }.map(\.0.key)
        return (tally, living)
    }

    private func isAsked(_ mutant: Mutant, _ module: MutatedModule) -> Bool {
        let place = "\(mutant.file.split(separator: "/").last ?? ""):\(mutant.line)"
        return request.places.isEmpty
            || request.places.contains { word in
                word == module.name || word == place || place.hasPrefix(word + ":")
                    || mutant.file.hasPrefix(word + "/")
            }
    }

    private func words(_ tally: Tally) -> String {
        let open = max(1, tally.tried - tally.equivalent)
        let share = (tally.killed + tally.killedByTime) * 1000 / open
        return "\(tally.tried) mutants: \(tally.killed) killed by tests, "
            + "\(tally.killedByTime) by time, \(tally.equivalent) equivalent, "
            + "\(tally.survived) survived, \(tally.notReached) not covered; "
            + "\(share / 10).\(share % 10) % of those that can be noticed are killed"
    }

    private func minutes(_ seconds: Int) -> String { "\((seconds + 30) / 60) minutes" }

    /// What the processors spent on the programmes that this one ran.
    private static var processorSeconds: Int {
        var usage = rusage()
        unsafe getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
        return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    }
}
