package import ArgumentParser
private import FileSystem
internal import Pipelines

/// `sluice subject`: the rights of a person.
package struct SubjectCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "subject",
        abstract: "Answer the request of a person: copy, erase, rectify, restrict, status.",
        discussion: """
            One of --user, --customer and --address says whom it is about. Given as -, a value is \
            a line of standard input, so that it stands in no process list. Nothing that these \
            commands print or keep shows it again; only the person's own copy does.

            Example:
              sluice subject export nightly.yaml --user - --role controller \
            --identity-check T-1042 --by frontdesk --output copies/T-1042
            """,
        subcommands: [
            SubjectExportCommand.self, SubjectEraseCommand.self, SubjectRectifyCommand.self,
            SubjectRestrictCommand.self, SubjectStatusCommand.self,
        ]
    )

    package init() {}
}

/// `sluice subject export`.
package struct SubjectExportCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Copy everything still readable about a person, customer or address.",
        discussion: """
            Searched are the sources, outputs, disclosures and kept quarantine lines of the \
            pipeline: fields that hold the value, and tokens whose key still lives. The copy \
            says what was not searched and what cannot be attributed any more. Look through it \
            before you hand it over: records may speak of others too.
            """
    )

    @OptionGroup package var subject: SubjectOptions
    @OptionGroup package var answer: AnswerOptions

    @Option(help: ArgumentHelp("json (one document) or csv (tables).", valueName: "format"))
    package var format = "json"

    @Option(
        help: ArgumentHelp(
            "The folder of the copy, new or empty; - is standard output (json only).",
            valueName: "folder"))
    package var output: String

    @Flag(help: "Write a report as JSON to standard output.")
    package var json = false

    package init() {}

    func request() throws(PipelineFailure) -> SubjectExportRequest {
        guard let format = SubjectExportRequest.Format(rawValue: format) else {
            throw .usage("--format: expected `json` or `csv`")
        }
        if json, output.utf8.elementsEqual("-".utf8) {
            throw .usage("--json and --output - would mix on standard output")
        }
        var lines = InputLines()
        var request = SubjectExportRequest(
            subject: try subject.request(&lines, answer), output: output)
        request.format = format
        return request
    }

    package func run() throws {
        let report = try telling(
            asJSON: json, effect: .nothingWritten
        ) { () throws(PipelineFailure) in
            try Sluice.exportSubject(try request())
        }
        if json {
            try StandardOutput.write(text: SubjectText.json(report) + "\n")
        } else {
            StandardError.write(SubjectText.text(report))
        }
    }
}
