/// The largest change of one unknown, given equations between changes and bounds on each: a linear
/// programme in whole numbers, so that nothing is rounded.
///
/// The bounded simplex method with Bland's rule, from the solution in which nothing changes. All
/// entries of the tableau have one common denominator (Edmonds 1967), which stays small for the
/// sums that tables are made of; where a number would not fit the answer is that there is none.
struct ExactProgramme {
    /// How far each unknown may fall and rise; nil without limit.
    private var down: [Int128?] = []
    private var up: [Int128?] = []
    private var tableau: [[Int]] = []
    private var denominator = 1
    /// The unknown that each row gives.
    private var basis: [Int] = []
    private var rowOf: [Int?] = []
    /// The changes of the unknowns that no row gives.
    private var changes: [Int128] = []
    /// False when a number did not fit.
    private var isSound = true

    /// No optimum is looked for longer.
    static let stepsMax = 5_000

    /// An unknown that may fall and rise by so much.
    mutating func addUnknown(down: Int128?, up: Int128?) -> Int {
        self.down.append(down)
        self.up.append(up)
        rowOf.append(nil)
        changes.append(0)
        return changes.count - 1
    }

    /// Says that the changes of `terms`, each times its factor, add up to 0. All unknowns must be
    /// there before the first equation.
    mutating func require(_ terms: [(unknown: Int, factor: Int)]) {
        var row = [Int](repeating: 0, count: changes.count)
        for (unknown, factor) in terms { row[unknown] += factor * denominator }
        for (at, known) in basis.enumerated() where row[known] != 0 {
            // The unknown is given by another row: that is put in.
            let factor = row[known] / denominator
            for column in row.indices { subtract(&row[column], factor, tableau[at][column]) }
        }
        guard let column = row.firstIndex(where: { $0 != 0 }) else { return }
        tableau.append(row)
        basis.append(column)
        rowOf[column] = tableau.count - 1
        pivot(tableau.count - 1, column)
    }

    private mutating func subtract(_ value: inout Int, _ factor: Int, _ other: Int) {
        let (product, overflow) = factor.multipliedReportingOverflow(by: other)
        let (difference, more) = value.subtractingReportingOverflow(product)
        if overflow || more { isSound = false }
        value = difference
    }

    /// Makes the row give the unknown.
    private mutating func pivot(_ row: Int, _ column: Int) {
        if tableau[row][column] < 0 {
            for at in tableau[row].indices { tableau[row][at] = -tableau[row][at] }
        }
        let next = tableau[row][column]
        let line = tableau[row]
        for other in tableau.indices where other != row {
            let factor = tableau[other][column]
            if factor == 0, next == denominator { continue }
            for at in line.indices {
                let value = Int128(tableau[other][at]) * Int128(next)
                    - Int128(factor) * Int128(line[at])
                let (quotient, rest) = value.quotientAndRemainder(
                    dividingBy: Int128(denominator))
                guard rest == 0, let small = Int(exactly: quotient) else {
                    isSound = false
                    return
                }
                tableau[other][at] = small
            }
        }
        denominator = next
    }

    /// The largest change of `unknown`, rounded down: `.some(nil)` without limit, nil when it was
    /// not found.
    mutating func largestChange(of unknown: Int) -> Int128?? {
        for _ in 0..<Self.stepsMax {
            guard isSound else { return nil }
            guard let (column, direction) = entering(unknown) else {
                guard let value = value(of: unknown) else { return nil }
                return .some(value.numerator / value.denominator)
            }
            switch step(column, direction) {
            case .unlimited: return .some(nil)
            case .failed: return nil
            case .done: break
            }
        }
        return nil
    }

    /// An unknown whose change makes the target larger, and in which direction.
    private func entering(_ target: Int) -> (column: Int, direction: Int)? {
        guard let row = rowOf[target] else {
            return canMove(target, 1) ? (target, 1) : nil
        }
        for column in changes.indices where rowOf[column] == nil {
            let factor = tableau[row][column]
            if factor < 0, canMove(column, 1) { return (column, 1) }
            if factor > 0, canMove(column, -1) { return (column, -1) }
        }
        return nil
    }

    private func canMove(_ unknown: Int, _ direction: Int) -> Bool {
        if direction > 0 { return up[unknown].map { changes[unknown] < $0 } ?? true }
        return down[unknown].map { changes[unknown] > -$0 } ?? true
    }

    private enum Outcome { case done, unlimited, failed }

    /// Moves an unknown until it or another comes to a bound.
    private mutating func step(_ column: Int, _ direction: Int) -> Outcome {
        var best: (length: Fraction, row: Int?)?
        let own = direction > 0
            ? up[column].map { $0 - changes[column] } : down[column].map { $0 + changes[column] }
        if let own { best = (Fraction(own, 1), nil) }
        for row in tableau.indices {
            let factor = tableau[row][column] * direction
            if factor == 0 { continue }
            guard let now = numerator(of: row) else { return .failed }
            let bound = factor > 0 ? down[basis[row]].map { -$0 } : up[basis[row]]
            guard let bound else { continue }
            let (scaled, overflow) = bound.multipliedReportingOverflow(by: Int128(denominator))
            if overflow { return .failed }
            let length = Fraction(abs(scaled - now), Int128(abs(factor)))
            guard let known = best else {
                best = (length, row)
                continue
            }
            guard let order = length.compared(with: known.length) else { return .failed }
            let isTie = order == 0 && known.row.map { basis[row] < basis[$0] } ?? false
            if order < 0 || isTie { best = (length, row) }
        }
        guard let best else { return .unlimited }
        guard let row = best.row else {
            changes[column] += Int128(direction) * best.length.numerator
            return .done
        }
        leave(row, for: column, direction)
        return .done
    }

    private mutating func leave(_ row: Int, for column: Int, _ direction: Int) {
        let leaving = basis[row]
        let falls = tableau[row][column] * direction > 0
        changes[leaving] = falls ? -(down[leaving] ?? 0) : up[leaving] ?? 0
        changes[column] = 0
        rowOf[leaving] = nil
        rowOf[column] = row
        basis[row] = column
        pivot(row, column)
    }

    /// The change of the unknown that a row gives, times the denominator.
    private func numerator(of row: Int) -> Int128? {
        var sum: Int128 = 0
        for column in changes.indices where rowOf[column] == nil && changes[column] != 0 {
            let factor = Int128(tableau[row][column])
            let (product, overflow) = factor.multipliedReportingOverflow(by: changes[column])
            let (difference, more) = sum.subtractingReportingOverflow(product)
            if overflow || more { return nil }
            sum = difference
        }
        return sum
    }

    /// The change of the unknown, which is none or a rise; nil when it does not fit.
    private func value(of unknown: Int) -> Fraction? {
        guard let row = rowOf[unknown] else { return Fraction(changes[unknown], 1) }
        return numerator(of: row).map { Fraction($0, Int128(denominator)) }
    }

    /// A number that is not negative over a positive one.
    private struct Fraction {
        let numerator: Int128
        let denominator: Int128

        init(_ numerator: Int128, _ denominator: Int128) {
            self.numerator = numerator
            self.denominator = denominator
        }

        /// Below 0, 0 or above as this one is smaller, equal or larger; nil when too large.
        func compared(with other: Fraction) -> Int? {
            let (left, overflow) = numerator.multipliedReportingOverflow(by: other.denominator)
            let (right, more) = other.numerator.multipliedReportingOverflow(by: denominator)
            if overflow || more { return nil }
            return left < right ? -1 : left == right ? 0 : 1
        }
    }
}
