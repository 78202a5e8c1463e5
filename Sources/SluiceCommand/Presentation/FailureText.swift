private import Anonymization
private import Glibc
package import Pipelines
private import Records

/// What a failure left behind.
package enum FailureEffect: Sendable {
    /// Outputs appear whole or not at all, so there is nothing of this run.
    case nothingWritten
    /// A part of the data may have gone to standard output.
    case incompleteStream
    /// Nothing of the month at hand was published; others may have been.
    case nothingPublished
    /// The command only looks.
    case none

    /// True for commands that read and write records.
    fileprivate var isOfRecords: Bool { self == .nothingWritten || self == .incompleteStream }
}

/// A failure in words: what, where, what was expected, and what to do next. Never a value of a
/// record.
package struct FailureText: Sendable {
    /// What happened: one line, or one for each fault of a pipeline file. Empty for a failure that
    /// ends quietly.
    package let message: String
    /// What to do next; empty when the message says it.
    package let advice: String
    /// Positions and counts that help to find the cause, as lines.
    package let details: [String]

    package init(
        _ failure: PipelineFailure,
        effect: FailureEffect,
        columnsMax: Int = Terminal.columnsDefault
    ) {
        message = Self.message(failure, effect)
        advice = Self.advice(failure, effect)
        if case .quarantineLimit(let report, _) = failure {
            details = ClosingTable(report, columnsMax: columnsMax).quarantine
        } else {
            details = []
        }
    }

    /// A fault of the command line.
    package init(usage message: String, advice: String) {
        self.message = FaultReport.printable(message)
        self.advice = advice
        details = []
    }

    /// The whole text with a last line feed; empty for a failure that ends quietly.
    package func text(_ palette: Palette) -> String {
        guard !message.isEmpty else { return "" }
        var lines = ["\(palette.bad("sluice:")) \(message)"] + details
        if !advice.isEmpty { lines.append("  \(advice)") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func message(_ failure: PipelineFailure, _ effect: FailureEffect) -> String {
        switch failure {
        case .faults(let faults, let file), .tables(let faults, let file):
            let name = file.isEmpty ? "command line" : file
            let count = NumberText.counted(faults.count, "fault")
            // Faults are found before the first byte is read.
            let outcome = effect.isOfRecords ? outcome(.nothingWritten) : ""
            let summary = FaultReport.printable("\(count) in \(name)\(outcome)")
            return "\(summary)\n\(FaultReport.render(faults, file: name))"
        case .source(let fault):
            return FaultReport.printable(sentence(fault) + outcome(effect))
        case .quarantineLimit(let report, let allowed):
            let totals = report.totals
            return FaultReport.printable(
                "\(NumberText.grouped(totals.quarantinedTotal)) of "
                    + "\(NumberText.counted(totals.read, "record")) could not be read, more than "
                    + "the limit of \(allowed)\(outcome(effect))"
            )
        case .usage(let sentence): return FaultReport.printable(sentence)
        case .storage(let sentence), .lostState(let sentence, _), .busy(let sentence),
            .keys(let sentence):
            return FaultReport.printable(sentence + outcome(effect))
        case .internalFault(let sentence):
            return FaultReport.printable("fault of sluice itself: \(sentence)\(outcome(effect))")
        case .refused(let sentence), .unfinished(let sentence):
            return FaultReport.printable(sentence)
        case .closedPipe: return ""
        case .interrupted(let signal):
            return "stopped by \(name(ofSignal: signal))\(stopOutcome(effect))"
        case .behind(let done, let cause): return message(behind: done, cause, effect)
        }
    }

    /// What stands already beside what happened: something was written.
    private static func message(
        behind done: String, _ cause: PipelineFailure, _ effect: FailureEffect
    ) -> String {
        let message = message(cause, effect == .nothingWritten ? .none : effect)
        if case .interrupted = cause { return "\(message); \(done)" }
        return "\(done); what follows failed: \(message)"
    }

    /// Where a source broke off and why; the source is named once.
    private static func sentence(_ fault: SourceFault) -> String {
        let place = fault.byteOffset.map { " at byte \(NumberText.grouped($0))" } ?? ""
        if !fault.source.isEmpty, fault.expectation.contains(fault.source) {
            return "\(fault.expectation) (\(fault.code.rawValue)\(place))"
        }
        let source = fault.source.isEmpty ? "source" : fault.source
        return "\(source): \(fault.code.rawValue)\(place): \(fault.expectation)"
    }

    private static func outcome(_ effect: FailureEffect) -> String {
        switch effect {
        case .nothingWritten: "; nothing was written"
        case .incompleteStream: "; the output is incomplete"
        case .nothingPublished, .none: ""
        }
    }

    private static func stopOutcome(_ effect: FailureEffect) -> String {
        switch effect {
        case .nothingWritten: ": nothing was written"
        case .incompleteStream: ": the output is incomplete"
        case .nothingPublished: ": nothing of the month at hand was published"
        case .none: ""
        }
    }

    private static func advice(_ failure: PipelineFailure, _ effect: FailureEffect) -> String {
        switch failure {
        case .faults, .usage, .closedPipe, .interrupted: ""
        case .tables:
            "A table that is cut off or out of date could anonymise everybody, or nobody: "
                + "expected a whole and new one. Raise a limit only when the change was meant."
        case .source(let fault): advice(fault.code)
        case .quarantineLimit:
            "Look at these positions: is the format right? Raise the limit only when the records "
                + "may be lost."
        case .storage:
            effect == .nothingWritten
                ? "Run again when the cause is gone: the result is that of an undisturbed run."
                : "Run again when the cause is gone."
        case .lostState(_, let remedy): remedy
        case .busy: "Run again when the other run has ended."
        // What is wrong with a key says itself how to end it.
        case .refused, .keys: ""
        case .unfinished: "Ask again when the cause is gone: what is left is done then."
        case .internalFault:
            "Please report it with this message, which holds nothing of any record."
        case .behind(_, let cause): advice(cause, effect)
        }
    }

    private static func advice(_ code: SourceFault.Code) -> String {
        switch code {
        case .cannotOpen, .cannotRead: "Check the path and the rights of the user who runs this."
        case .isDirectory: "Name the files in it, or a pattern such as `logs/*.jsonl.gz`."
        case .damagedGzip: "Fetch the file again; `gzip -t` checks it."
        case .damagedZstd: "Fetch the file again; `zstd -t` checks it."
        case .truncatedGzip, .truncatedZstd: "Wait until the file is complete, or fetch it again."
        case .inflateRatio:
            "Make sure of where the file comes from; inflate it by hand if it is fine."
        case .badHeader, .missingColumn: "Compare the first line of the file with the pipeline."
        case .changedWhileReading: "Run again when nobody writes to the file any more."
        case .noDate:
            "Name the file so that it tells the day of its records, or leave it out of `files`."
        case .unsupportedEncoding:
            "Declare its encoding, if it is one that the reference names, or convert the file to "
                + "UTF-8 first."
        }
    }

    private static func name(ofSignal number: Int32) -> String {
        switch number {
        case SIGINT: "SIGINT"
        case SIGTERM: "SIGTERM"
        case SIGHUP: "SIGHUP"
        default: "signal \(number)"
        }
    }
}
