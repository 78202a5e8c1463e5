package import Records

/// Why a command could not do what it was asked; decides the exit status.
package enum PipelineFailure: Error, Sendable {
    /// The pipeline file (or the flags that stand for one) has faults.
    case faults([SettingFault], file: String)
    /// A reference table or the list of opt-outs is missing, unreadable, too old, damaged or has
    /// shrunk; nothing was read.
    case tables([SettingFault], file: String)
    /// A flag or argument is wrong: a sentence that says what was expected.
    case usage(String)
    /// A source cannot be opened, read or inflated.
    case source(SourceFault)
    /// More records were set aside than the pipeline allows; nothing was written.
    case quarantineLimit(report: RunReport, allowed: String)
    /// An output, the state or a temporary file cannot be written.
    case storage(String)
    /// The state has lost its ledger: what is there, and what to do about it.
    case lostState(String, remedy: String)
    /// Another run holds the state or the key store.
    case busy(String)
    /// A key is missing, unreadable or badly protected.
    case keys(String)
    /// What was asked may not be done (yet): the sentence says why, and when to try again.
    case refused(String)
    /// What was asked for stands in the ledger, but something behind that failed: the next run does
    /// what is left to do.
    case unfinished(String)
    /// Standard output was closed by its reader.
    case closedPipe
    /// SIGINT, SIGTERM or SIGHUP asked to stop; nothing was written.
    case interrupted(signal: Int32)
    /// The records do not add up or another promise to itself was broken; nothing was written.
    case internalFault(String)
    /// The same failure where something stands already, which `done` says: that is not undone, and
    /// the next run, or the same command again, does what is left to do.
    indirect case behind(done: String, PipelineFailure)

    /// The exit status, as documented in the README.
    package var exitStatus: Int32 {
        switch self {
        case .usage: ExitStatus.usage
        case .faults: ExitStatus.pipelineFaults
        case .tables: ExitStatus.tables
        case .source: ExitStatus.source
        case .quarantineLimit: ExitStatus.quarantineLimit
        case .storage, .lostState: ExitStatus.storage
        case .busy: ExitStatus.busy
        case .keys: ExitStatus.keys
        case .refused: ExitStatus.refused
        case .unfinished: ExitStatus.storage
        case .closedPipe: ExitStatus.closedPipe
        case .interrupted(let signal): 128 + signal
        case .internalFault: ExitStatus.internalFault
        case .behind(_, let cause): cause.exitStatus
        }
    }
}

/// The exit statuses of `sluice`.
package enum ExitStatus {
    package static let success: Int32 = 0
    /// `sluice test`: a test of the pipeline did not give what it should.
    package static let testsFailed: Int32 = 1
    /// Wrong flags or arguments.
    package static let usage: Int32 = 2
    /// The pipeline file has faults.
    package static let pipelineFaults: Int32 = 3
    /// A source cannot be read.
    package static let source: Int32 = 4
    /// Too many records were quarantined; nothing was written.
    package static let quarantineLimit: Int32 = 5
    /// An output or the state cannot be written; trying again may help.
    package static let storage: Int32 = 6
    /// Another run is at work on the same state; trying again later helps.
    package static let busy: Int32 = 7
    /// A key is missing, unreadable or badly protected.
    package static let keys: Int32 = 8
    /// A reference table or the list of opt-outs cannot be trusted; nothing was read or written.
    package static let tables: Int32 = 9
    /// What was asked may not be done (yet): something still needs what would be destroyed, or the
    /// changes are not confirmed.
    package static let refused: Int32 = 10
    /// A fault of Sluice itself; nothing was written.
    package static let internalFault: Int32 = 70
    /// The reader of standard output went away (128 + SIGPIPE).
    package static let closedPipe: Int32 = 141
}
