private import KeyedHashing
package import Records

/// Decides what becomes of each record and releases it: the only way from a raw record to a writer
/// or a measure.
///
/// One releaser per worker. For each chunk it fills one batch per output and one of observations;
/// they are valid together with the chunk, until the next call. What it does with a record depends
/// on nothing but the record and the plan.
package final class Releaser {
    let plan: ReleasePlan
    private var release: ChunkRelease

    /// A releaser for `plan`; without a key ring keyed transforms drop their values.
    package init(plan: ReleasePlan, keyRing: (any KeyRing)?) {
        self.plan = plan
        release = ChunkRelease(plan: plan, keyRing: keyRing)
    }

    /// Releases the records of `chunk`, which `reader` has indexed into `table`.
    package func release(
        _ chunk: borrowing Chunk, _ table: borrowing RecordTable, reader: any RecordReader
    ) {
        release.release(chunk, table, reader: reader)
    }

    /// One for each output of the plan.
    package var outputs: OwnedList<OutputRelease> { _read { yield release.outputs } }

    /// What the measures may see.
    package var observations: ObservationRelease { _read { yield release.observations } }

    /// The counts of the chunk released last.
    package var counts: RecordCounts { release.counts }

    /// The records of that chunk that were set aside; record numbers count from 1 in the chunk.
    package var quarantine: [QuarantineEntry] { release.quarantine }

    /// Which opt-out entries have matched a record so far.
    package var matches: OptOutMatches { release.matches }

    /// Which holds and opt-outs of the registry have matched a record so far.
    package var subjectMatches: SubjectMatches { release.subjects.matches }

    /// The earliest start of each watched clock that has not run out, over all chunks so far.
    package var nextDue: NextDue { release.nextDue }
}

/// The work of a releaser: a value lent to it once per chunk.
///
/// What is called for every record is mutating, even where it changes nothing: to be borrowed, a
/// value of this size would be copied each time.
struct ChunkRelease: ~Copyable {
    private let plan: ReleasePlan
    private let keyRing: (any KeyRing)?
    /// The indexes of the clocks, besides those that start at the event, that decide about a
    /// token's key.
    private let otherClocks: [Int]
    private var clockReader: ClockReader
    /// Reads a stored record as the last run would have.
    private var readerBefore: ClockReader
    private let hasBefore: Bool
    /// The clocks that read tables.
    private let tableClocks: DueSet
    private var context = RecordContext()
    private var scratch = ByteBuffer(capacity: 4096)
    private var zone: ZoneCursor
    private var keyMonth: CalendarMonth?
    /// False when nobody is in the registry or has opted out: no record is then asked about.
    private let asksWho: Bool
    private let hasOptOuts: Bool
    private let hasCorrection: Bool
    private let hasRegister: Bool
    /// True when all records meet the same decision: they have no time, and nobody asks who they
    /// are about.
    private let decidesOnce: Bool
    private let slots: IdentitySlots
    private(set) var subjects: SubjectLookup
    /// One for each of `plan.generations`.
    private var earlierHolds: OwnedList<SubjectLookup>

    private(set) var outputs: OwnedList<OutputRelease>
    private(set) var observations: ObservationRelease
    private(set) var counts: RecordCounts
    private(set) var quarantine: [QuarantineEntry] = []
    private(set) var matches: OptOutMatches
    /// The clocks under which the records of the chunk at hand were dealt with.
    private var writtenUnder: ClockSet?
    /// True when `plan.tablesBefore` are what those clocks were read with.
    private var knowsTablesBefore = false
    private(set) var nextDue = NextDue()

    init(plan: ReleasePlan, keyRing: (any KeyRing)?) {
        self.plan = plan
        self.keyRing = keyRing
        otherClocks = plan.outputs.flatMap(\.rules).reduce(into: []) { clocks, rule in
            let index = rule.clock.rawValue.trailingZeroBitCount
            if rule.otherClock != nil, !clocks.contains(index) { clocks.append(index) }
        }
        hasBefore = plan.isStored && plan.clocks.clocks.contains { !$0.isPlain }
        tableClocks = Self.readingTables(plan.clocks)
        clockReader = ClockReader(plan.clocks, tables: plan.tables, plan: plan)
        readerBefore = ClockReader(plan.clocks, tables: plan.tablesBefore, plan: plan)
        zone = ZoneCursor(plan.zone)
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
            plan.timeSlot == nil && plan.clocks.isWindowOnly && !asksWho && !plan.isStored
        slots = IdentitySlots(plan)
        subjects = SubjectLookup(plan.subjects)
        earlierHolds = OwnedList(count: plan.generations.count) {
            SubjectLookup(plan.generations[$0].holds)
        }
        outputs = OwnedList(count: plan.outputs.count) {
            OutputRelease(
                plan.outputs[$0], derived: plan.derived, index: $0, isStored: plan.isStored,
                keepsOnlyHeld: plan.keepsOnlyHeld)
        }
        observations = ObservationRelease(plan.observations, derived: plan.derived)
        matches = OptOutMatches(count: plan.optOuts.entryCount)
        writtenUnder = plan.writtenUnder
        knowsTablesBefore = !plan.tablesBefore.isEmpty
        counts = RecordCounts(
            outputs: plan.outputs.count, statistics: plan.observations.statistics.count)
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
        if plan.isInPlace {
            let earlier = chunk.earlierClocks >= 0 ? plan.earlierRuns[chunk.earlierClocks] : nil
            writtenUnder = earlier?.clocks
            knowsTablesBefore = earlier?.knowsTables ?? false
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
        for index in outputs.indices { counts.outputs[index] = outputs[index].counts }
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
            // A stored record without a time may never have been aged: the stronger side.
            context.age = .untimed
            context.dealtWith = []
            context.transform.eventTime = nil
            context.transform.utcOffsetSeconds = 0
            context.pastClocks = .everything
            dropKey()
        } else {
            age(row, table, bytes, view.reader)
        }
        context.isDeleted = plan.deleteClocks.isEmpty ? false : isDeleted()
        if asksWho { bar(row, table, bytes, view.reader, optOuts) }
        return true
    }

    // MARK: Time, keys and age

    /// Reads the event time into the context; a reason when the record cannot be placed in time.
    private mutating func readTime(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> QuarantineReason? {
        context.time = nil
        context.day = ReleasedBatch.noDay
        guard let slot = plan.timeSlot else { return nil }
        let slice = table.slice(slot: slot, row: row)
        guard slice.hasValue else { return .noTime }
        guard let time = parse(slice, as: plan.timeFormat, bytes, reader) else { return .badTime }
        context.time = time
        (context.day, context.hour) = zone.dayAndHour(at: time)
        return nil
    }

    private mutating func parse(
        _ slice: FieldSlice, as format: TimeFormat, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> EventTime? {
        guard slice.isText || slice.kind == .number else { return nil }
        guard slice.kind == .escapedText else {
            return format.parse(
                bytes.extracting(slice.offset..<slice.end), zone: plan.timeZone)
        }
        var text = ByteBuffer(capacity: 64)
        reader.decode(slice, in: bytes, into: &text)
        return format.parse(text.bytes, zone: plan.timeZone)
    }

    /// Works out which clocks have run out and which key the record's tokens are made with.
    private mutating func age(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) {
        context.age =
            plan.clocks.isWindowOnly
            ? plan.clocks.age(eventTime: context.time) : age(under: plan.clocks, clockReader)
        context.pastClocks = context.age.due
        watch()
        context.dealtWith =
            plan.isStored && context.time != nil ? dealtWith(row, table, bytes, reader) : []
        context.transform.eventTime = context.time
        context.transform.utcOffsetSeconds =
            context.time.map { zone.utcOffsetSeconds(at: $0) } ?? 0
        guard let time = context.time, !context.age.noKey else {
            if context.time != nil { counts.untimely += 1 }
            return dropKey()
        }
        useKey(of: month(ofDay: context.day))
        if !otherClocks.isEmpty { useOtherKeys(time) }
    }

    /// Finds the key of each field that has a clock of its own: that of the month in which it
    /// becomes due. A clock that has not started, or cannot be read, has no key.
    private mutating func useOtherKeys(_ time: EventTime) {
        if context.otherKeys.isEmpty {
            context.otherKeys = Array(repeating: nil, count: plan.clocks.clocks.count)
        }
        for index in otherClocks {
            let month = plan.clocks.keyMonth(index, eventTime: time, clockReader.readings)
            context.otherKeys[index] = month.flatMap { keyRing?.hasher(for: $0) }
        }
    }

    /// The age under `clocks` by what `clockReader` has read.
    private func age(under clocks: ClockSet, _ clockReader: borrowing ClockReader) -> RecordAge {
        clocks.isWindowOnly
            ? clocks.age(eventTime: context.time)
            : clocks.age(eventTime: context.time, clockReader.readings)
    }

    /// Notes when the record will become due under the clocks that are watched.
    private mutating func watch() {
        guard !plan.watchedClocks.isEmpty, let time = context.time, !context.age.noKey else {
            return
        }
        var left = plan.watchedClocks.rawValue & ~context.age.due.rawValue
        while left != 0 {
            let index = left.trailingZeroBitCount
            left &= left - 1
            guard index < plan.clocks.clocks.count else { return }
            if plan.clocks.clocks[index].isPlain {
                nextDue.note(index, time)
            } else {
                let due = plan.clocks.dueTime(index, eventTime: time, clockReader.readings)
                if let due { nextDue.note(due) }
            }
        }
    }

    /// True when a clock of `delete` has run out for the record.
    ///
    /// A time that can't be trusted deletes nothing. Nor does, in a stored record, what can't be
    /// read any more: it was judged when the record was written. A row that is gone since the last
    /// run deletes.
    private func isDeleted() -> Bool {
        var left = plan.deleteClocks.rawValue
        while left != 0 {
            let index = left.trailingZeroBitCount
            left &= left - 1
            let startsAtEvent = plan.clocks.clocks[index].start == .event
            if startsAtEvent, context.time == nil || context.age.noKey { continue }
            let now = clockReader.readings
            guard plan.clocks.isDue(index, eventTime: context.time, now) else { continue }
            if !plan.isStored || plan.clocks.isKnown(index, now)
                || (hasBefore && plan.clocks.isKnown(index, readerBefore.readings))
            {
                return true
            }
        }
        return false
    }

    private var lastDay = ReleasedBatch.noDay
    private var lastMonth = CalendarMonth(index: 0)

    private mutating func month(ofDay day: Int32) -> CalendarMonth {
        if day != lastDay {
            let date = CivilDate(daysSince1970: Int(day))
            lastMonth = CalendarMonth(year: date.year, month: date.month)
            lastDay = day
        }
        return lastMonth
    }

    private mutating func dropKey() {
        // Most often the record before had no key either.
        guard keyMonth != nil || !context.otherKeys.isEmpty else { return }
        context.otherKeys.removeAll(keepingCapacity: true)
        keyMonth = nil
        context.hasher = nil
        context.transform.tokens = nil
        context.cacheEpoch = -1
    }

    private mutating func useKey(of month: CalendarMonth) {
        if month != keyMonth {
            keyMonth = month
            context.hasher = keyRing?.hasher(for: month)
            context.transform.tokens = context.hasher
            context.cacheEpoch = context.hasher == nil ? -1 : Int32(month.index)
        }
        if keyRing != nil, context.hasher == nil { counts.keyless += 1 }
    }

    /// What was due, and dealt with, when a stored record was written.
    private mutating func dealtWith(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> DueSet {
        guard !plan.generations.isEmpty else {
            return writtenUnder.map { dueBefore($0, !knowsTablesBefore) } ?? []
        }
        for index in plan.generations.indices.reversed() {
            let verdict = earlierHolds[index].ask(
                slots, time: context.time, row, table, bytes, reader)
            // The oldest run wrote the record anew: a hold kept only what it may show.
            let wasLeft = index > 0 ? verdict.isHeld : verdict.shownIn & 1 == 1
            if !wasLeft {
                // What the tables said then is known of the last run only.
                let isLast = index == plan.generations.count - 1
                return dueBefore(
                    plan.generations[index].clocks, !isLast || plan.tablesBefore.isEmpty)
            }
        }
        return []
    }

    /// The clocks that had run out under `clocks`; those that read tables count as not run out when
    /// the tables of that time are unknown.
    private func dueBefore(_ clocks: ClockSet, _ tablesAreUnknown: Bool) -> DueSet {
        let due = age(under: clocks, readerBefore).due
        return tablesAreUnknown ? due.subtracting(tableClocks) : due
    }

    // MARK: Opt-outs and the registry

    /// Asks who the record is about: the one place where opt-outs, holds, erasures and restrictions
    /// are looked up.
    private mutating func bar(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ optOuts: OptOutIndex
    ) {
        context.barred = []
        if hasOptOuts { barByList(row, table, bytes, reader, optOuts) }
        // Asked before: to look at the matcher itself is to copy it.
        if hasCorrection, let corrected = plan.corrected {
            let match = corrected.match(row, table, bytes, reader)
            context.isCorrected = match == .value || match == .token
        }
        guard hasRegister else { return }
        var verdict = subjects.ask(slots, time: context.time, row, table, bytes, reader)
        if !plan.erasures.isEmpty { erase(row, table, bytes, reader, &verdict) }
        context.verdict = verdict
        context.barred.formUnion(verdict.optedOut)
        context.heldIn =
            !verdict.isHeld ? 0 : plan.isStored ? .max : verdict.shownIn
        guard context.heldIn != 0 else { return }
        // It stays as it is: what was not yet due when it was written is readable.
        context.pastClocks = context.dealtWith
    }

    /// Finds the records of pending erasures, those too that only a token tells.
    private mutating func erase(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ verdict: inout SubjectVerdict
    ) {
        for (index, erasure) in plan.erasures.enumerated() {
            if let until = erasure.until, let time = context.time, time >= until { continue }
            let match = erasure.matcher.match(row, table, bytes, reader)
            guard match == .value || match == .token else { continue }
            verdict.isErased = true
            // A hold names a person, a token does not: in doubt the hold binds, because what is
            // erased cannot be had back.
            if match == .token, erasure.doubts.contains(where: { $0.covers(context.time) }) {
                verdict.isHeld = true
            }
            if verdict.isHeld {
                counts.erasures[index].held += 1
            } else {
                counts.erasures[index].erased += 1
            }
        }
    }

    private mutating func barByList(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ optOuts: OptOutIndex
    ) {
        slots.withCustomerAndPerson(row, table, bytes, reader) { customer, person in
            context.barred =
                optOuts.answer(
                    customer: customer, person: person, eventTime: context.time,
                    matches: &matches
                ).effect(plan.optOutBasis)
        }
    }
}

/// One record of a chunk, lent to the outputs while it is released.
///
/// Not copyable: a copy would count a reference for each record, which workers that share it wait
/// for.
struct RecordView: ~Copyable, ~Escapable {
    var row: Int
    let bytes: Span<UInt8>
    let reader: any RecordReader

    @_lifetime(copy bytes)
    init(row: Int, bytes: Span<UInt8>, reader: any RecordReader) {
        self.row = row
        self.bytes = bytes
        self.reader = reader
    }
}
