internal import Anonymization
internal import KeyedHashing
internal import Records
internal import Statistics

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

    /// What makes the values of a text input of those of its field; nil where they are these.
    func transform(of input: Int) -> (any Transform)? {
        switch texts[input].source {
        case .slot: texts[input].transform
        case .derived(let index): derived[index].field.transform
        }
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
