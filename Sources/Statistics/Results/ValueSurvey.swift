import KeyedHashing

/// Counts who stands behind each value of text inputs, as far as thresholds ask.
struct ValueSurvey: PartialSink {
    /// A value of an input.
    private struct Value: Hashable {
        let input: Int
        let text: UInt32
    }

    /// Who stands behind a value.
    private struct Backing {
        var persons: Set<UInt32> = []
        var customers: Set<UInt32> = []
        var records: Int64 = 0

        /// Adds one, up to the thresholds.
        mutating func add(person: UInt32, customer: UInt32, _ rule: RollUpRule) {
            if person != 0, persons.count < rule.persons { persons.insert(person) }
            if customer != 0, customers.count < rule.customers { customers.insert(customer) }
        }

        mutating func add(_ other: Backing) {
            persons.formUnion(other.persons)
            customers.formUnion(other.customers)
        }

        func isEnough(_ rule: RollUpRule) -> Bool {
            persons.count >= rule.persons && customers.count >= rule.customers
        }
    }

    private let rule: RollUpRule
    private var selection: RowSelection
    private var texts: [[UInt8]] = [[]]
    private var backings: [Value: Backing] = [:]

    init(_ layouts: [StatisticLayout], _ rule: RollUpRule) {
        self.rule = rule
        selection = RowSelection(PartialRemoval(entries: layouts.map { _ in [] }), layouts)
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) { texts.append(text) }
    mutating func token(_ token: Token) throws(PartialFault) {}
    mutating func endDictionary() throws(PartialFault) {}

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        guard let layout = selection.layout else { return }
        note(row.key, layout.texts(ofRow: row.key), records: row.cells.first ?? 0)
    }

    private mutating func note(
        _ key: [UInt32], _ found: [(at: Int, input: Int)], records: Int64
    ) {
        guard selection.layout?.isSeparable == true, rule.statistics.contains(selection.statistic)
        else { return }
        for (at, input) in found where rule.inputs.contains(input) {
            let value = Value(input: input, text: key[at])
            backings[value, default: Backing()].add(
                person: key[key.count - 3], customer: key[key.count - 2], rule)
            backings[value]?.records += records
        }
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {}
    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {}
    mutating func endList() throws(PartialFault) {}
    mutating func endRows() throws(PartialFault) { selection.endRows() }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        guard let layout = selection.layout else { return }
        note(
            key, layout.texts(ofInterval: key),
            records: layout.hasRows ? 0 : Int64(interval.events))
    }

    mutating func endIntervals() throws(PartialFault) { selection.endIntervals() }

    // MARK: Results

    /// By input the values that occur.
    func allValues() -> [Int: Set<[UInt8]>] {
        var values: [Int: Set<[UInt8]>] = [:]
        for value in backings.keys {
            values[value.input, default: []].insert(texts[Int(value.text)])
        }
        return values
    }

    /// By input the values that are counted together.
    func smallValues() -> [Int: Set<[UInt8]>] {
        var values: [Int: Set<[UInt8]>] = [:]
        for input in rule.inputs {
            let small = smallValues(of: input)
            if !small.isEmpty { values[input] = small }
        }
        return values
    }

    private func smallValues(of input: Int) -> Set<[UInt8]> {
        let own = rule.own[input] ?? []
        let together = rule.together[input] ?? []
        var small: Set<[UInt8]> = []
        var all = Backing()
        var large: [(text: [UInt8], backing: Backing)] = []
        for (value, backing) in backings where value.input == input {
            let text = texts[Int(value.text)]
            if own.contains(text) { continue }
            if together.contains(text) || text == RollUp.label || !backing.isEnough(rule) {
                small.insert(text)
                all.add(backing)
            } else {
                large.append((text, backing))
            }
        }
        if small.isEmpty { return [] }
        large.sort { left, right in
            left.backing.records == right.backing.records
                ? left.text.lexicographicallyPrecedes(right.text)
                : left.backing.records < right.backing.records
        }
        for next in large.dropLast() where !all.isEnough(rule) {
            small.insert(next.text)
            all.add(next.backing)
        }
        return small
    }
}
