internal import Anonymization
internal import Records
internal import Statistics

/// Columns about a part of the records: `{ count: { action: login } }`.
///
/// What such columns have to do with each other, and with tables by the same field or by what is
/// made of it, no table of them shows: that one part lies in another, or which raw values a group
/// is made of. So the records are counted by the values that conditions name besides, in tables
/// that nobody is shown; control learns from them what is part of what.
extension Planner {
    /// The tables that are counted for the sake of columns about a part; the conditions of `plans`
    /// and the inputs are changed to fit them.
    func partPlans(
        _ planned: PlannedObservations, _ plans: inout [StatisticPlan], _ inputs: InputRegister
    ) -> [PartPlan] {
        let counted = keptPlaces(plans)
        // Those of `within` say what is part of what as well as any.
        let within = plans.indices.filter { planned.tables[$0].isUnseen }
        let published = publishedPlaces(plans) + within
        let relations = PartRelations(
            of: counted.map { plans[$0] }, beside: (counted + within).map { plans[$0] }, inputs)
        let asked = counted.map { relations.inputSets(of: plans[$0]) }
        let named = nameValues(
            Set(asked.joined().joined()).subtracting(relations.grouped), &plans, inputs)
        var made = PartPlans(
            beside: plans, categories: planned.plan.statistics.map(\.categories),
            published: published, within: within)
        for (at, sets) in zip(counted, asked) {
            for (number, set) in sets.enumerated() {
                let keys = relations.keys(of: set, named)
                for (part, breakdown) in plans[at].breakdowns.enumerated() {
                    let fresh = keys.filter { !breakdown.has($0) }
                    if fresh.isEmpty { continue }
                    let plan = StatisticPlan(
                        name: "\(plans[at].name).part\(number + 1)\(part == 0 ? "" : ".\(part)")",
                        purposeIndex: plans[at].purposeIndex, groupBy: breakdown + fresh,
                        measures: plans[at].wholeMeasures, suppression: plans[at].suppression)
                    made.add(plan, of: at, isSpanning: relations.areApart(set))
                }
            }
        }
        return made.made
    }

    /// Where the plans of tables are whose counts a state keeps: any may be published later. None
    /// where all have files of their own and nothing is published.
    private func keptPlaces(_ plans: [StatisticPlan]) -> [Int] {
        let isPublishable =
            specification.publish != nil || specification.statistics.contains { $0.path == nil }
        guard specification.state != nil, isPublishable else { return [] }
        return specification.statistics.compactMap { statistic in
            plans.firstIndex { $0.name == statistic.name.value }
        }
    }

    /// Where the plans of tables are that are published under control.
    func publishedPlaces(_ plans: [StatisticPlan]) -> [Int] {
        guard specification.publish != nil else { return [] }
        return specification.statistics.compactMap { statistic in
            if statistic.path != nil || statistic.noise != nil { return nil }
            return plans.firstIndex { $0.name == statistic.name.value }
        }
    }

    /// Gives each of the inputs `raw` a place where it has no values but those that conditions
    /// name: what else there is in a field, no state needs to know.
    private func nameValues(
        _ raw: Set<Int>, _ plans: inout [StatisticPlan], _ inputs: InputRegister
    ) -> [Int: Int] {
        var named: [Int: Int] = [:]
        for input in raw.sorted() where !inputs.isRuled(input) {
            let texts = plans.flatMap(\.measures).flatMap(\.conditions)
                .filter { $0.input == input }.flatMap(\.texts)
            let isReadOtherwise = plans.contains { $0.reads(input) }
            named[input] = inputs.name(texts, of: input, inPlace: !isReadOtherwise)
        }
        plans = plans.map { $0.reading(named) }
        return named
    }
}

/// A table that is counted beside another.
struct PartPlan {
    let plan: StatisticPlan
    /// The place of the other.
    let of: Int
    /// False when some of its columns are made of the same field: not all values go together.
    let isSpanning: Bool
    /// False while control has no need of it: no table that it is about is published.
    var isPublished: Bool
}

/// The tables that are counted beside others, but for those whose figures another one has.
private struct PartPlans {
    /// The tables that a pipeline names, and what each of them reads.
    private let plans: [StatisticPlan]
    private let categories: [CategorySet]
    /// The places of those that are published, and of those that `within` asks for.
    private let published: [Int]
    private let within: [Int]
    private(set) var made: [PartPlan] = []

    init(
        beside plans: [StatisticPlan], categories: [CategorySet], published: [Int], within: [Int]
    ) {
        self.plans = plans
        self.categories = categories
        self.published = published
        self.within = within
    }

    /// Adds a table that is counted beside that at `of`, unless another one shows the same.
    mutating func add(_ plan: StatisticPlan, of: Int, isSpanning: Bool) {
        if isShown(plan, of, by: within) { return }
        let isNeeded = published.contains(of) && !isShown(plan, of, by: published)
        if let first = made.firstIndex(where: { $0.plan.shows(plan) && areAlike($0.of, of) }) {
            if isNeeded { made[first].isPublished = true }
            return
        }
        made.append(PartPlan(plan: plan, of: of, isSpanning: isSpanning, isPublished: isNeeded))
    }

    private func isShown(_ plan: StatisticPlan, _ of: Int, by places: [Int]) -> Bool {
        places.contains { plans[$0].shows(plan) && areAlike($0, of) }
    }

    /// An opt-out is about the categories of what a table reads.
    private func areAlike(_ one: Int, _ other: Int) -> Bool {
        categories[one] == categories[other]
    }
}

extension Plan {
    /// Which tables are counted for the sake of columns about a part, what they are by and what
    /// they measure; empty without any.
    var partsText: String {
        zip(tables, statistics.statistics).filter(\.0.isPart).map { _, plan in
            let columns = plan.groupBy.map(\.columnText).joined(separator: ", ")
            let measures = plan.measures.map(\.kindText).joined(separator: ", ")
            return "\(plan.name): \(columns): \(measures)\n"
        }.joined()
    }
}

extension Statistics.GroupKey {
    fileprivate var columnText: String {
        switch self {
        case .month: "month"
        case .day: "day"
        case .hour: "hour"
        case .text(let input, let column): "\(input) \(column)"
        case .dimensions(let all): all.map { "\($0.input) \($0.name)" }.joined(separator: " ")
        }
    }
}

extension MeasurePlan {
    fileprivate var kindText: String {
        switch kind {
        case .count: "count"
        case .sum(let input): "sum \(input)"
        case .mean(let input, _): "mean \(input)"
        case .distinct(let token): "distinct \(token)"
        case .percentile(let input, _): "percentile \(input)"
        case .sessions: "sessions"
        }
    }
}

/// What the conditions of published tables have to do with each other and with their groups.
private struct PartRelations {
    /// The text inputs that tables are by.
    let grouped: Set<Int>
    /// For each input the conditions of columns that it decides about, with all their inputs.
    private var parts: [Int: Set<[Int: Set<[UInt8]>]>] = [:]
    /// For each input what else tables are by that is made of the same field: days of times, too.
    private var kin: [Int: [Statistics.GroupKey]] = [:]
    private let inputs: InputRegister

    init(
        of published: [StatisticPlan], beside known: [StatisticPlan], _ inputs: InputRegister
    ) {
        self.inputs = inputs
        let grouped = Set(known.flatMap(\.textInputs))
        self.grouped = grouped
        for measure in published.flatMap(\.measures) where measure.addsUpOrBounds {
            var part: [Int: Set<[UInt8]>] = [:]
            for condition in measure.conditions { part[condition.input] = Set(condition.texts) }
            for input in part.keys { parts[input, default: []].insert(part) }
        }
        let times = [Statistics.GroupKey.day, .hour].filter { time in
            known.contains { $0.groupBy.contains(time) }
        }
        for input in parts.keys {
            let texts = grouped.filter { inputs.areOfOneField($0, input) && $0 != input }
            kin[input] = texts.sorted().map { .text(input: $0, column: inputs.column($0)) }
                + (inputs.isTime(input) ? times : [])
        }
    }

    /// The sets of inputs by which records must be counted for the columns of a table; none that
    /// is part of another.
    func inputSets(of plan: StatisticPlan) -> [[Int]] {
        var sets: [Set<Int>] = []
        for measure in plan.measures where measure.addsUpOrBounds {
            let set = Set(measure.conditions.map(\.input))
            if !sets.contains(set), set.contains(where: { isRelated($0, set) }) {
                sets.append(set)
            }
        }
        return sets.filter { set in !sets.contains { $0.isStrictSuperset(of: set) } }
            .map { $0.sorted() }
    }

    /// False for what control sees by itself: one part, and groups that decide about it.
    private func isRelated(_ input: Int, _ set: Set<Int>) -> Bool {
        parts[input, default: []].count > 1 || !kin[input, default: []].isEmpty
            || set.count > 1 && grouped.contains(input)
    }

    /// True when nothing that tables are by is made of the same fields.
    func areApart(_ set: [Int]) -> Bool { set.allSatisfy { kin[$0, default: []].isEmpty } }

    /// What the table of a set of inputs is by.
    func keys(of set: [Int], _ named: [Int: Int]) -> [Statistics.GroupKey] {
        let own = set.map { input in
            Statistics.GroupKey.text(input: named[input] ?? input, column: inputs.column(input))
        }
        var keys: [Statistics.GroupKey] = []
        for key in own + set.flatMap({ kin[$0] ?? [] }) where !keys.has(key) { keys.append(key) }
        return keys
    }
}

extension StatisticPlan {
    /// The text inputs that it is by, dimensions among them.
    fileprivate var textInputs: [Int] {
        groupBy.flatMap { key -> [Int] in
            switch key {
            case .month, .day, .hour: []
            case .text(let input, _): [input]
            case .dimensions(let all): all.map(\.input)
            }
        }
    }

    /// True when it reads a text input for anything but a condition.
    fileprivate func reads(_ input: Int) -> Bool {
        textInputs.contains(input)
            || measures.contains { measure in
                switch measure.kind {
                case .count, .distinct, .sessions: false
                case .sum(let number), .mean(let number, _), .percentile(let number, _):
                    number == input
                }
            }
    }

    /// The same with conditions on other inputs.
    fileprivate func reading(_ named: [Int: Int]) -> StatisticPlan {
        StatisticPlan(
            name: name, purposeIndex: purposeIndex, groupBy: groupBy,
            measures: measures.map { measure in
                MeasurePlan(
                    name: measure.name,
                    conditions: measure.conditions.map {
                        Condition(input: named[$0.input] ?? $0.input, texts: $0.texts)
                    }, kind: measure.kind)
            }, suppression: suppression)
    }

    /// What its columns measure, of all records.
    fileprivate var wholeMeasures: [MeasurePlan] {
        var whole: [MeasurePlan] = []
        for measure in measures where measure.addsUpOrBounds {
            let added = MeasurePlan(name: measure.name, kind: measure.kind)
            if !whole.contains(where: { $0.measuresSame(as: added) }) { whole.append(added) }
        }
        return whole
    }

    /// True when all figures of `other` are figures of this table or sums of them.
    fileprivate func shows(_ other: StatisticPlan) -> Bool {
        purposeIndex == other.purposeIndex
            && other.groupBy.allSatisfy { key in
                groupBy.has(key) || key == .month && groupBy.contains(.day)
            }
            && other.measures.allSatisfy { measure in
                measures.contains { $0.conditions.isEmpty && $0.measuresSame(as: measure) }
            }
    }
}

extension [Statistics.GroupKey] {
    /// True when one of the keys is `key`, under whatever name.
    func has(_ key: Statistics.GroupKey) -> Bool {
        guard case .text(let input, _) = key else { return contains(key) }
        return contains { if case .text(input, _) = $0 { true } else { false } }
    }
}

extension MeasurePlan {
    /// True when both are about the same thing, of whichever records.
    func measuresSame(as other: MeasurePlan) -> Bool {
        switch (kind, other.kind) {
        case (.count, .count): true
        case (.distinct(let one), .distinct(let two)): one == two
        case (.sum(let one), .sum(let two)), (.sum(let one), .mean(let two, _)),
            (.mean(let one, _), .sum(let two)), (.mean(let one, _), .mean(let two, _)):
            one == two
        default: false
        }
    }
}

/// Leaves of a field the values that conditions name: everything else is one value.
struct NamedValues: Transform {
    private let values: Set<[UInt8]>
    /// What stands for all others: none of those named.
    private let rest: [UInt8]

    init(_ values: [[UInt8]]) {
        self.values = Set(values)
        var rest = Array("other".utf8)
        while values.contains(rest) { rest += Array("_".utf8) }
        self.rest = rest
    }

    func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        // Nothing else is compared with a condition.
        guard [.text, .escapedText, .number, .boolean].contains(value.kind) else { return .dropped }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.bytes.count)
        for at in value.bytes.indices { bytes.append(value.bytes[at]) }
        if values.contains(bytes) { return .unchanged }
        for byte in rest { output.append(byte) }
        return .text
    }

    func isReleased(_ value: borrowing FieldValue) -> Bool { true }
}
