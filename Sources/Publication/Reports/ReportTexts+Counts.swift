import Statistics

extension ReportTexts {
    var countsTitle: String { say("Changed counts", "Gewijzigde aantallen") }
    var headTelling: String { say("How counts are told", "Hoe aantallen zijn weergegeven") }

    /// What the reader of a table must know about its counts; nil where they are as they are.
    func sentence(_ telling: CountTelling) -> String? {
        switch telling {
        case .exact: nil
        case .rounded(let base):
            say(
                "Counts are rounded at random to a multiple of \(base), up or down, so that on "
                    + "average nothing changes: each is less than \(base) from the truth. Totals "
                    + "are rounded by themselves: parts do not add up to them.",
                "Aantallen zijn aselect afgerond op een veelvoud van \(base), omhoog of omlaag, "
                    + "zodat er gemiddeld niets verandert: elk ligt minder dan \(base) van de "
                    + "waarheid. Totalen zijn op zichzelf afgerond: delen tellen er niet toe op.")
        case .cellKey:
            say(
                "Counts are changed at random by a little, so that on average nothing changes; the "
                    + "same people counted again give the same figure. Totals are changed by "
                    + "themselves: parts do not add up to them.",
                "Aantallen zijn aselect een klein beetje gewijzigd, zodat er gemiddeld niets "
                    + "verandert; dezelfde mensen opnieuw geteld geven hetzelfde cijfer. Totalen "
                    + "zijn op zichzelf gewijzigd: delen tellen er niet toe op.")
        }
    }

    /// The same in a few words; nil where counts are as they are.
    func words(_ telling: CountTelling) -> String? {
        switch telling {
        case .exact: nil
        case .rounded(let base):
            say(
                "rounded at random to a multiple of \(base)",
                "aselect afgerond op een veelvoud van \(base)")
        case .cellKey: say("changed at random by a little", "aselect een beetje gewijzigd")
        }
    }

    /// What the figures of a column say.
    func meaning(of column: MeasuredColumn, in published: PublishedTable) -> String {
        let plain = meaning(of: column.role)
        guard column.role != .magnitude, let words = words(published.counts) else { return plain }
        return "\(plain), \(words)"
    }
}

extension ReportPage {
    /// How counts were changed, where they were.
    func counts(_ html: inout HTMLWriter) {
        var tellings: [CountTelling] = []
        for table in publication.tables where !tellings.contains(table.counts) {
            tellings.append(table.counts)
        }
        let sentences = tellings.compactMap { texts.sentence($0) }
        guard !sentences.isEmpty else { return }
        html.element("h3", text: texts.countsTitle)
        for sentence in sentences { html.element("p", text: sentence) }
    }
}
