internal import Anonymization
internal import Pipelines

/// What a run did, in counts and names; no value of any record.
public struct RunSummary: Sendable, Equatable {
    /// What became of the records in one output.
    public struct Output: Sendable, Equatable {
        public let name: String
        /// Records that are not due and stay as they are.
        public let kept: Int
        /// Due records in their released form.
        public let anonymised: Int
        /// Records that a hold keeps as they are.
        public let held: Int
        public let dropped: Int
    }

    /// Records found in the sources, blank and unreadable ones included.
    public let read: Int
    public let blank: Int
    /// Records that could not be read and are set aside.
    public let quarantined: Int
    public let outputs: [Output]
    /// Records of earlier runs that were aged out.
    public let aged: Int
    /// The files written, in order.
    public let files: [String]
    /// Warnings for people.
    public let notes: [String]

    /// True when every record is accounted for in every output.
    public var isConserved: Bool {
        outputs.allSatisfy { $0.kept + $0.anonymised + $0.held + $0.dropped == accepted }
    }

    private var accepted: Int { read - blank - quarantined }

    init(_ report: RunReport) {
        let totals = report.totals
        read = totals.read
        blank = totals.blank
        quarantined = totals.quarantinedTotal
        outputs = zip(report.outputNames, totals.outputs).map { name, counts in
            Output(
                name: name, kept: counts.kept, anonymised: counts.anonymised, held: counts.held,
                dropped: counts.droppedTotal)
        }
        aged = report.agedRecords + (report.store?.changed ?? 0)
        files = report.files.map(\.path)
        notes = report.notes
    }
}

/// One publication.
public struct PublicationSummary: Sendable, Equatable {
    /// The month, `yyyy-MM`.
    public let month: String
    /// `published`, `unchanged`, `restored`, `reissued` or `would-be-published`.
    public let outcome: String
    /// The folder with its files.
    public let folder: String
    /// Names of the files in it.
    public let files: [String]

    init(_ entry: PublishReport.Entry) {
        month = entry.period
        outcome = entry.outcome.rawValue
        folder = entry.folder
        files = entry.files.map(\.name)
    }
}
