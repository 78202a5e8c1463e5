import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// System calls fail: at any of them a job must end with a documented status and show nothing of
/// anybody, and the same job again must end where an undisturbed one ends.
///
/// The ordinary tests let calls fail here and there, by a seed. `SLUICE_LONG_FAULTS=all swift test
/// --filter FaultTests` lets each call of each job fail in each way, which takes hours; in place of
/// `all`, numbers such as `0,4` choose jobs in the order of `FaultJob.all`.
@Suite("system calls that fail")
struct FaultTests {
    private static let long = ProcessInfo.processInfo.environment["SLUICE_LONG_FAULTS"]

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
        return once + lasting + reads + short
    }()

    @Test(arguments: FaultJob.all) func hereAndThere(_ job: FaultJob) throws {
        let seed: UInt64 = 0xfa17
        var random = SeededGenerator(seed: seed &+ UInt64(job.command.count))
        let world = try FaultWorld(job)
        var struck = 0
        for _ in 0..<8 {
            guard var fault = Self.kinds.randomElement(using: &random) else { continue }
            let calls = try count(fault, world)
            guard calls > 0 else { continue }
            fault.number = Int.random(in: 1...calls, using: &random)
            if try strike(fault, world, "seed \(seed)") { struck += 1 }
        }
        #expect(struck > 4)
    }

    @Test(.enabled(if: long != nil), arguments: FaultJob.all.indices)
    func everywhere(_ index: Int) throws {
        let chosen = Self.long?.split(separator: ",").compactMap { Int($0) } ?? []
        guard Self.long == "all" || chosen.contains(index) else { return }
        let world = try FaultWorld(FaultJob.all[index])
        var struck = 0
        for kind in Self.kinds {
            let calls = try count(kind, world)
            for number in stride(from: 1, through: calls, by: 1) {
                var fault = kind
                fault.number = number
                if try strike(fault, world, "") { struck += 1 }
            }
        }
        StandardError.write("\(world.job.name): \(struck) faults\n")
        #expect(struck > 100)
    }

    /// How many calls of the job could fail this way.
    private func count(_ fault: Fault, _ world: FaultWorld) throws -> Int {
        try world.restore()
        let outcome = try world.run(with: fault)
        try #require(outcome.status == 0, "\(world.job.name): \(outcome.errors)")
        return try world.told().calls
    }

    /// True when a call failed; what comes of it is looked at.
    private func strike(_ fault: Fault, _ world: FaultWorld, _ words: String) throws -> Bool {
        try world.restore()
        let outcome = try world.run(with: fault)
        let told = try world.told()
        for sentence in try world.faultsAfter(outcome) {
            let place = "\(world.job.name), \(fault) (\(told.first)) \(words)"
            Issue.record("\(place): \(sentence); \(outcome.errors)")
        }
        return told.faults > 0
    }
}
