import Records
import Statistics

/// A publication as a page for people: charts, tables, and what the figures do not tell.
///
/// One file that fetches nothing; everything can be read without its script, which adds sorting
/// and filtering. The same publication gives the same bytes.
package enum HTMLReport {
    /// The page in a language.
    package static func page(_ publication: Publication, in language: ReportLanguage) -> [UInt8] {
        let report = ReportPage(publication, ReportTexts(language: language))
        return HTMLPage.write(
            title: report.title, language: language.rawValue, style: ReportStyle.text,
            script: ReportScript.text
        ) { report.body(&$0) }
    }

    /// Counted up whenever a page of the same publication looks otherwise.
    private static let version = 3

    /// The format of reports in a language, for the catalogue.
    static func format(
        _ name: String, _ language: ReportLanguage, file: String, summary: String
    ) -> PublicationFormat {
        PublicationFormat(name: name, summary: summary, version: version) {
            publication throws(PublicationFault) in
            [PublicationFile(name: file, bytes: page(publication, in: language))]
        }
    }
}

/// Writes the parts of a report in the order in which they are read.
struct ReportPage {
    let publication: Publication
    let texts: ReportTexts
    private let charts: [[Chart]]

    init(_ publication: Publication, _ texts: ReportTexts) {
        self.publication = publication
        self.texts = texts
        charts = publication.tables.enumerated().map { index, published in
            ChartBuilder(published: published, texts: texts, number: index + 1).charts()
        }
    }

    var title: String { "\(texts.title(publication.pipeline)), \(month)" }

    private var month: String { texts.words(forKey: Array(publication.period.utf8)) }

    func body(_ html: inout HTMLWriter) {
        html.literal(ReportStyle.hatch)
        html.link(to: .part("figures", 0), ["class": "skip"]) { $0.text(texts.skip) }
        html.element("header") { heading(&$0) }
        html.element("main", ["id": "figures0", "tabindex": "-1"]) { main in
            notice(&main)
            for index in publication.tables.indices { section(index, &main) }
            method(&main)
            columns(&main)
        }
        html.element(
            "div",
            [
                "id": "words", "hidden": "", "data-sort": texts.sortBy,
                "data-filter": texts.filterRows, "data-rows": texts.rowCount,
            ]
        ) { _ in }
    }

    // MARK: Head

    private func heading(_ html: inout HTMLWriter) {
        html.element("div", ["class": "top"]) { top in
            top.element("p", ["class": "kicker"], text: texts.kicker)
            appearance(&top)
        }
        html.element("h1") { line in
            line.text(texts.title(publication.pipeline))
            line.text(" ")
            line.element("span", ["class": "soft"], text: month)
        }
        facts(&html)
        html.element("nav", ["aria-label": texts.contents]) { nav in
            nav.element("ul") { list in
                for (index, published) in publication.tables.enumerated() {
                    entry(.part("table", index + 1), texts.title(published.table.name), &list)
                }
                entry(.part("method", 0), texts.method, &list)
                entry(.part("columns", 0), texts.columns, &list)
            }
        }
    }

    private func entry(
        _ target: HTMLWriter.Target, _ name: String, _ list: inout HTMLWriter
    ) {
        list.element("li") { item in item.link(to: target) { $0.text(name) } }
    }

    /// A switch that needs no script: the style sheet asks which of the three is chosen.
    private func appearance(_ html: inout HTMLWriter) {
        html.element("fieldset", ["class": "switch"]) { set in
            set.element("legend", ["class": "unseen"], text: texts.appearance)
            set.element("label") { label in
                label.void("input", ["type": "radio", "name": "look", "checked": ""])
                label.element("span", text: texts.asSystem)
            }
            set.element("label") { label in
                label.void("input", ["type": "radio", "name": "look", "id": "look-light"])
                label.element("span", text: texts.light)
            }
            set.element("label") { label in
                label.void("input", ["type": "radio", "name": "look", "id": "look-dark"])
                label.element("span", text: texts.dark)
            }
        }
    }

    private func facts(_ html: inout HTMLWriter) {
        let total = publication.tables.reduce(0) { $0 + $1.table.withheld.cellsTotal }
        let hidden = publication.tables.reduce(0) { $0 + $1.table.withheld.cells }
        let facts: [(String, String)] = [
            (texts.period, range), (texts.zone, publication.zone),
            (texts.published, texts.instant(publication.closed)),
            (texts.optOutsAsOf, texts.instant(publication.optOutsAsOf)),
            (
                texts.audience,
                "\(texts.name(publication.audience)), "
                    + texts.name(publication.kind, revision: publication.revision)
            ),
            (
                texts.withheldInAll,
                "\(texts.number(hidden)) / \(texts.number(total)) "
                    + "(\(texts.percent(hidden, of: total)))"
            ),
        ]
        html.element("dl", ["class": "facts"]) { list in
            for (name, value) in facts {
                list.element("div") { fact in
                    fact.element("dt", text: name)
                    fact.element("dd", text: value)
                }
            }
        }
    }

    private var range: String {
        let through = texts.words(forKey: Array(publication.through.utf8))
        return "1\u{2013}\(through)"
    }

    private func notice(_ html: inout HTMLWriter) {
        switch publication.kind {
        case .final: break
        case .provisional:
            let through = texts.words(forKey: Array(publication.through.utf8))
            html.element("p", ["class": "notice"], text: texts.provisional(through: through))
        case .correction:
            html.element("p", ["class": "notice"]) { notice in
                notice.text(texts.correction(publication.revision))
                notice.text(" \(texts.reason) \(publication.reason)")
            }
        }
    }

    // MARK: Tables

    private func section(_ index: Int, _ html: inout HTMLWriter) {
        let published = publication.tables[index]
        let table = published.table
        html.element(
            "section", ["id": "table\(index + 1)", "aria-labelledby": "head\(index + 1)"]
        ) { section in
            section.element("h2", ["id": "head\(index + 1)"], text: texts.title(table.name))
            section.element("p", ["class": "soft"], text: about(published))
            if !published.proposal.isEmpty { proposal(published.proposal, &section) }
            if !charts[index].isEmpty {
                section.element("div", ["class": "charts"]) { grid in
                    for (number, chart) in charts[index].enumerated() {
                        let before = charts[..<index].reduce(0) { $0 + $1.count }
                        ChartDrawing(texts: texts, number: before + number)
                            .write(chart, into: &grid)
                    }
                }
            }
            ReportTable(published: published, texts: texts, number: index)
                .write(into: &section)
            section.element("p", ["class": "data", "id": "data\(index + 1)"]) { line in
                download(published, &line)
            }
        }
    }

    /// The longest CSV file that a page carries: written as an address it has 32 MiB, the most that
    /// browsers save.
    private static let downloadBytesMax = 24 << 20

    private func download(_ published: PublishedTable, _ line: inout HTMLWriter) {
        let csv = published.toldTable.csv
        guard csv.count <= Self.downloadBytesMax else { return line.text(texts.tooLong) }
        line.link(to: .csv(csv, name: "\(published.table.name).csv")) {
            $0.text(texts.downloadTable)
        }
    }

    private func about(_ published: PublishedTable) -> String {
        let withheld = published.table.withheld
        let share =
            withheld.cells == 0
            ? texts.nothingWithheld
            : texts.withheld(
                texts.number(withheld.cells), of: texts.number(withheld.cellsTotal),
                texts.percent(withheld.cells, of: withheld.cellsTotal))
        if let noise = published.noise {
            return "\(texts.purpose(published.purpose)) \(texts.noisy(noise))"
        }
        let rule = texts.threshold(
            persons: published.table.persons, customers: published.customers)
        let counts = published.hasCounts ? texts.sentence(published.counts).map { " \($0)" } : nil
        return "\(texts.purpose(published.purpose)) \(rule) \(share)\(counts ?? "")"
    }

    private func proposal(_ text: String, _ html: inout HTMLWriter) {
        html.element("p", ["class": "note"]) { note in
            note.text(texts.coarser)
            note.text(" ")
            note.element("span", ["lang": "en"], text: "\(text).")
        }
    }
}
