package import Anonymization
package import Records

/// What a run found in the files of a store and did to them.
package struct StoreReport: Sendable {
    /// A file that had to be read.
    package struct File: Sendable {
        package var path: String
        /// Records found, unreadable ones included, blank lines not.
        package var records: Int
        /// Records with fields that were transformed or dropped.
        package var changed: Int
        /// Records, and unreadable lines, that were taken out.
        package var removed: Int
        /// Lines that cannot be read or have no time.
        package var unreadable: Int
        /// Records that stay as they are because a hold binds them.
        package var held: Int
        /// True when the file was written again (in a dry run: would be).
        package var isRewritten: Bool

        package init(
            path: String, records: Int, changed: Int, removed: Int, unreadable: Int, held: Int,
            isRewritten: Bool
        ) {
            self.path = path
            self.records = records
            self.changed = changed
            self.removed = removed
            self.unreadable = unreadable
            self.held = held
            self.isRewritten = isRewritten
        }
    }

    package var name: String
    package var files: [File] = []
    /// Files that were hashed only: nothing in them is due.
    package var settledFiles = 0
    /// Files left alone because somebody writes to them or has just done so.
    package var busy: [String] = []
    /// Unreadable lines that stay in the store.
    package var keptUnreadable = 0
    /// Files of `busy` whose times lie ahead of the system's clock.
    package var misdated: [String] = []
    /// Files and folders that the patterns pass over because their names begin with a dot.
    package var passedOver: [String] = []
    /// Files in which something was dealt with, with other bytes than the last run left.
    package var edited: [String] = []
    /// Paths at which the last run left a file and none is any more.
    package var gone: [String] = []
    /// Records of which nobody knows what was done to them, with values that look like results of
    /// the rules; they were aged like any others.
    package var formed = 0
    /// Such records in files that were looked at before, and not by the last run.
    package var unremembered = 0
    /// Records in such files that no table has a row of any more; they were not deleted.
    package var undeleted = 0
    /// Records of months whose key is destroyed.
    package var keyless = 0
    /// Records with a time beyond the run's clock.
    package var untimely = 0
    /// Records taken out, by reason.
    package var dropped: [DropReason: Int] = [:]
    /// Lines that cannot be read or have no time, by reason.
    package var quarantined: [QuarantineReason: Int] = [:]
    /// What the rules did, by field.
    package var fields: [FieldTally] = []
    /// Names the changes: what `--confirm` expects.
    package var token = ""
    /// The first unreadable lines; `sourceIndex` is an index into `files`.
    package var quarantine: [QuarantineEntry] = []

    package init(name: String) { self.name = name }

    /// Adds what became of the records of one file.
    mutating func add(_ counts: RecordCounts, _ names: [String]) {
        formed += counts.formed
        unremembered += counts.unremembered
        undeleted += counts.undeleted
        keyless += counts.keyless
        untimely += counts.untimely
        quarantined.merge(counts.quarantined, uniquingKeysWith: +)
        for output in counts.outputs {
            dropped.merge(output.dropped, uniquingKeysWith: +)
            fields.add(output, names)
        }
    }

    /// Records changed in all files.
    package var changed: Int { files.reduce(0) { $0 + $1.changed } }
    /// Records and lines taken out of all files.
    package var removed: Int { files.reduce(0) { $0 + $1.removed } }
    /// Records held in the files that were read.
    package var held: Int { files.reduce(0) { $0 + $1.held } }
    /// Files written again.
    package var rewrittenFiles: Int { files.filter(\.isRewritten).count }
}
