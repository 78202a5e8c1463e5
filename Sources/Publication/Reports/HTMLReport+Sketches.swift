import Statistics

extension ReportPage {
    /// That sketches lie beside the page, and who may have them; nothing where there are none.
    func sketches(_ html: inout HTMLWriter) {
        let exported = publication.tables.filter { $0.sketches != nil }
        guard !exported.isEmpty else { return }
        html.element("h3", text: texts.sketchesTitle)
        html.element("p", text: texts.sketchesText)
    }

    /// The columns of sketches that the other formats have.
    func sketches(of published: PublishedTable) -> [[String]] {
        (published.sketches?.columns ?? []).map { column in
            [
                column.name, published.table.name, texts.meaning(of: column), texts.sketchUnit,
                texts.no,
            ]
        }
    }
}
