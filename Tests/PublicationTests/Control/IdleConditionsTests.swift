import Statistics
import Testing

@testable import Publication

/// A condition that leaves nothing out is none.
@Suite struct IdleConditionsTests {
    private static func condition(_ input: Int, _ texts: String...) -> Condition {
        Condition(input: input, texts: texts.map { Array($0.utf8) })
    }

    /// Counts by input 0, one column for each list of conditions; one row for each text.
    private static func idle(
        _ columns: [[Condition]], _ rows: [(text: String, counts: [Int128])]
    ) -> IdleConditions {
        let statistic = StatisticPlan(
            name: "counts", purposeIndex: 0, groupBy: [.text(input: 0, column: "a")],
            measures: columns.enumerated().map {
                MeasurePlan(name: "c\($0)", conditions: $1, kind: .count)
            }, suppression: .standard)
        let table = MeasuredTable(
            name: "counts", groupColumns: ["a"],
            columns: columns.indices.map { MeasuredColumn(name: "c\($0)", role: .count) },
            rows: rows.map { text, counts in
                let cells = counts.map { count in
                    MeasuredCell(
                        value: .integer(Int64(count)), basis: 0, persons: 0, customers: 0,
                        unreadable: 0,
                        backing: CellBacking(
                            persons: Int(count), customers: 1, total: count * Family.one))
                }
                return MeasuredRow(
                    key: [Array(text.utf8)], cells: cells, persons: 0, customers: 0,
                    backing: RowBacking(persons: 50, customers: 1))
            }, suppression: .standard)
        return IdleConditions(Breakdown.all([statistic]), [table], [0])
    }

    /// Everything has one of these texts of input 1, so that a part is one by input 0 alone.
    @Test func ofEverything() {
        let both = Self.condition(1, "p", "q")
        let idle = Self.idle([[], [both]], [("x", [10, 10]), ("y", [20, 20])])
        #expect(idle.dropped(from: Part([both]), group: 0) == nil)
        let x = Self.condition(0, "x")
        #expect(idle.dropped(from: Part([x, both]), group: 0) == Part([x]))
        #expect(idle.dropped(from: Part([x, both]), group: 1) == Part([x, both]))
    }

    /// What has x has p as well; what has y need not.
    @Test func ofAPart() {
        let p = Self.condition(1, "p")
        let idle = Self.idle([[], [p]], [("x", [10, 10]), ("y", [20, 15])])
        let (x, y) = (Self.condition(0, "x"), Self.condition(0, "y"))
        #expect(idle.dropped(from: Part([x, p]), group: 0) == Part([x]))
        #expect(idle.dropped(from: Part([y, p]), group: 0) == Part([y, p]))
        #expect(idle.dropped(from: Part([p]), group: 0) == Part([p]))
    }
}
