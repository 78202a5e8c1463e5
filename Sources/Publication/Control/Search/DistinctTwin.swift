/// Two tables that share attributes of which nobody shows a total, such as users by system and
/// users by browser of one month: any part of the one is at most all parts of the other together.
struct DistinctTwin {
    let own: Int
    /// The own line set by what is shared, and the other table's.
    let lines: Int
    let other: Int
    let otherLines: Int

    /// The twins of a table.
    static func all(of table: Int, in tables: [FamilyTable]) -> [DistinctTwin] {
        let own = tables[table]
        return own.lines.indices.flatMap { lines -> [DistinctTwin] in
            let shared = own.lines[lines].set
            // Where a total is shown both are compared with it.
            if shared == own.set || tables.contains(where: { $0.set == shared }) { return [] }
            return tables.indices.compactMap { other in
                guard other != table, own.set.intersection(tables[other].set) == shared,
                    let twin = tables[other].lines.firstIndex(where: { $0.set == shared })
                else { return nil }
                return DistinctTwin(own: table, lines: lines, other: other, otherLines: twin)
            }
        }
    }

    /// The same seen from the other table; `table` is the own one.
    func reversed(_ table: Int) -> DistinctTwin {
        DistinctTwin(own: other, lines: otherLines, other: table, otherLines: lines)
    }
}
