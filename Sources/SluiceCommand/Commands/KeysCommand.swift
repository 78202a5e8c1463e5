package import ArgumentParser
private import FileSystem
private import KeyedHashing
import Pipelines

/// `sluice keys`: the month keys of a pipeline's key store.
package struct KeysCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "List, destroy and seal the month keys of a pipeline's key store.",
        discussion: """
            A key dies by itself: `run` destroys it when the last record of its month must have \
            been aged out, the grace is over, and no hold, unpublished period or other state may \
            need it.
            """,
        subcommands: [ListKeys.self, DestroyKey.self, ForgetState.self, RewrapKeys.self]
    )

    package init() {}
}

/// What all `keys` commands know.
package struct KeysOptions: ParsableArguments {
    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Option(
        help: ArgumentHelp(
            "The clock instead of the system's: a date or an RFC 3339 time.",
            valueName: "time"
        )
    )
    package var now: String?

    @Flag(help: "Write JSON to standard output.")
    package var json = false

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    var request: KeysRequest {
        var request = KeysRequest(pipeline: pipeline)
        request.now = now
        request.isConfined = !sandbox.noSandbox
        return request
    }

    /// Writes what a command found; a failure goes where the caller looks for the report, too.
    func tell<Report>(
        json: (Report) -> String,
        text: (Report) -> String,
        _ work: () throws(PipelineFailure) -> Report
    ) throws {
        let report = try telling(asJSON: self.json, work)
        try StandardOutput.write(text: self.json ? json(report) + "\n" : text(report))
    }
}

/// `sluice keys list`.
package struct ListKeys: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "All keys with their state, and why those that live do."
    )

    @OptionGroup package var options: KeysOptions

    @Flag(name: .shortAndLong, help: "Show whole fingerprints, runs and reasons.")
    package var verbose = false

    package init() {}

    package func run() throws {
        let text = KeyText(columnsMax: Terminal.tableColumns, isVerbose: verbose)
        try options.tell(json: KeyText.json, text: text.text) { () throws(PipelineFailure) in
            try Sluice.listKeys(options.request)
        }
    }
}

/// `sluice keys destroy`.
package struct DestroyKey: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Destroy the key of a month, under the same checks as `run`.",
        discussion: """
            Refused with exit status 10 while a record, a hold, an unpublished period or another \
            state may need the key. A key whose file is gone without a record gets its record.
            """
    )

    @OptionGroup package var options: KeysOptions

    @Option(help: ArgumentHelp("The month.", valueName: "yyyy-mm"))
    package var month: String

    @Option(help: ArgumentHelp("Why; stays in the record. No names.", valueName: "text"))
    package var reason: String?

    package init() {}

    package func run() throws {
        try options.tell(json: KeyText.json, text: KeyText.text) { () throws(PipelineFailure) in
            try Sluice.destroyKey(options.request, month: month, reason: reason)
        }
    }
}

/// `sluice keys forget`.
package struct ForgetState: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Forget a state folder that is gone for good.",
        discussion: """
            A state that cannot be asked keeps every key alive. Forgetting it is recorded in the \
            key store; records that it still held can't be aged out under their keys any more.

            A state that is still there is asked first. It is not forgotten while it needs keys \
            (exit status 10), while another run is at work on it (7: try again later), or when it \
            cannot be read (6: mend it, or move its folder away).
            """
    )

    @OptionGroup package var options: KeysOptions

    @Option(help: ArgumentHelp("The state folder.", valueName: "directory"))
    package var state: String

    package init() {}

    package func run() throws {
        try options.tell(json: KeyText.json, text: KeyText.text) { () throws(PipelineFailure) in
            try Sluice.forgetState(options.request, state: state)
        }
    }
}

/// `sluice keys rewrap`.
package struct RewrapKeys: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rewrap",
        abstract: "Seal existing keys by the key-encryption key that `wrapped_by` names now.",
        discussion: """
            Seals plain keys when `wrapped_by` is new in the pipeline; with --from-descriptor or \
            --from-credential, sealed ones by another key, or, when `wrapped_by` is gone, not at \
            all. Done to the key store and to the registry keys of all states that use it. When \
            it is interrupted, do it again.
            """
    )

    @OptionGroup package var options: KeysOptions

    @Option(
        help: ArgumentHelp(
            "The inherited descriptor with the key that sealed them so far.", valueName: "number"))
    package var fromDescriptor: Int32?

    @Option(
        help: ArgumentHelp(
            "The systemd credential with the key that sealed them so far.", valueName: "name"))
    package var fromCredential: String?

    package init() {}

    package func run() throws {
        try options.tell(json: KeyText.json, text: KeyText.text) { () throws(PipelineFailure) in
            try Sluice.rewrapKeys(options.request, from: try source())
        }
    }

    private func source() throws(PipelineFailure) -> WrappingKeySource? {
        switch (fromDescriptor, fromCredential) {
        case (nil, nil): return nil
        case (let number?, nil) where (3...1023).contains(number): return .descriptor(number)
        case (nil, let name?) where !name.isEmpty && !name.utf8.contains(UInt8(ascii: "/")):
            return .credential(name)
        default:
            throw .usage(
                "expected --from-descriptor with a number from 3 to 1023, or --from-credential "
                    + "with a name without `/`")
        }
    }
}
