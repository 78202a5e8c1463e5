package import ArgumentParser
private import FileSystem
package import Pipelines

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

    @OptionGroup package var talk: TalkOptions

    package init() {}

    /// What the facade is asked to do; a flag that makes no sense is a usage failure.
    package func request() throws(PipelineFailure) -> RunRequest {
        try work.checkWorkers()
        try talk.check()
        var request = RunRequest(pipeline: pipeline)
        request.sources = sources
        request.now = work.now
        request.workers = work.workers
        request.isDryRun = dryRun
        if let expectBytes, expectBytes < 0 {
            throw .usage("--expect-bytes: found \(expectBytes), expected a number of bytes")
        }
        request.expectedBytes = expectBytes
        request.expectedSHA256 = try Self.digest(expectSHA256)
        request.endOfInputIsComplete = eofIsComplete
        request.reportsOnStandardOutput = json
        request.confirmation = confirm
        return request
    }

    package func run() throws {
        let request: RunRequest
        do throws(PipelineFailure) {
            request = try self.request()
        } catch {
            throw CommandFailure(failure: error, effect: .none)
        }
        let bar = talk.quiet ? nil : ProgressBar.onTerminal()
        let report = try telling(
            asJSON: json, effect: .nothingWritten
        ) { () throws(PipelineFailure) in
            defer { bar?.finish() }
            return try Sluice.run(request, observer: bar)
        }
        if json { try StandardOutput.write(text: ReportJSON.json(report) + "\n") }
        if !talk.quiet, !json || talk.verbose {
            let table = ClosingTable(
                report,
                columnsMax: Terminal.tableColumns,
                isVerbose: talk.verbose
            )
            StandardError.write(table.text)
        }
    }

    private static func digest(_ text: String?) throws(PipelineFailure) -> String? {
        guard let text else { return nil }
        let digits = text.utf8.filter { UInt8.hexadecimalDigits.contains($0) }
        guard digits.count == 64, text.utf8.count == 64 else {
            throw .usage("--expect-sha256: expected 64 hexadecimal digits")
        }
        return text.lowercased()
    }
}

extension UInt8 {
    fileprivate static let hexadecimalDigits = Array("0123456789abcdefABCDEF".utf8)
}
