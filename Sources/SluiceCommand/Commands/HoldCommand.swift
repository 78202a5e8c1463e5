package import ArgumentParser
private import FileSystem
internal import Pipelines

/// `sluice hold`: suspends ageing and deletion.
package struct HoldCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Keep stored data from being aged out, erased or deleted, for a stated ground.",
        discussion: """
            While a hold binds, the records it names stay in what is stored as they are, and no \
            month key they may need dies; new outputs and statistics go on as usual. After its \
            release, or its end, the next run ages out what was held.

            An identifier given as - is a line of standard input, so that it stands in no process \
            list. The registry keeps keyed hashes, not identifiers.
            """,
        subcommands: [HoldRaiseCommand.self, HoldListCommand.self, HoldReleaseCommand.self]
    )

    package init() {}
}

/// `sluice hold raise`.
package struct HoldRaiseCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "raise",
        abstract: "Raise a hold.",
        discussion: """
            A hold of the company's own decision needs the date on which the persons were told, \
            and cannot begin to bind before it; a hold that the law demands needs its citation. \
            Dates are those of the pipeline's time zone; --until and --end name the first day that \
            is no longer meant.

            Examples:
              sluice hold raise nightly.yaml --name case-17 --ground law \
            --citation 'Order 4/2026' --reason 'fraud inquiry' --by legal --user - \
            --from 2026-03-01 --until 2026-04-01
              sluice hold raise nightly.yaml --name abuse --ground own-decision \
            --notice 2026-05-01 --start 2026-05-08 --reason abuse --by soc \
            --addresses 192.0.2.0/24
            """
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Option(help: ArgumentHelp("What the hold is called.", valueName: "name"))
    package var name: String

    @Option(help: ArgumentHelp("own-decision or law.", valueName: "ground"))
    package var ground: String

    @Option(help: ArgumentHelp("When the persons were told (own-decision).", valueName: "date"))
    package var notice: String?

    @Option(help: ArgumentHelp("What demands it (law).", valueName: "text"))
    package var citation: String?

    @Option(help: ArgumentHelp("What the data is kept for.", valueName: "text"))
    package var reason: String

    @Option(help: ArgumentHelp("Who raises it.", valueName: "name"))
    package var by: String

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A customer whose records are held; may be repeated.", valueName: "value"))
    package var customer: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A user whose records are held; may be repeated.", valueName: "value"))
    package var user: [String] = []

    @Option(
        help: ArgumentHelp("A network or an address; may be repeated.", valueName: "network"))
    package var addresses: [String] = []

    @Option(help: ArgumentHelp("Only events from this day on.", valueName: "date"))
    package var from: String?

    @Option(help: ArgumentHelp("Only events before this day.", valueName: "date"))
    package var until: String?

    @Option(help: ArgumentHelp("When it begins to bind. (default: now)", valueName: "date"))
    package var start: String?

    @Option(
        help: ArgumentHelp(
            "The first day on which it binds no more. (default: when it is released)",
            valueName: "date"))
    package var end: String?

    @Option(
        help: ArgumentHelp(
            "An output that may keep held records readable; may be repeated.",
            valueName: "output"))
    package var output: [String] = []

    @OptionGroup package var registry: RegistryOptions

    package init() {}

    /// What the facade is asked to do; values given as `-` are read from `lines`.
    func request(_ lines: inout InputLines) throws(PipelineFailure) -> HoldRequest {
        var request = HoldRequest(
            pipeline: pipeline, name: name, ground: try parsedGround(), reason: reason, by: by)
        request.now = registry.now
        for value in customer { request.customers.append(try lines.resolve(value)) }
        for value in user { request.users.append(try lines.resolve(value)) }
        request.addresses = addresses
        request.from = from
        request.until = until
        request.start = start
        request.end = end
        request.outputs = output
        request.isConfined = registry.isConfined
        return request
    }

    private func parsedGround() throws(PipelineFailure) -> HoldRequest.Ground {
        switch ground {
        case "own-decision":
            guard let notice, citation == nil else {
                throw .usage(
                    "--ground own-decision: expected --notice, the date on which the persons were "
                        + "told, and no --citation")
            }
            return .ownDecision(notice: notice)
        case "law":
            guard let citation, notice == nil else {
                throw .usage("--ground law: expected --citation, and no --notice")
            }
            return .law(citation: citation)
        default: throw .usage("--ground: expected `own-decision` or `law`")
        }
    }

    package func run() throws {
        try registry.tell { () throws(PipelineFailure) in
            var lines = InputLines()
            return HoldText(holds: [try Sluice.raiseHold(try request(&lines))])
        }
    }
}

/// `sluice hold list`.
package struct HoldListCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List all holds, released ones too; whom they bind stands there as hashes."
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @OptionGroup package var registry: RegistryOptions

    package init() {}

    package func run() throws {
        try registry.tell { () throws(PipelineFailure) in
            HoldText(
                holds: try Sluice.listHolds(
                    pipeline: pipeline, now: registry.now, isConfined: registry.isConfined))
        }
    }
}

/// `sluice hold release`.
package struct HoldReleaseCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Release a hold: the next run ages out what was held."
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Option(help: ArgumentHelp("What the hold is called.", valueName: "name"))
    package var name: String

    @Option(help: ArgumentHelp("Who releases it.", valueName: "name"))
    package var by: String

    @OptionGroup package var registry: RegistryOptions

    package init() {}

    package func run() throws {
        try registry.tell { () throws(PipelineFailure) in
            HoldText(holds: [
                try Sluice.releaseHold(
                    pipeline: pipeline, name: name, by: by, now: registry.now,
                    isConfined: registry.isConfined)
            ])
        }
    }
}
