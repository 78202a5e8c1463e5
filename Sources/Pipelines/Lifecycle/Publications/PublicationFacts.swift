internal import Ledger
internal import Publication
internal import Statistics

/// What `publication.json` tells of noise and sketches.
enum PublicationFacts {
    /// The noise of a table; null when it has none.
    static func noise(of published: PublishedTable) -> CanonicalJSON {
        guard let noise = published.noise else { return .null }
        return [
            "unit": .text(NoiseSpecification.Unit.userMonth.rawValue),
            "mechanism": .text(noise.mechanism.rawValue),
            "epsilon": noise.epsilon.map { .text($0.text) } ?? .null,
            "cost": cost(noise.loss), "rows": .integer(Int64(noise.rowsPerPerson)),
            "threshold": .integer(Int64(noise.threshold)),
            "columns": .array(
                zip(published.table.columns, noise.columns).map { column, facts in
                    [
                        "name": .text(column.name), "least": .text(facts.least.text),
                        "most": .text(facts.most.text), "accuracy": .text(facts.accuracy.text),
                    ]
                }),
        ]
    }

    /// The columns of sketches of a table; null when none is exported.
    static func sketches(of published: PublishedTable) -> CanonicalJSON {
        guard let sketches = published.sketches else { return .null }
        return .array(
            sketches.columns.map { column in
                [
                    "name": .text(column.name), "kind": .text(column.form.rawValue),
                    column.descriptor.sizeName: .integer(Int64(column.size)),
                    "item": .text(column.item.rawValue), "addable": .boolean(false),
                ]
            })
    }

    /// What noise has cost; null when no table has any.
    static func budget(of publication: Publication) -> CanonicalJSON {
        guard let budget = publication.budget else { return .null }
        return [
            "limit": cost(budget.limit), "spent": cost(budget.spent),
            "limit_overall": budget.limitOverall.map(cost) ?? .null,
            "spent_overall": cost(budget.spentOverall),
        ]
    }

    /// Exact fractions as text: readers must be able to add them up.
    private static func cost(_ loss: PrivacyLoss) -> CanonicalJSON {
        ["rho": .text(loss.rho.text), "delta": .text(loss.delta.text)]
    }
}
