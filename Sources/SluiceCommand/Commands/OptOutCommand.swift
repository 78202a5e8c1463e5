package import ArgumentParser
private import FileSystem
internal import Pipelines

/// `sluice opt-out`: who has opted out of what.
package struct OptOutCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "opt-out",
        abstract: "Keep the registry of opt-outs and objections of a pipeline's state.",
        discussion: """
            --customer names a customer, --user a person, both a person in one customer's records. \
            A value given as - is a line of standard input, so that it stands in no process list. \
            The registry keeps keyed hashes, scopes and dates, nothing else. It adds up with the \
            list that the pipeline's `opt_outs` names.

            Example:
              sluice opt-out add nightly.yaml --customer - --purpose statistics < name.txt
            """,
        subcommands: [
            OptOutAddCommand.self, OptOutImportCommand.self, OptOutWithdrawCommand.self,
            OptOutListCommand.self, OptOutCheckCommand.self,
        ]
    )

    package init() {}
}

/// Whom it is about, as the commands about opt-outs know it.
package struct OptOutSubjectOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The customer, as records name it; - reads it.", valueName: "value"))
    package var customer: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The person, as records name it; - reads it.", valueName: "value"))
    package var user: String?

    package init() {}

    func subject(_ lines: inout InputLines) throws(PipelineFailure) -> OptOutSubject {
        var subject = OptOutSubject()
        if let customer { subject.customer = try lines.resolve(customer) }
        if let user { subject.user = try lines.resolve(user) }
        return subject
    }
}

/// `sluice opt-out add`.
package struct OptOutAddCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Enter an opt-out.",
        discussion: """
            From its date on data of any age is not used for the purposes and categories named \
            (--basis event: events of that date and later). What is already in figures that were \
            not published, and in stored outputs of those purposes, is taken out at once; what was \
            published stays.
            """
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @OptionGroup package var subject: OptOutSubjectOptions

    @Option(
        help: ArgumentHelp(
            "A purpose, or * for all but security and compliance; may be repeated. (default: *)",
            valueName: "purpose"))
    package var purpose: [String] = []

    @Option(
        help: ArgumentHelp(
            "A category of data, or *; may be repeated. (default: *)", valueName: "category"))
    package var category: [String] = []

    @Option(help: ArgumentHelp("From which day on. (default: today)", valueName: "date"))
    package var effective: String?

    @Option(help: ArgumentHelp("use or event. (default: the pipeline's)", valueName: "basis"))
    package var basis: String?

    @OptionGroup package var registry: RegistryOptions

    package init() {}

    func request(_ lines: inout InputLines) throws(PipelineFailure) -> OptOutRequest {
        var request = OptOutRequest(pipeline: pipeline, subject: try subject.subject(&lines))
        request.now = registry.now
        request.purposes = purpose
        request.categories = category
        request.effective = effective
        request.basis = basis
        request.isConfined = registry.isConfined
        return request
    }

    package func run() throws {
        try registry.tell { () throws(PipelineFailure) in
            var lines = InputLines()
            let outcome = try Sluice.addOptOut(try request(&lines))
            return OptOutText(
                entries: [outcome.entry], effect: outcome.effect,
                lead: outcome.isNew ? "entered" : "was there already")
        }
    }
}

/// `sluice opt-out import`.
package struct OptOutImportCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take a list of opt-outs over into the registry, and print the difference.",
        discussion: """
            The list has the form that the `opt_outs` key of a pipeline reads. A line that is not \
            in the registry is entered; one with a withdrawal date ends its entry; an entry that \
            stands in no line stays in force.
            """
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Argument(help: "The list, a CSV file.")
    package var list: String

    @OptionGroup package var registry: RegistryOptions

    package init() {}

    package func run() throws {
        try registry.tell { () throws(PipelineFailure) in
            OptOutImportText(
                report: try Sluice.importOptOuts(
                    pipeline: pipeline, file: list, now: registry.now,
                    isConfined: registry.isConfined))
        }
    }
}

/// `sluice opt-out withdraw`.
package struct OptOutWithdrawCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "End an opt-out: by its number, or all of a customer or person."
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Option(help: ArgumentHelp("The number that `list` shows.", valueName: "number"))
    package var id: Int64?

    @OptionGroup package var subject: OptOutSubjectOptions

    @Option(
        help: ArgumentHelp(
            "The first day on which it no longer holds. (default: today)", valueName: "date"))
    package var date: String?

    @OptionGroup package var registry: RegistryOptions

    package init() {}

    package func run() throws {
        try registry.tell { () throws(PipelineFailure) in
            var lines = InputLines()
            let entries = try Sluice.withdrawOptOut(
                pipeline: pipeline, id: id, subject: try subject.subject(&lines), date: date,
                now: registry.now, isConfined: registry.isConfined)
            return OptOutText(entries: entries, lead: nil)
        }
    }
}

/// `sluice opt-out list`.
package struct OptOutListCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the registry: hashes, scopes and dates."
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @OptionGroup package var registry: RegistryOptions

    package init() {}

    package func run() throws {
        try registry.tell { () throws(PipelineFailure) in
            OptOutText(
                entries: try Sluice.listOptOuts(
                    pipeline: pipeline, now: registry.now, isConfined: registry.isConfined),
                lead: nil)
        }
    }
}

/// `sluice opt-out check`.
package struct OptOutCheckCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what the registry and the pipeline's list hold about one value."
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @OptionGroup package var subject: OptOutSubjectOptions

    @OptionGroup package var registry: RegistryOptions

    package init() {}

    package func run() throws {
        try registry.tell { () throws(PipelineFailure) in
            var lines = InputLines()
            return OptOutCheckText(
                report: try Sluice.checkOptOut(
                    pipeline: pipeline, subject: try subject.subject(&lines), now: registry.now,
                    isConfined: registry.isConfined))
        }
    }
}
