package import ArgumentParser
private import FileSystem
import Pipelines

/// `sluice gc`: removes what dead attempts left in a folder of work.
package struct CollectCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Remove dead attempts and idle plans from a folder of work.",
        discussion: """
            Only its age tells a dead attempt from one that is at work on another machine: choose \
            one that no task takes. What a plan without a commit has published goes with it.
            """
    )

    @Argument(help: "The folder that `sluice plan` was given with --work.")
    package var work: String

    @Option(
        help: ArgumentHelp(
            "Remove what nothing was written to for so long, an ISO 8601 duration.",
            valueName: "duration"
        )
    )
    package var olderThan: String = "P2D"

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    package func run() throws {
        let report = try telling(asJSON: true) { () throws(PipelineFailure) in
            try Sluice.collectWork(
                work, olderThan: olderThan, isConfined: !sandbox.noSandbox)
        }
        try StandardOutput.write(text: TaskText.json(report) + "\n")
    }
}
