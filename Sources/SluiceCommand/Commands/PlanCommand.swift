package import ArgumentParser
private import FileSystem
package import Pipelines

/// `sluice plan`: deals the sources of a pipeline out to tasks.
package struct PlanCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Deal the sources of a pipeline out to tasks for a cluster.",
        usage: "sluice plan <pipeline> [<source> ...] --work <folder> [<options>]",
        discussion: """
            Standard output gets the plan as JSON: its folder, and the names of its tasks. Each \
            `sluice task` does one of them, on any machine that sees the same files, any number \
            of times; `sluice commit` makes the outputs of the run when all are done, the same \
            bytes as `sluice run`.

            Planned again on the same day, with the same pipeline and sources, the plan is the \
            same one: what its tasks have published need not be done again.

            Examples:
              sluice plan nightly.yaml --work /shared/work
              sluice task /shared/work/plan-1f0c… task-93ab…
              sluice commit /shared/work/plan-1f0c…
            """
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Argument(
        help: ArgumentHelp(
            "Files, patterns or directories that take the place of the pipeline's sources.",
            valueName: "source"
        )
    )
    package var sources: [String] = []

    @Option(
        help: ArgumentHelp(
            "The folder of all work, seen by all machines; private like a state.",
            valueName: "folder"
        )
    )
    package var work: String

    @Option(
        help: ArgumentHelp(
            "The run's clock instead of the system's: a date or an RFC 3339 time.",
            valueName: "time"
        )
    )
    package var now: String?

    @Option(
        help: ArgumentHelp(
            "Cut large files into ranges of at least so many bytes.",
            valueName: "number"
        )
    )
    package var rangeBytes: Int = TaskPlanRequest.rangeBytesStandard

    @Option(
        help: ArgumentHelp(
            "Have tasks deal out what they count to so many buckets, for `sluice reduce`.",
            valueName: "number"
        )
    )
    package var buckets: Int = 1

    @Option(
        help: ArgumentHelp(
            """
            Make the month keys since this month that the key store lacks: tasks only read them. \
            (default: the month in which the window begins)
            """,
            valueName: "yyyy-mm"
        )
    )
    package var firstMonth: String?

    @Flag(
        help: ArgumentHelp(
            """
            Name attempts once and for all, and list those that count: for a work folder that \
            cannot rename a folder in one step, as an object store.
            """
        )
    )
    package var noRename = false

    @OptionGroup package var key: RunKeyOptions

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    /// What the facade is asked to do.
    package func request() throws(PipelineFailure) -> TaskPlanRequest {
        var request = TaskPlanRequest(pipeline: pipeline, work: work)
        request.sources = sources
        request.now = now
        request.rangeBytes = rangeBytes
        request.buckets = buckets
        request.firstMonth = firstMonth
        request.listsWinners = noRename
        request.key = try key.source()
        request.isConfined = !sandbox.noSandbox
        return request
    }

    package func run() throws {
        let report = try telling(asJSON: true) { () throws(PipelineFailure) in
            try Sluice.planTasks(try request())
        }
        try StandardOutput.write(text: TaskText.json(report) + "\n")
    }
}
