package import KeyedHashing
package import Records

/// Statistics of one period that are published with a commit.
package struct NewPublication: Sendable {
    /// What kind of publication it is.
    package enum Kind: String, Sendable, CaseIterable {
        /// The period is closed; nothing of it is published again but by a correction.
        case final
        /// A visible revision; what it corrects stays.
        case correction
        /// The running period, for internal readers.
        case provisional
    }

    /// What the publications of one pipeline are told apart by: its name.
    package var dataSet: String
    package var period: CalendarMonth
    /// 0 for the first of its kind; of provisional ones the step.
    package var revision: Int
    package var kind: Kind
    /// Why it was corrected.
    package var reason: String?
    /// For whom it is: a word, or the keyed token of one customer.
    package var audience: String
    /// Its folder.
    package var folder: String
    /// Everything that was published, in canonical form: what the files are made of.
    package var document: [UInt8]
    package var optOutsAsOf: EventTime
    package var closed: EventTime
    /// The partials that it counts. Those that are live are published by it, unless it is
    /// provisional.
    package var partials: [Int64]
    package var files: [PublicationFile]
    /// What the noise in it costs those who are in it.
    package var spendings: [BudgetSpending] = []

    package init(
        dataSet: String, period: CalendarMonth, revision: Int, kind: Kind, reason: String?,
        audience: String, folder: String, document: [UInt8], optOutsAsOf: EventTime,
        closed: EventTime, partials: [Int64], files: [PublicationFile]
    ) {
        self.dataSet = dataSet
        self.period = period
        self.revision = revision
        self.kind = kind
        self.reason = reason
        self.audience = audience
        self.folder = folder
        self.document = document
        self.optOutsAsOf = optOutsAsOf
        self.closed = closed
        self.partials = partials
        self.files = files
    }

    /// A file of a publication.
    package struct PublicationFile: Sendable, Equatable {
        package var path: String
        /// The name of its format.
        package var format: String
        package var content: ContentIdentity

        package init(path: String, format: String, content: ContentIdentity) {
            self.path = path
            self.format = format
            self.content = content
        }
    }
}

/// A publication as the ledger remembers it.
package struct PublicationRecord: Sendable, Equatable {
    package let id: Int64
    package let dataSet: String
    package let period: CalendarMonth
    package let revision: Int
    package let kind: NewPublication.Kind
    package let reason: String?
    package let audience: String
    package let folder: String
    /// The digest of its document.
    package let documentDigest: Digest256
    package let closed: EventTime
    package let optOutsAsOf: EventTime
    package let run: Int64
}
