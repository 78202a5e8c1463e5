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

    /// A step of the layout without references.
    struct HotStep: BitwiseCopyable {
        var kind: StatisticLayout.Step.Kind
        var input: Int32
        var cell: Int32
        var evidenceCell: Int32
        /// Below zero when there is none.
        var list: Int32
        var contributors: Int32
        var firstTest: Int32 = 0
        var testCount: Int32 = 0
    }

    let layout: StatisticLayout
    let index: Int
    var keys: KeyTable
    var cells = FlatArray<Int64>(capacity: 64)
    var contributors: Contributors
    var members: OwnedList<PairSet>
    var numbers: OwnedList<NumberList>
    var sessions: OwnedList<SessionStore>

    /// The plan once more as plain values: the loops over rows touch nothing reference-counted.
    private var parts = FlatArray<KeyPart>()
    private var dimensions = FlatArray<Int32>()
    private var dimensionAt = 0
    private var steps = FlatArray<HotStep>()
    private let conditions: [[Condition]]
    private var tests = FlatArray<Test>()
    private var testTexts = FlatArray<UInt32>()
    private var sessionTokens = FlatArray<Int32>()
    /// The words of a group key that are part of a session key too.
    private var sessionParts = FlatArray<Int32>()
    private let hasSessionTail: Bool
    private let isSeparable: Bool
    private let keepsContributors: Bool
    private let hasRows: Bool
    private let cellCount: Int
    /// Token inputs; below zero when the plan has none.
    private let personInput: Int
    private let customerInput: Int
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
        conditions = layout.steps.map { statistic.measures[$0.measure].conditions }
        key = FlatArray(capacity: layout.rowWords.count)
        key.resize(to: layout.rowWords.count, filling: 0)
        sessionKey = FlatArray(capacity: layout.sessionWords.count)
        sessionKey.resize(to: layout.sessionWords.count, filling: 0)
        hasSessionTail = layout.sessionWords.count > layout.sessionHead.count
        isSeparable = layout.isSeparable
        keepsContributors = layout.contributorSets > 0
        hasRows = layout.hasRows
        cellCount = layout.cellCount
        personInput = layout.personInput ?? -1
        customerInput = layout.customerInput ?? -1
        for part in statistic.groupBy { addPart(part) }
        addSteps()
    }

    private mutating func addPart(_ part: GroupKey) {
        switch part {
        case .month: parts.append(KeyPart(source: .month, input: 0))
        case .day: parts.append(KeyPart(source: .day, input: 0))
        case .hour: parts.append(KeyPart(source: .hour, input: 0))
        case .text(let input, _): parts.append(KeyPart(source: .text, input: Int32(input)))
        case .dimensions(let all):
            for dimension in all { dimensions.append(Int32(dimension.input)) }
            for at in 0..<parts.count { dimensionAt += parts[at].source == .dimension ? 2 : 1 }
            parts.append(KeyPart(source: .dimension, input: 0))
        }
    }

    private mutating func addSteps() {
        for step in layout.steps {
            steps.append(
                HotStep(
                    kind: step.kind, input: Int32(step.input), cell: Int32(step.cell),
                    evidenceCell: Int32(step.evidenceCell), list: Int32(step.list ?? -1),
                    contributors: Int32(step.contributors)))
        }
        for (_, plan) in layout.sessions { sessionTokens.append(Int32(plan.token)) }
        for (word, kind) in layout.groupWords.enumerated() {
            switch kind {
            case .month, .day, .hour: continue
            case .dimension, .text, .token: sessionParts.append(Int32(word))
            }
        }
    }

    /// Numbers the texts of the conditions; needed once, and again after each `removeAll`.
    mutating func prepare(_ interner: inout TextInterner) {
        tests.truncate(to: 0)
        testTexts.truncate(to: 0)
        for (number, list) in conditions.enumerated() {
            steps[number].firstTest = Int32(tests.count)
            steps[number].testCount = Int32(list.count)
            for condition in list {
                tests.append(
                    Test(
                        input: Int32(condition.input), firstText: Int32(testTexts.count),
                        textCount: Int32(condition.texts.count)))
                for text in condition.texts { testTexts.append(interner.number(text)) }
            }
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
        let bit = UInt64(1) << UInt64(index)
        for row in 0..<batch.count where identifiers.masks[row] & bit != 0 {
            fillKey(row, identifiers)
            if dimensions.count == 0 {
                count(row, batch, chunk, identifiers)
                continue
            }
            for number in 0..<dimensions.count {
                key[dimensionAt] = UInt32(truncatingIfNeeded: number)
                key[dimensionAt &+ 1] =
                    identifiers.texts[row &* identifiers.textCount &+ Int(dimensions[number])]
                count(row, batch, chunk, identifiers)
            }
        }
    }

    @inline(__always)
    private mutating func fillKey(_ row: Int, _ identifiers: borrowing RowIdentifiers) {
        var at = 0
        for number in 0..<parts.count {
            let part = parts[number]
            switch part.source {
            case .month: key[at] = identifiers.months[row]
            case .day: key[at] = identifiers.days[row]
            case .hour: key[at] = identifiers.hours[row]
            case .text:
                key[at] = identifiers.texts[row &* identifiers.textCount &+ Int(part.input)]
            case .dimension: at &+= 1
            }
            at &+= 1
        }
        if isSeparable {
            key[at] = token(personInput, row, identifiers)
            key[at &+ 1] = token(customerInput, row, identifiers)
            key[at &+ 2] = identifiers.days[row]
        }
    }

    @inline(__always)
    private func token(
        _ input: Int, _ row: Int, _ identifiers: borrowing RowIdentifiers
    ) -> UInt32 {
        input < 0 ? 0 : identifiers.tokens[row &* identifiers.tokenCount &+ input]
    }

    @inline(__always)
    private mutating func count(
        _ row: Int, _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) {
        if hasRows { countRow(row, batch, chunk, identifiers) }
        if sessionTokens.count > 0 { countSessions(row, identifiers) }
    }

    private mutating func countRow(
        _ row: Int, _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) {
        let group = keys.row(key, last: lastRow)
        lastRow = group
        if group &* cellCount == cells.count {
            cells.append(repeating: 0, count: cellCount)
            if keepsContributors { contributors.appendRow() }
        }
        cells[group &* cellCount] &+= 1
        let person = keepsContributors ? token(personInput, row, identifiers) : 0
        let customer = keepsContributors ? token(customerInput, row, identifiers) : 0
        if keepsContributors {
            contributors.add(row: group, set: 0, person: person, customer: customer)
        }
        for number in 0..<steps.count {
            let step = steps[number]
            guard holds(step, row, identifiers),
                measure(step, group, row, batch, chunk, identifiers)
            else { continue }
            if step.contributors > 0 {
                contributors.add(
                    row: group, set: Int(step.contributors), person: person,
                    customer: customer)
            }
        }
    }

    @inline(__always)
    private func holds(
        _ step: HotStep, _ row: Int, _ identifiers: borrowing RowIdentifiers
    ) -> Bool {
        for number in 0..<Int(step.testCount) {
            let test = tests[Int(step.firstTest) &+ number]
            let text = identifiers.texts[row &* identifiers.textCount &+ Int(test.input)]
            var isOneOf = false
            for index in 0..<Int(test.textCount)
            where testTexts[Int(test.firstText) &+ index] == text {
                isOneOf = true
            }
            if !isOneOf { return false }
        }
        return true
    }

    /// Adds a row to one measure; false when the row had nothing to add.
    @inline(__always)
    private mutating func measure(
        _ step: HotStep, _ group: Int, _ row: Int,
        _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>,
        _ identifiers: borrowing RowIdentifiers
    ) -> Bool {
        let cell = group &* cellCount &+ Int(step.cell)
        switch step.kind {
        case .count:
            cells[cell] &+= 1
        case .distinct:
            let token = identifiers.tokens[
                row &* identifiers.tokenCount &+ Int(step.input)]
            if token == 0 { return false }
            cells[cell] &+= 1
            if step.list >= 0 {
                members.change(Int(step.list)) { $0.insert(row: group, token: token) }
            }
        case .sum, .percentile:
            return measureNumber(step, group, cell, row, batch, chunk)
        }
        return true
    }

    private mutating func measureNumber(
        _ step: HotStep, _ group: Int, _ cell: Int, _ row: Int,
        _ batch: borrowing ObservationBatch, _ chunk: Span<UInt8>
    ) -> Bool {
        let slice = batch.texts[row &* batch.textInputCount &+ Int(step.input)]
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
            let sum = wideInteger(low: cells[cell], high: cells[cell &+ 1]) + number.billionths
            cells[cell] = Int64(truncatingIfNeeded: sum)
            cells[cell &+ 1] = Int64(truncatingIfNeeded: sum >> 64)
        } else if step.list >= 0 {
            numbers.change(Int(step.list)) { $0.add(row: group, number) }
        }
        return true
    }

    private mutating func countSessions(
        _ row: Int, _ identifiers: borrowing RowIdentifiers
    ) {
        let day = identifiers.days[row]
        if day == 0 { return }
        var head = 0
        for part in 0..<sessionParts.count {
            sessionKey[head] = key[Int(sessionParts[part])]
            head &+= 1
        }
        if hasSessionTail {
            sessionKey[head &+ 1] = token(personInput, row, identifiers)
            sessionKey[head &+ 2] = token(customerInput, row, identifiers)
            if isSeparable { sessionKey[head &+ 3] = day }
        }
        let time = identifiers.times[row]
        let localHour = identifiers.localHours[row]
        for number in 0..<sessionTokens.count {
            let token = identifiers.tokens[
                row &* identifiers.tokenCount &+ Int(sessionTokens[number])]
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
