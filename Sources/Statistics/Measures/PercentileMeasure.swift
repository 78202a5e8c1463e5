import Anonymization
import Records

extension MeasureDescriptor {
    /// Ranks numbers.
    static let percentile = MeasureDescriptor(
        name: "percentile",
        summary: "The value below which a share of the numbers lies: number ceil(n * p) of the "
            + "sorted list (nearest rank), exact.",
        options: [
            OptionDescriptor(
                "of", values: "a field name", standard: "required",
                help: "The field. A value that is no decimal number is left out and counted."),
            OptionDescriptor(
                "p", values: "0.01 to 100, at most two digits behind the point",
                standard: "50",
                help: "The share in percent; 50 is the median. 100, the largest, for disclosures "
                    + "only."),
            .when,
        ],
        shorthand: "of",
        make: { name, reader, inputs in
            let conditions = inputs.conditionsUnderWhen(reader)
            let input = inputs.numberInput(reader)
            let share = Percentile.read(reader)
            reader.finish()
            guard let input, let share else { return nil }
            return MeasurePlan(
                name: name, conditions: conditions, kind: .percentile(input: input, share))
        })
}

extension Percentile {
    /// The share under `p`, the median when there is none; nil after a fault.
    fileprivate static func read(_ reader: SettingReader) -> Percentile? {
        guard let setting = reader.optional("p") else { return .median }
        if case .text(let text, _) = setting,
            let number = ExactDecimal(Array(text.utf8).span),
            number.billionths > 0, number.billionths <= 100 * ExactDecimal.one,
            number.billionths % (ExactDecimal.one / 100) == 0
        {
            return Percentile(basisPoints: Int(number.billionths / (ExactDecimal.one / 100)))
        }
        reader.faults.add(
            "expected a percentage from 0.01 to 100 with at most two digits behind the point",
            at: setting.position, path: reader.path(of: "p"))
        return nil
    }
}
