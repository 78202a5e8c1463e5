internal import Publication
internal import Records
internal import Statistics

extension Planner {
    /// The noise of the published statistics; nil when none has any.
    func makeNoise(_ statistics: StatisticsPlan) -> NoiseRegister? {
        var plans: [NoisePlan] = []
        for (index, statistic) in specification.statistics.enumerated() {
            guard let noise = statistic.noise else { continue }
            let path = "statistics[\(index + 1)].noise"
            guard isPublished(statistic, noise, path), protectsPersonsOnly(statistic, noise, path),
                let place = statistics.statistics.firstIndex(where: {
                    $0.name == statistic.name.value
                })
            else { continue }
            if let plan = noisePlan(statistic, noise, place, statistics, path) {
                plans.append(plan)
            }
        }
        return register(plans)
    }

    private func isPublished(
        _ statistic: StatisticSpecification, _ noise: NoiseSpecification, _ path: String
    ) -> Bool {
        if specification.publish != nil, statistic.path == nil { return true }
        faults.add(
            "noise is drawn once, when a month is published: expected `publish`, and no `path` of "
                + "the table's own",
            at: noise.position, path: path)
        return false
    }

    /// Noise hides persons; a customer with many of them shows through it.
    private func protectsPersonsOnly(
        _ statistic: StatisticSpecification, _ noise: NoiseSpecification, _ path: String
    ) -> Bool {
        if specification.identity.customer == nil { return true }
        if statistic.suppression?.customers?.value == 1 { return true }
        faults.add(
            "noise protects persons, not customers: a row may stand on a single customer. Expected "
                + "`suppression: { customers: 1 }` in the table where that is acceptable",
            at: noise.position, path: path)
        return false
    }

    private func noisePlan(
        _ statistic: StatisticSpecification, _ noise: NoiseSpecification, _ place: Int,
        _ statistics: StatisticsPlan, _ path: String
    ) -> NoisePlan? {
        let measured = statistics.statistics[place]
        let bounds = NoiseBounds(noise, faults, path).bounds(of: measured, statistics.personInput)
        guard let bounds, let cost = noise.cost, let rows = noise.rows, let delta = noise.delta
        else { return nil }
        let asked = specification.publish?.persons.value ?? ControlRules.personsFloor
        let persons = max(asked, statistic.suppression?.persons?.value ?? 0)
        let settings = NoiseSettings(
            cost: cost.value, rowsPerPerson: UInt64(rows.value), bounds: bounds,
            keys: .observed(delta: delta.value, leastPersons: Int64(persons)))
        do throws(PrivacyFault) {
            return try NoisePlan(settings, statistic: place, of: statistics)
        } catch {
            faults.add(error.description, at: noise.position, path: path)
            return nil
        }
    }

    private func register(_ plans: [NoisePlan]) -> NoiseRegister? {
        let budget = specification.publish?.budget
        guard let first = specification.statistics.first(where: { $0.noise != nil }) else {
            if let budget {
                faults.add(
                    "nothing spends this budget: expected a statistic with `noise`",
                    at: budget.position, path: "publish.budget")
            }
            return nil
        }
        guard let budget, let limit = budget.month else {
            if budget == nil, specification.publish != nil {
                faults.add(
                    "noise costs privacy: expected `publish.budget`",
                    at: first.noise?.position ?? .none, path: "statistics")
            }
            return nil
        }
        let register = NoiseRegister(
            plans: plans, limit: limit, limitOverall: budget.overall)
        guard let cost = register.costOfMonth, cost.isWithin(limit) else {
            let cost = register.costOfMonth
            let told = cost.map {
                "ρ = \($0.rho.decimalText), δ = \($0.delta.decimalText)"
            } ?? "more than can be added up"
            faults.add(
                "the noisy tables of one month cost \(told): expected a budget of at least that",
                at: budget.position, path: "publish.budget")
            return nil
        }
        return register
    }
}

/// The bounds of the columns of a noisy table, as they are written.
private struct NoiseBounds {
    let noise: NoiseSpecification
    let faults: Faults
    let path: String

    init(_ noise: NoiseSpecification, _ faults: Faults, _ path: String) {
        self.noise = noise
        self.faults = faults
        self.path = "\(path).bounds"
    }

    /// A bound for each column; nil with faults.
    func bounds(of statistic: StatisticPlan, _ person: Int?) -> [ColumnBound]? {
        let names = statistic.columns.map(\.name)
        for bound in noise.bounds where !names.contains(bound.column.value) {
            faults.add(
                "found the bound of another column, expected \(alternatives(names))",
                at: bound.column.position, path: path,
                suggestion: nearestName(to: bound.column.value, among: names))
        }
        for name in names where names.contains(PublishedNoise.accuracyName(of: name)) {
            faults.add(
                "`\(PublishedNoise.accuracyName(of: name))` is the name of the column with the "
                    + "accuracy of `\(name)`: expected another",
                at: noise.position, path: path)
        }
        let counting = countingPersons(statistic, person)
        let found = names.map { name -> ColumnBound? in
            if let written = noise.bounds.first(where: { $0.column.value == name }) {
                return bound(written)
            }
            if counting.contains(name) { return .one }
            faults.add(
                "expected `\(name)`: the most that one user may add to a figure",
                at: noise.position, path: path)
            return nil
        }
        let bounds = found.compactMap { $0 }
        return bounds.count == found.count ? bounds : nil
    }

    /// The columns to which one person can add no more than one.
    private func countingPersons(_ statistic: StatisticPlan, _ person: Int?) -> [String] {
        statistic.measures.compactMap { measure in
            guard case .distinct(let token) = measure.kind, token == person else { return nil }
            return measure.name
        }
    }

    private func bound(_ written: NoiseSpecification.Bound) -> ColumnBound? {
        let least = steps(written.least, of: written.step)
        let most = steps(written.most, of: written.step)
        if let least, let most,
            let bound = ColumnBound(least: least, most: most, step: written.step)
        {
            return bound
        }
        faults.add(
            "expected `most` from 0 and `least` up to 0, whole multiples of `step`, apart, and at "
                + "most 2^40 steps",
            at: written.column.position, path: "\(path).\(written.column.value)")
        return nil
    }

    private func steps(_ value: ExactDecimal, of step: ExactDecimal) -> Int64? {
        guard step.billionths > 0, value.billionths % step.billionths == 0 else { return nil }
        return Int64(exactly: value.billionths / step.billionths)
    }
}
