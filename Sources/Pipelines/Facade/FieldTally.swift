package import Anonymization

/// What rules did to the values of one field.
package struct FieldTally: Sendable, Equatable {
    /// The field's name in the pipeline.
    package var field: String
    package var counts: FieldCounts

    package init(field: String, counts: FieldCounts) {
        self.field = field
        self.counts = counts
    }
}

extension [FieldTally] {
    /// Adds what an output's rules did to its fields, which are called `names`.
    mutating func add(_ output: OutputCounts, _ names: [String]) {
        for (name, counts) in zip(names, output.fields) where counts != FieldCounts() {
            if let index = firstIndex(where: { $0.field == name }) {
                self[index].counts.changed += counts.changed
                self[index].counts.dropped += counts.dropped
            } else {
                append(FieldTally(field: name, counts: counts))
            }
        }
    }
}
