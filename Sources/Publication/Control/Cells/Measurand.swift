import Statistics

/// What is added up: figures of different tables and columns that can be computed from each other
/// have the same.
enum Measurand: Hashable {
    /// Records.
    case records
    /// The numbers of a text input: sums, and the sums that means are made of.
    case numbers(input: Int)
    /// Sessions, and their durations.
    case sessions(SessionIdentity)
    case sessionTime(SessionIdentity)
    /// Distinct tokens: do not add up, but a part has no more than the whole.
    case distinct(token: Int)

    /// True for figures that count something and so are whole numbers from 0.
    var isCount: Bool {
        switch self {
        case .records, .sessions, .distinct: true
        case .numbers, .sessionTime: false
        }
    }

    /// What means of it are divided by.
    var divisor: Measurand {
        if case .sessionTime(let identity) = self { .sessions(identity) } else { .records }
    }
}

/// Which sessions: those of other texts are others, because sessions are joined within them.
struct SessionIdentity: Hashable {
    let token: Int
    let gapMilliseconds: Int64
    /// The text inputs that the table is grouped by, ascending.
    let texts: [Int]
}

/// What part of the records a column is about.
enum Part: Hashable {
    /// Those with one of the texts in each input; inputs and texts ascending.
    case texts([TextPart])
    /// Sessions of a single event.
    case single

    struct TextPart: Hashable {
        let input: Int
        let texts: [[UInt8]]
    }

    init?(_ conditions: [Condition]) {
        if conditions.isEmpty { return nil }
        let parts = conditions.map { condition in
            let sorted = condition.texts.sorted { $0.lexicographicallyPrecedes($1) }
            return TextPart(
                input: condition.input,
                texts: sorted.enumerated().filter { $0 == 0 || sorted[$0 - 1] != $1 }.map(\.1))
        }
        self = .texts(parts.sorted { $0.input < $1.input })
    }

    /// The text inputs that decide whether a record belongs to it; nil when no text does.
    var inputs: [Int]? {
        switch self {
        case .texts(let parts): parts.map(\.input)
        case .single: nil
        }
    }

    /// True when a record with these texts belongs to it.
    func has(_ text: (_ input: Int) -> [UInt8]?) -> Bool {
        guard case .texts(let own) = self else { return false }
        return own.allSatisfy { one in text(one.input).map(one.texts.contains) ?? false }
    }

    /// True when nothing belongs to both, whatever is counted.
    func isApart(from other: Part) -> Bool {
        guard case .texts(let own) = self, case .texts(let others) = other else { return false }
        return others.contains { one in
            own.contains { $0.input == one.input && Set($0.texts).isDisjoint(with: one.texts) }
        }
    }

    /// True when whatever belongs to it belongs to `other`.
    func lies(in other: Part) -> Bool {
        guard case .texts(let own) = self, case .texts(let others) = other else { return false }
        return others.allSatisfy { outer in
            own.contains { $0.input == outer.input && Set($0.texts).isSubset(of: outer.texts) }
        }
    }
}

/// What a column of figures is about.
struct ColumnMeaning {
    /// Nil for what neither adds up nor bounds anything: percentiles.
    let measurand: Measurand?
    /// Nil for all records.
    let part: Part?
    /// True when the figure is divided by how many there are.
    var isMean = false
}

/// The meanings of the columns of a statistic's table, when it is grouped by `texts`.
func columnMeanings(_ statistic: StatisticPlan, texts: [Int]) -> [ColumnMeaning] {
    statistic.measures.flatMap { measure -> [ColumnMeaning] in
        let part = Part(measure.conditions)
        switch measure.kind {
        case .count: return [ColumnMeaning(measurand: .records, part: part)]
        case .sum(let input):
            return [ColumnMeaning(measurand: .numbers(input: input), part: part)]
        case .mean(let input, _):
            return [ColumnMeaning(measurand: .numbers(input: input), part: part, isMean: true)]
        case .distinct(let token):
            return [ColumnMeaning(measurand: .distinct(token: token), part: part)]
        case .percentile: return [ColumnMeaning(measurand: nil, part: part)]
        case .sessions(let plan):
            let identity = SessionIdentity(
                token: plan.token, gapMilliseconds: plan.gapMilliseconds, texts: texts.sorted())
            return plan.columns.map { column in
                switch column.figure {
                case .count: ColumnMeaning(measurand: .sessions(identity), part: nil)
                case .single: ColumnMeaning(measurand: .sessions(identity), part: .single)
                case .mean:
                    ColumnMeaning(measurand: .sessionTime(identity), part: nil, isMean: true)
                case .median, .p50, .p95: ColumnMeaning(measurand: nil, part: nil)
                }
            }
        }
    }
}

extension StatisticPlan {
    /// What the means beside the figures of a breakdown are divided by.
    func countsOfMeans(like breakdown: Breakdown) -> [Measurand] {
        measures.compactMap { measure in
            switch measure.kind {
            case .mean: return .records
            case .sessions(let plan):
                guard case .sessionTime(let identity) = breakdown.measurand,
                    plan.columns.contains(where: { $0.figure == .mean })
                else { return nil }
                return .sessions(identity)
            case .count, .sum, .distinct, .percentile: return nil
            }
        }
    }
}
