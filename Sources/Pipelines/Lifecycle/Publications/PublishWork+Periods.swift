internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records
internal import Statistics

/// Closing, correcting and showing a period.
extension PublishWork {
    /// A publication of `period` under the plan, without its tables' values.
    private func publication(
        _ period: CalendarMonth, _ kind: Publication.Kind, revision: Int, reason: String = "",
        through day: Int? = nil, audience: Audience? = nil, tables: [PublishedTable]
    ) -> Publication {
        Publication(
            pipeline: plan.name, period: period.text,
            through: CivilDate(daysSince1970: day ?? period.days.upperBound).text, kind: kind,
            revision: revision, reason: reason, audience: audience ?? publish.audience,
            zone: plan.release.zone.name, closed: dateText(clock.now),
            optOutsAsOf: dateText(clock.now), tables: tables,
            late: report.late.map { LateRecords(period: $0.period, records: $0.records) })
    }

    private func earlier(
        _ record: PublicationRecord
    ) throws(PipelineFailure) -> (publication: Publication, records: [PartialRecord]) {
        let recorded = try RecordedPublication(record, ledger)
        do {
            return (recorded.publication, try ledger.partials(ofPublication: record.id))
        } catch { throw .storage("cannot read the ledger: \(error.description)") }
    }

    // MARK: Final

    /// Closes a period. A figure whose difference to a provisional one would isolate too few is
    /// withheld.
    func close(_ period: CalendarMonth, _ books: PublicationBooks) throws(PipelineFailure) {
        let records = books.waiting(period)
        let tables = try tables(of: period)
        let pieces = [PeriodTables.Piece(records: records, days: period.days)]
        let figures = try tables.figures(
            pieces, after: try history(books.all(of: period), records))
        tellHidden(figures)
        tellLeftOut(figures, period)
        let told = try withSketches(try tables.published(figures, isFirst: true), pieces)
        let plain = publication(period, .final, revision: 0, tables: told)
        let main = withNoise(try withRisks(plain, period), try drawing(period, pieces))
        let order = CustomerOrder(main: main, period: period, pieces: pieces, history: [])
        try write(main, period, records, folder: "\(publish.folder)/\(main.folderName)") {
            writing throws(PipelineFailure) in try addCustomers(order, to: writing, books)
        }
    }

    /// What was told by each of `all` publications of a period, where `records` are what is counted
    /// now, up to `last`.
    private func history(
        _ all: [PublicationRecord], _ records: [PartialRecord], through last: Int? = nil
    ) throws(PipelineFailure) -> [EarlierFigures] {
        var history: [EarlierFigures] = []
        for record in all {
            let (shown, old) = try earlier(record)
            let days = record.period.days
            let end = last ?? days.upperBound
            let day =
                record.kind == .provisional
                ? PublicationStep(number: record.revision).lastDay(of: record.period) : end
            let known = Set(old.map(\.id))
            var added = [
                PeriodTables.Piece(
                    records: records.filter { !known.contains($0.id) },
                    days: days.lowerBound...end)
            ]
            if day < end { added.append(PeriodTables.Piece(records: old, days: day + 1...end)) }
            history.append(
                EarlierFigures(
                    tables: shown.tables,
                    counted: [PeriodTables.Piece(records: old, days: days.lowerBound...day)],
                    added: added))
        }
        return history
    }

    private func tellHidden(_ figures: PeriodFigures) {
        let count = figures.found.map(\.places.count).reduce(0, +)
        guard count > 0 else { return }
        report.notes.append(
            "\(counted(count, "figure")) withheld: the difference to what was published before "
                + "would tell of too few")
    }

    /// Says how many values were no numbers: no figure tells that they are missing in it.
    private func tellLeftOut(_ figures: PeriodFigures, _ period: CalendarMonth) {
        for table in figures.measured {
            let at = plan.tables.firstIndex { $0.name == table.name }
            guard let at, !plan.tables[at].isUnseen else { continue }
            // A record counts once in each dimension.
            let times = max(plan.statistics.statistics[at].breakdowns.count, 1)
            for (place, column) in table.columns.enumerated() {
                let left = table.rows.reduce(0) { $0 + Int($1.cells[place].unreadable) } / times
                if left == 0 { continue }
                report.notes.append(
                    "\(period.text), \(table.name): \(counted(left, "value")) for "
                        + "`\(column.name)` left out: expected decimal numbers with at most 15 "
                        + "digits before the point and 9 behind it")
            }
        }
    }

    // MARK: Corrections

    /// Publishes a period once more, visibly; what it corrects stays.
    func correct(
        _ asked: CalendarMonth?, _ reason: String, _ books: PublicationBooks
    ) throws(PipelineFailure) {
        guard !reason.isEmpty, reason.utf8.count <= 500,
            reason.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { throw .usage("--correct: expected a reason of one line, at most 500 bytes") }
        guard let period = asked ?? books.finals.last?.period, let final = books.final(of: period)
        else {
            throw .refused("nothing to correct: the period was not published yet")
        }
        let deadline = RunClock(now: final.closed, zone: clock.zone)
            .instant(after: publish.correctWithin)
        guard clock.now < deadline else {
            throw .refused(
                "\(period.text) could be corrected until \(dateText(deadline)): it stays as it is")
        }
        try checkKey(period)
        try books.checkComplete(period)
        try revise(period, reason, books)
    }

    /// What was counted under a key goes with it.
    private func checkKey(_ period: CalendarMonth) throws(PipelineFailure) {
        let keys: [KeyRecord]
        do { keys = try ledger.keys() } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        guard keys.contains(where: { $0.month == period && $0.state == .destroyed }) else { return }
        throw .refused(
            "the key of \(period.text) is destroyed, and what was counted under it is gone: its "
                + "publication stays as it is")
    }

    private func revise(
        _ period: CalendarMonth, _ reason: String, _ books: PublicationBooks
    ) throws(PipelineFailure) {
        guard let last = books.last(of: period) else { return }
        let late = books.waiting(period)
        guard !late.isEmpty else {
            throw .refused("nothing came for \(period.text) since it was published")
        }
        let (shown, old) = try earlier(last)
        let tables = try tables(of: period)
        let pieces = [PeriodTables.Piece(records: old + late, days: period.days)]
        let all = books.all(of: period)
        let history = try history(all, old + late)
        let figures = try tables.figures(pieces, after: history)
        tellLeftOut(figures, period)
        let isolating = zip(figures.measured, figures.found).filter { !$1.isolating.isEmpty }
            .map { table, found in "\(found.isolating.count) of \(table.name)" }
        guard isolating.isEmpty else {
            throw .refused(
                "\(period.text) stays as it is: the differences of some figures ("
                    + isolating.joined(separator: ", ")
                    + ") to what was published would tell of too few")
        }
        let revision = books.corrections(of: period) + 1
        let plain = publication(
            period, .correction, revision: revision, reason: reason,
            tables: try tables.published(figures))
        let main = withNoise(try withRisks(plain, period), NoisyTables.Drawing(of: shown))
        let order = CustomerOrder(
            main: main, period: period, pieces: pieces,
            history: zip(all, history).filter { $0.0.kind != .provisional }
                .map { (record: $0.0, figures: $0.1) })
        try write(main, period, old + late, folder: "\(publish.folder)/\(main.folderName)") {
            writing throws(PipelineFailure) in try addCustomers(order, to: writing, books)
        }
    }

    /// Declares what came late as a revision, where that may be told; a month that cannot be read
    /// or written stops no other.
    func reviseLate(_ books: PublicationBooks) throws(PipelineFailure) {
        for (period, _) in books.late {
            try goingOn(period) { () throws(PipelineFailure) in
                do throws(PipelineFailure) {
                    try checkKey(period)
                    try books.checkComplete(period)
                    try revise(period, "late records", books)
                } catch {
                    guard case .refused(let sentence) = error else { throw error }
                    report.notes.append(sentence)
                }
            }
        }
    }

    // MARK: Provisional

    /// Shows the open months to internal readers, each up to its last weekly step.
    func showRunning(
        _ asked: CalendarMonth?, _ books: PublicationBooks
    ) throws(PipelineFailure) {
        guard let folder = publish.provisional else {
            throw .usage(
                "--provisional: the pipeline does not say where internal readers find it: expected "
                    + "`publish.provisional`")
        }
        let periods = asked.map { [$0] } ?? books.open
        var gone: [PublicationRecord] = []
        var isAnyLeft = false
        for period in periods where books.final(of: period) == nil {
            guard let step = PublicationStep.last(of: period, at: clock.now, clock.zone) else {
                continue
            }
            if let known = books.provisional(of: period, step.number) {
                if asked == nil, try files(of: known) == .gone {
                    gone.append(known)
                } else {
                    try repeated(known)
                    isAnyLeft = true
                }
            } else {
                try books.checkKnown(period)
                try show(period, step, folder, books)
                isAnyLeft = true
            }
        }
        tellGone(gone, isAnyLeft: isAnyLeft)
        if let asked, books.final(of: asked) != nil {
            throw .refused("\(asked.text) is published: it has no provisional figures any more")
        }
    }

    private func show(
        _ period: CalendarMonth, _ step: PublicationStep, _ folder: String,
        _ books: PublicationBooks
    ) throws(PipelineFailure) {
        let records = books.waiting(period)
        let last = step.lastDay(of: period)
        let tables = try tables(of: period)
        let figures = try tables.figures(
            [PeriodTables.Piece(records: records, days: period.days.lowerBound...last)],
            after: try history(books.all(of: period), records, through: last))
        tellHidden(figures)
        tellLeftOut(figures, period)
        let day = CivilDate(daysSince1970: last).text
        let shown = publication(
            period, .provisional, revision: step.number, through: last, audience: .internal,
            tables: try tables.published(figures))
        try write(
            try withRisks(shown, period), period, records, folder: "\(folder)/\(day)")
    }
}

/// The fixed weekly steps of a month: through its days 7, 14, 21 and 28.
struct PublicationStep: Equatable {
    /// 1 to 4.
    let number: Int

    private static let days = 7
    private static let numberMax = 4

    /// The last day of the step, since 1970-01-01.
    func lastDay(of period: CalendarMonth) -> Int {
        period.days.lowerBound + number * Self.days - 1
    }

    /// The last step that is over at `now`; nil in the first week.
    static func last(
        of period: CalendarMonth, at now: EventTime, _ zone: ZoneTable
    ) -> PublicationStep? {
        (1...numberMax).reversed().map(PublicationStep.init).first { step in
            zone.startOfDay(step.lastDay(of: period) + 1) <= now
        }
    }
}
