internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records

/// Writes a publication: all its files durable, one commit in the ledger, then their names.
struct PublicationWriting {
    let plan: Plan
    let publish: PublishPlan
    let ledger: Ledger

    /// What is to be published where, and of which partials.
    struct Item {
        let publication: Publication
        let period: CalendarMonth
        let records: [PartialRecord]
        let folder: String
        let files: [PublicationFiles.Made]
    }

    /// The files of `publication`, not written yet.
    func item(
        _ publication: Publication, _ period: CalendarMonth, _ records: [PartialRecord],
        folder: String
    ) throws(PipelineFailure) -> Item {
        Item(
            publication: publication, period: period, records: records, folder: folder,
            files: try PublicationFiles(publication: publication, formats: publish.formats).made())
    }

    func write(_ item: Item) throws(PipelineFailure) {
        // Published with another state: this one must not publish it again with other values.
        guard !isPresent("\(item.folder)/\(PublicationFiles.aboutName)") else {
            throw .refused(
                "\(item.folder) holds a publication that this state knows nothing of: expected "
                    + "the state that made it, or another `publish.path`")
        }
        let changes = PendingChanges(mark: plan.mark)
        do throws(PipelineFailure) {
            try PublicationFiles.prepare(item.files, in: item.folder, changes)
        } catch {
            changes.discard()
            throw error
        }
        let run: Int64
        do { run = try ledger.commitRun(commit(item, changes)) } catch {
            changes.discard()
            throw .storage("cannot write the ledger: \(error.description)")
        }
        try RunRecovery(ledger: ledger, plan: plan).publish(
            run: run, changes.publications, redo: false)
    }

    private func commit(_ item: Item, _ changes: PendingChanges) -> RunCommit {
        let now = plan.release.clocks.runClock.now
        let started = currentTime()
        let name = "\(TemporaryName.run)-\(started.milliseconds)-\(splitPath(item.folder).name)"
        var commit = RunCommit(
            name: name, pipeline: plan.name, command: "publish", plan: plan.digest,
            started: started, finished: currentTime(), now: now,
            cutoff: plan.release.clocks.statedCutOff,
            counts: RunCounts(read: 0, written: 0, dropped: 0, quarantined: 0))
        commit.keyNeeds = plan.keyStore == nil ? nil : plan.keyNeeds
        commit.publications = changes.publications
        let publication = item.publication
        commit.published = [
            NewPublication(
                dataSet: plan.name, period: item.period, revision: publication.revision,
                kind: NewPublication.Kind(publication.kind),
                reason: publication.reason.isEmpty ? nil : publication.reason,
                audience: publication.audience.rawValue, folder: item.folder,
                document: PublicationDocument.bytes(of: publication), optOutsAsOf: now,
                closed: now, partials: item.records.map(\.id),
                files: item.files.map { file in
                    NewPublication.PublicationFile(
                        path: "\(item.folder)/\(file.name)", format: file.format,
                        content: file.content)
                })
        ]
        commit.published[0].spendings = NoisyTables.spendings(of: publication, item.period)
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
