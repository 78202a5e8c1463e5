internal import Anonymization
internal import Pipelines
internal import Records

/// Why something could not be done; its words hold no value of any record, and say what stands
/// already where something does.
public struct SluiceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Kind: String, Sendable {
        /// The pipeline file has faults.
        case faults
        /// A reference table or the list of opt-outs cannot be trusted; nothing was read.
        case tables
        /// An option is wrong.
        case usage
        /// A source cannot be opened, read or inflated.
        case source
        /// Too many records were set aside; nothing was written.
        case quarantineLimit = "quarantine-limit"
        /// An output or the state cannot be written, or is not what a run left.
        case storage
        /// Another run is at work on the same state or keys; trying again later helps.
        case busy
        /// A key is missing, unreadable or badly protected.
        case keys
        /// Not yet, or something still needs what was to be destroyed.
        case refused
        /// What was asked for stands in the ledger, but something behind that failed; run again.
        case unfinished
        /// Stopped by a signal, or the reader of standard output went away.
        case interrupted
        /// A fault of Sluice itself; nothing was written.
        case internalFault = "internal-fault"
    }

    public let kind: Kind
    /// What happened and what was expected; for faults a line for each, with its place.
    public let description: String
    /// The exit status of the command line for the same failure.
    public let exitStatus: Int32

    init(_ failure: PipelineFailure) {
        exitStatus = failure.exitStatus
        (kind, description) = Self.words(failure)
    }

    private static func words(_ failure: PipelineFailure) -> (Kind, String) {
        switch failure {
        case .faults(let faults, let file): (.faults, FaultReport.render(faults, file: file))
        case .tables(let faults, let file): (.tables, FaultReport.render(faults, file: file))
        case .usage(let sentence): (.usage, sentence)
        case .source(let fault): (.source, "\(fault.source): \(fault.expectation)")
        case .quarantineLimit(let report, let allowed):
            (
                .quarantineLimit,
                "\(report.totals.quarantinedTotal) of \(report.totals.read) records could not be "
                    + "read, more than the limit of \(allowed)"
            )
        case .storage(let sentence): (.storage, sentence)
        case .lostState(let sentence, let remedy): (.storage, "\(sentence); \(remedy)")
        case .busy(let sentence): (.busy, sentence)
        case .keys(let sentence): (.keys, sentence)
        case .refused(let sentence): (.refused, sentence)
        case .unfinished(let sentence): (.unfinished, sentence)
        case .closedPipe: (.interrupted, "the reader of standard output went away")
        case .interrupted(let signal): (.interrupted, "stopped by signal \(signal)")
        case .internalFault(let sentence): (.internalFault, sentence)
        case .behind(let done, let cause):
            (words(cause).0, "\(done); what follows: \(words(cause).1)")
        }
    }

    /// What `work` gives, its failure in the words of this type.
    static func translating<Answer>(
        _ work: () throws(PipelineFailure) -> Answer
    ) throws(SluiceError) -> Answer {
        do throws(PipelineFailure) { return try work() } catch { throw SluiceError(error) }
    }
}
