import TestSupport
import Testing

@testable import Publication

/// The product's own linear programme, against published intervals and every assignment.
@Suite struct ExactProgrammeTests {
    /// The example of the SDC handbook (Geurts), intervals of `sdc_reference.json`: rows
    /// (X11, X12 | 7), (X21, X22 | 3), (3, 3 | 6), columns 9 and 7.
    @Test(arguments: [(5, [3, 6], [1, 4], [0, 3], [0, 3]), (3, [3, 6], [1, 4], [0, 3], [0, 3])])
    func handbook(
        _ x11: Int, _ one: [Int], _ two: [Int], _ three: [Int], _ four: [Int]
    ) {
        let truth = [x11, 7 - x11, 6 - x11, x11 - 3]
        var programme = ExactProgramme()
        for value in truth { _ = programme.addUnknown(down: Int128(value), up: nil) }
        for pair in [(0, 1), (2, 3), (0, 2), (1, 3)] {
            programme.require([(pair.0, 1), (pair.1, 1)])
        }
        // The smallest value is the largest of the opposite.
        for (number, expected) in [one, two, three, four].enumerated() {
            let top = programme.largestChange(of: number)
            #expect(top == .some(Int128(expected[1] - truth[number])))
        }
        for (number, expected) in [one, two, three, four].enumerated() {
            var falling = ExactProgramme()
            for value in truth { _ = falling.addUnknown(down: nil, up: Int128(value)) }
            for pair in [(0, 1), (2, 3), (0, 2), (1, 3)] {
                falling.require([(pair.0, 1), (pair.1, 1)])
            }
            let most = falling.largestChange(of: number)
            #expect(most == .some(Int128(truth[number] - expected[0])))
        }
    }

    @Test func withoutLimitAndWithoutWay() {
        var programme = ExactProgramme()
        let one = programme.addUnknown(down: 3, up: nil)
        let two = programme.addUnknown(down: 3, up: nil)
        let three = programme.addUnknown(down: 3, up: 8)
        programme.require([(one, 1), (two, -1)])
        #expect(programme.largestChange(of: one) == .some(nil))
        #expect(programme.largestChange(of: three) == .some(8))
        programme.require([(three, 1)])
        #expect(programme.largestChange(of: three) == .some(0))
        // Said twice is said once.
        programme.require([(three, 2)])
        #expect(programme.largestChange(of: three) == .some(0))
    }

    /// What would be wrong when it is cut to what fits has no answer.
    @Test func largeNumbers() {
        let (factor, change) = (Int.max, Int128(1) << 100)
        // A factor in a row that is put into another.
        for (first, second) in [(Int.max / 2, (3, 1)), (factor, (1, -factor))] {
            var programme = Self.programme([(0, 1), (0, 1)])
            programme.require([(0, 1), (1, first)])
            programme.require([(0, second.0), (1, second.1)])
            #expect(programme.largestChange(of: 1) == .none)
        }
        // One that a pivot makes.
        var pivoted = Self.programme([(1, 1), (1, 1), (1, 1)])
        pivoted.require([(0, 1), (1, 1 << 62)])
        pivoted.require([(1, 3), (2, 1 << 62)])
        #expect(pivoted.largestChange(of: 0) == .none)
        // A bound by the denominator.
        var bounded = Self.programme([(.max / 2, nil), (0, 5)])
        bounded.require([(0, 3), (1, 1)])
        #expect(bounded.largestChange(of: 1) == .none)
        // The change of an unknown that rows give.
        var given = Self.programme([(nil, nil), (0, change)])
        given.require([(0, 1), (1, -factor)])
        #expect(given.largestChange(of: 1) == .some(change))
        #expect(given.largestChange(of: 0) == .none)
        // Two lengths that are compared.
        for (one, two) in [((change, factor), (change, factor - 1)), ((1, factor), (change, 1))] {
            var compared = Self.programme([(one.0, nil), (two.0, nil), (0, nil)])
            compared.require([(0, 1), (2, one.1)])
            compared.require([(1, 1), (2, two.1)])
            #expect(compared.largestChange(of: 2) == .none)
        }
    }

    private static func programme(_ bounds: [(Int128?, Int128?)]) -> ExactProgramme {
        var programme = ExactProgramme()
        for (down, up) in bounds { _ = programme.addUnknown(down: down, up: up) }
        return programme
    }

    /// Small programmes with any factors and bounds on both sides: an optimum is a corner.
    @Test func againstEveryCorner() {
        let seed: UInt64 = 73
        var generator = SeededGenerator(seed: seed)
        for round in 0..<600 {
            let count = Int.random(in: 3...4, using: &generator)
            let bounds = (0..<count).map { _ in
                (Int.random(in: 0...6, using: &generator), Int.random(in: 0...6, using: &generator))
            }
            let equations = (0..<Int.random(in: 1...2, using: &generator)).map { _ in
                (0..<count).map { _ in Int.random(in: -3...3, using: &generator) }
            }
            var programme = Self.programme(bounds.map { (Int128($0), Int128($1)) })
            for factors in equations { programme.require(factors.enumerated().map { ($0, $1) }) }
            let most = Self.mostAtCorners(bounds, equations)
            for unknown in 0..<count {
                let found = programme.largestChange(of: unknown)
                let expected = Int128(most[unknown])
                #expect(found == .some(expected), "seed \(seed) round \(round) \(unknown)")
            }
        }
    }

    /// The largest change of each unknown, rounded down, over all corners.
    private static func mostAtCorners(
        _ bounds: [(down: Int, up: Int)], _ equations: [[Int]]
    ) -> [Int] {
        var most = bounds.map { _ in 0 }
        func tryFrom(_ fixed: [Double?]) {
            if fixed.count < bounds.count {
                let (down, up) = bounds[fixed.count]
                for choice in [Double(-down), Double(up), nil] { tryFrom(fixed + [choice]) }
            } else if let corner = corner(fixed, equations),
                zip(corner, bounds).allSatisfy({
                    $0 > Double(-$1.down) - 1e-9 && $0 < Double($1.up) + 1e-9
                })
            {
                most = zip(most, corner).map { max($0, Int(($1 + 1e-9).rounded(.down))) }
            }
        }
        tryFrom([])
        return most
    }

    /// The point at which the unknowns that are not fixed are what the equations say; nil when
    /// there is none, or more than one.
    private static func corner(_ fixed: [Double?], _ equations: [[Int]]) -> [Double]? {
        let free = fixed.indices.filter { fixed[$0] == nil }
        var rows = equations.map { factors in
            free.map { Double(factors[$0]) }
                + [-zip(factors, fixed).reduce(0) { $0 + Double($1.0) * ($1.1 ?? 0) }]
        }
        for column in free.indices {
            guard
                let pivot = rows.indices.dropFirst(column).first(where: {
                    abs(rows[$0][column]) > 1e-9
                })
            else { return nil }
            rows.swapAt(column, pivot)
            let lead = rows[column].map { $0 / rows[column][column] }
            rows[column] = lead
            for row in rows.indices where row != column {
                let factor = rows[row][column]
                rows[row] = zip(rows[row], lead).map { $0 - factor * $1 }
            }
        }
        if rows.dropFirst(free.count).contains(where: { abs($0[free.count]) > 1e-9 }) { return nil }
        var point = fixed.map { $0 ?? 0 }
        for (row, unknown) in free.enumerated() { point[unknown] = rows[row][free.count] }
        return point
    }

    /// Small two-way tables with hidden cells: every table with the same totals is tried.
    @Test func againstEveryTable() {
        let seed: UInt64 = 71
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<400 {
            let width = Int.random(in: 2...3, using: &generator)
            let height = Int.random(in: 2...3, using: &generator)
            let values = (0..<width * height).map { _ in
                Int.random(in: 0...3, using: &generator)
            }
            let isHidden = values.map { _ in Int.random(in: 0..<3, using: &generator) > 0 }
            let hidden = values.indices.filter { isHidden[$0] }
            var programme = ExactProgramme()
            for cell in hidden { _ = programme.addUnknown(down: Int128(values[cell]), up: nil) }
            var lines: [[Int]] = []
            for row in 0..<height { lines.append((0..<width).map { row * width + $0 }) }
            for column in 0..<width { lines.append((0..<height).map { $0 * width + column }) }
            for line in lines {
                let open = line.compactMap { cell in hidden.firstIndex(of: cell) }
                if !open.isEmpty { programme.require(open.map { ($0, 1) }) }
            }
            let most = Self.mostByTrying(values, hidden, lines)
            for number in hidden.indices {
                let expected = Int128(most[number] - values[hidden[number]])
                #expect(programme.largestChange(of: number) == .some(expected), "seed \(seed)")
            }
        }
    }

    /// The largest value of each hidden cell over all tables of whole numbers with the same sums.
    private static func mostByTrying(
        _ values: [Int], _ hidden: [Int], _ lines: [[Int]]
    ) -> [Int] {
        var most = hidden.map { values[$0] }
        var table = values
        let sums = lines.map { $0.reduce(0) { $0 + values[$1] } }
        func tryFrom(_ at: Int) {
            for (line, sum) in zip(lines, sums) {
                let known = line.filter { cell in
                    hidden.firstIndex(of: cell).map { $0 < at } ?? true
                }
                let part = known.reduce(0) { $0 + table[$1] }
                if part > sum || known.count == line.count && part != sum { return }
            }
            if at == hidden.count {
                for (number, cell) in hidden.enumerated() {
                    most[number] = max(most[number], table[cell])
                }
                return
            }
            for value in 0...9 {
                table[hidden[at]] = value
                tryFrom(at + 1)
            }
            table[hidden[at]] = values[hidden[at]]
        }
        tryFrom(0)
        return most
    }
}
