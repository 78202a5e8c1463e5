package import Anonymization
package import ArgumentParser
private import FileSystem
private import Pipelines

/// `sluice filter`: standard input to standard output, by flags alone.
package struct FilterCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "filter",
        abstract: "Pseudonymise standard input to standard output; no pipeline file, no state.",
        discussion: """
            Fields that no flag names are dropped. Without --window every record is due, however \
            young it is. Records that cannot be read are set aside and counted; past the limit \
            the command fails. The exit status alone says whether the output is complete.

            Examples:
              zcat access.log.gz | sluice filter --format combined --ip /16,/32 \\
                  --user pseudonymize --keys keys --keep-others | gzip > out.gz
              sluice filter --format jsonl --time ts --set ts=keep --ip /24 \\
                  --set message=redact --set page=url < actions.jsonl
            """
    )

    @Option(
        help: ArgumentHelp(
            """
            What the input looks like: a format by its name (jsonl, csv, combined, haproxy, w3c, \
            syslog_5424, logfmt, cloudtrail, ... as in `sluice reference`), an nginx log_format or \
            Apache LogFormat string, or auto, which looks at the first lines, names its choice, \
            and refuses in doubt.
            """,
            valueName: "format"
        )
    )
    package var format: String

    @Option(
        name: .customLong("ip"),
        help: ArgumentHelp(
            "The bits of IPv4 and IPv6 addresses to keep, such as /16,/32; /16 alone is for IPv4.",
            valueName: "bits"
        )
    )
    package var addressBits: String?

    @Option(
        name: .customLong("ip-field"),
        help: ArgumentHelp("The field of the address.", valueName: "name")
    )
    package var addressField = "ip"

    @Option(
        name: .customLong("ip-embedded"),
        help: ArgumentHelp("How IPv4 addresses inside IPv6 are cut.", valueName: "how")
    )
    package var embedded: TruncateAddress.Embedded?

    @Option(
        name: .customLong("ip-ports"),
        help: ArgumentHelp("Whether ports are taken off or make it no address.", valueName: "how")
    )
    package var ports: TruncateAddress.Ports?

    @Option(
        name: .customLong("ip-invalid"),
        help: ArgumentHelp("What becomes of a text that is no address.", valueName: "how")
    )
    package var invalid: TruncateAddress.Invalid?

    @Option(
        help: ArgumentHelp(
            """
            What happens to the user: pseudonymize, drop, keep, or hmac_sha256:key=FILE.
            """,
            valueName: "transform"
        )
    )
    package var user: String?

    @Option(help: ArgumentHelp("The field of the user.", valueName: "name"))
    package var userField = "user"

    @Option(
        help: ArgumentHelp(
            "The key store for pseudonymize: a directory that only you may enter.",
            valueName: "directory"
        )
    )
    package var keys: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            """
            What happens to a field: FIELD=TRANSFORM[:option=value,...], as often as needed; \
            \\, is a comma in a value.
            """,
            valueName: "rule"
        )
    )
    package var fieldRules: [String] = []

    @Flag(help: "Keep the fields that nothing names instead of dropping them.")
    package var keepOthers = false

    @Option(
        help: ArgumentHelp(
            "The field of the event's time. (default: the format's own, if it has one)",
            valueName: "field"
        )
    )
    package var time: String?

    @Option(
        help: ArgumentHelp(
            """
            How that time is written: rfc3339, access-log, epoch, epoch-ms, datetime or date.
            """,
            valueName: "format"
        )
    )
    package var timeFormat: String?

    @Option(
        help: ArgumentHelp(
            """
            The encoding of the input: utf-8, latin-1, windows-1252 or utf-16; the output is UTF-8.
            """,
            valueName: "encoding"
        )
    )
    package var encoding: String?

    @Option(
        help: ArgumentHelp("The time zone of days and of times without one.", valueName: "zone")
    )
    package var zone: String?

    @Option(
        help: ArgumentHelp(
            "Let younger records pass as they are: an ISO 8601 duration such as P1M.",
            valueName: "duration"
        )
    )
    package var window: String?

    @Option(
        help: ArgumentHelp(
            "How much may be set aside: a share such as 0.1%, or a number of records.",
            valueName: "limit"
        )
    )
    package var quarantineLimit: String?

    @OptionGroup package var work: WorkOptions

    @Flag(help: "Write gzip.")
    package var gzip = false

    @Flag(help: "Write a report as JSON to standard error.")
    package var json = false

    @OptionGroup package var talk: TalkOptions

    package init() {}

    package func run() throws {
        let request: FilterRequest
        do throws(PipelineFailure) {
            request = try self.request()
            if gzip, StandardOutput.isTerminal {
                throw .usage("--gzip: standard output is a terminal, send it to a file or pipe")
            }
        } catch {
            throw CommandFailure(failure: error, effect: .none)
        }
        // On the terminal that shows the records a bar would be in their way.
        let hasBar = !talk.quiet && !json && !StandardOutput.isTerminal
        let bar = hasBar ? ProgressBar.onTerminal() : nil
        do throws(PipelineFailure) {
            let report = try Sluice.filter(request, observer: bar)
            bar?.finish()
            StandardError.write(closingText(report))
        } catch {
            bar?.finish()
            let failure = CommandFailure(failure: error, effect: .incompleteStream, isTold: json)
            if json { tell(failure) }
            throw failure
        }
    }

    private func tell(_ failure: CommandFailure) {
        guard failure.failure.exitStatus != ExitStatus.closedPipe else { return }
        let text = FailureText(failure.failure, effect: failure.effect)
        StandardError.write(ReportJSON.json(failure.failure, message: text.message) + "\n")
    }

    /// What is said after a success: nothing, unless somebody asked or looks on, or records were
    /// set aside.
    private func closingText(_ report: RunReport) -> String {
        if json { return ReportJSON.json(report, withStages: work.profile) + "\n" }
        let profile =
            work.profile ? ProfileText(report, columnsMax: Terminal.tableColumns).text : ""
        if talk.quiet { return profile }
        let table = ClosingTable(report, columnsMax: Terminal.tableColumns)
        let isAsked = talk.verbose || StandardError.isTerminal
        // Who lets the format be found wants to know which one it is.
        let notes = isAsked || format == "auto" ? report.notes.map { "note: \($0)" } : []
        let lines = notes + (isAsked ? table.conservation : []) + table.quarantine
        return lines.map { "\($0)\n" }.joined() + profile
    }
}

extension TruncateAddress.Embedded: ExpressibleByArgument {}
extension TruncateAddress.Ports: ExpressibleByArgument {}
extension TruncateAddress.Invalid: ExpressibleByArgument {}
