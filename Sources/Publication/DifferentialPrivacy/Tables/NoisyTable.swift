import Statistics

/// A table with noise in it: safe to be shown, and the only copy of it that may ever exist.
///
/// A second drawing from the same records would let readers average the noise away, so what was
/// drawn is stored (`bytes`) and shown again. The only ways to one are a drawing, which books its
/// cost first, and the stored bytes.
package struct NoisyTable: Sendable, Equatable {
    /// One row.
    package struct Row: Sendable, Equatable {
        /// The values of the group columns.
        package let key: [[UInt8]]
        /// The noisy figures by column, in steps; may be negative.
        package let steps: [Int64]
    }

    /// The statistic's name.
    package let name: String
    /// The period it was drawn for: `2026-03`.
    package let period: String
    package let groupColumns: [String]
    package let columns: [NoisyColumn]
    /// Sorted by the bytes of the keys.
    package let rows: [Row]
    /// What it costs each person in it.
    package let loss: PrivacyLoss
    /// The most rows that one person is in.
    package let rowsPerPerson: UInt64
    /// The least noisy number of persons of a row that is shown; nil when the keys were declared.
    package let threshold: Int64?

    /// The table as readers get it: figures that cannot be negative are shown as zero where the
    /// noise made them so, which is only post-processing.
    package var statisticTable: StatisticTable {
        let shown = rows.map { row in
            StatisticTable.Row(
                key: row.key,
                cells: zip(row.steps, columns).map { steps, column in
                    let steps = column.bound.least == 0 ? max(0, steps) : steps
                    return steps == 0 ? .zero : .value(column.quantity(steps: steps))
                })
        }
        return StatisticTable(
            name: name, groupColumns: groupColumns, columns: columns.map(\.column), rows: shown)
    }
}

extension NoisePlan {
    /// Draws the noise of one period: books the cost in `budget`, then adds noise to every cell.
    ///
    /// The caller writes the booking and the table durably before anybody sees either. Faults: the
    /// budget is spent or the period was drawn before (then nothing was drawn); no random bytes.
    package func draw<Source: NoiseSource & ~Copyable>(
        _ table: consuming BoundedTable, period: String, budget: inout PrivacyBudget,
        _ draws: inout NoiseDraws<Source>
    ) throws(PrivacyFault) -> NoisyTable {
        try budget.spend(
            PrivacyBudget.Spending(period: period, statistic: name, loss: loss))
        var rows: [NoisyTable.Row] = []
        for row in table.rows {
            var steps: [Int64] = []
            for (sum, column) in zip(row.sums, columns) {
                steps.append(Self.saturated(sum, try column.mechanism.draw(&draws)))
            }
            if try isShown(row, steps, &draws) {
                rows.append(NoisyTable.Row(key: row.key, steps: steps))
            }
        }
        return NoisyTable(
            name: name, period: period, groupColumns: groupColumns, columns: columns, rows: rows,
            loss: loss, rowsPerPerson: settings.rowsPerPerson, threshold: threshold)
    }

    /// Whether a row with these figures is shown, decided once: never one that fewer persons than
    /// asked for are behind. By its noisy number of persons: if and only if noisy ≥ T.
    private func isShown<Source: NoiseSource & ~Copyable>(
        _ row: BoundedTable.Row, _ steps: [Int64], _ draws: inout NoiseDraws<Source>
    ) throws(PrivacyFault) -> Bool {
        guard case .observed(_, let leastPersons) = settings.keys, let threshold else {
            return true
        }
        switch personsNoise {
        case .unused: return true
        case .column(let column):
            return row.persons >= leastPersons && steps[column] >= threshold
        case .hidden(let noise):
            let noisy = Self.saturated(row.persons, try noise.draw(&draws))
            return row.persons >= leastPersons && noisy >= threshold
        case .chance(let selection):
            return try selection.isShown(persons: row.persons - (leastPersons - 1), &draws)
        }
    }

    /// The sum, held at the ends of 64 bits.
    private static func saturated(_ sum: Int64, _ noise: Int64) -> Int64 {
        let (result, isOver) = sum.addingReportingOverflow(noise)
        if !isOver { return result }
        return noise > 0 ? .max : .min
    }
}
