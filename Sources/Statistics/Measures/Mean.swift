import Anonymization
import Records

extension MeasureDescriptor {
    /// Averages numbers.
    static let mean = MeasureDescriptor(
        name: "mean",
        summary: "The mean of a decimal number, rounded down to the last digit shown.",
        options: [
            OptionDescriptor(
                "of", values: "a field name", standard: "required",
                help: "The field. A value that is no such number is left out and counted."),
            OptionDescriptor(
                "decimals", values: "0 to 9", standard: "3",
                help: "How many digits behind the point are kept."),
            .when,
        ],
        shorthand: "of",
        make: { name, reader, inputs in
            let conditions = inputs.conditionsUnderWhen(reader)
            let input = inputs.numberInput(reader)
            let decimals = reader.integer("decimals", in: 0...ExactDecimal.fractionDigits) ?? 3
            reader.finish()
            guard let input else { return nil }
            return MeasurePlan(
                name: name, conditions: conditions,
                kind: .mean(input: input, decimals: decimals))
        })
}
