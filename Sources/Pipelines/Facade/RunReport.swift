package import Anonymization

/// What a run did, in numbers and names; holds no value of any record.
package struct RunReport: Sendable {
    /// What became of one source.
    package struct Source: Sendable {
        /// The path as given, or `standard input`.
        package var name: String
        package var counts: RecordCounts
        /// Uncompressed bytes read.
        package var bytes: Int
        /// True when the ledger knew the content: it was not read again.
        package var wasKnown = false
        /// Uncompressed bytes that were known already and not taken again.
        package var knownBytes = 0
        /// The lines in those bytes, as far as they are told apart.
        package var knownLines = 0
        /// Bytes of a last line that has not ended yet: left for a later run.
        package var openBytes = 0
        /// True when it holds content that an earlier run counted, changed or cut off since.
        package var wasChanged = false

        package init(name: String, counts: RecordCounts, bytes: Int, wasKnown: Bool = false) {
            self.name = name
            self.counts = counts
            self.bytes = bytes
            self.wasKnown = wasKnown
        }
    }

    /// One file that was written (or, in a dry run, would be), or all files of one disclosure.
    package struct File: Sendable {
        /// The name of the output, disclosure or statistic in the pipeline.
        package var output: String
        /// The path; the template for the files of a disclosure, whose paths name somebody.
        package var path: String
        /// How many files these are.
        package var count = 1
        package var records: Int
        package var bytes: Int

        package init(output: String, path: String, records: Int, bytes: Int) {
            self.output = output
            self.path = path
            self.records = records
            self.bytes = bytes
        }
    }

    package var pipeline = ""
    package var sources: [Source] = []
    /// Names of the outputs, in the order of `RecordCounts.outputs`.
    package var outputNames: [String] = []
    /// Names of the statistics, in the order of `RecordCounts.observed`.
    package var statisticNames: [String] = []
    package var files: [File] = []
    /// The same with their contents, of a commit without state.
    var committedFiles: [CommittedFile] = []
    /// How well persons hide in the rows of outputs that are measured; for each source of a run
    /// with state, else for all together.
    package var risks: [Risk] = []
    /// Parts written earlier that were aged out by this run: replaced or deleted.
    package var agedParts = 0
    /// Parts written earlier that were looked through for requests of persons.
    package var searchedParts = 0
    /// Those of them that were deleted because their time had come.
    package var expiredParts = 0
    /// Records in those parts whose due fields were transformed.
    package var agedRecords = 0
    /// Files of earlier runs that had been replaced or removed, were there again (out of a backup)
    /// and were removed again.
    package var removedAgain = 0
    /// Parts in whose place an earlier form lay and that were made again out of it.
    package var madeAgain = 0
    /// What was done to parts of earlier runs, by output.
    package var ageing: [AgeingTally] = []
    /// The names of the fields, in the order of `OutputCounts.fields`.
    package var fieldNames: [String] = []
    /// Figures of the tables written, and those of them that are withheld, by table.
    package var withheld: [(table: String, figures: Int, withheld: Int)] = []
    /// How late the run came; nil when nothing waited for it longer than a day.
    package var lateness: Lateness?
    /// What was done to the store; nil when the pipeline has none.
    package var store: StoreReport?
    /// The records set aside, at most `quarantineEntriesMax`, in order.
    package var quarantine: [QuarantineEntry] = []
    /// Records of erased persons that were taken out of sources.
    package var erasedFromSources = 0
    /// Records in those parts that a hold left as they are.
    package var heldRecords = 0
    /// Expired parts of earlier runs that were not deleted, because a hold binds records in them.
    package var heldParts = 0
    /// The names of the holds that bind, in the order in which they were raised.
    package var bindingHolds: [String] = []
    /// Lines of the opt-out list whose customer or person was never seen.
    package var unmatchedOptOuts: [Int] = []
    /// Keys that this run destroyed, in the order of their months.
    package var destroyedKeys: [DestroyedKey] = []
    /// Keys whose last record must have been aged out and which live on, with the reasons.
    package var closingKeys: [ClosingKey] = []
    /// Months (`yyyy-MM`) whose key had been destroyed and whose key file was there again: restored
    /// from a backup, or left by a killed run. The files are erased.
    package var erasedAgainKeys: [String] = []
    /// Numbers of the registry's opt-outs in force whose customer or person was never seen.
    package var unmatchedRegistryOptOuts: [Int64] = []
    package var isDryRun = false
    /// How the pipeline stands after the run, where metrics ask for it and there is a state.
    package var status: StatusReport?
    /// The instant before which identifiers are due, as RFC 3339, UTC; empty without a window.
    package var cutOff = ""
    package var elapsedSeconds = 0.0
    /// What that time was spent on.
    package var stages = StageTimes()
    /// How long tasks were at work, from the first byte read to the aggregates of all workers.
    var taskNanoseconds: Int64 = 0
    /// What the process was kept to while it read records, in words; empty: to nothing.
    package var confinement = ""
    /// How many workers there were.
    package var workers = 1
    /// Warnings for people: sentences without values.
    package var notes: [String] = []
    /// What could not be read in reference tables, by table and column.
    package var unreadableCells: [UnreadableCells] = []
    /// Those of the notes that a quiet run says, too: somebody has to do something.
    package private(set) var alarms: [String] = []

    /// The most quarantine entries a report keeps.
    package static let quarantineEntriesMax = 1000

    package init() {}

    package mutating func alarm(_ sentence: String) {
        notes.append(sentence)
        alarms.append(sentence)
    }

    /// Records of months whose key is destroyed, in sources, stored parts and the store: no token
    /// is made for them.
    package var keyless: Int {
        totals.keyless + ageing.reduce(0) { $0 + $1.keyless } + (store?.keyless ?? 0)
    }

    /// The counts of all sources together.
    package var totals: RecordCounts {
        var sum = RecordCounts(outputs: outputNames.count, statistics: statisticNames.count)
        for source in sources { sum.add(source.counts) }
        return sum
    }
}

/// Is told how far a run has come; called from the ordered end of the run, one call at a time.
package protocol RunObserver: AnyObject, Sendable {
    /// `bytesDone` of the sources' `bytesTotal` bytes as they lie on disk (nil for standard input)
    /// and `records` so far.
    func progress(bytesDone: Int, bytesTotal: Int?, records: Int)
}
