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
/// KillMatrixTests` kills so often; `all` in front of every call of every job, and beside that for
/// each five calls in the middle of a write, at any moment and in recovery.
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
        let begun = ContinuousClock.now
        let kills = try Kills(job, seed: 0x6b12)
        let isAll = Self.asked.words == "all"
        let share =
            try isAll ? kills.calls : Self.asked.one(Asked.count) / FaultJob.all.count + 1
        try isAll ? kills.strikeAtEach() : kills.strike(share)
        StandardError.write(
            "\(job.name): \(kills.count) kills at \(kills.calls) calls, \(kills.inRecovery) of "
                + "them in recovery, \(kills.torn) in mid-write, seed \(kills.seed), "
                + "after \((ContinuousClock.now - begun) / .seconds(1)) s\n")
        #expect(kills.count >= share)
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
            let at = 1 + index * calls / number
            switch index % 5 {
            case 3: try strike { try killInTheMiddle() }
            case 4 where number > 5: try strike { try killAtAnyMoment() }
            case 0, 1: try strike { try kill(at) + killInRecovery() }
            default: try strike { try kill(at) }
            }
        }
    }

    /// Kills at each call once, and then for each five of them in all other ways.
    func strikeAtEach() throws {
        for index in 0..<calls { try strike { try kill(index + 1) } }
        #expect(count == calls)
        for index in 0..<(calls / 5 + 1) {
            try strike { try killInTheMiddle() }
            try strike { try killAtAnyMoment() }
            try strike { try kill(min(calls, 1 + index * 5)) + killInRecovery() }
        }
    }

    /// Kills, which says where, and does the job again.
    private func strike(_ kill: () throws -> String) throws {
        try world.restore()
        let place = try kill()
        for sentence in try world.faultsOfGoingOn() {
            Issue.record("\(world.job.name), killed at \(place), seed \(seed): \(sentence)")
        }
    }

    private func kill(_ fault: Fault, isSteady: Bool = false) throws -> Bool {
        let isKilled = try world.run(with: fault, isSteady: isSteady).status == 128 + SIGKILL
        if isKilled { count += 1 }
        return isKilled
    }

    /// Steady, as the calls were counted.
    private func kill(_ at: Int) throws -> String {
        _ = try kill(Fault(side: .write, kind: .signal(SIGKILL), number: at), isSteady: true)
        return "call \(at)"
    }

    private func killInTheMiddle() throws -> String {
        let at = Int.random(in: 1...max(1, calls / 3), using: &random)
        if try kill(Fault(side: .write, kind: .torn, number: at)) { torn += 1 }
        return "the middle of write \(at)"
    }

    private func killAtAnyMoment() throws -> String {
        let wait = Int.random(in: 0...(milliseconds * 900), using: &random)
        if try world.run(killedAfterMicroseconds: wait).status == 128 + SIGKILL { count += 1 }
        return "\(wait) µs"
    }

    /// The run after a kill is killed while it repairs: mostly at one of its first calls.
    private func killInRecovery() throws -> String {
        let last = Bool.random(using: &random) ? min(30, calls) : calls
        let at = Int.random(in: 1...last, using: &random)
        if try kill(Fault(side: .write, kind: .signal(SIGKILL), number: at)) { inRecovery += 1 }
        return " and at call \(at) of the next run"
    }
}
