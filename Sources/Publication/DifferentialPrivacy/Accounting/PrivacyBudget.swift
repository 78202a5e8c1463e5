/// What a data set may still give away. The ledger keeps the spendings; this value decides.
///
/// Periods are disjoint for the unit that is protected, so each has the whole limit; a person who
/// is there in many periods loses the sum, for which there may be a limit of its own.
package struct PrivacyBudget: Sendable, Equatable {
    /// One release of one table.
    package struct Spending: Sendable, Equatable {
        /// The period as the ledger writes it: `2026-03`.
        package let period: String
        /// The statistic's name.
        package let statistic: String
        package let loss: PrivacyLoss

        package init(period: String, statistic: String, loss: PrivacyLoss) {
            self.period = period
            self.statistic = statistic
            self.loss = loss
        }
    }

    /// The most that one period may cost.
    package let limit: PrivacyLoss
    /// The most that all periods together may cost somebody who is in all of them.
    package let limitOverall: PrivacyLoss?
    /// What was spent on the data set, in any order.
    package private(set) var spendings: [Spending]

    package init(
        limit: PrivacyLoss, limitOverall: PrivacyLoss? = nil, spendings: [Spending] = []
    ) {
        self.limit = limit
        self.limitOverall = limitOverall
        self.spendings = spendings
    }

    /// What was spent on one period; nil when the sum has no room.
    package func spent(period: String) -> PrivacyLoss? {
        Self.sum(spendings.filter { Self.isEqual($0.period, period) })
    }

    /// What was spent on all periods; nil when the sum has no room.
    package var spentOverall: PrivacyLoss? { Self.sum(spendings) }

    /// Books a release before it is drawn. Faults: the table of this period was drawn before; a
    /// limit would be exceeded, or can't be proven not to be.
    package mutating func spend(_ spending: Spending) throws(PrivacyFault) {
        let isKnown = spendings.contains {
            Self.isEqual($0.period, spending.period)
                && Self.isEqual($0.statistic, spending.statistic)
        }
        if isKnown { throw PrivacyFault(.alreadyDrawn) }
        guard let period = spent(period: spending.period)?.adding(spending.loss),
            period.isWithin(limit)
        else { throw PrivacyFault(.budgetSpent) }
        if let limitOverall {
            guard let overall = spentOverall?.adding(spending.loss),
                overall.isWithin(limitOverall)
            else { throw PrivacyFault(.budgetSpent) }
        }
        spendings.append(spending)
    }

    private static func sum(_ spendings: [Spending]) -> PrivacyLoss? {
        var sum: PrivacyLoss? = PrivacyLoss.none
        for spending in spendings { sum = sum?.adding(spending.loss) }
        return sum
    }

    private static func isEqual(_ one: String, _ other: String) -> Bool {
        one.utf8.elementsEqual(other.utf8)
    }
}
