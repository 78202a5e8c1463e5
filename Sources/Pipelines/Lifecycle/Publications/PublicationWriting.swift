internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records

/// Writes publications that belong together: all their files durable, one commit in the ledger,
/// then their names. Without a commit nothing has changed; `abandon` removes what waits.
final class PublicationWriting {
    private let plan: Plan
    private let ledger: Ledger
    private let isDryRun: Bool
    private let changes: PendingChanges
    private var published: [NewPublication] = []
    /// True from the moment on at which the ledger may know of the files.
    private var mayBeCommitted = false

    init(_ plan: Plan, _ ledger: Ledger, isDryRun: Bool) {
        self.plan = plan
        self.ledger = ledger
        self.isDryRun = isDryRun
        changes = PendingChanges(mark: plan.mark)
    }

    /// What is to be published where, and of which partials.
    struct Item {
        let publication: Publication
        let period: CalendarMonth
        let records: [PartialRecord]
        let folder: String
        let formats: [PublicationFormat]
        /// For whom it is, as the ledger has it: a word, or the token of a customer.
        let reader: String
    }

    /// Makes the files of `item` and puts them aside, durable; a dry run only makes them.
    func add(_ item: Item) throws(PipelineFailure) -> [PublicationFiles.Made] {
        let files = try PublicationFiles(
            publication: item.publication, formats: item.formats
        ).made()
        if isDryRun { return files }
        // Published with another state: this one must not publish it again with other values.
        guard try !isPresent("\(item.folder)/\(PublicationFiles.aboutName)") else {
            throw .refused(
                "\(item.folder) holds a publication that this state knows nothing of: expected "
                    + "the state that made it, or another `publish.path`")
        }
        try PublicationFiles.prepare(files, in: item.folder, changes)
        published.append(entry(item, files))
        return files
    }

    private func entry(_ item: Item, _ files: [PublicationFiles.Made]) -> NewPublication {
        let publication = item.publication
        let now = plan.release.clocks.runClock.now
        var entry = NewPublication(
            dataSet: plan.name, period: item.period, revision: publication.revision,
            kind: NewPublication.Kind(publication.kind),
            reason: publication.reason.isEmpty ? nil : publication.reason,
            audience: item.reader, folder: item.folder,
            document: PublicationDocument.bytes(of: publication), optOutsAsOf: now,
            closed: now, partials: item.records.map(\.id),
            files: files.map { file in
                NewPublication.PublicationFile(
                    path: "\(item.folder)/\(file.name)", format: file.format.text,
                    content: file.content)
            })
        entry.spendings = NoisyTables.spendings(of: publication, item.period)
        return entry
    }

    /// Removes what was put aside, unless it may be committed.
    func abandon() { if !mayBeCommitted { changes.discard() } }

    /// Publishes everything that was added, or nothing.
    func commit() throws(PipelineFailure) {
        guard let first = published.first else { return }
        let run: Int64
        mayBeCommitted = true
        do { run = try ledger.commitRun(commit(named: splitPath(first.folder).name)) } catch {
            throw .writing(error)
        }
        do throws(PipelineFailure) {
            try RunRecovery(ledger: ledger, plan: plan).publish(
                run: run, changes.publications, redo: false)
        } catch { throw error.behind("the publication is entered in the ledger") }
    }

    private func commit(named name: String) -> RunCommit {
        let started = currentTime()
        var commit = RunCommit(
            name: "\(TemporaryName.run)-\(started.milliseconds)-\(name)", pipeline: plan.name,
            command: "publish", plan: plan.digest, started: started, finished: currentTime(),
            now: plan.release.clocks.runClock.now, cutoff: plan.release.clocks.statedCutOff,
            counts: RunCounts(read: 0, written: 0, dropped: 0, quarantined: 0))
        commit.keyNeeds = plan.keyStore == nil ? nil : plan.keyNeeds
        commit.publications = changes.publications
        commit.published = published
        return commit
    }
}

extension NewPublication.Kind {
    init(_ kind: Publication.Kind) {
        switch kind {
        case .final: self = .final
        case .correction: self = .correction
        case .provisional: self = .provisional
        }
    }
}
