package import Pipelines

/// How well persons hide in rows, as people and machines read it.
package enum RiskText {
    /// A sentence or two about one output.
    package static func sentence(_ risk: RunReport.Risk) -> String {
        let fields = risk.quasiIdentifiers.joined(separator: ", ")
        let rows = NumberText.counted(risk.before.rows, "row")
        guard let demanded = risk.demandedPersons else {
            return "risk of \(risk.output), estimated: \(rows) in about "
                + "\(NumberText.grouped(risk.before.classes)) classes of \(fields), about "
                + "\(NumberText.grouped(risk.before.uniqueRows)) in classes of one person"
        }
        var text = "risk of \(risk.output): \(rows) in \(NumberText.grouped(risk.before.classes)) "
            + "classes of \(fields), \(NumberText.grouped(risk.before.uniqueRows)) of them unique; "
            + "written in \(NumberText.grouped(risk.after.classes)) classes"
        if let fewest = risk.after.fewestPersons {
            text += " of \(NumberText.grouped(fewest)) persons or more (asked: "
                + "\(NumberText.grouped(demanded)))"
        }
        if let values = risk.after.fewestValues {
            text += ", \(NumberText.grouped(values)) values or more"
        }
        text += ", \(NumberText.counted(risk.removedRows, "row")) removed"
        if risk.stepsMax > 0 { text += ", step \(risk.steps) of \(risk.stepsMax)" }
        return text
    }

    /// The same for machines.
    package static func json(_ risk: RunReport.Risk) -> JSONValue {
        .object([
            ("output", .text(risk.output)), ("estimated", .boolean(risk.demandedPersons == nil)),
            ("quasi_identifiers", .array(risk.quasiIdentifiers.map { .text($0) })),
            ("persons", number(risk.demandedPersons)), ("values", number(risk.demandedValues)),
            ("nameless_rows", .integer(risk.namelessRows)), ("before", json(risk.before)),
            ("after", json(risk.after)), ("steps", .integer(risk.steps)),
            ("removed_rows", .integer(risk.removedRows)),
        ])
    }

    private static func json(_ figures: RunReport.Risk.Figures) -> JSONValue {
        .object([
            ("rows", .integer(figures.rows)), ("classes", .integer(figures.classes)),
            ("unique_rows", .integer(figures.uniqueRows)),
            ("fewest_persons", number(figures.fewestPersons)),
            ("fewest_values", number(figures.fewestValues)),
            ("prosecutor_risk_per_million", perMillion(figures.prosecutorRisk)),
            ("marketer_risk_per_million", perMillion(figures.marketerRisk)),
            ("classes_by_persons", .array(figures.classesByPersons.map { .integer($0) })),
        ])
    }

    private static func perMillion(_ share: Double?) -> JSONValue {
        number(share.map { Int(($0 * 1_000_000).rounded()) })
    }

    private static func number(_ value: Int?) -> JSONValue { value.map { .integer($0) } ?? .null }
}
