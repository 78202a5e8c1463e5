internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
private import Glibc

/// Gives committed files their names, in the run that made them or in the next one.
struct RunRecovery {
    let ledger: Ledger
    let plan: Plan

    /// Finishes what killed runs owe and removes what they left behind.
    func finishEarlierRuns() throws(PipelineFailure) {
        try endRewrapping()
        let owed: [OwedPublication]
        do { owed = try ledger.pendingPublications() } catch { throw failure(error) }
        let runs = Set(owed.map(\.run)).sorted()
        for run in runs {
            try publish(
                run: run, owed.filter { $0.run == run }.map(\.publication), redo: true)
        }
        try PartialRetirement.removeLeft(ledger)
        try removeLeftovers()
    }

    /// Ends a `keys rewrap` that was killed over the registry key of this state, and says so in the
    /// ledger: the old file may hold the key in the clear.
    private func endRewrapping() throws(PipelineFailure) {
        let isReplaced: Bool?
        do { isReplaced = try KeyRewrapping.endRegistry(in: ledger.directory) } catch {
            throw .keys("\(error)")
        }
        guard let isReplaced else { return }
        do {
            try ledger.append(
                event: isReplaced ? "registry-rewrap-ended" : "registry-rewrap-undone", [:],
                time: currentTime())
        } catch { throw .writing(error) }
    }

    /// Does the renames and removals of a committed run and marks it as published.
    func publish(
        run: Int64, _ publications: [PendingPublication], redo: Bool
    ) throws(PipelineFailure) {
        do {
            for publication in publications {
                let directory = try Directory.open(
                    publication.directory, creating: false, mode: 0o700)
                switch publication.action {
                case .publish(let temporaryName, let content):
                    let prepared = PreparedFile(
                        temporaryName: temporaryName, finalName: publication.finalName,
                        byteCount: content.byteCount)
                    try DurableFile.publish([prepared], in: directory, redo: redo)
                case .replace(let temporaryName, let content, let place):
                    let prepared = PreparedFile(
                        temporaryName: temporaryName, finalName: publication.finalName,
                        byteCount: content.byteCount)
                    try replace(prepared, place, in: directory)
                case .remove:
                    _ = try directory.remove(publication.finalName)
                    try directory.synchronize()
                }
            }
        } catch {
            throw .storage("the files of a committed run cannot get their names: \(error)")
        }
        do { try ledger.markPublished(run: run, time: currentTime()) } catch {
            throw .writing(error)
        }
    }

    /// Puts a rewritten file of a store in place, unless the old one was changed, moved or removed
    /// since it was read: then the new one goes, and the next run looks at the old one again.
    private func replace(
        _ file: PreparedFile, _ place: PendingPublication.Place, in directory: Directory
    ) throws(FileFault) {
        guard try directory.status(of: file.temporaryName) != nil else { return }
        if let old = try directory.status(of: file.finalName), old.kind == .regular,
            old.place == place, old.links == 1
        {
            return try DurableFile.publish([file], in: directory, forOthers: geteuid() == 0)
        }
        try DurableFile.discard([file], in: directory)
    }

    /// Removes what killed runs left: the spooled input, and temporary files wherever this pipeline
    /// writes or has written.
    private func removeLeftovers() throws(PipelineFailure) {
        do {
            _ = try ledger.directory.remove(InputSpool.name)
        } catch {
            throw .storage("cannot remove what a killed run kept: \(error)")
        }
        let state = ledger.directory.path
        var folders = ["\(state)/partials", "\(state)/quarantine", "\(state)/tables"]
        do {
            for output in plan.outputs where !output.path.isStandardOutput {
                let parts = try ledger.currentParts(output: output.name)
                folders += parts.map { splitPath($0.path).directory }
            }
        } catch { throw failure(error) }
        var stores = try StoreListing.folders(of: plan.store?.files ?? [])
        let isRewriting = try isRewritingSources()
        if isRewriting { stores += try StoreListing.folders(of: plan.sources.filter { $0 != "-" }) }
        try RunLeftovers(plan: plan, marks: try marks()).remove(further: folders, stores: stores)
        guard isRewriting else { return }
        do { try ledger.append(event: SourceErasure.ended, [:], time: currentTime()) } catch {
            throw .writing(error)
        }
    }

    /// True when a run was killed that wrote new files for sources.
    private func isRewritingSources() throws(PipelineFailure) -> Bool {
        do {
            let begun = try ledger.events(ofKind: SourceErasure.begun).count
            let ended = try ledger.events(ofKind: SourceErasure.ended).count
            return begun > ended
        } catch { throw failure(error) }
    }

    /// The marks of this state's files, that of now among them: it has another one when it was
    /// moved.
    private func marks() throws(PipelineFailure) -> [WriterMark] {
        do {
            let known = try ledger.writerMarks()
            if plan.mark == .none || known.contains(plan.mark) { return known }
            try ledger.note(plan.mark)
            return known + [plan.mark]
        } catch { throw failure(error) }
    }

    private func failure(_ fault: LedgerFault) -> PipelineFailure {
        .storage("cannot read the ledger: \(fault.description)")
    }
}
