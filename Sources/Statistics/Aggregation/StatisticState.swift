import Anonymization
import Records

/// The aggregates of one statistic on one worker.
struct StatisticState: ~Copyable {
    /// One part of a key: what it is and which input it comes from.
    struct KeyPart: BitwiseCopyable {
        enum Source: UInt8, BitwiseCopyable { case month, day, hour, text, dimension }
        var source: Source
        var input: Int32
    }

    /// A condition with the numbers of its texts.
    struct Test: BitwiseCopyable {
        var input: Int32
        var firstText: Int32
        var textCount: Int32
    }

    let layout: StatisticLayout
    let index: Int
    var keys: KeyTable
    var cells = FlatArray<Int64>(capacity: 64)
    var contributors: Contributors
    var members: OwnedList<PairSet>
    var numbers: OwnedList<NumberList>
    var sessions: OwnedList<SessionStore>

    private var parts: [KeyPart] = []
    private var dimensions: [Dimension] = []
    private var dimensionAt = 0
    private let steps: [StatisticLayout.Step]
    private let conditions: [[Condition]]
    private var tests: [Test] = []
    private var testRanges: [Range<Int>] = []
    private var testTexts: [UInt32] = []
    private var key: FlatArray<UInt32>
    private var sessionKey: FlatArray<UInt32>
    private var lastRow = 0

    init(_ statistic: StatisticPlan, at index: Int, in plan: StatisticsPlan, seed: UInt64) {
        let layout = StatisticLayout(statistic, in: plan)
        self.layout = layout
        self.index = index
        keys = KeyTable(width: layout.rowWords.count, seed: seed)
        contributors = Contributors(
            setCount: layout.contributorSets, personsMax: layout.personsMax,
            customersMax: layout.customersMax)
        members = OwnedList(count: layout.lists.count) { _ in PairSet(seed: seed) }
        numbers = OwnedList(count: layout.lists.count) { _ in NumberList() }
        sessions = OwnedList(count: layout.sessions.count) {
            SessionStore(
                width: layout.sessionWords.count, gap: layout.sessions[$0].plan.gapMilliseconds,
                seed: seed)
        }
        steps = layout.steps
        conditions = layout.steps.map { statistic.measures[$0.measure].conditions }
        key = FlatArray(capacity: layout.rowWords.count)
        key.resize(to: layout.rowWords.count, filling: 0)
        sessionKey = FlatArray(capacity: layout.sessionWords.count)
        sessionKey.resize(to: layout.sessionWords.count, filling: 0)
        for part in statistic.groupBy { addPart(part) }
    }

    private mutating func addPart(_ part: GroupKey) {
        switch part {
        case .month: parts.append(KeyPart(source: .month, input: 0))
        case .day: parts.append(KeyPart(source: .day, input: 0))
        case .hour: parts.append(KeyPart(source: .hour, input: 0))
        case .text(let input, _): parts.append(KeyPart(source: .text, input: Int32(input)))
        case .dimensions(let all):
            dimensions = all
            dimensionAt = parts.reduce(0) { $0 + ($1.source == .dimension ? 2 : 1) }
            parts.append(KeyPart(source: .dimension, input: 0))
        }
    }

    /// Numbers the texts of the conditions; needed once, and again after each `removeAll`.
    mutating func prepare(_ interner: inout TextInterner) {
        tests = []
        testRanges = []
        testTexts = []
        for list in conditions {
            let start = tests.count
            for condition in list {
                let first = testTexts.count
                testTexts += condition.texts.map { interner.number($0) }
                tests.append(
                    Test(
                        input: Int32(condition.input), firstText: Int32(first),
                        textCount: Int32(condition.texts.count)))
            }
            testRanges.append(start..<tests.count)
        }
    }

    /// The memory held, in bytes.
    var residentBytes: Int {
        var sum = keys.residentBytes + cells.residentBytes + contributors.residentBytes
        for index in 0..<members.count { sum += members.read(index) { $0.residentBytes } }
        for index in 0..<numbers.count { sum += numbers.read(index) { $0.residentBytes } }
        for index in 0..<sessions.count { sum += sessions.read(index) { $0.residentBytes } }
        return sum
    }

    /// Forgets everything counted.
    mutating func removeAll() {
        keys.removeAll()
        cells.removeAll()
        contributors.removeAll()
        for index in 0..<members.count { members.change(index) { $0.removeAll() } }
        for index in 0..<numbers.count { numbers.change(index) { $0.removeAll() } }
        for index in 0..<sessions.count { sessions.change(index) { $0.removeAll() } }
        lastRow = 0
    }

    /// Counts the rows of `batch` that this statistic may count.
    mutating func observe(
        _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) {
        let masks = batch.statistics
        let bit = UInt64(1) << UInt64(index)
        for row in 0..<batch.count where masks[row] & bit != 0 {
            fillKey(row, batch, identifiers)
            if dimensions.isEmpty {
                count(row, batch, chunk, identifiers)
                continue
            }
            for (number, dimension) in dimensions.enumerated() {
                key[dimensionAt] = UInt32(truncatingIfNeeded: number)
                key[dimensionAt &+ 1] =
                    identifiers.texts[row &* identifiers.textCount &+ dimension.input]
                count(row, batch, chunk, identifiers)
            }
        }
    }

    @inline(__always)
    private mutating func fillKey(
        _ row: Int, _ batch: borrowing ObservationBatch, _ identifiers: borrowing RowIdentifiers
    ) {
        var at = 0
        for part in parts {
            switch part.source {
            case .month: key[at] = identifiers.months[row]
            case .day: key[at] = TimeWord.day(batch.days[row])
            case .hour: key[at] = TimeWord.hour(batch.hours[row], day: batch.days[row])
            case .text:
                key[at] = identifiers.texts[row &* identifiers.textCount &+ Int(part.input)]
            case .dimension: at &+= 1
            }
            at &+= 1
        }
        if layout.isSeparable {
            key[at] = token(layout.personInput, row, identifiers)
            key[at &+ 1] = token(layout.customerInput, row, identifiers)
            key[at &+ 2] = TimeWord.day(batch.days[row])
        }
    }

    @inline(__always)
    private func token(
        _ input: Int?, _ row: Int, _ identifiers: borrowing RowIdentifiers
    ) -> UInt32 {
        guard let input else { return 0 }
        return identifiers.tokens[row &* identifiers.tokenCount &+ input]
    }

    @inline(__always)
    private mutating func count(
        _ row: Int, _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) {
        if layout.hasRows { countRow(row, batch, chunk, identifiers) }
        if sessions.count > 0 { countSessions(row, batch, identifiers) }
    }

    private mutating func countRow(
        _ row: Int, _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) {
        let group = keys.row(key, last: lastRow)
        lastRow = group
        if group &* layout.cellCount == cells.count {
            cells.append(repeating: 0, count: layout.cellCount)
            if layout.contributorSets > 0 { contributors.appendRow() }
        }
        cells.change(group &* layout.cellCount) { $0 &+= 1 }
        let keepsContributors = layout.contributorSets > 0
        let person = keepsContributors ? token(layout.personInput, row, identifiers) : 0
        let customer = keepsContributors ? token(layout.customerInput, row, identifiers) : 0
        if keepsContributors {
            contributors.add(row: group, set: 0, person: person, customer: customer)
        }
        for (number, step) in steps.enumerated() {
            guard holds(testRanges[number], row, identifiers),
                measure(step, group, row, batch, chunk, identifiers)
            else { continue }
            if step.contributors > 0 {
                contributors.add(
                    row: group, set: step.contributors, person: person, customer: customer)
            }
        }
    }

    @inline(__always)
    private func holds(
        _ range: Range<Int>, _ row: Int, _ identifiers: borrowing RowIdentifiers
    ) -> Bool {
        for number in range {
            let test = tests[number]
            let text = identifiers.texts[row &* identifiers.textCount &+ Int(test.input)]
            var isOneOf = false
            for index in 0..<Int(test.textCount) {
                if testTexts[Int(test.firstText) &+ index] == text { isOneOf = true }
            }
            if !isOneOf { return false }
        }
        return true
    }

    /// Adds a row to one measure; false when the row had nothing to add.
    @inline(__always)
    private mutating func measure(
        _ step: StatisticLayout.Step, _ group: Int, _ row: Int,
        _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) -> Bool {
        let cell = group &* layout.cellCount &+ step.cell
        switch step.kind {
        case .count:
            cells.change(cell) { $0 &+= 1 }
        case .distinct:
            let token = identifiers.tokens[row &* identifiers.tokenCount &+ step.input]
            if token == 0 { return false }
            cells.change(cell) { $0 &+= 1 }
            if let list = step.list {
                members.change(list) { $0.insert(row: group, token: token) }
            }
        case .sum, .percentile:
            return measureNumber(step, group, cell, row, batch, chunk)
        }
        return true
    }

    private mutating func measureNumber(
        _ step: StatisticLayout.Step, _ group: Int, _ cell: Int, _ row: Int,
        _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>
    ) -> Bool {
        let slice = batch.texts[row &* batch.textInputCount &+ step.input]
        guard slice.hasValue, slice.length > 0 else { return false }
        let inArena = slice.start & ObservationBatch.arenaBit != 0
        let start = Int(slice.start & ~ObservationBatch.arenaBit)
        let range = start..<start + slice.length
        let number =
            inArena
            ? ExactDecimal(batch.arena.bytes.extracting(range))
            : ExactDecimal(chunk.extracting(range))
        let evidence = step.kind == .sum ? cell &+ 2 : cell
        guard let number else {
            cells.change(evidence &+ 1) { $0 &+= 1 }
            return false
        }
        cells.change(evidence) { $0 &+= 1 }
        if step.kind == .sum {
            let sum = wideInteger(low: cells[cell], high: cells[cell &+ 1]) + number.billionths
            cells[cell] = Int64(truncatingIfNeeded: sum)
            cells[cell &+ 1] = Int64(truncatingIfNeeded: sum >> 64)
        } else if let list = step.list {
            numbers.change(list) { $0.add(row: group, number) }
        }
        return true
    }

    private mutating func countSessions(
        _ row: Int, _ batch: borrowing ObservationBatch, _ identifiers: borrowing RowIdentifiers
    ) {
        let day = batch.days[row]
        if day == ReleasedBatch.noDay { return }
        var head = 0
        for word in 0..<layout.groupWords.count {
            switch layout.groupWords[word] {
            case .month, .day, .hour: continue
            case .dimension, .text, .token:
                sessionKey[head] = key[word]
                head &+= 1
            }
        }
        if head &+ 1 < layout.sessionWords.count {
            sessionKey[head &+ 1] = token(layout.personInput, row, identifiers)
            sessionKey[head &+ 2] = token(layout.customerInput, row, identifiers)
            if layout.isSeparable { sessionKey[head &+ 3] = TimeWord.day(day) }
        }
        let time = batch.times[row]
        let localHour = day &* 24 &+ Int32(batch.hours[row])
        for number in 0..<layout.sessions.count {
            let token = identifiers.tokens[
                row &* identifiers.tokenCount &+ layout.sessions[number].plan.token]
            if token == 0 { continue }
            sessionKey[head] = token
            sessions.change(number) { $0.add(sessionKey, time: time, localHour: localHour) }
        }
    }
}

/// The 128-bit whole number of two counters.
@inline(__always)
func wideInteger(low: Int64, high: Int64) -> Int128 {
    Int128(high) << 64 | Int128(UInt64(bitPattern: low))
}
