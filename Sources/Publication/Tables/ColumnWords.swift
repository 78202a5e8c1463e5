import Statistics

/// What the columns of published tables mean, in the words of the formats for machines.
enum ColumnWords {
    private static let texts = ReportTexts(language: .english)

    /// What the values of a group column say.
    static func ofGroup(_ column: String) -> String { texts.meaning(ofGroup: column) }

    /// What the figures of a column say, and whether they may be summed over rows.
    static func of(_ column: MeasuredColumn, in published: PublishedTable) -> String {
        "\(texts.meaning(of: column, in: published)); "
            + (published.isAddable(column) ? "may be added up." : "must not be added up.")
    }

    /// What is to be known about changed counts; nil where they are as they are.
    static func counts(_ published: PublishedTable) -> String? {
        published.hasCounts ? texts.sentence(published.counts) : nil
    }

    /// What the column beside a noisy figure says.
    static func ofAccuracy(_ column: String) -> String { texts.meaning(ofAccuracyOf: column) }

    /// What is to be known about noisy figures.
    static func noisy(_ noise: PublishedNoise) -> String { texts.noisy(noise) }

    /// What is to be known about sketches.
    static var sketches: String { texts.sketchesText }

    /// What a column of sketches is, and what may be done with it.
    static func of(_ column: PublishedSketches.Column) -> String { texts.meaning(of: column) }

    static func unit(of role: ColumnRole) -> String { texts.unit(of: role) }

    /// Why a figure is missing.
    static func sentence(_ reason: SuppressionReason) -> String { texts.sentence(reason) }
}
