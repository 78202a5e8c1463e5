import Statistics

/// How far from the truth an attacker must stay.
struct ProtectionNeeds {
    private let rules: ControlRules

    init(_ rules: ControlRules) { self.rules = rules }

    /// Sums and large counts of few persons: the attacker must not come closer than this.
    static let nearnessPercent: Int128 = 20

    /// What the attacker knows of a cell that is not unsafe: of distinct counts of persons that it
    /// is above the threshold, of other counts even how many persons there are.
    func setFloor(of cell: Int, in family: inout Family, _ thresholds: Thresholds) {
        guard case .distinct = family.measurand else { return }
        family.floors[cell] = min(family.floors[cell], Int32(clamping: thresholds.persons))
        let value = family.values[cell] / Family.one
        if family.floors[cell] > value { family.floors[cell] = Int32(clamping: value) }
    }

    /// Marks a cell that is unsafe for `reason`.
    func mark(
        _ cell: Int, _ reason: SuppressionReason, _ backing: CellBacking?,
        in family: inout Family, _ thresholds: Thresholds
    ) {
        let hasFewPersons = reason == .persons
        let value = family.values[cell]
        if case .distinct = family.measurand {
            family.markUnsafe(cell, need: 0, hasFewPersons: hasFewPersons)
            // Of a distinct count of persons the mark itself tells that it is below n.
            if hasFewPersons, value / Family.one == Int128(family.persons[cell]) {
                family.ceilings[cell] = Int32(clamping: thresholds.persons - 1)
            }
            let known = Int128(family.ceilings[cell] - family.floors[cell]) * Family.one
            let need = Int128(max(1, thresholds.persons / 2)) * Family.one
            family.needs[cell] = max(family.needs[cell], min(known, need))
            return
        }
        var need = Int128(value.magnitude) * Self.nearnessPercent / 100
        if family.measurand.isCount {
            need = roundedUp(max(need, Int128(thresholds.persons) * Family.one))
        }
        if reason == .dominance, let backing {
            need = max(need, protectionOfDominance(backing, rules))
        }
        // Of a zero it is enough that it might not be one.
        if value == 0 { need = Family.one }
        family.markUnsafe(cell, need: max(need, 1), hasFewPersons: hasFewPersons)
    }

    /// Marks a cell that is only counted for the sake of conditions. Nobody is shown it, so that it
    /// is enough that nobody can tell it, nor come near it: the figures that are shown with few
    /// persons behind them have needs of their own.
    func markPart(_ cell: Int, in family: inout Family) {
        let near = Int128(family.values[cell].magnitude) * Self.nearnessPercent / 100
        let need =
            if case .distinct = family.measurand {
                Family.one
            } else if family.measurand.isCount {
                roundedUp(max(near, Family.one))
            } else {
                family.values[cell] == 0 ? Family.one : max(near, 1)
            }
        // Not even that somebody is in it is known.
        family.markUnsafe(cell, need: need, hasFewPersons: false)
    }

    /// Marks a count of which parts leave so little that few persons are in it: it must not be told
    /// to within as many.
    func markWithRest(_ cell: Int, in family: inout Family) {
        family.markUnsafe(
            cell, need: Int128(rules.persons) * Family.one, hasFewPersons: false)
    }

    /// Marks a difference of two figures that nobody shows but everybody can compute, when so few
    /// records are in it that few persons are.
    func markDifference(_ cell: Int, in family: inout Family) {
        guard family.measurand.isCount else { return }
        let least = Int128(rules.persons) * Family.one
        let value = family.values[cell]
        guard value > 0, value < least else { return }
        family.markUnsafe(cell, need: least, hasFewPersons: true)
    }

    /// Marks a distinct count that is nearly as large as one that it is part of.
    func markNearWhole(_ cell: Int, in family: inout Family) {
        let need = Int128(max(1, rules.persons / 2)) * Family.one
        family.markUnsafe(cell, need: need, hasFewPersons: false)
    }

    /// Marks what opt-outs leave out of one table and not of another, of few: nobody may come near
    /// it, and of a count not within as many as a withheld one has.
    func markLeftOut(_ cell: Int, in family: inout Family) {
        let value = Int128(family.values[cell].magnitude)
        let near = value * Self.nearnessPercent / 100
        let need = family.measurand.isCount
            ? roundedUp(max(near, Int128(rules.persons) * Family.one)) : max(near, 1)
        family.markUnsafe(cell, need: need, hasFewPersons: false)
    }

    private func roundedUp(_ value: Int128) -> Int128 {
        (value + Family.one - 1) / Family.one * Family.one
    }
}
