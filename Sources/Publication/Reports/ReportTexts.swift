import Statistics

/// A language that reports are written in; the raw value is its tag (BCP 47).
package enum ReportLanguage: String, Sendable, CaseIterable {
    case english = "en"
    case dutch = "nl"
}

/// All words of a report. Both languages stand side by side, so that neither can lack one.
struct ReportTexts: Sendable {
    let language: ReportLanguage

    func say(_ english: String, _ dutch: String) -> String {
        switch language {
        case .english: english
        case .dutch: dutch
        }
    }

    // Frame of the page
    var kicker: String { say("Usage statistics", "Gebruiksstatistieken") }
    var skip: String { say("Skip to the figures", "Naar de cijfers") }
    var contents: String { say("Contents", "Inhoud") }
    var appearance: String { say("Appearance", "Weergave") }
    var asSystem: String { say("As the system", "Als het systeem") }
    var light: String { say("Light", "Licht") }
    var dark: String { say("Dark", "Donker") }
    var method: String { say("Method and privacy", "Methode en privacy") }
    var columns: String { say("Columns", "Kolommen") }

    // Facts of the publication
    var period: String { say("Period", "Periode") }
    var zone: String { say("Time zone", "Tijdzone") }
    var audience: String { say("For", "Voor") }
    var published: String { say("Published", "Gepubliceerd") }
    var optOutsAsOf: String { say("Opt-outs as of", "Opt-outs tot en met") }
    var withheldInAll: String { say("Withheld figures", "Weggelaten cijfers") }

    func name(_ audience: Audience) -> String {
        switch audience {
        case .internal: say("internal readers", "interne lezers")
        case .customer: say("one customer", "één klant")
        case .public: say("everybody", "iedereen")
        }
    }

    func name(_ kind: Publication.Kind, revision: Int) -> String {
        switch kind {
        case .final: say("final", "definitief")
        case .correction:
            say("correction \(revision)", "correctie \(revision)")
        case .provisional:
            say("provisional, step \(revision)", "voorlopig, stap \(revision)")
        }
    }

    func correction(_ revision: Int) -> String {
        say(
            "Correction \(revision) of a closed period. The earlier publication stays.",
            "Correctie \(revision) van een gesloten periode. De eerdere publicatie blijft staan.")
    }
    var reason: String { say("Reason:", "Reden:") }
    func provisional(through day: String) -> String {
        say(
            "Provisional: counted up to and including \(day). The final figures may differ.",
            "Voorlopig: geteld tot en met \(day). De definitieve cijfers kunnen afwijken.")
    }

    // Tables and charts
    var all: String { say("all", "alle") }
    var empty: String { say("(empty)", "(leeg)") }
    var other: String { say("Other", "Overige") }
    var notAddable: String { say("not addable", "niet optelbaar") }
    var downloadTable: String { say("Download this table (CSV)", "Deze tabel downloaden (CSV)") }
    var downloadChart: String {
        say("Data of this chart (CSV)", "Gegevens van deze grafiek (CSV)")
    }
    var downloadLong: String {
        say("Data of this chart: below the table", "Gegevens van deze grafiek: onder de tabel")
    }
    func firstRows(_ shown: String, of all: String) -> String {
        say(
            "The first \(shown) of \(all) rows. All of them are in the download below the table "
                + "and in the other files of this publication; sorting and filtering reach the "
                + "rows shown.",
            "De eerste \(shown) van \(all) rijen. Alle rijen staan in de download onder de tabel "
                + "en in de andere bestanden van deze publicatie; sorteren en filteren geldt voor "
                + "de getoonde rijen.")
    }
    var tooLong: String {
        say(
            "This table is too large to be downloaded from a page: it is in the other files of "
                + "this publication.",
            "Deze tabel is te groot om uit een pagina te downloaden: hij staat in de andere "
                + "bestanden van deze publicatie.")
    }
    func table(_ name: String) -> String { say("All figures: \(name)", "Alle cijfers: \(name)") }
    func purpose(_ name: String) -> String { say("Purpose: \(name).", "Doel: \(name).") }
    func threshold(persons: Int, customers: Int) -> String {
        let people = say(
            "At least \(persons) persons", "Ten minste \(persons) personen")
        let rest = say(" stand behind every figure.", " staan achter elk cijfer.")
        if customers == 0 { return people + rest }
        return people + say(" and \(customers) customers", " en \(customers) klanten") + rest
    }
    func withheld(_ cells: String, of total: String, _ share: String) -> String {
        say(
            "\(cells) of \(total) figures withheld (\(share)).",
            "\(cells) van \(total) cijfers weggelaten (\(share)).")
    }
    var nothingWithheld: String { say("No figure withheld.", "Geen cijfer weggelaten.") }
    var noRows: String {
        say("No group is large enough to be named.", "Geen groep is groot genoeg om te noemen.")
    }
    func others(_ count: Int) -> String {
        say("\(count) more values", "Nog \(count) waarden")
    }
    func onlyInTable(_ count: Int) -> String {
        say(
            "\(count) more in the table below. They cannot be added up here.",
            "Nog \(count) in de tabel hieronder. Ze zijn hier niet op te tellen.")
    }
    func chart(_ figure: String, by group: String) -> String {
        say("\(figure) by \(group)", "\(figure) per \(group)")
    }
    func lines(_ series: Int, _ steps: Int) -> String {
        say(
            "Line chart: \(series) lines, \(steps) points in time. The table below has all "
                + "figures.",
            "Lijngrafiek: \(series) lijnen, \(steps) tijdstippen. Alle cijfers staan in de tabel "
                + "hieronder.")
    }
    func bars(_ count: Int) -> String {
        say(
            "Bar chart: \(count) bars. The table below has all figures.",
            "Staafgrafiek: \(count) staven. Alle cijfers staan in de tabel hieronder.")
    }

    // Marks
    var markWithheld: String { say("withheld", "weggelaten") }
    var markNotMeasured: String { "n/a" }
    var legendValue: String { say("A figure.", "Een cijfer.") }
    var legendZero: String {
        say(
            "Measured, and nothing of the kind happened.",
            "Gemeten, en er is niets van dien aard gebeurd.")
    }
    func legendBelow(_ persons: Int) -> String {
        say(
            "Withheld: fewer than \(persons) persons stand behind it. The figure itself may be "
                + "larger.",
            "Weggelaten: er staan minder dan \(persons) personen achter. Het cijfer zelf kan "
                + "groter zijn.")
    }
    var legendWithheld: String {
        say(
            "Withheld for the reason that the letter names.",
            "Weggelaten om de reden die de letter noemt.")
    }
    var legendNotMeasured: String {
        say(
            "Not measured: there was nothing to compute it from.",
            "Niet gemeten: er was niets om het uit te berekenen.")
    }
    var notMeasured: String { say("not measured", "niet gemeten") }

    /// A sentence for each reason.
    func sentence(_ reason: SuppressionReason) -> String {
        switch reason {
        case .persons:
            say(
                "Too few persons stand behind this figure.",
                "Achter dit cijfer staan te weinig personen.")
        case .customers:
            say(
                "Too few customers stand behind this figure.",
                "Achter dit cijfer staan te weinig klanten.")
        case .dominance:
            say(
                "One or two contributors make up too much of this figure.",
                "Een of twee deelnemers bepalen te veel van dit cijfer.")
        case .zero:
            say("This publication tells no zeros.", "Deze publicatie noemt geen nullen.")
        case .whole:
            say(
                "It makes up all of its total, and this publication tells no such figures.",
                "Het is het hele totaal, en zulke cijfers noemt deze publicatie niet.")
        case .difference:
            say(
                "It differs from another figure by too few.",
                "Het verschilt te weinig van een ander cijfer.")
        case .complementary:
            say(
                "Safe in itself; with it, a withheld figure could be worked out.",
                "Op zich veilig; met dit cijfer is een weggelaten cijfer uit te rekenen.")
        case .linked:
            say(
                "The same figure is withheld in another table.",
                "Hetzelfde cijfer is in een andere tabel weggelaten.")
        }
    }
}
