package import ArgumentParser

/// `sluice run`: a pipeline over its sources.
package struct RunCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a pipeline: read its sources, write its outputs and statistics.",
        usage: "sluice run <pipeline> [<source> ...] [<options>]",
        discussion: """
            Outputs appear whole or not at all; running again, after a success or a failure, \
            gives the same result. A closing table goes to standard error.

            Examples:
              sluice run pipelines/nightly.yaml
              sluice run pipelines/nightly.yaml logs/2026-08-01.jsonl.gz --dry-run
              ssh web1.example cat a.jsonl | sluice run nightly.yaml - --expect-bytes 52100
            """
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Argument(
        help: ArgumentHelp(
            """
            Files, patterns or directories that take the place of the pipeline's sources; - is \
            standard input.
            """,
            valueName: "source"
        )
    )
    package var sources: [String] = []

    @OptionGroup package var work: WorkOptions

    @Flag(help: "Read and count everything, write nothing.")
    package var dryRun = false

    @Option(
        help: ArgumentHelp(
            """
            Take files of an output that are not there, or lists of quarantine, for gone for good, \
            and forget them: nothing waits for them any more.
            """,
            valueName: "output"))
    package var forgetMissing: String?

    @Option(
        help: ArgumentHelp(
            "Commit standard input only if it had so many bytes.",
            valueName: "number"
        )
    )
    package var expectBytes: Int?

    @Option(
        name: .customLong("expect-sha256"),
        help: ArgumentHelp(
            "Commit standard input only if its SHA-256 is this.",
            valueName: "digest"
        )
    )
    package var expectSHA256: String?

    @Flag(help: "Take the end of standard input for the end of the data.")
    package var eofIsComplete = false

    @Option(
        help: ArgumentHelp(
            "Change the store only if the changes are those that a dry run printed this token for.",
            valueName: "token"
        )
    )
    package var confirm: String?

    @Flag(help: "Write the report as JSON to standard output; no output may go there then.")
    package var json = false

    @OptionGroup package var metrics: MetricsOptions

    @OptionGroup package var log: LogOptions

    @OptionGroup package var talk: TalkOptions

    package init() {}

    /// The same in plain values.
    package var arguments: RunArguments {
        RunArguments(
            pipeline: pipeline, sources: sources, now: work.now, workers: work.workers,
            profile: work.profile, noSandbox: work.sandbox.noSandbox, dryRun: dryRun,
            forgetMissing: forgetMissing, expectBytes: expectBytes, expectSHA256: expectSHA256,
            eofIsComplete: eofIsComplete, confirm: confirm, metrics: metrics.metrics,
            logFormat: log.logFormat, json: json, quiet: talk.quiet, verbose: talk.verbose)
    }

    package func run() throws { try arguments.run() }
}
