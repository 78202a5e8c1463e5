package import Records

/// What a rule did to the values of one field.
package struct FieldCounts: Sendable, Equatable {
    /// Values that were replaced by others.
    package var changed = 0
    /// Values that were taken out.
    package var dropped = 0

    package init() {}
}

/// What became of the records of one source for one output (or one statistic); adds up.
package struct OutputCounts: Sendable, Equatable {
    /// Records written as they are: nothing of them was due.
    package var kept = 0
    /// Records written with due fields transformed or dropped.
    package var anonymised = 0
    /// Records written as they are because a hold binds them.
    package var held = 0
    /// Records in which a field was corrected; each is one of the above.
    package var corrected = 0
    /// Records of a correction that stay as they are because a hold binds them.
    package var uncorrected = 0
    /// Records that stay as they are though their field is readable, because they do not say of
    /// which customer they are, and only one's were to be corrected.
    package var undecidedCorrections = 0
    /// Those of them that an opt-out had a part in.
    package var barred = 0
    /// Records left out, by reason.
    package var dropped: [DropReason: Int] = [:]
    /// What the rules did to values, in the order of the fields.
    package var fields: [FieldCounts] = []

    package init() {}

    /// Counts `rows` that were to be written as left out after all.
    package mutating func leaveOut(_ rows: Int, because reason: DropReason) {
        let fromAnonymised = min(rows, anonymised)
        anonymised -= fromAnonymised
        kept -= rows - fromAnonymised
        dropped[reason, default: 0] += rows
    }

    package var written: Int { kept + anonymised + held }
    /// Records that lost fields, or were left out, because of an opt-out.
    package var takenOut: Int { barred + (dropped[.optedOut] ?? 0) }
    package var droppedTotal: Int { dropped.values.reduce(0, +) }

    package mutating func add(_ other: Self) {
        kept += other.kept
        anonymised += other.anonymised
        held += other.held
        barred += other.barred
        corrected += other.corrected
        uncorrected += other.uncorrected
        undecidedCorrections += other.undecidedCorrections
        dropped.merge(other.dropped, uniquingKeysWith: +)
        while fields.count < other.fields.count { fields.append(FieldCounts()) }
        for index in other.fields.indices {
            fields[index].changed += other.fields[index].changed
            fields[index].dropped += other.fields[index].dropped
        }
    }
}

/// The count of the records of one source: read = for each output written + dropped, + blank +
/// quarantined.
package struct RecordCounts: Sendable, Equatable {
    /// Records found, blank and quarantined ones included.
    package var read = 0
    package var blank = 0
    package var quarantined: [QuarantineReason: Int] = [:]
    /// Records whose keyed fields lost their tokens because the month's key is gone.
    package var keyless = 0
    /// Records with a time beyond the run's clock plus skew: suppressed in everything.
    package var untimely = 0
    /// Records of a store of which nobody knows what was done to them, with values that look like
    /// results of rules that change their own results: they were aged like any others.
    package var formed = 0
    /// Records of a store that were looked at before, with such values, of which is not remembered
    /// what was done to them: they were aged again.
    package var unremembered = 0
    /// Records of a store of which no table has a row any more, nobody knows since when: they were
    /// not deleted.
    package var undeleted = 0
    package var outputs: [OutputCounts]
    /// For each statistic the records counted.
    package var observed: [Int]
    /// For each erasure of the plan what became of its records.
    package var erasures: [ErasureTally] = []

    package init(outputs: Int, statistics: Int) {
        self.outputs = Array(repeating: OutputCounts(), count: outputs)
        observed = Array(repeating: 0, count: statistics)
    }

    package var quarantinedTotal: Int { quarantined.values.reduce(0, +) }

    /// True when every record is accounted for in every output.
    package var isConserved: Bool {
        let accepted = read - blank - quarantinedTotal
        return outputs.allSatisfy { $0.written + $0.droppedTotal == accepted }
            && observed.allSatisfy { $0 <= accepted }
    }

    package mutating func add(_ other: Self) {
        read += other.read
        blank += other.blank
        quarantined.merge(other.quarantined, uniquingKeysWith: +)
        keyless += other.keyless
        untimely += other.untimely
        formed += other.formed
        unremembered += other.unremembered
        undeleted += other.undeleted
        for index in outputs.indices { outputs[index].add(other.outputs[index]) }
        for index in observed.indices { observed[index] += other.observed[index] }
        while erasures.count < other.erasures.count { erasures.append(ErasureTally()) }
        for index in other.erasures.indices { erasures[index].add(other.erasures[index]) }
    }
}

/// Where a record was set aside and why; never what it said.
package struct QuarantineEntry: Sendable, Equatable {
    package let sourceIndex: Int
    /// The number of the record in its source, 1-based.
    package var recordNumber: Int
    /// The offset of the record's first byte in the uncompressed source.
    package let byteOffset: Int
    /// The length of the record in bytes.
    package let length: Int
    package let reason: QuarantineReason

    package init(
        sourceIndex: Int, recordNumber: Int, byteOffset: Int, length: Int,
        reason: QuarantineReason
    ) {
        self.sourceIndex = sourceIndex
        self.recordNumber = recordNumber
        self.byteOffset = byteOffset
        self.length = length
        self.reason = reason
    }
}
