internal import Anonymization
internal import Ledger
internal import LogFormats
internal import Publication
internal import Records
internal import Statistics

/// The compiled plan in words: what happens to each field, in and out of the window, for each
/// output, and who may read it.
struct Explanation {
    private let plan: Plan
    private let specification: PipelineSpecification

    init(_ plan: Plan, _ specification: PipelineSpecification) {
        self.plan = plan
        self.specification = specification
    }

    /// One line of the table of an output.
    struct Line {
        let field: String
        let inWindow: String
        let due: String
    }

    func lines(_ index: Int) -> [Line] {
        let output = plan.release.outputs[index]
        let named = plan.release.fields.names.enumerated().map { slot, name in
            line(name, output.rules[slot], output)
        }
        let rest = Line(
            field: "every other field",
            inWindow: output.showsWindow && output.mode == .spliced ? "as it is" : "-",
            due: output.keepsUnnamed ? "as it is" : "dropped")
        return named + [rest]
    }

    private func line(
        _ name: String, _ rule: Anonymization.FieldRule, _ output: OutputReleasePlan
    ) -> Line {
        if rule.isBarred { return Line(field: name, inWindow: "dropped", due: "dropped") }
        let own = specification.outputs.first { $0.name.value == output.name }
        let written =
            own?.fields.first { $0.field.value == name }?.transform
            ?? specification.fields.first { $0.field.value == name }?.transform
        let due = rule.transform == nil ? "dropped" : written?.name.value ?? "as it is"
        guard output.showsWindow else { return Line(field: name, inWindow: "-", due: due) }
        return Line(field: name, inWindow: rule.appliesAlways ? due : "as it is", due: due)
    }

    // MARK: Text

    var text: String {
        var page = "pipeline \(plan.name)\n"
        page += "format   \(plan.format.name)\n"
        page += "window   \(specification.window.words) in \(plan.release.zone.name)\n"
        let cutOff = plan.release.clocks.statedCutOff.map(dateText) ?? ""
        if !cutOff.isEmpty { page += "cut-off  \(cutOff): a record before it is due\n" }
        page += clockText
        for (index, output) in plan.outputs.enumerated() {
            page += "\noutput \(output.name), purpose \(output.purpose), to \(output.path.text)\n"
            page += "  read by \(readers(output))\n" + risk(output)
            let lines = lines(index)
            let width = lines.map(\.field.count).max() ?? 0
            page += row("field", "in the window", "due", width)
            for line in lines { page += row(line.field, line.inWindow, line.due, width) }
        }
        for (index, table) in plan.tables.enumerated() {
            let statistic = plan.statistics.statistics[index]
            page += "\n\(table.isDisclosure ? "disclosure" : "statistic") \(table.name)\n"
            page += "  measures \(statistic.measures.map(\.name).joined(separator: ", "))\n"
            let who = table.isDisclosure ? "named persons, in the window only" : rule(statistic)
            page += "  \(who)\n"
            if table.isUnseen {
                page += "  shown to nobody: says what is part of what\n"
            } else if table.isPublished {
                page += "  published by month, in no file of a run\n"
            }
            page += noise?.text(ofStatistic: index) ?? ""
            let sketches = statistic.sketchColumns(of: table.sketches).map(\.name)
            if !sketches.isEmpty {
                page += "  sketches \(sketches.joined(separator: ", ")), for internal readers\n"
            }
        }
        return page + publishText
    }

    private var publishText: String {
        guard let publish = plan.publish else { return "" }
        let customers = publish.rules.customers.map { " or \($0) customers" } ?? ""
        let formats = publish.formats.map(\.name).joined(separator: ", ")
        return "\npublish to \(publish.folder)/<month>, as \(formats)\n"
            + "  each month once, \(publish.closeAfter.text) after its end\n"
            + "  for readers: \(publish.audience.rawValue); figures of fewer than "
            + "\(publish.rules.persons) persons\(customers) are suppressed, and what would tell "
            + "them\n"
            + Self.text(of: publish.rules) + Self.text(of: publish.counts)
            + "  late records: "
            + (publish.late == .revise ? "a revision beside the month" : "counted, change nothing")
            + "; corrections for \(publish.correctWithin.text)\n"
            + (publish.provisional.map { "  provisional figures to \($0), by week\n" } ?? "")
            + (publish.forOneCustomer.map(customerText) ?? "")
            + "  small values counted together as Other: \(otherColumns(publish))\n"
            + (noise?.budget ?? "")
    }

    private func customerText(_ own: PublishPlan) -> String {
        "  tables about one customer each, for that customer, to \(own.folder)/<month>/<token>, as "
            + own.formats.map(\.name).joined(separator: ", ")
            + "; figures of fewer than \(own.rules.persons) persons are suppressed\n"
    }

    private func otherColumns(_ publish: PublishPlan) -> String {
        guard let named = publish.other else { return "in every field and dimension" }
        return named.isEmpty ? "nowhere" : "in \(named.joined(separator: ", "))"
    }

    private static func text(of rules: ControlRules) -> String {
        // Who knows the numbers of these rules comes nearer to what they protect.
        let prior = rules.priorPercent.map { _ in "the p% rule" }
        let largest = rules.dominance.map { _ in "a dominance rule" }
        let hidden = [(rules.zeros, "zeros"), (rules.wholes, "figures that are all of their total")]
            .filter { $0.0 == .hidden }.map { "no \($0.1)" }
        let sums = [prior, largest].compactMap { $0 }.joined(separator: " and ")
        return "  sums and means: \(sums), of which the numbers are confidential\n"
            + (hidden.isEmpty ? "" : "  told: \(hidden.joined(separator: ", "))\n")
    }

    private static func text(of counts: CountsRule) -> String {
        switch counts {
        case .exact: ""
        case .rounded(let rounding):
            "  counts: rounded at random to multiples of \(rounding.base); they do not add up\n"
        case .cellKey:
            "  counts: changed by the keys of their members, by a table that is confidential; they "
                + "do not add up\n"
        }
    }

    private static func json(of counts: CountsRule) -> CanonicalJSON {
        switch counts {
        case .exact: "exact"
        case .rounded(let rounding): ["rounded": .integer(Int64(rounding.base))]
        case .cellKey: "cell_key"
        }
    }

    private var noise: NoiseExplanation? { plan.noise.map(NoiseExplanation.init) }

    private var publishJSON: CanonicalJSON {
        guard let publish = plan.publish else { return .null }
        return [
            "path": .text(publish.folder),
            "formats": .array(publish.formats.map { .text($0.name) }),
            "close_after": .text(publish.closeAfter.text),
            "audience": .text(publish.audience.rawValue),
            "late": .text(publish.late.rawValue),
            "correct_within": .text(publish.correctWithin.text),
            "provisional": publish.provisional.map { .text($0) } ?? .null,
            "for_customers": publish.forCustomers.map { own in
                [
                    "path": .text(own.folder), "persons": .integer(Int64(own.persons)),
                    "formats": .array(own.formats.map { .text($0.name) }),
                ]
            } ?? .null,
            "other": publish.other.map { .array($0.map { .text($0) }) } ?? .null,
            "persons": .integer(Int64(publish.rules.persons)),
            "customers": publish.rules.customers.map { .integer(Int64($0)) } ?? .null,
            "zeros": .text(publish.rules.zeros.rawValue),
            "wholes": .text(publish.rules.wholes.rawValue),
            "crossings": .text(publish.rules.crossings.rawValue),
            "counts": Self.json(of: publish.counts),
            // The numbers of these rules are confidential.
            "prior_percent": .boolean(publish.rules.priorPercent != nil),
            "dominance": .boolean(publish.rules.dominance != nil),
        ]
    }

    private func row(_ field: String, _ inWindow: String, _ due: String, _ width: Int) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        return "  \(padded(field, width))  \(padded(inWindow, 14))  \(due)\n"
    }

    func readers(_ output: OutputPlan) -> String {
        let recipients = output.recipients.isEmpty ? ["own"] : output.recipients
        return recipients.joined(separator: ", ")
            + (output.showsWindow ? ", readable in the window under safeguards" : "")
    }

    private func risk(_ output: OutputPlan) -> String {
        guard let risk = output.risk else { return "" }
        let fields = risk.quasiIdentifiers.joined(separator: ", ")
        guard let demand = risk.demand else { return "  risk estimated by \(fields)\n" }
        let values = demand.values.map { " and \($0) values" } ?? ""
        return "  rows leave in classes of \(demand.persons) persons\(values) or more, by "
            + "\(fields), or not at all\n"
    }

    func rule(_ statistic: StatisticPlan) -> String {
        switch statistic.suppression {
        case .persons(let persons, let customers):
            "cells with fewer than \(persons) persons"
                + (customers.map { " or \($0) customers" } ?? "") + " are suppressed"
        case .count(let count): "counts below \(count) are suppressed (protects nobody)"
        }
    }

    // MARK: Clocks

    /// The clocks besides the window, each with what it decides about.
    private var clockLines: [(what: String, clock: FieldClock)] {
        let fields = specification.fields.compactMap { rule in
            rule.after.map { (rule.field.value, $0) }
        }
        let own = specification.outputs.flatMap { output in
            output.fields.compactMap { rule in
                rule.after.map { ("\(rule.field.value) in \(output.name.value)", $0) }
            }
        }
        return fields + own + specification.delete.map { ("the record is deleted", $0) }
    }

    private var clockText: String {
        if clockLines.isEmpty { return "" }
        let width = clockLines.map(\.what.count).max() ?? 0
        return "clocks\n"
            + clockLines.map { line in
                let gap = String(repeating: " ", count: width - line.what.count)
                return "  \(line.what)\(gap)  \(line.clock.words)\n"
            }.joined()
    }

    private func clockJSON(_ line: (what: String, clock: FieldClock)) -> CanonicalJSON {
        ["of": .text(line.what), "runs_out": .text(line.clock.words)]
    }

    // MARK: JSON

    var json: String {
        let document: CanonicalJSON = [
            "pipeline": .text(plan.name), "format": .text(plan.format.name),
            "window": .text(specification.window.length.value.text),
            "clocks": .array(clockLines.map(clockJSON)),
            "zone": .text(plan.release.zone.name),
            "cut_off": .text(plan.release.clocks.statedCutOff.map(dateText) ?? ""),
            "outputs": .array(plan.outputs.indices.map(outputJSON)),
            "tables": .array(plan.tables.indices.map(tableJSON)),
            "publish": publishJSON,
        ]
        return document.written + "\n"
    }

    private func outputJSON(_ index: Int) -> CanonicalJSON {
        let output = plan.outputs[index]
        let recipients = output.recipients.isEmpty ? ["own"] : output.recipients
        return [
            "name": .text(output.name), "purpose": .text(output.purpose),
            "path": .text(output.path.text),
            "recipients": .array(recipients.map { .text($0) }),
            "readable_in_window": .boolean(output.showsWindow),
            "fields": .array(
                lines(index).map { line -> CanonicalJSON in
                    [
                        "field": .text(line.field), "in_window": .text(line.inWindow),
                        "due": .text(line.due),
                    ]
                }),
        ]
    }

    private func tableJSON(_ index: Int) -> CanonicalJSON {
        let measures = plan.statistics.statistics[index].measures
        return [
            "name": .text(plan.tables[index].name),
            "disclosure": .boolean(plan.tables[index].isDisclosure),
            "published": .boolean(
                plan.tables[index].isPublished && !plan.tables[index].isUnseen),
            "measures": .array(measures.map { .text($0.name) }),
            "noise": noise?.json(ofStatistic: index) ?? .null,
            "sketches": .array(
                plan.statistics.statistics[index].sketchColumns(of: plan.tables[index].sketches)
                    .map { .text($0.name) }),
        ]
    }
}
