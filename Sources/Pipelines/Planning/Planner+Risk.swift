internal import LogFormats
internal import Publication
internal import Records

extension Planner {
    /// How the rows of `output` are measured; nil when they are not, or the file says it wrongly.
    func makeRisk(
        _ output: OutputSpecification, _ target: any LogFormat, _ columns: [String]?, _ path: String
    ) -> RowRiskPlan? {
        guard let risk = output.risk, let person = risk.person, !risk.quasiIdentifiers.isEmpty
        else { return nil }
        let path = "\(path).risk"
        let before = faults.all.count
        checkRows(risk, output, target, path)
        let marks = risk.quasiIdentifiers + [person] + (risk.sensitive.map { [$0] } ?? [])
        for mark in marks {
            checkField(mark, risk, columns, path)
            checkMember(mark, target, path)
        }
        for step in risk.ladder
        where !risk.quasiIdentifiers.contains(where: { $0.value == step.field.value }) {
            faults.add(
                "a step makes a quasi-identifier coarser: expected "
                    + alternatives(risk.quasiIdentifiers.map(\.value)),
                at: step.field.position, path: "\(path).ladder")
        }
        guard faults.all.count == before else { return nil }
        return RowRiskPlan(
            fields: marks.map(\.value), quasiIdentifierCount: risk.quasiIdentifiers.count,
            demand: demand(risk, path), dropsPerson: risk.dropsPerson.value)
    }

    private func checkRows(
        _ risk: RiskSpecification, _ output: OutputSpecification, _ target: any LogFormat,
        _ path: String
    ) {
        if target.quoteRule == .never || target.envelope != nil {
            faults.add(
                "rows are measured as they are written: expected `csv`, `tsv` or `jsonl`",
                at: risk.position, path: path)
        }
        if output.isReadableInWindow {
            faults.add(
                "rows that are readable in the window hide nobody: expected no `safeguards`, or no "
                    + "`risk`", at: risk.position, path: path)
        }
        guard specification.state != nil else { return }
        if let changed = risk.ladder.first?.field.position
            ?? (risk.dropsPerson.value ? risk.dropsPerson.position : nil)
        {
            faults.add(
                "values that are made coarser after the rules could not be proven later: expected "
                    + "coarser rules under `fields` and `remove`, or no `state`",
                at: changed, path: path)
        }
    }

    private func checkField(
        _ mark: Marked<String>, _ risk: RiskSpecification, _ columns: [String]?, _ path: String
    ) {
        let names = columns ?? register.names
        guard !names.contains(where: { $0.utf8.elementsEqual(mark.value.utf8) }) else { return }
        faults.add(
            "the output has no field `\(mark.value)`: expected one that it writes",
            at: mark.position, path: path, suggestion: nearestName(to: mark.value, among: names))
    }

    /// Where an element is missing in a list, nothing can be written in one way for all.
    private func checkMember(_ mark: Marked<String>, _ target: any LogFormat, _ path: String) {
        guard target.quoteRule == .always, JSONFieldPath(mark.value)?.hasElements == true else {
            return
        }
        faults.add(
            "rows are measured by fields of objects: expected a field without `[`",
            at: mark.position, path: path)
    }

    private func demand(_ risk: RiskSpecification, _ path: String) -> RiskPlan? {
        guard let persons = risk.persons else { return nil }
        let names = risk.quasiIdentifiers.map(\.value)
        let ladder = risk.ladder.compactMap { step in
            names.firstIndex(of: step.field.value).map { LadderStep(column: $0, step.change) }
        }
        if let removed = risk.removed, removed.value >= 1_000_000 {
            faults.add(
                "where all rows may be removed, nothing is demanded: expected a share below "
                    + "`100%`", at: removed.position, path: "\(path).remove")
            return nil
        }
        let share = Ratio(UInt128(risk.removed?.value ?? 0), 1_000_000) ?? .zero
        do throws(RiskFault) {
            return try RiskPlan(
                quasiIdentifiers: names, ladder: ladder, persons: Int64(persons.value),
                values: risk.values.map { Int64($0.value) }, removedShare: share)
        } catch {
            faults.add(error.description, at: risk.position, path: path)
            return nil
        }
    }
}
