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
