import Anonymization
import Records

extension MeasureDescriptor {
    /// Counts records.
    static let count = MeasureDescriptor(
        name: "count",
        summary: "The number of records, or of those whose fields have the given values.",
        options: [
            OptionDescriptor(
                "a field name", values: "a value or a list of values", standard: "every record",
                help: "Counts only records in which the field has one of the values, byte for "
                    + "byte; with several fields, all must fit.")
        ],
        shorthand: nil,
        make: { name, reader, inputs in
            MeasurePlan(name: name, conditions: inputs.conditions(reader), kind: .count)
        })
}
