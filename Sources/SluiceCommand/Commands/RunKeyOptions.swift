package import ArgumentParser
import Pipelines

/// Where the key of a run comes from that is dealt out to tasks: never the arguments, never the
/// environment.
package struct RunKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The key of the run, for statistics without a key store: a file with 32 random bytes, \
            for its owner only.
            """,
            valueName: "file"
        )
    )
    package var keyFile: String?

    @Option(
        help: ArgumentHelp(
            "The same key, from an inherited file descriptor, 3 or above.",
            valueName: "number"
        )
    )
    package var keyFd: Int32?

    package init() {}

    /// Nil when none was named; naming both is a usage failure.
    func source() throws(PipelineFailure) -> RunKeySource? {
        switch (keyFile, keyFd) {
        case (let file?, nil): return .file(file)
        case (nil, let number?):
            guard number > 2 else {
                throw .usage("--key-fd: found \(number), expected a descriptor of 3 or above")
            }
            return .descriptor(number)
        case (nil, nil): return nil
        default: throw .usage("--key-file and --key-fd exclude each other")
        }
    }
}
