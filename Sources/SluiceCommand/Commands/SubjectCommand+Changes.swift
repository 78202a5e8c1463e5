package import ArgumentParser
private import FileSystem
internal import Pipelines

/// `sluice subject erase`.
package struct SubjectEraseCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erase a person, customer or address from everything that the pipeline stores.",
        discussion: """
            Outputs, unpublished statistics and kept quarantine lines are rewritten in one commit. \
            The erasure is remembered as a keyed hash: late files, replays and restored copies are \
            erased too, by every later run. What a hold binds stays until the hold ends; the first \
            run after that completes the erasure. Sources are yours: those that still hold the \
            subject are listed, or rewritten with --sources.
            """
    )

    @OptionGroup package var subject: SubjectOptions
    @OptionGroup package var answer: AnswerOptions

    @Option(
        help: ArgumentHelp(
            "Keep events of this date or time and later. (default: keep none, ever)",
            valueName: "time"))
    package var until: String?

    @Flag(help: "Rewrite the pipeline's sources, too: files of yours, at rest and taken in.")
    package var sources = false

    @Option(
        help: ArgumentHelp(
            "Rewrite the sources only if the changes are those for which a dry run printed this.",
            valueName: "token"))
    package var confirm: String?

    @Flag(
        help: ArgumentHelp(
            "Say that you have looked through the store yourself: lines of it that were dealt with "
                + "under other rules cannot be searched, and keep the erasure open."))
    package var storeSearched = false

    @Flag(help: "Count what would go; change and remember nothing.")
    package var dryRun = false

    @Flag(help: "Write the report as JSON to standard output.")
    package var json = false

    package init() {}

    package func run() throws {
        try tellSubjectChange("erased", asJSON: json) { () throws(PipelineFailure) in
            var lines = InputLines()
            var request = SubjectEraseRequest(subject: try subject.request(&lines, answer))
            request.until = until
            request.isDryRun = dryRun
            request.isStoreSearched = storeSearched
            request.rewritesSources = sources
            if confirm != nil, !sources { throw .usage("--confirm goes with --sources") }
            request.confirmation = confirm
            return try Sluice.eraseSubject(request)
        }
    }
}

/// `sluice subject rectify`.
package struct SubjectRectifyCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rectify",
        abstract: "Correct a field in the stored, still readable records of a subject."
    )

    @OptionGroup package var subject: SubjectOptions
    @OptionGroup package var answer: AnswerOptions

    @Option(help: ArgumentHelp("The field, as the pipeline names it.", valueName: "name"))
    package var field: String

    @Option(
        help: ArgumentHelp("What it says from now on; - reads it.", valueName: "value"))
    package var to: String

    @Flag(help: "Count what would change; change nothing.")
    package var dryRun = false

    @Flag(help: "Write the report as JSON to standard output.")
    package var json = false

    package init() {}

    package func run() throws {
        try tellSubjectChange("corrected", asJSON: json) { () throws(PipelineFailure) in
            var lines = InputLines()
            let asked = try subject.request(&lines, answer)
            var request = SubjectRectifyRequest(
                subject: asked, field: field, text: try lines.resolve(to))
            request.isDryRun = dryRun
            return try Sluice.rectifySubject(request)
        }
    }
}

/// `sluice subject restrict`.
package struct SubjectRestrictCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "restrict",
        abstract: "Store the records of a subject, but use them for nothing; or lift that.",
        discussion: """
            From now on outputs and tables of new runs leave the subject out. What is stored stays \
            and goes on ageing.
            """
    )

    @OptionGroup package var subject: SubjectOptions
    @OptionGroup package var answer: AnswerOptions

    @Flag(help: "Lift the restriction.")
    package var lift = false

    @Flag(help: "Write the report as JSON to standard output.")
    package var json = false

    package init() {}

    package func run() throws {
        let report = try telling(
            asJSON: json, effect: .nothingWritten
        ) { () throws(PipelineFailure) in
            var lines = InputLines()
            return try Sluice.restrictSubject(
                try subject.request(&lines, answer), lifts: lift)
        }
        if json {
            try StandardOutput.write(text: SubjectText.json(report) + "\n")
        } else {
            StandardError.write(SubjectText.text(report))
        }
    }
}

/// `sluice subject status`.
package struct SubjectStatusCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say what is on record of a subject: requests, restrictions, opt-outs, holds."
    )

    @OptionGroup package var subject: SubjectOptions

    @Flag(help: "Write JSON to standard output.")
    package var json = false

    package init() {}

    package func run() throws {
        let report = try telling(
            asJSON: json, effect: .nothingWritten
        ) { () throws(PipelineFailure) in
            var lines = InputLines()
            return try Sluice.statusOfSubject(try subject.request(&lines, nil))
        }
        try StandardOutput.write(
            text: json ? SubjectText.json(report) + "\n" : SubjectText.text(report))
    }
}

/// Runs a command that changes what is stored, and tells what came of it.
private func tellSubjectChange(
    _ done: String, asJSON: Bool,
    _ work: () throws(PipelineFailure) -> SubjectChangeReport
) throws {
    let report = try telling(asJSON: asJSON, effect: .nothingWritten, work)
    if asJSON {
        try StandardOutput.write(text: SubjectText.json(report) + "\n")
    } else {
        StandardError.write(SubjectText.text(report, done))
    }
}
