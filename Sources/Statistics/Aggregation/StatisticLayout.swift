/// What a word of a key means; words of one kind are ordered alike in every partial.
enum KeyWord: Sendable, Equatable {
    case month, day, hour
    /// The index of a dimension in the plan.
    case dimension
    /// The number of a text.
    case text
    /// The number of a token; 0 is no identity.
    case token
}

/// Where the state of one statistic keeps what: a pure function of the plan.
///
/// A row of counters has the key `groupWords` and, when separable, person, customer and day behind
/// it. A session interval has the key `sessionWords`: the group without its time parts, the token,
/// then whatever an interval must be kept apart by (`sessionTail`). Intervals with the same head
/// are joined across tails when the result is computed.
struct StatisticLayout: Sendable {
    /// One measure that counts rows.
    struct Step: Sendable {
        enum Kind: UInt8, BitwiseCopyable, Sendable { case count, sum, distinct, percentile }

        let measure: Int
        let kind: Kind
        /// The text or token input it reads.
        let input: Int
        /// Its first counter in a row.
        let cell: Int
        /// Its list of tokens or numbers in a row; nil when it keeps none.
        let list: Int?
        /// Of a distinct count in separable rows: the word of the row's tail (0 person, 1 customer)
        /// that is the token counted, so that no list is needed.
        let impliedBy: Int?
        /// The counter that is above zero when the row contributes to the cell.
        var evidenceCell: Int { kind == .sum ? cell + 2 : cell }
        /// True where the counter behind that one is of numbers that could not be read.
        var countsUnreadable: Bool { kind == .sum || kind == .percentile }
        /// Who stands behind it: a set of the row; set 0 is everybody in the row.
        let contributors: Int
    }

    let groupBy: [GroupKey]
    let groupWords: [KeyWord]
    let rowWords: [KeyWord]
    let sessionHead: [KeyWord]
    let sessionWords: [KeyWord]
    /// Measures on rows, in plan order.
    let steps: [Step]
    /// Measures on sessions: index of the measure and its plan.
    let sessions: [(measure: Int, plan: SessionsPlan)]
    /// Counters of a row; the first is the number of records.
    let cellCount: Int
    /// The counters that are the low half of a sum, whose high half is the next one, and all that
    /// are no part of a sum.
    let wideCells: [Int]
    let plainCells: [Int]
    /// Lists of a row, true for lists of tokens and false for lists of numbers.
    let lists: [Bool]
    /// Contributor sets of a row; 0 when nobody is kept account of.
    let contributorSets: Int
    let personsMax: Int
    let customersMax: Int
    let isSeparable: Bool
    let personInput: Int?
    let customerInput: Int?

    /// The contributor sets of a row that counted nothing: nobody, which is enough where nobody is
    /// asked for.
    var nobody: [ContributorSet] {
        (0..<2 * contributorSets).map { set in
            (set % 2 == 0 ? personsMax : customersMax) == 0 ? .enough : .all([])
        }
    }

    /// True when rows are kept at all: a statistic of sessions only has none.
    var hasRows: Bool { !steps.isEmpty }
}

extension StatisticLayout {
    init(_ statistic: StatisticPlan, in plan: StatisticsPlan) {
        groupBy = statistic.groupBy
        isSeparable = plan.granularity == .separable
        personInput = plan.personInput
        customerInput = plan.customerInput
        var persons = 0
        var customers = 0
        if case .persons(let most, let customersMost) = statistic.suppression {
            persons = most
            customers = customersMost ?? 0
        }
        personsMax = persons
        customersMax = customers

        let group = statistic.groupBy.flatMap(Self.words)
        groupWords = group
        rowWords = group + (isSeparable ? [.token, .token, .day] : [])
        let head = statistic.groupBy.filter { !$0.isTime }.flatMap(Self.words) + [.token]
        sessionHead = head
        var tail: [KeyWord] = []
        if isSeparable || persons > 0 { tail = [.token, .token] }
        if isSeparable { tail.append(.day) }
        sessionWords = head + tail

        var builder = StepBuilder(
            keepsContributors: persons > 0 && !isSeparable, isSeparable: isSeparable, plan: plan)
        for (index, measure) in statistic.measures.enumerated() { builder.add(measure, index) }
        steps = builder.steps
        sessions = builder.sessions
        cellCount = builder.cellCount
        let wide = builder.steps.filter { $0.kind == .sum }.map(\.cell)
        wideCells = wide
        plainCells = (0..<builder.cellCount).filter { cell in
            !wide.contains { $0 == cell || $0 + 1 == cell }
        }
        lists = builder.lists
        contributorSets = builder.contributorSets
    }

    /// The words that a part of the group has in a key.
    static func words(_ key: GroupKey) -> [KeyWord] {
        switch key {
        case .month: [.month]
        case .day: [.day]
        case .hour: [.hour]
        case .text: [.text]
        case .dimensions: [.dimension, .text]
        }
    }
}

/// Gives each measure its counters, lists and contributor set.
private struct StepBuilder {
    let keepsContributors: Bool
    let isSeparable: Bool
    let plan: StatisticsPlan
    var steps: [StatisticLayout.Step] = []
    var sessions: [(measure: Int, plan: SessionsPlan)] = []
    var cellCount = 1
    var lists: [Bool] = []
    var contributorSets: Int

    init(keepsContributors: Bool, isSeparable: Bool, plan: StatisticsPlan) {
        self.keepsContributors = keepsContributors
        self.isSeparable = isSeparable
        self.plan = plan
        contributorSets = keepsContributors ? 1 : 0
    }

    mutating func add(_ measure: MeasurePlan, _ index: Int) {
        switch measure.kind {
        case .count:
            append(index, .count, 0, cells: 1, list: nil, everybody: measure.conditions.isEmpty)
        case .sum(let input), .mean(let input, _):
            // Two words of sum, how many numbers, how many that could not be read.
            append(index, .sum, input, cells: 4, list: nil, everybody: false)
        case .percentile(let input, _):
            append(index, .percentile, input, cells: 2, list: false, everybody: false)
        case .distinct(let token):
            var implied: Int?
            if isSeparable, token == plan.customerInput { implied = 1 }
            if isSeparable, token == plan.personInput { implied = 0 }
            append(
                index, .distinct, token, cells: 1, list: implied == nil ? true : nil,
                everybody: measure.conditions.isEmpty && token == plan.personInput,
                impliedBy: implied)
        case .sessions(let plan):
            sessions.append((index, plan))
        }
    }

    private mutating func append(
        _ measure: Int, _ kind: StatisticLayout.Step.Kind, _ input: Int, cells: Int,
        list: Bool?, everybody: Bool, impliedBy: Int? = nil
    ) {
        var set = 0
        if keepsContributors, !everybody {
            set = contributorSets
            contributorSets += 1
        }
        steps.append(
            StatisticLayout.Step(
                measure: measure, kind: kind, input: input, cell: cellCount,
                list: list == nil ? nil : lists.count, impliedBy: impliedBy, contributors: set))
        cellCount += cells
        if let list { lists.append(list) }
    }
}
