package import ArgumentParser
private import FileSystem
import Pipelines

/// `sluice recalls`: what recipients have to give back.
package struct RecallsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "recalls",
        abstract: "Say what recipients have to give back after opt-outs and erasures.",
        subcommands: [ListCommand.self, AnswerCommand.self]
    )

    package init() {}

    /// `sluice recalls list`.
    package struct ListCommand: ParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List deliveries to be given back, by recipient.",
            discussion: """
                A delivered file is named as in its terms.json, with its digest and what has taken \
                its place. Nobody is named: the recipient deletes the whole file and takes the new \
                one.
                """
        )

        @Argument(help: "The pipeline file.")
        package var pipeline: String

        @Option(help: "Only what this recipient has to give back.")
        package var recipient: String?

        @Flag(help: "Answered ones, too.")
        package var all = false

        @Option(
            help: ArgumentHelp(
                "The clock instead of the system's: a date or an RFC 3339 time.",
                valueName: "time"
            )
        )
        package var now: String?

        @Flag(help: "Write JSON to standard output.")
        package var json = false

        @OptionGroup package var sandbox: SandboxOptions

        package init() {}

        package func run() throws {
            let listings = try telling(asJSON: json) { () throws(PipelineFailure) in
                try Sluice.recalls(
                    pipeline: pipeline, now: now, isConfined: !sandbox.noSandbox)
            }.filter { listing in
                (all || listing.answered.isEmpty)
                    && (recipient.map { $0.utf8.elementsEqual(listing.recipient.utf8) } ?? true)
            }
            let text =
                json
                ? JSONValue.object([("recalls", .array(listings.map(RecallText.json)))]).json + "\n"
                : RecallText.text(listings, columnsMax: Terminal.tableColumns)
            try StandardOutput.write(text: text)
        }
    }

    /// `sluice recalls answer`.
    package struct AnswerCommand: ParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "answer",
            abstract: "Note that a recipient says a delivered file is gone."
        )

        @Argument(help: "The pipeline file.")
        package var pipeline: String

        @Option(help: ArgumentHelp("The number of the recall.", valueName: "number"))
        package var id: Int64

        @Option(help: ArgumentHelp("Who says so, by role.", valueName: "who"))
        package var by: String

        @Option(
            help: ArgumentHelp(
                "The clock instead of the system's: a date or an RFC 3339 time.",
                valueName: "time"
            )
        )
        package var now: String?

        @Flag(help: "Write JSON to standard output.")
        package var json = false

        @OptionGroup package var sandbox: SandboxOptions

        package init() {}

        package func run() throws {
            let listing = try telling(asJSON: json) { () throws(PipelineFailure) in
                guard !by.isEmpty else { throw .usage("--by: found nothing, expected who says so") }
                return try Sluice.answerRecall(
                    pipeline: pipeline, id: id, by: by, now: now, isConfined: !sandbox.noSandbox)
            }
            let text =
                json
                ? RecallText.json(listing).json + "\n"
                : RecallText.text([listing], columnsMax: Terminal.tableColumns)
            try StandardOutput.write(text: text)
        }
    }
}
