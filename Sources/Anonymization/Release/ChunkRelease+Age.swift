internal import Records

/// The time of a record, the clocks that have run out for it, and the key of its tokens.
extension ChunkRelease {
    /// Reads the event time into the context; a reason when the record cannot be placed in time.
    mutating func readTime(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> QuarantineReason? {
        context.time = nil
        context.day = ReleasedBatch.noDay
        if plan.datesBySource { return readDatedTime(row, table, bytes) }
        guard let slot = plan.timeSlot else { return nil }
        let slice = table.slice(slot: slot, row: row)
        guard Self.hasTime(slice) else { return .noTime }
        let found: EventTime?
        if let other = plan.timeOfDaySlot {
            let timeOfDay = table.slice(slot: other, row: row)
            guard Self.hasTime(timeOfDay) else { return .noTime }
            found = parse(slice, timeOfDay, bytes)
        } else {
            found = parse(slice, bytes, reader)
        }
        return place(at: found)
    }

    /// False for a field that is missing or empty.
    @inline(__always)
    private static func hasTime(_ slice: FieldSlice) -> Bool {
        slice.hasValue && (slice.length > 0 || !slice.isText)
    }

    private mutating func place(at found: EventTime?) -> QuarantineReason? {
        guard let time = found else { return .badTime }
        let (day, hour) = zone.dayAndHour(at: time)
        // An offset or the zone can move a time out of the years that have names, and a key.
        guard day >= firstDay, day <= lastNamedDay else { return .badTime }
        context.time = time
        (context.day, context.hour) = (day, hour)
        return nil
    }

    /// The same where the source has the date, and the record at most the time of day.
    private mutating func readDatedTime(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>
    ) -> QuarantineReason? {
        guard let date = sourceDate else { return .noTime }
        guard let slot = plan.timeSlot else { return place(at: times.parse(date.span)) }
        let timeOfDay = table.slice(slot: slot, row: row)
        guard Self.hasTime(timeOfDay) else { return .noTime }
        guard timeOfDay.kind == .text else { return .badTime }
        var text = ByteBuffer(capacity: 64)
        text.append(date)
        text.append(UInt8(ascii: " "))
        text.append(bytes.extracting(timeOfDay.offset..<timeOfDay.end))
        return place(at: times.parse(text.bytes))
    }

    private mutating func parse(
        _ slice: FieldSlice, _ bytes: Span<UInt8>, _ reader: any RecordReader
    ) -> EventTime? {
        guard slice.isText || slice.kind == .number else { return nil }
        guard slice.kind == .escapedText else {
            return times.parse(bytes.extracting(slice.offset..<slice.end))
        }
        var text = ByteBuffer(capacity: 64)
        reader.decode(slice, in: bytes, into: &text)
        return times.parse(text.bytes)
    }

    /// The time of a date and a time of day in two fields.
    private mutating func parse(
        _ date: FieldSlice, _ timeOfDay: FieldSlice, _ bytes: Span<UInt8>
    ) -> EventTime? {
        guard date.kind == .text, timeOfDay.kind == .text else { return nil }
        var text = ByteBuffer(capacity: 64)
        text.append(bytes.extracting(date.offset..<date.end))
        text.append(UInt8(ascii: " "))
        text.append(bytes.extracting(timeOfDay.offset..<timeOfDay.end))
        return times.parse(text.bytes)
    }

    /// Works out which clocks have run out and which key the record's tokens are made with.
    mutating func age(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) {
        context.age =
            plan.clocks.isWindowOnly
            ? plan.clocks.age(eventTime: context.time) : age(under: plan.clocks, clockReader)
        watch()
        context.isFieldwise = false
        context.isNoted = plan.notesAll || (isNoted && !plan.isInPlace)
        context.dealtWith = plan.isStored ? dealtBefore(row, table, bytes, reader) : []
        if plan.isInPlace, earlier == nil { recall(row, table, bytes, reader) }
        // What was dealt with is not readable again when its time has come; it may still have to
        // be deleted.
        context.pastClocks = context.age.due.union(
            context.dealtWith.subtracting(plan.deleteClocks))
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
            context.otherKeys[index] = month.flatMap { keys?.hasher(for: $0) }
        }
    }

    /// The age under `clocks` by what `clockReader` has read.
    func age(under clocks: ClockSet, _ clockReader: borrowing ClockReader) -> RecordAge {
        clocks.isWindowOnly
            ? clocks.age(eventTime: context.time)
            : clocks.age(eventTime: context.time, clockReader.readings)
    }

    /// Notes when the record will become due under the clocks that are watched.
    private mutating func watch() {
        guard !plan.watchedClocks.isEmpty, let time = context.time else { return }
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
    /// run deletes; where nobody knows whether it is, the record is counted.
    mutating func isDeleted() -> Bool {
        var isOpen = false
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
            isOpen = isOpen || (isOfLines && wasReadable(index))
        }
        if isOpen { counts.undeleted += 1 }
        return false
    }

    /// True when the record at hand, of a stretch of which only the lines tell what was done to
    /// them, was looked at before clock `index` ran out, and still shows what that reads.
    private func wasReadable(_ index: Int) -> Bool {
        let clock = DueSet(rawValue: 1 << UInt64(index))
        guard context.dealtWith.isDisjoint(with: clock) else { return false }
        return !plan.outputs[0].dependences.contains { dependence in
            dependence.clock == clock && !dependence.readFields.isDisjoint(with: context.dealtWith)
        }
    }

    private mutating func month(ofDay day: Int32) -> CalendarMonth {
        if day != lastDay {
            let date = CivilDate(daysSince1970: Int(day))
            lastMonth = CalendarMonth(year: date.year, month: date.month)
            lastDay = day
        }
        return lastMonth
    }

    mutating func dropKey() {
        // Most often the record before had no key either.
        guard keyMonth != nil || !context.otherKeys.isEmpty else { return }
        context.otherKeys.removeAll(keepingCapacity: true)
        keyMonth = nil
        context.hasher = nil
        context.transform.tokens = nil
        context.cacheEpoch = RecordContext.noEpoch
    }

    private mutating func useKey(of month: CalendarMonth) {
        // Not the months themselves: `==` of a type of another module is looked up each time.
        if month.index != keyMonth?.index {
            keyMonth = month
            context.hasher = keys?.hasher(for: month)
            context.transform.tokens = context.hasher
            context.cacheEpoch =
                context.hasher == nil ? RecordContext.noEpoch : Int32(month.index)
        }
        guard keys != nil, context.hasher == nil else { return }
        // What was made of a stored record while the key lived stays.
        if plan.isStored, context.age.due.subtracting(context.dealtWith).isEmpty { return }
        counts.keyless += 1
    }

    /// Places a stored record whose time was cut or dropped: it is of the day of its part. What is
    /// due in it is so at the latest with the first instant of that day. What was not due yet when
    /// its run wrote it may stay: a proof takes the last instant.
    mutating func recallDay() {
        guard context.time == nil, let day = plan.storedDay else { return }
        let start = zone.zone.startOfDay(day)
        let end = EventTime(milliseconds: zone.zone.startOfDay(day + 1).milliseconds - 1)
        context.time =
            plan.provesStored ? max(start, min(end, plan.clocks.runClock.now)) : start
        (context.day, context.hour) = (Int32(day), 0)
        isOfRecalledDay = true
    }

    /// What was dealt with when a stored record was written. Of one that only its day is known of
    /// it is what was with the last instant of that day.
    private mutating func dealtBefore(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> DueSet {
        guard isOfRecalledDay, let day = plan.storedDay else {
            return dealtWith(row, table, bytes, reader)
        }
        let time = context.time
        context.time = EventTime(milliseconds: zone.zone.startOfDay(day + 1).milliseconds - 1)
        defer { context.time = time }
        return dealtWith(row, table, bytes, reader)
    }

    /// What was due, and dealt with, when a stored record was written.
    private mutating func dealtWith(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> DueSet {
        // What was noted of a record is so, whatever was to be done by the runs.
        if isOfLines { return remembered(row, table, bytes, reader) }
        if isNoted, let earlier { return dealtWith(by: earlier) }
        guard !plan.generations.isEmpty else {
            return earlier.map { dealtWith(by: $0) } ?? []
        }
        for index in plan.generations.indices.reversed() {
            let verdict = earlierHolds[index].ask(
                slots, time: context.time, row, table, bytes, reader)
            // The oldest run wrote the record anew: a hold kept only what it may show.
            let wasLeft = index > 0 ? verdict.isHeld : verdict.shownIn & 1 == 1
            if !wasLeft {
                // What the tables said then is known of the last run only.
                let isLast = index == plan.generations.count - 1
                let knowsTables = isLast && !plan.tablesBefore.isEmpty
                let generation = plan.generations[index]
                if let fields = generation.fields {
                    return dealtWith(
                        by: .fieldwise(generation.clocks, knowsTables: knowsTables, fields))
                }
                return dueBefore(generation.clocks, !knowsTables)
            }
        }
        return []
    }

    /// What `earlier` dealt with in the record at hand; where other rules were in force, the
    /// context says it field by field.
    mutating func dealtWith(by earlier: ReleasePlan.EarlierRun) -> DueSet {
        switch earlier {
        case .under(let clocks, let knowsTables): return dueBefore(clocks, !knowsTables)
        case .exactly(let dealtWith): return dealtWith
        case .byLine: return []
        case .fieldwise(let clocks, let knowsTables, let fields):
            let due = dueBefore(clocks, !knowsTables)
            context.isFieldwise = true
            context.doneSlots.removeAll(keepingCapacity: true)
            for past in fields { context.doneSlots.append(isDone(past, due)) }
            return []
        }
    }

    /// True when a field of that past was dealt with in the record at hand, for which `due` had run
    /// out.
    private func isDone(_ past: ReleasePlan.FieldPast, _ due: DueSet) -> Bool {
        func isBefore(_ instant: EventTime) -> Bool { context.time.map { $0 < instant } ?? false }
        return switch past {
        case .never: false
        case .always: true
        case .under(let clocks): !due.isDisjoint(with: clocks)
        case .before(let instant): isBefore(instant)
        case .either(let clocks, let instant):
            !due.isDisjoint(with: clocks) || isBefore(instant)
        }
    }

    /// The clocks that had run out under `clocks`; those that read tables count as not run out when
    /// the tables of that time are unknown.
    private func dueBefore(_ clocks: ClockSet, _ tablesAreUnknown: Bool) -> DueSet {
        // Without any time nobody knows: the stronger side.
        guard context.time != nil else { return [] }
        let due = age(under: clocks, readerBefore).due
        return tablesAreUnknown ? due.subtracting(tableClocks) : due
    }
}
