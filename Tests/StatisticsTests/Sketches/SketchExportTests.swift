import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Anonymization
@testable import Statistics

@Suite struct SketchExportTests {
    /// A table by partner with all that sketches are made of, one by month with sessions, and one
    /// with nothing of the kind.
    private static func plan(_ granularity: Granularity) -> StatisticsPlan {
        let login = [Condition(input: Input.action, texts: [bytes("login")])]
        let sessions = SessionsPlan(
            token: Input.user, columns: [SessionsColumn(.count, name: "sessions")])
        func statistic(_ name: String, _ keys: [GroupKey], _ measures: [MeasurePlan])
            -> StatisticPlan
        {
            StatisticPlan(
                name: name, purposeIndex: 0, groupBy: keys, measures: measures,
                suppression: .standard)
        }
        return StatisticsPlan(
            textInputs: Input.texts, tokenInputCount: 2, personInput: Input.user,
            customerInput: Input.customer,
            statistics: [
                statistic(
                    "p", [.text(input: Input.partner, column: "partner")],
                    [
                        MeasurePlan(name: "times", kind: .count),
                        MeasurePlan(name: "users", kind: .distinct(token: Input.user)),
                        MeasurePlan(
                            name: "logged_in", conditions: login,
                            kind: .distinct(token: Input.customer)),
                        MeasurePlan(
                            name: "amount", kind: .percentile(input: Input.amount, .median)),
                    ]),
                statistic("d", [.day], [MeasurePlan(name: "times", kind: .count)]),
                statistic(
                    "m", [.month],
                    [
                        MeasurePlan(name: "visits", kind: .sessions(sessions)),
                        MeasurePlan(name: "users", kind: .distinct(token: Input.user)),
                    ]),
            ], granularity: granularity)
    }

    private static func partials(
        _ parts: [[Observation]], _ plan: StatisticsPlan
    ) throws -> Partials {
        let files = try parts.map { part in
            var aggregator = Aggregator(plan: plan, storage: MemorySpillStorage())
            try withBatch(part) { try aggregator.observe($0, chunk: $1) }
            let file = MemorySpillFile()
            let keys = [PartialHeader.KeyReference(epoch: "2026-01", keyID: "a")]
            try aggregator.finish(PartialHeader(planDigest: [1], keys: keys), into: file)
            return file
        }
        return Partials(files, plan: plan, storage: MemorySpillStorage())
    }

    /// What `receive` is called with, by statistic.
    private final class Collected {
        var rows: [[SketchRow]] = [[], [], []]
    }

    private static func rows(
        _ partials: Partials, _ options: SketchOptions = SketchOptions()
    ) throws -> [[SketchRow]] {
        let collected = Collected()
        try partials.sketches(options) { collected.rows[$0].append($1) }
        return collected.rows
    }

    @Test func columnsSayWhatTheyAre() {
        let statistics = Self.plan(.separable).statistics
        let columns = statistics[0].sketchColumns()
        #expect(
            columns.map(\.name) == [
                "users_theta", "users_hll", "logged_in_theta", "logged_in_hll", "amount_kll",
            ])
        #expect(columns.map(\.item) == [.token, .token, .token, .token, .double])
        #expect(columns.map(\.size) == [12, 12, 12, 12, 200])
        #expect(statistics[1].sketchColumns().isEmpty)
        let visits = statistics[2].sketchColumns()[0]
        #expect(visits.name == "visits_duration_kll")
        #expect(visits.item == .milliseconds)
        #expect(visits.descriptor.name == "kll")
        var options = SketchOptions()
        options.forms = [.hll]
        options.hllLgK = 14
        #expect(statistics[0].sketchColumns(options).map(\.name) == ["users_hll", "logged_in_hll"])
        #expect(statistics[0].sketchColumns(options).map(\.size) == [14, 14])
    }

    @Test func sketchesAreThoseOfThePlainTwin() throws {
        let seed: UInt64 = 82
        var generator = SeededGenerator(seed: seed)
        let all = randomObservations(1500, &generator)
        for granularity in [Granularity.reduced, .separable] {
            let rows = try Self.rows(Self.partials([all], Self.plan(granularity)))
            let groups = Dictionary(grouping: all, by: \.partner).sorted { $0.key < $1.key }
            #expect(rows[0].map(\.key) == groups.map { [bytes($0.key)] })
            for (row, (_, members)) in zip(rows[0], groups) {
                var users = ThetaUnion()
                var usersHLL = HLLSketch()
                for one in members where one.user > 0 {
                    users.insert(token(one.user))
                    usersHLL.insert(token(one.user))
                }
                #expect(row.sketches[0] == users.sketch().bytes)
                #expect(row.sketches[1] == usersHLL.bytes)
                var customers = ThetaUnion()
                for one in members where one.customer > 0 && one.action == "login" {
                    customers.insert(token(one.customer))
                }
                #expect(row.sketches[2] == customers.sketch().bytes)
                let amounts = members.compactMap { ExactDecimal(bytes($0.amount).span) }
                let amount = try KLLSketch<Double>(bytes: row.sketches[4])
                #expect(amount.count == UInt64(amounts.count))
                let median = Percentile.median.rank(of: amounts.count) - 1
                #expect(amount.quantile(0.5) == amounts.sorted()[median].nearestDouble)
            }
            #expect(rows[1].isEmpty)
        }
    }

    @Test func underAKeySketchesCountTheSameAndFitNothingElse() throws {
        var generator = SeededGenerator(seed: 84)
        let all = randomObservations(1500, &generator)
        let plan = Self.plan(.separable)
        let columns = plan.statistics.map { $0.sketchColumns() }
        let key = HMACSHA256(key: try SecretKey.copying([UInt8](repeating: 9, count: 32).span))
        func keyed(_ parts: [[Observation]]) throws -> [[SketchRow]] {
            let collected = Collected()
            try Self.partials(parts, plan).sketches(columns, under: key) {
                collected.rows[$0].append($1)
            }
            return collected.rows
        }
        let plain = try Self.rows(Self.partials([all], plan))
        let whole = try keyed([all])
        #expect(try keyed([Array(all[900...]), Array(all[..<900])]) == whole)
        for (row, other) in zip(plain[0], whole[0]) {
            let users = try ThetaSketch(bytes: row.sketches[0])
            let hidden = try ThetaSketch(bytes: other.sketches[0])
            #expect(users.estimate().value == hidden.estimate().value)
            #expect(users.intersection(hidden).estimate().value == 0)
            #expect(row.sketches[4] == other.sketches[4], "numbers have no key")
        }
        let rest = Collected()
        try Self.partials([all], plan).sketches([[], [], columns[2]]) {
            rest.rows[$0].append($1)
        }
        #expect(rest.rows[0].allSatisfy { $0.sketches.isEmpty } && !rest.rows[2].isEmpty)
    }

    @Test func sessionsAndCountsStandInOneRow() throws {
        var generator = SeededGenerator(seed: 83)
        let all = randomObservations(1500, &generator)
        let partials = try Self.partials([all], Self.plan(.separable))
        let tables = try partials.tables()
        let rows = try Self.rows(partials)[2]
        #expect(rows.map(\.key) == tables[2].rows.map(\.key))
        for (row, measured) in zip(rows, tables[2].rows) {
            let visits = try KLLSketch<Int64>(bytes: row.sketches[0])
            #expect(measured.cells[0].value == .integer(Int64(visits.count)))
            let users = try ThetaSketch(bytes: row.sketches[1])
            #expect(measured.cells[1].value == .integer(Int64(users.hashes.count)))
        }
        let header = try #require(try partials.header())
        #expect(header.keys.map(\.epoch) == ["2026-01"])
    }

    @Test func anyPartitionAndGranularityGiveTheSameBytes() throws {
        var generator = SeededGenerator(seed: 84)
        let all = randomObservations(2000, &generator)
        let whole = try Self.rows(Self.partials([all], Self.plan(.separable)))
        #expect(try Self.rows(Self.partials([all], Self.plan(.reduced))) == whole)
        var parts: [[Observation]] = [[], [], [], []]
        for one in all.shuffled(using: &generator) {
            parts[Int.random(in: 0..<4, using: &generator)].append(one)
        }
        for granularity in [Granularity.reduced, .separable] {
            #expect(try Self.rows(Self.partials(parts, Self.plan(granularity))) == whole)
        }
    }

    @Test func decimalsBecomeTheNearestBinaryNumbers() {
        for written in ["0", "0.1", "-12.5", "123456789012345.678901234", "9007199.254740993"] {
            #expect(ExactDecimal(bytes(written).span)?.nearestDouble == Double(written))
        }
        var generator = SeededGenerator(seed: 86)
        for _ in 0..<2000 {
            let number = ExactDecimal(
                billionths: Int128(
                    Int64.random(in: .min ... .max, using: &generator))
                    * Int128(Int64.random(in: 1...50_000, using: &generator)))
            var buffer = ByteBuffer()
            number.append(to: &buffer)
            #expect(number.nearestDouble == Double(text(buffer.array())))
        }
    }
}
