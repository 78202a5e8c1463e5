/// How many workers a run may have.
package enum WorkerLimits {
    /// The most that may be asked for.
    package static let askedMax = 64
    /// The most that are taken unasked: behind them the ordered end of a run is the bottleneck.
    package static let standardMax = 16
}

/// What `sluice run` was asked to do.
package struct RunRequest: Sendable {
    /// The pipeline file.
    package var pipeline: String
    /// Sources that take the place of the pipeline's own; `-` is standard input. Empty: its own.
    package var sources: [String] = []
    /// The run's clock: a date or RFC 3339 time; nil for the system's.
    package var now: String?
    /// The number of workers; nil for one per processor, up to `WorkerLimits.standardMax`.
    package var workers: Int?
    /// Reads and counts everything, writes nothing.
    package var isDryRun = false
    /// The output of which files that are not there are gone for good: the state forgets them;
    /// `quarantine` for its lists.
    package var forgetsMissing: String?
    /// Standard input with state commits only if it had so many bytes.
    package var expectedBytes: Int?
    /// Standard input with state commits only with this SHA-256, 64 hexadecimal digits.
    package var expectedSHA256: String?
    /// The end of standard input may be taken for the end of the data.
    package var endOfInputIsComplete = false
    /// The caller writes the report to standard output: no output may go there.
    package var reportsOnStandardOutput = false
    /// Closes to the process, for good, all that the run is not about before it reads a record.
    package var isConfined = false
    /// The file that metrics are written to when the run has ended: its folder stays open to the
    /// process, and the report says how the pipeline stands.
    package var metrics: String?
    /// The token of a dry run: the store is changed only if the same changes would be made.
    package var confirmation: String?

    package init(pipeline: String) { self.pipeline = pipeline }
}

/// What `sluice filter` was asked to do: standard input to standard output, no pipeline file, no
/// state.
package struct FilterRequest: Sendable {
    /// The format, as in pipeline files: `combined`, `jsonl`, or an nginx or Apache format string
    /// (anything with `$` or `%`).
    package var format = ""
    /// For each field what happens to it, in the words of a pipeline file:
    /// `("ip", "truncate_ip", ["ipv4": "/16"])`.
    package var rules: [(field: String, transform: String, options: [(String, String)])] = []
    /// The field of the event time; nil for the format's own, if it has one.
    package var timeField: String?
    package var timeFormat: String?
    /// The encoding of the input; nil for UTF-8.
    package var encoding: String?
    package var zone: String?
    /// Lets records younger than this pass as they are; nil: everything is treated as due.
    package var window: String?
    package var now: String?
    /// The key store for `pseudonymize`.
    package var keys: String?
    /// Keeps fields that no rule names.
    package var keepsOthers = false
    /// The quarantine limit, as in pipeline files; nil for the default.
    package var quarantineLimit: String?
    package var workers: Int?
    /// Closes to the process, for good, all that the run is not about before it reads a record.
    package var isConfined = false
    /// Writes gzip.
    package var gzip = false

    package init() {}
}
