import Statistics

extension ReportPage {
    /// What noise was added to which figures, and what it costs; nothing where there is none.
    func noise(_ html: inout HTMLWriter) {
        let noisy = publication.tables.compactMap { table in table.noise.map { (table, $0) } }
        guard !noisy.isEmpty else { return }
        html.element("h3", text: texts.noiseTitle)
        html.element("p", text: texts.noiseText)
        html.table(
            caption: texts.noiseTitle,
            [
                .text(texts.headTable), .text(texts.headColumn), .text(texts.headNoise),
                .number(texts.headAccuracy), .text(texts.headBounds), .number(texts.headRows),
                .number(texts.headThreshold), .text(texts.headCost),
            ],
            noisy.flatMap { published, noise in
                zip(published.table.columns, noise.columns).map { column, facts in
                    [
                        texts.title(published.table.name), column.name,
                        texts.name(noise.mechanism), "\u{b1}\(texts.number(facts.accuracy))",
                        "\(texts.number(facts.least)) \u{2013} \(texts.number(facts.most))",
                        texts.number(noise.rowsPerPerson),
                        noise.threshold == 0 ? "\u{2013}" : texts.number(noise.threshold),
                        texts.cost(noise),
                    ]
                }
            })
        if let budget = publication.budget {
            html.element("p", text: texts.budget(budget))
        }
    }

    /// The columns of accuracy that the other formats have beside noisy figures.
    func accuracies(of published: PublishedTable) -> [[String]] {
        guard published.noise != nil else { return [] }
        return published.table.columns.map { column in
            [
                PublishedNoise.accuracyName(of: column.name), published.table.name,
                texts.meaning(ofAccuracyOf: column.name), texts.unit(of: column.role), texts.no,
            ]
        }
    }
}
