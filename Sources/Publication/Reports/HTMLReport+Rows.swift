import Statistics

extension ReportPage {
    /// How well persons hide in the rows that the pipeline wrote; nothing where none are measured.
    func rowOutputs(_ html: inout HTMLWriter) {
        guard !publication.rowOutputs.isEmpty else { return }
        html.element("h3", text: texts.rowsTitle)
        html.element("p", text: texts.rowsText)
        html.table(
            caption: texts.rowsTitle,
            [
                .text(texts.headOutput), .text(texts.headQuasi), .number(texts.headRowCount),
                .number(texts.headClasses), .number(texts.headAsked), .number(texts.headFewest),
                .number(texts.headHighestRisk), .number(texts.headUnique),
                .number(texts.headRemoved),
            ],
            publication.rowOutputs.map { risk in
                let fewest = risk.fewestPersons
                return [
                    risk.output, risk.quasiIdentifiers, texts.number(risk.rows),
                    about(risk) + texts.number(risk.classes),
                    risk.demandedPersons.map { texts.number($0) } ?? "\u{2013}",
                    fewest.map { texts.number($0) } ?? "\u{2013}",
                    fewest.map { texts.percent(1, of: max($0, 1)) } ?? "\u{2013}",
                    about(risk) + texts.percent(risk.uniqueRows, of: risk.rows),
                    texts.number(risk.removedRows),
                ]
            })
        html.table(
            caption: texts.distributionTitle,
            [.text(texts.headOutput)] + texts.groupNames.map { .number($0) },
            publication.rowOutputs.map { risk in
                [risk.output]
                    + risk.classesInGroups.map { about(risk) + texts.number($0) }
            })
    }

    /// What stands before an estimate.
    private func about(_ risk: RowOutputRisk) -> String {
        risk.demandedPersons == nil ? "\u{2248}\u{a0}" : ""
    }
}

extension ReportTexts {
    var rowsTitle: String { say("Row-level outputs", "Uitvoer per regel") }
    var rowsText: String {
        say(
            "The pipeline also writes rows. They are pseudonymised, not anonymous: this says how "
                + "well persons hide among each other in them. Rows with equal quasi-identifiers, "
                + "what outsiders may know of somebody, are a class. Each file was measured by "
                + "itself; of the fewest persons the worst file is told. \u{2248} marks estimates.",
            "De pijplijn schrijft ook regels. Die zijn gepseudonimiseerd, niet anoniem: hier staat "
                + "hoe goed personen zich daarin achter elkaar verbergen. Regels met gelijke "
                + "quasi-identificatoren, wat buitenstaanders van iemand kunnen weten, vormen een "
                + "klasse. Elk bestand is op zichzelf gemeten; van het kleinste aantal personen "
                + "staat hier het slechtste bestand. \u{2248} staat bij schattingen.")
    }
    var headOutput: String { say("Output", "Uitvoer") }
    var headQuasi: String { say("Quasi-identifiers", "Quasi-identificatoren") }
    var headRowCount: String { say("Rows", "Regels") }
    var headClasses: String { say("Classes", "Klassen") }
    var headAsked: String { say("Persons asked for", "Gevraagde personen") }
    var headFewest: String { say("Fewest persons (k)", "Minste personen (k)") }
    var headHighestRisk: String { say("Highest risk (1/k)", "Hoogste risico (1/k)") }
    var headUnique: String { say("Rows of one person", "Regels van één persoon") }
    var headRemoved: String { say("Rows removed", "Verwijderde regels") }
    var distributionTitle: String {
        say("Classes by their number of persons", "Klassen naar aantal personen")
    }

    /// The groups of `RowOutputRisk.classesInGroups`.
    var groupNames: [String] {
        var least = 0
        var names: [String] = []
        for end in RowOutputRisk.groupEnds {
            names.append(least <= 1 && end == 1 ? "\u{2264} 1" : "\(least)\u{2013}\(end)")
            least = end + 1
        }
        return names + [say("\(least) or more", "\(least) of meer")]
    }
}
