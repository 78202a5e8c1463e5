package import Statistics

/// What is known about the noise in a published table. All of it may be told: only the draws
/// themselves are secret.
package struct PublishedNoise: Sendable, Equatable {
    /// The kinds of noise; the raw value stands in documents.
    package enum Mechanism: String, Sendable, CaseIterable {
        case laplace = "discrete-laplace"
        case gaussian = "discrete-gaussian"
    }

    /// What is known about one column of figures.
    package struct Column: Sendable, Equatable {
        /// With a probability of 95 % the sum, with everybody within the bounds, is no further than
        /// this from the figure; in the unit of the figure.
        package var accuracy: Quantity
        /// What one person adds to a figure at least and at most; what is beyond counts as that.
        package var least: Quantity
        package var most: Quantity

        package init(accuracy: Quantity, least: Quantity, most: Quantity) {
            self.accuracy = accuracy
            self.least = least
            self.most = most
        }
    }

    package var mechanism: Mechanism
    /// The ε of the whole table, of Laplace noise only.
    package var epsilon: Ratio?
    /// What the table costs each person in it, for the period.
    package var loss: PrivacyLoss
    /// The most rows that one person counts in.
    package var rowsPerPerson: Int
    /// The least noisy number of persons of a row that is shown; 0 when the rows were known
    /// without looking at the data.
    package var threshold: Int
    /// In the order of the columns of the table.
    package var columns: [Column]

    package init(
        mechanism: Mechanism, epsilon: Ratio?, loss: PrivacyLoss, rowsPerPerson: Int,
        threshold: Int, columns: [Column]
    ) {
        self.mechanism = mechanism
        self.epsilon = epsilon
        self.loss = loss
        self.rowsPerPerson = rowsPerPerson
        self.threshold = threshold
        self.columns = columns
    }

    /// The name of the column that stands beside the figures of `column` with their accuracy.
    package static func accuracyName(of column: String) -> String { "\(column)_accuracy" }
}

/// What a period has cost those in it, and the most that it may.
package struct PublishedBudget: Sendable, Equatable {
    /// The most that one period may cost, and what this one has cost.
    package var limit: PrivacyLoss
    package var spent: PrivacyLoss
    /// The most that all periods together may cost somebody who is in all of them; nil: no limit.
    package var limitOverall: PrivacyLoss?
    /// What they have cost so far, this one included.
    package var spentOverall: PrivacyLoss

    package init(
        limit: PrivacyLoss, spent: PrivacyLoss, limitOverall: PrivacyLoss?,
        spentOverall: PrivacyLoss
    ) {
        self.limit = limit
        self.spent = spent
        self.limitOverall = limitOverall
        self.spentOverall = spentOverall
    }
}

extension NoisePlan {
    /// What may be told about the noise, before and after it is drawn.
    package var published: PublishedNoise {
        let epsilon: Ratio? = if case .epsilon(let epsilon) = settings.cost { epsilon } else { nil }
        return PublishedNoise(
            mechanism: epsilon == nil ? .gaussian : .laplace, epsilon: epsilon, loss: loss,
            rowsPerPerson: Int(settings.rowsPerPerson), threshold: Int(threshold ?? 0),
            columns: columns.map { column in
                PublishedNoise.Column(
                    accuracy: column.accuracy, least: column.quantity(steps: column.bound.least),
                    most: column.quantity(steps: column.bound.most))
            })
    }

    /// A drawn table as it is published. How many rows were not shown is not told: nothing but the
    /// noisy figures is known to be safe.
    package func published(_ table: NoisyTable, purpose: String) -> PublishedTable {
        let shown = table.statisticTable
        let rows = shown.rows.map { row in
            ControlledTable.Row(
                key: row.key,
                cells: row.cells.map { cell in
                    if case .value(let quantity) = cell { .value(quantity) } else { .zero }
                })
        }
        var persons = 0
        if case .observed(_, let least) = settings.keys { persons = Int(least) }
        var result = PublishedTable(
            purpose: purpose, customers: 0,
            table: ControlledTable(
                name: name, groupColumns: groupColumns, columns: shown.columns, rows: rows,
                persons: persons,
                withheld: WithheldShare(
                    cells: 0, cellsTotal: rows.count * shown.columns.count, records: 0,
                    recordsTotal: 0)))
        result.noise = published
        return result
    }
}

extension PublishedTable {
    /// The table as the formats with plain columns write it: beside each noisy figure a column with
    /// its accuracy.
    package var toldTable: StatisticTable {
        let plain = table.statisticTable
        guard let noise else { return plain }
        return StatisticTable(
            name: plain.name, groupColumns: plain.groupColumns,
            columns: plain.columns.flatMap { column in
                [
                    column,
                    MeasuredColumn(
                        name: PublishedNoise.accuracyName(of: column.name), role: .magnitude),
                ]
            },
            rows: plain.rows.map { row in
                StatisticTable.Row(
                    key: row.key,
                    cells: zip(row.cells, noise.columns).flatMap { cell, noise in
                        [cell, noise.accuracy.isZero ? .zero : .value(noise.accuracy)]
                    })
            })
    }
}

extension Ratio {
    /// The fraction as a decimal of at most nine places, never less than it is.
    package var decimalText: String {
        let billionths =
            (UInt128(numerator) * 1_000_000_000 + UInt128(denominator) - 1) / UInt128(denominator)
        return Quantity.decimal(ExactDecimal(billionths: Int128(billionths))).text
    }
}

extension PrivacyLoss {
    /// The δ at which readers are told the ε that a loss in ρ amounts to.
    package static let toldDelta = 1e-6

    /// The ε that this amounts to at `toldDelta`, or at ten times the δ of the keys where that is
    /// more; with three places, rounded up. Nil when there is none.
    package var toldEpsilon: (epsilon: String, delta: String)? {
        let isSmall = delta.approximate * 10 <= Self.toldDelta
        let all = isSmall ? Ratio(1, 1_000_000) : delta.times(10)
        guard let all, let value = epsilon(delta: all.approximate), value < 1e12 else { return nil }
        let thousandths = Int128((value * 1000).rounded(.up))
        let epsilon = Quantity.decimal(ExactDecimal(billionths: thousandths * 1_000_000)).text
        return (epsilon, all.decimalText)
    }
}
