internal import Publication
internal import Records

/// Noisy tables among the others, and sketches beside them.
extension PublishWork {
    /// The noisy tables of a period that is closed; a dry run draws none.
    func drawing(
        _ period: CalendarMonth, _ pieces: [PeriodTables.Piece]
    ) throws(PipelineFailure) -> NoisyTables.Drawing {
        guard let noisy = NoisyTables(plan, ledger) else { return NoisyTables.Drawing() }
        if request.isDryRun {
            report.notes.append("a dry run draws no noise: tables with `noise` are left out")
            return try noisy.rehearse(period)
        }
        return try noisy.draw(period, from: try tables.partials(pieces))
    }

    /// The tables of a period that is closed with the sketches that they export. Provisional tables
    /// and corrections have none: two lists of the same persons tell who came.
    func withSketches(
        _ tables: [PublishedTable], _ pieces: [PeriodTables.Piece]
    ) throws(PipelineFailure) -> [PublishedTable] {
        let outcome = try SketchTables(plan).added(to: tables) { () throws(PipelineFailure) in
            try self.tables.partials(pieces)
        }
        report.notes += outcome.notes
        return outcome.tables
    }

    /// The publication with its noisy tables, all in the order of the pipeline.
    func withNoise(_ publication: Publication, _ drawing: NoisyTables.Drawing) -> Publication {
        var publication = publication
        let tables = publication.tables + drawing.tables
        publication.tables = plan.tables.compactMap { known in
            tables.first { $0.table.name.utf8.elementsEqual(known.name.utf8) }
        }
        publication.budget = drawing.budget
        return publication
    }
}
