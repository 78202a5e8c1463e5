/// Values of text inputs that are counted together, in rows of their own: small groups tell more
/// together than withheld one by one.
package struct RollUp: Sendable, Equatable {
    /// What stands for the values in the group column. A value that is written like that is counted
    /// with them.
    package static let label = Array("Other".utf8)

    /// By text input the values that are counted together.
    package var values: [Int: Set<[UInt8]>]

    package init(values: [Int: Set<[UInt8]>] = [:]) { self.values = values }
}

/// Which values are to be counted together.
///
/// A value is the same everywhere: who stands behind it is counted over all groups of all
/// statistics, so that tables that share a column still add up.
package struct RollUpRule: Sendable {
    /// The statistics of the plan that are looked at.
    package var statistics: [Int]
    /// The text inputs whose values may be counted together.
    package var inputs: Set<Int>
    /// A value with fewer distinct persons or customers behind it is small.
    package var persons: Int
    package var customers: Int
    /// By text input the values that keep rows of their own, whoever is behind them.
    package var own: [Int: Set<[UInt8]>] = [:]
    /// By text input the values that are counted together, whoever is behind them.
    package var together: [Int: Set<[UInt8]>] = [:]

    package init(statistics: [Int], inputs: Set<Int>, persons: Int, customers: Int) {
        self.statistics = statistics
        self.inputs = inputs
        self.persons = persons
        self.customers = customers
    }
}

extension Partials {
    /// The values that `rule` puts together. Needs separable partials; of others nobody knows who
    /// stands behind a value.
    ///
    /// Small values are put together; if too few stand behind all of them, those with the fewest
    /// records follow until there are enough or only one would keep rows of its own. The result
    /// depends on what was counted alone.
    package func rollUp(_ rule: RollUpRule) throws(PartialFault) -> RollUp {
        var survey = ValueSurvey(layouts, rule)
        try merge(into: &survey)
        return RollUp(values: survey.smallValues())
    }

    /// All values of the inputs of `rule`.
    package func values(_ rule: RollUpRule) throws(PartialFault) -> [Int: Set<[UInt8]>] {
        var survey = ValueSurvey(layouts, rule)
        try merge(into: &survey)
        return survey.allValues()
    }
}

extension StatisticLayout {
    /// Where a key of rows has texts, and of which inputs.
    func texts(ofRow key: [UInt32]) -> [(at: Int, input: Int)] {
        texts(key, groupBy)
    }

    /// Where a key of intervals has texts: it has no time.
    func texts(ofInterval key: [UInt32]) -> [(at: Int, input: Int)] {
        texts(key, groupBy.filter { !$0.isTime })
    }

    private func texts(_ key: [UInt32], _ parts: [GroupKey]) -> [(at: Int, input: Int)] {
        var found: [(at: Int, input: Int)] = []
        var at = 0
        for part in parts {
            switch part {
            case .month, .day, .hour: at += 1
            case .text(let input, _):
                found.append((at, input))
                at += 1
            case .dimensions(let all):
                let number = Int(key[at])
                if all.indices.contains(number) { found.append((at + 1, all[number].input)) }
                at += 2
            }
        }
        return found
    }
}

/// Puts the label in the place of texts that are counted together.
struct KeyRolling {
    /// By text input and number of the text.
    private let isRolled: [Int: [Bool]]
    private let label: UInt32

    /// Nil when nothing is counted together; the label is added to `texts` when it is not there.
    init?(_ rollUp: RollUp, _ texts: inout [[UInt8]]) {
        let chosen = rollUp.values.filter { !$0.value.isEmpty }
        if chosen.isEmpty { return nil }
        let known = texts.firstIndex(of: RollUp.label)
        if known == nil { texts.append(RollUp.label) }
        let place = known ?? texts.count - 1
        label = UInt32(place)
        let all = texts
        isRolled = chosen.mapValues { values in
            all.indices.map { $0 == place || values.contains(all[$0]) }
        }
    }

    /// Changes the key of a row; true when it is one of those that are counted together.
    func roll(_ key: inout [UInt32], _ layout: StatisticLayout) -> Bool {
        var changes = false
        for (at, input) in layout.texts(ofRow: key) {
            guard let isRolled = isRolled[input], isRolled[Int(key[at])] else { continue }
            key[at] = label
            changes = true
        }
        return changes
    }
}
