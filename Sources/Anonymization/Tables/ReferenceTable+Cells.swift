/// How much of a table can be read: what cannot counts as run out, so that a column written in
/// another form would anonymise or delete everything at once.
extension ReferenceTable {
    /// How many cells of a column say something, and how many of these cannot be read.
    package func unreadableCells(column: Int) -> (unreadable: Int, filled: Int) {
        let column = columns[column]
        switch column.kind {
        case .date:
            return (
                column.dates.count(where: { $0 == Column.impossible }),
                column.dates.count(where: { $0 != Column.empty })
            )
        case .length:
            return (
                column.lengths.count(where: { $0 == Column.unreadableLength }),
                column.lengths.count(where: { $0 != Column.noLength })
            )
        }
    }

    /// How many cells of a column of `before`, a table of an earlier run, could be read, and how
    /// many of these are empty or cannot be read here, under the same key. A key that is gone is no
    /// cell that is gone.
    package func lostCells(
        column: Int, of before: ReferenceTable, column former: Int
    ) -> (lost: Int, read: Int) {
        var lost = 0
        for row in 0..<count where !columns[column].isRead(row) {
            keys.withKey(row) { key in
                guard let place = before.row(of: key) else { return }
                if before.columns[former].isRead(place) { lost += 1 }
            }
        }
        let read = (0..<before.count).count(where: { before.columns[former].isRead($0) })
        return (lost, read)
    }
}

extension ReferenceTable.Column {
    /// True when a cell says something that can be read.
    fileprivate func isRead(_ row: Int) -> Bool {
        kind == .date
            ? dates[row] != Self.empty && dates[row] != Self.impossible : lengths[row] >= 0
    }
}
