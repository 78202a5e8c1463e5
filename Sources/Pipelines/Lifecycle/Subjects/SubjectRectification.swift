internal import Anonymization
internal import FileSystem
internal import Ledger
internal import Records

/// Corrects one field in the stored records of a subject that are still readable.
struct SubjectRectification {
    private let request: SubjectRectifyRequest
    private let subject: SoughtSubject
    private let details: SubjectDetails

    init(_ request: SubjectRectifyRequest) throws(PipelineFailure) {
        self.request = request
        subject = try SoughtSubject(request.subject)
        details = try SubjectDetails(request.subject, subject)
        guard !request.text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .usage("--to: expected one line of text")
        }
    }

    func run() throws(PipelineFailure) -> SubjectChangeReport {
        let session = try SubjectSession(request.subject, subject)
        guard let statePath = session.statePath else {
            throw .usage(
                "without `state` the pipeline keeps no records of its own to correct: correct the "
                    + "sources and run it again")
        }
        let field = try field(session)
        session.confine()
        var report = SubjectChangeReport()
        report.pipeline = session.plan.name
        report.isDryRun = request.isDryRun
        report.limits = limits(session)
        guard let ledger = session.ledger else { return report }
        var settings = RunSettings()
        settings.command = "rectify"
        settings.takesIn = false
        settings.workers = min(processorCount(), 16)
        settings.isDryRun = request.isDryRun
        settings.order = .correct(
            SubjectWork.Correction(
                kind: subject.kind.subjectKind, value: subject.canonical,
                within: subject.within, field: field, text: Array(request.text.utf8),
                tokens: SubjectTokens(subject, session.plan, session.keys)))
        if !request.isDryRun { try session.note(.rectify, details) }
        let run = StatefulRun(
            plan: session.plan, statePath: statePath, request: settings, observer: nil,
            ledger: ledger)
        do throws(PipelineFailure) { _ = try run.run() } catch {
            throw request.isDryRun ? error : error.behind("the request is on record")
        }
        guard let subjects = run.subjects else { return report }
        report.limits += subjects.limits
        report.records = subjects.corrected
        report.parts = subjects.parts
        report.held = subjects.uncorrected
        report.passedOver = subjects.undecidedCorrections
        if subjects.uncorrected > 0, let hold = subjects.work.correctionHolds.first {
            report.blockedBy = hold.name
            report.retry = hold.hold.end.map(dateText)
        }
        return report
    }

    /// The field by the name that the pipeline gives it.
    private func field(_ session: SubjectSession) throws(PipelineFailure) -> String {
        let names = session.plan.release.fields.names
        guard let known = names.first(where: { $0.utf8.elementsEqual(request.field.utf8) }) else {
            let near = nearestName(to: request.field, among: names)
            throw .usage(
                "--field: the pipeline names no such field"
                    + (near.map { "; did you mean `\($0)`?" } ?? ""))
        }
        if let slot = session.plan.release.timeSlot, names[slot].utf8.elementsEqual(known.utf8) {
            throw .usage(
                "--field: the time of a record decides when it is due and cannot be corrected here")
        }
        return known
    }

    private func limits(_ session: SubjectSession) -> [String] {
        [
            "Only stored records that are readable were corrected; tokens, statistics and the "
                + "sources say what they said.",
            "A hold keeps its records as they are; a correction of those has to be asked for again "
                + "when it has ended.",
        ]
    }
}
