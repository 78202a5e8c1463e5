package import ArgumentParser
private import FileSystem
import Pipelines

/// `sluice reduce`: merges what the statistics of a group of tasks counted.
package struct ReduceCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "reduce",
        abstract: "Merge what the statistics of a group of tasks counted.",
        discussion: """
            Not needed: `commit` merges what all tasks counted. With very many tasks, groups of \
            them can be merged on several machines first, with the same result. Attempts, and \
            exit statuses, are as with `sluice task`.
            """
    )

    @Argument(help: "The work folder of the plan.")
    package var folder: String

    @Option(help: ArgumentHelp("Which group, from 0 on.", valueName: "number"))
    package var group: Int

    @Option(help: ArgumentHelp("How many groups the tasks are divided into.", valueName: "number"))
    package var groups: Int

    @Option(
        help: ArgumentHelp(
            "What the scheduler calls the attempt: letters, digits, - and _.",
            valueName: "name"
        )
    )
    package var attempt: String?

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    package func run() throws {
        let report = try telling(
            asJSON: true, effect: .nothingWritten
        ) { () throws(PipelineFailure) in
            try Sluice.mergeTasks(
                folder: folder, group: group, of: groups, attempt: attempt,
                isConfined: !sandbox.noSandbox)
        }
        try StandardOutput.write(text: TaskText.json(report) + "\n")
    }
}
