package import ArgumentParser
private import FileSystem

/// `sluice manual`: the manual page.
package struct ManualCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Print the manual page, sluice(1), for man."
    )

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    package func run() throws {
        sandbox.closeAll()
        try StandardOutput.write(text: ManualPage.text)
    }
}

/// `sluice completions`: what a shell needs to complete arguments.
package struct CompletionsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print the completion script of a shell: bash, zsh or fish."
    )

    /// The shells there is a script for.
    package enum Shell: String, ExpressibleByArgument, CaseIterable, Sendable {
        case bash, zsh, fish
    }

    @Argument(help: "The shell.")
    package var shell: Shell

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    package func run() throws {
        sandbox.closeAll()
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        try StandardOutput.write(text: RootCommand.completionScript(for: kind) + "\n")
    }
}
