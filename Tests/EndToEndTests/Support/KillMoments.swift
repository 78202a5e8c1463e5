import Foundation
import TestSupport

/// Kills a command, time and again, at moments spread at random over its length, and counts those
/// that it met.
///
/// How long it takes may have been measured while the machine was busy with other tests: most kills
/// would then come too late. So a command that had ended before its kill makes the length shorter.
struct KillMoments {
    /// How long the command takes, in microseconds.
    private(set) var length: Int
    private(set) var killed = 0
    private var random: SeededGenerator

    /// Moments within the time that `command` takes.
    init(seed: UInt64, of command: () throws -> Void) rethrows {
        random = SeededGenerator(seed: seed)
        let spent = try ContinuousClock().measure(command)
        length = max(5_000, Int(spent / .microseconds(1)))
    }

    /// Kills a command that was started just now, at some moment; says how it ended.
    @discardableResult
    mutating func kill(_ process: SluiceProcess) throws -> Outcome {
        let moment = Int.random(in: 0...length, using: &random)
        usleep(UInt32(moment))
        process.signal(SIGKILL)
        let outcome = try process.finish(within: 60)
        if outcome.status == 128 + SIGKILL {
            killed += 1
        } else {
            length = max(5_000, moment)
        }
        return outcome
    }
}
