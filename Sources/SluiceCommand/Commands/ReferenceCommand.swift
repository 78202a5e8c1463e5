package import ArgumentParser
private import FileSystem
private import Pipelines

/// `sluice reference`: every key of a pipeline file.
package struct ReferenceCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "reference",
        abstract: "Print the reference of pipeline files as Markdown."
    )

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    package func run() throws {
        sandbox.closeAll()
        try StandardOutput.write(text: Sluice.referenceMarkdown())
    }
}
