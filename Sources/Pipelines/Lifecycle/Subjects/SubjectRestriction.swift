internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Lets new runs use a subject's records for nothing, or lifts that.
struct SubjectRestriction {
    private let request: SubjectRequest
    private let subject: SoughtSubject
    private let details: SubjectDetails
    private let lifts: Bool

    init(_ request: SubjectRequest, lifts: Bool) throws(PipelineFailure) {
        self.request = request
        self.lifts = lifts
        subject = try SoughtSubject(request)
        details = try SubjectDetails(request, subject)
    }

    func run() throws(PipelineFailure) -> SubjectRestrictReport {
        let session = try SubjectSession(request, subject, creating: true)
        session.confine()
        let ledger = try session.requireLedger("a restriction")
        // The fields must be known, or the restriction would bind nothing.
        _ = try SubjectFields(subject, session.specification, session.plan)
        let registry = try StateRegistry(ledger, of: session.plan, creating: true)
        let person = try session.personRequest(details, registry)
        var report = SubjectRestrictReport()
        report.pipeline = session.plan.name
        report.isLifted = lifts
        do {
            let live = try ledger.restrictions().filter {
                $0.lifted == nil && $0.request.subject == person.subject
                    && $0.request.within == person.within
            }
            report.wasSo = live.isEmpty == lifts
            if lifts {
                for restriction in live {
                    try ledger.liftRestriction(restriction.id, time: session.now)
                }
            } else if live.isEmpty {
                let tokens = SubjectTokens(subject, session.plan, session.keys)
                try ledger.restrict(person, tokens: tokens.all, time: session.now)
            }
        } catch { throw StateRegistry.failure(error) }
        do {
            try ledger.note(
                lifts ? .lift : .restrict, person, by: details.requestedBy, time: session.now)
        } catch {
            let done = lifts ? "the end of the restriction" : "the restriction"
            throw StateRegistry.failure(error).behind("\(done) is entered in the ledger")
        }
        if !lifts {
            report.limits = [
                "What is stored stays, and goes on ageing; outputs and tables of new runs leave "
                    + "the subject out.",
                "Statistics that are published already, and months whose key is destroyed, cannot "
                    + "be taken apart any more.",
            ]
        }
        return report
    }
}
