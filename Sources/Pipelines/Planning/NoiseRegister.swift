package import Publication

/// The noisy tables of a pipeline, and what they may cost.
package struct NoiseRegister: Sendable {
    /// In the order of the statistics.
    package let plans: [NoisePlan]
    /// The most that one month may cost each person in it.
    package let limit: PrivacyLoss
    /// The most that all months together may cost; nil for no limit.
    package let limitOverall: PrivacyLoss?

    /// What a month costs; nil when the sum has no room.
    package var costOfMonth: PrivacyLoss? {
        var sum: PrivacyLoss? = PrivacyLoss.none
        for plan in plans { sum = sum?.adding(plan.loss) }
        return sum
    }

    /// The noise of the statistic at `index` of the plan; nil when it has none.
    package func plan(ofStatistic index: Int) -> NoisePlan? {
        plans.first { $0.statistic == index }
    }
}
