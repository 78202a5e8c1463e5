package import Anonymization
package import FileSystem
package import KeyedHashing
package import Ledger
package import LogFormats
package import Publication
package import Records
package import Statistics

/// A pipeline ready to run: everything resolved, nothing left to look up by name, immutable.
package struct Plan: Sendable {
    package var name: String
    /// Names the plan in manifests and partials: the SHA-256 of the pipeline file.
    package var digest: Digest256
    /// Names what the statistics count: partials of another digest are not merged with them.
    package var statisticsDigest: Digest256
    /// Sources as paths and patterns; `-` is standard input.
    package var sources: [String]
    /// The declared stream of the sources.
    package var stream: String
    package var format: any LogFormat
    /// How the paths of the sources name the date of their records; nil: they do not.
    package var pathDate: PathDate?
    /// The folder of the pipeline file with a slash behind it, in which no date is looked for.
    package var pathDateRoot = ""
    /// The encoding of the sources; everything behind them is UTF-8.
    package var encoding = TextEncoding.utf8
    package var limits: RecordLimits
    /// True for files that a run wrote itself, by an earlier version of the pipeline file perhaps:
    /// a column that their header does not name is a value that is missing.
    package var mayLackColumns = false
    package var release: ReleasePlan
    package var outputs: [OutputPlan]
    package var statistics: StatisticsPlan
    /// What is written of each statistic, in the order of `statistics`.
    package var tables: [TablePlan]
    package var quarantine: QuarantinePlan
    /// The key store, if a transform or a statistic needs month keys.
    package var keyStore: String?
    /// How long its keys are needed.
    package var keyNeeds = KeyNeeds(lengths: [], usesDueMonths: false, grace: .zero)
    /// Where the key-encryption key comes from that seals the keys of the store; nil: none.
    package var keyWrapping: WrappingKeySupply?
    package var state: String?
    /// The folder that holds the pipeline file, its state and all results that it names from where
    /// it lies: what is in it moves with the state. Nil when the state stands elsewhere.
    package var home: String?
    /// Tells the temporary files of this pipeline, or of its state, from those of others.
    package var mark = WriterMark.none
    package var optOutList: OptOutList
    /// How much the list may shrink from run to run; nil without one.
    package var optOutShrinkage: ShrinkageLimit?
    /// The reference tables, in the order of `release.tables`.
    package var tableInputs: [TableInput]
    /// What cannot be read in them: told by every run.
    package var unreadableCells: [UnreadableCells] = []
    /// The run that `release.tablesBefore` are of, and its clock. It judged all that was readable.
    package var tablesRun: (id: Int64, now: EventTime)?
    /// The tables of earlier runs, where parts wait that those were the last to judge.
    package var tablesOfRuns: [Int64: [ReferenceTable]] = [:]
    /// The latest clock of any run so far; nil for none. What is stored may be ahead of the clock
    /// of now, which can have been set back, and not of that.
    package var latestRun: EventTime?
    /// True when somebody said what time it is (`--now`); false for the system's clock.
    package var isClockStated = false
    /// Which fields the state's partials have tokens of, those of earlier statistics too.
    package var countedFields: Set<CountedField> = []
    /// The purposes of the pipeline, by name.
    package var purposes = PurposeTable.standard
    /// How a record without a customer is taken once anybody has opted out.
    package var missingCustomer = MissingCustomer.allowed
    /// The file of holds; imported at the start of a run.
    package var holds: String?
    /// Sentences for people about things that are allowed but worth knowing.
    package var notes: [String]
    /// The files that were read to make the plan, its own among them.
    var filesRead: [String] = []
    /// The files that are aged in place.
    package var store: StorePlan?
    /// How periods are closed; nil for a pipeline that publishes nothing.
    package var publish: PublishPlan?
    /// Why nothing may be published: tables that would tell what the others withhold. Everything
    /// else is done.
    package var overlaps: [SettingFault] = []
    /// The tables that are published with noise; nil for none.
    package var noise: NoiseRegister?

    /// True when the pipeline makes something of its sources; a store alone is only aged.
    package var readsSources: Bool { store == nil || !outputs.isEmpty || !tables.isEmpty }
}

/// How periods are closed and where publications go.
package struct PublishPlan: Sendable {
    /// The folder of all publications.
    package var folder: String
    package var formats: [PublicationFormat]
    /// How long after its end a period stays open.
    package var closeAfter: CalendarDuration
    package var audience: Audience
    package var late: PublishSpecification.LateRule
    /// How long after its closing a period may be corrected.
    package var correctWithin: CalendarDuration
    /// The folder of provisional figures; nil when there are none.
    package var provisional: String?
    /// What figures must fulfil; how counts are changed is added when the month's key is at hand.
    package var rules: ControlRules
    /// How counts are told.
    package var counts: CountsRule
    /// The group columns and dimensions whose small values are counted together; nil: all.
    package var other: [String]?
    /// Where tables about one customer each go, and under which rules; nil when there are none.
    package var forCustomers: CustomerTablesPlan?

    /// How tables about one customer are published; nil when there are none.
    package var forOneCustomer: PublishPlan? {
        guard let forCustomers else { return nil }
        var own = self
        own.folder = forCustomers.folder
        own.formats = forCustomers.formats
        own.audience = .customer
        own.rules.persons = forCustomers.persons
        own.rules.customers = nil
        return own
    }

    /// True for a column whose small values are counted together.
    package func rollsUp(_ column: String) -> Bool {
        other.map { $0.contains { $0.utf8.elementsEqual(column.utf8) } } ?? true
    }
}

/// Tables about one customer each, for that customer.
package struct CustomerTablesPlan: Sendable {
    /// The folder of all customers.
    package var folder: String
    package var formats: [PublicationFormat]
    /// The fewest distinct persons behind a figure.
    package var persons: Int
}

/// Files that are aged in place.
package struct StorePlan: Sendable {
    /// What the ledger calls it.
    package var name: String
    package var files: [String]
    /// The digest of everything that decides what becomes of a record.
    package var rules: Digest256
    /// The same as sluices named it that did not write down what was known of the zone.
    var rulesBefore: Digest256?
    /// The same field by field, and the digests of the rules in slot order.
    var fieldRules: RuleBook?
    var ruleDigests: [Digest256] = []
    package var guardFactor: Int
    package var guardAtLeast: Int
    package var needsConfirmation: Bool
    package var settle: CalendarDuration
    package var unreadable: UnreadableLines
    package var output: OutputPlan
    package var release: OutputReleasePlan
}

/// Where the records of one output go.
package struct OutputPlan: Sendable {
    package var name: String
    package var purpose: String
    package var path: PathTemplate
    package var format: any LogFormat
    package var writer: any RecordWriter
    /// The columns in column mode, for the header.
    package var columns: [String]?
    /// The gzip level, or nil for plain bytes.
    package var gzipLevel: Int?
    package var recipients: [String]
    /// Who may read it, by the company's own words.
    package var readers: [String]
    /// How long after the event its records may stay at all.
    package var expires: CalendarDuration?
    package var showsWindow: Bool
    /// What stands around its records; nil for formats of lines.
    package var envelope: RecordEnvelope? { format.envelope }
    /// How its rows are measured before they leave; nil for rows that are not.
    package var risk: RowRiskPlan?
    /// Set when the output takes the place of its source: every byte that no rule changes is
    /// written as it was, and this says what becomes of unreadable lines.
    package var inPlace: UnreadableLines?
    /// Its rules field by field, and their digests in slot order; nil in `filter` and tests, which
    /// leave nothing behind.
    var rules: RuleBook? {
        didSet { ruleNames = rules.map { [$0.digest, $0.digestBefore] } ?? [] }
    }
    /// The digests by which parts name them: asked for with every part.
    private(set) var ruleNames: [Digest256] = []
    var ruleDigests: [Digest256] = []
    /// In place: true when lines have to be remembered, because a rule changes its own results.
    package var remembersLines = false
}

/// Where a statistic or disclosure goes.
package struct TablePlan: Sendable {
    package var name: String
    /// One path per format.
    package var paths: [(path: PathTemplate, format: TableFormat)]
    /// What the numbers are used for.
    package var purpose = ""
    /// True for a statistic that goes into publications.
    package var isPublished = false
    /// True for one that is counted with those that are published, and shown to nobody: it says
    /// what is part of what.
    package var isUnseen = false
    /// True for such a one that is counted for the sake of columns about a part.
    package var isPart = false
    /// True for one in which any value that a condition names may stand beside any other.
    package var isSpanning = false
    /// True for one that is counted for the sake of conditions.
    package var isOfParts = false
    /// The sketches that are published with it.
    package var sketches: [SketchOptions.Form] = []
    /// True for a disclosure: named persons, no suppression, one file per placeholder value.
    package var isDisclosure: Bool
    /// How long after the end of its month a disclosure's file stays; nil: until somebody deletes
    /// it.
    package var retention: CalendarDuration?
    /// The column of each placeholder that is a group column.
    package var columns: [String]
    /// Who gets a disclosure.
    package var recipient = ""
    /// What the rows of a disclosure stand for, and its first figure.
    package var keyColumns: [String] = []
    package var firstFigure = ""
}

/// When quarantined records make a run fail.
package struct QuarantinePlan: Sendable {
    package var limit: QuarantineSpecification.Limit
    package var path: String?
    package var keepsLines: Bool

    /// True when `quarantined` of `read` records are too many.
    package func isExceeded(quarantined: Int, read: Int) -> Bool {
        switch limit {
        case .records(let most): quarantined > most
        case .perMillion(let share): quarantined * 1_000_000 > share * read
        }
    }

    /// The limit in words.
    package var words: String {
        switch limit {
        case .records(let most): "\(most) records"
        case .perMillion(let share):
            "\(Self.percent(share))% of the records"
        }
    }

    /// `perMillion` in percent, without zeros at its end: 1000 is `0.1`.
    private static func percent(_ perMillion: Int) -> String {
        var digits = Array("\(perMillion % 10_000 + 10_000)".utf8.dropFirst())
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let fraction = String(decoding: digits, as: UTF8.self)
        return "\(perMillion / 10_000)" + (fraction.isEmpty ? "" : ".\(fraction)")
    }
}
