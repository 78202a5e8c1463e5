import Anonymization
import Records

/// What the steps of counting hand on for the rows of one batch: each step goes through all rows
/// before the next begins, so that its loop is short and its tables stay in the cache.
struct CountingPass: ~Copyable {
    /// The rows of the batch that are counted. All lists below go by the place in this one.
    var rows = FlatArray<UInt32>(capacity: 1 << 10)
    /// The keys, one after the other.
    var keys = FlatArray<UInt32>(capacity: 1 << 11)
    /// The row of the table that each key has.
    var groups = FlatArray<UInt32>(capacity: 1 << 10)
    /// The places that a measure counts.
    var fitting = FlatArray<UInt32>(capacity: 1 << 10)
    /// The places that have a session key, these keys, and the events.
    var sessionPlaces = FlatArray<UInt32>(capacity: 1 << 10)
    var sessionKeys = FlatArray<UInt32>(capacity: 1 << 11)
    var events = FlatArray<SessionStore.Event>(capacity: 1 << 10)
}

extension StatisticState {
    /// Counts the rows of `batch` that this statistic may count.
    mutating func observe(
        _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) {
        selectRows(identifiers)
        if pass.rows.count == 0 { return }
        fillKeys(identifiers)
        if dimensions.count == 0 { return count(batch, chunk, identifiers) }
        for number in 0..<dimensions.count {
            let input = Int(dimensions[number])
            fillDimension(UInt32(truncatingIfNeeded: number), identifiers.texts[input])
            count(batch, chunk, identifiers)
        }
    }

    private mutating func selectRows(_ identifiers: borrowing RowIdentifiers) {
        let count = identifiers.masks.count
        pass.rows.resize(to: count, filling: 0)
        var selected = 0
        for row in 0..<count {
            pass.rows[selected] = UInt32(truncatingIfNeeded: row)
            selected &+= Int(truncatingIfNeeded: identifiers.masks[row] >> bit & 1)
        }
        pass.rows.truncate(to: selected)
    }

    // MARK: Keys

    private mutating func fillKeys(_ identifiers: borrowing RowIdentifiers) {
        pass.keys.resize(to: pass.rows.count &* keys.width, filling: 0)
        var word = 0
        for number in 0..<parts.count {
            let part = parts[number]
            switch part.source {
            case .month: fillWord(word, identifiers.months)
            case .day: fillWord(word, identifiers.days)
            case .hour: fillWord(word, identifiers.hours)
            case .text: fillWord(word, identifiers.texts[Int(part.input)])
            case .dimension: word &+= 1
            }
            word &+= 1
        }
        if isSeparable {
            if personInput >= 0 { fillWord(word, identifiers.tokens[personInput]) }
            if customerInput >= 0 { fillWord(word &+ 1, identifiers.tokens[customerInput]) }
            fillWord(word &+ 2, identifiers.days)
        }
    }

    private mutating func fillDimension(_ number: UInt32, _ texts: borrowing FlatArray<UInt32>) {
        for place in 0..<pass.rows.count {
            pass.keys[place &* keys.width &+ dimensionAt] = number
        }
        fillWord(dimensionAt &+ 1, texts)
    }

    private mutating func fillWord(_ word: Int, _ column: borrowing FlatArray<UInt32>) {
        for place in 0..<pass.rows.count {
            pass.keys[place &* keys.width &+ word] = column[Int(pass.rows[place])]
        }
    }

    // MARK: Rows

    private mutating func count(
        _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) {
        if hasRows { countRows(batch, chunk, identifiers) }
        if sessionTokens.count > 0 { countSessions(identifiers) }
    }

    private mutating func countRows(
        _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) {
        keys.rows(of: pass.keys, count: pass.rows.count, into: &pass.groups)
        makeRows()
        for place in 0..<pass.groups.count {
            cells[Int(pass.groups[place]) &* cellCount] &+= 1
        }
        fitAll()
        if keepsContributors { addContributors(to: 0, identifiers) }
        for number in 0..<steps.count {
            let step = steps[number]
            if number > 0 { fitAll() }
            keepFitting(step, identifiers)
            measure(step, batch, chunk, identifiers)
            if step.contributors > 0 {
                addContributors(to: Int(step.contributors), identifiers)
            }
        }
    }

    /// Makes room for rows that are new.
    mutating func makeRows() {
        let known = cells.count / cellCount
        cells.resize(to: keys.count &* cellCount, filling: 0)
        guard keepsContributors else { return }
        for _ in known..<max(keys.count, known) { contributors.appendRow() }
    }

    private mutating func fitAll() {
        pass.fitting.resize(to: pass.rows.count, filling: 0)
        for place in 0..<pass.rows.count {
            pass.fitting[place] = UInt32(truncatingIfNeeded: place)
        }
    }

    /// Adds who stands behind the fitting places to a set of their rows.
    private mutating func addContributors(
        to set: Int, _ identifiers: borrowing RowIdentifiers
    ) {
        for index in 0..<pass.fitting.count {
            let place = Int(pass.fitting[index])
            let row = Int(pass.rows[place])
            contributors.add(
                row: Int(pass.groups[place]), set: set,
                person: personInput < 0 ? 0 : identifiers.tokens[personInput][row],
                customer: customerInput < 0 ? 0 : identifiers.tokens[customerInput][row])
        }
    }

    // MARK: Measures

    /// Leaves the places for which all conditions of a step hold.
    private mutating func keepFitting(
        _ step: HotStep, _ identifiers: borrowing RowIdentifiers
    ) {
        for number in 0..<Int(step.testCount) {
            let test = tests[Int(step.firstTest) &+ number]
            if test.textCount == 1 {
                keepFitting(identifiers.texts[Int(test.input)], testTexts[Int(test.firstText)])
            } else {
                keepFitting(identifiers.texts[Int(test.input)], test)
            }
        }
    }

    private mutating func keepFitting(
        _ texts: borrowing FlatArray<UInt32>, _ wanted: UInt32
    ) {
        var kept = 0
        for index in 0..<pass.fitting.count {
            let place = pass.fitting[index]
            pass.fitting[kept] = place
            // No branch: which records fit is anybody's guess.
            kept &+= texts[Int(pass.rows[Int(place)])] == wanted ? 1 : 0
        }
        pass.fitting.truncate(to: kept)
    }

    private mutating func keepFitting(_ texts: borrowing FlatArray<UInt32>, _ test: Test) {
        var kept = 0
        for index in 0..<pass.fitting.count {
            let place = pass.fitting[index]
            let text = texts[Int(pass.rows[Int(place)])]
            var isOneOf = 0
            for number in 0..<Int(test.textCount) {
                isOneOf |= testTexts[Int(test.firstText) &+ number] == text ? 1 : 0
            }
            pass.fitting[kept] = place
            kept &+= isOneOf
        }
        pass.fitting.truncate(to: kept)
    }

    /// Adds the fitting places to one measure; leaves those that had something to add.
    private mutating func measure(
        _ step: HotStep, _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) {
        switch step.kind {
        case .count: addOne(to: step)
        case .distinct:
            keepNamed(identifiers.tokens[Int(step.input)])
            addOne(to: step)
            if step.list >= 0 { addMembers(step, identifiers.tokens[Int(step.input)]) }
        case .sum, .percentile: measureNumbers(step, batch, chunk)
        }
    }

    private mutating func addOne(to step: HotStep) {
        for index in 0..<pass.fitting.count {
            let group = Int(pass.groups[Int(pass.fitting[index])])
            cells[group &* cellCount &+ Int(step.cell)] &+= 1
        }
    }

    /// Leaves the places that have a token.
    private mutating func keepNamed(_ tokens: borrowing FlatArray<UInt32>) {
        var kept = 0
        for index in 0..<pass.fitting.count {
            let place = pass.fitting[index]
            pass.fitting[kept] = place
            kept &+= tokens[Int(pass.rows[Int(place)])] != 0 ? 1 : 0
        }
        pass.fitting.truncate(to: kept)
    }

    private mutating func addMembers(_ step: HotStep, _ tokens: borrowing FlatArray<UInt32>) {
        for index in 0..<pass.fitting.count {
            let place = Int(pass.fitting[index])
            members[Int(step.list)].insert(
                row: pass.groups[place], token: tokens[Int(pass.rows[place])])
        }
    }

    private mutating func measureNumbers(
        _ step: HotStep, _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>
    ) {
        var kept = 0
        for index in 0..<pass.fitting.count {
            let place = pass.fitting[index]
            let slice = batch.texts[Int(step.input)][Int(pass.rows[Int(place)])]
            pass.fitting[kept] = place
            if measureNumber(step, Int(pass.groups[Int(place)]), slice, batch, chunk) {
                kept &+= 1
            }
        }
        pass.fitting.truncate(to: kept)
    }

    /// Adds a number to its measure; false when there was none.
    @inline(__always)
    private mutating func measureNumber(
        _ step: HotStep, _ group: Int, _ slice: FieldSlice,
        _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>
    ) -> Bool {
        guard slice.hasValue, slice.length > 0 else { return false }
        let inArena = slice.start & ObservationBatch.arenaBit != 0
        let start = Int(slice.start & ~ObservationBatch.arenaBit)
        let range = start..<start + slice.length
        let number =
            inArena
            ? ExactDecimal(batch.arena.bytes.extracting(range))
            : ExactDecimal(chunk.extracting(range))
        let evidence = group &* cellCount &+ Int(step.evidenceCell)
        guard let number else {
            cells.change(evidence &+ 1) { $0 &+= 1 }
            return false
        }
        cells.change(evidence) { $0 &+= 1 }
        if step.kind == .sum {
            let cell = group &* cellCount &+ Int(step.cell)
            let sum = wideInteger(low: cells[cell], high: cells[cell &+ 1]) + number.billionths
            cells[cell] = Int64(truncatingIfNeeded: sum)
            cells[cell &+ 1] = Int64(truncatingIfNeeded: sum >> 64)
        } else if step.list >= 0 {
            numbers.change(Int(step.list)) { $0.add(row: group, number) }
        }
        return true
    }

    // MARK: Sessions

    private mutating func countSessions(_ identifiers: borrowing RowIdentifiers) {
        for number in 0..<sessionTokens.count {
            let input = Int(sessionTokens[number])
            selectSessions(identifiers, identifiers.tokens[input])
            fillSessionKeys(identifiers, identifiers.tokens[input])
            sessions[number].add(
                pass.sessionKeys, token: layout.sessionHead.count &- 1, pass.events)
        }
    }

    /// The places with a time and a token, and their events.
    private mutating func selectSessions(
        _ identifiers: borrowing RowIdentifiers, _ tokens: borrowing FlatArray<UInt32>
    ) {
        pass.sessionPlaces.truncate(to: 0)
        pass.events.truncate(to: 0)
        for place in 0..<pass.rows.count {
            let row = Int(pass.rows[place])
            guard identifiers.days[row] != 0, tokens[row] != 0 else { continue }
            pass.sessionPlaces.append(UInt32(truncatingIfNeeded: place))
            pass.events.append(identifiers.events[row])
        }
    }

    /// The session keys: the group without its time parts, the token, and what intervals are kept
    /// apart by.
    private mutating func fillSessionKeys(
        _ identifiers: borrowing RowIdentifiers, _ tokens: borrowing FlatArray<UInt32>
    ) {
        pass.sessionKeys.truncate(to: 0)
        for index in 0..<pass.sessionPlaces.count {
            let place = Int(pass.sessionPlaces[index])
            let row = Int(pass.rows[place])
            for part in 0..<sessionParts.count {
                pass.sessionKeys.append(
                    pass.keys[place &* keys.width &+ Int(sessionParts[part])])
            }
            pass.sessionKeys.append(tokens[row])
            guard hasSessionTail else { continue }
            pass.sessionKeys.append(
                personInput < 0 ? 0 : identifiers.tokens[personInput][row])
            pass.sessionKeys.append(
                customerInput < 0 ? 0 : identifiers.tokens[customerInput][row])
            if isSeparable { pass.sessionKeys.append(identifiers.days[row]) }
        }
    }
}
