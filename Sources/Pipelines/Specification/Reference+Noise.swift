import Anonymization
import Publication

extension PipelineReference {
    static let noise = SettingSection(
        "statistics[].noise",
        help:
            "Makes a published table differentially private: what one person adds is bounded, then "
            + "noise is drawn once and kept. Needs `publish.budget`.",
        [
            key(
                "unit",
                "`user-month`",
                "`user-month`",
                "What is protected: all that one user does in one month."
            ),
            key(
                "epsilon",
                "number above 0",
                "`rho`",
                "The ε of the table, for discrete Laplace noise; costs ρ = ε²/2 at most."
            ),
            key(
                "rho",
                "number above 0",
                "`epsilon`",
                "The ρ of the table, for discrete Gaussian noise."
            ),
            key(
                "rows",
                "1 to \(NoiseSettings.rowsPerPersonMax)",
                required,
                "The most rows that one user counts in; which of them is drawn by a keyed hash."
            ),
            key(
                "bounds",
                "`{column: number}` or `{column: {most: number}}`",
                "1 for numbers of users",
                "What one user may add to a figure, for each column: see"
                    + " `statistics[].noise.bounds.*`."
            ),
            key(
                "delta",
                "number above 0, below 1",
                required,
                "The risk that any row is shown that betrays its only user."
            ),
        ]
    )

    static let noiseBound = SettingSection(
        "statistics[].noise.bounds.*",
        help: "The long form; a bare number is the `most`.",
        [
            key("most", "number", required, "What is more counts as this."),
            key("least", "number, at most 0", "`0`", "What is less counts as this; sums only."),
            key("step", "number", "`1`", "Sums are rounded down to it, user by user."),
        ]
    )

    static let budget = SettingSection(
        "publish.budget",
        help:
            "What noisy tables may cost each person in them, in zero-concentrated differential "
            + "privacy. `publish` refuses what would cost more.",
        [
            key("rho", "number above 0", required, "The most ρ of one month."),
            key("delta", "number above 0", "`0`", "The most δ of one month."),
            key(
                "rho_overall",
                "number above 0",
                "no limit",
                "The most ρ of all months together, for a person who is in all of them."
            ),
            key("delta_overall", "number above 0", "`0`", "The same for δ."),
        ]
    )
}
