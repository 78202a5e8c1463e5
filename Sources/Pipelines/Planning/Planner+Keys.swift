import Anonymization
import KeyedHashing
import Records

extension Planner {
    /// How long the fields of the pipeline that become tokens, and its statistics, need month keys.
    func keyNeeds(_ clocks: ClockSet, _ outputs: [OutputReleasePlan]) -> KeyNeeds {
        let rules = outputs.flatMap(\.rules)
        let tokenRules = rules.filter { $0.transform?.dependence == .keyEpoch }
        let lengths = tokenRules.filter { $0.otherClock == nil }.flatMap { rule in
            clocks.clocks.indices.filter { index in
                !rule.clock.isDisjoint(with: DueSet(rawValue: 1 << UInt64(index)))
            }.map { clocks.clocks[$0].length }
        }
        // Statistics and outputs without a window make tokens of every record that comes in time.
        var distinct = [clocks.clocks[0].length]
        for length in lengths where !distinct.contains(length) { distinct.append(length) }
        let readable = rules.filter { $0.clock != DueSet(rawValue: 1) || $0.otherClock != nil }
        return KeyNeeds(
            lengths: distinct,
            usesDueMonths: tokenRules.contains { $0.otherClock != nil },
            grace: specification.keys?.grace.value ?? KeySpecification.standardGrace,
            // With the clock of the window alone nothing stays readable longer than a key lives.
            partsTell: readable.isEmpty)
    }
}
