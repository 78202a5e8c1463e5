/// How well persons hide among each other in the rows of one output, over all that was measured of
/// it: each file by itself, the worst of them told.
package struct RowOutputRisk: Sendable, Equatable {
    /// The name of the output.
    package var output: String
    /// The names of the quasi-identifiers, for people.
    package var quasiIdentifiers: String
    /// How many measurements these figures are of.
    package var measurements = 1
    /// The fewest persons of a class that were asked for; nil for rows that are only measured,
    /// whose figures are estimates.
    package var demandedPersons: Int?
    /// Rows and classes as they were written, and rows in classes of one person or none.
    package var rows: Int
    package var classes: Int
    package var uniqueRows: Int
    /// The fewest persons of a class; nil where it is not known.
    package var fewestPersons: Int?
    /// Rows that were removed because their class was too small.
    package var removedRows: Int
    /// Classes by their number of persons, 0 to 19; the last is for more.
    package var classesByPersons: [Int]

    package init(
        output: String, quasiIdentifiers: String, demandedPersons: Int?, rows: Int, classes: Int,
        uniqueRows: Int, fewestPersons: Int?, removedRows: Int, classesByPersons: [Int]
    ) {
        self.output = output
        self.quasiIdentifiers = quasiIdentifiers
        self.demandedPersons = demandedPersons
        self.rows = rows
        self.classes = classes
        self.uniqueRows = uniqueRows
        self.fewestPersons = fewestPersons
        self.removedRows = removedRows
        self.classesByPersons = classesByPersons
    }

    /// True when both are of the same output, measured in the same way.
    package func isLike(_ other: RowOutputRisk) -> Bool {
        output.utf8.elementsEqual(other.output.utf8)
            && quasiIdentifiers.utf8.elementsEqual(other.quasiIdentifiers.utf8)
            && demandedPersons == other.demandedPersons
    }

    /// Takes in another measurement like it.
    package mutating func add(_ other: RowOutputRisk) {
        measurements += other.measurements
        rows += other.rows
        classes += other.classes
        uniqueRows += other.uniqueRows
        removedRows += other.removedRows
        fewestPersons = [fewestPersons, other.fewestPersons].compactMap { $0 }.min()
        for (at, count) in other.classesByPersons.enumerated() {
            if classesByPersons.indices.contains(at) {
                classesByPersons[at] += count
            } else {
                classesByPersons.append(count)
            }
        }
    }

    /// The upper ends of the groups that classes are told in: 1, 2 to 4, 5 to 9, 10 to 19 persons,
    /// then more.
    static let groupEnds = [1, 4, 9, 19]

    /// How many classes are in each group.
    var classesInGroups: [Int] {
        var counts = [Int](repeating: 0, count: Self.groupEnds.count + 1)
        for (persons, count) in classesByPersons.enumerated() {
            let group = Self.groupEnds.firstIndex { persons <= $0 } ?? Self.groupEnds.count
            counts[group] += count
        }
        return counts
    }
}

extension DocumentWriter {
    mutating func rowOutputs(_ outputs: [RowOutputRisk]) {
        list(outputs) { risk, writer in
            writer.text(risk.output)
            writer.text(risk.quasiIdentifiers)
            // Numbers that may be missing are one more than they are, and 0 for none.
            for number in [
                risk.measurements, risk.demandedPersons.map { $0 + 1 } ?? 0, risk.rows,
                risk.classes, risk.uniqueRows, risk.fewestPersons.map { $0 + 1 } ?? 0,
                risk.removedRows,
            ] { writer.number(number) }
            writer.list(risk.classesByPersons) { $1.number($0) }
        }
    }
}

extension DocumentReader {
    /// None in documents before version 3.
    mutating func rowOutputs() -> [RowOutputRisk] {
        guard version >= 3 else { return [] }
        return list { reader in
            let output = reader.text()
            let quasiIdentifiers = reader.text()
            let measurements = reader.number()
            let demanded = reader.number()
            let rows = reader.number()
            let classes = reader.number()
            let unique = reader.number()
            let fewest = reader.number()
            let removed = reader.number()
            var risk = RowOutputRisk(
                output: output, quasiIdentifiers: quasiIdentifiers,
                demandedPersons: demanded == 0 ? nil : demanded - 1, rows: rows, classes: classes,
                uniqueRows: unique, fewestPersons: fewest == 0 ? nil : fewest - 1,
                removedRows: removed, classesByPersons: reader.list { $0.number() })
            risk.measurements = measurements
            return risk
        }
    }
}
