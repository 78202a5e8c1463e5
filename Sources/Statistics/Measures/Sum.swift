import Anonymization
import Records

extension MeasureDescriptor {
    /// Adds up numbers.
    static let sum = MeasureDescriptor(
        name: "sum",
        summary: "The exact sum of a decimal number (up to nine fraction digits).",
        options: [
            OptionDescriptor(
                "of", values: "a field name", standard: "required",
                help: "The field. A value that is no such number is left out and counted."),
            .when,
        ],
        shorthand: "of",
        make: { name, reader, inputs in
            let conditions = inputs.conditionsUnderWhen(reader)
            let input = inputs.numberInput(reader)
            reader.finish()
            guard let input else { return nil }
            return MeasurePlan(name: name, conditions: conditions, kind: .sum(input: input))
        })
}
