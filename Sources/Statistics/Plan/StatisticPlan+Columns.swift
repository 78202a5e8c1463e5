extension StatisticPlan {
    /// The names of the columns of the group.
    package var groupColumns: [String] {
        groupBy.flatMap { key -> [String] in
            switch key {
            case .month: ["month"]
            case .day: ["day"]
            case .hour: ["hour"]
            case .text(_, let column): [column]
            case .dimensions: ["dimension", "value"]
            }
        }
    }

    /// The columns of figures, in the order of the measures.
    package var columns: [MeasuredColumn] {
        measures.flatMap { measure -> [MeasuredColumn] in
            switch measure.kind {
            case .count: [MeasuredColumn(name: measure.name, role: .count)]
            case .distinct: [MeasuredColumn(name: measure.name, role: .distinctCount)]
            case .sum, .mean, .percentile:
                [MeasuredColumn(name: measure.name, role: .magnitude)]
            case .sessions(let plan):
                plan.columns.map { column in
                    let isCount = column.figure == .count || column.figure == .single
                    return MeasuredColumn(
                        name: column.name, role: isCount ? .count : .magnitude)
                }
            }
        }
    }
}
