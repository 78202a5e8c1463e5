import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// Two commands are at work on one state at once, one of them perhaps stopped in the middle and
/// resumed: what comes of it is what comes of them one after the other, in one order or the other.
///
/// The ordinary tests try a few moments, by a seed. `SLUICE_LONG_RACES=100 swift test --filter
/// RaceTests` tries so many of each pair.
@Suite("two commands at once")
struct RaceTests {
    private static let asked = Asked("SLUICE_LONG_RACES", form: "COUNT as 100")

    @Test(arguments: Race.all) func hereAndThere(_ race: Race) throws {
        try run(race, rounds: 3, seed: 0x7ace)
    }

    @Test(.enabled(if: asked.isMade), arguments: Race.all) func everywhere(
        _ race: Race
    ) throws {
        try run(race, rounds: Self.asked.one(Asked.count), seed: 0x7acf)
    }

    private func run(_ race: Race, rounds: Int, seed: UInt64) throws {
        let trial = try RaceTrial(race)
        var random = SeededGenerator(seed: seed &+ UInt64(race.name.utf8.count))
        for round in 0..<rounds {
            let moment = Int.random(in: 0...trial.microseconds, using: &random)
            let found = try trial.together(
                isSwapped: Bool.random(using: &random), moment: moment,
                stops: round % 2 == 0)
            let label = "seed \(seed) round \(round), \(moment) µs"
            #expect(
                trial.orders.contains(found.result),
                "\(label): \(trial.difference(found.result)); \(found.said)")
        }
        if rounds > 3 {
            StandardError.write("\(race.name): \(trial.turnedAway) of \(rounds) turned one away\n")
        }
    }
}

/// Two commands, what has to have happened before them, and one that shows what they have left
/// where nobody sees it.
struct Race: CustomTestStringConvertible {
    let name: String
    let before: [[String]]
    let first: [String]
    let second: [String]
    let clock: String

    var testDescription: String { name }

    private static let counted = [FaultJob.run("p.yaml", "2026-04-20")]
    private static let month = ["--period", "2026-02", "--give-up"]

    static let all: [Race] = [
        Race(
            name: "publish and publish", before: counted, first: FaultJob.publish,
            second: FaultJob.publish, clock: "2026-05-20"),
        Race(
            name: "publish and a run", before: counted, first: FaultJob.publish,
            second: FaultJob.run("p.yaml", "2026-05-20"), clock: "2026-05-20"),
        Race(
            name: "a month given up and publish", before: counted,
            first: FaultJob.publish + month, second: FaultJob.publish, clock: "2026-05-20"),
        Race(
            name: "a run that ages and an erasure", before: [FaultJob.first],
            first: FaultJob.run("p.yaml", "2026-04-20"),
            second: FaultJob.erase("p.yaml", "user3@firma3.example", "2026-04-20"),
            clock: "2026-04-20"),
        Race(
            name: "a first run and an opt-out", before: [], first: FaultJob.first,
            second: [
                "opt-out", "add", "p.yaml", "--customer", "NL-101", "--now", "2026-03-20",
            ], clock: "2026-03-20"),
        Race(
            name: "a plan and a run", before: [], first: FaultJob.plan("p.yaml"),
            second: FaultJob.first, clock: "2026-03-20"),
        Race(
            name: "a commit and a run", before: FaultJob.planned,
            first: ["commit", "work/plan-*"], second: FaultJob.first, clock: "2026-03-20"),
        Race(
            name: "a commit and a commit", before: FaultJob.planned,
            first: ["commit", "work/plan-*"], second: ["commit", "work/plan-*"],
            clock: "2026-03-20"),
        Race(
            name: "a store and its erasure", before: [FaultJob.run("store.yaml", "2026-03-20")],
            first: FaultJob.run("store.yaml", "2026-04-20"),
            second: FaultJob.erase("store.yaml", "user3@firma3.example", "2026-04-20"),
            clock: "2026-04-20"),
    ]
}

/// One pair of commands, done again and again from the same beginning.
private final class RaceTrial {
    /// What two commands have come to.
    struct Result: Equatable {
        var statuses: [Int32]
        /// All that lies there, and what `verify` says of it.
        var state: [String: [UInt8]]
        var proof: Int32
        /// All that lies there after what is done months later: what the ledger knows shows there.
        var later: [String: [UInt8]]
    }

    /// How long the first takes.
    let microseconds: Int
    /// What they come to one after the other.
    private(set) var orders: [Result] = []
    private(set) var turnedAway = 0
    private let race: Race
    private let world: FaultWorld

    init(_ race: Race) throws {
        self.race = race
        let pipeline = race.first.first { $0.hasSuffix(".yaml") } ?? "p.yaml"
        let world = try FaultWorld(
            FaultJob(
                name: race.name, before: race.before, command: race.first, pipeline: pipeline,
                clock: race.clock))
        self.world = world
        try world.restore()
        let length = try ContinuousClock().measure { _ = try world.start(race.first).finish() }
        microseconds = Int(length / .microseconds(1))
        for isSwapped in [false, true] {
            try world.restore()
            let commands = isSwapped ? [race.second, race.first] : [race.first, race.second]
            let statuses = try commands.map { try world.start($0).finish().status }
            orders.append(try result(isSwapped ? statuses.reversed() : statuses))
        }
    }

    private var laterClock: String { "2026-07-20" }

    private func result(_ statuses: [Int32]) throws -> Result {
        let state = try world.state()
        let proof = try world.verify()
        _ = try world.start(FaultJob.run(world.job.pipeline, laterClock)).finish()
        return Result(statuses: statuses, state: state, proof: proof, later: try world.state())
    }

    /// Begins one, and after so many microseconds the other; with `stops` the one that was begun
    /// first stands still meanwhile. Whoever is turned away tries again, as it is told.
    func together(
        isSwapped: Bool, moment: Int, stops: Bool
    ) throws -> (result: Result, said: String) {
        try world.restore()
        let commands = isSwapped ? [race.second, race.first] : [race.first, race.second]
        let one = try world.start(commands[0])
        usleep(UInt32(moment))
        if stops { one.signal(SIGSTOP) }
        let other = try world.start(commands[1])
        var outcomes: [Outcome] = []
        if stops {
            let last = try other.finish(within: 60)
            one.signal(SIGCONT)
            outcomes = [try one.finish(within: 60), last]
        } else {
            outcomes = [try one.finish(within: 60), try other.finish(within: 60)]
        }
        for index in [0, 1] where outcomes[index].status == 7 {
            turnedAway += 1
            outcomes[index] = try world.start(commands[index]).finish(within: 60)
        }
        let statuses = outcomes.map(\.status)
        return (
            try result(isSwapped ? statuses.reversed() : statuses),
            outcomes.map(\.errors).joined(separator: " | ")
        )
    }

    /// Wherein it differs from each order.
    func difference(_ found: Result) -> String {
        orders.map { order in
            func names(_ one: [String: [UInt8]], _ two: [String: [UInt8]]) -> String {
                Set(one.keys).union(two.keys).filter { one[$0] != two[$0] }.sorted().prefix(4)
                    .joined(separator: ", ")
            }
            return "\(found.statuses) for \(order.statuses), \(found.proof) for \(order.proof), "
                + "[\(names(found.state, order.state))], later [\(names(found.later, order.later))]"
        }.joined(separator: "; or ")
    }
}
