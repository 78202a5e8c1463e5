internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records
internal import Statistics

/// Makes the copy of everything still readable about a subject.
struct SubjectExport {
    private let request: SubjectExportRequest
    private let session: SubjectSession
    private let details: SubjectDetails

    init(_ request: SubjectExportRequest) throws(PipelineFailure) {
        self.request = request
        guard request.output != "-" || request.format == .json else {
            throw .usage("--format csv makes several files: expected a folder as --output")
        }
        let subject = try SoughtSubject(request.subject)
        details = try SubjectDetails(request.subject, subject)
        session = try SubjectSession(request.subject, subject)
    }

    func run() throws(PipelineFailure) -> SubjectExportReport {
        let folder = try outputFolder()
        let files = ExportFiles(storage(folder), mark: session.plan.mark)
        let search = try session.places()
        session.confine(
            reading: search.places.flatMap(\.filesRead),
            writing: request.output == "-" ? [] : [request.output])
        var report = SubjectExportReport()
        report.pipeline = session.plan.name
        report.limits = search.limits
        if session.ledger == nil {
            report.limits.append(
                "The pipeline has no state: this request is not on record in a ledger.")
        }
        let document = try document(files)
        for place in search.places { try copy(place, to: document, &report) }
        // Lines of quarantine came in with the source, or lay in the store.
        if let source = search.places.first(where: { $0.kind == .source || $0.kind == .store }) {
            try copyQuarantine(source, to: document, &report)
        }
        report.partialRows = try partialRows()
        try noteUnsearched(&report)
        try document.finish(report)
        try files.finish()
        try session.note(.export, details)
        // No copy goes out without a record of it.
        do throws(PipelineFailure) {
            if let folder {
                report.files = try files.publish(in: folder)
            } else {
                try files.show()
            }
        } catch { throw session.ledger == nil ? error : error.behind("the request is on record") }
        return report
    }

    // MARK: Where the copy goes

    /// The folder of the copy, made if it is missing; nil for standard output.
    private func outputFolder() throws(PipelineFailure) -> Directory? {
        if request.output == "-" { return nil }
        do {
            let folder = try Directory.privateDirectory(
                request.output, creating: true, closedToReaders: true)
            let mark = session.plan.mark
            _ = try DurableFile.removeLeftovers(
                in: folder, of: mark,
                living: try DurableFile.livingRuns(in: folder, of: mark))
            // Files of two persons must never lie in one copy.
            guard try folder.names().isEmpty else {
                throw PipelineFailure.usage(
                    "--output: \(request.output) is not empty, expected a new or empty folder")
            }
            return folder
        } catch let failure as PipelineFailure {
            throw failure
        } catch {
            throw .storage("cannot open \(request.output): \(error)")
        }
    }

    /// Where the copy is put aside while it is made: in files without a name.
    private func storage(_ folder: Directory?) -> any SpillStorage {
        if let folder { return DirectorySpillStorage(directory: folder) }
        if let ledger = session.ledger {
            return DirectorySpillStorage(directory: ledger.directory)
        }
        return MemorySpillStorage()
    }

    private func document(
        _ files: ExportFiles
    ) throws(PipelineFailure) -> any SubjectDocument {
        let plan = session.plan
        let head = DocumentHead(
            pipeline: plan.name, made: dateText(plan.release.clocks.runClock.now),
            subject: session.subject, details: details)
        switch request.format {
        case .json: return try JSONDocument(head, plan, files)
        case .csv: return try SubjectTables(head, plan, files)
        }
    }

    // MARK: Copying

    private func copy(
        _ place: SubjectPlace, to document: any SubjectDocument,
        _ report: inout SubjectExportReport
    ) throws(PipelineFailure) {
        try document.begin(place)
        let counts = try SubjectScan(plan: session.plan, place: place).run {
            record throws(PipelineFailure) in
            try document.add(record, of: place)
        }
        try document.end(place, counts)
        note(place, counts, &report)
    }

    private func copyQuarantine(
        _ source: SubjectPlace, to document: any SubjectDocument,
        _ report: inout SubjectExportReport
    ) throws(PipelineFailure) {
        let search = try QuarantineSearch(session.plan, source: source, session.subject)
        if let limit = try QuarantineSearch.limit(session.plan) { report.limits.append(limit) }
        guard !search.files.isEmpty else { return }
        let place = SubjectPlace(
            kind: .quarantine, name: "quarantine",
            retention: ["Deleted one window after the record arrived."], files: search.files,
            format: JSONLinesFormat(), names: [], matcher: source.matcher)
        try document.begin(place)
        var counts = PlaceCounts()
        try search.run { line throws(PipelineFailure) in
            counts.records += 1
            try document.add(line, of: place)
        }
        try document.end(place, counts)
        note(place, counts, &report)
        if counts.records > 0 {
            report.limits.append(
                "Lines of quarantine that are told by a mention were unreadable: look whose they "
                    + "are before the copy is handed over.")
        }
    }

    private func note(
        _ place: SubjectPlace, _ counts: PlaceCounts, _ report: inout SubjectExportReport
    ) {
        report.places.append(
            SubjectExportReport.Place(
                kind: place.kind.rawValue, name: place.name, files: place.files.count,
                records: counts.records, unreadable: counts.unreadable,
                undecided: counts.undecided))
        if counts.unreadable > 0 {
            report.limits.append(
                "\(place.kind.rawValue) \(place.name): \(counts.unreadable) records could not be "
                    + "read; nobody can tell whose they are.")
        }
        if counts.undecided > 0 {
            report.limits.append(
                "\(place.kind.rawValue) \(place.name): \(counts.undecided) records of the subject "
                    + "do not say of which customer, and are not in the copy.")
        }
    }

    /// Says what may be the subject's and cannot be told: what other rules made of its value, and
    /// what was counted by earlier statistics.
    private func noteUnsearched(_ report: inout SubjectExportReport) throws(PipelineFailure) {
        guard let ledger = session.ledger else { return }
        let plan = session.plan
        let parts: [PartRecord]
        let foreign: [PartialRecord]
        do {
            parts = try ledger.currentParts(pipeline: plan.name)
            foreign = try ledger.keptPartials(pipeline: plan.name).filter {
                !$0.statisticSet.utf8.elementsEqual(plan.statisticsDigest.hex.utf8)
            }
        } catch { throw StateRegistry.failure(error) }
        let search = try PartSearch(parts, plan, try StateRegistry(ledger, of: plan))
        let number = search.unsearchable(for: session.subject, plan)
        if number > 0 {
            report.limits.append(UnsearchedWords.notCopied(number))
        }
        if !foreign.isEmpty {
            report.limits.append(
                "What was counted before the statistics of the pipeline were changed is kept for "
                    + "publication: rows of the subject in there are not counted here.")
        }
    }

    /// How many rows of unpublished statistics are the subject's, by month.
    private func partialRows() throws(PipelineFailure) -> [(month: String, rows: Int)] {
        guard let ledger = session.ledger else { return [] }
        let plan = session.plan
        var files: [any SpillFile] = []
        do {
            let live = try ledger.keptPartials(statisticSet: plan.statisticsDigest.hex)
            for path in Set(live.map(\.path)).sorted() { files.append(try StoredFile(path)) }
        } catch let failure as PipelineFailure {
            throw failure
        } catch {
            throw .storage("cannot read the ledger")
        }
        if files.isEmpty { return [] }
        let partials = Partials(files, plan: plan.statistics, storage: MemorySpillStorage())
        var counts: [(month: String, rows: Int)] = []
        for (index, month) in session.keys.living.enumerated() {
            let tokens = SubjectTokens(session.subject, plan, session.keys.only(index))
            let entry = tokens.removal(
                session.subject.kind.subjectKind, isLimited: session.subject.within != nil,
                isSure: true)
            guard let entry else { continue }
            do throws(PartialFault) {
                let rows = try partials.count(of: PartialRemoval([entry], in: plan.statistics))
                if rows > 0 { counts.append((month.text, rows)) }
            } catch {
                throw .storage("cannot read the aggregates of earlier runs", error)
            }
        }
        return counts
    }
}
