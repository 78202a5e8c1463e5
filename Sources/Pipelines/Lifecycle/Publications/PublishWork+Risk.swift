internal import Anonymization
internal import Ledger
internal import Publication
internal import Records
internal import Statistics

/// What internal readers are told of the rows that the pipeline writes.
extension PublishWork {
    /// `publication` with the figures of what was measured since its month began.
    func withRisks(
        _ publication: Publication, _ period: CalendarMonth
    ) throws(PipelineFailure) -> Publication {
        guard publication.audience == .internal else { return publication }
        let start = plan.release.zone.startOfDay(period.days.lowerBound)
        let measured: [RowMeasurement]
        do {
            measured = try ledger.rowMeasurements(
                pipeline: plan.name, from: start, through: clock.now)
        } catch { throw .storage("cannot read the ledger: \(error.description)") }
        var told = publication
        for risk in measured.map(RowOutputRisk.init) {
            if let at = told.rowOutputs.firstIndex(where: { $0.isLike(risk) }) {
                told.rowOutputs[at].add(risk)
            } else {
                told.rowOutputs.append(risk)
            }
        }
        return told
    }
}

extension RowOutputRisk {
    fileprivate init(_ measured: RowMeasurement) {
        self.init(
            output: measured.output, quasiIdentifiers: measured.quasiIdentifiers,
            demandedPersons: measured.demandedPersons.map { Int($0) }, rows: Int(measured.rows),
            classes: Int(measured.classes), uniqueRows: Int(measured.uniqueRows),
            fewestPersons: measured.fewestPersons.map { Int($0) },
            removedRows: Int(measured.removedRows),
            classesByPersons: measured.classesByPersons.map { Int($0) })
    }
}
