internal import Anonymization
internal import Records
internal import Statistics

/// Published tables and columns by different things that are made of one field: days and weeks,
/// ages in tens and in classes, browsers and kinds of programmes.
///
/// They have no column in common, though a value of the one lies in values of the other, or
/// overlaps them. What is withheld of the one could be computed from the other, unless both are
/// counted together, which `within` asks for.
extension Planner {
    /// Notes a fault for each published table that overlaps another so, unless the pipeline accepts
    /// it. It keeps its figures from being published, and nothing else from being done.
    func noteOverlaps(
        of plans: [StatisticPlan], _ planned: PlannedObservations, _ inputs: InputRegister
    ) {
        let isAccepted = specification.acknowledged.contains { $0.value == .overlappingTables }
        guard let publish = specification.publish, !isAccepted else { return }
        let tables = plans.indices.map {
            OverlapSearch.Table(
                plan: plans[$0], categories: planned.plan.statistics[$0].categories)
        }
        let published = publishedPlaces(plans)
        let within = plans.indices.filter { planned.tables[$0].isUnseen }
        let search = OverlapSearch(
            published: published.map { tables[$0] }, joint: (published + within).map { tables[$0] },
            hasExactCounts: publish.counts == .exact, inputs: inputs)
        overlaps = search.published.indices.compactMap { at in
            search.overlap(at: at).flatMap { fault($0, in: search.published[at].plan.name) }
        }
    }

    private func fault(_ overlap: Overlap, in table: String) -> SettingFault? {
        guard
            let index = specification.statistics.firstIndex(where: { $0.name.value == table })
        else { return nil }
        let way =
            overlap.within.map { "expected `within: { \($0.part): \($0.whole) }` in `\($0.table)`" }
            ?? "expected one of them"
        return SettingFault(
            "\(overlap.words) overlap, being made of one field: what is withheld of the one could "
                + "be computed from the other, so nothing is published; \(way), or `acknowledge: "
                + "[\(Acknowledgement.overlappingTables.rawValue)]`, as for months that were "
                + "begun without it",
            at: specification.statistics[index].name.position, path: "statistics[\(index + 1)]")
    }
}

/// What two tables are about that overlaps.
private struct Overlap {
    let words: String
    /// How one of both says it; nil where none can.
    var within: (table: String, part: String, whole: String)?
}

/// Looks for tables and columns that overlap, and are not counted together.
private struct OverlapSearch {
    struct Table {
        let plan: StatisticPlan
        /// An opt-out is about the categories of what a table reads.
        let categories: CategorySet

        /// True where opt-outs leave the same records out of both.
        func isOfSameRecords(as other: Table) -> Bool {
            plan.purposeIndex == other.plan.purposeIndex && categories == other.categories
        }
    }

    let published: [Table]
    /// What may count several things together: the published tables, and those of `within`.
    let joint: [Table]
    let hasExactCounts: Bool
    let inputs: InputRegister

    /// What overlaps between the published table `at` and itself or an earlier one.
    func overlap(at: Int) -> Overlap? {
        published[...at].lazy.compactMap { earlier in
            overlap(of: earlier, and: published[at])
                ?? overlapOfColumns(of: earlier, and: published[at])
        }.first
    }

    private func overlap(of one: Table, and other: Table) -> Overlap? {
        let measures = pairs(of: one.plan, and: other.plan)
        let joint = joint.filter { $0.isOfSameRecords(as: one) || $0.isOfSameRecords(as: other) }
        for first in one.plan.breakdowns {
            for second in other.plan.breakdowns {
                let common = first.filter(second.has)
                for key in first where !second.has(key) {
                    for kin in second where !first.has(kin) && areOverlapping(key, kin) {
                        let isHeld = measures.allSatisfy { pair in
                            joint.contains { $0.plan.counts(pair, by: common + [key, kin]) }
                        }
                        if !isHeld { return overlap(key, of: one.plan, kin, of: other.plan) }
                    }
                }
            }
        }
        return nil
    }

    private func overlap(
        _ key: Statistics.GroupKey, of one: StatisticPlan,
        _ kin: Statistics.GroupKey, of other: StatisticPlan
    ) -> Overlap {
        // Days and hours are no fields, and cannot be what something lies in.
        let isTurned = if case .text = kin { false } else { true }
        let (part, whole) = isTurned ? (kin, key) : (key, kin)
        let field = if case .text(let input, _) = whole { inputs.column(input) } else { "" }
        let isOfSessions = pairs(of: one, and: other).contains { $0.0.isOfSessions }
        return Overlap(
            words: "`\(one.name)` by `\(key.columnName)` and "
                + "`\(other.name)` by `\(kin.columnName)`",
            within: isOfSessions
                ? nil : ((isTurned ? other : one).name, part.columnName, field))
    }

    /// The columns of two tables about parts that overlap, where no table is by what one of them is
    /// about: by such a table they would be held against each other.
    private func overlapOfColumns(of one: Table, and other: Table) -> Overlap? {
        for (measure, second) in pairs(of: one.plan, and: other.plan) {
            for condition in measure.conditions {
                for kin in second.conditions
                where areOverlapping(condition.input, kin.input)
                    && !isGrouped(condition.input) && !isGrouped(kin.input)
                {
                    return Overlap(
                        words: "`\(one.plan.name).\(measure.name)`, about a part by "
                            + "`\(inputs.column(condition.input))`, and "
                            + "`\(other.plan.name).\(second.name)` by "
                            + "`\(inputs.column(kin.input))`",
                        within: nil)
                }
            }
        }
        return nil
    }

    /// True when a published table is by a text input or, where it is made of the time, by days.
    private func isGrouped(_ input: Int) -> Bool {
        published.flatMap(\.plan.breakdowns).joined().contains { key in
            if case .text(input, _) = key { true } else { key == .day && inputs.isTime(input) }
        }
    }

    /// The figures of two tables whose differences would tell something.
    private func pairs(
        of one: StatisticPlan, and other: StatisticPlan
    ) -> [(MeasurePlan, MeasurePlan)] {
        one.measures.filter(isTold).flatMap { measure in
            other.measures.filter(isTold).filter(measure.addsUpWith).map { (measure, $0) }
        }
    }

    /// True for figures that are told as they are: rounding and cell keys are for counts only.
    private func isTold(_ measure: MeasurePlan) -> Bool {
        switch measure.kind {
        case .count, .distinct, .sessions: hasExactCounts
        case .sum, .mean: true
        case .percentile: false
        }
    }

    private func areOverlapping(_ one: Statistics.GroupKey, _ other: Statistics.GroupKey) -> Bool {
        switch (one, other) {
        case (.text(let one, _), .text(let other, _)): areOverlapping(one, other)
        case (.day, .text(let input, _)), (.text(let input, _), .day): inputs.isTime(input)
        case (.hour, .text(let input, _)), (.text(let input, _), .hour): tellsHour(input)
        default: false
        }
    }

    /// True when the values of two text inputs are made of the same field, and what one of them is
    /// says something of the other.
    private func areOverlapping(_ one: Int, _ other: Int) -> Bool {
        guard one != other, inputs.areOfOneField(one, other) else { return false }
        guard
            let first = inputs.transform(of: one) as? AgentFamily,
            let second = inputs.transform(of: other) as? AgentFamily
        else { return true }
        return !first.isApart(from: second)
    }

    /// True when the values of a text input may tell the hour of the record.
    private func tellsHour(_ input: Int) -> Bool {
        guard inputs.isTime(input) else { return false }
        return (inputs.transform(of: input) as? TruncateTime).map { $0.unit == .hour } ?? true
    }
}

extension StatisticPlan {
    /// True when a table by `keys`, of two figures that add up with each other, is in this one.
    fileprivate func counts(
        _ pair: (MeasurePlan, MeasurePlan), by keys: [Statistics.GroupKey]
    ) -> Bool {
        let (one, other) = (pair.0.conditions, pair.1.conditions)
        let known = one == other ? [one] : [[], one, other]
        return breakdowns.contains { keys.allSatisfy($0.has) }
            && measures.contains { $0.measuresSame(as: pair.0) && known.contains($0.conditions) }
    }
}

extension MeasurePlan {
    fileprivate var isOfSessions: Bool { if case .sessions = kind { true } else { false } }

    /// True when figures of both add up to each other, or nearly so: of sessions, all that no
    /// midnight cuts.
    fileprivate func addsUpWith(_ other: MeasurePlan) -> Bool {
        measuresSame(as: other) || isOfSessions && other.isOfSessions
    }
}
