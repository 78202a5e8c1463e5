package import ArgumentParser
private import FileSystem
private import Pipelines

/// `sluice init`: a first pipeline for a log.
package struct InitCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Look at a log and propose a pipeline for it.",
        discussion: """
            Looks at the first MiB of the first log, recognises its format, its time and what its \
            fields seem to hold, and writes a pipeline with comments and a test to standard output \
            or to a new file. No value of the log is shown, nor are names that may be values. \
            Fields that it is unsure of are marked in the file and named on standard error.
            """
    )

    @Argument(help: "The logs that the pipeline shall read; - or none is standard input.")
    package var logs: [String] = []

    @Option(help: "The format of the log; recognised if not given.")
    package var format: String?

    @Option(help: "The encoding of the log, if it is not UTF-8.")
    package var encoding: String?

    @Option(name: .customLong("time"), help: "The field that holds the time of a record.")
    package var timeField: String?

    @Option(help: "What the pipeline is called: a-z, 0-9 and -.")
    package var name: String?

    @Option(help: "The pipeline file to write; it may not be there yet.")
    package var output: String?

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    package func run() throws {
        let proposal = try telling(asJSON: false) { () throws(PipelineFailure) in
            var request = ProposalRequest()
            request.logs = logs
            request.format = format
            request.encoding = encoding
            request.timeField = timeField
            request.name = name
            request.output = output
            request.isConfined = !sandbox.noSandbox
            return try Sluice.propose(request)
        }
        if output == nil { try StandardOutput.write(text: proposal.text) }
        StandardError.write(ProposalText.text(proposal, output: output, Terminal.errorPalette))
    }
}
