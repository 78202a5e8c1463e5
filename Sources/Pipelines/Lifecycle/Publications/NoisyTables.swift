internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records
internal import Statistics

/// Draws the noisy tables of a period, once.
///
/// What was drawn is kept in the document of its publication and shown from there ever after;
/// what it costs is booked in the same commit, so that nobody sees a figure that is not paid for.
/// A kill before the commit leaves neither, and nobody has seen the draws.
struct NoisyTables {
    /// What was drawn.
    struct Drawing {
        var tables: [PublishedTable] = []
        var budget: PublishedBudget?

        init() {}

        /// What an earlier publication of the period shows: a correction shows the same draws, as
        /// new ones would undo them.
        init(of publication: Publication) {
            tables = publication.tables.filter { $0.noise != nil }
            budget = publication.budget
        }
    }

    private let plan: Plan
    private let noise: NoiseRegister
    private let ledger: Ledger

    /// Nil for a pipeline without noise.
    init?(_ plan: Plan, _ ledger: Ledger) {
        guard let noise = plan.noise else { return nil }
        self.plan = plan
        self.noise = noise
        self.ledger = ledger
    }

    /// Draws all tables of `period` from what `partials` counted. Refuses when the budget is spent;
    /// then nothing was drawn.
    func draw(
        _ period: CalendarMonth, from partials: Partials
    ) throws(PipelineFailure) -> Drawing {
        var budget = try budget()
        try check(period, budget)
        var drawing = Drawing()
        do throws(PrivacyFault) {
            // Which rows a person counts in is drawn anew for each period and never again.
            let key = try Self.freshKey()
            var draws = NoiseDraws(SystemNoiseSource())
            for noisy in noise.plans {
                let bounded = try noisy.boundedTable(of: partials, key: key)
                let table = try noisy.draw(bounded, period: period.text, budget: &budget, &draws)
                drawing.tables.append(
                    noisy.published(table, purpose: plan.tables[noisy.statistic].purpose))
            }
        } catch {
            try PipelineFailure.checkStop()
            throw Self.failure(error, period)
        }
        drawing.budget = published(budget, period)
        return drawing
    }

    /// What a dry run can say: whether the budget allows it. Nothing is drawn.
    func rehearse(_ period: CalendarMonth) throws(PipelineFailure) -> Drawing {
        let budget = try budget()
        try check(period, budget)
        return Drawing()
    }

    /// Everything that was spent so far.
    private func budget() throws(PipelineFailure) -> PrivacyBudget {
        do {
            return PrivacyBudget(
                limit: noise.limit, limitOverall: noise.limitOverall,
                spendings: try ledger.budgetSpendings(dataSet: plan.name).compactMap(\.spending))
        } catch { throw .storage("cannot read the ledger: \(error.description)") }
    }

    /// All tables or none: a publication that lacks one would be made a second time for it.
    private func check(
        _ period: CalendarMonth, _ budget: PrivacyBudget
    ) throws(PipelineFailure) {
        var budget = budget
        do throws(PrivacyFault) {
            for noisy in noise.plans {
                try budget.spend(
                    PrivacyBudget.Spending(
                        period: period.text, statistic: noisy.name, loss: noisy.loss))
            }
        } catch { throw Self.failure(error, period) }
    }

    private func published(
        _ budget: PrivacyBudget, _ period: CalendarMonth
    ) -> PublishedBudget? {
        guard let spent = budget.spent(period: period.text), let overall = budget.spentOverall
        else { return nil }
        return PublishedBudget(
            limit: budget.limit, spent: spent, limitOverall: budget.limitOverall,
            spentOverall: overall)
    }

    private static func freshKey() throws(PrivacyFault) -> HMACSHA256 {
        do { return HMACSHA256(key: try SecretKey.random()) } catch {
            throw PrivacyFault(.noRandomness)
        }
    }

    /// What a publication is to be booked with: its noisy tables, when they were drawn for it.
    static func spendings(
        of publication: Publication, _ period: CalendarMonth
    ) -> [BudgetSpending] {
        guard publication.kind == .final else { return [] }
        return publication.tables.compactMap { table in
            table.noise.map { noise in
                BudgetSpending(
                    period: period, statistic: table.table.name, rho: noise.loss.rho.fraction,
                    delta: noise.loss.delta.fraction)
            }
        }
    }

    private static func failure(
        _ fault: PrivacyFault, _ period: CalendarMonth
    ) -> PipelineFailure {
        switch fault.code {
        case .budgetSpent:
            .refused(
                "the privacy budget does not allow the noisy tables of \(period.text): nothing was "
                    + "drawn and nothing published. Expected a larger `publish.budget`, or fewer "
                    + "tables with `noise`")
        case .alreadyDrawn:
            .refused(
                "a noisy table of \(period.text) was drawn before: a second drawing would undo "
                    + "the first")
        case .partials:
            fault.partial.map { .storage("cannot read the aggregates of the period", $0) }
                ?? .storage("cannot read the aggregates of the period: unknown")
        default: .internalFault("noise was refused: \(fault.description)")
        }
    }
}

extension Ratio {
    /// The fraction as the ledger writes it.
    fileprivate var fraction: BudgetSpending.Fraction {
        BudgetSpending.Fraction(numerator: numerator, denominator: denominator)
    }
}

extension BudgetSpending {
    /// The spending as the accounting takes it; nil for what is no fraction of it.
    var spending: PrivacyBudget.Spending? {
        guard let rho = Ratio(UInt128(rho.numerator), UInt128(rho.denominator)),
            let delta = Ratio(UInt128(delta.numerator), UInt128(delta.denominator))
        else { return nil }
        return PrivacyBudget.Spending(
            period: period.text, statistic: statistic, loss: PrivacyLoss(rho: rho, delta: delta))
    }
}
