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
/// each call fail, which takes hours. Numbers choose jobs: `sites,0,4`.
@Suite("system calls that fail")
struct FaultTests {
    static let long = ProcessInfo.processInfo.environment["SLUICE_LONG_FAULTS"]

    /// Every way in which a call can fail; a signal that interrupted every call would be an
    /// endless loop.
    private static let kinds: [Fault] = {
        let errors = [ENOSPC, EIO, EDQUOT, EROFS]
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
    /// the files they were about.
    private static let finds: [Find] = [
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
    ]

    struct Find: CustomTestStringConvertible {
        let job: String
        let side: Fault.Side
        let call: String
        var kind = Fault.Kind.error(EIO)
        /// True when each call fails, false when one does of those that come the same way.
        var isEach = false
        let atLeast: Int

        var testDescription: String { "\(job), \(call)" }
    }

    @Test(arguments: finds) func whereItWasFound(_ find: Find) throws {
        let world = try FaultWorld(#require(FaultJob.all.first { $0.name == find.job }))
        var random = SeededGenerator(seed: 0x1009)
        var fault = Fault(side: find.side, kind: find.kind, call: find.call)
        var struck = 0
        let sites = try world.sites(of: fault)
        for number in find.isEach ? Array(sites.indices) : representatives(sites, &random) {
            fault.number = number + 1
            if try strike(fault, world, "") { struck += 1 }
        }
        #expect(struck >= find.atLeast)
    }

    @Test(.enabled(if: long != nil), arguments: FaultJob.all.indices)
    func everywhere(_ index: Int) throws {
        let choice = try FaultChoice(Self.long ?? "")
        guard choice.jobs.contains(index) else { return }
        let world = try FaultWorld(FaultJob.all[index])
        var random = SeededGenerator(seed: UInt64(index))
        let begun = ContinuousClock.now
        var (struck, calls, sites) = (0, 0, 0)
        for kind in Self.kinds {
            let origins = try world.sites(of: kind)
            let numbers =
                choice.isBySites ? representatives(origins, &random) : Array(origins.indices)
            calls += origins.count
            sites += Set(origins).count
            for number in numbers {
                var fault = kind
                fault.number = number + 1
                if try strike(fault, world, "") { struck += 1 }
            }
        }
        let seconds = Int((ContinuousClock.now - begun) / .seconds(1))
        StandardError.write(
            "\(world.job.name): \(struck) faults in \(Self.kinds.count) ways, of \(calls) calls "
                + "from \(sites) places, which left \(world.foldersLeft) different folders, in "
                + "\(seconds) s\n"
        )
        #expect(struck > 100)
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
        let all = FaultJob.all.indices
        #expect(try FaultChoice("all") == FaultChoice(isBySites: false, jobs: Set(all)))
        #expect(try FaultChoice("sites,0,4") == FaultChoice(isBySites: true, jobs: [0, 4]))
        for words in ["", "1", "site", "sites,", "sites,all", "all,\(all.count)", "all,-1", "0,4"] {
            #expect(throws: FaultChoice.Unknown.self, "\(words)") { try FaultChoice(words) }
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
    let jobs: Set<Int>

    struct Unknown: Error { let words: String }
}

extension FaultChoice {
    fileprivate init(_ words: String) throws {
        let list = words.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = list.dropFirst().map { Int($0) ?? -1 }
        guard let form = list.first, ["sites", "all"].contains(form),
            numbers.allSatisfy(FaultJob.all.indices.contains)
        else { throw Unknown(words: words) }
        isBySites = form == "sites"
        jobs = Set(numbers.isEmpty ? Array(FaultJob.all.indices) : numbers)
    }
}
