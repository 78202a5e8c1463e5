/// What `sluice verify` was asked to do.
package struct VerifyRequest: Sendable {
    /// The pipeline file.
    package var pipeline: String
    /// The clock to verify by: a date or RFC 3339 time; nil for the system's.
    package var now: String?
    /// The folder that the evidence report is written to; nil for none.
    package var reportFolder: String?
    /// Closes to the process, for good, all that verifying is not about.
    package var isConfined = false

    package init(pipeline: String) { self.pipeline = pipeline }
}

/// What is wrong, and where; holds no value of any record.
package struct VerificationFinding: Sendable, Equatable {
    /// What kind of promise is broken; the raw value is the code in JSON.
    package enum Kind: String, Sendable, CaseIterable {
        /// A due field is not in the form that its rule leaves behind.
        case readablePastWindow = "readable-past-window"
        /// A record of an erased person lies in an output.
        case erasedPresent = "erased-present"
        /// A stored record cannot be read, so nothing about it is proven.
        case unreadable
        /// The ledger does not know how old the readable records of a part are: no run ages them.
        case unknownAge = "unknown-age"
        /// A file is not what was written there.
        case changed
        /// A file that the ledger knows is not there.
        case missing
        /// A file that the ledger does not know lies where only known ones may lie.
        case unknownFile = "unknown-file"
        /// A file that had to be gone is still there.
        case notDeleted = "not-deleted"
        /// What a killed run left; the next run clears it.
        case unfinished
        /// The ledger is not what was left, or contradicts itself.
        case ledger
        /// A key should be dead, or is not what it was.
        case key
        /// A folder or file of the state is open to others or another user's.
        case exposed
        /// A deadline passed without a run.
        case missedRun = "missed-run"
        /// A hold has ended and what it kept is still there.
        case hold
    }

    package let kind: Kind
    /// The file, run or key that the finding is about.
    package let place: String
    /// What was found and what was expected.
    package let sentence: String

    package init(_ kind: Kind, _ place: String, _ sentence: String) {
        self.kind = kind
        self.place = place
        self.sentence = sentence
    }
}

/// What was looked at and what was found.
package struct VerificationReport: Sendable {
    /// How much of one kind of thing was looked at.
    package struct Check: Sendable, Equatable {
        /// What, in the plural: `records read back`.
        package let name: String
        package let count: Int
    }

    package var pipeline = ""
    /// The clock it was verified by, RFC 3339, UTC.
    package var now = ""
    /// The instant before which identifiers are due.
    package var cutOff = ""
    package var checks: [Check] = []
    /// In the order in which they were found: ledger, files, content, keys, deadlines.
    package var findings: [VerificationFinding] = []
    /// What nobody can prove by looking, and other things worth knowing.
    package var notes: [String] = []
    package var evidence = Evidence()
    /// The files of the evidence report.
    package var files: [String] = []

    package init() {}

    /// True when nothing was found.
    package var isProven: Bool { findings.isEmpty }
}
