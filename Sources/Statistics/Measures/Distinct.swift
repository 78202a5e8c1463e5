import Anonymization
import Records

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
