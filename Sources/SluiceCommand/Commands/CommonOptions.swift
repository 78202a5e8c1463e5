package import ArgumentParser
import Pipelines

/// The clock and the workers, as `run` and `filter` know them.
package struct WorkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The run's clock instead of the system's: a date or an RFC 3339 time.",
            valueName: "time"
        )
    )
    package var now: String?

    @Option(
        help: ArgumentHelp(
            """
            How many workers run at the same time, 1 to \(WorkerLimits.askedMax). (default: one \
            per processor, at most \(WorkerLimits.standardMax))
            """,
            valueName: "number"
        )
    )
    package var workers: Int?

    package init() {}

    /// Refuses numbers of workers out of range.
    func checkWorkers() throws(PipelineFailure) {
        guard let workers, !(1...WorkerLimits.askedMax).contains(workers) else { return }
        throw .usage(
            "--workers: found \(workers), expected a number from 1 to \(WorkerLimits.askedMax)")
    }
}

/// How much is said on standard error, as `run` and `filter` know it.
package struct TalkOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Say nothing unless something goes wrong.")
    package var quiet = false

    @Flag(name: .shortAndLong, help: "Say more.")
    package var verbose = false

    package init() {}

    /// Refuses both at once.
    func check() throws(PipelineFailure) {
        guard quiet, verbose else { return }
        throw .usage("--quiet and --verbose exclude each other")
    }
}
