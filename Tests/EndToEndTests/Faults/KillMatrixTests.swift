import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// Jobs are killed: in front of any call that writes, in the middle of a write, at any moment, and
/// again while the next run repairs what the first kill left. Done again, each must end where an
/// undisturbed one ends.
///
/// The ordinary tests kill here and there, by a seed. `SLUICE_LONG_KILLS=1000 swift test --filter
/// KillMatrixTests` kills so often, `all` in front of every call of every job.
@Suite("kills at any call")
struct KillMatrixTests {
    private static let asked = Asked("SLUICE_LONG_KILLS", form: "COUNT as 1000, or all,")

    @Test(arguments: FaultJob.all) func hereAndThere(_ job: FaultJob) throws {
        let kills = try Kills(job, seed: 0x6b11)
        try kills.strike(3)
        #expect(kills.count >= 3)
    }

    /// Kills that came to something wrong: a key that was to be sealed stayed beside its store, and
    /// a commit that was done again listed a second time what was set aside, beside a mark of
    /// success that was never finished.
    @Test(arguments: ["keys sealed", "a commit", "a commit without state"])
    func inFrontOfEachRename(_ name: String) throws {
        let world = try FaultWorld(#require(FaultJob.all.first { $0.name == name }))
        var fault = Fault(side: .write, kind: .signal(SIGKILL), call: "renameat")
        let calls = try world.calls(of: fault)
        #expect(calls > 3)
        for number in 1...max(1, calls) {
            try world.restore()
            fault.number = number
            #expect(try world.run(with: fault).status == 128 + SIGKILL)
            for sentence in try world.faultsOfGoingOn() {
                Issue.record("\(name), killed at rename \(number): \(sentence)")
            }
        }
    }

    @Test(.enabled(if: asked.isMade), arguments: FaultJob.all) func everywhere(
        _ job: FaultJob
    ) throws {
        let kills = try Kills(job, seed: 0x6b12)
        let isAll = Self.asked.words == "all"
        let share =
            try isAll ? kills.calls : Self.asked.one(Asked.count) / FaultJob.all.count + 1
        try kills.strike(share)
        StandardError.write(
            "\(job.name): \(kills.count) kills at \(kills.calls) calls, \(kills.inRecovery) of "
                + "them in recovery, \(kills.torn) in mid-write, seed \(kills.seed)\n")
        #expect(isAll || kills.count >= share)
    }
}

/// The kills of one job.
private final class Kills {
    let seed: UInt64
    /// How many calls of the undisturbed job write.
    let calls: Int
    private(set) var count = 0
    private(set) var inRecovery = 0
    private(set) var torn = 0
    private let world: FaultWorld
    private let milliseconds: Int
    private var random: SeededGenerator

    init(_ job: FaultJob, seed: UInt64) throws {
        self.seed = seed
        random = SeededGenerator(seed: seed &+ UInt64(job.name.utf8.count))
        let world = try FaultWorld(job)
        self.world = world
        calls = try world.calls(of: Fault(side: .write, kind: .signal(SIGKILL)))
        try world.restore()
        let length = try ContinuousClock().measure { _ = try world.run() }
        milliseconds = Int(length / .milliseconds(1))
    }

    /// Kills at `number` places, spread over the whole job; two of five also in recovery.
    func strike(_ number: Int) throws {
        for index in 0..<number {
            try world.restore()
            let at = 1 + index * calls / number
            var place = "call \(at)"
            switch index % 5 {
            case 3:
                try killInTheMiddle(&place)
            case 4 where number > 5:
                try killAtAnyMoment(&place)
            default:
                try kill(Fault(side: .write, kind: .signal(SIGKILL), number: at))
            }
            if index % 5 < 2 { try killInRecovery(&place) }
            for sentence in try world.faultsOfGoingOn() {
                Issue.record("\(world.job.name), killed at \(place), seed \(seed): \(sentence)")
            }
        }
    }

    @discardableResult
    private func kill(_ fault: Fault) throws -> Bool {
        let isKilled = try world.run(with: fault).status == 128 + SIGKILL
        if isKilled { count += 1 }
        return isKilled
    }

    private func killInTheMiddle(_ place: inout String) throws {
        let at = Int.random(in: 1...max(1, calls / 3), using: &random)
        place = "the middle of write \(at)"
        if try kill(Fault(side: .write, kind: .torn, number: at)) { torn += 1 }
    }

    private func killAtAnyMoment(_ place: inout String) throws {
        let wait = Int.random(in: 0...(milliseconds * 900), using: &random)
        place = "\(wait) µs"
        if try world.run(killedAfterMicroseconds: wait).status == 128 + SIGKILL { count += 1 }
    }

    /// The run after a kill is killed while it repairs: mostly at one of its first calls.
    private func killInRecovery(_ place: inout String) throws {
        let last = Bool.random(using: &random) ? min(30, calls) : calls
        let at = Int.random(in: 1...last, using: &random)
        place += " and at call \(at) of the next run"
        if try kill(Fault(side: .write, kind: .signal(SIGKILL), number: at)) { inRecovery += 1 }
    }
}
