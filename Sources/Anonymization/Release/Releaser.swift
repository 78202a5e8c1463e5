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
}

/// The work of a releaser: a value lent to it once per chunk.
struct ChunkRelease: ~Copyable {
    private let plan: ReleasePlan
    private let keyRing: (any KeyRing)?
    /// The clocks, besides those that start at the event, that decide about a token's key.
    private let otherClocks: [RetentionClock]
    private var context = RecordContext()
    private var scratch = ByteBuffer(capacity: 4096)
    private var zone: ZoneCursor
    private var keyMonth: CalendarMonth?
    /// False when nobody is in the registry or has opted out: no record is then asked about.
    private let asksWho: Bool
    private let slots: IdentitySlots
    private(set) var subjects: SubjectLookup
    /// One for each of `plan.generations`.
    private var earlierHolds: OwnedList<SubjectLookup>

    private(set) var outputs: OwnedList<OutputRelease>
    private(set) var observations: ObservationRelease
    private(set) var counts: RecordCounts
    private(set) var quarantine: [QuarantineEntry] = []
    private(set) var matches: OptOutMatches

    init(plan: ReleasePlan, keyRing: (any KeyRing)?) {
        self.plan = plan
        self.keyRing = keyRing
        otherClocks = plan.outputs.flatMap(\.rules).reduce(into: []) { clocks, rule in
            if let clock = rule.otherClock, !clocks.contains(clock) { clocks.append(clock) }
        }
        zone = ZoneCursor(plan.zone)
        asksWho = !plan.optOuts.isEmpty || !plan.subjects.isEmpty
        slots = IdentitySlots(plan)
        subjects = SubjectLookup(plan.subjects)
        earlierHolds = OwnedList(count: plan.generations.count) {
            SubjectLookup(plan.generations[$0].holds)
        }
        outputs = OwnedList(count: plan.outputs.count) {
            OutputRelease(
                plan.outputs[$0], derived: plan.derived, index: $0, isStored: plan.isStored)
        }
        observations = ObservationRelease(plan.observations, derived: plan.derived)
        matches = OptOutMatches(count: plan.optOuts.entryCount)
        counts = RecordCounts(
            outputs: plan.outputs.count, statistics: plan.observations.statistics.count)
    }

    /// Releases the records of `chunk`, which `reader` has indexed into `table`.
    mutating func release(
        _ chunk: borrowing Chunk, _ table: borrowing RecordTable, reader: any RecordReader
    ) {
        counts = RecordCounts(
            outputs: plan.outputs.count, statistics: plan.observations.statistics.count)
        quarantine.removeAll(keepingCapacity: true)
        for index in outputs.indices { outputs[index].begin() }
        observations.begin()
        counts.read = table.count
        var view = RecordView(row: 0, bytes: chunk.buffer.bytes, reader: reader)
        for row in 0..<table.count {
            if table.isGood(row) {
                view.row = row
                releaseRecord(view, chunk, table)
            } else {
                setAside(row, chunk, table)
            }
        }
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

    private mutating func releaseRecord(
        _ view: borrowing RecordView, _ chunk: borrowing Chunk,
        _ table: borrowing RecordTable
    ) {
        let row = view.row
        let bytes = view.bytes
        let reader = view.reader
        if let reason = readTime(row, table, bytes, reader) {
            guard plan.isStored else {
                return quarantine(row, chunk, table, reason)
            }
            // A stored record without a time may never have been aged: the stronger side.
            context.age = .untimed
            context.transform.eventTime = nil
            context.transform.utcOffsetSeconds = 0
            context.pastClocks = .everything
            dropKey()
        } else {
            age(row, table, bytes, reader)
        }
        if asksWho { bar(row, table, bytes, reader) }
        for index in outputs.indices {
            outputs[index].release(
                view, table, context, &scratch,
                dropsOptedOut: plan.dropsOptedOutRecords)
        }
        observations.observe(
            view, table, context, &scratch, dropsOptedOut: plan.dropsOptedOutRecords)
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

    private func parse(
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
        context.age = age(under: plan.clocks, row, table, bytes, reader)
        context.pastClocks = context.age.due
        if plan.isStored, context.time != nil {
            let dealtWith = dealtWith(row, table, bytes, reader)
            context.age = RecordAge(
                due: context.age.due.subtracting(dealtWith), noKey: context.age.noKey)
        }
        context.transform.eventTime = context.time
        context.transform.utcOffsetSeconds =
            context.time.map { zone.utcOffsetSeconds(at: $0) } ?? 0
        guard let time = context.time, !context.age.noKey else {
            if context.time != nil { counts.untimely += 1 }
            return dropKey()
        }
        useKey(of: month(ofDay: context.day))
        if !otherClocks.isEmpty { useOtherKeys(time, row, table, bytes, reader) }
    }

    /// Finds the key of each field that has a clock of its own: that of the month in which it
    /// becomes due. A clock that has not started, or cannot be read, has no key.
    private mutating func useOtherKeys(
        _ time: EventTime, _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) {
        context.otherKeys.removeAll(keepingCapacity: true)
        for clock in otherClocks {
            guard case .field(let slot) = clock.start else { continue }
            let date = parseDate(table.slice(slot: slot, row: row), bytes, reader)
            let month = plan.clocks.keyMonth(
                of: clock, eventTime: time, reading: ClockReading(date))
            context.otherKeys.append((clock, month.flatMap { keyRing?.hasher(for: $0) }))
        }
    }

    private mutating func age(
        under clocks: ClockSet, _ row: Int, _ table: borrowing RecordTable,
        _ bytes: Span<UInt8>, _ reader: any RecordReader
    ) -> RecordAge {
        if clocks.isWindowOnly { return clocks.age(eventTime: context.time) }
        return ageByFields(clocks, row, table, bytes, reader)
    }

    private func ageByFields(
        _ clocks: ClockSet, _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> RecordAge {
        var readings: [Int: ClockReading] = [:]
        for clock in clocks.clocks {
            guard case .field(let slot) = clock.start else { continue }
            let slice = table.slice(slot: slot, row: row)
            let isOpen = slice.kind == .null || (slice.isText && slice.length == 0)
            readings[slot] =
                isOpen ? .notStarted : ClockReading(parseDate(slice, bytes, reader))
        }
        return clocks.age(eventTime: context.time) { readings[$0] ?? .unknown }
    }

    /// A date field in the form of the event time, or in one of the forms that cannot be mistaken
    /// for another.
    private func parseDate(
        _ slice: FieldSlice, _ bytes: Span<UInt8>, _ reader: any RecordReader
    ) -> EventTime? {
        for format in [plan.timeFormat, .rfc3339, .dateTime, .date] {
            if let time = parse(slice, as: format, bytes, reader) { return time }
        }
        return nil
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
            return plan.writtenUnder.map { age(under: $0, row, table, bytes, reader).due } ?? []
        }
        for index in plan.generations.indices.reversed() {
            let verdict = earlierHolds[index].ask(
                slots, time: context.time, row, table, bytes, reader)
            // The oldest run wrote the record anew: a hold kept only what it may show.
            let wasLeft = index > 0 ? verdict.isHeld : verdict.shownIn & 1 == 1
            if !wasLeft {
                return age(under: plan.generations[index].clocks, row, table, bytes, reader).due
            }
        }
        return []
    }

    // MARK: Opt-outs and the registry

    /// Asks who the record is about: the one place where opt-outs, holds, erasures and restrictions
    /// are looked up.
    private mutating func bar(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) {
        context.barred = []
        if !plan.optOuts.isEmpty { barByList(row, table, bytes, reader) }
        guard !plan.subjects.isEmpty else { return }
        let verdict = subjects.ask(slots, time: context.time, row, table, bytes, reader)
        context.verdict = verdict
        context.barred.formUnion(verdict.optedOut)
        context.heldIn =
            !verdict.isHeld ? 0 : plan.isStored ? .max : verdict.shownIn
        guard context.heldIn != 0 else { return }
        // It stays as it is: what was not yet due when it was written is readable.
        context.pastClocks =
            plan.isStored && context.time != nil ? dealtWith(row, table, bytes, reader) : []
    }

    private mutating func barByList(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) {
        slots.withCustomerAndPerson(row, table, bytes, reader) { customer, person in
            context.barred =
                plan.optOuts.answer(
                    customer: customer, person: person, eventTime: context.time,
                    matches: &matches
                ).effect(plan.optOutBasis)
        }
    }
}

/// One record of a chunk, lent to the outputs while it is released.
struct RecordView: ~Escapable {
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
