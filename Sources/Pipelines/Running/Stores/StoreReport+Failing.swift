internal import Anonymization

extension StoreReport {
    /// What nobody knows of files that a run beside tables did not see.
    var doubts: [String] {
        var doubts: [String] = []
        if unremembered > 0 {
            doubts.append(
                "records of the store that may have tokens of tokens now: \(unremembered); they "
                    + "stand in files that were away when the last run asked the reference tables, "
                    + "look as if they had been aged, and what was done is not remembered: put the "
                    + "newest version of such a file in its place")
        }
        if undeleted > 0 {
            doubts.append(
                "records of the store that are not deleted and that no reference table has a row "
                    + "of: \(undeleted); their files were away when the last run asked the tables, "
                    + "and nobody knows since when the rows are gone: give them rows with dates "
                    + "that have passed, run, and take the rows out again")
        }
        return doubts
    }

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
