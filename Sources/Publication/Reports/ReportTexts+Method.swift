import Statistics

extension ReportTexts {
    var readingTitle: String { say("How to read the figures", "Zo leest u de cijfers") }
    var rulesTitle: String { say("Rules and what they took away", "Regels en wat ze weghaalden") }
    var reasonsTitle: String {
        say("Why a figure is withheld", "Waarom een cijfer is weggelaten")
    }
    var optOutsTitle: String { say("Opt-outs", "Opt-outs") }
    var lateTitle: String { say("Late records", "Late records") }
    var correctionsTitle: String { say("Corrections", "Correcties") }

    var rulesText: String {
        say(
            "A figure is told only when enough distinct persons, and where asked enough distinct "
                + "customers, stand behind it. Thresholds count people, not events. A figure "
                + "from which another, withheld one could be worked out is withheld too. So are "
                + "sums and means of which one or two contributors make up too much; from how much "
                + "on is not told.",
            "Een cijfer wordt alleen genoemd als er genoeg verschillende personen, en waar "
                + "gevraagd genoeg verschillende klanten, achter staan. Drempels tellen mensen, "
                + "geen gebeurtenissen. Een cijfer waarmee een weggelaten cijfer is uit te "
                + "rekenen, wordt ook weggelaten. Dat geldt ook voor sommen en gemiddelden waarvan "
                + "een of twee deelnemers te veel bepalen; vanaf hoeveel, wordt niet verteld.")
    }
    var addableText: String {
        say(
            "Columns marked as not addable must not be summed over rows or months: numbers of "
                + "distinct persons count one person in several rows, and means and percentiles "
                + "have no sum.",
            "Kolommen met de vermelding niet optelbaar mogen niet over rijen of maanden worden "
                + "opgeteld: aantallen verschillende personen tellen één persoon in meer rijen, "
                + "en gemiddelden en percentielen hebben geen som.")
    }
    func optOuts(asOf time: String) -> String {
        say(
            "Whoever opted out before \(time) is in none of these figures, for the purposes and "
                + "data named in the opt-out. A record without a customer counts as opted out.",
            "Wie zich vóór \(time) heeft afgemeld, zit in geen van deze cijfers, voor de doelen "
                + "en gegevens die in de afmelding staan. Een record zonder klant geldt als "
                + "afgemeld.")
    }
    var noLate: String {
        say(
            "No records came after their period was closed.",
            "Er kwamen geen records na het sluiten van hun periode.")
    }
    var lateText: String {
        say(
            "These records came after their period was closed. They are in no figure of it.",
            "Deze records kwamen na het sluiten van hun periode. Ze zitten niet in de cijfers "
                + "daarvan.")
    }
    /// In the place of a count of which nothing can be read any more.
    var unknown: String { say("not known", "niet bekend") }
    var correctionsText: String {
        say(
            "A closed period is never silently published with other values. A correction is a "
                + "publication of its own, with its reason, and the earlier one stays.",
            "Een gesloten periode wordt nooit stilzwijgend met andere waarden gepubliceerd. Een "
                + "correctie is een eigen publicatie, met haar reden, en de eerdere blijft staan.")
    }

    // Heads of tables
    var headTable: String { say("Table", "Tabel") }
    var headColumn: String { say("Column", "Kolom") }
    var headPurpose: String { say("Purpose", "Doel") }
    var headPersons: String { say("Persons, at least", "Personen, minimaal") }
    var headCustomers: String { say("Customers, at least", "Klanten, minimaal") }
    var headFigures: String { say("Figures", "Cijfers") }
    var headWithheld: String { say("Withheld", "Weggelaten") }
    var headShare: String { say("Share", "Aandeel") }
    var headRecords: String {
        say("Records in rows without any figure", "Records in rijen zonder enig cijfer")
    }
    var headMeaning: String { say("Meaning", "Betekenis") }
    var headUnit: String { say("Unit", "Eenheid") }
    var headAddable: String { say("Addable", "Optelbaar") }
    var headRecordCount: String { say("Records", "Records") }
    var yes: String { say("yes", "ja") }
    var no: String { say("no", "nee") }

    func rollUp(_ column: String) -> String {
        say("small values of \(column) put together", "kleine waarden van \(column) samengevoegd")
    }
    var coarser: String {
        say(
            "More than a fifth is withheld here. To tell more:",
            "Hier is meer dan een vijfde weggelaten. Om meer te vertellen:")
    }

    func meaning(ofGroup column: String) -> String {
        switch column {
        case "month": say("Month of the event, yyyy-mm", "Maand van de gebeurtenis, jjjj-mm")
        case "day": say("Day of the event, yyyy-mm-dd", "Dag van de gebeurtenis, jjjj-mm-dd")
        case "hour": say("Hour of the day of the event", "Uur van de dag van de gebeurtenis")
        default: say("What the row is about", "Waar de rij over gaat")
        }
    }
    func meaning(of role: ColumnRole) -> String {
        switch role {
        case .count: say("How many there were", "Hoeveel er waren")
        case .distinctCount:
            say("How many different ones there were", "Hoeveel verschillende er waren")
        case .magnitude:
            say(
                "Sum, mean or percentile of a measured value",
                "Som, gemiddelde of percentiel van een gemeten waarde")
        }
    }
    func unit(of role: ColumnRole) -> String {
        switch role {
        case .count: say("records or sessions", "records of sessies")
        case .distinctCount: say("distinct values", "verschillende waarden")
        case .magnitude: say("that of the measured value", "die van de gemeten waarde")
        }
    }

    // Words of the script
    var sortBy: String { say("Sort by", "Sorteren op") }
    var filterRows: String { say("Filter rows", "Rijen filteren") }
    var rowCount: String { say("{n} of {m} rows", "{n} van {m} rijen") }
}
