internal import Anonymization

extension StoreReport {
    /// The report of a run that failed because of unreadable lines, of which there are `counts`.
    func failing(pipeline: String, _ counts: RecordCounts) -> RunReport {
        var failing = RunReport()
        failing.pipeline = pipeline
        failing.sources = files.map {
            RunReport.Source(
                name: $0.path, counts: RecordCounts(outputs: 0, statistics: 0), bytes: 0)
        }
        failing.sources.append(RunReport.Source(name: name, counts: counts, bytes: 0))
        failing.quarantine = quarantine
        return failing
    }
}
