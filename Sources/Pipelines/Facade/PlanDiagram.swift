internal import Anonymization
internal import LogFormats
internal import Records
internal import Statistics

/// The compiled plan as a flowchart in the language of Mermaid: from the source through the window
/// to each output and statistic, and who may read it.
struct PlanDiagram {
    private let plan: Plan
    private let explanation: Explanation
    private var lines: [String] = ["flowchart LR"]

    init(_ plan: Plan, _ specification: PipelineSpecification) {
        self.plan = plan
        explanation = Explanation(plan, specification)
        draw(window: specification.window.words)
    }

    var text: String { lines.joined(separator: "\n") + "\n" }

    private mutating func draw(window: String) {
        let clock = "window \(window) in \(plan.release.zone.name)"
        lines.append("  source([\(Self.label([plan.name, plan.format.name]))])")
        lines.append("  window{\(Self.label([clock]))}")
        lines.append("  source --> window")
        for index in plan.outputs.indices { draw(output: index) }
        for index in plan.tables.indices { draw(table: index) }
    }

    /// What is changed in a record, before and after it is due; fields that pass are not listed.
    private mutating func draw(output index: Int) {
        let output = plan.outputs[index]
        let fields = explanation.lines(index)
        let name = "output\(index)"
        func changes(_ word: (Explanation.Line) -> String) -> [String] {
            fields.filter { word($0) != "as it is" }.map { "\($0.field): \(word($0))" }
        }
        let due = changes(\.due)
        lines.append("  \(name)due[\(Self.label(["due"] + (due.isEmpty ? ["as it is"] : due)))]")
        lines.append("  window -- \(Self.label(["due"])) --> \(name)due --> \(name)")
        if output.showsWindow {
            let early = changes(\.inWindow)
            let shown = ["in the window"] + (early.isEmpty ? ["as it is"] : early)
            lines.append("  \(name)window[\(Self.label(shown))]")
            lines.append(
                "  window -- \(Self.label(["in the window"])) --> \(name)window --> \(name)")
        }
        let head = ["output \(output.name)", "purpose \(output.purpose)"]
        lines.append("  \(name)[(\(Self.label(head)))]")
        lines.append("  \(name) --> \(name)readers([\(Self.label([explanation.readers(output)]))])")
    }

    private mutating func draw(table index: Int) {
        let table = plan.tables[index]
        let statistic = plan.statistics.statistics[index]
        let kind = table.isDisclosure ? "disclosure" : "statistic"
        let measures = statistic.measures.map(\.name).joined(separator: ", ")
        lines.append("  table\(index)[[\(Self.label(["\(kind) \(table.name)", measures]))]]")
        lines.append("  source --> table\(index)")
        let rule =
            table.isDisclosure
            ? "named persons, in the window only" : explanation.rule(statistic)
        let reader =
            table.isUnseen
            ? "shown to nobody"
            : table.isPublished ? "published by month" : "a file of each run"
        lines.append("  table\(index) --> table\(index)readers([\(Self.label([reader, rule]))])")
    }

    /// Text of a node in quotes; characters that the language or a page would obey as entities.
    private static func label(_ texts: [String]) -> String {
        let safe = texts.map { text in
            FaultReport.printable(text).reduce(into: "") { escaped, character in
                switch character {
                case "\"": escaped += "#quot;"
                case "#": escaped += "#35;"
                case "<": escaped += "#lt;"
                case ">": escaped += "#gt;"
                case "&": escaped += "#amp;"
                default: escaped.append(character)
                }
            }
        }
        return "\"\(safe.joined(separator: "<br/>"))\""
    }
}
