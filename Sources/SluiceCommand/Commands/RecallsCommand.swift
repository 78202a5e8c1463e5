package import ArgumentParser
private import FileSystem
package import Pipelines

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

        @Flag(help: "Write JSON to standard output.")
        package var json = false

        package init() {}

        package func run() throws {
            let listings = try telling(json) { () throws(PipelineFailure) in
                try Sluice.recalls(pipeline: pipeline)
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

        package init() {}

        package func run() throws {
            let listing = try telling(json) { () throws(PipelineFailure) in
                guard !by.isEmpty else { throw .usage("--by: found nothing, expected who says so") }
                return try Sluice.answerRecall(pipeline: pipeline, id: id, by: by, now: now)
            }
            let text =
                json
                ? RecallText.json(listing).json + "\n"
                : RecallText.text([listing], columnsMax: Terminal.tableColumns)
            try StandardOutput.write(text: text)
        }
    }
}

/// Does `work`; a failure is told as JSON, too, when a machine waits for it.
private func telling<Result>(
    _ json: Bool, _ work: () throws(PipelineFailure) -> Result
) throws -> Result {
    do throws(PipelineFailure) {
        return try work()
    } catch {
        if json, error.exitStatus != ExitStatus.closedPipe {
            let message = FailureText(error, effect: .none).message
            try StandardOutput.write(text: ReportJSON.json(error, message: message) + "\n")
        }
        throw CommandFailure(failure: error, effect: .none)
    }
}

/// Recalls for people and for machines.
package enum RecallText {
    /// One block a recall; with a last line feed.
    package static func text(_ listings: [RecallListing], columnsMax: Int) -> String {
        if listings.isEmpty { return "nothing to be given back\n" }
        var lines: [String] = []
        for listing in listings {
            let head = "\(listing.id)  \(listing.recipient)  \(listing.output), \(listing.purpose)"
            lines.append(FaultReport.printable(head))
            var facts = [
                "because of \(listing.cause), raised \(listing.raised)",
                "delete \(listing.file) (\(NumberText.counted(Int(listing.records), "record")))",
                "  sha256 \(listing.sha256)",
            ]
            if listing.successor.isEmpty {
                facts.append("nothing has taken its place")
            } else {
                facts.append("take \(listing.successor) instead")
                facts.append("  sha256 \(listing.successorSHA256)")
            }
            if !listing.answered.isEmpty {
                facts.append("answered \(listing.answered) by \(listing.answeredBy)")
            }
            lines += facts.map { "    \(FaultReport.printable($0))" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One recall as a JSON object.
    package static func json(_ listing: RecallListing) -> JSONValue {
        .object([
            ("id", .integer(Int(listing.id))), ("recipient", .text(listing.recipient)),
            ("output", .text(listing.output)), ("purpose", .text(listing.purpose)),
            ("cause", .text(listing.cause)), ("file", .text(listing.file)),
            ("sha256", .text(listing.sha256)), ("records", .integer(Int(listing.records))),
            ("successor", .optional(listing.successor.isEmpty ? nil : listing.successor)),
            (
                "successor_sha256",
                .optional(listing.successorSHA256.isEmpty ? nil : listing.successorSHA256)
            ),
            ("raised", .text(listing.raised)),
            ("answered", .optional(listing.answered.isEmpty ? nil : listing.answered)),
            ("answered_by", .optional(listing.answeredBy.isEmpty ? nil : listing.answeredBy)),
        ])
    }
}
