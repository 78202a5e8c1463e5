private import ArgumentParser
private import FileSystem
private import Pipelines
private import Records

/// One call of `sluice`, from its arguments to its exit status.
package enum Invocation {
    /// Does what the arguments (without the name of the programme) ask for, tells of failures on
    /// standard error, and gives the exit status.
    package static func run(_ arguments: [String]) -> Int32 {
        do {
            // To read arguments by the tree of commands looks at hundreds of types and costs some
            // milliseconds at every start. A plain `run` is read without it; whatever else there is
            // (help, wrong usage, rare options) the tree reads, and answers in its own words.
            if let run = RunArguments(plain: arguments) {
                try run.run()
            } else if let fault = commandFault(arguments) {
                return tell(
                    FailureText(usage: fault, advice: "See: sluice --help"),
                    ExitStatus.usage
                )
            } else {
                var command = try RootCommand.parseAsRoot(arguments)
                try command.run()
            }
            try StandardOutput.finish()
            return ExitStatus.success
        } catch let failure as CommandFailure {
            return tell(failure, arguments)
        } catch let fault as FileFault {
            return tell(CommandFailure(failure: failure(of: fault), effect: .none), arguments)
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            return tellParser(error, arguments)
        }
    }

    /// A first argument that is no subcommand, in words, or nil.
    package static func commandFault(_ arguments: [String]) -> String? {
        guard let first = arguments.first else { return "no command, expected \(commandList)" }
        guard first.utf8.first != UInt8(ascii: "-") else { return nil }
        if (commandNames + ["help"]).contains(where: { $0.utf8.elementsEqual(first.utf8) }) {
            return nil
        }
        let near = nearestName(to: first, among: commandNames)
        let hint = near.map { "; did you mean `\($0)`?" } ?? ", expected \(commandList)"
        return "no command `\(first)`\(hint)"
    }

    /// Where the help for these arguments is to be had.
    package static func helpHint(_ arguments: [String]) -> String {
        let name = arguments.first.flatMap { first in
            commandNames.first { $0.utf8.elementsEqual(first.utf8) }
        }
        return "See: sluice \(name.map { "\($0) " } ?? "")--help"
    }

    private static var commandNames: [String] {
        RootCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    private static var commandList: String {
        let names = commandNames
        return names.dropLast().joined(separator: ", ") + (names.last.map { " or \($0)" } ?? "")
    }

    private static func tell(_ text: FailureText, _ status: Int32) -> Int32 {
        StandardError.write(text.text(Terminal.errorPalette))
        return status
    }

    private static func tell(_ failed: CommandFailure, _ arguments: [String]) -> Int32 {
        let status = failed.failure.exitStatus
        if failed.isTold { return status }
        if case .usage(let sentence) = failed.failure {
            return tell(FailureText(usage: sentence, advice: helpHint(arguments)), status)
        }
        let text = FailureText(
            failed.failure,
            effect: failed.effect,
            columnsMax: Terminal.tableColumns
        )
        return tell(text, status)
    }

    /// Standard output that could not be written.
    private static func failure(of fault: FileFault) -> PipelineFailure {
        switch fault.cause {
        case .brokenPipe: .closedPipe
        case .interrupted: .interrupted(signal: Interruption.signal ?? 2)
        default: .storage(fault.description)
        }
    }

    /// Help and version are what was asked for and go to standard output; the rest is wrong usage.
    private static func tellParser(_ error: any Error, _ arguments: [String]) -> Int32 {
        let message = RootCommand.message(for: error)
        guard RootCommand.exitCode(for: error).isSuccess else {
            let line = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return tell(FailureText(usage: line, advice: helpHint(arguments)), ExitStatus.usage)
        }
        do throws(FileFault) {
            try StandardOutput.write(text: message + "\n")
            try StandardOutput.finish()
            return ExitStatus.success
        } catch {
            return tell(CommandFailure(failure: failure(of: error), effect: .none), arguments)
        }
    }
}
