import Anonymization
import KeyedHashing
import Records

extension Planner {
    /// How long the fields of the pipeline that become tokens, and its statistics, need month keys.
    func keyNeeds(_ clocks: ClockSet, _ outputs: [OutputReleasePlan]) -> KeyNeeds {
        let rules = outputs.flatMap(\.rules)
        let tokenClocks = rules.filter { $0.transform?.dependence == .keyEpoch }.flatMap { rule in
            clocks.clocks.indices.filter { index in
                !rule.clock.isDisjoint(with: DueSet(rawValue: 1 << UInt64(index)))
            }.map { clocks.clocks[$0] }
        }
        let atEvent = tokenClocks.filter { $0.start == .event }
        // Statistics and outputs without a window make tokens of every record that comes in time.
        var lengths = [clocks.clocks[0].length]
        for clock in atEvent where !lengths.contains(clock.length) { lengths.append(clock.length) }
        if let publish = specification.publish, publish.late.value == .revise {
            // What came late is revised when the next month is closed.
            let closing = publish.closeAfter.value
            lengths.append(CalendarDuration(months: closing.months + 1, days: closing.days))
        }
        // With the clock of the window alone nothing stays readable longer than a key lives. Where
        // a record can have a length of its own, only what is stored tells how long.
        let isWindowOnly = rules.allSatisfy { $0.clock == DueSet(rawValue: 1) }
        return KeyNeeds(
            lengths: lengths,
            usesDueMonths: tokenClocks.contains { $0.start != .event },
            grace: specification.keys?.grace.value ?? KeySpecification.standardGrace,
            partsTell: isWindowOnly || atEvent.contains { !$0.isPlain })
    }
}
