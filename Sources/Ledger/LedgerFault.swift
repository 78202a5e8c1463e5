package import FileSystem

/// Why the ledger cannot be used or refuses a change. Holds no value of any row.
package enum LedgerFault: Error, Sendable, Equatable {
    case file(FileFault)
    /// Another process writes the ledger.
    case busy
    /// The file is not a ledger, or SQLite finds it malformed; a read that its device refuses is
    /// the same to SQLite (SQLITE_IOERR_CORRUPTFS).
    case damaged(path: String)
    /// The file is gone, and the rest of its state (`remains`, by name) is still there.
    case lost(path: String, remains: [String])
    /// A newer version of the programme has changed the tables.
    case newerSchema(path: String)
    /// The tables are of an older version and the ledger was opened only to look at it.
    case olderSchema(path: String)
    /// A process was killed while it changed the ledger; the next run settles that.
    case notRecovered(path: String)
    /// The change contradicts what the ledger holds: a source counted twice, a part that is not
    /// current, counts that do not add up.
    case refused(String)
    /// The change stands in the ledger, but the system could not make it durable: a power cut could
    /// still take it back. Whoever opens the ledger next sees which it is.
    case notDurable(path: String)
    /// The first event that does not fit into the chain.
    case brokenChain(sequence: Int64)
    /// Any other result code of SQLite (extended).
    case database(code: Int)
}

extension LedgerFault: CustomStringConvertible {
    /// One sentence.
    package var description: String {
        switch self {
        case .file(let fault): fault.description
        case .busy: "another run is at work on this state; try again when it has ended"
        case .damaged(let path):
            "\(path) is not a ledger, not what the last run left, or cannot be read from its "
                + "device: where the system's log tells of the device, mend that first; otherwise "
                + "restore the state folder"
        case .lost(let path, let remains):
            "\(path) is gone, but \(remains.joined(separator: ", ")) of the same state "
                + "\(remains.count == 1 ? "is" : "are") there"
        case .newerSchema(let path):
            "\(path) was written by a newer version of sluice; use that version"
        case .olderSchema(let path):
            "\(path) was written by an older version of sluice: run the pipeline once, which "
                + "brings it up to date"
        case .notRecovered(let path):
            "a run was killed while it wrote \(path): run the pipeline again, which settles it"
        case .refused(let what): "the ledger refuses the change: \(what)"
        case .notDurable(let path):
            "what was to be entered in \(path) stands there, but the system could not make it "
                + "durable: a power cut now could take it back"
        case .brokenChain(let sequence):
            "the chain of events in the ledger is broken at event \(sequence)"
        case .database(let code): Self.databaseReason(code)
        }
    }

    /// What a result code of SQLite means where somebody can do something; extended codes say in
    /// their upper bits where it came up.
    private static func databaseReason(_ code: Int) -> String {
        switch code & 0xFF {
        case 7: "there is not enough memory for the ledger's database"
        case 8: "the ledger's database is read-only (error \(code))"
        case 10: "the device of the ledger's database reports a fault (error \(code))"
        case 13: "no space is left on the device for the ledger's database"
        case 14: "the ledger's database cannot be opened (error \(code))"
        default: "the ledger's database reports error \(code)"
        }
    }

    /// What to do about a fault that no waiting heals; nil where the description says it.
    package var remedy: String? {
        guard case .lost = self else { return nil }
        return "Restore the state folder from a backup. To begin anew, which counts every source "
            + "again and forgets opt-outs, holds and erasures, move the whole state folder away "
            + "first, and the outputs with it."
    }
}
