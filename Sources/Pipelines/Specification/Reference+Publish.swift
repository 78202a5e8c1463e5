import Publication

extension PipelineReference {
    static let publish = SettingSection(
        "publish",
        help:
            "What `sluice publish` does: closes a period once, under these rules, and never "
            + "publishes it again with another value. Only tables that fulfil the rules are "
            + "published.",
        [
            key("persons", "3 to 1000000", "`10`", "The fewest distinct persons behind a cell."),
            key(
                "customers",
                "1 to 1000000",
                "`3`",
                "The fewest distinct customers behind a cell of a table across customers."
            ),
            key(
                "zeros", "`shown` or `hidden`", "`shown`",
                "Whether it is told that nothing happened, where enough people are behind the row."
            ),
            key(
                "wholes", "`shown` or `hidden`", "`shown`",
                "Whether counts are told that make up all of a total with other parts: everybody in"
                    + " the total is known to belong to them."
            ),
            key(
                "crossings", "`bounded` or `proven`", "`proven` for `public`, else `bounded`",
                "What is asked of withheld distinct counts where tables cross (by `a` and `b`, by"
                    + " `a`, by `b`): that other values fit all inequalities between the figures,"
                    + " or also that one person more or fewer could be behind each without any"
                    + " figure being another; for that, totals of theirs are left out."
            ),
            key(
                "prior_percent", "1 to 100", "`10`",
                "The p of the p% rule: a sum or mean is told only if the second largest contributor"
                    + " cannot estimate the largest more closely than by p percent."
            ),
            key(
                "dominance", "mapping", "none",
                "The largest contributors may not make up more of a sum or mean than this: see"
                    + " `publish.dominance`."
            ),
            key(
                "counts", "`exact`, `{ rounded: 3 }`, `{ rounded: 5 }` or `{ cell_key: {…} }`",
                "`exact`",
                "How counts are told: as they are, rounded at random to multiples of 3 or 5, or"
                    + " changed by the keys of their members (`publish.counts.cell_key`). Changed"
                    + " counts do not add up."
            ),
            key(
                "path",
                "directory",
                required,
                "Where publications go: a folder for each, named by its period, such as `2026-03`."
            ),
            key(
                "formats",
                "list of "
                    + PublicationCatalogue.all.map { "`\($0.name)`" }.joined(separator: ", "),
                "`csv`",
                "How they are written."
            ),
            key(
                "close_after",
                "ISO 8601 duration",
                "`P7D`",
                "How long after its end a month stays open for late records; then `publish` closes"
                    + " it."
            ),
            key(
                "audience",
                "`internal` or `public`",
                "`internal`",
                "For whom it is; stands in each publication."
            ),
            key(
                "late",
                "`count` or `revise`",
                "`count`",
                "What becomes of records of a closed month: they are counted and told, or declared"
                    + " as a revision beside it when the next month is closed."
            ),
            key(
                "correct_within",
                "ISO 8601 duration",
                "`P1M`",
                "How long after its closing a month may be corrected; the death of its key ends it"
                    + " sooner."
            ),
            key(
                "provisional",
                "directory",
                "none",
                "Where `publish --provisional` shows the open months to internal readers, in weekly"
                    + " steps; not among the publications."
            ),
            key(
                "other",
                "list of fields and dimensions of `by`, or `none`",
                "all",
                "Where small values are counted together, as `Other`, before anything is withheld."
            ),
            key(
                "for_customers",
                "mapping",
                "none",
                "Tables about one customer each, for that customer: see `publish.for_customers`."
            ),
            key(
                "budget",
                "mapping",
                "none",
                "What tables with `noise` may cost each person: see `publish.budget`."
            ),
        ]
    )

    static let dominance = SettingSection(
        "publish.dominance",
        help: "The (n,k) rule for sums and means, beside the p% rule.",
        [
            key("contributors", "1 or 2", "`1`", "How many of the largest count together (n)."),
            key("percent", "1 to 99", required, "The most that they may make up (k)."),
        ]
    )
}
