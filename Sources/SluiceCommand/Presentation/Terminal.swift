private import CSystem
private import FileSystem
private import Glibc

/// What is known about the terminal behind standard error and standard output.
package enum Terminal {
    /// The width that is taken when a terminal does not tell, and where there is none.
    package static let columnsDefault = 80

    /// The widest text: over longer lines the eye loses its row.
    private static let columnsMost = 160

    /// The present width of the terminal behind standard error, in characters.
    package static var columns: Int {
        let columns = Int(csystem_terminal_columns(STDERR_FILENO))
        return columns > 0 ? columns : columnsDefault
    }

    /// The width for text on standard error: that of the terminal, from 40 to `columnsMost`.
    package static var tableColumns: Int {
        StandardError.isTerminal ? min(max(columns, 40), columnsMost) : columnsDefault
    }

    /// True when standard error is a terminal that can go back in a line.
    package static var canRedraw: Bool { StandardError.isTerminal && !isDumb }

    private static var isDumb: Bool { environment("TERM") == "dumb" }

    /// The value of an environment variable; nil when it is not set.
    private static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// The colours for standard error.
    package static var errorPalette: Palette {
        Palette(isOn: StandardError.isTerminal && isColoured)
    }

    /// The colours for standard output.
    package static var outputPalette: Palette {
        Palette(isOn: StandardOutput.isTerminal && isColoured)
    }

    /// False for terminals without colours, and when `NO_COLOR` is set to anything but nothing
    /// (no-color.org).
    private static var isColoured: Bool { !isDumb && environment("NO_COLOR") ?? "" == "" }
}

/// Red for faults, green for what is well; nothing where no colour is wanted.
package struct Palette: Sendable {
    package let isOn: Bool

    package init(isOn: Bool) { self.isOn = isOn }

    /// The text in red.
    package func bad(_ text: String) -> String { coloured(text, "31") }

    /// The text in green.
    package func good(_ text: String) -> String { coloured(text, "32") }

    private func coloured(_ text: String, _ code: String) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
