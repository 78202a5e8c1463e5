package import KeyedHashing
package import Records

/// Everything the anonymising module needs to know to release records: resolved, immutable, shared
/// by all workers.
package struct ReleasePlan: Sendable {
    /// What was done before to some stored records.
    package enum EarlierRun: Sendable {
        /// What was due when `clocks` stood as they do was dealt with; `knowsTables` is true when
        /// `tablesBefore` are the tables of that run.
        case under(_ clocks: ClockSet, knowsTables: Bool)
        /// The fields of these clocks were dealt with and no others.
        case exactly(DueSet)
        /// Other rules were in force: what was dealt with is known of each field, in slot order.
        /// The clocks are those of now as they stood then; `knowsTables` as above.
        case fieldwise(_ clocks: ClockSet, knowsTables: Bool, [FieldPast])
        /// What was done to each line is remembered (`lines`); to others nothing was.
        case byLine
    }

    /// When a field was dealt with by the rule that it has now.
    package enum FieldPast: Sendable, Equatable {
        /// In no record: it had another rule, or none.
        case never
        case always
        /// In the records for which one of these clocks had run out.
        case under(DueSet)
        /// In the records of events before this instant.
        case before(EventTime)
        /// In both.
        case either(DueSet, before: EventTime)
    }

    /// The declared fields; slots below are indexes into them.
    package var fields: DeclaredFields
    /// Where the event time stands; nil when the pipeline declares none, and every record is then
    /// due in everything.
    package var timeSlot: Int?
    /// Where the time of day stands when `timeSlot` holds the date alone.
    package var timeOfDaySlot: Int?
    /// True when each chunk has the date of its records, of which `timeSlot`, if there is one, has
    /// the time of day.
    package var datesBySource = false
    package var timeFormat: TimeFormat
    /// The zone in which time texts without an offset are meant.
    package var timeZone: ZoneTable
    /// The pipeline's zone: months, days and hours are counted in it.
    package var zone: ZoneTable
    package var clocks: ClockSet
    package var customerSlot: Int?
    package var personSlot: Int?
    package var optOuts: OptOutIndex
    package var optOutBasis: OptOutBasis
    /// True when an opted-out record is left out as a whole instead of losing its fields.
    package var dropsOptedOutRecords: Bool
    /// The fields that hold addresses.
    package var addressSlots: [Int] = []
    /// The erasures that are carried out on the stored records at hand.
    package var erasures: [PendingErasure] = []
    /// The stored records in which the outputs' `correction` is made.
    package var corrected: RecordMatcher?
    /// Who is held, erased, restricted or has opted out by the state's registry.
    package var subjects = SubjectRegister.empty
    /// Values computed from a field before the field itself is cut.
    package var derived: [DerivedField]
    package var outputs: [OutputReleasePlan]
    package var observations: ObservationPlan
    /// The reference tables that the clocks look dates up in.
    package var tables: [ReferenceTable] = []
    /// The clocks that delete a record as a whole.
    package var deleteClocks: DueSet = []
    /// The clocks of the run that wrote the records at hand, when they are read again to be aged:
    /// what was due then was dealt with then and stays as it is.
    package var writtenUnder: ClockSet?
    /// What was dealt with under `writtenUnder` field by field, when other rules were in force.
    package var writtenFields: [FieldPast]?
    /// The runs that wrote the records at hand, oldest first, when holds left some of them as they
    /// were: a record was dealt with by the last of them that did not hold it. Takes the place of
    /// `writtenUnder` unless empty.
    package var generations: [WrittenGeneration] = []
    /// The tables as the last run saw them, in the order of `tables`; empty when that is not known.
    package var tablesBefore: [ReferenceTable] = []
    /// For files whose records were not all dealt with alike: each chunk may say by its index which
    /// of these is about it. Takes the place of `writtenUnder` and `generations` there.
    package var earlierRuns: [EarlierRun] = []
    /// True when it is to be noted of all records at hand, which are stored, what is dealt with.
    package var notesAll = false
    /// Knows records of a store line by line where chunks are not known; nil: nobody does.
    package var lines: (any LineMemory)?
    /// True when the records at hand are a store's own: one without a time is set aside, because
    /// what becomes of it is for the pipeline to say.
    package var isInPlace = false
    /// The clocks whose next due time the run wants to know; empty: none.
    package var watchedClocks = DueSet()
    /// False where no record says whose it is: none counts as one without a customer.
    package var missingCustomerBinds = true
    /// True when the records at hand were written by an earlier run: one without a time is then
    /// transformed as a whole instead of set aside.
    package var isStored = false
    /// The fields that stored records at hand may have lost: that one says nothing there does not
    /// tell that it never did.
    package var lostSlots: Set<Int> = []
    /// The day of all stored records at hand, in days since 1970-01-01, where it is known: records
    /// whose own time was cut or dropped are of it.
    package var storedDay: Int?
    /// True when the records at hand are only looked at, to prove what a run left.
    package var provesStored = false
    /// True when the records at hand have expired: all go but those that a hold binds.
    package var keepsOnlyHeld = false

    package init(
        fields: DeclaredFields, timeSlot: Int?, timeFormat: TimeFormat, timeZone: ZoneTable,
        zone: ZoneTable, clocks: ClockSet,
        customerSlot: Int? = nil, personSlot: Int? = nil, optOuts: OptOutIndex,
        optOutBasis: OptOutBasis = .use, dropsOptedOutRecords: Bool = false,
        derived: [DerivedField] = [], outputs: [OutputReleasePlan],
        observations: ObservationPlan = ObservationPlan()
    ) {
        self.fields = fields
        self.timeSlot = timeSlot
        self.timeFormat = timeFormat
        self.timeZone = timeZone
        self.zone = zone
        self.clocks = clocks
        self.customerSlot = customerSlot
        self.personSlot = personSlot
        self.optOuts = optOuts
        self.optOutBasis = optOutBasis
        self.dropsOptedOutRecords = dropsOptedOutRecords
        self.derived = derived
        self.outputs = outputs
        self.observations = observations
    }
}

/// One run that wrote the records at hand.
package struct WrittenGeneration: Sendable {
    /// The clocks of the run.
    package var clocks: ClockSet
    /// The holds that bound in it.
    package var holds: SubjectRegister
    /// What it dealt with field by field, when other rules were in force then.
    package var fields: [ReleasePlan.FieldPast]?

    package init(clocks: ClockSet, holds: SubjectRegister) {
        self.clocks = clocks
        self.holds = holds
    }
}

/// A field that the pipeline computes from another one.
package struct DerivedField: Sendable {
    package let name: String
    /// The slot of the field it is computed from.
    package let slot: Int
    package let transform: any Transform

    package init(name: String, slot: Int, transform: any Transform) {
        self.name = name
        self.slot = slot
        self.transform = transform
    }
}

/// What becomes of one field in one output.
package struct FieldRule: Sendable {
    /// What is applied once the field is due; nil drops it.
    package var transform: (any Transform)?
    /// The bit of the field's clock.
    package var clock: DueSet
    /// The clock itself when it does not start at the event: tokens then use the epoch in which the
    /// field becomes due.
    package var otherClock: RetentionClock?
    /// The category of usage data; nil for a field without one, which only an opt-out of all
    /// categories reaches.
    package var category: Category?
    /// True when the output's purpose may not have the field at any age.
    package var isBarred: Bool
    /// True when the transform applies at any age: a field that an output narrows for itself.
    package var appliesAlways: Bool
    /// A slot whose presence means that this field is only the frame of named parts and stays.
    package var coveredBy: Int?
    /// True when JSON `null` stays where the field goes: it is an element of an array, and others
    /// of that array are named by their number.
    package var leavesNull = false

    package init(
        transform: (any Transform)?, clock: DueSet = DueSet(rawValue: 1),
        otherClock: RetentionClock? = nil, category: Category? = nil,
        isBarred: Bool = false, appliesAlways: Bool = false
    ) {
        self.transform = transform
        self.clock = clock
        self.otherClock = otherClock
        self.category = category
        self.isBarred = isBarred
        self.appliesAlways = appliesAlways
    }

    /// True when nothing but an opt-out ever changes the field.
    var isKept: Bool { transform is Keep && !isBarred }
}

/// A clock that reads fields which the output changes: when one of them goes, nobody could tell any
/// more when the clock runs out, so it counts as run out then.
package struct ClockDependence: Sendable, Equatable {
    /// The clock that reads.
    package let clock: DueSet
    /// The clocks of the fields that it reads.
    package let readFields: DueSet

    package init(clock: DueSet, readFields: DueSet) {
        self.clock = clock
        self.readFields = readFields
    }
}

/// One output of records.
package struct OutputReleasePlan: Sendable {
    /// Where a value of the output comes from.
    package enum Source: Sendable, Equatable {
        case slot(Int)
        case derived(Int)
    }

    package var name: String
    package var purpose: Purpose
    /// True when records in the window may be shown as they are (own recipients, safeguards).
    package var showsWindow: Bool
    package var mode: ReleaseMode
    package var syntax: SpliceSyntax
    /// True when unnamed fields of due records stay.
    package var keepsUnnamed: Bool
    /// The rule of each slot, in slot order.
    package var rules: [FieldRule]
    /// What derived fields the output carries, with their keys as they are written in JSON
    /// (`,"name":`), in splice mode.
    package var appended: [(derived: Int, key: [UInt8])]
    /// The columns in column mode.
    package var columns: [Source]
    /// The clock after which nothing readable may be left in the output, besides those of its
    /// fields: that of the safeguards.
    package var readableClock: DueSet
    /// The clock after which a record may not be in the output at all.
    package var expiryClock: DueSet?
    /// What a clock reads that may go from the output before the clock has run out.
    package var dependences: [ClockDependence] = []
    /// The clocks of `delete` that can still be read in what was written.
    package var watchedDeletes: DueSet = []
    /// False for a store that is aged in place: keeping is no use, so no opt-out binds there.
    package var isUse = true
    /// True when values may have bytes that the output's format cannot hold: they are written as
    /// `ByteEscapes` has them, and its stored files are read back as that.
    package var escapesBytes = false
    /// What a field that is still readable says from now on, where `ReleasePlan.corrected` fits.
    package var correction: FieldCorrection?

    package init(
        name: String, purpose: Purpose, showsWindow: Bool, mode: ReleaseMode,
        syntax: SpliceSyntax, keepsUnnamed: Bool, rules: [FieldRule],
        appended: [(derived: Int, key: [UInt8])] = [], columns: [Source] = [],
        readableClock: DueSet = DueSet(rawValue: 1), expiryClock: DueSet? = nil
    ) {
        self.name = name
        self.purpose = purpose
        self.showsWindow = showsWindow
        self.mode = mode
        self.syntax = syntax
        self.keepsUnnamed = keepsUnnamed
        self.rules = rules
        self.appended = appended
        self.columns = columns
        self.readableClock = readableClock
        self.expiryClock = expiryClock
    }
}

/// What the measures of all statistics read of a record.
package struct ObservationPlan: Sendable {
    /// A text that measures read.
    package struct TextInput: Sendable {
        package var source: OutputReleasePlan.Source
        /// The rule under which the text becomes a group key; nil when measures only compare it
        /// with constants or read it as a number.
        package var transform: (any Transform)?

        package init(source: OutputReleasePlan.Source, transform: (any Transform)?) {
            self.source = source
            self.transform = transform
        }
    }

    /// An identity that measures count as a token.
    package struct TokenInput: Sendable {
        package var slot: Int
        package var domain: TokenDomain
        /// The static key; nil for the key of the record's month.
        package var staticHasher: TokenHasher?

        package init(slot: Int, domain: TokenDomain, staticHasher: TokenHasher?) {
            self.slot = slot
            self.domain = domain
            self.staticHasher = staticHasher
        }
    }

    /// What decides whether a statistic may count a record.
    package struct Reader: Sendable {
        package var purpose: Purpose
        /// The categories of all fields that the statistic reads.
        package var categories: CategorySet
        /// True for a disclosure: only records in the window may be counted, and a period with
        /// others is refused.
        package var readsWindowOnly = false
        /// The statistic beside which this one is counted, with a bit of its own: both may count
        /// the same records.
        package var countedWith: Int?

        package init(purpose: Purpose, categories: CategorySet) {
            self.purpose = purpose
            self.categories = categories
        }
    }

    package var texts: [TextInput]
    package var tokens: [TokenInput]
    /// One for each statistic; at most 64 that are not counted with another.
    package var statistics: [Reader]
    /// For each statistic its bit in the masks of records: those that are counted with others come
    /// last.
    package var bits: [Int] { statistics.enumerated().map { $1.countedWith ?? $0 } }

    package init(
        texts: [TextInput] = [], tokens: [TokenInput] = [], statistics: [Reader] = []
    ) {
        self.texts = texts
        self.tokens = tokens
        self.statistics = statistics
    }
}

/// Remembers the lines of a store in which something was dealt with; thread-safe.
package protocol LineMemory: AnyObject, Sendable {
    /// The index in `ReleasePlan.earlierRuns` of what was done to the line of this digest.
    func earlierRun(ofLine line: LineDigest) -> Int?
}

/// Finds the keys of months for all workers; thread-safe.
package protocol KeyRing: AnyObject, Sendable {
    /// The hasher of `month`, or nil when that month's key is destroyed or not to be had.
    func hasher(for month: CalendarMonth) -> TokenHasher?
}
