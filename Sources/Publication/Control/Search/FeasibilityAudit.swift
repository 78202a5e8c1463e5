/// Checks a second time that the unsafe cells of a family are protected.
///
/// Where `ChangeSearch` proves from records, this starts from the other end: from the equations
/// between the figures of all tables. The other values that the search found are put into every
/// one of them. Where cells that share an equation, however far, are few enough for one linear
/// programme, the exact range in which the attacker can place each unsafe one is computed besides.
struct FeasibilityAudit {
    private let family: Family
    private let proofs: ChangeProofs
    private let equations: FamilyEquations
    private let believesProofs: Bool

    /// The most cells of one programme, and the most entries of tableaus that are looked at.
    static let cellsMax = 200
    static let budget = 300_000_000

    /// What was found out.
    struct Outcome {
        /// Unsafe cells whose range reaches as far as it must.
        var audited = 0
        /// Those whose range does not, or is not known.
        var failed: [Int] = []
    }

    /// `believesProofs` is for tests of the ranges alone.
    init(_ family: Family, _ proofs: ChangeProofs, believesProofs: Bool = false) {
        self.family = family
        self.proofs = proofs
        self.believesProofs = believesProofs
        equations = FamilyEquations(family)
    }

    /// Checks all proofs, and computes ranges.
    func run() throws(ControlRefusal) -> Outcome {
        var outcome = Outcome()
        var isAudited = [Bool](repeating: false, count: family.keys.count)
        for number in 0..<proofs.count {
            try checkStop()
            let (cells, amounts) = proofs.proof(number)
            let isAllowed = believesProofs || equations.allows(cells, amounts)
            for (cell, amount) in zip(cells, amounts) {
                let need = family.needs[Int(cell)]
                if isAllowed, need > 0, amount >= need { isAudited[Int(cell)] = true }
            }
        }
        outcome.failed = family.needs.indices.filter { family.needs[$0] > 0 && !isAudited[$0] }
        try computeRanges(&outcome, &isAudited)
        outcome.audited = isAudited.count { $0 }
        return outcome
    }

    private func computeRanges(
        _ outcome: inout Outcome, _ isAudited: inout [Bool]
    ) throws(ControlRefusal) {
        var spent = 0
        for group in groups() {
            let targets = group.cells.filter { family.needs[$0] > 0 }
            let rows = group.rows.count
            spent += targets.count * group.cells.count * rows * rows
            if spent > Self.budget { break }
            var programme = programme(group)
            for (number, cell) in group.cells.enumerated() where family.needs[cell] > 0 {
                try checkStop()
                guard let change = programme.largestChange(of: number) else { continue }
                guard let change, change * unit < family.needs[cell] else { continue }
                if isAudited[cell] { outcome.failed.append(cell) }
                isAudited[cell] = false
            }
        }
    }

    /// Changes of counts are whole; so are those of their equations.
    private var unit: Int128 { family.measurand.isCount ? Family.one : 1 }

    private func programme(_ group: Group) -> ExactProgramme {
        var programme = ExactProgramme()
        var numbers: [Int: Int] = [:]
        for cell in group.cells {
            let range = family.range(cell)
            numbers[cell] = programme.addUnknown(
                down: range.down.map { $0 / unit }, up: range.up.map { $0 / unit })
        }
        for row in group.rows {
            programme.require(
                row.compactMap { term in numbers[term.cell].map { ($0, term.factor) } })
        }
        return programme
    }

    // MARK: - Groups

    /// Cells and equations that hang together.
    private struct Group {
        var cells: [Int] = []
        var rows: [[FamilyEquations.Term]] = []
    }

    /// The groups with unsafe cells that are not too large, smaller ones first; cells without
    /// equation are free.
    private func groups() -> [Group] {
        var links = DisjointSets(count: family.keys.count)
        equations.forEach { terms in
            for term in terms { links.join(terms[0].cell, term.cell) }
        }
        var sizes = [Int32](repeating: 0, count: family.keys.count)
        for cell in family.keys.indices { sizes[links.root(cell)] += 1 }
        var numbers: [Int: Int] = [:]
        for cell in family.needs.indices where family.needs[cell] > 0 {
            let root = links.root(cell)
            if sizes[root] > 1, sizes[root] <= Self.cellsMax, numbers[root] == nil {
                numbers[root] = numbers.count
            }
        }
        var groups = [Group](repeating: Group(), count: numbers.count)
        if groups.isEmpty { return [] }
        for cell in family.keys.indices {
            if let number = numbers[links.root(cell)] { groups[number].cells.append(cell) }
        }
        equations.forEach { terms in
            if let number = numbers[links.root(terms[0].cell)] { groups[number].rows.append(terms) }
        }
        return groups.sorted { $0.cells.count < $1.cells.count }
    }
}

/// Sets of numbers that are joined one by one.
private struct DisjointSets {
    private var parents: [Int32]

    init(count: Int) { parents = (0..<count).map { Int32(truncatingIfNeeded: $0) } }

    mutating func root(_ member: Int) -> Int {
        var at = member
        while Int(parents[at]) != at {
            parents[at] = parents[Int(parents[at])]
            at = Int(parents[at])
        }
        return at
    }

    mutating func join(_ one: Int, _ other: Int) {
        let root = self.root(one)
        parents[self.root(other)] = Int32(truncatingIfNeeded: root)
    }
}
