import FileSystem
import Foundation
import Pipelines
import TestSupport
import Testing

/// A company's year on three states: every day logs, some of them late, some copied or sent again;
/// holds, opt-outs, requests of persons, accounts and trials that end or go on, months that are
/// published and corrected; keys that die, are destroyed by hand, are sealed anew; keys and results
/// that come back out of backups; a clock that jumps back, days without a run; month ends, a leap
/// day and both changes of the clock.
///
/// Every day everything is verified, and looked at by a plain model that knows nothing of ledgers.
/// A second world lives through the same and has its commands killed: it must end in the same
/// state.
///
/// `SLUICE_LONG_HISTORY=SEED,SEED,… swift test --filter HistoryTests` lives through 400 days for
/// each seed.
@Suite("a simulated history", .serialized)
struct HistoryTests {
    private static let asked = Asked("SLUICE_LONG_HISTORY", form: "SEED,SEED,… as 400,401")

    @Test("of some weeks, over leap day, month ends and the change of the clock in spring")
    func spring() throws {
        try History(seed: 0x415_2028, sharesKeys: true)
            .live(from: HistoryDate(year: 2028, month: 2, dayOfMonth: 25), days: 32)
    }

    @Test("of some weeks, over the change of the clock in autumn")
    func autumn() throws {
        try History(seed: 0x10_2027, sharesKeys: false)
            .live(from: HistoryDate(year: 2027, month: 10, dayOfMonth: 23), days: 15)
    }

    @Test("of 400 days", .enabled(if: asked.isMade), arguments: try asked.list(Asked.number))
    func year(seed: UInt64) throws {
        try History(seed: seed, sharesKeys: seed % 4 != 3, killShare: 30)
            .live(from: HistoryDate(year: 2027, month: 2, dayOfMonth: 15), days: 400)
    }
}

/// Two worlds and the model of what must be in both.
final class History {
    private let seed: UInt64
    /// True when both worlds have the same keys, so that their outputs are the same bytes.
    private let sharesKeys: Bool
    private var random: SeededGenerator
    private var model = HistoryModel()
    private var memories = [HistoryMemory(), HistoryMemory()]
    private var latest = HistoryDate(day: 0)
    private var corrections = 0
    /// True when a world that is not as it should be stays for somebody to look at.
    private let keepsWorlds = ProcessInfo.processInfo.environment["SLUICE_KEEP_HISTORY"] != nil

    /// How many commands of a hundred are killed.
    private let killShare: Int

    init(seed: UInt64, sharesKeys: Bool, killShare: Int = 20) {
        self.seed = seed
        self.killShare = killShare
        self.sharesKeys = sharesKeys
        random = SeededGenerator(seed: seed &+ 1)
    }

    func live(from start: HistoryDate, days: Int) throws {
        let users = HistoryScript.users(days: days)
        let calm = try HistoryWorld(users: users)
        let disturbed = try HistoryWorld(users: users)
        model.isKeyAlive = { place, month in
            calm.isThere("\(place.keyFolder)/\(month).key")
        }
        model.isKeyDead = { place, month in
            calm.isThere("\(place.keyFolder)/\(month).destroyed")
        }
        for day in HistoryScript.days(seed: seed, from: start, count: days) {
            let place = "\(day.date.text), clock \(day.clock?.text ?? "none"), seed \(seed)"
            do {
                try pass(day, calm, disturbed, place)
            } catch {
                Issue.record("\(place): \(error) on a day of \(day)")
                if keepsWorlds { try? calm.keep() }
                throw error
            }
        }
        try compare(calm, disturbed)
        // Every byte of small states is flipped by tests of their own.
        let isLong = days > 100
        var flips = HistoryFlips(
            calm, start.adding(days - 1), files: isLong ? 6 : 1, places: isLong ? 12 : 1)
        try flips.run(&random)
        for flip in flips.unfound { Issue.record("seed \(seed): not found: \(flip)") }
        StandardError.write(
            "history of \(days) days, seed \(seed): \(model.fed) records, \(model.holds.count) "
                + "holds, \(memories[0].dead.count) keys dead, "
                + "\(model.published.count) months published, \(corrections) corrected, "
                + "\(calm.restored) files restored, \(disturbed.kills) kills, "
                + "\(disturbed.unfinished) of them left work; "
                + "\(flips.flips) bytes flipped in \(flips.kinds.count) kinds of files\n")
    }

    private func pass(
        _ day: HistoryDay, _ calm: HistoryWorld, _ disturbed: HistoryWorld, _ place: String
    ) throws {
        for addition in day.additions { model.feed(addition) }
        try calm.feed(day)
        try disturbed.feed(day)
        guard let clock = day.clock else { return }
        for deed in day.deeds {
            tell(deed, clock)
            try calm.prepare(deed)
            try calm.apply(deed, on: clock)
            if sharesKeys { try disturbed.takeKeys(of: calm) }
            try disturb(deed, clock, disturbed)
        }
        if sharesKeys {
            try calm.makeKeys(model.monthsToCome(clock))
            try disturbed.makeKeys([])
            try disturbed.takeKeys(of: calm)
        }
        model.run(clock)
        latest = max(latest, clock)
        try calm.run(clock)
        if sharesKeys { try disturbed.takeKeys(of: calm) }
        for pipeline in HistoryWorld.pipelines.map({ "\($0).yaml" }) {
            while Int.random(in: 0..<100, using: &random) < killShare {
                try disturbed.kill(disturbed.runArguments(pipeline, clock), &random)
            }
        }
        try disturbed.run(clock)
        if let publishing = day.publishing {
            try publish(publishing, clock, calm, disturbed, place)
        }
        try check(calm, clock, place, 0)
        if Int.random(in: 0..<6, using: &random) == 0 { try check(disturbed, clock, place, 1) }
    }

    private func tell(_ deed: HistoryDay.Deed, _ date: HistoryDate) {
        switch deed {
        case .raise(let hold): model.raise(hold)
        case .release(let name): model.release(name, date)
        case .optOut(let customer, let user, let effective):
            model.optOut(customer: customer, user: user, effective: effective, on: date)
        case .importOptOuts(let customers):
            // A line that the registry knows as withdrawn stays so.
            for customer in customers where !model.isWithdrawn(customer, from: date) {
                model.optOut(customer: customer, user: nil, effective: date, on: date)
            }
        case .withdraw(let customer): model.withdraw(customer, date)
        case .eraseUser(let user): model.eraseUser(user, date)
        case .eraseAddress(let address): model.eraseAddress(address, date)
        case .restrict(let user): model.restrict(user)
        case .lift(let user): model.lift(user)
        case .rectify(let user): model.rectify(user, date)
        case .account(let user, let change): model.change(user, change)
        case .restoreKey, .destroyKeys, .rewrapKeys, .restoreOutput: break
        }
    }

    /// Publishes in both worlds, and holds what is told against the model.
    private func publish(
        _ publishing: HistoryDay.Publishing, _ clock: HistoryDate, _ calm: HistoryWorld,
        _ disturbed: HistoryWorld, _ place: String
    ) throws {
        var missing = model.monthsToClose(clock)
        for told in try calm.publish(publishing, on: clock) {
            missing.remove(told.month)
            for fault in model.faults(of: told, on: clock) { calm.complaints.append(fault) }
            model.tell(told)
            if told.isCorrection { corrections += 1 }
        }
        if case .months = publishing {
            if !missing.isEmpty { calm.complaints.append("not published: \(missing.sorted())") }
            // It was called twice, and each call begins like a run.
            model.takeOutOfTable()
        }
        while Int.random(in: 0..<100, using: &random) < killShare {
            try disturbed.kill(disturbed.arguments(publishing, clock), &random)
        }
        _ = try disturbed.publish(publishing, on: clock)
    }

    /// Does the deed in the disturbed world, now and then after it was killed once or twice.
    private func disturb(
        _ deed: HistoryDay.Deed, _ date: HistoryDate, _ world: HistoryWorld
    ) throws {
        try world.prepare(deed)
        for pipeline in HistoryWorld.pipelines.map({ "\($0).yaml" }) {
            guard let words = world.arguments(deed, pipeline, date) else { continue }
            while Int.random(in: 0..<100, using: &random) < killShare {
                try world.kill(words, &random)
            }
        }
        try world.apply(deed, on: date)
    }

    private func check(
        _ world: HistoryWorld, _ clock: HistoryDate, _ place: String, _ number: Int
    ) throws {
        var wrong = world.takeComplaints()
        for name in HistoryWorld.pipelines {
            var request = VerifyRequest(pipeline: "\(world.path)/\(name).yaml")
            request.now = clock.text
            let report = try Sluice.verify(request)
            wrong += report.findings.map {
                "\(name): \($0.kind.rawValue) \($0.place): \($0.sentence)"
            }
            let isConserved = report.evidence.runs.allSatisfy {
                $0.read == $0.written + $0.dropped + $0.quarantined
            }
            if !isConserved { wrong.append("\(name): records are not conserved") }
        }
        var scan = HistoryScan(world, model, clock, latest: latest)
        try scan.run(&memories[number])
        wrong += scan.faults.sorted()
        for sentence in wrong.prefix(20) { Issue.record("\(place): \(sentence)") }
        // One broken day breaks those that follow.
        try #require(wrong.isEmpty, "\(place)")
    }

    private func compare(_ calm: HistoryWorld, _ disturbed: HistoryWorld) throws {
        let expected = try HistoryState(calm, hidesTokens: !sharesKeys)
        let found = try HistoryState(disturbed, hidesTokens: !sharesKeys)
        let differences = found.differences(from: expected)
        for sentence in differences.prefix(20) {
            Issue.record("seed \(seed), at the end: \(sentence)")
        }
        guard !differences.isEmpty, keepsWorlds else { return }
        try calm.keep()
        try disturbed.keep()
    }
}
