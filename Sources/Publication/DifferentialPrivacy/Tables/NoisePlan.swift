package import Statistics

/// A column of a noisy table: what was added to it, and how far from the truth it may be.
package struct NoisyColumn: Sendable, Equatable {
    /// Name and role of the figures.
    package let column: MeasuredColumn
    /// What one person may add to a cell.
    package let bound: ColumnBound
    /// The noise, in steps.
    package let mechanism: NoiseMechanism
    /// ρ of this column.
    package let rho: Ratio

    /// With 95 % probability the bounded sum lies within so many steps of the printed figure. What
    /// the bounds cut off comes on top, and nobody may know it.
    package var accuracySteps: Int64 { mechanism.accuracy() }

    /// `accuracySteps` in the unit of the figures.
    package var accuracy: Quantity { quantity(steps: accuracySteps) }

    /// A number of steps as a figure.
    func quantity(steps: Int64) -> Quantity {
        if bound.step == ExactDecimal(1) { return .integer(steps) }
        return .decimal(ExactDecimal(billionths: Int128(steps) * bound.step.billionths))
    }
}

/// What will be done to one statistic: resolved and checked, so that cost and accuracy are known
/// before anything is spent.
package struct NoisePlan: Sendable {
    /// The index of the statistic in the plan, and its name.
    package let statistic: Int
    package let name: String
    package let groupColumns: [String]
    package let columns: [NoisyColumn]
    /// What the table costs each person in it.
    package let loss: PrivacyLoss
    /// The least noisy number of persons of a row that is shown, or where rows are shown by chance
    /// the fewest persons of one that surely is; nil when the keys are declared.
    package let threshold: Int64?
    /// Who counts the persons of a row.
    let personsNoise: PersonsNoise
    let settings: NoiseSettings

    /// Where the noisy number of persons comes from that decides about a row.
    enum PersonsNoise: Sendable, Equatable {
        /// Nothing is decided.
        case unused
        /// A column of the table.
        case column(Int)
        /// A count of its own that is not shown.
        case hidden(NoiseMechanism)
        /// Chance, the likelier the more persons there are: better than a count that is not shown,
        /// and known for pure ε.
        case chance(PartitionSelection)
    }

    /// True when a row is shown by chance, the likelier the more persons it has.
    package var showsRowsByChance: Bool {
        if case .chance = personsNoise { return true }
        return false
    }

    /// Resolves `settings` for statistic `index` of `plan`.
    package init(
        _ settings: NoiseSettings,
        statistic index: Int,
        of plan: StatisticsPlan
    ) throws(PrivacyFault) {
        guard plan.granularity == .separable, let person = plan.personInput else {
            throw PrivacyFault(.noPersons)
        }
        let statistic = plan.statistics[index]
        let measured = statistic.columns
        let personsColumn = try Self.checked(settings, statistic, person: person)
        let keys = try KeyRule(settings.keys, personsColumn: personsColumn)
        let noisy = NoiseShares(settings, shares: measured.count + (keys.hasHiddenCount ? 1 : 0))
        var columns: [NoisyColumn] = []
        for (column, bound) in settings.bounds.enumerated() {
            let (mechanism, rho) = try noisy.noise(bound: bound, column: measured[column].name)
            columns.append(
                NoisyColumn(
                    column: measured[column],
                    bound: bound,
                    mechanism: mechanism,
                    rho: rho
                )
            )
        }
        guard let rho = columns.first?.rho.times(UInt64(noisy.shares)) else {
            throw PrivacyFault(.noiseOutOfRange)
        }
        self.statistic = index
        name = statistic.name
        groupColumns = statistic.groupColumns
        self.columns = columns
        loss = PrivacyLoss(rho: rho, delta: keys.delta)
        self.settings = settings
        guard keys.decides else {
            threshold = nil
            personsNoise = .unused
            return
        }
        // Fewer persons than asked for are never shown, so that the first row that can be shown
        // stands where a row of one person stands without that demand.
        let most = keys.leastPersons - 1
        if personsColumn == nil, let selection = try noisy.selection(delta: keys.delta) {
            personsNoise = .chance(selection)
            threshold = most + selection.certainFrom
            return
        }
        let (counting, _) = try noisy.noise(bound: .one, column: nil)
        personsNoise = personsColumn.map { .column($0) } ?? .hidden(counting)
        threshold =
            most
            + counting.leastThreshold(
                delta: keys.delta.approximate,
                cells: settings.rowsPerPerson
            )
    }

    /// Checks the bounds of all columns; returns the column that counts all persons of a row.
    private static func checked(
        _ settings: NoiseSettings,
        _ statistic: StatisticPlan,
        person: Int
    ) throws(PrivacyFault) -> Int? {
        let measured = statistic.columns
        guard settings.bounds.count == measured.count, !measured.isEmpty,
            (1...NoiseSettings.rowsPerPersonMax).contains(settings.rowsPerPerson)
        else { throw PrivacyFault(.badBound) }
        var personsColumn: Int?
        for (column, source) in sources(of: statistic).enumerated() {
            let bound = settings.bounds[column]
            guard source.takesNoise(person: person) else {
                throw PrivacyFault(.unsupportedColumn, column: measured[column].name)
            }
            guard source.isMagnitude || bound.least == 0 && bound.step == ExactDecimal(1) else {
                throw PrivacyFault(.badBound, column: measured[column].name)
            }
            if source.countsEverybody(person: person), bound == .one { personsColumn = column }
        }
        return personsColumn
    }

    /// What is decided about the rows.
    private struct KeyRule {
        var decides = false
        var hasHiddenCount = false
        var delta = Ratio.zero
        var leastPersons: Int64 = 0

        init(
            _ keys: NoiseSettings.Keys,
            personsColumn: Int?
        ) throws(PrivacyFault) {
            guard case .observed(let risk, let leastPersons) = keys else { return }
            guard risk > .zero, risk < Ratio(whole: 1), (1...1 << 40).contains(leastPersons)
            else { throw PrivacyFault(.badBound) }
            decides = true
            hasHiddenCount = personsColumn == nil
            delta = risk
            self.leastPersons = leastPersons
        }
    }

    /// Where the figures of a column come from.
    private struct ColumnSource {
        let measure: MeasurePlan
        let figure: SessionsColumn.Figure?

        func takesNoise(person: Int) -> Bool {
            switch measure.kind {
            case .count, .sum, .distinct: true
            case .mean, .percentile: false
            case .sessions(let plan):
                plan.token == person && (figure == .count || figure == .single)
            }
        }

        func countsEverybody(person: Int) -> Bool {
            if case .distinct(person) = measure.kind { return measure.conditions.isEmpty }
            return false
        }

        var isMagnitude: Bool {
            if case .sum = measure.kind { return true }
            return false
        }
    }

    private static func sources(of statistic: StatisticPlan) -> [ColumnSource] {
        statistic.measures.flatMap { measure -> [ColumnSource] in
            if case .sessions(let plan) = measure.kind {
                return plan.columns.map { ColumnSource(measure: measure, figure: $0.figure) }
            }
            return [ColumnSource(measure: measure, figure: nil)]
        }
    }
}

/// Shares the cost of a table evenly.
private struct NoiseShares {
    let settings: NoiseSettings
    let shares: Int

    init(_ settings: NoiseSettings, shares: Int) {
        self.settings = settings
        self.shares = shares
    }

    /// The noise of one share for cells within `bound`, and its ρ.
    func noise(
        bound: ColumnBound,
        column: String?
    ) throws(PrivacyFault) -> (NoiseMechanism, Ratio) {
        let cells = settings.rowsPerPerson
        switch settings.cost {
        case .rho(let all):
            if let rho = all.divided(by: shares),
                let noise = DiscreteGaussian(cells: cells, change: bound.change, rho: rho)
            {
                return (.gaussian(noise), rho)
            }
        case .epsilon(let all):
            // Pure ε-differential privacy is ε²/2 zero-concentrated.
            if let epsilon = all.divided(by: shares),
                let rho = epsilon.times(epsilon)?.divided(by: 2),
                let noise = DiscreteLaplace(change: cells * bound.change, epsilon: epsilon)
            {
                return (.laplace(noise), rho)
            }
        }
        throw PrivacyFault(.noiseOutOfRange, column: column)
    }

    /// The choice of rows that one share of ε buys; nil for ρ, of which no best choice is known.
    ///
    /// It is (ε, δ)-differential privacy over all rows of a person, and with that δ-approximate
    /// ε²/2-zero-concentrated (Bun and Steinke 2016): what the share costs in any case.
    func selection(delta: Ratio) throws(PrivacyFault) -> PartitionSelection? {
        guard case .epsilon(let all) = settings.cost else { return nil }
        guard let epsilon = all.divided(by: shares),
            let selection = PartitionSelection(
                epsilon: epsilon.approximate, delta: delta.approximate,
                cells: settings.rowsPerPerson)
        else { throw PrivacyFault(.noiseOutOfRange) }
        return selection
    }
}
