package import ArgumentParser
private import FileSystem
import Pipelines

/// `sluice commit`: makes the outputs of a run of what its tasks have done.
package struct CommitCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "commit",
        abstract: "Make the outputs of a run when all tasks of its plan are done.",
        discussion: """
            What is complete is proven from the files of the tasks, not from what they answered. \
            Outputs, tables and lists then appear as after `sluice run`, byte for byte, and \
            `_SUCCESS.json` in the folder of the plan says so. Called again, the command does \
            what is left to do, or nothing.
            """
    )

    @Argument(help: "The work folder of the plan.")
    package var folder: String

    @Flag(help: "Write the report as JSON to standard output.")
    package var json = false

    @OptionGroup package var talk: TalkOptions

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    package func run() throws {
        let report = try telling(
            asJSON: json, effect: .nothingWritten
        ) { () throws(PipelineFailure) in
            try talk.check()
            return try Sluice.commitTasks(folder: folder, isConfined: !sandbox.noSandbox)
        }
        guard let report else {
            if json { try StandardOutput.write(text: TaskText.completeBefore + "\n") }
            if !talk.quiet { StandardError.write("The run was complete before: nothing to do.\n") }
            return
        }
        if json { try StandardOutput.write(text: ReportJSON.json(report) + "\n") }
        if !talk.quiet, !json || talk.verbose {
            let table = ClosingTable(
                report, columnsMax: Terminal.tableColumns, isVerbose: talk.verbose)
            StandardError.write(table.text)
        }
    }
}
