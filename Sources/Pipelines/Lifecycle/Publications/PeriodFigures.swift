internal import Ledger
internal import Publication
internal import Statistics

/// The figures of a period, measured, and what earlier publications of it forbid to tell.
struct PeriodFigures {
    /// The values that are counted together.
    let rollUp: RollUp
    let measured: [MeasuredTable]
    /// For each table.
    let found: [DifferenceFindings]
}

/// What an earlier publication of a period told.
struct EarlierFigures {
    let tables: [PublishedTable]
    /// What it counted, as it is left today.
    let counted: [PeriodTables.Piece]
    /// What is counted now and was not then.
    let added: [PeriodTables.Piece]
}

extension PeriodTables {
    /// Measures `pieces`: small values are put together first, then every figure is held against
    /// all earlier publications of the period.
    func figures(
        _ pieces: [Piece], after earlier: [EarlierFigures]
    ) throws(PipelineFailure) -> PeriodFigures {
        let rollUp = try rollUp(pieces, after: earlier)
        let measured = try measured(pieces, rollUp)
        var found = measured.map { _ in DifferenceFindings() }
        for one in earlier {
            let more = try differences(measured, to: one, rollUp)
            for index in found.indices { found[index].formUnion(more[index]) }
        }
        return PeriodFigures(rollUp: rollUp, measured: measured, found: found)
    }

    // MARK: Differences

    /// What `now` would tell, held against an earlier publication of the same period.
    ///
    /// The additions are tables of their own to who subtracts: what control would leave out of them
    /// is told in one of the two publications at most.
    private func differences(
        _ now: [MeasuredTable], to earlier: EarlierFigures, _ rollUp: RollUp
    ) throws(PipelineFailure) -> [DifferenceFindings] {
        let added = try measured(earlier.added, rollUp)
        let check = DifferenceCheck(
            earlier: earlier.tables, recounted: try measured(earlier.counted, rollUp),
            added: added, controlledAdditions: try safe(added).tables, counts: toldCounts, rules)
        var found: [DifferenceFindings] = []
        for table in now {
            try PipelineFailure.checkStop()
            found.append(check.findings(in: table))
        }
        return found
    }

    // MARK: Small values

    /// The values that are counted together. A value stays where earlier publications of the period
    /// had it: moved, it would be told by subtraction.
    private func rollUp(
        _ pieces: [Piece], after earlier: [EarlierFigures]
    ) throws(PipelineFailure) -> RollUp {
        let columns = rolledColumns()
        if columns.isEmpty { return RollUp() }
        let statistics = chosen.map { plan.statistics.statistics[$0] }
        var rule = RollUpRule(
            statistics: chosen, inputs: Set(columns.map(\.input)),
            persons: statistics.map(persons).max() ?? publish.rules.persons,
            customers: statistics.map(customers).max() ?? 0)
        // A value that a measure names is looked for in its row.
        let names = plan.statistics.textInputs.map(\.name)
        for condition in statistics.flatMap(\.measures).flatMap(\.conditions) {
            for input in rule.inputs where names[input] == names[condition.input] {
                rule.own[input, default: []].formUnion(condition.texts)
            }
        }
        for one in earlier {
            let shown = shownValues(one.tables)
            let known = try merged(one.counted) { try $0.values(rule) }
            for (input, values) in shown {
                rule.own[input, default: []].formUnion(values.subtracting([RollUp.label]))
                let hidden = known[input, default: []].subtracting(values)
                rule.together[input, default: []].formUnion(hidden)
            }
        }
        let settled = rule
        return try merged(pieces) { try $0.rollUp(settled) }
    }

    /// By text input the values that rows of published tables are named by.
    private func shownValues(_ tables: [PublishedTable]) -> [Int: Set<[UInt8]>] {
        var shown: [Int: Set<[UInt8]>] = [:]
        for published in tables.map(\.table) {
            let index = chosen.first { plan.statistics.statistics[$0].name == published.name }
            guard let index else { continue }
            for column in columns(of: plan.statistics.statistics[index]) {
                for row in published.rows {
                    guard let value = column.value(in: row.key, published.groupColumns) else {
                        continue
                    }
                    shown[column.input, default: []].insert(value)
                }
            }
        }
        return shown
    }

    /// A group column, or a dimension of one, whose small values are counted together.
    private struct RolledColumn {
        let name: String
        let input: Int
        let isDimension: Bool

        func value(in key: [[UInt8]], _ groups: [String]) -> [UInt8]? {
            guard isDimension else { return groups.firstIndex(of: name).map { key[$0] } }
            guard let at = groups.firstIndex(of: "dimension"), key.indices.contains(at + 1),
                key[at].elementsEqual(name.utf8)
            else { return nil }
            return key[at + 1]
        }
    }

    private func columns(of statistic: StatisticPlan) -> [RolledColumn] {
        let all = statistic.groupBy.flatMap { key -> [RolledColumn] in
            switch key {
            case .month, .day, .hour: []
            case .text(let input, let column):
                [RolledColumn(name: column, input: input, isDimension: false)]
            case .dimensions(let dimensions):
                dimensions.map { RolledColumn(name: $0.name, input: $0.input, isDimension: true) }
            }
        }
        return all.filter { column in
            publish.rollsUp(column.name) && !plan.statistics.textInputs[column.input].isOfNamed
        }
    }

    private func rolledColumns() -> [RolledColumn] {
        chosen.flatMap { columns(of: plan.statistics.statistics[$0]) }
    }

    /// The columns of a table in which values were put together, for its readers.
    func rolledColumns(_ statistic: StatisticPlan, _ rollUp: RollUp) -> String {
        columns(of: statistic).filter { rollUp.values[$0.input] != nil }.map(\.name)
            .joined(separator: ", ")
    }
}
