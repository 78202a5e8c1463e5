package import ArgumentParser
private import FileSystem
import Pipelines
private import Records

/// `sluice check`: all faults of pipeline files.
package struct CheckCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look for the faults of pipeline files, without reading a record.",
        discussion: """
            Every fault comes with file:line:column, what was found and what was expected. The \
            exit status is 3 when there are faults.
            """
    )

    @Argument(help: "The pipeline files.")
    package var pipelines: [String]

    @Flag(help: "Write JSON to standard output.")
    package var json = false

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    package func run() throws {
        var status = ExitStatus.success
        var items: [JSONValue] = []
        for file in Sluice.read(pipelines: pipelines, isConfined: !sandbox.noSandbox) {
            let pipeline = file.path
            let faults: [SettingFault]
            let notes: [String]
            do throws(PipelineFailure) {
                (faults, notes) = try Sluice.checkAndNote(pipeline: file)
            } catch {
                status = max(status, try tellFailure(error))
                items.append(failureJSON(error, pipeline: pipeline))
                continue
            }
            let outcome = faults.isEmpty ? ExitStatus.success : ExitStatus.pipelineFaults
            status = max(status, outcome)
            items.append(
                .object([
                    ("file", .text(pipeline)),
                    ("status", .integer(Int(outcome))),
                    ("faults", .written(FaultReport.json(faults, file: pipeline))),
                    ("notes", .array(notes.map { .text($0) })),
                ])
            )
            if !json { try StandardOutput.write(text: text(faults, notes, pipeline: pipeline)) }
        }
        if json {
            let report = JSONValue.object([
                ("status", .integer(Int(status))), ("pipelines", .array(items)),
            ])
            try StandardOutput.write(text: report.json + "\n")
        }
        if status != ExitStatus.success { throw ExitCode(status) }
    }

    private func text(_ faults: [SettingFault], _ notes: [String], pipeline: String) -> String {
        guard faults.isEmpty else { return FaultReport.render(faults, file: pipeline) + "\n" }
        let ok = Terminal.outputPalette.good("ok")
        return "\(FaultReport.printable(pipeline)): \(ok), no faults\n"
            + notes.map { "note: \(FaultReport.printable($0))\n" }.joined()
    }
}

/// Tells why one of several pipelines could not be looked at, so that the others still are, and
/// gives the exit status. A wish to stop ends the whole command.
func tellFailure(_ failure: PipelineFailure) throws(CommandFailure) -> Int32 {
    switch failure {
    case .interrupted, .closedPipe: throw CommandFailure(failure: failure, effect: .none)
    default: break
    }
    StandardError.write(FailureText(failure, effect: .none).text(Terminal.errorPalette))
    return failure.exitStatus
}

/// The failure of one of several pipelines in their JSON report.
func failureJSON(_ failure: PipelineFailure, pipeline: String) -> JSONValue {
    let message = FailureText(failure, effect: .none).message
    return .object(
        [("file", .text(pipeline))] + ReportJSON.members(failure, message: message)
    )
}
