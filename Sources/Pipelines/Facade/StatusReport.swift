package import Records

/// How a pipeline with state stands, in counts, dates and names that the pipeline gives; holds no
/// value of any record and nobody's identity.
package struct StatusReport: Sendable {
    /// An instant, for machines and for people.
    package struct Moment: Sendable, Equatable {
        package let time: EventTime
        /// RFC 3339 with the offset of the pipeline's zone.
        package let text: String
        /// The day in that zone.
        package let day: String
    }

    /// The last run.
    package struct Run: Sendable, Equatable {
        package let id: Int64
        package let command: String
        /// The clock it went by, and when it ended.
        package let clock: Moment
        package let finished: Moment
        package let read: Int64
        package let quarantined: Int64
    }

    /// The readable records of an output.
    package struct Readable: Sendable, Equatable {
        package let output: String
        /// The files that hold any.
        package let files: Int
        package let oldest: Moment
        /// When the oldest is due; nil when that hangs on another date than the event's.
        package let due: Moment?
    }

    /// An output that the pipeline does not have any more.
    package struct LostOutput: Sendable, Equatable {
        package let name: String
        /// Its files, which no run can age, search or correct.
        package let files: Int
        /// Those of them that are not there, with their folder.
        package var missing = 0
    }

    /// What the next run has to deal with.
    package struct Due: Sendable, Equatable {
        /// Files of outputs with records whose window is over.
        package var parts = 0
        /// Files, lists of quarantine among them, whose last day has come.
        package var expired = 0
        /// Files of the store with records that are due.
        package var storeFiles = 0

        package var isNothing: Bool { parts + expired + storeFiles == 0 }
    }

    /// The keys of months.
    package struct Keys: Sendable, Equatable {
        package var active = 0
        package var closing = 0
        package var destroyed = 0
        package var missing = 0
        /// The month whose key dies next, and from when on; nil when none lives.
        package var next: Next?

        /// A key and the first instant at which it may die.
        package struct Next: Sendable, Equatable {
            package let month: String
            /// RFC 3339, UTC.
            package let from: String
            /// The day in the zone of the store.
            package let day: String
        }
    }

    /// A month with counts that are not published.
    package struct Unpublished: Sendable, Equatable {
        package let month: String
        /// From when on it may be closed.
        package let closing: Moment
        package let isDue: Bool
        /// Why it cannot be published yet, and what ends that; nil when nothing keeps it.
        package var waitsFor: String?
    }

    package let pipeline: String
    package let now: Moment
    package var lastRun: Run?
    package var due = Due()
    /// Why every run is refused, and what ends that; nil when none is.
    package var refusal: String?
    /// How long something has waited for a run; nil when for less than a day.
    package var lateness: Lateness?
    /// Files that were due before the last run and that it did not deal with: they are gone, or
    /// somewhere else. Those that a hold keeps do not count.
    package var overdue = 0
    /// When the next record becomes due, or the next file expires; nil: nothing waits.
    package var nextDue: Moment?
    package var readable: [Readable] = []
    package var lostOutputs: [LostOutput] = []
    /// The paths of lists of quarantine that are not what earlier runs left: every run fails.
    package var changedLists: [String] = []
    /// Nil when the pipeline uses no keys of months.
    package var keys: Keys?
    package var bindingHolds: [String] = []
    package var optOutsInForce = 0
    package var erasuresOpen = 0
    /// Those of them that a hold blocks.
    package var erasuresBlocked = 0
    package var restrictionsInForce = 0
    package var recallsOpen = 0
    package var unpublished: [Unpublished] = []
    /// Files that a killed run prepared and the next one gives their names.
    package var owedFiles = 0

    package init(pipeline: String, now: Moment) {
        self.pipeline = pipeline
        self.now = now
    }

    /// True when something had to be done before today and was not, or no run can do it.
    package var isLate: Bool {
        lateness != nil || overdue > 0 || refusal != nil || !lostOutputs.isEmpty
            || !changedLists.isEmpty
    }
}

/// What `sluice status` was asked to do.
package struct StatusRequest: Sendable {
    /// The pipeline file.
    package var pipeline: String
    /// The clock: a date or RFC 3339 time; nil for the system's.
    package var now: String?
    /// The file that metrics are to be written to.
    package var metrics: String?
    /// Closes to the process, for good, all that is not the pipeline's own.
    package var isConfined = false

    package init(pipeline: String) { self.pipeline = pipeline }
}
