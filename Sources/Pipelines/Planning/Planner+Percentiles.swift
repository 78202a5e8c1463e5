internal import Records
internal import Statistics

extension Planner {
    /// Checks that no table of statistics asks for the largest number: one record has it.
    func checkPercentiles(_ statistics: StatisticsPlan) {
        for (index, specified) in specification.statistics.enumerated() {
            let plan = statistics.statistics.first { $0.name == specified.name.value }
            for measure in plan?.measures ?? [] {
                guard case .percentile(_, let share) = measure.kind,
                    share.basisPoints == 10_000
                else { continue }
                let column = specified.measures.first { $0.name.value == measure.name }
                faults.add(
                    "percentile 100 is the largest number, which one record has; maxima are not "
                        + "offered: expected less, 95 for example",
                    at: column?.name.position ?? specified.name.position,
                    path: "statistics[\(index + 1)].measures.\(measure.name)")
            }
        }
    }
}
