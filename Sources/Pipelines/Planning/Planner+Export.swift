internal import Records
internal import Statistics

extension Planner {
    /// Checks what statistics export: sketches are pseudonymised, and only figures without noise
    /// have any.
    func checkExports(_ statistics: StatisticsPlan) {
        for (index, statistic) in specification.statistics.enumerated() {
            guard let first = statistic.export.first else { continue }
            let path = "statistics[\(index + 1)].export"
            func refuse(_ message: String) {
                faults.add(message, at: first.position, path: path)
            }
            if specification.publish == nil || statistic.path != nil {
                refuse(
                    "sketches are exported with a publication: expected `publish`, and no `path` "
                        + "of the table's own")
            }
            if let audience = specification.publish?.audience, audience.value != .internal {
                refuse(
                    "sketches show which hash of a person is in which rows, and are for internal "
                        + "readers only: expected `publish: { audience: internal }`, or no "
                        + "`export`")
            }
            if let publish = specification.publish, publish.counts != .exact {
                refuse(
                    "a sketch tells how many there were: expected `publish: { counts: exact }`, or "
                        + "no `export`")
            }
            if statistic.noise != nil {
                refuse("a sketch would tell what noise hides: expected `noise` or `export`")
            }
            let plan = statistics.statistics.first { $0.name == statistic.name.value }
            for form in statistic.export {
                guard let plan, plan.sketchColumns(of: [form.value]).isEmpty else { continue }
                faults.add(
                    "no measure of the table gives such a sketch: expected `distinct` for `theta` "
                        + "and `hll`, a percentile or `sessions` for `kll`",
                    at: form.position, path: path)
            }
        }
    }
}
