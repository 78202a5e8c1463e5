package import ArgumentParser
private import FileSystem
package import Pipelines

/// `sluice verify`: what lies there against what was promised.
package struct VerifyCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read outputs and state back and prove, or disprove, what the pipeline promises.",
        discussion: """
            Every file is held against what was written there, every record that is due against \
            the rules of its output, every key and run against the ledger. Nothing is changed. \
            Verify after the run of the day: what is due since midnight counts as missed until a \
            run has dealt with it.

            The exit status is 0 when everything is proven, 1 when something is not as it should \
            be, and that of the fault when nobody could look.

            Examples:
              sluice verify pipelines/nightly.yaml
              sluice verify pipelines/nightly.yaml --report evidence/2026-08
            """
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Option(
        help: ArgumentHelp(
            "The clock to verify by instead of the system's: a date or an RFC 3339 time.",
            valueName: "time"
        )
    )
    package var now: String?

    @Option(
        help: ArgumentHelp(
            "Write the evidence, evidence.html and evidence.json, into this folder.",
            valueName: "folder"
        )
    )
    package var report: String?

    @Flag(help: "Write the result as JSON to standard output.")
    package var json = false

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    /// What the facade is asked to do.
    package var request: VerifyRequest {
        var request = VerifyRequest(pipeline: pipeline)
        request.now = now
        request.reportFolder = report
        request.isConfined = !sandbox.noSandbox
        return request
    }

    package func run() throws {
        let found = try telling(asJSON: json) { () throws(PipelineFailure) in
            try Sluice.verify(request)
        }
        let text =
            json
            ? VerificationText.json(found).json + "\n"
            : VerificationText.text(
                found,
                columnsMax: Terminal.tableColumns,
                Terminal.outputPalette
            )
        try StandardOutput.write(text: text)
        if !found.isProven { throw ExitCode(ExitStatus.testsFailed) }
    }
}
