package import KeyedHashing
package import Records

/// All that one run did, to be entered in one transaction.
///
/// Every file named here is durable under its temporary name before the commit and gets its final
/// name after it; `publications` is the list of renames still owed, which the next run pays when
/// this one dies.
package struct RunCommit: Sendable {
    /// A name of the run that no other has.
    package var name: String
    package var pipeline: String
    /// The subcommand: `run`, `commit`, `age-out` …
    package var command: String
    /// The digest of the plan.
    package var plan: Digest256
    package var started: EventTime
    package var finished: EventTime
    /// The clock of the run (`--now`), in contrast to `started`.
    package var now: EventTime
    /// True when somebody said what `now` was; false for the system's clock.
    package var isClockStated = false
    /// The cut-off of the `window` clock, if the pipeline has one.
    package var cutoff: EventTime?
    package var counts: RunCounts
    package var sources: [CountedSource] = []
    package var tasks: [CommittedTask] = []
    package var keys: [UsedKey] = []
    /// How long the pipeline needs keys; nil when it uses none of a key store.
    package var keyNeeds: KeyNeeds?
    package var parts: [NewPart] = []
    /// What is dealt with in held records of current parts that stay; takes the place of what was
    /// noted of them before.
    package var dealings: [(part: Int64, dealings: [PartDealing])] = []
    /// Current parts that stay, and since when something in them is readable, where that is later
    /// than was noted of them before; nil: nothing is.
    package var readable: [(part: Int64, oldest: EventTime?)] = []
    /// Parts of which nobody had noted the day of their newest event, and that day.
    package var newestDays: [(part: Int64, day: Int)] = []
    /// Parts that stay, and the rules under which nothing is to be done in them now.
    package var lookedAt: [(part: Int64, rules: Digest256)] = []
    /// Parts that stay and that this run could not judge, and the last run that did.
    package var unjudged: [(part: Int64, judgedBy: Int64)] = []
    /// Parts that stay and that this run has judged, though others could not.
    package var judgedAgain: [Int64] = []
    /// What the rules are that parts name, by their digests.
    package var ruleTexts: [Digest256: String] = [:]
    /// Current parts that end without a successor (deleted, or nothing left in them).
    package var removedParts: [Int64] = []
    package var partials: [NewPartial] = []
    /// Live partials that end without publication.
    package var removedPartials: [Int64] = []
    /// Files beside parts and partials; one of a path that is known takes its place.
    package var files: [NewFile] = []
    /// Paths of such files that go.
    package var removedFiles: [String] = []
    /// Live partials whose rows of a subject were taken out.
    package var replacedPartials: [ReplacedPartial] = []
    /// Kept partials of earlier statistics that go as a whole, because they hold somebody whose
    /// rows cannot be taken out.
    package var givenUpPartials: [Int64] = []
    /// Which fields the tokens in `partials` are of.
    package var countedFields: [CountedField] = []
    /// Erasures of which nothing is left in what is stored.
    package var finishedErasures: [Int64] = []
    /// Erasures that a hold stopped.
    package var blockedErasures: [BlockedErasure] = []
    /// Erasures that wait only for files which are not there, and those files; nil where the run
    /// did not look for them.
    package var awaitingErasures: [(erasure: Int64, files: Set<String>)]?
    /// Erasures for which somebody has looked through the store before it was dealt with by other
    /// rules.
    package var outdatedStoreSearches: [Int64] = []
    package var publications: [PendingPublication] = []
    /// The outputs that are shared from this run on, with whom and for what: what lies there of
    /// earlier runs counts as delivered, too.
    package var shared: [(output: String, recipients: [String], purpose: String)] = []
    /// The parts that are rewritten because a person or customer asked for it, and why: what was
    /// delivered of them is called back.
    package var recalls: [(cause: RecallCause, part: Int64)] = []
    /// Deliveries that are called back one by one.
    package var recalledDeliveries: [(cause: RecallCause, delivery: Int64)] = []
    /// What the command changes in the registry of opt-outs.
    package var optOuts = OptOutChanges()
    /// What holds keep of opt-outs.
    package var heldOptOuts = HeldOptOutChanges()
    /// Lines of the list of opt-outs that stay open; nil for a run that applied no list.
    package var unsearchedLines: UnsearchedLines?
    /// The holds that bound in this run.
    package var holds: [Int64] = []
    /// The lists and tables that the run was given.
    package var inputLists: [InputList] = []
    /// The names of reference tables that nobody asks about any more.
    package var forgottenTables: [String] = []
    /// What is remembered of the purposes and categories that opt-outs of the registry were carried
    /// out under, in place of what was before; nil: that stays.
    package var optOutTargets: (list: String, lines: Set<Digest256>)?
    /// What was done to the store, if the pipeline has one.
    package var store: StoreCommit?
    /// How well persons hide in the rows that were written, of outputs that are measured.
    package var measurements: [RowMeasurement] = []
    /// Statistics that are published with this commit.
    package var published: [NewPublication] = []

    package init(
        name: String, pipeline: String, command: String, plan: Digest256, started: EventTime,
        finished: EventTime, now: EventTime, cutoff: EventTime?, counts: RunCounts
    ) {
        self.name = name
        self.pipeline = pipeline
        self.command = command
        self.plan = plan
        self.started = started
        self.finished = finished
        self.now = now
        self.cutoff = cutoff
        self.counts = counts
    }
}

/// The conservation count of a run: read = written + dropped + quarantined.
package struct RunCounts: Sendable, Equatable {
    package var read: Int64
    package var written: Int64
    package var dropped: Int64
    package var quarantined: Int64
    /// Counts by reason, by output and so on, for reports: code and number.
    package var details: [String: Int64]

    package init(
        read: Int64, written: Int64, dropped: Int64, quarantined: Int64,
        details: [String: Int64] = [:]
    ) {
        self.read = read
        self.written = written
        self.dropped = dropped
        self.quarantined = quarantined
        self.details = details
    }

    /// True when every record read is accounted for.
    package var isConserved: Bool {
        let (partial, first) = written.addingReportingOverflow(dropped)
        let (whole, second) = partial.addingReportingOverflow(quarantined)
        return !first && !second && read == whole && min(read, written, dropped, quarantined) >= 0
    }
}

/// The identity of content: digest and length in bytes of the uncompressed bytes.
package struct ContentIdentity: Hashable, Sendable {
    package let digest: Digest256
    package let byteCount: Int

    package init(digest: Digest256, byteCount: Int) {
        self.digest = digest
        self.byteCount = byteCount
    }
}

/// A source that has been counted to its end.
package struct CountedSource: Sendable, Equatable {
    /// The stream that the pipeline declares; equal content of two streams is two sources.
    package var stream: String
    package var content: ContentIdentity
    /// Where counting began: behind the part that an earlier run had counted, else 0.
    package var countedFrom: Int
    package var records: Int64
    /// Record-aligned pieces, in order; they recognise the content in grown and joined files.
    package var segments: [CountedSegment]
    /// True when this source was counted before and its parts and partials are being replaced.
    package var isRedo: Bool

    package init(
        stream: String, content: ContentIdentity, countedFrom: Int = 0, records: Int64,
        segments: [CountedSegment] = [], isRedo: Bool = false
    ) {
        self.stream = stream
        self.content = content
        self.countedFrom = countedFrom
        self.records = records
        self.segments = segments
        self.isRedo = isRedo
    }
}

/// A piece of a source that begins and ends at record borders.
package struct CountedSegment: Sendable, Equatable {
    /// The offset in the uncompressed source.
    package var start: Int
    package var content: ContentIdentity
    /// Its lines.
    package var records: Int64
    /// How many of its first lines `head` joins, 1 to 32; 0: it is not to be looked for.
    package var headLines: Int
    /// The joint hash of its first lines, by which it is looked for.
    package var head: Int64

    package init(
        start: Int, content: ContentIdentity, records: Int64, headLines: Int = 0, head: Int64 = 0
    ) {
        self.start = start
        self.content = content
        self.records = records
        self.headLines = headLines
        self.head = head
    }
}

/// A task whose result the commit takes over; of several attempts only one is ever committed.
package struct CommittedTask: Sendable, Equatable {
    package var name: String
    package var attempt: String
    package var digest: Digest256
    /// The index in `RunCommit.sources`.
    package var source: Int?

    package init(name: String, attempt: String, digest: Digest256, source: Int? = nil) {
        self.name = name
        self.attempt = attempt
        self.digest = digest
        self.source = source
    }
}

/// A key that made tokens in this run; known ones are given again.
package struct UsedKey: Sendable, Hashable {
    package var id: KeyID
    package var fingerprint: KeyFingerprint

    package init(id: KeyID, fingerprint: KeyFingerprint) {
        self.id = id
        self.fingerprint = fingerprint
    }
}

/// A part of an output that becomes current with this commit.
package struct NewPart: Sendable {
    /// What kind of collection the part belongs to.
    package enum Kind: String, Sendable { case output, disclosure, store }

    package var output: String
    package var kind: Kind
    package var purpose: String
    /// The index in `RunCommit.sources`, when the part holds records of one source only.
    package var source: Int?
    /// The digest of the source range that the part is named by.
    package var sourceRange: Digest256
    package var path: String
    package var content: ContentIdentity
    package var records: Int64
    /// Days since 1970-01-01 of its events, when it holds those of one day.
    package var day: Int?
    /// The time of the oldest event in it that still has a readable identifier; nil: none has.
    package var oldestReadable: EventTime?
    /// When `safeguards` or terms demand its deletion.
    package var deleteBy: EventTime?
    /// Days since 1970-01-01 of its newest event, and not after that of its arrival.
    package var newestDay: Int?
    /// The keys whose tokens it holds; each is in `RunCommit.keys` or known already.
    package var keyIDs: [KeyID]
    /// Current parts that this one takes the place of.
    package var replaces: [Int64]
    /// The runs that left held records in it as they were before this run did, oldest first; empty
    /// when this run left none.
    package var olderRuns: [Int64] = []
    /// The digest of the rules that were applied.
    package var rules: Digest256?
    /// Where in it other fields are dealt with than those that were due in this run.
    package var dealings: [PartDealing] = []
    /// Who beyond the company itself gets it: each is a delivery.
    package var recipients: [String] = []

    package init(
        output: String, kind: Kind = .output, purpose: String, source: Int? = nil,
        sourceRange: Digest256, path: String, content: ContentIdentity, records: Int64,
        day: Int? = nil, oldestReadable: EventTime? = nil, deleteBy: EventTime? = nil,
        keyIDs: [KeyID] = [], replaces: [Int64] = []
    ) {
        self.output = output
        self.kind = kind
        self.purpose = purpose
        self.source = source
        self.sourceRange = sourceRange
        self.path = path
        self.content = content
        self.records = records
        self.day = day
        self.oldestReadable = oldestReadable
        self.deleteBy = deleteBy
        self.keyIDs = keyIDs
        self.replaces = replaces
    }
}

/// A partial that becomes live with this commit.
package struct NewPartial: Sendable, Equatable {
    package var statisticSet: String
    package var month: CalendarMonth
    package var keyID: KeyID
    /// The index in `RunCommit.sources`.
    package var source: Int?
    /// The index in `RunCommit.tasks`.
    package var task: Int?
    package var path: String
    package var content: ContentIdentity

    package init(
        statisticSet: String, month: CalendarMonth, keyID: KeyID, source: Int? = nil,
        task: Int? = nil, path: String, content: ContentIdentity
    ) {
        self.statisticSet = statisticSet
        self.month = month
        self.keyID = keyID
        self.source = source
        self.task = task
        self.path = path
        self.content = content
    }
}

/// A file that is neither part nor partial: it has no rows of its own to be aged.
package struct NewFile: Sendable, Equatable {
    /// What the file is.
    package enum Kind: String, Sendable { case table, terms, quarantine }

    package var kind: Kind
    /// The output, statistic or list that it belongs to.
    package var name: String
    package var path: String
    package var content: ContentIdentity
    /// When it has to be gone.
    package var deleteBy: EventTime?

    package init(
        kind: Kind, name: String, path: String, content: ContentIdentity,
        deleteBy: EventTime? = nil
    ) {
        self.kind = kind
        self.name = name
        self.path = path
        self.content = content
        self.deleteBy = deleteBy
    }
}

/// A field that the partials of a statistic set hold tokens of.
package struct CountedField: Sendable, Hashable {
    package var statisticSet: String
    /// Whom the field names; nil: nobody that can be asked for.
    package var kind: SubjectKind?
    package var field: String

    package init(statisticSet: String, kind: SubjectKind?, field: String) {
        self.statisticSet = statisticSet
        self.kind = kind
        self.field = field
    }
}

/// A file of partials that takes the place of another, with the same months and keys.
package struct ReplacedPartial: Sendable, Equatable {
    /// The rows of the file before, one for each month.
    package var ids: [Int64]
    package var path: String
    package var content: ContentIdentity

    package init(ids: [Int64], path: String, content: ContentIdentity) {
        self.ids = ids
        self.path = path
        self.content = content
    }
}

/// An erasure that cannot be finished while a hold binds.
package struct BlockedErasure: Sendable, Equatable {
    package var id: Int64
    package var hold: Int64
    /// When the hold ends by itself; nil when it must be released.
    package var retry: EventTime?

    package init(id: Int64, hold: Int64, retry: EventTime?) {
        self.id = id
        self.hold = hold
        self.retry = retry
    }
}

/// A rename or removal that a committed run still owes.
package struct PendingPublication: Sendable, Equatable {
    /// What is to be done with the final name.
    package enum Action: Sendable, Equatable {
        /// The temporary file gets the final name; its content has this identity.
        case publish(temporaryName: String, ContentIdentity)
        /// The same, if the file of the final name is still the one that was read.
        case replace(temporaryName: String, ContentIdentity, Place)
        /// The file of the final name goes: a part that was replaced or removed.
        case remove
    }

    /// The file that is to be replaced, as it was when it was read.
    package struct Place: Sendable, Equatable {
        package var inode: Int64
        package var byteCount: Int
        package var modifiedNanoseconds: Int64

        package init(inode: Int64, byteCount: Int, modifiedNanoseconds: Int64) {
            self.inode = inode
            self.byteCount = byteCount
            self.modifiedNanoseconds = modifiedNanoseconds
        }
    }

    /// The directory of both names.
    package var directory: String
    package var finalName: String
    package var action: Action

    package init(directory: String, finalName: String, action: Action) {
        self.directory = directory
        self.finalName = finalName
        self.action = action
    }
}
