package import ArgumentParser
private import FileSystem
package import Pipelines

/// `sluice publish`: closes periods and publishes their statistics.
package struct PublishCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Close months and publish their statistics, each once.",
        discussion: """
            Every month that is over, and whose time for late records has passed, is published in \
            a folder of its own. What was published is never published again with another value: \
            called again, the command makes sure that its files are there.

            --correct publishes a revision beside it, for as long as the pipeline allows and the \
            key of the month lives; refused where a difference would tell of too few.

            Exit status 10 when a month may not be published yet, or not any more. Without \
            --period the others are published all the same, and files that are missing of what \
            was published are written again; the exit status is that of the worst. A publication \
            without any file stays so until --period or --restore asks for it.

            Examples:
              sluice publish pipelines/product-usage.yaml
              sluice publish pipelines/product-usage.yaml --period 2026-03 --dry-run
            """
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Option(help: ArgumentHelp("Only this month.", valueName: "yyyy-mm"))
    package var period: String?

    @Option(
        help: ArgumentHelp(
            "Publish a month once more, visibly beside the first; why stays on record. No names.",
            valueName: "reason"
        )
    )
    package var correct: String?

    @Flag(
        help: ArgumentHelp(
            """
            Give the month of --period up, which cannot be published: what was counted of it goes, \
            and nothing of it is ever published.
            """
        )
    )
    package var giveUp = false

    @Flag(help: "Show the open months to internal readers, up to their last full week.")
    package var provisional = false

    @Option(
        help: ArgumentHelp(
            "Only list the folders with the tables about this customer; - reads it.",
            valueName: "value"
        )
    )
    package var customer: String?

    @Flag(
        help: ArgumentHelp(
            """
            Look at every file of every publication but provisional ones, and write again what is \
            gone or changed, also where a whole folder was taken away.
            """
        )
    )
    package var restore = false

    @Flag(help: "Say what would be published, write nothing.")
    package var dryRun = false

    @Option(
        help: ArgumentHelp(
            "The clock instead of the system's: a date or an RFC 3339 time.",
            valueName: "time"
        )
    )
    package var now: String?

    @Flag(help: "Write the report as JSON to standard output.")
    package var json = false

    @OptionGroup package var sandbox: SandboxOptions

    @OptionGroup package var log: LogOptions

    @OptionGroup package var talk: TalkOptions

    package init() {}

    /// What the facade is asked to do.
    package func request() throws(PipelineFailure) -> PublishRequest {
        try talk.check()
        var request = PublishRequest(pipeline: pipeline)
        request.now = now
        request.period = period
        request.isDryRun = dryRun
        request.correction = correct
        request.isProvisional = provisional
        request.givesUp = giveUp
        request.restores = restore
        request.isConfined = !sandbox.noSandbox
        if let customer {
            var lines = InputLines()
            request.customer = try lines.resolve(customer)
        }
        guard customer == nil || (correct == nil && !provisional && !dryRun) else {
            throw .usage("--customer lists what was published: it goes with --period only")
        }
        guard correct == nil || !provisional else {
            throw .usage("--correct and --provisional exclude each other")
        }
        guard !giveUp || (period != nil && correct == nil && !provisional && customer == nil) else {
            throw .usage("--give-up: expected the month, with --period, and nothing else")
        }
        guard
            !restore
                || (period == nil && correct == nil && !provisional && !giveUp && customer == nil)
        else {
            throw .usage(
                "--restore looks at all that was published: it goes without --period, --correct, "
                    + "--provisional, --give-up and --customer")
        }
        return request
    }

    package func run() throws {
        let log = EventLog(log.logFormat)
        let report = try logging(to: log, pipeline: pipeline) {
            try telling(asJSON: json, effect: .nothingPublished) { () throws(PipelineFailure) in
                try Sluice.publish(try request())
            }
        }
        if json { try StandardOutput.write(text: PublishText.json(report).json + "\n") }
        if let log {
            log.write(LogEvent.events(of: report))
        } else if !talk.quiet, !json || talk.verbose {
            let text = PublishText(columnsMax: Terminal.tableColumns, isVerbose: talk.verbose)
            StandardError.write(text.text(report))
        }
        if log == nil, talk.quiet {
            for sentence in report.alarms {
                StandardError.write(
                    FaultReport.printable("sluice: \(report.pipeline): \(sentence)") + "\n")
            }
        }
        if report.exitStatus != ExitStatus.success { throw ExitCode(report.exitStatus) }
    }
}
