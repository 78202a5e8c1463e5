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

    @Flag(help: "Write a flowchart in the language of Mermaid.")
    package var mermaid = false

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    package func run() throws {
        let text = try telling(asJSON: json) { () throws(PipelineFailure) in
            if json, mermaid { throw .usage("--json and --mermaid exclude each other") }
            let file = Sluice.read(pipelines: [pipeline], isConfined: !sandbox.noSandbox)[0]
            return mermaid
                ? try Sluice.diagram(pipeline: file)
                : try Sluice.explain(pipeline: file, asJSON: json)
        }
        try StandardOutput.write(text: text.hasSuffix("\n") ? text : text + "\n")
    }
}
