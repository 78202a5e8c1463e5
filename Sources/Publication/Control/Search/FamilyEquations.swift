/// The equations between the figures of a family: what an attacker computes with.
struct FamilyEquations {
    private let family: Family
    /// Which tables have equations with each other.
    private let links: [Link]

    /// A cell and its factor.
    typealias Term = (cell: Int, factor: Int)

    /// Two tables with the same totals of everything that they share.
    private struct Link {
        /// The finer table, and its line set by what is shared.
        let table: Int
        let lines: Int
        let other: Int
        /// The other table's line set; nil when its own cells are the totals.
        let otherLines: Int?
        let mask: UInt128
    }

    init(_ family: Family) {
        self.family = family
        links = family.tables.indices.flatMap { Self.links(of: $0, family.tables) }
    }

    private static func links(of table: Int, _ tables: [FamilyTable]) -> [Link] {
        let own = tables[table]
        guard own.isComplete else { return [] }
        return own.lines.indices.flatMap { lines -> [Link] in
            let shared = own.lines[lines]
            // A table that has nothing in common with others still has the line of all its cells.
            if shared.set == own.set { return [] }
            if let total = tables.firstIndex(where: { $0.set == shared.set && $0.isComplete }) {
                return [
                    Link(
                        table: table, lines: lines, other: total, otherLines: nil,
                        mask: shared.mask)
                ]
            }
            return tables.indices.compactMap { other -> Link? in
                guard other > table, tables[other].isComplete,
                    own.set.intersection(tables[other].set) == shared.set,
                    let twin = tables[other].lines.firstIndex(where: { $0.set == shared.set })
                else { return nil }
                return Link(
                    table: table, lines: lines, other: other, otherLines: twin,
                    mask: shared.mask)
            }
        }
    }

    /// Calls `body` with the terms of each equation that are of cells which can change.
    func forEach(_ body: ([Term]) -> Void) {
        var terms: [Term] = []
        for link in links {
            let lines = family.tables[link.table].lines[link.lines]
            if let otherLines = link.otherLines {
                let twin = family.tables[link.other].lines[otherLines]
                for line in 0..<lines.count {
                    let cells = lines.order[lines.range(line)]
                    terms.removeAll(keepingCapacity: true)
                    add(cells, 1, &terms)
                    add(twin.line(key: family.keys[Int(cells[cells.startIndex])]), -1, &terms)
                    if !terms.isEmpty { body(terms) }
                }
                continue
            }
            for total in family.tables[link.other].cells {
                terms.removeAll(keepingCapacity: true)
                add([Int32(truncatingIfNeeded: total)], -1, &terms)
                add(lines.line(key: family.keys[total]), 1, &terms)
                if !terms.isEmpty { body(terms) }
            }
        }
    }

    private func add(_ cells: ArraySlice<Int32>, _ factor: Int, _ terms: inout [Term]) {
        for cell in cells where isOpen(Int(cell)) { terms.append((Int(cell), factor)) }
    }

    /// A cell that can have another value: left out, or shown with noise.
    private func isOpen(_ cell: Int) -> Bool { family.states[cell] != .shown }

    /// True when cells could have changed by `amounts`: all equations still hold, nothing shown is
    /// another, and no cell leaves the range in which the attacker knows it to be.
    func allows(_ cells: [Int32], _ amounts: [Int128]) -> Bool {
        // Of a cell that is named twice neither amount is its change.
        if ChangeProofs.namesTwice(cells) { return false }
        for (cell, amount) in zip(cells, amounts) where amount != 0 {
            guard isOpen(Int(cell)) else { return false }
            let range = family.range(Int(cell))
            if let up = range.up, amount > up { return false }
            if let down = range.down, -amount > down { return false }
            if family.measurand.isCount, amount % Family.one != 0 { return false }
        }
        return links.allSatisfy { holds($0, cells, amounts) }
    }

    private func holds(
        _ link: Link, _ cells: [Int32], _ amounts: [Int128]
    ) -> Bool {
        var sums: [(key: UInt128, sum: Int128)] = []
        for (cell, amount) in zip(cells, amounts) {
            let table = Int(family.tableOf[Int(cell)])
            guard table == link.table || table == link.other else { continue }
            let key = family.keys[Int(cell)] & link.mask
            let change = table == link.table ? amount : -amount
            if let at = sums.firstIndex(where: { $0.key == key }) {
                sums[at].sum += change
            } else {
                sums.append((key, change))
            }
        }
        return sums.allSatisfy { $0.sum == 0 }
    }
}
