private import KeyedHashing
internal import Records

/// The work of a releaser: a value lent to it once per chunk.
///
/// What is called for every record is mutating, even where it changes nothing: to be borrowed, a
/// value of this size would be copied each time.
struct ChunkRelease: ~Copyable {
    let plan: ReleasePlan
    var keys: WorkerKeys?
    /// The indexes of the clocks, besides those that start at the event, that decide about a
    /// token's key.
    let otherClocks: [Int]
    var clockReader: ClockReader
    /// Reads a stored record as the last run would have.
    var readerBefore: ClockReader
    let hasBefore: Bool
    /// The clocks that read tables.
    let tableClocks: DueSet
    var context = RecordContext()
    private var scratch = ByteBuffer(capacity: 4096)
    var zone: ZoneCursor
    var times: TimeCursor
    /// True when the record at hand has its time from `ReleasePlan.storedDay`.
    var isOfRecalledDay = false
    /// The date that the source of the chunk at hand tells.
    var sourceDate: [UInt8]?
    var keyMonth: CalendarMonth?
    /// The day that was placed last, and its month.
    var lastDay = ReleasedBatch.noDay
    var lastMonth = CalendarMonth(index: 0)
    /// The days that can be named.
    let firstDay = CivilDate.daysNamed.lowerBound
    let lastNamedDay = CivilDate.daysNamed.upperBound
    /// False when nobody is in the registry or has opted out: no record is then asked about.
    private let asksWho: Bool
    let hasOptOuts: Bool
    let hasCorrection: Bool
    let hasRegister: Bool
    /// True when all records meet the same decision: they have no time, and nobody asks who they
    /// are about.
    private let decidesOnce: Bool
    let slots: IdentitySlots
    var subjects: SubjectLookup
    /// One for each of `plan.generations`.
    var earlierHolds: OwnedList<SubjectLookup>

    var outputs: OwnedList<OutputRelease>
    var observations: ObservationRelease
    var counts: RecordCounts
    var quarantine: [QuarantineEntry] = []
    var matches: OptOutMatches
    /// What was done before to the records of the chunk at hand.
    var earlier: ReleasePlan.EarlierRun?
    /// True when that was noted of just these records.
    var isNoted = false
    var nextDue = NextDue()
    /// In a store: the fields whose rules change their own results.
    let unrepeatable: [UnrepeatableRule]

    init(plan: ReleasePlan, keyRing: (any KeyRing)?) {
        self.plan = plan
        keys = keyRing.map { WorkerKeys($0) }
        otherClocks = plan.outputs.flatMap(\.rules).reduce(into: []) { clocks, rule in
            let index = rule.clock.rawValue.trailingZeroBitCount
            if rule.otherClock != nil, !clocks.contains(index) { clocks.append(index) }
        }
        hasBefore = plan.isStored && plan.clocks.clocks.contains { !$0.isPlain }
        tableClocks = Self.readingTables(plan.clocks)
        clockReader = ClockReader(plan.clocks, tables: plan.tables, plan: plan)
        readerBefore = ClockReader(plan.clocks, tables: plan.tablesBefore, plan: plan)
        zone = ZoneCursor(plan.zone)
        times = TimeCursor(
            plan.timeFormat, zone: plan.timeZone, now: plan.clocks.runClock.now)
        // Not read back from `self`: 6.3.1 miscompiles that in the initializer of such a value.
        let hasOptOuts = !plan.optOuts.isEmpty
        let hasCorrection = plan.corrected != nil
        let hasRegister = !plan.subjects.isEmpty || !plan.erasures.isEmpty
        let asksWho = hasOptOuts || hasCorrection || hasRegister
        self.asksWho = asksWho
        self.hasOptOuts = hasOptOuts
        self.hasCorrection = hasCorrection
        self.hasRegister = hasRegister
        decidesOnce =
            plan.timeSlot == nil && !plan.datesBySource && plan.clocks.isWindowOnly && !asksWho
            && !plan.isStored
        slots = IdentitySlots(plan)
        subjects = SubjectLookup(
            plan.subjects, bindsMissing: plan.missingCustomerBinds)
        earlierHolds = OwnedList(count: plan.generations.count) {
            SubjectLookup(plan.generations[$0].holds)
        }
        outputs = OwnedList(count: plan.outputs.count) {
            OutputRelease(
                plan.outputs[$0], derived: plan.derived, index: $0, isStored: plan.isStored,
                keepsOnlyHeld: plan.keepsOnlyHeld,
                notesHeld: plan.isStored && !plan.isInPlace, timeSlots: Self.countedTimes(plan))
        }
        observations = ObservationRelease(plan.observations, derived: plan.derived)
        matches = OptOutMatches(count: plan.optOuts.entryCount)
        earlier = Self.wholeRun(plan)
        counts = RecordCounts(
            outputs: plan.outputs.count, statistics: plan.observations.statistics.count)
        unrepeatable = plan.isInPlace ? UnrepeatableRule.all(of: plan.outputs[0]) : []
    }

    /// True when only the lines of the chunk at hand tell what was done to them.
    var isOfLines: Bool {
        if isNoted, case .byLine = earlier { true } else { false }
    }

    /// What was done before to records that no chunk says more of.
    private static func wholeRun(_ plan: ReleasePlan) -> ReleasePlan.EarlierRun? {
        guard let clocks = plan.writtenUnder else { return nil }
        let knowsTables = !plan.tablesBefore.isEmpty
        guard let fields = plan.writtenFields else {
            return .under(clocks, knowsTables: knowsTables)
        }
        return .fieldwise(clocks, knowsTables: knowsTables, fields)
    }

    /// The fields that tell the time, where some clock counts hours. A store remembers its lines.
    private static func countedTimes(_ plan: ReleasePlan) -> [Int] {
        let countsHours = plan.clocks.clocks.contains { clock in
            clock.length.seconds != 0 || clock.lengthFrom != nil
        }
        guard countsHours, !plan.isInPlace else { return [] }
        return [plan.timeSlot, plan.timeOfDaySlot].compactMap(\.self)
    }

    private static func readingTables(_ clocks: ClockSet) -> DueSet {
        clocks.clocks.enumerated().reduce(into: []) { set, clock in
            let reads = clock.element.sources.contains { source in
                if case .table = source { true } else { false }
            }
            if reads { set.formUnion(DueSet(rawValue: 1 << UInt64(clock.offset))) }
        }
    }

    /// Releases the records of `chunk`, which `reader` has indexed into `table`.
    mutating func release(
        _ chunk: borrowing Chunk, _ table: borrowing RecordTable, reader: any RecordReader
    ) {
        counts = RecordCounts(
            outputs: plan.outputs.count, statistics: plan.observations.statistics.count)
        counts.erasures = plan.erasures.map { _ in ErasureTally() }
        quarantine.removeAll(keepingCapacity: true)
        for index in outputs.indices { outputs[index].begin() }
        observations.begin()
        counts.read = table.count
        sourceDate = chunk.date
        if !plan.earlierRuns.isEmpty {
            isNoted = chunk.earlierClocks >= 0
            earlier =
                isNoted
                ? plan.earlierRuns[chunk.earlierClocks] : Self.wholeRun(plan)
        }
        // Lent to the end: to take it from the plan for each record would count references, and
        // workers share it.
        let optOuts = plan.optOuts
        var view = RecordView(row: 0, bytes: chunk.buffer.bytes, reader: reader)
        var row = 0
        while row < table.count {
            let behind = table.endOfGoodRows(from: row)
            if behind > row {
                releaseRecords(row..<behind, &view, chunk, table, optOuts)
            } else {
                setAside(row, chunk, table)
            }
            row = max(behind, row &+ 1)
        }
        observations.finish(view, table)
        for index in outputs.indices {
            counts.outputs[index] = outputs[index].counts
            counts.outputs[index].fields = outputs[index].takeFieldCounts()
        }
        counts.observed = observations.counts
    }

    private mutating func setAside(
        _ row: Int, _ chunk: borrowing Chunk, _ table: borrowing RecordTable
    ) {
        switch table.state(row) {
        case .good: break
        case .blank: counts.blank += 1
        case .bad(let reason): quarantine(row, chunk, table, reason)
        }
    }

    private mutating func quarantine(
        _ row: Int, _ chunk: borrowing Chunk, _ table: borrowing RecordTable,
        _ reason: QuarantineReason
    ) {
        let range = table.range(row)
        counts.quarantined[reason, default: 0] += 1
        quarantine.append(
            QuarantineEntry(
                sourceIndex: chunk.sourceIndex, recordNumber: row + 1,
                byteOffset: chunk.sourceOffset + range.lowerBound, length: range.count,
                reason: reason))
    }

    /// Releases good records that follow one another.
    private mutating func releaseRecords(
        _ rows: Range<Int>, _ view: inout RecordView, _ chunk: borrowing Chunk,
        _ table: borrowing RecordTable, _ optOuts: OptOutIndex
    ) {
        if decidesOnce {
            view.row = rows.lowerBound
            guard settle(view, chunk, table, optOuts) else { return }
            for index in outputs.indices {
                outputs[index].release(
                    rows, &view, table, &context, &scratch,
                    dropsOptedOut: plan.dropsOptedOutRecords)
            }
            return
        }
        for row in rows {
            view.row = row
            releaseRecord(view, chunk, table, optOuts)
        }
    }

    private mutating func releaseRecord(
        _ view: borrowing RecordView, _ chunk: borrowing Chunk,
        _ table: borrowing RecordTable, _ optOuts: OptOutIndex
    ) {
        guard settle(view, chunk, table, optOuts) else { return }
        for index in outputs.indices {
            outputs[index].release(
                view, table, &context, &scratch,
                dropsOptedOut: plan.dropsOptedOutRecords)
        }
        observations.observe(
            view, table, &context, &scratch, dropsOptedOut: plan.dropsOptedOutRecords)
    }

    /// Finds out what is to be known of a record before its fields are released; false when it was
    /// set aside.
    private mutating func settle(
        _ view: borrowing RecordView, _ chunk: borrowing Chunk,
        _ table: borrowing RecordTable, _ optOuts: OptOutIndex
    ) -> Bool {
        let row = view.row
        let bytes = view.bytes
        if !plan.clocks.isWindowOnly { clockReader.read(row, table, bytes, view.reader) }
        if hasBefore { readerBefore.read(row, table, bytes, view.reader) }
        if let reason = readTime(row, table, bytes, view.reader) {
            guard plan.isStored, !plan.isInPlace else {
                quarantine(row, chunk, table, reason)
                return false
            }
        }
        if plan.isStored {
            isOfRecalledDay = false
            recallDay()
        }
        age(row, table, bytes, view.reader)
        context.isDeleted = plan.deleteClocks.isEmpty ? false : isDeleted()
        if asksWho { bar(row, table, bytes, view.reader, optOuts) }
        return true
    }
}
