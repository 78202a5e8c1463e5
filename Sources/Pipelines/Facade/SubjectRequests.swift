/// What is common to all requests about one person, customer or address.
package struct SubjectRequest: Sendable {
    /// What kind of identity names the subject.
    package enum Kind: String, Sendable, CaseIterable {
        case user, customer, address
    }

    /// In what role the request is answered.
    package enum Role: String, Sendable, CaseIterable {
        case controller, processor
    }

    /// The pipeline file.
    package var pipeline: String
    package var kind: Kind
    /// The identity as it was given; never shown again, but in the person's own copy.
    package var value: String
    /// Limits a request about a user or an address to the records of one customer.
    package var withinCustomer: String?
    /// The clock: a date or RFC 3339 time; nil for the system's.
    package var now: String?
    package var role: Role?
    /// Where the check of the person's identity is on record.
    package var identityCheck: String?
    /// Where the customer's consent is on record; needed by a processor.
    package var consent: String?
    /// Who asks Sluice to do it.
    package var requestedBy: String?
    /// Closes to the process, for good, all that the request is not about.
    package var isConfined = false

    package init(pipeline: String, kind: Kind, value: String) {
        self.pipeline = pipeline
        self.kind = kind
        self.value = value
    }
}

/// What `sluice subject export` was asked to do.
package struct SubjectExportRequest: Sendable {
    package enum Format: String, Sendable, CaseIterable { case json, csv }

    package var subject: SubjectRequest
    package var format = Format.json
    /// The folder of the copy, new or empty; `-` is standard output (JSON only).
    package var output: String

    package init(subject: SubjectRequest, output: String) {
        self.subject = subject
        self.output = output
    }
}

/// What an export found; no value of any record.
package struct SubjectExportReport: Sendable {
    /// One source, output, disclosure or quarantine list.
    package struct Place: Sendable {
        /// `source`, `output`, `store`, `disclosure` or `quarantine`.
        package var kind: String
        package var name: String
        package var files: Int
        package var records: Int
        /// Records that could not be read, so that nobody knows whose they are.
        package var unreadable: Int
        /// Records of the subject that do not say of which customer.
        package var undecided: Int
    }

    package var pipeline = ""
    package var places: [Place] = []
    /// Rows of unpublished statistics under the subject's tokens, by month.
    package var partialRows: [(month: String, rows: Int)] = []
    /// The files of the copy; empty when it went to standard output.
    package var files: [String] = []
    /// What was not searched and what cannot be attributed any more: sentences without values.
    package var limits: [String] = []

    package init() {}

    /// The records of the copy.
    package var records: Int { places.reduce(0) { $0 + $1.records } }
}

/// What `sluice subject erase` was asked to do.
package struct SubjectEraseRequest: Sendable {
    package var subject: SubjectRequest
    /// Events of this date or time and later stay; nil: none does, now or ever.
    package var until: String?
    /// Rewrites the sources of the pipeline, too.
    package var rewritesSources = false
    /// The token of a dry run, for sources out of which much would go.
    package var confirmation: String?
    /// Says that the store, which cannot be searched, was looked through for the subject.
    package var isStoreSearched = false
    /// Counts what would go, changes and remembers nothing.
    package var isDryRun = false

    package init(subject: SubjectRequest) { self.subject = subject }
}

/// What `sluice subject rectify` was asked to do.
package struct SubjectRectifyRequest: Sendable {
    package var subject: SubjectRequest
    /// The field that is corrected, as the pipeline names it.
    package var field: String
    /// What it says from now on.
    package var text: String
    package var isDryRun = false

    package init(subject: SubjectRequest, field: String, text: String) {
        self.subject = subject
        self.field = field
        self.text = text
    }
}

/// What an erasure or a rectification did; no value of any record.
package struct SubjectChangeReport: Sendable {
    /// A source that holds, or held, records of the subject.
    package struct Input: Sendable {
        package var path: String
        package var records: Int
    }

    package var pipeline = ""
    package var isDryRun = false
    /// True for an erasure: what a hold blocks now, the first run after it completes.
    package var isRemembered = false
    /// Records that were erased, or fields that were corrected.
    package var records = 0
    /// Files that were rewritten.
    package var parts = 0
    /// Rows that left unpublished statistics.
    package var partialRows = 0
    /// Those of the records, and of the rows, that do not say of which customer, where only one's
    /// were to go.
    package var undecided = 0
    package var undecidedRows = 0
    /// Records that stay uncorrected because they do not say of which customer, where only one's
    /// were to be corrected.
    package var passedOver = 0
    /// Raw lines that left quarantine.
    package var quarantineLines = 0
    /// Records and rows that stay because a hold binds them, or may bind them.
    package var held = 0
    /// The name of the hold that blocks it.
    package var blockedBy: String?
    /// When that hold ends by itself, RFC 3339; nil when somebody must release it.
    package var retry: String?
    /// Sources that still hold records of the subject.
    package var inputs: [Input] = []
    /// Sources that were rewritten, or would be, with the records that went; those count above.
    package var sources: [Input] = []
    /// Names those changes; empty where sources were not to be rewritten.
    package var token = ""
    /// What cannot be reached or attributed: sentences without values.
    package var limits: [String] = []

    package init() {}
}

/// What `sluice subject restrict` did.
package struct SubjectRestrictReport: Sendable {
    package var pipeline = ""
    /// True when the restriction was there already, or when there was none to lift.
    package var wasSo = false
    package var isLifted = false
    package var limits: [String] = []

    package init() {}
}

/// What is known of a subject in a pipeline's registry; no value of any record.
package struct SubjectStatusReport: Sendable {
    /// One line: what it is, since when, and until when.
    package struct Entry: Sendable {
        /// `erasure`, `restriction`, `opt-out`, `hold`, `request`.
        package var kind: String
        /// In words: requested, done, blocked, in force, lifted, binds, may bind, the action.
        package var state: String
        /// RFC 3339.
        package var from: String
        package var until: String?
        /// The hold that blocks, the scope of the opt-out, the role.
        package var detail: String?
    }

    package var pipeline = ""
    package var entries: [Entry] = []
    /// Months in which tokens of the subject can still be made, and the day before which their keys
    /// are not destroyed.
    package var livingMonths: [(month: String, until: String?)] = []
    /// Months whose tokens belong to nobody any more.
    package var destroyedMonths: [String] = []

    package init() {}
}
