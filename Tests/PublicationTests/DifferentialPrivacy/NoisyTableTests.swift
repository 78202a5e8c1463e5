import KeyedHashing
import Records
import TestSupport
import Testing

@testable import Publication
@testable import Statistics

/// Drawing books first, adds the right noise, shows the right rows, and happens once.
@Suite struct NoisyTableTests {
    private static let ample = PrivacyLoss(rho: Ratio(whole: 100), delta: ratio(9, 10))

    private static func table(
        _ rows: [(key: String, persons: Int64, sums: [Int64])]
    ) -> BoundedTable {
        BoundedTable(
            rows: rows.map {
                BoundedTable.Row(
                    key: [bytes("2026-03-01"), bytes($0.key)], persons: $0.persons,
                    sums: $0.sums)
            }, namelessRows: 0)
    }

    private static func draw(
        _ settings: NoiseSettings, _ table: consuming BoundedTable, seed: UInt64,
        budget: PrivacyBudget? = nil
    ) throws -> NoisyTable {
        let plan = try NoisePlan(settings, statistic: 1, of: BoundingWorld.plan)
        var budget = budget ?? PrivacyBudget(limit: ample)
        var draws = NoiseDraws(SeededNoise(seed))
        return try plan.draw(table, period: "2026-03", budget: &budget, &draws)
    }

    private static func code(_ body: () throws -> Void) -> PrivacyFault.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? PrivacyFault)?.code }
    }

    private static let declared = NoiseSettings.Keys.declared([
        [bytes("2026-03-01"), bytes("login")], [bytes("2026-03-01"), bytes("print")],
    ])

    @Test("each column has noise of its own, for its own bound and share of the cost")
    func noiseOfColumns() throws {
        let settings = BoundingWorld.settings(rows: 2, keys: Self.declared)
        let plan = try NoisePlan(settings, statistic: 1, of: BoundingWorld.plan)
        #expect(plan.loss == PrivacyLoss(rho: Ratio(whole: 1)))
        #expect(plan.threshold == nil)
        var seen = [[Int64]](repeating: [], count: 6)
        for seed in 0..<400 as Range<UInt64> {
            let table = try Self.draw(
                settings, Self.table([("login", 50, [200, 50, 5, -7, 60, 20])]), seed: seed)
            for (column, steps) in table.rows[0].steps.enumerated() {
                seen[column].append(steps)
            }
        }
        // σ² = l Δ² / 2ρ with l = 2 and ρ = 1/6.
        let truth = [200.0, 50, 5, -7, 60, 20]
        for (column, bound) in BoundingWorld.bounds.enumerated() {
            let variance = 2 * Double(bound.change * bound.change) * 6 / 2
            let mean = seen[column].map(Double.init).reduce(0, +) / 400
            #expect(abs(mean - truth[column]) < 6 * (variance / 400).squareRoot())
            let spread = seen[column].map { Double($0) - truth[column] }
                .reduce(0) { $0 + $1 * $1 } / 400
            #expect(spread > variance * 0.6 && spread < variance * 1.5)
            let reach = plan.columns[column].accuracySteps
            let inside = seen[column].count { abs(Double($0) - truth[column]) <= Double(reach) }
            #expect(inside >= 365, "95 % of 400, less six standard deviations")
        }
    }

    @Test("Laplace shares ε, and its ρ is half the square of each share")
    func laplaceCost() throws {
        let settings = BoundingWorld.settings(
            rows: 2, cost: .epsilon(ratio(6, 5)), keys: Self.declared)
        let plan = try NoisePlan(settings, statistic: 1, of: BoundingWorld.plan)
        // Six shares of ε = 1/5: each ρ = 1/50.
        #expect(plan.loss.rho == ratio(6, 50))
        guard case .laplace(let noise) = plan.columns[0].mechanism else {
            Issue.record("expected Laplace noise")
            return
        }
        #expect(noise.scale == ratio(2 * 5 * 5))
    }

    @Test("a row is shown if and only if its noisy persons reach the threshold")
    func threshold() throws {
        let settings = BoundingWorld.settings(
            keys: .observed(delta: ratio(1, 2), leastPersons: 4))
        let plan = try NoisePlan(settings, statistic: 1, of: BoundingWorld.plan)
        let threshold = try #require(plan.threshold)
        let noise = plan.columns[1].mechanism
        #expect(
            threshold == 3 + noise.leastThreshold(delta: 0.5, cells: settings.rowsPerPerson))
        var shown = [0, 0, 0]
        for seed in 0..<600 as Range<UInt64> {
            let table = try Self.draw(
                settings,
                Self.table([
                    ("few", 3, [9, 3, 1, 0, 0, 0]), ("just", 4, [9, 4, 1, 0, 0, 0]),
                    ("half", threshold, [9, threshold, 1, 0, 0, 0]),
                ]), seed: seed)
            for row in table.rows {
                #expect(row.steps[1] >= threshold)
                shown[["few", "just", "half"].firstIndex(of: text(row.key[1])) ?? 0] += 1
            }
        }
        #expect(shown[0] == 0, "fewer persons than asked for are never shown")
        // Three rows of one more person are shown, one or more of them, with at most a half.
        let risk = noise.upperTail(threshold - 4)
        #expect(noise.releaseDelta(threshold: threshold - 3, cells: 3) <= 0.5)
        #expect(shown[1] > 0 && abs(Double(shown[1]) / 600 - risk) < 0.1)
        let expected = noise.upperTail(0)
        #expect(abs(Double(shown[2]) / 600 - expected) < 0.12)
    }

    @Test("without a column of persons a hidden count of its own decides, and is paid for")
    func hiddenCount() throws {
        let plan = StatisticsPlan(
            textInputs: [TextInputPlan(name: "a")], tokenInputCount: 2, personInput: 0,
            customerInput: 1,
            statistics: [
                StatisticPlan(
                    name: "t", purposeIndex: 0, groupBy: [.text(input: 0, column: "a")],
                    measures: [MeasurePlan(name: "n", kind: .count)], suppression: .standard)
            ], granularity: .separable)
        let bound = try #require(ColumnBound(most: 30))
        let settings = NoiseSettings(
            cost: .rho(ratio(1, 2)), rowsPerPerson: 1, bounds: [bound],
            keys: .observed(delta: ratio(1, 1_000_000), leastPersons: 10))
        let noisePlan = try NoisePlan(settings, statistic: 0, of: plan)
        #expect(noisePlan.columns[0].rho == ratio(1, 4))
        #expect(noisePlan.loss.rho == ratio(1, 2))
        #expect(noisePlan.loss.delta == ratio(1, 1_000_000))
        guard case .hidden(.gaussian(let noise)) = noisePlan.personsNoise else {
            Issue.record("expected a hidden count")
            return
        }
        #expect(noise.variance == ratio(2))
    }

    @Test("with ε the best rule there is chooses the rows, for what the hidden count would cost")
    func chosenRows() throws {
        let plan = StatisticsPlan(
            textInputs: [TextInputPlan(name: "a")], tokenInputCount: 2, personInput: 0,
            customerInput: 1,
            statistics: [
                StatisticPlan(
                    name: "t", purposeIndex: 0, groupBy: [.text(input: 0, column: "a")],
                    measures: [MeasurePlan(name: "n", kind: .count)], suppression: .standard)
            ], granularity: .separable)
        let bound = try #require(ColumnBound(most: 30))
        let settings = NoiseSettings(
            cost: .epsilon(ratio(2)), rowsPerPerson: 1, bounds: [bound],
            keys: .observed(delta: ratio(1, 1_000_000), leastPersons: 10))
        let noisePlan = try NoisePlan(settings, statistic: 0, of: plan)
        #expect(noisePlan.showsRowsByChance)
        // Two shares of ε = 1, each ρ = 1/2.
        #expect(noisePlan.loss == PrivacyLoss(rho: ratio(1), delta: ratio(1, 1_000_000)))
        let selection = try #require(PartitionSelection(epsilon: 1, delta: 1e-6, cells: 1))
        // Published value: p(28) = 1; fewer than ten persons are never shown.
        #expect(selection.certainFrom == 28)
        let threshold = try #require(noisePlan.threshold)
        #expect(threshold == 37)
        let rows: [(String, Int64, [Int64])] = [
            ("few", 9, [9]), ("half", 9 + 14, [40]), ("sure", 9 + 28, [90]),
        ]
        var shown: [String: Int] = [:]
        for seed in 0..<600 as Range<UInt64> {
            var draws = NoiseDraws(SeededNoise(seed))
            var budget = PrivacyBudget(limit: PrivacyLoss(rho: ratio(2), delta: ratio(1, 10)))
            let drawn = try noisePlan.draw(
                BoundedTable(
                    rows: rows.map {
                        BoundedTable.Row(key: [Array($0.0.utf8)], persons: $0.1, sums: $0.2)
                    }, namelessRows: 0), period: "2026-03", budget: &budget, &draws)
            for row in drawn.rows { shown[text(row.key[0]), default: 0] += 1 }
        }
        #expect(shown["few"] == nil && shown["sure"] == 600)
        let half = selection.keepProbability(persons: 14)
        #expect(half >= 0.5 && abs(Double(shown["half"] ?? 0) / 600 - half) < 0.12)
    }

    @Test("nothing is drawn twice, and nothing above the budget")
    func budget() throws {
        let settings = BoundingWorld.settings(keys: Self.declared)
        let plan = try NoisePlan(settings, statistic: 1, of: BoundingWorld.plan)
        var draws = NoiseDraws(SeededNoise(1))
        var budget = PrivacyBudget(limit: PrivacyLoss(rho: Ratio(whole: 1)))
        _ = try plan.draw(Self.table([]), period: "2026-03", budget: &budget, &draws)
        #expect(budget.spendings.count == 1)
        let again = Self.code {
            _ = try plan.draw(Self.table([]), period: "2026-03", budget: &budget, &draws)
        }
        #expect(again == .alreadyDrawn)
        // A period of its own has a limit of its own.
        _ = try plan.draw(Self.table([]), period: "2026-04", budget: &budget, &draws)
        var tight = PrivacyBudget(limit: PrivacyLoss(rho: ratio(99, 100)))
        let spent = Self.code {
            _ = try plan.draw(Self.table([]), period: "2026-03", budget: &tight, &draws)
        }
        #expect(spent == .budgetSpent)
        #expect(tight.spendings.isEmpty)
        var yearly = PrivacyBudget(
            limit: PrivacyLoss(rho: Ratio(whole: 1)),
            limitOverall: PrivacyLoss(rho: ratio(3, 2)))
        _ = try plan.draw(Self.table([]), period: "2026-03", budget: &yearly, &draws)
        let overall = Self.code {
            _ = try plan.draw(Self.table([]), period: "2026-04", budget: &yearly, &draws)
        }
        #expect(overall == .budgetSpent)
    }

    @Test("no random bytes, no table, but a booking: a broken drawing counts as one")
    func noRandomness() throws {
        struct Empty: NoiseSource, ~Copyable {
            mutating func nextWord() throws(PrivacyFault) -> UInt64 {
                throw PrivacyFault(.noRandomness)
            }
        }
        let plan = try NoisePlan(
            BoundingWorld.settings(keys: Self.declared), statistic: 1, of: BoundingWorld.plan)
        var budget = PrivacyBudget(limit: Self.ample)
        var draws = NoiseDraws(Empty())
        let table = Self.table([("login", 1, [1, 1, 1, 1, 1, 1])])
        do {
            _ = try plan.draw(table, period: "2026-03", budget: &budget, &draws)
            Issue.record("expected a fault")
        } catch { #expect(error.code == .noRandomness) }
        #expect(budget.spendings.count == 1)
    }

    @Test("stored tables come back as they were, and damage is found")
    func storedBytes() throws {
        let table = try Self.draw(
            BoundingWorld.settings(),
            Self.table([
                ("login", 500, [900, 500, 5, -7, 60, 20]), ("\u{e9},\"", 700, [9, 700, 1, 0, 2, 1]),
            ]), seed: 3)
        #expect(table.rows.count == 2)
        let stored = table.bytes
        #expect(try NoisyTable(bytes: stored) == table)
        #expect(try NoisyTable(bytes: stored).bytes == stored)
        for place in stored.indices {
            var damaged = stored
            damaged[place] ^= 1
            #expect(Self.code { _ = try NoisyTable(bytes: damaged) } == .damagedTable)
        }
        for length in 0..<stored.count {
            let cut = Array(stored.prefix(length))
            #expect(Self.code { _ = try NoisyTable(bytes: cut) } == .damagedTable)
        }
    }

    @Test("structure that lies is a fault and no crash")
    func lyingBytes() throws {
        let table = try Self.draw(
            BoundingWorld.settings(), Self.table([("login", 500, [900, 500, 5, -7, 60, 20])]),
            seed: 3)
        let content = Array(table.bytes.dropLast(32))
        var generator = SeededGenerator(seed: 541)
        for _ in 0..<3000 {
            var forged = content
            let place = Int.random(in: 9..<forged.count, using: &generator)
            forged[place] = UInt8.random(in: .min ... .max, using: &generator)
            forged += Digest256.of(forged.span).bytes
            _ = Self.code { _ = try NoisyTable(bytes: forged).statisticTable }
        }
    }

    @Test("readers see no negative counts; sums that may be negative stay so")
    func shownTable() throws {
        let settings = BoundingWorld.settings(keys: Self.declared)
        var negatives = 0
        for seed in 0..<60 as Range<UInt64> {
            let table = try Self.draw(
                settings, Self.table([("login", 0, [0, 0, 0, -40, 0, 0])]), seed: seed)
            let shown = table.statisticTable
            #expect(shown.groupColumns == ["day", "action"])
            for (cell, steps) in zip(shown.rows[0].cells, table.rows[0].steps).prefix(3) {
                #expect(cell == (steps <= 0 ? .zero : .value(.integer(steps))))
            }
            let halves = table.rows[0].steps[3]
            if halves < 0 { negatives += 1 }
            let amount = ExactDecimal(billionths: Int128(halves) * 500_000_000)
            #expect(shown.rows[0].cells[3] == (halves == 0 ? .zero : .value(.decimal(amount))))
        }
        #expect(negatives > 30)
    }
}
