package import KeyedHashing
package import Statistics

/// Measures the risk of rows at every level of a ladder in one pass, exactly, in bounded memory.
///
/// Classes and values are told apart by 64 bits of a keyed hash: among a hundred million of them
/// the chance that any two are taken for one is about 1 in 4,000. The figures depend on the rows
/// and the key only, not on their order.
package struct RiskSurvey: ~Copyable {
    private let plan: RiskPlan
    private let hasher: HMACSHA256
    private var persons: [SurveyLevel] = []
    /// Rows that name nobody.
    private var namelessRows: Int64 = 0

    /// A survey for `plan`; `storage` takes what does not fit in its memory.
    package init(_ plan: RiskPlan, key: HMACSHA256, storage: any SpillStorage) {
        self.plan = plan
        hasher = key
        let sorters = plan.levelCount * (plan.values == nil ? 1 : 2)
        for _ in 0..<plan.levelCount {
            persons.append(
                SurveyLevel(
                    memoryBytes: plan.memoryBytes / sorters, hasValues: plan.values != nil,
                    storage: storage))
        }
    }

    /// Adds a released row: its quasi-identifiers in the order of the plan, whose it is
    /// (`Token.none`: nobody's), and its sensitive value where the plan demands some.
    package mutating func add(
        _ row: [[UInt8]], person: Token, sensitive: [UInt8] = []
    ) throws(RiskFault) {
        var row = row
        if person == .none { namelessRows += 1 }
        // What is missing is no value: it would hide nobody.
        let value =
            plan.values == nil || sensitive.isEmpty ? nil : RowClass.hash([sensitive], hasher)
        for level in 0..<plan.levelCount {
            if level > 0 {
                let step = plan.ladder[level - 1]
                let coarser = step.change.applied(to: row[step.column])
                row[step.column] = coarser
            }
            // A token is a keyed hash: its first half is as good as any.
            try persons[level].add(
                RowClass.hash(row, hasher), person: person.high, value: value)
        }
    }

    /// The figures of every level, and what to do to the rows: the first level at which all classes
    /// are large enough once no more than the allowed share of rows is removed.
    package consuming func finish() throws(RiskFault) -> RiskReport {
        var levels: [RiskFigures] = []
        var release: RowRelease?
        var after: RiskFigures?
        for level in 0..<plan.levelCount {
            let sorted = try persons[level].sorted()
            let figures = try Self.figures(sorted, plan)
            levels.append(figures)
            guard release == nil, Self.isAllowed(figures, plan) else { continue }
            let removed = try Self.removed(sorted, plan)
            after = removed.figures
            release = RowRelease(
                plan: plan, hasher: hasher, level: level, removedClasses: removed.classes)
        }
        return RiskReport(
            plan: plan, levels: levels, namelessRows: namelessRows, release: release,
            after: after)
    }

    private static func isBelow(_ summary: ClassSummary, _ plan: RiskPlan) -> Bool {
        if summary.persons < plan.persons { return true }
        guard let demand = plan.values, let values = summary.values else { return false }
        return values.different < demand
    }

    private static func figures(
        _ sorted: SurveyLevel.Sorted, _ plan: RiskPlan
    ) throws(RiskFault) -> RiskFigures {
        var figures = RiskFigures()
        var classes = try sorted.classes()
        while let summary = try classes.next() {
            figures.add(summary, isBelow: isBelow(summary, plan))
        }
        return figures
    }

    private static func isAllowed(_ figures: RiskFigures, _ plan: RiskPlan) -> Bool {
        guard figures.classesBelow <= plan.removedClassesMax else { return false }
        let share = plan.removedShare
        let isShareAllowed = UInt128(figures.rowsBelow) * UInt128(share.denominator)
            <= UInt128(share.numerator) * UInt128(figures.rows)
        return isShareAllowed && (figures.rowsBelow < figures.rows || figures.rows == 0)
    }

    private static func removed(
        _ sorted: SurveyLevel.Sorted, _ plan: RiskPlan
    ) throws(RiskFault) -> (classes: [UInt64], figures: RiskFigures) {
        var figures = RiskFigures()
        var removed: [UInt64] = []
        var classes = try sorted.classes()
        while let summary = try classes.next() {
            if isBelow(summary, plan) {
                removed.append(summary.hash)
            } else {
                figures.add(summary, isBelow: false)
            }
        }
        return (removed, figures)
    }
}

/// The sorters of one level. A class, as lists can't hold what can't be copied.
private final class SurveyLevel {
    private var persons: PairSorter
    private var values: PairSorter?
    private let storage: any SpillStorage

    init(memoryBytes: Int, hasValues: Bool, storage: any SpillStorage) {
        self.storage = storage
        persons = PairSorter(memoryBytes: memoryBytes, storage: storage)
        if hasValues { values = PairSorter(memoryBytes: memoryBytes, storage: storage) }
    }

    func add(_ rowClass: UInt64, person: UInt64, value: UInt64?) throws(RiskFault) {
        try persons.add(rowClass, person)
        if let value { try values?.add(rowClass, value) }
    }

    struct Sorted {
        let persons: SortedPairs
        let values: SortedPairs?

        func classes() throws(RiskFault) -> ClassReader {
            try ClassReader(persons: persons, values: values)
        }
    }

    /// The pairs in order; the level is empty afterwards.
    func sorted() throws(RiskFault) -> Sorted {
        var ended = PairSorter(memoryBytes: 0, storage: storage)
        swap(&ended, &persons)
        let sortedPersons = try ended.sorted()
        var sortedValues: SortedPairs?
        if let values = values.take() { sortedValues = try values.sorted() }
        return Sorted(persons: sortedPersons, values: sortedValues)
    }
}

/// The class of a row: a keyed hash of its quasi-identifiers.
enum RowClass {
    /// No message of a token begins with these bytes (`TokenDomain.version`).
    private static let head: [UInt8] = [0x82] + Array("sluice class of row".utf8)

    static func hash(_ row: [[UInt8]], _ hasher: HMACSHA256) -> UInt64 {
        var message = head
        message.reserveCapacity(head.count + row.reduce(0) { $0 + 8 + $1.count })
        FramedTexts.append(row, to: &message)
        return hasher.token(of: message.span).high
    }
}
