internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

extension StatefulRun {
    /// Notes the list of what was set aside, and that lists of earlier runs go whose window has
    /// passed.
    func keepQuarantine(_ ledger: Ledger) throws(PipelineFailure) {
        let clock = plan.release.clocks.runClock
        let kept: [FileRecord]
        do { kept = try ledger.files(.quarantine) } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        for record in kept {
            if let deleteBy = record.file.deleteBy, deleteBy <= clock.now {
                changes.remove(record.file)
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
