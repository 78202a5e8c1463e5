/// Checks the cells that were left out by the exact range in which the attacker can place each.
///
/// Where `ChangeSearch` proves from records, this starts from the other end: from the equations
/// between the figures of all tables. Both see only integers. Cells that share an equation, however
/// far, are one programme; programmes that are too large, and what comes after the budget, are left
/// to the proof.
struct FeasibilityAudit {
    private let family: Family
    /// Cells left out, in one group when they hang together.
    private var equations: [[(cell: Int, factor: Int)]] = []

    /// The most cells of one programme, and the most entries of tableaus that are looked at.
    static let cellsMax = 200
    static let budget = 300_000_000

    /// What was found out.
    struct Outcome {
        /// Unsafe cells whose range was computed.
        var audited = 0
        /// Those of them whose range does not reach as far as it must.
        var failed: [Int] = []
    }

    init(_ family: Family) {
        self.family = family
        for table in family.tables.indices { addEquations(of: table) }
    }

    /// A cell that can have another value: left out, or shown with noise.
    private func isOpen(_ cell: Int) -> Bool { family.states[cell] != .shown }

    /// The totals of a table over everything that others are not broken down by: where another
    /// table shows them they are its figures, otherwise two tables must have the same.
    private mutating func addEquations(of table: Int) {
        let own = family.tables[table]
        guard own.isComplete else { return }
        for lines in own.lines {
            for (other, twin) in family.tables.enumerated() where other != table {
                if twin.set == lines.set, twin.isComplete {
                    addTotals(lines, own, twin)
                } else if other > table, twin.isComplete,
                    let shared = twin.lines.first(where: { $0.set == lines.set }),
                    own.set.intersection(twin.set) == lines.set
                {
                    addShared(lines, own, shared)
                }
            }
        }
    }

    private mutating func addTotals(_ lines: LineSet, _ own: FamilyTable, _ totals: FamilyTable) {
        for total in totals.cells {
            var terms: [(cell: Int, factor: Int)] = isOpen(total) ? [(total, -1)] : []
            for part in lines.line(key: family.keys[total]) where isOpen(Int(part)) {
                terms.append((Int(part), 1))
            }
            if !terms.isEmpty { equations.append(terms) }
        }
    }

    private mutating func addShared(_ lines: LineSet, _ own: FamilyTable, _ others: LineSet) {
        var at = 0
        while at < lines.order.count {
            let line = lines.line(of: Int(lines.order[at]))
            at = line.endIndex
            var terms: [(cell: Int, factor: Int)] = []
            for part in line where isOpen(Int(part)) { terms.append((Int(part), 1)) }
            let key = family.keys[Int(lines.order[line.startIndex])]
            for part in others.line(key: key) where isOpen(Int(part)) {
                terms.append((Int(part), -1))
            }
            if !terms.isEmpty { equations.append(terms) }
        }
    }

    /// Computes the ranges of unsafe cells.
    mutating func run() -> Outcome {
        var outcome = Outcome()
        var spent = 0
        for (cells, rows) in groups() where cells.count <= Self.cellsMax {
            let targets = cells.filter { family.needs[$0] > 0 }
            if targets.isEmpty { continue }
            spent += targets.count * cells.count * rows.count * rows.count
            if spent > Self.budget { break }
            guard var programme = programme(cells, rows) else { continue }
            for (number, cell) in cells.enumerated() where family.needs[cell] > 0 {
                guard let change = programme.largestChange(of: number) else { continue }
                outcome.audited += 1
                if let change, change * unit < family.needs[cell] { outcome.failed.append(cell) }
            }
        }
        return outcome
    }

    /// Changes of counts are whole; so are those of their equations.
    private var unit: Int128 { family.measurand.isCount ? Family.one : 1 }

    private func programme(
        _ cells: [Int], _ rows: [[(cell: Int, factor: Int)]]
    ) -> ExactProgramme? {
        var programme = ExactProgramme()
        var numbers: [Int: Int] = [:]
        for cell in cells {
            let range = family.range(cell)
            numbers[cell] = programme.addUnknown(
                down: range.down.map { $0 / unit }, up: range.up.map { $0 / unit })
        }
        for row in rows {
            programme.require(
                row.compactMap { term in numbers[term.cell].map { ($0, term.factor) } })
        }
        return programme
    }

    /// The cells and equations that hang together; cells without equation are free.
    private func groups() -> [(cells: [Int], rows: [[(cell: Int, factor: Int)]])] {
        var parent: [Int: Int] = [:]
        func root(_ cell: Int) -> Int {
            var at = cell
            while let next = parent[at], next != at { at = next }
            return at
        }
        for row in equations {
            let first = root(row[0].cell)
            parent[first] = first
            for term in row.dropFirst() {
                let other = root(term.cell)
                parent[other] = first
                parent[term.cell] = first
            }
        }
        var numbers: [Int: Int] = [:]
        var groups: [(cells: [Int], rows: [[(cell: Int, factor: Int)]])] = []
        for cell in parent.keys.sorted() {
            let top = root(cell)
            let number = numbers[top] ?? groups.count
            if number == groups.count {
                numbers[top] = number
                groups.append(([], []))
            }
            groups[number].cells.append(cell)
        }
        for row in equations {
            if let number = numbers[root(row[0].cell)] { groups[number].rows.append(row) }
        }
        return groups.sorted { $0.cells.count < $1.cells.count }
    }
}
