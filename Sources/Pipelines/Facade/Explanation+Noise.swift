internal import Ledger
internal import Publication
internal import Statistics

/// The noise of a pipeline's tables in words.
struct NoiseExplanation {
    let register: NoiseRegister

    /// Lines about the statistic at `index`; empty when it has no noise.
    func text(ofStatistic index: Int) -> String {
        guard let plan = register.plan(ofStatistic: index) else { return "" }
        let noise = plan.published
        let kind = noise.mechanism == .laplace ? "discrete Laplace" : "discrete Gaussian"
        let epsilon = noise.epsilon.map { "epsilon \($0.decimalText), " } ?? ""
        var text = "  \(kind) noise for a user-month, \(epsilon)rho \(noise.loss.rho.decimalText), "
            + "delta \(noise.loss.delta.decimalText)\n"
            + "  one user counts in at most \(counted(noise.rowsPerPerson, "row")); a row is shown "
            + (plan.showsRowsByChance
                ? "by chance, the likelier the more persons it has, and surely from "
                    + "\(noise.threshold) on\n"
                : "from \(noise.threshold) noisy persons on\n")
        for (column, facts) in zip(plan.columns, noise.columns) {
            text += "  \(column.column.name): one user adds \(facts.least.text) to "
                + "\(facts.most.text), 95 % within \(facts.accuracy.text)\n"
        }
        return text
    }

    func json(ofStatistic index: Int) -> CanonicalJSON {
        guard let plan = register.plan(ofStatistic: index) else { return .null }
        let noise = plan.published
        return [
            "mechanism": .text(noise.mechanism.rawValue),
            "epsilon": noise.epsilon.map { .text($0.decimalText) } ?? .null,
            "rho": .text(noise.loss.rho.decimalText), "delta": .text(noise.loss.delta.decimalText),
            "rows": .integer(Int64(noise.rowsPerPerson)),
            "threshold": .integer(Int64(noise.threshold)),
            "columns": .array(
                zip(plan.columns, noise.columns).map { column, facts in
                    [
                        "name": .text(column.column.name), "least": .text(facts.least.text),
                        "most": .text(facts.most.text), "accuracy": .text(facts.accuracy.text),
                    ]
                }),
        ]
    }

    /// One line about the budget of `publish`.
    var budget: String {
        let cost = register.costOfMonth.map(Self.words) ?? "more than can be added up"
        let overall = register.limitOverall.map { ", all months \(Self.words($0))" } ?? ""
        return "  noise: a month costs each person in it \(cost), of \(Self.words(register.limit))"
            + "\(overall)\n"
    }

    private static func words(_ loss: PrivacyLoss) -> String {
        let told = loss.toldEpsilon.map { " (epsilon \($0.epsilon) at delta \($0.delta))" } ?? ""
        return "rho \(loss.rho.decimalText), delta \(loss.delta.decimalText)\(told)"
    }
}
