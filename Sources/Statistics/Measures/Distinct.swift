import Anonymization
import Records

extension OptionDescriptor {
    /// The way out where a role of `identity` takes the name of a field.
    static let countedField = OptionDescriptor(
        "field", values: "a field name", standard: "none",
        help: "In place of `of`: the field of this name, also where a role of `identity` is called "
            + "like it and means another.")
}

extension MeasureDescriptor {
    /// Counts identities.
    static let distinct = MeasureDescriptor(
        name: "distinct",
        summary: "The exact number of distinct users, customers or other identities; these "
            + "numbers must not be added up.",
        options: [
            OptionDescriptor(
                "of", values: "an identity", standard: "required",
                help: "Whom to count. Records without it are left out."),
            .countedField,
            .when,
        ],
        shorthand: "of",
        make: { name, reader, inputs in
            let conditions = inputs.conditionsUnderWhen(reader)
            let token = inputs.identityInput(reader)
            reader.finish()
            guard let token else { return nil }
            return MeasurePlan(
                name: name, conditions: conditions, kind: .distinct(token: token))
        })
}
