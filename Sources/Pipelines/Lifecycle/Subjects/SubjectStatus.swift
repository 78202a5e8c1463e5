internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// What the registry of a pipeline knows of a subject.
struct SubjectStatus {
    private let request: SubjectRequest
    private let subject: SoughtSubject

    init(_ request: SubjectRequest) throws(PipelineFailure) {
        self.request = request
        subject = try SoughtSubject(request)
    }

    func run() throws(PipelineFailure) -> SubjectStatusReport {
        let session = try SubjectSession(request, subject)
        var report = SubjectStatusReport()
        report.pipeline = session.plan.name
        report.livingMonths = session.keys.living.map {
            ($0.text, Self.end(of: $0, session.plan).map(dateText))
        }
        report.destroyedMonths = session.keys.destroyed.map(\.text)
        guard let ledger = session.ledger else { return report }
        let registry = try StateRegistry(ledger, of: session.plan)
        let hash = registry.hasher?.hash(subject.kind.subjectKind, subject.canonical.span)
        let within = subject.within.flatMap { registry.hasher?.hash(.customer, $0.span).digest }
        do {
            try add(ledger, hash, within, session.now, &report)
        } catch { throw StateRegistry.failure(error) }
        return report
    }

    /// The instant from which on the key of a month may die as far as time decides; nil when that is
    /// past and something else keeps it.
    private static func end(of month: CalendarMonth, _ plan: Plan) -> EventTime? {
        let clock = plan.release.clocks.runClock
        let end = plan.keyNeeds.end(of: month, in: clock.zone)
        return end > clock.now ? end : nil
    }

    // MARK: Entries

    private func add(
        _ ledger: Ledger, _ hash: SubjectHash?, _ within: Digest256?, _ now: EventTime,
        _ report: inout SubjectStatusReport
    ) throws(LedgerFault) {
        let holds = try ledger.holds()
        func isAsked(_ request: PersonRequest) -> Bool {
            request.subject == hash && (within == nil || request.within == within)
        }
        for erasure in try ledger.erasures() where isAsked(erasure.request) {
            report.entries.append(Self.entry(erasure, holds))
        }
        for restriction in try ledger.restrictions() where isAsked(restriction.request) {
            report.entries.append(
                SubjectStatusReport.Entry(
                    kind: "restriction", state: restriction.lifted == nil ? "in force" : "lifted",
                    from: dateText(restriction.from), until: restriction.lifted.map(dateText)))
        }
        for optOut in try ledger.optOuts() where optOut.entry.subject == hash {
            report.entries.append(Self.entry(optOut, now))
        }
        // Only that one binds: what it is about is nobody's business here.
        let binding = SubjectWork.binding(
            holds.filter { $0.binds(at: now) }, subject.kind.subjectKind, hash)
        for hold in binding.holds {
            report.entries.append(
                SubjectStatusReport.Entry(
                    kind: "hold", state: binding.sure.contains(hold) ? "binds" : "may bind",
                    from: dateText(hold.hold.start), until: hold.hold.end.map(dateText)))
        }
        for request in try ledger.subjectRequests() where isAsked(request.request) {
            report.entries.append(
                SubjectStatusReport.Entry(
                    kind: "request", state: request.action.rawValue,
                    from: dateText(request.requested), until: nil,
                    detail: Self.role(request.request)))
        }
    }

    private static func role(_ request: PersonRequest) -> String {
        if case .processor = request.role { "processor" } else { "controller" }
    }

    private static func entry(
        _ erasure: ErasureRecord, _ holds: [HoldRecord]
    ) -> SubjectStatusReport.Entry {
        let hold = erasure.blockedBy.flatMap { id in holds.first { $0.id == id } }
        let state = erasure.done != nil ? "done" : hold == nil ? "requested" : "blocked"
        return SubjectStatusReport.Entry(
            kind: "erasure", state: state, from: dateText(erasure.requested),
            until: (erasure.done ?? erasure.retry).map(dateText), detail: hold?.name)
    }

    private static func entry(
        _ optOut: OptOutRecord, _ now: EventTime
    ) -> SubjectStatusReport.Entry {
        SubjectStatusReport.Entry(
            kind: "opt-out", state: optOut.holds(at: now) ? "in force" : "not in force",
            from: dateText(optOut.entry.effective), until: optOut.entry.withdrawn.map(dateText),
            detail: optOut.entry.scopes.map { "\($0.purpose)/\($0.category)" }
                .joined(separator: ", "))
    }
}
