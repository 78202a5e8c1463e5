package import ArgumentParser
private import FileSystem
import Pipelines

/// The clock, the workers and what they spent their time on, as `run` and `filter` know them.
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

    @Flag(help: "Say at the end which stage took how long, even with --quiet.")
    package var profile = false

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    /// Refuses numbers of workers out of range.
    func checkWorkers() throws(PipelineFailure) { try Self.check(workers: workers) }

    static func check(workers: Int?) throws(PipelineFailure) {
        guard let workers, !(1...WorkerLimits.askedMax).contains(workers) else { return }
        throw .usage(
            "--workers: found \(workers), expected a number from 1 to \(WorkerLimits.askedMax)")
    }
}

/// What the process is kept to, as all commands know it.
package struct SandboxOptions: ParsableArguments {
    @Flag(help: "Leave files and network that the work does not need open to the process.")
    package var noSandbox = false

    package init() {}

    /// Closes every file to a command that opens none.
    func closeAll() {
        if !noSandbox { _ = Confinement.enter(Confinement.Places()) }
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
    func check() throws(PipelineFailure) { try Self.check(quiet: quiet, verbose: verbose) }

    static func check(quiet: Bool, verbose: Bool) throws(PipelineFailure) {
        guard quiet, verbose else { return }
        throw .usage("--quiet and --verbose exclude each other")
    }
}
