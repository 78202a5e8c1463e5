import Statistics

extension ReportPage {
    /// What was done to the figures before they were told.
    func method(_ html: inout HTMLWriter) {
        html.element("section", ["id": "method0", "aria-labelledby": "head-method"]) { section in
            section.element("h2", ["id": "head-method"], text: texts.method)
            section.element("p", text: texts.rulesText)
            reading(&section)
            section.element("p", text: texts.addableText)
            rules(&section)
            counts(&section)
            noise(&section)
            sketches(&section)
            reasons(&section)
            rowOutputs(&section)
            section.element("h3", text: texts.optOutsTitle)
            section.element(
                "p", text: texts.optOuts(asOf: texts.instant(publication.optOutsAsOf)))
            late(&section)
            section.element("h3", text: texts.correctionsTitle)
            section.element("p", text: texts.correctionsText)
            if publication.kind == .correction {
                section.element("p") { line in
                    line.text(texts.correction(publication.revision))
                    line.text(" \(texts.reason) \(publication.reason)")
                }
            }
        }
    }

    private func reading(_ html: inout HTMLWriter) {
        let persons = publication.tables.map(\.table.persons).max() ?? 0
        let entries: [(String, String, String)] = [
            ("told", texts.number(1234), texts.legendValue), ("zero", "0", texts.legendZero),
            ("withheld", "<\(texts.number(persons))", texts.legendBelow(persons)),
            ("withheld", texts.markWithheld, texts.legendWithheld),
            ("missing", texts.markNotMeasured, texts.legendNotMeasured),
        ]
        html.element("h3", text: texts.readingTitle)
        html.element("dl", ["class": "reading"]) { list in
            for (style, mark, meaning) in entries {
                list.element("div") { entry in
                    entry.element("dt") { term in
                        term.element("span", ["class": "number \(style)"], text: mark)
                    }
                    entry.element("dd", text: meaning)
                }
            }
        }
    }

    private func rules(_ html: inout HTMLWriter) {
        html.element("h3", text: texts.rulesTitle)
        html.table(
            caption: texts.rulesTitle,
            [
                .text(texts.headTable), .text(texts.headPurpose), .number(texts.headPersons),
                .number(texts.headCustomers), .number(texts.headFigures),
                .number(texts.headWithheld), .number(texts.headShare),
                .number(texts.headRecords),
            ],
            publication.tables.map { published in
                let withheld = published.table.withheld
                let name = texts.title(published.table.name)
                return [
                    published.other.isEmpty
                        ? name : "\(name) (\(texts.rollUp(published.other)))",
                    published.purpose, texts.number(published.table.persons),
                    published.customers == 0 ? "\u{2013}" : texts.number(published.customers),
                    texts.number(withheld.cellsTotal), texts.number(withheld.cells),
                    texts.percent(withheld.cells, of: withheld.cellsTotal),
                    "\(texts.number(Int(withheld.records))) / "
                        + texts.number(Int(withheld.recordsTotal)),
                ]
            })
    }

    private func reasons(_ html: inout HTMLWriter) {
        html.element("h3", text: texts.reasonsTitle)
        html.element("dl", ["class": "reasons"]) { list in
            for reason in SuppressionReason.allCases {
                list.element("div") { line in
                    line.element("dt", text: reason.letter)
                    line.element("dd", text: texts.sentence(reason))
                }
            }
        }
    }

    private func late(_ html: inout HTMLWriter) {
        html.element("h3", text: texts.lateTitle)
        guard !publication.late.isEmpty else {
            html.element("p", text: texts.noLate)
            return
        }
        html.element("p", text: texts.lateText)
        html.table(
            caption: texts.lateTitle, [.text(texts.period), .number(texts.headRecordCount)],
            publication.late.map { late in
                [
                    texts.words(forKey: Array(late.period.utf8)),
                    late.records.map { texts.number(Int($0)) } ?? texts.unknown,
                ]
            })
    }

    /// What every column means, by the names that the other formats use.
    func columns(_ html: inout HTMLWriter) {
        html.element("section", ["id": "columns0", "aria-labelledby": "head-columns"]) { section in
            section.element("h2", ["id": "head-columns"], text: texts.columns)
            section.table(
                caption: texts.columns,
                [
                    .text(texts.headColumn), .text(texts.headTable), .text(texts.headMeaning),
                    .text(texts.headUnit), .text(texts.headAddable),
                ],
                publication.tables.flatMap(columns))
        }
    }

    private func columns(of published: PublishedTable) -> [[String]] {
        let table = published.table
        return table.groupColumns.map { column in
            [column, table.name, texts.meaning(ofGroup: column), "\u{2013}", "\u{2013}"]
        }
            + table.columns.map { column in
                [
                    column.name, table.name, texts.meaning(of: column, in: published),
                    texts.unit(of: column.role),
                    published.isAddable(column) ? texts.yes : texts.no,
                ]
            } + accuracies(of: published) + sketches(of: published)
    }
}
