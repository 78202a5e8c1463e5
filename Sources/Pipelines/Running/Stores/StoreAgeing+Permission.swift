internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Whether so much may be changed.
extension StoreAgeing {
    func checkUnreadable() throws(PipelineFailure) {
        let count = quarantined.quarantinedTotal
        let isTooMuch =
            store.unreadable == .fail
            ? count > 0
            : plan.quarantine.isExceeded(quarantined: count, read: quarantined.read)
        guard isTooMuch else { return }
        throw .quarantineLimit(
            report: report.failing(pipeline: plan.name, quarantined),
            allowed: store.unreadable == .fail
                ? "none in a store (`unreadable: fail`)" : plan.quarantine.words)
    }

    /// Names exactly what would be done: the pipeline file, the cut-offs, and for each file that
    /// changes its content and how many records change.
    var token: String {
        var text = "sluice-store-1 \(plan.digest.hex)"
        for cutOff in plan.release.clocks.cutOffs { text += " \(cutOff.milliseconds)" }
        let files = pending.map { change in
            let counts = change.counts
            return "\n\(change.old.digest.hex) \(change.old.byteCount) \(counts.records) "
                + "\(counts.changed) \(counts.removed) \(counts.unreadable)"
        }
        text += files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined()
        return String(Digest256.of(Array(text.utf8).span).hex.prefix(32))
    }

    /// Holds what would be changed against the token given, or against the guard.
    func checkPermission() throws(PipelineFailure) {
        // The request of a person is permission enough.
        if !settings.takesIn { return }
        let total = report.changed + report.removed
        if let given = settings.confirmation {
            guard given.utf8.elementsEqual(token.utf8) else {
                throw .refused(
                    "`--confirm` names other changes than this run would make: expected the token "
                        + "of a dry run of the same day over the same files; nothing was written")
            }
            return
        }
        guard total > 0 else { return }
        if store.needsConfirmation {
            throw .refused(
                "\(total) records of the store would be changed, and the pipeline demands "
                    + "confirmation: expected `--confirm` with the token that `--dry-run` prints; "
                    + "nothing was written")
        }
        let last: Int64
        do { last = try ledger?.lastStoreChange(store: store.name) ?? 0 } catch {
            throw StateRegistry.failure(error)
        }
        let (most, isHuge) = last.multipliedReportingOverflow(by: Int64(store.guardFactor))
        guard total > store.guardAtLeast, !isHuge, Int64(total) > most else { return }
        throw .refused(
            "\(total) records of the store would be changed, more than \(store.guardAtLeast) and "
                + "more than \(store.guardFactor) times the \(last) of the last run that changed "
                + "any: expected `--confirm` with the token that `--dry-run` prints; nothing was "
                + "written")
    }
}
