import Statistics

extension ReportTexts {
    var sketchesTitle: String { say("Sketches", "Sketches") }
    var sketchUnit: String { say("sketch", "sketch") }

    var sketchesText: String {
        say(
            "Beside some tables lie sketches: what their distinct counts and percentiles were "
                + "counted from, in a form that can be merged over rows. They are made of keyed "
                + "hashes whose key is forgotten, and of measured values. Who holds them can see "
                + "which hash is in which rows: they are pseudonymised, for internal readers only, "
                + "and must not be passed on.",
            "Naast sommige tabellen liggen sketches: waaruit de aantallen verschillende en de "
                + "percentielen zijn geteld, in een vorm die over rijen kan worden samengevoegd. "
                + "Ze bestaan uit hashes met een sleutel die is vergeten, en uit gemeten waarden. "
                + "Wie ze heeft, kan zien welke hash in welke rijen voorkomt: ze zijn "
                + "gepseudonimiseerd, alleen voor interne lezers, en mogen niet worden "
                + "doorgegeven.")
    }

    /// What a column of sketches is, how exact it is, and how it is merged.
    func meaning(of column: PublishedSketches.Column) -> String {
        let kind = column.descriptor
        let size = "\(kind.sizeName) \(column.size)"
        let error = kind.errorFormula
        let merge = kind.sparkFunction(column.item)
        return say(
            "A \(kind.name) sketch of \(items(column.item)), \(size), standard error "
                + "\(error); merged with \(merge), must not be added up.",
            "Een \(kind.name)-sketch van \(items(column.item)), \(size), standaardfout "
                + "\(error); samen te voegen met \(merge), niet op te tellen.")
    }

    private func items(_ item: SketchColumn.Item) -> String {
        switch item {
        case .token: say("keyed hashes (text)", "hashes met sleutel (tekst)")
        case .double: say("measured values (double)", "gemeten waarden (double)")
        case .milliseconds:
            say("durations in milliseconds (bigint)", "duren in milliseconden (bigint)")
        }
    }
}
