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
        session.confine()
        var report = SubjectStatusReport()
        report.pipeline = session.plan.name
        let texts = ZonedTexts(zone: session.plan.release.zone)
        report.livingMonths = session.keys.living.map {
            ($0.text, Self.end(of: $0, session.plan).map(texts.text))
        }
        report.destroyedMonths = session.keys.destroyed.map(\.text)
        guard let ledger = session.ledger else { return report }
        let registry = try StateRegistry(ledger, of: session.plan)
        let hash = registry.hasher?.hash(subject.kind.subjectKind, subject.canonical.span)
        let within = subject.within.flatMap { registry.hasher?.hash(.customer, $0.span).digest }
        do {
            try add(ledger, hash, within, session.now, texts, &report)
        } catch { throw StateRegistry.failure(error) }
        return report
    }

    /// The instant from which on the key of a month may die as far as time decides; nil when that
    /// is past and something else keeps it.
    private static func end(of month: CalendarMonth, _ plan: Plan) -> EventTime? {
        let clock = plan.release.clocks.runClock
        let end = plan.keyNeeds.end(of: month, in: clock.zone)
        return end > clock.now ? end : nil
    }

    // MARK: Entries

    private func add(
        _ ledger: Ledger, _ hash: SubjectHash?, _ within: Digest256?, _ now: EventTime,
        _ texts: ZonedTexts, _ report: inout SubjectStatusReport
    ) throws(LedgerFault) {
        let holds = try ledger.holds()
        func isAsked(_ request: PersonRequest) -> Bool {
            request.subject == hash && (within == nil || request.within == within)
        }
        for erasure in try ledger.erasures() where isAsked(erasure.request) {
            report.entries.append(Self.entry(erasure, holds, texts))
        }
        for restriction in try ledger.restrictions() where isAsked(restriction.request) {
            report.entries.append(
                SubjectStatusReport.Entry(
                    kind: "restriction", state: restriction.lifted == nil ? "in force" : "lifted",
                    from: texts.text(restriction.from), until: restriction.lifted.map(texts.text)))
        }
        for optOut in try ledger.optOuts() where optOut.entry.subject == hash {
            report.entries.append(Self.entry(optOut, now, texts))
        }
        // Only that one binds: what it is about is nobody's business here.
        let binding = SubjectWork.binding(
            try ledger.bindingHolds(at: now), subject.kind.subjectKind, hash)
        for hold in binding.holds {
            report.entries.append(
                SubjectStatusReport.Entry(
                    kind: "hold", state: binding.sure.contains(hold) ? "binds" : "may bind",
                    from: texts.text(hold.hold.start), until: hold.hold.end.map(texts.text)))
        }
        for request in try ledger.subjectRequests() where isAsked(request.request) {
            report.entries.append(
                SubjectStatusReport.Entry(
                    kind: "request", state: request.action.rawValue,
                    from: texts.text(request.requested), until: nil,
                    detail: Self.role(request.request)))
        }
    }

    private static func role(_ request: PersonRequest) -> String {
        if case .processor = request.role { "processor" } else { "controller" }
    }

    private static func entry(
        _ erasure: ErasureRecord, _ holds: [HoldRecord], _ texts: ZonedTexts
    ) -> SubjectStatusReport.Entry {
        let hold = erasure.blockedBy.flatMap { id in holds.first { $0.id == id } }
        let state = erasure.done != nil ? "done" : hold == nil ? "requested" : "blocked"
        return SubjectStatusReport.Entry(
            kind: "erasure", state: state, from: texts.text(erasure.requested),
            until: (erasure.done ?? erasure.retry).map(texts.text), detail: hold?.name)
    }

    private static func entry(
        _ optOut: OptOutRecord, _ now: EventTime, _ texts: ZonedTexts
    ) -> SubjectStatusReport.Entry {
        SubjectStatusReport.Entry(
            kind: "opt-out", state: optOut.holds(at: now) ? "in force" : "not in force",
            from: texts.text(optOut.entry.effective), until: optOut.entry.withdrawn.map(texts.text),
            detail: optOut.entry.scopes.map { "\($0.purpose)/\($0.category)" }
                .joined(separator: ", "))
    }
}

/// Writes instants as they are read where the pipeline counts its days.
private struct ZonedTexts {
    let zone: ZoneTable

    func text(_ time: EventTime) -> String { dateText(time, in: zone) }
}
