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
    /// The bit of the masks of rows that may be counted.
    let bit: UInt64
    var keys: KeyTable
    var cells = FlatArray<Int64>(capacity: 64)
    var contributors: Contributors
    var members: OwnedList<PairSet>
    var numbers: OwnedList<NumberList>
    var sessions: OwnedList<SessionStore>

    /// The plan once more as plain values: the loops over rows touch nothing reference-counted.
    private(set) var parts = FlatArray<KeyPart>()
    private(set) var dimensions = FlatArray<Int32>()
    private(set) var dimensionAt = 0
    private(set) var steps = FlatArray<HotStep>()
    private let conditions: [[Condition]]
    private(set) var tests = FlatArray<Test>()
    private(set) var testTexts = FlatArray<UInt32>()
    private(set) var sessionTokens = FlatArray<Int32>()
    /// The words of a group key that are part of a session key too.
    private(set) var sessionParts = FlatArray<Int32>()
    let hasSessionTail: Bool
    let isSeparable: Bool
    let keepsContributors: Bool
    let hasRows: Bool
    let cellCount: Int
    /// Token inputs; below zero when the plan has none.
    let personInput: Int
    let customerInput: Int

    /// The rows of a batch on their way: reused, so that the steady state allocates nothing.
    var pass = CountingPass()

    init(_ statistic: StatisticPlan, at index: Int, in plan: StatisticsPlan, seed: UInt64) {
        let layout = StatisticLayout(statistic, in: plan)
        self.layout = layout
        bit = UInt64(plan.bits[index])
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

    /// The bytes it would grow by with a chunk more: those of the sets that are nearly full.
    var bytesToGrow: Int {
        var sum = 0
        for index in 0..<members.count { sum += members.read(index) { $0.bytesToGrow } }
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
    }
}

/// The 128-bit whole number of two counters.
@inline(__always)
func wideInteger(low: Int64, high: Int64) -> Int128 {
    Int128(high) << 64 | Int128(UInt64(bitPattern: low))
}
