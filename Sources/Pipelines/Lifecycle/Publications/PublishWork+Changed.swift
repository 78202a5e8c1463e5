internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Months of which a part was counted before the statistics of the pipeline were changed.
///
/// They fit no table of today and cannot be published with the others; without the rest they would
/// undercount. Under the statistics as they were they can be published, and wait for that, with
/// their key, as long as a correction would (`close_after`, then `correct_within`). Then they are
/// given up: their aggregates go, and nothing keeps the key.
extension PublishWork {
    /// Gives up the months whose time is over, and tells of the others.
    func settleChanged() throws(PipelineFailure) {
        let changed: [PartialRecord]
        do {
            changed = try ledger.changedPartials(
                pipeline: plan.name, statisticSet: plan.statisticsDigest.hex)
        } catch { throw .storage("cannot read the ledger: \(error.description)") }
        let incomplete = try PublicationBooks.incompleteMonths(plan, ledger)
        for month in Set(changed.map(\.month)).sorted() {
            let partials = changed.filter { $0.month == month }
            let end = givingUp(month)
            guard end <= clock.now else {
                if incomplete.contains(month) {
                    report.alarm(
                        "\(month.text) is not published: aggregates of it were given up, on "
                            + "request or for an erasure or opt-out; what else was counted of it "
                            + "is given up on \(dateText(end))")
                    continue
                }
                report.alarm(
                    "\(month.text) was counted under other statistics than those of today: publish "
                        + "it with the statistics as they were, or its aggregates are given up on "
                        + dateText(end))
                continue
            }
            if !request.isDryRun {
                _ = try PartialRetirement(ledger: ledger, now: clock.now).remove(partials)
            }
            let reason =
                incomplete.contains(month)
                ? "cannot be published without the aggregates of it that were given up"
                : "was counted under other statistics and never published"
            report.alarm(
                "\(month.text) \(reason): "
                    + "\(incomplete.contains(month) ? "the others" : "its aggregates") "
                    + "\(request.isDryRun ? "would be" : "are") given up")
        }
    }

    /// When a month that fits no table of today is given up.
    private func givingUp(_ month: CalendarMonth) -> EventTime {
        let zone = plan.release.zone
        let closing = RunClock(now: month.end(in: zone), zone: zone)
            .instant(after: publish.closeAfter)
        return RunClock(now: closing, zone: zone).instant(after: publish.correctWithin)
    }
}
