package import ArgumentParser
private import FileSystem
private import Pipelines

/// `sluice explain`: what a pipeline would do.
package struct ExplainCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what a pipeline does with each field, without reading a record."
    )

    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Flag(help: "Write JSON to standard output.")
    package var json = false

    package init() {}

    package func run() throws {
        let text = try telling(asJSON: json) { () throws(PipelineFailure) in
            try Sluice.explain(pipeline: pipeline, asJSON: json)
        }
        try StandardOutput.write(text: text.hasSuffix("\n") ? text : text + "\n")
    }
}
