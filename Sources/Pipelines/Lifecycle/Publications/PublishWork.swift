internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records
internal import Statistics

/// What `sluice publish` does: first what a run does besides taking in (erasures, opt-outs and
/// ageing bind before anything is published), then each publication in a commit of its own, then
/// the keys that waited for it.
///
/// A kill in between leaves whole publications or none: what a commit owes, the next run or
/// `publish` gives.
final class PublishWork {
    let request: PublishRequest
    let plan: Plan
    let publish: PublishPlan
    let ledger: Ledger
    private let statePath: String
    let folder: String
    var report = PublishReport()

    init(_ request: PublishRequest) throws(PipelineFailure) {
        self.request = request
        folder = try workingFolder()
        plan = try Sluice.loadPlan(request.pipeline, now: request.now).anchored(at: folder)
        guard let publish = plan.publish, let state = plan.state else {
            throw .usage(
                "\(request.pipeline) has no `publish`: expected where its statistics are published "
                    + "and under which rules")
        }
        self.publish = publish
        statePath = state
        guard try hasLedger(state) else {
            throw .storage("\(state) holds no ledger: the pipeline has not run yet")
        }
        let isLooking = request.isDryRun || request.customer != nil
        ledger = try openState(
            state, of: plan, for: isLooking ? .reading(isLocking: true) : .changing)
        report.pipeline = plan.name
        report.isDryRun = request.isDryRun
    }

    var clock: RunClock { plan.release.clocks.runClock }

    var tables: PeriodTables {
        PeriodTables(plan, publish, ledger, isDryRun: request.isDryRun)
    }

    /// The tables of `period`, those of `own` in place of the pipeline's.
    func tables(
        of period: CalendarMonth, _ own: PublishPlan? = nil
    ) throws(PipelineFailure) -> PeriodTables {
        let publish = own ?? publish
        return PeriodTables(
            plan, publish, ledger, isDryRun: request.isDryRun,
            secret: try CountSecret(plan, publish.counts, period))
    }

    func run() throws(PipelineFailure) -> PublishReport {
        let asked = try askedPeriod()
        if !request.isDryRun, request.customer == nil {
            // First: what a killed run owes may lie where this command has no business.
            try RunRecovery(ledger: ledger, plan: plan).finishEarlierRuns()
        }
        if request.isConfined { _ = RunConfinement(plan, ledger).enter() }
        if let customer = request.customer {
            report.customerFolders = try folders(ofCustomer: customer, asked)
            return report
        }
        if request.isDryRun {
            try publishAll(asked)
            return report
        }
        try settle()
        do throws(PipelineFailure) {
            try publishAll(asked)
            try retireKeys()
        } catch { throw error.behind("erasures, opt-outs and ageing are carried out") }
        return report
    }

    /// Publishes what was asked for, or all that waits.
    private func publishAll(_ asked: CalendarMonth?) throws(PipelineFailure) {
        guard plan.overlaps.isEmpty || request.givesUp else {
            throw .faults(plan.overlaps, file: request.pipeline)
        }
        try settleChanged()
        let books = try PublicationBooks(plan, publish, ledger)
        report.late = try lateRecords(books)
        if request.givesUp {
            try giveUp(asked, books)
        } else if let reason = request.correction {
            try correct(asked, reason, books)
        } else if request.isProvisional {
            try showRunning(asked, books)
        } else {
            try closePeriods(asked, books)
        }
    }

    private func askedPeriod() throws(PipelineFailure) -> CalendarMonth? {
        guard let text = request.period else { return nil }
        guard let month = CalendarMonth(text: text) else {
            throw .usage("--period: expected a month such as 2026-03")
        }
        return month
    }

    private func closePeriods(
        _ asked: CalendarMonth?, _ books: PublicationBooks
    ) throws(PipelineFailure) {
        if let asked {
            if books.final(of: asked) != nil {
                try repeatAll(of: asked, books)
            } else {
                try books.check(asked)
                try close(asked, books)
                if publish.late == .revise { try reviseLate(books) }
            }
            return tellNext(books, done: [asked])
        }
        let periods = books.due
        for period in periods {
            try goingOn(period) { () throws(PipelineFailure) in
                try books.check(period)
                try close(period, books)
            }
        }
        let failed = Set(report.failures.map(\.period))
        let isAnyClosed = periods.contains { !failed.contains($0.text) }
        if isAnyClosed, publish.late == .revise { try reviseLate(books) }
        try restoreAll(books, tellsLast: periods.isEmpty)
        tellNext(books, done: periods)
        // Alone it is the answer. What else somebody has to hear of is told with it.
        if report.entries.isEmpty, report.failures.count == 1, report.alarms.count == 1 {
            throw report.failures[0].failure
        }
    }

    /// Does what is to be done about a month; what stops it there stops no other month.
    func goingOn(
        _ period: CalendarMonth, _ work: () throws(PipelineFailure) -> Void
    ) throws(PipelineFailure) {
        do throws(PipelineFailure) { try work() } catch {
            switch error {
            case .refused(let sentence), .keys(let sentence), .storage(let sentence):
                report.failures.append((period.text, error))
                if !report.alarms.contains(sentence) { report.alarm(sentence) }
            default: throw error
            }
        }
    }

    /// Takes away what was counted of a month that cannot be published. Done again, perhaps after
    /// a kill, it makes sure of it.
    private func giveUp(
        _ asked: CalendarMonth?, _ books: PublicationBooks
    ) throws(PipelineFailure) {
        guard let asked else { throw .usage("--give-up: expected the month, with --period") }
        let partials = try books.givingUp(asked)
        guard !partials.isEmpty else {
            guard books.isIncomplete(asked) else {
                throw .refused("nothing was counted of \(asked.text): there is nothing to give up")
            }
            report.notes.append("\(asked.text) was given up before, and it is never published")
            return
        }
        if !request.isDryRun {
            _ = try PartialRetirement(ledger: ledger, now: clock.now)
                .remove(partials, givenUp: true)
        }
        report.notes.append(
            "\(asked.text) is given up: what was counted of it "
                + "\(request.isDryRun ? "would go" : "is gone"), and it is never published")
    }

    /// Does what binds before anything is published.
    private func settle() throws(PipelineFailure) {
        var quiet = plan
        for index in quiet.tables.indices {
            quiet.tables[index].paths.removeAll { $0.path.isStandardOutput }
        }
        var settings = RunSettings()
        settings.command = "publish"
        settings.takesIn = false
        settings.bindsList = true
        // What came late is revised under a key that may die today.
        settings.retiresKeys = false
        let run = StatefulRun(
            plan: quiet, statePath: statePath, request: settings, observer: nil, ledger: ledger)
        let outcome = try run.run()
        report.destroyedKeys = outcome.destroyedKeys
        report.notes += outcome.notes.filter { !outcome.alarms.contains($0) }
        for sentence in outcome.alarms { report.alarm(sentence) }
    }

    /// Records of published months that came later, by month. What is damaged or gone keeps no
    /// other month from being published; what cannot be read at present does, because every
    /// publication says how much came late, and says it for good.
    private func lateRecords(
        _ books: PublicationBooks
    ) throws(PipelineFailure) -> [PublishReport.Late] {
        var late: [PublishReport.Late] = []
        for (period, records) in books.late {
            let aggregates = try tables.survey(records)
            if let damage = aggregates.damage {
                try goingOn(period) { () throws(PipelineFailure) in throw damage }
            }
            late.append(PublishReport.Late(period: period.text, records: aggregates.records))
        }
        return late
    }

    /// Commits a publication with all its files, and with it the ones that `others` adds; a dry run
    /// says what it would.
    func write(
        _ publication: Publication, _ period: CalendarMonth, _ records: [PartialRecord],
        folder: String,
        with others: (PublicationWriting) throws(PipelineFailure) -> PublishReport.Entry? = {
            _ in nil
        }
    ) throws(PipelineFailure) {
        let writing = PublicationWriting(plan, ledger, isDryRun: request.isDryRun)
        do throws(PipelineFailure) {
            let files = try writing.add(
                PublicationWriting.Item(
                    publication: publication, period: period, records: records, folder: folder,
                    formats: publish.formats, reader: publication.audience.rawValue))
            let main = entry(
                publication, folder: folder, files: files.map { ($0.name, $0.content.digest.hex) })
            let more = try others(writing)
            try writing.commit()
            for var entry in [main] + (more.map { [$0] } ?? []) {
                if request.isDryRun { entry.outcome = .wouldBePublished }
                report.entries.append(entry)
            }
        } catch {
            writing.abandon()
            throw error
        }
    }

    func entry(
        _ publication: Publication, folder: String, files: [(name: String, sha256: String)]
    ) -> PublishReport.Entry {
        var entry = PublishReport.Entry(outcome: .published)
        entry.period = publication.period
        entry.through = publication.through
        entry.kind = publication.kind.rawValue
        entry.revision = publication.revision
        entry.reason = publication.reason
        entry.audience = publication.audience.rawValue
        entry.folder = Sluice.seen(folder, from: self.folder)
        entry.published = publication.closed
        entry.files = files
        entry.tables = publication.tables.map { table in
            PublishReport.Table(
                name: table.table.name, rows: table.table.rows.count,
                figures: table.table.withheld.cellsTotal, withheld: table.table.withheld.cells,
                other: table.other, proposal: table.proposal)
        }
        return entry
    }

    private func tellNext(_ books: PublicationBooks, done: [CalendarMonth]) {
        let next = books.open.first { !done.contains($0) && books.final(of: $0) == nil }
        guard let next else { return }
        report.nextPeriod = next.text
        report.nextFrom = dateText(books.closing(next))
    }

    /// Keys that waited for a publication may die now.
    private func retireKeys() throws(PipelineFailure) {
        let outcome = try KeyRetirement.retire(
            plan, ledger, statePath: statePath, now: clock.now, who: "publish")
        report.destroyedKeys += (outcome?.destroyed ?? []).map(DestroyedKey.init)
    }
}
