internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records

/// What a pipeline has published, and what waits for it.
struct PublicationBooks {
    private let plan: Plan
    private let publish: PublishPlan
    private let publications: [PublicationRecord]
    /// Those about one customer each; the others are of all customers together.
    let forCustomers: [PublicationRecord]
    /// Live partials of the pipeline's statistics.
    private let live: [PartialRecord]
    /// Live partials of statistics that were counted otherwise: they fit no table any more.
    private let foreign: [PartialRecord]
    /// Months of which something was given up: what is left of them is not all that was counted.
    private let incomplete: Set<CalendarMonth>
    /// For each month the opt-outs that have begun, and whose subjects may be counted in it.
    private let unsearched: [String: [Int64]]

    init(
        _ plan: Plan, _ publish: PublishPlan, _ ledger: Ledger
    ) throws(PipelineFailure) {
        self.plan = plan
        self.publish = publish
        incomplete = try Self.incompleteMonths(plan, ledger)
        unsearched = try AwaitedOptOuts.unsearchedMonths(ledger, plan)
        do {
            let known = try ledger.publications(dataSet: plan.name)
            publications = known.filter { Audience(rawValue: $0.audience) != nil }
            forCustomers = known.filter { Audience(rawValue: $0.audience) == nil }
            let all = try ledger.livePartials()
            let own = plan.statisticsDigest.hex
            live = all.filter { $0.statisticSet.utf8.elementsEqual(own.utf8) }
            foreign = all.filter { !$0.statisticSet.utf8.elementsEqual(own.utf8) }
        } catch { throw StateRegistry.failure(error) }
    }

    /// Months of which something was given up.
    static func incompleteMonths(
        _ plan: Plan, _ ledger: Ledger
    ) throws(PipelineFailure) -> Set<CalendarMonth> {
        do { return Set(try ledger.givenUpPartials(pipeline: plan.name).map(\.month)) } catch {
            throw StateRegistry.failure(error)
        }
    }

    /// The final publications in the order of their periods.
    var finals: [PublicationRecord] {
        publications.filter { $0.kind == .final }.sorted { $0.period < $1.period }
    }

    func final(of period: CalendarMonth) -> PublicationRecord? {
        finals.first { $0.period == period }
    }

    /// The last publication of a closed period: its last correction, or the first.
    func last(of period: CalendarMonth) -> PublicationRecord? {
        publications.last { $0.period == period && $0.kind != .provisional }
    }

    /// How often a period was corrected.
    func corrections(of period: CalendarMonth) -> Int {
        publications.filter { $0.period == period && $0.kind == .correction }.count
    }

    /// Everything that was published of a period, in order.
    func all(of period: CalendarMonth) -> [PublicationRecord] {
        publications.filter { $0.period == period }
    }

    /// What was published for single customers with a publication of all.
    func publicationsForCustomers(like record: PublicationRecord) -> [PublicationRecord] {
        forCustomers.filter {
            $0.period == record.period && $0.kind == record.kind && $0.revision == record.revision
        }
    }

    /// The same for one of them, by the text of its token.
    func publication(for customer: String, like record: PublicationRecord) -> PublicationRecord? {
        publicationsForCustomers(like: record).first {
            $0.audience.utf8.elementsEqual(customer.utf8)
        }
    }

    func provisional(of period: CalendarMonth, _ step: Int) -> PublicationRecord? {
        publications.first {
            $0.period == period && $0.kind == .provisional && $0.revision == step
        }
    }

    /// The months that wait, in order.
    var open: [CalendarMonth] {
        Set((live + foreign).map(\.month)).subtracting(incomplete)
            .filter { final(of: $0) == nil }.sorted()
    }

    /// The months that are over, with the time for late records, and wait.
    var due: [CalendarMonth] {
        open.filter { closing($0) <= plan.release.clocks.runClock.now && !waiting($0).isEmpty }
    }

    /// From when on `period` may be closed.
    func closing(_ period: CalendarMonth) -> EventTime {
        let zone = plan.release.zone
        return RunClock(now: period.end(in: zone), zone: zone).instant(after: publish.closeAfter)
    }

    /// What was counted of `period` and is not published.
    func waiting(_ period: CalendarMonth) -> [PartialRecord] {
        live.filter { $0.month == period }
    }

    /// What came after its month had been published.
    var late: [(period: CalendarMonth, records: [PartialRecord])] {
        Set(live.map(\.month)).filter { final(of: $0) != nil }.sorted().map { ($0, waiting($0)) }
    }

    /// Refuses a period that cannot be closed.
    func check(_ period: CalendarMonth) throws(PipelineFailure) {
        let closing = closing(period)
        guard closing <= plan.release.clocks.runClock.now else {
            throw .refused(
                "\(period.text) is open for late records until \(dateText(closing)): nothing was "
                    + "published")
        }
        try checkKnown(period)
    }

    /// Refuses a period of which something was given up, or in which somebody
    /// may be counted who has opted out of it.
    func checkComplete(_ period: CalendarMonth) throws(PipelineFailure) {
        if let numbers = unsearched[period.text] {
            let list = numbers.sorted().map(String.init).joined(separator: ", ")
            throw .refused(
                "\(period.text) may count somebody who has opted out since (opt-out \(list)), "
                    + "under a key that is younger than the entry: enter it again with the same "
                    + "date (`opt-out add` or `import`), which takes that out, then publish; or, "
                    + "where nobody knows any more who it was, give the month up: `publish "
                    + "--period \(period.text) --give-up`")
        }
        guard incomplete.contains(period) else { return }
        throw .refused(
            "aggregates of \(period.text) were given up, on request or because an erasure or "
                + "opt-out reached what was counted before the statistics of the pipeline were "
                + "changed: the month would be published without them, and is not")
    }

    /// True for a month of which something was given up.
    func isIncomplete(_ period: CalendarMonth) -> Bool { incomplete.contains(period) }

    /// What was counted of a month that is over and not published, in whatever statistics.
    func givingUp(_ period: CalendarMonth) throws(PipelineFailure) -> [PartialRecord] {
        guard last(of: period) == nil else {
            throw .refused("\(period.text) is published: it cannot be given up any more")
        }
        guard closing(period) <= plan.release.clocks.runClock.now else {
            throw .refused(
                "\(period.text) is open for late records until \(dateText(closing(period))): it "
                    + "can be given up from then on")
        }
        return (live + foreign).filter { $0.month == period }
    }

    /// Refuses a period of which nothing was counted, or something that fits no table.
    func checkKnown(_ period: CalendarMonth) throws(PipelineFailure) {
        try checkComplete(period)
        let strangers = foreign.filter { $0.month == period }.count
        guard strangers == 0 else {
            throw .refused(
                "\(strangers) partials of \(period.text) were counted before the statistics of "
                    + "the pipeline were changed and cannot be published with the others: publish "
                    + "with the statistics as they were, then change them")
        }
        guard !waiting(period).isEmpty else {
            throw .refused("nothing was counted of \(period.text): there is nothing to publish")
        }
    }
}
