internal import Anonymization
internal import Records
internal import Statistics

/// Columns whose values are parts of what other tables are by: versions of browsers, towns of
/// regions.
///
/// A table by the part and a table by the whole have no column in common, though the figures of the
/// one add up to those of the other. So both are counted together, in a table that nobody is shown:
/// control learns from it what belongs to what, also where small values were put together.
extension Planner {
    /// The tables that are counted beside `made` for its `within`.
    func unseenPlans(
        of made: StatisticPlan, _ statistic: StatisticSpecification, _ inputs: InputRegister,
        _ path: String
    ) -> [StatisticPlan] {
        guard !statistic.within.isEmpty, isWithinAllowed(statistic, path),
            let purpose = purposes[statistic.purpose.value]
        else { return [] }
        inputs.purpose = purpose
        var wholes: [String: [Statistics.GroupKey]] = [:]
        for entry in statistic.within where isColumn(entry, of: made, path) {
            wholes[entry.column.value] = entry.wholes.compactMap { whole in
                guard isShownBy(whole, statistic, inputs, path) else { return nil }
                return inputs.group(whole, isNamed: false, path: path).map {
                    .text(input: $0, column: whole.value)
                }
            }
        }
        let measures = made.measures.filter(\.addsUpOrBounds)
        if measures.isEmpty || wholes.values.allSatisfy(\.isEmpty) { return [] }
        return made.breakdowns.enumerated().compactMap { number, keys in
            let added = keys.flatMap { key in wholes[key.columnName] ?? [] }
            let fresh = added.filter { !keys.contains($0) }
            if fresh.isEmpty { return nil }
            return StatisticPlan(
                name: "\(made.name).within\(number + 1)", purposeIndex: made.purposeIndex,
                groupBy: keys + fresh, measures: measures, suppression: made.suppression)
        }
    }

    private func isWithinAllowed(_ statistic: StatisticSpecification, _ path: String) -> Bool {
        let position = statistic.within.first?.column.position ?? statistic.name.position
        if specification.publish == nil || statistic.path != nil {
            faults.add(
                "totals protect each other in a publication only: expected `publish`, and no "
                    + "`path` of the table's own", at: position, path: path)
            return false
        }
        if statistic.noise != nil {
            faults.add(
                "nothing is withheld from a table with `noise`: expected `noise` or `within`",
                at: position, path: path)
            return false
        }
        return true
    }

    private func isColumn(
        _ entry: StatisticSpecification.Within, of made: StatisticPlan, _ path: String
    ) -> Bool {
        let names = made.columns
        if names.contains(entry.column.value) { return true }
        faults.add(
            "the table is not by `\(entry.column.value)`: expected a field or dimension of `by`",
            at: entry.column.position, path: path,
            suggestion: nearestName(to: entry.column.value, among: names))
        return false
    }

    /// A whole that no other table is by, and no column about, is no total of anything.
    private func isShownBy(
        _ whole: Marked<String>, _ statistic: StatisticSpecification, _ inputs: InputRegister,
        _ path: String
    ) -> Bool {
        let others = specification.statistics.filter {
            $0.name.value != statistic.name.value && $0.path == nil && $0.noise == nil
        }
        // A table of several dimensions is one for each.
        let own = statistic.keys.filter { if case .dimension = $0 { true } else { false } }
        let fields = (others.flatMap(\.keys) + own).flatMap(\.fields)
        if fields.contains(whole.value) || inputs.compared.contains(whole.value) { return true }
        faults.add(
            "no other published table is by `\(whole.value)`: expected one whose figures are made "
                + "of these, or a column about it", at: whole.position, path: path,
            suggestion: nearestName(to: whole.value, among: fields))
        return false
    }
}

extension GroupKey {
    /// The fields that a key is of.
    fileprivate var fields: [String] {
        switch self {
        case .time: return []
        case .field(let field): return [field.value]
        case .dimension(let options):
            guard case .mapping(let members, _) = options.options else { return [] }
            return members.compactMap { member in
                if case .text(let field, _) = member.value { field } else { nil }
            }
        }
    }
}

extension Statistics.GroupKey {
    /// What a pipeline calls it.
    var columnName: String {
        switch self {
        case .month: "month"
        case .day: "day"
        case .hour: "hour"
        case .text(_, let column): column
        case .dimensions(let all): all.map(\.name).joined(separator: ", ")
        }
    }
}

extension MeasurePlan {
    /// True for figures that add up to those of other tables, or are bounded by them.
    var addsUpOrBounds: Bool {
        switch kind {
        case .count, .sum, .mean, .distinct: true
        // Sessions of other texts are other sessions.
        case .percentile, .sessions: false
        }
    }
}

extension StatisticPlan {
    /// The names of its columns and dimensions, but for the month: it is that of all tables.
    fileprivate var columns: [String] {
        breakdowns.joined().filter { $0 != .month }.map(\.columnName)
    }

    /// Its keys as single columns: a table of several dimensions is a breakdown for each.
    var breakdowns: [[Statistics.GroupKey]] {
        var plain: [Statistics.GroupKey] = []
        var dimensions: [Statistics.GroupKey] = []
        for key in groupBy {
            if case .dimensions(let all) = key {
                dimensions += all.map { .text(input: $0.input, column: $0.name) }
            } else {
                plain.append(key)
            }
        }
        return dimensions.isEmpty ? [plain] : dimensions.map { plain + [$0] }
    }
}
