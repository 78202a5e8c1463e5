import FileSystem
import Foundation
import TestSupport
import Testing

/// Input that is meant to fill memory or to take for ever: a clear refusal, or lines set aside by
/// position; no value told; memory within some times the limit, and time that grows with it
/// no faster than it does.
///
/// `SLUICE_LONG_LIMITS=1 swift test --filter SizeLimitTests` attacks with four times as much: a
/// gigabyte without a line feed under a limit of 64 MiB, a bomb of a gigabyte. What grows with a
/// record within the limit, or with a list of the operator's, grows four times as much there.
@Suite(
    "size limits under attack", .serialized, .enabled(if: try Want.plainProcess.isMet()))
struct SizeLimitTests {
    private static let asked = Asked("SLUICE_LONG_LIMITS", form: "1")
    static let isLong = asked.isMade

    @Test(arguments: SizeAttack.streams) func streams(_ attack: SizeAttack) throws {
        try measure(attack)
    }

    @Test(arguments: SizeAttack.files) func files(_ attack: SizeAttack) throws {
        try measure(attack)
    }

    /// Attacks twice, with a fourth and with all.
    private func measure(_ attack: SizeAttack) throws {
        let factor = try Self.asked.isTold() ? 4 : 1
        let all = attack.isFixed ? attack.size : attack.size * factor
        let small = try strike(attack, all / 4)
        let large = try strike(attack, all)
        let figures =
            "\(attack.name): \(all >> 10) KiB, \(large.peakKibibytes >> 10) MiB at the most, "
            + "\(large.processorSeconds) s of processors; for a fourth "
            + "\(small.peakKibibytes >> 10) MiB, \(small.processorSeconds) s"
        if Self.isLong { StandardError.write(figures + "\n") }
        // A process may end before anybody could look at it.
        #expect(
            small.peakKibibytes > 0 || small.processorSeconds < 0.02, "the memory was not measured")
        #expect(
            large.peakKibibytes <= small.peakKibibytes * 5 / 4 + attack.growthKibibytes * factor
                || small.peakKibibytes == 0,
            "memory grows: \(figures)")
        #expect(large.peakKibibytes <= attack.memoryMebibytes << 10, "\(figures)")
        // Four times the work; squared it would be sixteen times.
        #expect(
            large.processorSeconds <= small.processorSeconds * 8 + 0.5, "slow: \(figures)")
    }

    private func strike(_ attack: SizeAttack, _ size: Int) throws -> SluiceProcess {
        let scene = try Scene(inMemory: true)
        let feed = try attack.prepare(scene, size)
        let process = try SluiceProcess(
            attack.command, in: scene.path, feed: feed, measuresMemory: true)
        let outcome = try process.finish(within: 600)
        let said = outcome.errors + text(outcome.output)
        #expect(attack.statuses.contains(outcome.status), "\(attack.name): \(outcome.errors)")
        #expect(!said.contains(SizeAttack.canary), "\(attack.name) is told what is in the input")
        // As long as the longest pipeline file: each of its keys may have a fault.
        #expect(outcome.errors.utf8.count < 1 << 20, "\(attack.name): a flood of messages")
        for word in attack.words { #expect(said.contains(word), "\(attack.name): \(said)") }
        return process
    }
}
