internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

extension StatefulRun {
    /// Forgets, when somebody says so, the lists of quarantine that are gone for good: until then
    /// erasures wait for them. Returns how many.
    func forgetMissingLists(_ ledger: Ledger) throws(PipelineFailure) -> Int {
        let kept: [FileRecord]
        do { kept = try ledger.files(.quarantine) } catch { throw StateRegistry.failure(error) }
        var forgotten = 0
        for list in kept.map(\.file) {
            if try isPresent(list.path) { continue }
            try forget(list: list)
            forgotten += 1
        }
        return forgotten
    }

    /// Fails, when all else is done, for lists of quarantine that are not what earlier runs left:
    /// out of a backup, erased lines are back. One whose time has come goes.
    func checkLists(_ ledger: Ledger) throws(PipelineFailure) {
        let kept: [FileRecord]
        do { kept = try ledger.files(.quarantine) } catch { throw StateRegistry.failure(error) }
        for list in kept.map(\.file) {
            guard try plan.isChanged(list: list) else { continue }
            changes.noteUnreadable(UnreadablePart(changedList: list.path))
        }
    }

    /// Ends a list of quarantine; its file goes, and one on a disk that is missing when that is
    /// back (`RestoredParts`).
    private func forget(list: NewFile) throws(PipelineFailure) {
        if changes.forgets(list) { return }
        if try isPresent(splitPath(list.path).directory) { return changes.remove(list) }
        changes.forget(list)
    }

    /// Notes the list of what was set aside, and that lists of earlier runs go whose window has
    /// passed.
    func keepQuarantine(_ ledger: Ledger) throws(PipelineFailure) {
        let clock = plan.release.clocks.runClock
        let kept: [FileRecord]
        do { kept = try ledger.files(.quarantine) } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        for record in kept {
            if let deleteBy = plan.deleteBy(list: record.file), deleteBy <= clock.now {
                try forget(list: record.file)
            }
        }
        guard let list = try quarantine?.prepare() else { return }
        let content = try list.directory.digest(of: list.prepared)
        let window = plan.release.clocks.clocks[0].length
        let arrival = clock.zone.startOfDay(clock.date.daysSince1970)
        changes.owe(
            list.prepared, in: list.directory.path,
            as: NewFile(
                kind: .quarantine, name: "quarantine",
                path: list.directory.path(of: list.prepared.finalName), content: content,
                deleteBy: clock.dueTime(from: arrival, window)))
    }

    /// What the run row says: totals, and in its details what became of the records by reason and
    /// by output.
    func runCounts() -> RunCounts {
        let totals = report.totals
        let accepted = totals.read - totals.blank - totals.quarantinedTotal
        let dropped = totals.outputs.first?.droppedTotal ?? 0
        var details = [
            "blank": Int64(totals.blank),
            "keyless": Int64(report.keyless),
            "untimely": Int64(totals.untimely + (report.store?.untimely ?? 0)),
        ]
        if report.erasedFromSources > 0 {
            details["sources/erased"] = Int64(report.erasedFromSources)
        }
        for (reason, count) in totals.quarantined {
            details["quarantined-\(reason.code)"] = Int64(count)
        }
        for (output, counts) in zip(report.outputNames, totals.outputs) {
            details["output/\(output)/kept"] = Int64(counts.kept)
            details["output/\(output)/anonymised"] = Int64(counts.anonymised)
            for (reason, count) in counts.dropped {
                details["output/\(output)/dropped-\(reason.code)"] = Int64(count)
            }
        }
        for (statistic, count) in zip(report.statisticNames, totals.observed) {
            details["statistic/\(statistic)/counted"] = Int64(count)
        }
        details.merge(RunCodes(report, plan).counts) { _, new in new }
        return RunCounts(
            read: Int64(totals.read), written: Int64(accepted - dropped),
            dropped: Int64(dropped + totals.blank),
            quarantined: Int64(totals.quarantinedTotal), details: details)
    }
}

extension Plan {
    /// True for a list of quarantine that stays, in whose place something of another length lies.
    func isChanged(list: NewFile) throws(PipelineFailure) -> Bool {
        if let end = deleteBy(list: list), end <= release.clocks.runClock.now { return false }
        guard let status = try presentStatus(of: list.path) else { return false }
        return status.byteCount != list.content.byteCount
    }

    /// When a list of quarantine has to be gone: a window after it arrived, by the window under
    /// which it was written or by that of now, whichever is shorter.
    func deleteBy(list: NewFile) -> EventTime? {
        let clock = release.clocks.runClock
        let date = Array(splitPath(list.path).name.utf8.prefix(10))
        let now = CivilDate(parsing: date.span).map {
            clock.dueTime(
                from: clock.zone.startOfDay($0.daysSince1970), release.clocks.clocks[0].length)
        }
        return [list.deleteBy, now].compactMap { $0 }.min()
    }
}
