package import Statistics

/// The counts of a publication as its method tells them: rounded, or changed by the keys of their
/// members; the same figure comes out the same in whatever table it stands.
package struct ToldCounts: Sendable {
    private let noise: CellNoise
    private let names: [String]
    /// By table and column: how the cells of each of its breakdowns are named.
    private let namings: [[Int: [(breakdown: Breakdown, naming: CellNaming)]]]

    /// Nil for a method that tells counts as they are; `statistics` are those of the publication.
    package init?(_ method: ControlMethod, _ statistics: [StatisticPlan]) {
        guard let noise = CellNoise(method) else { return nil }
        self.noise = noise
        names = statistics.map(\.name)
        var namings = statistics.map { _ in [Int: [(breakdown: Breakdown, naming: CellNaming)]]() }
        for breakdown in Breakdown.all(statistics) where breakdown.measurand.isCount {
            namings[breakdown.table][breakdown.column, default: []]
                .append((breakdown, CellNaming(breakdown)))
        }
        self.namings = namings
    }

    /// What is told of a count of a row; nil for figures that are no counts.
    func told(_ table: Int, _ row: MeasuredRow, _ column: Int) -> Int64? {
        guard case .integer(let count)? = row.cells[column].value else { return nil }
        let own = namings[table][column]?.first { $0.breakdown.has(row.key) }
        return own.map { known in
            noise.published(
                count, cell: known.naming.name(row.key),
                key: row.cells[column].backing?.cellKey ?? 0)
        }
    }

    /// The place of the table with a name.
    func place(ofTable name: String) -> Int? {
        names.firstIndex { $0.utf8.elementsEqual(name.utf8) }
    }
}
