import Statistics

/// The thresholds that a table is held to: the stricter of the publication's and its own.
struct Thresholds: Sendable, Equatable {
    let persons: Int
    /// 0 when customers are not asked for.
    let customers: Int

    init(_ rules: ControlRules, _ table: MeasuredTable) {
        var persons = rules.persons
        var customers = rules.customers ?? 0
        if case .persons(let own, let ownCustomers) = table.suppression {
            persons = max(persons, own)
            // A table about one customer has none to count.
            if rules.customers != nil { customers = max(customers, ownCustomers ?? 0) }
        }
        self.persons = persons
        self.customers = customers
    }
}

/// What may be told of a figure taken by itself (science.md §5.1).
///
/// A figure needs n distinct persons and m distinct customers behind it; a zero needs as many
/// behind its row; a sum or mean must not be made up by one or two of them.
func primary(
    _ cell: MeasuredCell, of row: MeasuredRow, _ column: MeasuredColumn,
    _ thresholds: Thresholds, _ rules: ControlRules
) -> ControlledCell {
    guard let backing = cell.backing, let rowBacking = row.backing else {
        return .suppressed(.persons)
    }
    if backing.persons == 0, backing.customers == 0 {
        // Nobody is behind the cell: what it tells, it tells of those behind the row.
        if rowBacking.persons < thresholds.persons { return .suppressed(.persons) }
        if rowBacking.customers < thresholds.customers { return .suppressed(.customers) }
        // That there was nothing to compute it from is as much as a zero.
        guard let value = cell.value else {
            return rules.zeros == .shown ? .notMeasured : .suppressed(.zero)
        }
        if !value.isZero { return .suppressed(.persons) }
        return rules.zeros == .shown ? .zero : .suppressed(.zero)
    }
    if backing.persons < thresholds.persons { return .suppressed(.persons) }
    if backing.customers < thresholds.customers { return .suppressed(.customers) }
    if column.role == .magnitude, protectionOfDominance(backing, rules) > 0 {
        return .suppressed(.dominance)
    }
    guard let value = cell.value else { return .notMeasured }
    if !value.isZero { return .value(value) }
    return rules.zeros == .shown ? .zero : .suppressed(.zero)
}

/// How far above the truth an attacker's best upper estimate of an unsafe sum must stay, in
/// billionths; 0 when no dominance rule is broken (science.md §5.1).
///
/// Persons and customers are contributors alike: the rule must hold for both.
func protectionOfDominance(_ backing: CellBacking, _ rules: ControlRules) -> Int128 {
    guard let total = backing.total else { return 0 }
    let sum = Int128(total.magnitude)
    var protection: Int128 = 0
    for largest in [backing.largestPersons, backing.largestCustomers] {
        let first = largest.first ?? 0
        let second = largest.count > 1 ? largest[1] : 0
        if let percent = rules.priorPercent {
            // X - x2 - x1 < p% of x1, in hundredths so that nothing is rounded.
            let missing = first * Int128(percent) - (sum - first - second) * 100
            if missing > 0 { protection = max(protection, missing / 100 + 1) }
        }
        if let rule = rules.dominance {
            let top = rule.contributors == 1 ? first : first + second
            let missing = top * 100 - sum * Int128(rule.percent)
            if missing > 0 {
                protection = max(protection, missing / Int128(rule.percent) + 1)
            }
        }
    }
    return protection
}
