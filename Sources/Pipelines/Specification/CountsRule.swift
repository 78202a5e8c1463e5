package import Publication
import Records
import Statistics

/// How the counts of a publication are told.
package enum CountsRule: Sendable, Equatable {
    /// As they are: what must not be known is left out.
    case exact
    /// Rounded at random to multiples of a base.
    case rounded(RandomRounding)
    /// Changed by the keys of their members. The table is confidential: who knows it comes nearer
    /// to the truth.
    case cellKey(PerturbationTable)
}

extension CountsRule {
    private static let exactWord = "exact"
    private static let roundedWord = "rounded"
    private static let cellKeyWord = "cell_key"

    /// `exact`, `{ rounded: 3 }` or `{ cell_key: {…} }`.
    static func decode(
        _ setting: Setting, path: String, _ context: DecodingContext
    ) -> CountsRule? {
        let words = [exactWord, roundedWord, cellKeyWord]
        guard let way = context.named(setting, path: path, kind: "way", known: words) else {
            return nil
        }
        switch way.name.value {
        case exactWord: return .exact
        case roundedWord:
            return base(way, context, path: "\(path).\(roundedWord)").map { .rounded($0) }
        default:
            return table(way.options, path: "\(path).\(cellKeyWord)", context)
                .map { .cellKey($0) }
        }
    }

    private static func base(
        _ way: NamedOptions, _ context: DecodingContext, path: String
    ) -> RandomRounding? {
        if case .text(let text, _) = way.options, let base = Int(text),
            let rounding = RandomRounding(base: base)
        {
            return rounding
        }
        context.faults.add(
            "expected the base that counts are rounded to multiples of: `3` or `5`",
            at: way.options.position, path: path)
        return nil
    }

    private static func table(
        _ setting: Setting, path: String, _ context: DecodingContext
    ) -> PerturbationTable? {
        let section = SectionReader(setting, PipelineReference.cellKey, path: path, context)
        _ = section.required("largest_change")
        let largest = section.integer("largest_change", in: 1...20)?.value
        let written = section.requiredText("variance")
        let hidden = section.integer("smallest_hidden", in: 0...20)?.value ?? 0
        section.finish()
        guard let largest, let written else { return nil }
        let variance = ExactDecimal(Array(written.value.utf8).span)
            .map { Double($0.billionths) / 1e9 }
        if let variance, variance > 0,
            let table = PerturbationTable(
                largestChange: largest, variance: variance, smallestHidden: hidden)
        {
            return table
        }
        context.faults.add(
            "no table of changes of at most \(largest) has this variance: expected a number above "
                + "0 and below the square of `largest_change`, such as `1.05` for 2 or `3` for 5",
            at: written.position, path: "\(path).variance")
        return nil
    }
}

extension PipelineReference {
    static let cellKey = SettingSection(
        "publish.counts.cell_key",
        help:
            "The cell-key method: the keys of the persons behind a count add up to what it is "
            + "changed by. These numbers are confidential: who knows them comes nearer to the "
            + "truth.",
        [
            key("largest_change", "1 to 20", required, "The most that a count is changed by."),
            key(
                "variance", "number above 0", required,
                "The variance of the changes; their mean is 0."
            ),
            key(
                "smallest_hidden", "0 to 20", "`0`",
                "No count comes out from 1 to this number."
            ),
        ]
    )
}
