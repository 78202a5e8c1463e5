import Workloads

/// A piece of work that Sluice and other tools do on one workload.
struct Job {
    let name: String
    let form: Form
    /// The pipeline in the folder `pipelines` beside this one.
    let pipeline: String
    /// What others do for it.
    let others: [OtherTool]

    static let all: [Job] = [
        Job(
            name: "truncate", form: .accessLog, pipeline: "truncate.yaml",
            others: [.truncateByAWK("mawk"), .truncateByAWK("gawk"), .truncateBySed]),
        Job(
            name: "anonymize", form: .jsonLines, pipeline: "anonymize.yaml",
            others: [.anonymizeByMiller] + OtherTool.anonymizeByDuckDB),
        Job(
            name: "aggregate", form: .jsonLines, pipeline: "aggregate.yaml",
            others: [.aggregateByMiller(.jsonLines), .aggregateByPolars(.jsonLines)]
                + OtherTool.aggregateByDuckDB(.jsonLines)),
        Job(
            name: "aggregate-csv", form: .csv, pipeline: "aggregate-csv.yaml",
            others: [.aggregateByMiller(.csv), .aggregateByPolars(.csv)]
                + OtherTool.aggregateByDuckDB(.csv)),
        Job(
            name: "aggregate-log", form: .accessLog, pipeline: "aggregate-log.yaml",
            others: [.countByAWK("mawk"), .countByAWK("gawk")]),
        Job(
            name: "both-gzip", form: .gzip, pipeline: "both.yaml",
            others: [.bothByMiller] + OtherTool.tablesOfGzipByDuckDB),
    ]
}
