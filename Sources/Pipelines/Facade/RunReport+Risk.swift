internal import Ledger
internal import Publication

extension RunReport {
    /// How well persons hide among each other in the rows of an output.
    package struct Risk: Sendable, Equatable {
        /// The figures of some rows.
        package struct Figures: Sendable, Equatable {
            package let rows: Int
            /// Rows with equal quasi-identifiers are a class.
            package let classes: Int
            /// Rows in classes of one person or none.
            package let uniqueRows: Int
            /// The fewest persons of a class, and the fewest different sensitive values; nil where
            /// it is not known.
            package let fewestPersons: Int?
            package let fewestValues: Int?
            /// The risk that somebody looked for is found, at worst, and the share of persons found
            /// if all are looked for; nil where it is not known.
            package let prosecutorRisk: Double?
            package let marketerRisk: Double?
            /// Classes by their number of persons, 0 to 19; the last is for more.
            package let classesByPersons: [Int]
        }

        /// The name of the output.
        package let output: String
        package let quasiIdentifiers: [String]
        /// What is demanded; nil where the figures are estimated and nothing is.
        package let demandedPersons: Int?
        package let demandedValues: Int?
        /// Rows that name nobody.
        package let namelessRows: Int
        /// The rows as the rules left them.
        package let before: Figures
        /// The rows as they are written; the same where nothing is demanded.
        package let after: Figures
        /// How many steps of the ladder were taken, and how many there are.
        package let steps: Int
        package let stepsMax: Int
        /// Rows that were removed because their class was too small.
        package let removedRows: Int
    }
}

extension RunReport.Risk.Figures {
    init(_ figures: RiskFigures) {
        self.init(
            rows: Int(figures.rows), classes: Int(figures.classes),
            uniqueRows: Int(figures.uniqueRows), fewestPersons: figures.fewestPersons.map(Int.init),
            fewestValues: figures.diversity.map { Int($0.fewestValues) },
            prosecutorRisk: figures.prosecutorRisk, marketerRisk: figures.marketerRisk,
            classesByPersons: figures.classesByPersons.map { Int($0) })
    }

    init(_ estimate: RiskEstimate) {
        self.init(
            rows: Int(estimate.rows), classes: Int(estimate.classes),
            uniqueRows: Int(estimate.rows(inClassesOf: 1)), fewestPersons: nil, fewestValues: nil,
            prosecutorRisk: nil, marketerRisk: nil,
            classesByPersons: estimate.classesByPersons.map { Int($0) })
    }
}

extension RowMeasurement {
    /// What the ledger keeps of the figures of an output.
    init(_ risk: RunReport.Risk) {
        let figures = risk.after
        self.init(
            output: risk.output, quasiIdentifiers: risk.quasiIdentifiers.joined(separator: ", "),
            demandedPersons: risk.demandedPersons.map { Int64($0) }, rows: Int64(figures.rows),
            classes: Int64(figures.classes), uniqueRows: Int64(figures.uniqueRows),
            fewestPersons: figures.fewestPersons.map { Int64($0) },
            removedRows: Int64(risk.removedRows),
            classesByPersons: figures.classesByPersons.map { Int64($0) })
    }
}

extension RunReport.Risk {
    /// What was done to rows of which something is demanded.
    init(_ output: String, _ plan: RowRiskPlan, _ report: RiskReport) {
        let before = Figures(report.levels[0])
        self.init(
            output: output, quasiIdentifiers: plan.quasiIdentifiers,
            demandedPersons: Int(report.plan.persons),
            demandedValues: report.plan.values.map(Int.init),
            namelessRows: Int(report.namelessRows), before: before,
            after: report.after.map(Figures.init) ?? before, steps: report.release?.level ?? 0,
            stepsMax: report.plan.ladder.count, removedRows: Int(report.removedRows ?? 0))
    }

    /// Rows that are only measured.
    init(_ output: String, _ plan: RowRiskPlan, _ estimate: RiskEstimate) {
        let figures = Figures(estimate)
        self.init(
            output: output, quasiIdentifiers: plan.quasiIdentifiers, demandedPersons: nil,
            demandedValues: nil, namelessRows: Int(estimate.namelessRows), before: figures,
            after: figures, steps: 0, stepsMax: 0, removedRows: 0)
    }
}
