import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// System calls fail, and signals ask to stop: at any call a job must end with a documented status
/// and show nothing of anybody, and the same job again must end where an undisturbed one ends.
///
/// The ordinary tests let calls fail here and there, by a seed. `SLUICE_LONG_FAULTS=sites swift
/// test --filter FaultTests` lets a call fail in each way at every place from which the programme
/// makes one, in each job: the first, the last or any of those that come the same way. `all` lets
/// each call fail, which takes hours. Numbers choose jobs: `sites,0,4`. Each way that is through is
/// told: `all,4:9` goes on with the ninth way of job 4.
@Suite("system calls that fail")
struct FaultTests {
    static let asked = Asked(
        "SLUICE_LONG_FAULTS",
        form: "sites or all, and behind it jobs 0 to \(FaultJob.all.count - 1), each perhaps from "
            + "one of \(kinds.count) ways on, as all,0,4:9")

    /// Every way in which a call can fail; a signal that interrupted every call would be an
    /// endless loop.
    private static let kinds: [Fault] = {
        let errors = [ENOSPC, EIO, EDQUOT, EROFS, ENOLCK]
        let once = (errors + [EINTR]).map { Fault(side: .write, kind: .error($0)) }
        let lasting = errors.map { Fault(side: .write, kind: .error($0), lasts: true) }
        let reads = [EIO, EINTR, EMFILE].map { Fault(side: .read, kind: .error($0)) }
        let short = [Fault.Side.write, .read].flatMap { side in
            [false, true].map { Fault(side: side, kind: .short, lasts: $0) }
        }
        return once + lasting + reads + short + [Fault(side: .write, kind: .signal(SIGTERM))]
    }()

    @Test(arguments: FaultJob.all) func hereAndThere(_ job: FaultJob) throws {
        let seed: UInt64 = 0xfa17
        var random = SeededGenerator(seed: seed &+ UInt64(job.command.count))
        let world = try FaultWorld(job)
        var struck = 0
        for _ in 0..<8 {
            guard var fault = Self.kinds.randomElement(using: &random) else { continue }
            let calls = try world.calls(of: fault)
            guard calls > 0 else { continue }
            fault.number = Int.random(in: 1...calls, using: &random)
            if try strike(fault, world, "seed \(seed)") { struck += 1 }
        }
        #expect(struck > 4)
    }

    /// Calls that came to something wrong.
    ///
    /// What cannot be looked at is not missing: a key store that was taken for missing let an
    /// opt-out end well and leave records as they were. An erasure that cannot read an output said
    /// that nothing was written, and it was entered; so did one that a signal stopped. A run over
    /// standard input ended well and left all of it, as it was, in the state. Without state, what
    /// failed between two files said that nothing was written, and terms of a disclosure that
    /// could not be read called nothing back any more; nor did those of a run that failed behind
    /// the files they were about. A commit that could not clear the folder of work said that
    /// nothing was written; a month was not given up again where a kill had left its key. A
    /// correction and a copy that failed were on record all the same, and an opt-out that could not
    /// be read back was entered. A correction was published without what came late of another
    /// month, which could not be read once. A commit that could not seal its ledger left it so,
    /// however often it was done again. A change of the ledger behind which the lock could not be
    /// made less was told as none. A run behind which the ledger could not be read again, for its
    /// metrics, said that nothing was written.
    private static let finds: [Find] = [
        Find(
            job: "a restriction", side: .write, call: "fcntl", kind: .error(ENOLCK), atLeast: 3),
        Find(job: "an opt-out", side: .read, call: "fstatat", atLeast: 20),
        Find(job: "an erasure", side: .read, call: "open", atLeast: 20),
        Find(job: "an erasure", side: .write, call: "fsync", kind: .signal(SIGTERM), atLeast: 9),
        Find(job: "standard input", side: .write, call: "unlinkat", atLeast: 2),
        Find(
            job: "an erasure without state", side: .write, call: "renameat", isEach: true,
            atLeast: 7),
        Find(job: "an erasure without state", side: .read, call: "open", atLeast: 5),
        Find(
            job: "a run without state", side: .write, call: "renameat", isEach: true, atLeast: 15),
        Find(job: "a run without state", side: .read, call: "open", atLeast: 5),
        Find(job: "a commit", side: .write, call: "renameat", isEach: true, atLeast: 20),
        Find(job: "a commit without state", side: .write, call: "unlinkat", atLeast: 1),
        Find(job: "a month given up", side: .write, call: "unlinkat", isEach: true, atLeast: 2),
        Find(job: "a list of opt-outs", side: .read, call: "pread", atLeast: 9),
        Find(job: "an opt-out", side: .read, call: "pread", atLeast: 20),
        Find(job: "a correction", side: .read, call: "pread", atLeast: 20),
        Find(job: "a rectification", side: .write, call: "write", atLeast: 6),
        Find(job: "a copy", side: .write, call: "renameat", atLeast: 2),
        Find(job: "a correction", side: .read, call: "open", kind: .error(EMFILE), atLeast: 10),
        Find(job: "metrics", side: .write, call: "fcntl", lastSites: 9, atLeast: 9),
    ]

    struct Find: CustomTestStringConvertible {
        let job: String
        let side: Fault.Side
        let call: String
        var kind = Fault.Kind.error(EIO)
        /// True when each call fails, false when one does of those that come the same way.
        var isEach = false
        /// Of those that come the same way only as many of the last ones.
        var lastSites = Int.max
        let atLeast: Int

        var testDescription: String { "\(job), \(call)" }
    }

    @Test(arguments: finds) func whereItWasFound(_ find: Find) throws {
        let world = try FaultWorld(#require(FaultJob.all.first { $0.name == find.job }))
        var random = SeededGenerator(seed: 0x1009)
        var fault = Fault(side: find.side, kind: find.kind, call: find.call)
        var struck = 0
        let sites = try world.sites(of: fault)
        let chosen = find.isEach ? Array(sites.indices) : representatives(sites, &random)
        for number in chosen.suffix(find.lastSites) {
            fault.number = number + 1
            if try strike(fault, world, "") { struck += 1 }
        }
        #expect(struck >= find.atLeast)
    }

    @Test(.enabled(if: asked.isMade), arguments: FaultJob.all.indices)
    func everywhere(_ index: Int) throws {
        let choice = try FaultChoice(Self.asked, ways: Self.kinds.count)
        guard let firstWay = choice.firstWays[index] else { return }
        let world = try FaultWorld(FaultJob.all[index])
        let begun = ContinuousClock.now
        var all = Tally()
        for way in firstWay..<Self.kinds.count {
            var random = SeededGenerator(seed: UInt64(index * Self.kinds.count + way))
            let kind = Self.kinds[way]
            let tally = try strike(kind, world, bySites: choice.isBySites, &random)
            all.add(tally)
            tell("way \(way + 1), \(kind.manner), \(tally.text)", world, since: begun)
        }
        let ways = Self.kinds.count - firstWay
        tell("\(ways) of \(Self.kinds.count) ways, \(all.text)", world, since: begun)
        #expect(all.struck > 5 * ways)
    }

    /// What calls were made, and failed.
    private struct Tally {
        var struck = 0
        var calls = 0
        var sites = 0

        var text: String { "\(struck) faults, of \(calls) calls from \(sites) places" }

        mutating func add(_ other: Tally) {
            struck += other.struck
            calls += other.calls
            sites += other.sites
        }
    }

    /// Lets one call after the other fail in this way.
    private func strike(
        _ kind: Fault, _ world: FaultWorld, bySites: Bool, _ random: inout SeededGenerator
    ) throws -> Tally {
        let origins = try world.sites(of: kind)
        var tally = Tally(calls: origins.count, sites: Set(origins).count)
        for number in bySites ? representatives(origins, &random) : Array(origins.indices) {
            var fault = kind
            fault.number = number + 1
            if try strike(fault, world, "") { tally.struck += 1 }
        }
        return tally
    }

    private func tell(
        _ words: String, _ world: FaultWorld, since begun: ContinuousClock.Instant
    ) {
        let seconds = Int((ContinuousClock.now - begun) / .seconds(1))
        StandardError.write(
            "\(world.job.name): \(words), which left \(world.foldersLeft) different folders, after "
                + "\(seconds) s\n")
    }

    /// Otherwise no two faults would come to the same, and each would be followed up by itself.
    @Test(arguments: FaultJob.all) func aSteadyJobLeavesTheSame(_ job: FaultJob) throws {
        let world = try FaultWorld(job)
        var fault = Fault(side: .write, kind: .error(EIO))
        fault.number = try world.calls(of: fault) / 2
        var left: Set<Int> = []
        for _ in 0..<3 {
            try world.restore()
            _ = try world.run(with: fault, isSteady: true)
            #expect(try world.told().faults == 1)
            left.insert(try FolderImage(of: world.scene.path).digest)
        }
        #expect(left.count == 1)
    }

    @Test func aWordThatMeansNothingIsNotTakenForAll() throws {
        func choice(_ words: String) throws -> FaultChoice {
            try FaultChoice(
                Asked("SLUICE_LONG_FAULTS", form: "", words: words), ways: Self.kinds.count)
        }
        let all = FaultJob.all.indices
        let whole = Dictionary(uniqueKeysWithValues: all.map { ($0, 0) })
        #expect(try choice("all") == FaultChoice(isBySites: false, firstWays: whole))
        #expect(try choice("sites,0,4") == FaultChoice(isBySites: true, firstWays: [0: 0, 4: 0]))
        #expect(try choice("all,4:9,0") == FaultChoice(isBySites: false, firstWays: [0: 0, 4: 8]))
        for words in [
            "", "1", "site", "sites,", "sites,all", "all,\(all.count)", "all,-1", "0,4", "all,4:",
            "all,:4", "all,4:0", "all,4:\(Self.kinds.count + 1)", "all,4:1:1", "all,4,4",
        ] {
            #expect(throws: Asked.OddWords.self, "\(words)") { try choice(words) }
        }
    }

    /// Of the calls that come the same way one, by its place: the first, the last or any.
    private func representatives(
        _ origins: [UInt64], _ random: inout SeededGenerator
    ) -> [Int] {
        let alike = Dictionary(grouping: origins.indices) { origins[$0] }
        return alike.values.sorted { $0[0] < $1[0] }.compactMap { places in
            let chances = [places.first, places.last, places.randomElement(using: &random)]
            return chances.randomElement(using: &random) ?? nil
        }
    }

    /// True when a call failed; what comes of it is looked at.
    private func strike(_ fault: Fault, _ world: FaultWorld, _ words: String) throws -> Bool {
        try world.restore()
        let outcome = try world.run(with: fault, isSteady: true)
        let told = try world.told()
        for sentence in try world.faultsAfter(outcome, mayLeaveSeal: fault.lasts) {
            let place = "\(world.job.name), \(fault) (\(told.first)) \(words)"
            Issue.record("\(place): \(sentence); \(outcome.errors)")
        }
        return told.faults > 0
    }
}

/// What `SLUICE_LONG_FAULTS` asks for: `sites` or `all`, and behind it numbers of jobs.
private struct FaultChoice: Equatable {
    /// True when one call fails for each place from which calls are made, false when each fails.
    let isBySites: Bool
    /// For each job the way with which it begins, from 0.
    let firstWays: [Int: Int]
}

extension FaultChoice {
    fileprivate init(_ asked: Asked, ways: Int) throws {
        let words = try asked.list { $0 }
        guard let form = words.first, ["sites", "all"].contains(form) else { throw asked.oddWords }
        isBySites = form == "sites"
        var firstWays: [Int: Int] = [:]
        for word in words.dropFirst() {
            let parts = word.split(separator: ":", omittingEmptySubsequences: false)
            let numbers = parts.compactMap(Asked.number).map { Int(clamping: $0) } + [1]
            guard parts.count < 3, numbers.count == parts.count + 1,
                FaultJob.all.indices.contains(numbers[0]), (1...ways).contains(numbers[1]),
                firstWays.updateValue(numbers[1] - 1, forKey: numbers[0]) == nil
            else { throw asked.oddWords }
        }
        let all = FaultJob.all.indices.map { ($0, 0) }
        self.firstWays = firstWays.isEmpty ? Dictionary(uniqueKeysWithValues: all) : firstWays
    }
}
