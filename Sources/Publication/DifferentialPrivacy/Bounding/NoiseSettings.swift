package import Statistics

/// How a statistic is made noisy, as its owner asks for it.
package struct NoiseSettings: Sendable, Equatable {
    /// What one table of one period may cost; the kind of noise goes with it.
    package enum Cost: Sendable, Equatable {
        /// Discrete Gaussian noise for this ρ of zero-concentrated differential privacy.
        case rho(Ratio)
        /// Discrete Laplace noise for this ε.
        case epsilon(Ratio)
    }

    /// Which rows the table has.
    package enum Keys: Sendable, Equatable {
        /// These, known without looking at the data, in the order of their bytes: all are printed,
        /// zeros too, and what falls in no row of the list is not counted.
        case declared([[[UInt8]]])
        /// Those found that have `leastPersons` persons and whose noisy number of persons reaches
        /// the threshold that keeps the risk of a betraying key at `delta`.
        case observed(delta: Ratio, leastPersons: Int64)
    }

    /// Shared evenly by the columns and, where no column counts persons and keys are observed, the
    /// hidden count that decides about the keys.
    package var cost: Cost
    /// The most rows that one person may be in, 1 to 1,000; which of them is drawn by a keyed hash.
    package var rowsPerPerson: UInt64
    /// What one person may add to a cell, by column.
    package var bounds: [ColumnBound]
    package var keys: Keys

    package init(cost: Cost, rowsPerPerson: UInt64, bounds: [ColumnBound], keys: Keys) {
        self.cost = cost
        self.rowsPerPerson = rowsPerPerson
        self.bounds = bounds
        self.keys = keys
    }

    /// The most that can be asked for.
    package static let rowsPerPersonMax: UInt64 = 1000
}

/// What one person may add to a cell of a column, in steps; what is more counts as the bound.
package struct ColumnBound: Sendable, Equatable {
    /// The least, at most 0: below it only for sums of numbers that can be negative.
    package let least: Int64
    /// The most, at least 0.
    package let most: Int64
    /// What one step is worth: 1 for counts; sums are rounded down to steps person by person.
    package let step: ExactDecimal

    /// Nil when no figure could change, beyond 2^40 steps, and for a step above 10^9.
    package init?(least: Int64 = 0, most: Int64, step: ExactDecimal = ExactDecimal(1)) {
        guard least <= 0, most >= 0, most > least, most <= Self.stepsMax,
            least >= -Self.stepsMax, step.billionths > 0, step <= Self.stepMax
        else { return nil }
        self.least = least
        self.most = most
        self.step = step
    }

    /// At most one per cell: the bound of a count of persons.
    package static let one = ColumnBound(checkedMost: 1)

    private init(checkedMost: Int64) {
        least = 0
        most = checkedMost
        step = ExactDecimal(1)
    }

    private static let stepsMax: Int64 = 1 << 40
    /// Any 64-bit number of such steps is a decimal that has room.
    private static let stepMax = ExactDecimal(1_000_000_000)

    /// The most by which adding or removing a person changes a cell.
    var change: UInt64 { UInt64(max(most, -least)) }

    /// A whole number within the bound.
    func clamped(_ value: Int128) -> Int128 { min(max(value, Int128(least)), Int128(most)) }

    /// A number of billionths as whole steps within the bound.
    func clamped(billionths: Int128) -> Int128 {
        clamped(flooredQuotient(billionths, step.billionths))
    }
}

/// `value / divisor` rounded down, also below zero; `divisor` must be positive.
private func flooredQuotient(_ value: Int128, _ divisor: Int128) -> Int128 {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
}
