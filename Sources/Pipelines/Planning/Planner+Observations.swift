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
        if plans.count > StatisticsPlan.statisticsMax {
            faults.add(
                "expected at most \(StatisticsPlan.statisticsMax) statistics and disclosures, "
                    + "found \(plans.count), with those that are counted for the sake of `within` "
                    + "and of columns about a part",
                at: specification.name.position, path: "statistics")
        }
        planned.plan.texts = inputs.texts
        planned.plan.tokens = inputs.tokens
        planned.statistics = StatisticsPlan(
            textInputs: inputs.textPlans, tokenInputCount: inputs.tokens.count,
            personInput: person, customerInput: customer, statistics: plans,
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
        for part in partPlans(planned, &plans, inputs) {
            planned.plan.statistics.append(planned.plan.statistics[part.of])
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

/// The inputs of the observation batches while a plan is made.
final class InputRegister {
    private let planner: Planner
    private let derived: [(name: String, field: Anonymization.DerivedField)]
    private(set) var texts: [ObservationPlan.TextInput] = []
    private(set) var textPlans: [TextInputPlan] = []
    private(set) var tokens: [ObservationPlan.TokenInput] = []
    private var textKeys: [(name: String, isRuled: Bool)] = []
    private var tokenFields: [String] = []
    private var categories = CategorySet()
    /// The fields that columns about a part are about.
    private(set) var compared: Set<String> = []
    /// The purpose of the statistic at hand.
    var purpose = Purpose.statistics

    init(_ planner: Planner, _ derived: [(name: String, field: Anonymization.DerivedField)]) {
        self.planner = planner
        self.derived = derived
    }

    /// What the statistic planned last reads.
    func takeReader(_ purpose: Purpose?) -> ObservationPlan.Reader {
        defer { categories = CategorySet() }
        return ObservationPlan.Reader(
            purpose: purpose ?? .statistics, categories: categories)
    }

    /// The input of a group key: under its rule, or as it is for a disclosure (`isNamed`).
    func group(_ field: Marked<String>, isNamed: Bool, path: String) -> Int? {
        noteUse(of: field, path)
        if let index = derived.firstIndex(where: { $0.name == field.value }) {
            return add(field.value, isRuled: true, .derived(index), nil)
        }
        let slot = planner.slot(field, path: path)
        guard !isNamed else { return add(field.value, isRuled: false, .slot(slot), nil) }
        guard
            let rule = planner.specification.fields.first(where: { $0.field.value == field.value }),
            let options = rule.transform
        else {
            planner.faults.add(
                "a group key needs a rule under `fields`: add `\(field.value): keep` or a "
                    + "transform",
                at: field.position, path: path)
            return nil
        }
        guard
            let made = planner.transform(
                options, field: field.value, path: "fields.\(field.value)")
        else { return nil }
        // A value that stays as it is is the very one that measures compare: control sees that only
        // when both are one input.
        let isKept = made.descriptor.traits.contains(.leavesReadable)
        return add(
            field.value, isRuled: !isKept, .slot(slot), isKept ? nil : made.transform)
    }

    private func add(
        _ name: String, isRuled: Bool, _ source: OutputReleasePlan.Source,
        _ transform: (any Transform)?
    ) -> Int {
        if let known = textKeys.firstIndex(where: { $0.name == name && $0.isRuled == isRuled }) {
            return known
        }
        textKeys.append((name, isRuled))
        texts.append(ObservationPlan.TextInput(source: source, transform: transform))
        textPlans.append(TextInputPlan(name: name))
        return texts.count - 1
    }

    /// Notes the fields that columns of `plans` compare.
    func noteCompared(_ plans: [StatisticPlan]) {
        compared = Set(plans.flatMap(\.measures).flatMap(\.conditions).map { column($0.input) })
    }

    /// True when a rule makes the values of a text input.
    func isRuled(_ input: Int) -> Bool { textKeys[input].isRuled }

    /// What a column of the values of a text input is called.
    func column(_ input: Int) -> String { textKeys[input].name }

    /// True when the values of two text inputs are made of the same field.
    func areOfOneField(_ one: Int, _ other: Int) -> Bool { slot(one) == slot(other) }

    /// True when the values of a text input are made of the time of the record.
    func isTime(_ input: Int) -> Bool {
        planner.timeFields.contains(planner.register.names[slot(input)])
    }

    private func slot(_ input: Int) -> Int {
        switch texts[input].source {
        case .slot(let slot): slot
        case .derived(let index): derived[index].field.slot
        }
    }

    /// The input of the field of `input` in which only `values` are told apart; the same one when
    /// nobody reads it for anything else.
    func name(_ values: [[UInt8]], of input: Int, inPlace: Bool) -> Int {
        let named = ObservationPlan.TextInput(
            source: texts[input].source, transform: NamedValues(values))
        let plan = TextInputPlan(name: textPlans[input].name, isOfNamed: true)
        guard !inPlace else {
            texts[input] = named
            textPlans[input] = plan
            return input
        }
        textKeys.append((textKeys[input].name, true))
        texts.append(named)
        textPlans.append(plan)
        return texts.count - 1
    }

    /// The token input of the identity in `field`.
    func token(_ field: String) -> Int {
        if let known = tokenFields.firstIndex(of: field) { return known }
        tokenFields.append(field)
        tokens.append(
            ObservationPlan.TokenInput(
                slot: planner.register.slot(field),
                domain: .statistics(field), staticHasher: nil))
        return tokens.count - 1
    }

    /// What measures may ask for.
    var measureInputs: MeasureInputs {
        MeasureInputs(
            text: { [self] field, position in
                let mark = Marked(field, at: position)
                noteUse(of: mark, "statistics")
                if let index = derived.firstIndex(where: { $0.name == field }) {
                    return add(field, isRuled: true, .derived(index), nil)
                }
                return add(
                    field, isRuled: false, .slot(planner.slot(mark, path: "statistics")), nil)
            },
            token: { [self] name, isField, position in
                let name = Marked(name, at: position)
                guard let field = isField ? self.field(name, isRole: false) : identity(name)
                else { return nil }
                noteUse(of: field, "statistics")
                planner.slot(field, path: "statistics")
                return token(field.value)
            })
    }

    /// The field of the identity that a measure names, by its role or by the field itself; nil and
    /// a fault when nobody could tell whom to count.
    private func identity(_ name: Marked<String>) -> Marked<String>? {
        let specification = planner.specification
        func isName(_ other: String) -> Bool { other.utf8.elementsEqual(name.value.utf8) }
        let roles = specification.identity.roles
        guard let role = roles.first(where: { isName($0.role) }), !isName(role.field.value) else {
            return field(name)
        }
        guard countable.contains(where: isName) else {
            return Marked(role.field.value, at: name.position)
        }
        planner.faults.add(
            "`\(name.value)` means two fields: expected `\(role.field.value)`, which `identity` "
                + "says, or `{field: \(name.value)}` for the field of this name",
            at: name.position, path: "statistics")
        return nil
    }

    /// The fields that a measure may count by: those that the pipeline names.
    private var countable: [String] {
        let identity = planner.specification.identity
        let fields =
            identity.roles.map(\.field) + identity.addresses
            + planner.specification.fields.map(\.field)
        return fields.map(\.value)
    }

    /// The field of this name; nil and a fault when the pipeline does not name it: a slip of the
    /// pen would count nobody. `isRole` tells that a role could have stood there as well.
    private func field(_ name: Marked<String>, isRole: Bool = true) -> Marked<String>? {
        func isName(_ other: String) -> Bool { other.utf8.elementsEqual(name.value.utf8) }
        if countable.contains(where: isName), !derived.contains(where: { isName($0.name) }) {
            return name
        }
        let roles = isRole ? planner.specification.identity.roles.map(\.role) : []
        let expected =
            isRole
            ? "no identity is called `\(name.value)`: expected a role of `identity`, its field or "
            : "no field is called `\(name.value)`: expected a field that `identity` names, or "
        planner.faults.add(
            expected + "a field named under `fields`; `\(name.value): drop` there lets it be "
                + "counted and writes it nowhere",
            at: name.position, path: "statistics",
            suggestion: nearestName(to: name.value, among: roles + countable))
        return nil
    }

    /// Notes the category of a field that the statistic reads; a fault when its purpose may not.
    private func noteUse(of field: Marked<String>, _ path: String) {
        let source = derived.first { $0.name == field.value }?.field.slot
        let name = source.map { planner.register.names[$0] } ?? field.value
        let rule = planner.specification.fields.first { $0.field.value == name }
        let category = rule?.category?.value
        if let category { categories.formUnion(CategorySet(category)) }
        let listed = rule?.purposes.map { list in
            list.reduce(into: PurposeSet()) { set, mark in
                if let purpose = planner.purposes[mark.value] {
                    set.formUnion(PurposeSet(purpose))
                }
            }
        }
        if !FieldUse(category: category ?? .technical, purposes: listed).isAllowed(for: purpose) {
            planner.faults.add(
                "`\(field.value)` may not be used for this purpose", at: field.position, path: path)
        }
    }
}
