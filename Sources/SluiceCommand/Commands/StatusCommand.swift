package import ArgumentParser
private import FileSystem
import Pipelines

/// `sluice status`: how a pipeline with state stands.
package struct StatusCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say what is due, what is late, and which key dies next.",
        discussion: """
            Reads the ledger, not the outputs (that is what `verify` does), and changes nothing. \
            Ends with 1 when something has waited for a run longer than a day.
            """
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Option(
        help: ArgumentHelp(
            "The clock instead of the system's: a date or an RFC 3339 time.",
            valueName: "time"
        )
    )
    package var now: String?

    @OptionGroup package var metrics: MetricsOptions

    @Flag(help: "Write JSON to standard output.")
    package var json = false

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    package func run() throws {
        var request = StatusRequest(pipeline: pipeline)
        request.now = now
        request.metrics = metrics.metrics
        request.isConfined = !sandbox.noSandbox
        let report = try telling(asJSON: json) { () throws(PipelineFailure) in
            let report = try Sluice.status(request)
            try metrics.write(MetricsText(status: report))
            return report
        }
        let text = StatusText(
            columnsMax: Terminal.tableColumns, palette: Terminal.outputPalette)
        try StandardOutput.write(
            text: json ? StatusText.json(report) + "\n" : text.text(report))
        if report.isLate { throw ExitCode(ExitStatus.testsFailed) }
    }
}
