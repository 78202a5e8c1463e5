package import ArgumentParser
private import FileSystem
import Pipelines

/// `sluice reduce`: merges what the statistics of a group of tasks counted.
package struct ReduceCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "reduce",
        abstract: "Merge what the statistics of all tasks counted of some persons.",
        discussion: """
            Not needed: `commit` merges what is not merged yet. With very many tasks, \
            `plan --buckets` has them deal out what they count to buckets of tokens, so that as \
            many machines can merge one each first, with the same result. Attempts, and exit \
            statuses, are as with `sluice task`.
            """
    )

    @Argument(help: "The work folder of the plan.")
    package var folder: String

    @Argument(help: "Which bucket, from 0 on.")
    package var bucket: Int

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
                folder: folder, bucket: bucket, attempt: attempt, isConfined: !sandbox.noSandbox)
        }
        try StandardOutput.write(text: TaskText.json(report) + "\n")
    }
}
