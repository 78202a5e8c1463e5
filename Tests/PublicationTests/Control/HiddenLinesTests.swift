import Statistics
import Testing

@testable import Publication

/// The cells of a line that are left out, whichever was left out first.
@Suite struct HiddenLinesTests {
    /// A total and, behind it, two lines of three cells: 1...3 and 4...6, of 3, 2, 1, 1, 2 and 3
    /// persons.
    private static func family() throws -> Family {
        var log = InventedLog()
        for (at, count) in [3, 2, 1, 1, 2, 3].enumerated() {
            for person in 0..<count {
                log.records.append(
                    InventedLog.Record(
                        day: 0, texts: ["r\(at / 3)", "c\(at % 3)"], amount: 1, person: person,
                        customer: person))
            }
        }
        let row = GroupKey.text(input: 0, column: "a")
        let column = GroupKey.text(input: 1, column: "b")
        let tables = [[row], [row, column]].map {
            InventedLog.Table(keys: $0, columns: [.times(when: nil)])
        }
        return try FamilyBuilder(log.publication(tables, .persons(3, customers: nil)))
            .families()[0]
    }

    private static let orders = [
        [2, 3, 4], [2, 4, 3], [3, 2, 4], [3, 4, 2], [4, 2, 3], [4, 3, 2],
    ]

    @Test(arguments: orders)
    func everyOrder(_ order: [Int]) throws {
        let family = try Self.family()
        #expect(family.tables[1].cells == 2..<8)
        let lines = family.tables[1].lines[0]
        var hidden = HiddenLines(lines, family.states)
        #expect(hidden.hidden(ofLineOf: 2, lines).isEmpty)
        var sofar: [Int32] = []
        for cell in order {
            sofar.append(Int32(cell))
            // What is left out twice is left out once.
            for again in [cell, cell, order[0]] {
                hidden.hide(again, lines)
                for member in 2...4 {
                    #expect(hidden.hidden(ofLineOf: member, lines).elementsEqual(sofar))
                }
                #expect(hidden.hidden(ofLineOf: 6, lines).isEmpty)
            }
        }
        hidden.hide(9 - order[0], lines)
        #expect(Array(hidden.hidden(ofLineOf: 5, lines)) == [Int32(9 - order[0])])
        #expect(hidden.hidden(ofLineOf: 2, lines).elementsEqual(sofar))
    }

    @Test func whatIsLeftOutFromTheStart() throws {
        var family = try Self.family()
        for cell in [0, 2, 6, 7] { family.hide(cell) }
        let lines = family.tables[1].lines[0]
        let hidden = HiddenLines(lines, family.states)
        #expect(Array(hidden.hidden(ofLineOf: 3, lines)) == [2])
        // In the order of what leaving them out costs.
        #expect(Array(hidden.hidden(ofLineOf: 5, lines)) == [6, 7])
    }
}
