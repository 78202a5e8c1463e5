package import ArgumentParser
private import FileSystem
import Pipelines

/// `sluice test`: the tests that pipeline files carry.
package struct TestCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run the tests that stand in pipeline files.",
        discussion: """
            A line for each test, and what differs. The exit status is 1 when a test did not give \
            what it should.
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
            let report: TestReport
            do throws(PipelineFailure) {
                report = try Sluice.test(pipeline: file)
            } catch {
                status = max(status, try tellFailure(error))
                items.append(failureJSON(error, pipeline: pipeline))
                continue
            }
            if !report.cases.allSatisfy(\.hasPassed) {
                status = max(status, ExitStatus.testsFailed)
            }
            items.append(TestText.json(report, pipeline: pipeline))
            if !json {
                let text = TestText.text(report, pipeline: pipeline, Terminal.outputPalette)
                try StandardOutput.write(text: text)
            }
        }
        if json {
            let report = JSONValue.object([
                ("status", .integer(Int(status))), ("pipelines", .array(items)),
            ])
            try StandardOutput.write(text: report.json + "\n")
        }
        if status != ExitStatus.success { throw ExitCode(status) }
    }
}
