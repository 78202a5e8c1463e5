package import Anonymization

/// What a run did to what earlier runs wrote for one output.
package struct AgeingTally: Sendable, Equatable {
    package var output: String
    /// Records whose due fields were transformed or dropped.
    package var anonymised = 0
    /// Records taken out, by reason: erased persons, clocks of `delete`, and so on.
    package var dropped: [DropReason: Int] = [:]
    /// Records that went with files whose time had come.
    package var expired = 0
    /// Records of months whose key is destroyed, in which something was due that needs it.
    package var keyless = 0
    /// What the rules did, by field.
    package var fields: [FieldTally] = []

    package init(output: String) { self.output = output }

    /// Records that a clock of `delete` took out.
    package var deleted: Int { dropped[.deleted] ?? 0 }
    /// Records of erased persons.
    package var erased: Int { dropped[.erased] ?? 0 }
}

extension [AgeingTally] {
    /// Adds what became of the records of a file of `output`, whose fields are called `names`. Of a
    /// file whose time has come nothing is transformed.
    mutating func add(
        _ counts: RecordCounts, _ names: [String], of output: String, isExpired: Bool = false
    ) {
        let own = counts.outputs[0]
        change(output) { tally in
            guard !isExpired else {
                tally.expired += own.droppedTotal
                return
            }
            tally.anonymised += own.anonymised
            tally.dropped.merge(own.dropped, uniquingKeysWith: +)
            tally.fields.add(own, names)
            tally.keyless += counts.keyless
        }
    }

    /// Adds records that went with a file of `output`.
    mutating func add(expired records: Int, of output: String) {
        change(output) { $0.expired += records }
    }

    private mutating func change(_ output: String, _ body: (inout AgeingTally) -> Void) {
        if let index = firstIndex(where: { $0.output.utf8.elementsEqual(output.utf8) }) {
            body(&self[index])
        } else {
            var tally = AgeingTally(output: output)
            body(&tally)
            append(tally)
        }
    }
}
