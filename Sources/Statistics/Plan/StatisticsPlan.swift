/// What the statistics of a pipeline count, resolved: nothing is left to look up by name.
package struct StatisticsPlan: Sendable {
    /// The text inputs of the observation batches, by index.
    package let textInputs: [TextInputPlan]
    /// The number of tokens of each row.
    package let tokenInputCount: Int
    /// The token input that says which person a row is about; nil when the plan names none.
    package let personInput: Int?
    /// The token input that says which customer a row is about; nil when the plan names none.
    package let customerInput: Int?
    package let statistics: [StatisticPlan]
    /// For each statistic the bit of a row's mask that says whether it may count the row: its own,
    /// or that of another one that may count the same rows.
    package let bits: [Int]
    /// How finely the result can be taken apart again.
    package let granularity: Granularity

    package init(
        textInputs: [TextInputPlan], tokenInputCount: Int, personInput: Int?,
        customerInput: Int?, statistics: [StatisticPlan], bits: [Int]? = nil,
        granularity: Granularity = .reduced
    ) {
        self.textInputs = textInputs
        self.tokenInputCount = tokenInputCount
        self.personInput = personInput
        self.customerInput = customerInput
        self.statistics = statistics
        self.bits = bits ?? Array(statistics.indices)
        self.granularity = granularity
    }

    /// The most statistics of one plan that have a bit of their own: the mask of a row has so many.
    package static let statisticsMax = 64
}

/// How finely aggregates can be taken apart again.
package enum Granularity: UInt8, Sendable {
    /// Per group: what a run without state needs.
    case reduced = 0
    /// Per group, person, customer and event day, so that an opt-out or an erasure can delete rows
    /// as long as the period is unpublished.
    case separable = 1
}

/// One text of each row; a number or boolean counts as what is written.
package struct TextInputPlan: Sendable, Equatable {
    /// The field as the pipeline names it; for messages.
    package let name: String
    /// True when only values that conditions name are told apart.
    package let isOfNamed: Bool

    package init(name: String, isOfNamed: Bool = false) {
        self.name = name
        self.isOfNamed = isOfNamed
    }
}

/// One statistic: a table with a row per group and a column per measure.
package struct StatisticPlan: Sendable {
    /// The name in the pipeline and of the table.
    package let name: String
    /// The index of the purpose in the pipeline's plan.
    package let purposeIndex: Int
    /// What makes a group, in the order of the columns.
    package let groupBy: [GroupKey]
    /// What is measured, in the order of the columns.
    package let measures: [MeasurePlan]
    /// When a cell is too small to be shown.
    package let suppression: SuppressionRule

    package init(
        name: String, purposeIndex: Int, groupBy: [GroupKey], measures: [MeasurePlan],
        suppression: SuppressionRule
    ) {
        self.name = name
        self.purposeIndex = purposeIndex
        self.groupBy = groupBy
        self.measures = measures
        self.suppression = suppression
    }
}

/// One part of what makes a group.
package enum GroupKey: Sendable, Equatable {
    /// The calendar month in the pipeline's zone, `yyyy-MM`.
    case month
    /// The day in the pipeline's zone, `yyyy-MM-dd`.
    case day
    /// The hour of the day in the pipeline's zone, `00` to `23`.
    case hour
    /// The value of a text input; missing and empty are one group.
    case text(input: Int, column: String)
    /// Two columns, `dimension` and `value`: a row counts once in each of the dimensions.
    case dimensions([Dimension])

    /// True for month, day and hour.
    package var isTime: Bool {
        switch self {
        case .month, .day, .hour: true
        case .text, .dimensions: false
        }
    }
}

/// One of several independent breakdowns in one table.
package struct Dimension: Sendable, Equatable {
    /// What stands in the column `dimension`.
    package let name: String
    /// The text input with the values.
    package let input: Int

    package init(name: String, input: Int) {
        self.name = name
        self.input = input
    }
}

/// When a cell is too small to be shown.
package enum SuppressionRule: Sendable, Equatable {
    /// Fewer than `persons` distinct persons behind it or, where a table spans customers, fewer
    /// than `customers` distinct customers.
    case persons(Int, customers: Int?)
    /// A count below the number, zero included; magnitudes of groups with fewer records (sessions:
    /// fewer sessions). It reproduces other tools and protects nobody.
    case count(Int)

    /// The rule of science.md §5.2: ten persons, three customers.
    package static let standard = SuppressionRule.persons(10, customers: 3)

    /// The number that the marker of a suppressed count names.
    package var below: Int {
        switch self {
        // Too few customers hide a cell as well: the marker must not claim less than was asked.
        case .persons(let persons, let customers): max(persons, customers ?? 0)
        case .count(let count): count
        }
    }
}
