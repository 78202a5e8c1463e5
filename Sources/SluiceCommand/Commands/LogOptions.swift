package import ArgumentParser

/// The log, as `run` and `publish` know it.
package struct LogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            How to tell what was done: text, json for JSON lines on standard error, or journald.
            """,
            valueName: "format"
        )
    )
    package var logFormat: LogFormat = .text

    package init() {}
}

extension LogFormat: ExpressibleByArgument {}
