import Glibc

/// By how much counts are changed in the cell-key method, by count and cell key (science.md §5.6).
///
/// The same members give the same key and so the same change, in whatever table they are counted.
/// Zero stays zero. Production tables are kept confidential by those who use the method.
package struct PerturbationTable: Sendable, Equatable {
    /// One outcome for a count: the change, and the share of all keys up to which it holds.
    private struct Step: Sendable, Equatable {
        let change: Int
        /// The last key, of 2^64, that gives it.
        let last: UInt64
    }

    /// By count from 1; the last row holds for every larger count.
    private let rows: [[Step]]
    /// No count is changed by more.
    package let largestChange: Int

    /// A table of rows of changes with their probabilities, from count 1 on.
    ///
    /// Nil unless every row's probabilities are from 0 to 1 and add up to 1, and no count would
    /// fall below zero.
    package init?(_ rows: [[(change: Int, probability: Double)]]) {
        guard !rows.isEmpty else { return nil }
        var made: [[Step]] = []
        for (index, row) in rows.enumerated() {
            var sum = 0.0
            var steps: [Step] = []
            for (change, probability) in row {
                guard (0...1).contains(probability), change >= -(index + 1) else { return nil }
                sum += probability
                if probability > 0 {
                    steps.append(Step(change: change, last: Self.key(atShare: sum)))
                }
            }
            guard abs(sum - 1) < 1e-6, let end = steps.popLast() else { return nil }
            made.append(steps + [Step(change: end.change, last: .max)])
        }
        self.rows = made
        largestChange = rows.joined().map { abs($0.change) }.max() ?? 0
    }

    /// The table of largest entropy with changes of at most `largestChange` and the given variance,
    /// of which no result is from 1 to `smallestHidden` (0 for none) and the mean change is 0.
    ///
    /// Nil when there is no such table.
    package init?(largestChange: Int, variance: Double, smallestHidden: Int = 0) {
        guard (1...100).contains(largestChange), (0...100).contains(smallestHidden) else {
            return nil
        }
        let last = smallestHidden == 0 ? largestChange : largestChange + smallestHidden + 1
        var rows: [[(change: Int, probability: Double)]] = []
        for count in 1...last {
            let changes = (-largestChange...largestChange).filter { change in
                let result = count + change
                return result == 0 || result > smallestHidden
            }
            guard let row = Self.largestEntropy(changes, variance: variance) else { return nil }
            rows.append(zip(changes, row).map { ($0, $1) })
        }
        self.init(rows)
    }

    /// The changed count of members whose keys add up to `key` modulo 2^64; `count` must not be
    /// negative.
    package func perturbed(_ count: Int64, key: UInt64) -> Int64 {
        guard count > 0 else { return 0 }
        let row = rows[min(Int(clamping: count), rows.count) - 1]
        // Intervals are open below and closed above, so key 0 belongs to the last one.
        guard key > 0 else { return count + Int64(row.last?.change ?? 0) }
        for step in row where key <= step.last { return count + Int64(step.change) }
        return count
    }

    /// The key at a share of all keys, from 0 to 1.
    static func key(atShare share: Double) -> UInt64 {
        let scaled = share * 0x1p64
        return scaled >= 0x1p64 ? .max : UInt64(scaled.rounded())
    }

    /// The probabilities of largest entropy with mean 0 and the variance: exponentials of a
    /// quadratic, whose two parameters Newton's method finds. Nil when there are none.
    private static func largestEntropy(_ changes: [Int], variance: Double) -> [Double]? {
        var linear = 0.0
        var square = 0.0
        for _ in 0..<500 {
            let row = probabilities(changes, linear, square)
            var moments = [Double](repeating: 0, count: 5)
            for (change, probability) in zip(changes, row) {
                var power = probability
                for order in 0..<5 {
                    moments[order] += power
                    power *= Double(change)
                }
            }
            let gap = (moments[1], moments[2] - variance)
            if abs(gap.0) < 1e-13, abs(gap.1) < 1e-13 { return row }
            let a = moments[2] - moments[1] * moments[1]
            let b = moments[3] - moments[1] * moments[2]
            let c = moments[4] - moments[2] * moments[2]
            let determinant = a * c - b * b
            guard determinant > 1e-300 else { return nil }
            let step = (
                (c * gap.0 - b * gap.1) / determinant, (a * gap.1 - b * gap.0) / determinant
            )
            // Long steps overshoot where the solution is far: they are cut.
            let cut = min(1, 1 / max(abs(step.0), abs(step.1)))
            linear -= step.0 * cut
            square -= step.1 * cut
            guard abs(linear) < 500, abs(square) < 500 else { return nil }
        }
        return nil
    }

    private static func probabilities(
        _ changes: [Int], _ linear: Double, _ square: Double
    ) -> [Double] {
        let exponents = changes.map { Double($0) * (linear + square * Double($0)) }
        let top = exponents.max() ?? 0
        let weights = exponents.map { exp($0 - top) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }
}
