internal import Anonymization
internal import KeyedHashing
internal import LogFormats
internal import Records
internal import Statistics

extension Planner {
    /// The statistics and disclosures of a pipeline, as the releasing module and as the aggregator
    /// see them.
    struct PlannedObservations {
        var plan = ObservationPlan()
        var statistics = StatisticsPlan(
            textInputs: [], tokenInputCount: 0, personInput: nil, customerInput: nil,
            statistics: [])
        var tables: [TablePlan] = []
    }

    func makeObservations(
        _ derived: [(name: String, field: Anonymization.DerivedField)]
    ) -> PlannedObservations {
        var planned = PlannedObservations()
        guard !specification.statistics.isEmpty || !specification.disclosures.isEmpty else {
            return planned
        }
        let inputs = InputRegister(self, derived)
        let identity = specification.identity
        // What a state keeps must be separable by person, so that an erasure can reach it.
        let needsPersons =
            specification.state != nil
            || specification.statistics.contains { suppression($0).countsPersons }
        let person = needsPersons ? identity.user.map { inputs.token($0.value) } : nil
        let customer = needsPersons ? identity.customer.map { inputs.token($0.value) } : nil
        var plans: [StatisticPlan] = []
        for (index, statistic) in specification.statistics.enumerated() {
            let path = "statistics[\(index + 1)]"
            guard let made = plan(statistic, inputs, path) else { continue }
            plans.append(made)
            planned.plan.statistics.append(inputs.takeReader(purposes[statistic.purpose.value]))
            planned.tables.append(table(statistic))
        }
        for (index, disclosure) in specification.disclosures.enumerated() {
            let path = "disclosures[\(index + 1)]"
            guard let made = plan(disclosure, inputs, path) else { continue }
            plans.append(made)
            var reader = inputs.takeReader(
                disclosure.purpose.flatMap { purposes[$0.value] } ?? .compliance)
            reader.readsWindowOnly = true
            planned.plan.statistics.append(reader)
            planned.tables.append(table(disclosure))
        }
        addUnseen(to: &planned, &plans, inputs)
        let own = planned.plan.statistics.count { $0.countedWith == nil }
        if own > StatisticsPlan.statisticsMax {
            faults.add(
                "expected at most \(StatisticsPlan.statisticsMax) statistics and disclosures, "
                    + "found \(own), with those that are counted for the sake of `within`",
                at: specification.name.position, path: "statistics")
        }
        planned.plan.texts = inputs.texts
        planned.plan.tokens = inputs.tokens
        planned.statistics = StatisticsPlan(
            textInputs: inputs.textPlans, tokenInputCount: inputs.tokens.count,
            personInput: person, customerInput: customer, statistics: plans,
            bits: planned.plan.bits,
            granularity: specification.state == nil ? .reduced : .separable)
        return planned
    }

    /// Adds what is counted beside the statistics to know what is part of what.
    private func addUnseen(
        to planned: inout PlannedObservations, _ plans: inout [StatisticPlan],
        _ inputs: InputRegister
    ) {
        inputs.noteCompared(plans)
        for (index, statistic) in specification.statistics.enumerated() {
            let name = statistic.name.value
            guard let at = plans.firstIndex(where: { $0.name == name }) else { continue }
            let unseen = unseenPlans(
                of: plans[at], statistic, inputs, "statistics[\(index + 1)].within")
            var reader = inputs.takeReader(purposes[statistic.purpose.value])
            // What one of both skips, because of an opt-out, is in neither.
            reader.categories.formUnion(planned.plan.statistics[at].categories)
            for plan in unseen {
                plans.append(plan)
                planned.plan.statistics.append(reader)
                planned.tables.append(
                    TablePlan(
                        name: plan.name, paths: [], purpose: statistic.purpose.value,
                        isPublished: true, isUnseen: true, isDisclosure: false, columns: []))
            }
        }
        noteOverlaps(of: plans, planned, inputs)
        for part in partPlans(planned, &plans, inputs) {
            var reader = planned.plan.statistics[part.of]
            reader.countedWith = part.of
            planned.plan.statistics.append(reader)
            var table = TablePlan(
                name: part.plan.name, paths: [], purpose: planned.tables[part.of].purpose,
                isPublished: part.isPublished, isUnseen: true, isDisclosure: false, columns: [])
            table.isPart = true
            table.isSpanning = part.isSpanning
            table.isOfParts = true
            planned.tables.append(table)
            plans.append(part.plan)
        }
    }

    // MARK: Statistics

    private func plan(
        _ statistic: StatisticSpecification, _ inputs: InputRegister, _ path: String
    ) -> StatisticPlan? {
        guard let purpose = purposes[statistic.purpose.value] else { return nil }
        inputs.purpose = purpose
        checkEpochs(statistic, path)
        return StatisticPlan(
            name: statistic.name.value, purposeIndex: Int(purpose.index),
            groupBy: groupKeys(statistic.keys, inputs, isNamed: false, path),
            measures: measures(statistic.measures, inputs, path),
            suppression: suppression(statistic))
    }

    /// Under month keys a person of two months has two tokens: persons can only be told apart
    /// within a month.
    private func checkEpochs(_ statistic: StatisticSpecification, _ path: String) {
        // An hour is one of the day, in any month.
        let hasTime = statistic.keys.contains {
            if case .time(let unit) = $0 { unit.value != .hour } else { false }
        }
        let countsTokens = statistic.measures.contains {
            ["distinct", "sessions"].contains($0.measure.name.value)
        }
        guard !hasTime, countsTokens || suppression(statistic).countsPersons else { return }
        faults.add(
            "counts persons over several months, whose tokens have different keys: expected "
                + "`month` or `day` among the keys",
            at: statistic.name.position, path: "\(path).by")
    }

    private func suppression(_ statistic: StatisticSpecification) -> SuppressionRule {
        let own = statistic.suppression
        let persons = (own?.persons ?? specification.publish?.persons)?.value ?? 10
        if own?.of.value == .count { return .count(persons) }
        let customers = (own?.customers ?? specification.publish?.customers)?.value ?? 3
        return .persons(
            persons, customers: specification.identity.customer == nil ? nil : customers)
    }

    private func table(_ statistic: StatisticSpecification) -> TablePlan {
        var paths: [(path: PathTemplate, format: TableFormat)] = []
        if let path = statistic.path?.value, let resolved = PathTemplate(world.resolve(path.text)) {
            let format: TableFormat = path.text.hasSuffix(".jsonl") ? .jsonl : .csv
            paths.append((resolved, format))
        }
        return TablePlan(
            name: statistic.name.value, paths: paths, purpose: statistic.purpose.value,
            isPublished: specification.publish != nil && statistic.path == nil,
            sketches: statistic.export.map(\.value), isDisclosure: false, columns: [])
    }

    // MARK: Disclosures

    private func plan(
        _ disclosure: DisclosureSpecification, _ inputs: InputRegister, _ path: String
    ) -> StatisticPlan? {
        inputs.purpose = disclosure.purpose.flatMap { purposes[$0.value] } ?? .compliance
        return StatisticPlan(
            name: disclosure.name.value, purposeIndex: Int(inputs.purpose.index),
            groupBy: groupKeys(disclosure.keys, inputs, isNamed: true, path),
            measures: measures(disclosure.measures, inputs, path), suppression: .count(0))
    }

    private func table(_ disclosure: DisclosureSpecification) -> TablePlan {
        if let retention = disclosure.retention,
            !disclosure.path.value.placeholders.contains("month")
        {
            faults.add(
                "retention is told by the month in the path: expected `{month}` in `path`",
                at: retention.position, path: "disclosures.retention")
        }
        let template = PathTemplate(world.resolve(disclosure.path.value.text))
        let format: TableFormat =
            disclosure.path.value.text.hasSuffix(".jsonl") ? .jsonl : .csv
        let saysMonth = disclosure.path.value.placeholders.contains("month")
        if !saysMonth, !disclosure.path.value.isStandardOutput {
            notes.append(
                "\(disclosure.name.value): no `{month}` in `path`, so its files stay until "
                    + "somebody deletes them")
        }
        var table = TablePlan(
            name: disclosure.name.value, paths: template.map { [($0, format)] } ?? [],
            purpose: disclosure.purpose?.value ?? "", isDisclosure: true,
            retention: disclosure.retention?.value
                ?? (saysMonth ? specification.window.length.value : nil),
            columns: disclosure.path.value.placeholders.filter { $0 != "name" })
        table.recipient = disclosure.recipient.value.rawValue
        table.keyColumns = disclosure.keys.compactMap(\.plainName)
        table.firstFigure = disclosure.measures.first?.name.value ?? ""
        return table
    }

    // MARK: Keys and measures

    private func groupKeys(
        _ keys: [GroupKey], _ inputs: InputRegister, isNamed: Bool, _ path: String
    ) -> [Statistics.GroupKey] {
        keys.compactMap { key in
            switch key {
            case .time(let unit):
                switch unit.value {
                case .month: .month
                case .day: .day
                case .hour: .hour
                }
            case .field(let field):
                inputs.group(field, isNamed: isNamed, path: "\(path).by").map {
                    .text(input: $0, column: field.value)
                }
            case .dimension(let options): dimensions(options, inputs, path)
            }
        }
    }

    /// `{dimension: {browser: client.browser, …}}`
    private func dimensions(
        _ options: NamedOptions, _ inputs: InputRegister, _ path: String
    ) -> Statistics.GroupKey? {
        guard options.name.value == "dimension" else {
            faults.add(
                "unknown key `\(options.name.value)`, expected `dimension`, a field or one of "
                    + "`month`, `day`, `hour`",
                at: options.name.position, path: "\(path).by")
            return nil
        }
        let reader = SettingReader(
            options.options, path: "\(path).by.dimension", faults: faults)
        let dimensions = reader.keys.compactMap { key -> Dimension? in
            guard let field = reader.text(key.name) else { return nil }
            let mark = Marked(field, at: key.position)
            return inputs.group(mark, isNamed: false, path: reader.path).map {
                Dimension(name: key.name, input: $0)
            }
        }
        return .dimensions(dimensions)
    }

    private func measures(
        _ columns: [MeasureColumn], _ inputs: InputRegister, _ path: String
    ) -> [MeasurePlan] {
        columns.compactMap { column in
            let inner = "\(path).measures.\(column.name.value)"
            guard let descriptor = MeasureCatalogue.measure(named: column.measure.name.value) else {
                faults.add(
                    "unknown measure `\(column.measure.name.value)`",
                    at: column.measure.name.position, path: inner,
                    suggestion: nearestName(
                        to: column.measure.name.value,
                        among: MeasureCatalogue.all.map(\.name)))
                return nil
            }
            let reader = settings(
                column.measure, shorthand: descriptor.shorthand, path: inner)
            let made = descriptor.make(column.name.value, reader, inputs.measureInputs)
            reader.finish()
            return made
        }
    }
}

extension SuppressionRule {
    /// True when the rule needs to know who is behind a cell.
    fileprivate var countsPersons: Bool {
        if case .persons = self { true } else { false }
    }
}
