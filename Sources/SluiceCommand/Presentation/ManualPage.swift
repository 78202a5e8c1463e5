private import ArgumentParser
private import Pipelines

/// The manual page in the language of man(7), made of the same texts as `--help`.
package enum ManualPage {
    /// The whole page.
    package static var text: String {
        let root = RootCommand.configuration
        var lines = [
            ".TH SLUICE 1 \"\" \"sluice \(Sluice.version)\" \"User Commands\"",
            ".SH NAME", escaped("sluice - \(root.abstract)"),
            ".SH SYNOPSIS", ".B sluice", ".I command", "[arguments]",
            ".SH DESCRIPTION",
        ]
        lines += block(root.discussion)
        lines.append(".SH COMMANDS")
        lines += root.subcommands.flatMap { section($0, under: "sluice") }
        lines += [
            ".SH FILES",
            escaped("Pipeline files are described in full by `sluice reference`."),
            ".SH ENVIRONMENT", ".TP", ".B NO_COLOR",
            escaped("When set to anything but nothing, no colours are used (no-color.org)."),
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// The help of a command and of the commands below it.
    private static func section(
        _ command: any ParsableCommand.Type, under parent: String
    ) -> [String] {
        let name = "\(parent) \(command.configuration.commandName ?? "")"
        let children = command.configuration.subcommands
        let own = [".SS \(escaped(name))"] + block(help(of: command))
        return own + children.flatMap { section($0, under: name) }
    }

    private static func help(of command: any ParsableCommand.Type) -> String {
        RootCommand.helpMessage(for: command, columns: 76)
    }

    /// Lines as they are, spaces kept.
    private static func block(_ text: String) -> [String] {
        [".nf"] + text.split(separator: "\n", omittingEmptySubsequences: false).map {
            escaped(String($0))
        } + [".fi"]
    }

    /// A line of text: no character of it is a request or an escape.
    private static func escaped(_ line: String) -> String {
        let text = line.reduce(into: "") { escaped, character in
            switch character {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "'": escaped += "\\(aq"
            case "`": escaped += "\\(ga"
            default: escaped.append(character)
            }
        }
        return text.hasPrefix(".") ? "\\&" + text : text
    }
}
