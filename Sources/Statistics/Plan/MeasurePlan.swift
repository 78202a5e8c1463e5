/// One column of a statistic (sessions: several).
package struct MeasurePlan: Sendable {
    /// The name of the column; sessions put `name_` in front of theirs unless told otherwise.
    package let name: String
    /// Only rows for which all of these hold are measured. Not used by sessions.
    package let conditions: [Condition]
    /// What is measured.
    package let kind: MeasureKind

    package init(name: String, conditions: [Condition] = [], kind: MeasureKind) {
        self.name = name
        self.conditions = conditions
        self.kind = kind
    }
}

/// A field must have one of the texts, byte for byte.
package struct Condition: Sendable, Equatable {
    /// The text input compared.
    package let input: Int
    /// The texts that fit.
    package let texts: [[UInt8]]

    package init(input: Int, texts: [[UInt8]]) {
        self.input = input
        self.texts = texts
    }
}

/// What is measured.
package enum MeasureKind: Sendable {
    /// The number of rows.
    case count
    /// The exact sum of the numbers of a text input.
    case sum(input: Int)
    /// The number of distinct tokens of a token input; not addable.
    case distinct(token: Int)
    /// The mean of the numbers of a text input, cut off behind `decimals` digits (0 to 9).
    case mean(input: Int, decimals: Int)
    /// The value at a rank of the numbers of a text input.
    case percentile(input: Int, Percentile)
    /// Sessions of a token input.
    case sessions(SessionsPlan)
}

/// A share of a sorted list: value number `ceil(n * p)`, counted from 1 (nearest rank).
package struct Percentile: Sendable, Equatable {
    /// Hundredths of a percent, 1 to 10,000.
    package let basisPoints: Int

    /// Nil unless `basisPoints` is from 1 to 10,000.
    package init?(basisPoints: Int) {
        guard (1...10_000).contains(basisPoints) else { return nil }
        self.basisPoints = basisPoints
    }

    private init(_ percent: Int) { basisPoints = percent * 100 }

    /// Half of the values are not above it.
    package static let median = Percentile(50)
    /// 95 of 100 values are not above it.
    package static let p95 = Percentile(95)

    /// The rank, 1-based, in a list of `count` values; `count` must be positive.
    package func rank(of count: Int) -> Int {
        let product = count.multipliedFullWidth(by: basisPoints)
        let (whole, rest) = 10_000.dividingFullWidth(product)
        return whole + (rest > 0 ? 1 : 0)
    }
}

/// How events become sessions and what is told about them.
package struct SessionsPlan: Sendable, Equatable {
    /// The token input whose events make sessions; rows without it make none.
    package let token: Int
    /// The longest pause within a session in milliseconds; exactly this long is still within.
    package let gapMilliseconds: Int64
    /// The columns, in order.
    package let columns: [SessionsColumn]
    /// The unit of durations.
    package let unit: SessionsUnit

    package init(
        token: Int, gapMilliseconds: Int64 = SessionsPlan.standardGapMilliseconds,
        columns: [SessionsColumn], unit: SessionsUnit = .seconds
    ) {
        self.token = token
        self.gapMilliseconds = gapMilliseconds
        self.columns = columns
        self.unit = unit
    }

    /// 30 minutes, what most web statistics use.
    package static let standardGapMilliseconds: Int64 = 1_800_000
}

/// One figure about sessions and the name of its column.
package struct SessionsColumn: Sendable, Equatable {
    /// What is told.
    package enum Figure: String, Sendable, CaseIterable {
        case count, mean, median, p50, p95, single
    }

    /// What the column tells.
    package let figure: Figure
    /// The name of the column.
    package let name: String

    package init(_ figure: Figure, name: String) {
        self.figure = figure
        self.name = name
    }
}

/// The unit of session durations; what is finer is cut off.
package enum SessionsUnit: String, Sendable, CaseIterable {
    case seconds = "s"
    case milliseconds = "ms"

    /// Milliseconds in one unit.
    package var milliseconds: Int64 { self == .seconds ? 1000 : 1 }
}
