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

    /// How the counts of a table are told; empty where they are told as they are.
    static func counts(of published: PublishedTable) -> [(name: String, value: CanonicalJSON)] {
        switch published.counts {
        case .exact: []
        case .rounded(let base): [("counts", ["rounded": .integer(Int64(base))])]
        case .cellKey: [("counts", "cell_key")]
        }
    }

    /// The columns of which values were left out; nothing without any.
    static func leftOut(of published: PublishedTable) -> [(name: String, value: CanonicalJSON)] {
        if published.leftOut.isEmpty { return [] }
        return [("left_out", .array(published.leftOut.map { .text($0) }))]
    }

    /// How well persons hide in the rows that the pipeline wrote; empty where nothing was measured.
    static func rowOutputs(
        of publication: Publication
    ) -> [(name: String, value: CanonicalJSON)] {
        if publication.rowOutputs.isEmpty { return [] }
        let entries = publication.rowOutputs.map { risk -> CanonicalJSON in
            [
                "output": .text(risk.output), "quasi_identifiers": .text(risk.quasiIdentifiers),
                "measurements": .integer(Int64(risk.measurements)),
                "estimated": .boolean(risk.demandedPersons == nil),
                "persons": risk.demandedPersons.map { .integer(Int64($0)) } ?? .null,
                "rows": .integer(Int64(risk.rows)), "classes": .integer(Int64(risk.classes)),
                "unique_rows": .integer(Int64(risk.uniqueRows)),
                "fewest_persons": risk.fewestPersons.map { .integer(Int64($0)) } ?? .null,
                "removed_rows": .integer(Int64(risk.removedRows)),
                "classes_by_persons": .array(
                    risk.classesByPersons.map { .integer(Int64($0)) }),
            ]
        }
        return [("row_outputs", .array(entries))]
    }

    /// `entry` with more members: those that few publications have, so that the bytes of the others
    /// stay what they were.
    static func adding(
        _ members: [(name: String, value: CanonicalJSON)], to entry: CanonicalJSON
    ) -> CanonicalJSON {
        guard case .object(let known) = entry else { return entry }
        return .object(known + members)
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
