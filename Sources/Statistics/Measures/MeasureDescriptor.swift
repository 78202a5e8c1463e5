package import Anonymization
package import Records

/// What the catalogue knows about a measure: the source of its YAML keys, its help text and its
/// line in the reference page.
package struct MeasureDescriptor: Sendable {
    /// The word in pipeline files, for example `distinct`.
    package let name: String
    /// One sentence: what it measures.
    package let summary: String
    /// The options, in the order of the reference page.
    package let options: [OptionDescriptor]
    /// The option that a bare value stands for (`distinct: user`), if any.
    package let shorthand: String?
    /// Reads the options and makes the plan of a column; adds faults instead of throwing.
    package let make: @Sendable (String, SettingReader, MeasureInputs) -> MeasurePlan?

    init(
        name: String, summary: String, options: [OptionDescriptor], shorthand: String?,
        make: @escaping @Sendable (String, SettingReader, MeasureInputs) -> MeasurePlan?
    ) {
        self.name = name
        self.summary = summary
        self.options = options
        self.shorthand = shorthand
        self.make = make
    }
}

/// Turns names of fields into inputs of the observation batches while a pipeline is planned.
///
/// Each closure adds its own fault and answers nil when the pipeline does not have the field, or
/// may not use it so.
package struct MeasureInputs {
    /// The text input of a field.
    package var text: (_ field: String, _ position: SettingPosition) -> Int?
    /// The token input of an identity: of a role, or of a field; with `isField` never of a role.
    package var token: (_ name: String, _ isField: Bool, _ position: SettingPosition) -> Int?

    package init(
        text: @escaping (_ field: String, _ position: SettingPosition) -> Int?,
        token: @escaping (_ name: String, _ isField: Bool, _ position: SettingPosition) -> Int?
    ) {
        self.text = text
        self.token = token
    }

    /// The text input that `of` names.
    func numberInput(_ reader: SettingReader) -> Int? {
        reader.requiredText("of").flatMap { text($0, reader.position) }
    }

    /// The token input that `of`, or `field`, names.
    func identityInput(_ reader: SettingReader) -> Int? {
        guard let field = reader.optional("field") else {
            return reader.requiredText("of").flatMap { token($0, false, reader.position) }
        }
        let name = reader.text("field")
        guard reader.optional("of") == nil else {
            reader.faults.add(
                "found `of` and `field`, expected one of them", at: field.position,
                path: reader.path(of: "field"))
            return nil
        }
        return name.flatMap { token($0, true, field.position) }
    }

    /// The conditions of the mapping `reader`: each key a field, each value a text or several.
    func conditions(_ reader: SettingReader) -> [Condition] {
        var conditions: [Condition] = []
        for (field, position) in reader.keys {
            guard let texts = reader.texts(field), let input = text(field, position) else {
                continue
            }
            if texts.isEmpty {
                reader.faults.add(
                    "found an empty list, expected at least one value", at: position,
                    path: reader.path(of: field))
                continue
            }
            conditions.append(Condition(input: input, texts: texts.map { Array($0.utf8) }))
        }
        return conditions
    }

    /// The conditions under `when`, if any.
    func conditionsUnderWhen(_ reader: SettingReader) -> [Condition] {
        guard let when = reader.optional("when") else { return [] }
        return conditions(
            SettingReader(when, path: reader.path(of: "when"), faults: reader.faults))
    }
}

extension OptionDescriptor {
    /// `when` of all measures that have other options.
    static let when = OptionDescriptor(
        "when", values: "field names with a value or a list of values",
        standard: "every record",
        help: "Measures only records in which each field has one of its values.")
}
