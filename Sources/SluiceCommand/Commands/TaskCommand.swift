package import ArgumentParser
private import FileSystem
package import Pipelines

/// `sluice task`: one attempt at one task of a plan.
package struct TaskCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "Make one attempt at one task of a plan.",
        discussion: """
            Of several attempts at a task, at the same time or later, the first that is complete \
            counts; the others succeed as well and say `"committed":false`. Standard output gets \
            the numbers of the task as JSON.

            Exit statuses 6, 7 and those above 128 may pass: try the task again, best on another \
            machine. After all others it would fail again.
            """
    )

    @Argument(help: "The work folder of the plan.")
    package var folder: String

    @Argument(help: "The name of the task, or its number in the plan, from 0 on.")
    package var task: String

    @Option(
        help: ArgumentHelp(
            "What the scheduler calls the attempt: letters, digits, - and _.",
            valueName: "name"
        )
    )
    package var attempt: String?

    @Option(
        help: ArgumentHelp(
            "How many workers run at the same time, 1 to \(WorkerLimits.askedMax).",
            valueName: "number"
        )
    )
    package var workers: Int = 1

    @OptionGroup package var key: RunKeyOptions

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    /// What the facade is asked to do.
    package func request() throws(PipelineFailure) -> TaskRequest {
        try WorkOptions.check(workers: workers)
        var request = TaskRequest(folder: folder, name: task)
        request.attempt = attempt
        request.workers = workers
        request.key = try key.source()
        request.isConfined = !sandbox.noSandbox
        return request
    }

    package func run() throws {
        let report = try telling(
            asJSON: true, effect: .nothingWritten
        ) { () throws(PipelineFailure) in
            try Sluice.runTask(try request(), observer: nil)
        }
        try StandardOutput.write(text: TaskText.json(report) + "\n")
    }
}
