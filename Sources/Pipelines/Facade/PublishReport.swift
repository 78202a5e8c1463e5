/// What `sluice publish` was asked to do.
package struct PublishRequest: Sendable {
    /// The pipeline file.
    package var pipeline: String
    /// The clock: a date or RFC 3339 time; nil for the system's.
    package var now: String?
    /// The month, `yyyy-MM`; nil for every month that is over and waits.
    package var period: String?
    /// Why a published month is published once more; nil when it is not.
    package var correction: String?
    /// Gives the month up that cannot be published: what was counted of it goes.
    package var givesUp = false
    /// Shows the open months to internal readers instead of closing any.
    package var isProvisional = false
    /// Looks at every file of every publication but provisional ones, and writes those again
    /// that are gone, also where a whole folder was taken away.
    package var restores = false
    /// Says what would be published and writes nothing.
    package var isDryRun = false
    /// Lists the folders with the tables about this customer and does nothing else; never shown
    /// again.
    package var customer: String?
    /// Closes to the process, for good, all that publishing is not about.
    package var isConfined = false

    package init(pipeline: String) { self.pipeline = pipeline }
}

/// What was published; holds nothing that is not.
package struct PublishReport: Sendable {
    /// What became of a publication.
    package enum Outcome: String, Sendable {
        case published
        /// It had been published, and its files lie there as they were.
        case unchanged
        /// It had been published; files that were gone or changed are there again.
        case restored
        /// The same, some in a newer version of their format: the same figures in other bytes.
        case reissued
        /// A dry run would publish it.
        case wouldBePublished = "would-be-published"
    }

    /// One table.
    package struct Table: Sendable, Equatable {
        package let name: String
        package let rows: Int
        /// Figures in all, and those that are not told.
        package let figures: Int
        package let withheld: Int
        /// The columns in which small values were counted together; empty for none.
        package let other: String
        /// How a table that leaves out too much could be made coarser; empty when it does not.
        package let proposal: String
    }

    /// One publication.
    package struct Entry: Sendable {
        package var outcome: Outcome
        package var period = ""
        package var through = ""
        /// `final`, `correction` or `provisional`.
        package var kind = ""
        package var revision = 0
        package var reason = ""
        package var audience = ""
        package var folder = ""
        /// When it was published, RFC 3339.
        package var published = ""
        package var tables: [Table] = []
        /// How many customers got tables about themselves, each in a folder below `folder`; nil of
        /// a publication about all of them.
        package var customers: Int?
        /// Names of the files in the folder, with their digests.
        package var files: [(name: String, sha256: String)] = []
        /// Files that were written again.
        package var restored = 0
        /// Files that were written again in a newer version of their format.
        package var reissued = 0
    }

    /// Records that came after their month had been published.
    package struct Late: Sendable, Equatable {
        package let period: String
        /// Nil when what was counted of them is damaged or gone.
        package let records: Int64?
    }

    package var pipeline = ""
    package var isDryRun = false
    package var entries: [Entry] = []
    package var late: [Late] = []
    /// Folders with tables about the customer that was asked for, in order; nil when none was.
    package var customerFolders: [String]?
    /// The next month that can be closed and from when on, RFC 3339; empty when nothing waits.
    package var nextPeriod = ""
    package var nextFrom = ""
    package var destroyedKeys: [DestroyedKey] = []
    /// Months that could not be published, or published files that could not be written again,
    /// while the others were.
    package internal(set) var failures: [(period: String, failure: PipelineFailure)] = []
    /// Sentences for people.
    package var notes: [String] = []
    /// Those of the notes that a quiet command says, too: somebody has to do something.
    package private(set) var alarms: [String] = []

    package init() {}

    /// That of the worst of the failures: storage, then keys, then what is refused; 0 without any.
    package var exitStatus: Int32 { failures.map(\.failure.exitStatus).min() ?? 0 }

    package mutating func alarm(_ sentence: String) {
        notes.append(sentence)
        alarms.append(sentence)
    }
}
