package import ArgumentParser
private import FileSystem
internal import Pipelines

/// The clock, the form of the answer and what the process is kept to, as the commands about the
/// registry know them.
package struct RegistryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The clock instead of the system's: a date or an RFC 3339 time.", valueName: "time"))
    package var now: String?

    @Flag(help: "Write the answer as JSON to standard output.")
    package var json = false

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    /// False when the process is to stay free.
    var isConfined: Bool { !sandbox.noSandbox }

    /// Prints what `work` answers, on standard output; tells its failure in the same form.
    func tell<Answer: RegistryAnswer>(
        _ work: () throws(PipelineFailure) -> Answer
    ) throws {
        let answer = try telling(asJSON: json, effect: .nothingWritten, work)
        try StandardOutput.write(
            text: json ? answer.json + "\n" : answer.text(columnsMax: Terminal.tableColumns))
    }
}

/// An answer about the registry, for people and for machines; holds no identifier.
protocol RegistryAnswer {
    /// Lines, with a last line feed.
    func text(columnsMax: Int) -> String
    /// One object on one line.
    var json: String { get }
}
