import GRDB
package import Records

/// What a drawing of noise cost each person in its period: ρ of zero-concentrated differential
/// privacy and δ, as exact fractions.
package struct BudgetSpending: Sendable, Equatable {
    /// A fraction; both parts fit in 63 bits, the denominator is positive.
    package struct Fraction: Sendable, Equatable {
        package let numerator: UInt64
        package let denominator: UInt64

        package init(numerator: UInt64, denominator: UInt64) {
            self.numerator = numerator
            self.denominator = denominator
        }
    }

    package let period: CalendarMonth
    /// The name of the table that was drawn.
    package let statistic: String
    package let rho: Fraction
    package let delta: Fraction

    package init(period: CalendarMonth, statistic: String, rho: Fraction, delta: Fraction) {
        self.period = period
        self.statistic = statistic
        self.rho = rho
        self.delta = delta
    }
}

extension Ledger {
    /// Everything that noise has cost in the publications of a pipeline, in the order in which it
    /// was drawn.
    package func budgetSpendings(
        dataSet: String
    ) throws(LedgerFault) -> [BudgetSpending] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM budget_spendings WHERE data_set = ? ORDER BY id",
                arguments: [dataSet]
            ).map(BudgetSpending.init)
        }
    }
}

extension BudgetSpending {
    init(_ row: Row) throws {
        guard let period = CalendarMonth(text: row["period"]) else {
            throw LedgerFault.refused("a spending in the ledger has no month")
        }
        self.init(
            period: period, statistic: row["statistic"],
            rho: try Self.fraction(row["rho_numerator"], row["rho_denominator"]),
            delta: try Self.fraction(row["delta_numerator"], row["delta_denominator"]))
    }

    private static func fraction(_ numerator: Int64, _ denominator: Int64) throws -> Fraction {
        guard let above = UInt64(exactly: numerator), let below = UInt64(exactly: denominator),
            below > 0
        else { throw LedgerFault.refused("a spending in the ledger is no fraction") }
        return Fraction(numerator: above, denominator: below)
    }
}

extension RunWriter {
    /// Books what a table cost. A second drawing for the same period is refused by the schema.
    func book(_ spending: BudgetSpending, of new: NewPublication, in publication: Int64) throws {
        try db.execute(
            sql: """
                INSERT INTO budget_spendings (data_set, period, statistic, publication_id,
                    rho_numerator, rho_denominator, delta_numerator, delta_denominator)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                new.dataSet, spending.period.text, spending.statistic, publication,
                Int64(clamping: spending.rho.numerator), Int64(clamping: spending.rho.denominator),
                Int64(clamping: spending.delta.numerator),
                Int64(clamping: spending.delta.denominator),
            ])
    }
}
