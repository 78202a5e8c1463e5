/// A linear programme over what an attacker knows: unknown numbers, equations and bounds.
///
/// The textbook two-phase simplex with Bland's rule in floating point, sharing nothing with the
/// product: slow, plain and good enough for some hundred unknowns.
public struct AttackerProgramme: Sendable {
    /// Lower bounds; upper ones are equations with a slack.
    private var lower: [Double] = []
    private var rows: [(terms: [Int: Double], right: Double)] = []

    public init() {}

    /// An unknown of at least `lower`.
    public mutating func unknown(atLeast lower: Double) -> Int {
        self.lower.append(lower)
        return self.lower.count - 1
    }

    /// `terms` add up to `right`.
    public mutating func require(_ terms: [Int: Double], equals right: Double) {
        rows.append((terms, right))
    }

    /// `terms` are at most `right`.
    public mutating func require(_ terms: [Int: Double], atMost right: Double) {
        var terms = terms
        terms[unknown(atLeast: 0)] = 1
        rows.append((terms, right))
    }

    /// The smallest and the largest value of each unknown in `targets`; infinity without limit.
    /// Nil when the equations contradict each other.
    public func ranges(of targets: [Int]) -> [ClosedRange<Double>]? {
        var tableau = Tableau(rows: rows, lower: lower)
        guard tableau.findStart() else { return nil }
        return targets.map { target in
            let low = -(tableau.maximum(of: target, sign: -1) ?? .infinity)
            let high = tableau.maximum(of: target, sign: 1) ?? .infinity
            return min(low, high)...max(low, high)
        }
    }
}

private struct Tableau {
    private var cells: [[Double]]
    private var basis: [Int]
    private let count: Int
    private let lower: [Double]
    private static let tolerance = 1e-9

    init(rows: [(terms: [Int: Double], right: Double)], lower: [Double]) {
        count = lower.count
        self.lower = lower
        cells = []
        basis = []
        for (number, row) in rows.enumerated() {
            var line = [Double](repeating: 0, count: lower.count + rows.count + 1)
            var right = row.right
            for (unknown, factor) in row.terms {
                line[unknown] = factor
                right -= factor * lower[unknown]
            }
            if right < 0 {
                for at in 0..<lower.count { line[at] = -line[at] }
                right = -right
            }
            line[lower.count + number] = 1
            line[line.count - 1] = right
            cells.append(line)
            basis.append(lower.count + number)
        }
    }

    /// Drives the artificial unknowns out; false when that cannot be done.
    mutating func findStart() -> Bool {
        var costs = [Double](repeating: 0, count: count + cells.count)
        for at in count..<costs.count { costs[at] = -1 }
        _ = optimize(costs, width: costs.count)
        let rest = basis.indices.filter { basis[$0] >= count }
        if rest.contains(where: { (cells[$0].last ?? 0) > 1e-6 }) { return false }
        for row in rest {
            if let column = (0..<count).first(where: { abs(cells[row][$0]) > 1e-6 }) {
                pivot(row, column)
            }
        }
        // What is left says nothing that other rows do not say.
        for row in basis.indices.reversed() where basis[row] >= count {
            basis.remove(at: row)
            cells.remove(at: row)
        }
        return true
    }

    /// The largest value of `sign` times the unknown; nil without limit.
    mutating func maximum(of unknown: Int, sign: Double) -> Double? {
        var costs = [Double](repeating: 0, count: count + cells.count)
        costs[unknown] = sign
        guard optimize(costs, width: count) else { return nil }
        let row = basis.firstIndex(of: unknown)
        let value = row.map { cells[$0].last ?? 0 } ?? 0
        return sign * (value + lower[unknown])
    }

    private mutating func optimize(_ costs: [Double], width: Int) -> Bool {
        while true {
            guard
                let column = (0..<width).first(where: { column in
                    if basis.contains(column) { return false }
                    var gain = costs[column]
                    for row in cells.indices { gain -= costs[basis[row]] * cells[row][column] }
                    return gain > Self.tolerance
                })
            else { return true }
            var best: Int?
            var ratio = Double.infinity
            for row in cells.indices where cells[row][column] > Self.tolerance {
                let value = (cells[row].last ?? 0) / cells[row][column]
                let isTie = abs(value - ratio) <= 1e-12
                if value < ratio - 1e-12
                    || isTie && basis[row] < basis[best ?? row]
                {
                    ratio = value
                    best = row
                }
            }
            guard let row = best else { return false }
            pivot(row, column)
        }
    }

    private mutating func pivot(_ row: Int, _ column: Int) {
        let factor = cells[row][column]
        for at in cells[row].indices { cells[row][at] /= factor }
        for other in cells.indices where other != row {
            let share = cells[other][column]
            if share == 0 { continue }
            for at in cells[other].indices { cells[other][at] -= share * cells[row][at] }
        }
        basis[row] = column
    }
}
