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
