import Publication
import Statistics
import TestSupport
import Testing

/// On random tables, nobody computes what was left out from what was published.
@Suite struct ControlAttackTests {
    private static let a = GroupKey.text(input: 0, column: "a")
    private static let b = GroupKey.text(input: 1, column: "b")
    private static let c = GroupKey.text(input: 2, column: "c")

    static let layouts: [[[GroupKey]]] = [
        [[a, b]], [[a, b], [a]], [[a, b], [a], [b]], [[a, b], [a], [b], []],
        [[.day, a], [.month, a]], [[.day], [.month], []], [[.day, a], [.day], [.month, a]],
        [[.day, a], [.day], [.month, a], [.month], [a]], [[a, b], [a, c]],
        [[a, b], [b, c], [a, c]], [[a, b, c], [a, b], [b, c], [a, c]],
        [[a, b, c], [a], [b], [c]], [[a], [b], [c], []], [[a, b, c], [a, b], [a], []],
        [[.day, a, b], [.month, a], [.month, b]], [[a, b, c], [c]],
        [[a, b, c], [a, b], [a, c], [b, c], [a], [b], [c], []],
        [[.day, a], [.month, a], [.day], [.month], [a], []],
    ]

    private static func log(_ seed: UInt64) -> InventedLog {
        var generator = SeededGenerator(seed: seed)
        return InventedLog.random(
            Int.random(in: 10...120, using: &generator),
            persons: Int.random(in: 4...25, using: &generator), days: 8, sizes: [4, 3, 3],
            &generator)
    }

    private static func need(_ truth: Double, counts: Bool, persons: Int) -> Double {
        if truth == 0 { return 1 }
        return counts ? max(truth * 0.2, Double(persons)) : truth * 0.2
    }

    private static let rules = ControlRules(persons: 3, customers: 2)

    @Test("counts and sums against a linear programme", arguments: layouts.indices)
    func additive(_ layout: Int) throws {
        var unsafe = 0
        var audited = 0
        // A programme over all totals of three keys takes long.
        for round in 0..<(Self.layouts[layout].count < 8 ? 60 : 8) {
            let seed = UInt64(1000 * layout + round)
            let log = Self.log(seed)
            let tables = Self.layouts[layout].map {
                InventedLog.Table(keys: $0, columns: [.times(when: nil), .sum])
            }
            let publication = log.publication(tables, .persons(3, customers: 2))
            let made = try controlled(publication, Self.rules)
            #expect(made.unproven == 0, "seed \(seed)")
            audited += made.audited
            for column in [0, 1] {
                var attack = Attack(publication, made, tables, persons: 3)
                for table in tables.indices {
                    attack.add(table, column: column, counts: column == 0)
                }
                let findings = attack.additiveFindings()
                #expect(attack.contradictions == 0, "seed \(seed)")
                for (range, truth, reason) in try #require(findings, "seed \(seed)") {
                    unsafe += 1
                    let need = Self.need(truth, counts: column == 0, persons: 3)
                    #expect(
                        range.upperBound >= truth + need - 1e-4,
                        "seed \(seed) column \(column) \(reason) \(truth) in \(range)")
                }
            }
        }
        #expect(unsafe > 40)
        // Without an equation there is nothing to audit.
        #expect(audited > 0 || Self.layouts[layout].count == 1)
    }

    /// The attack finds what primary suppression alone gives away: the test can fail.
    @Test func primarySuppressionAloneIsComputedBack() throws {
        var computed = 0
        for round in 0..<20 {
            let log = Self.log(UInt64(round))
            let tables = [[Self.a, Self.b], [Self.a], [Self.b], []].map {
                InventedLog.Table(keys: $0, columns: [.times(when: nil)])
            }
            let publication = log.publication(tables, .persons(3, customers: 2))
            let made = try controlled(publication, Self.rules)
            let bare = ControlledPublication(
                tables: made.tables.map { table in
                    ControlledTable(
                        name: table.name, groupColumns: table.groupColumns,
                        columns: table.columns,
                        rows: table.rows.map { row in
                            ControlledTable.Row(
                                key: row.key,
                                cells: row.cells.map {
                                    $0 == .suppressed(.complementary) ? .value(.integer(0)) : $0
                                })
                        }, persons: table.persons, withheld: table.withheld)
                })
            var attack = Attack(publication, bare, tables, persons: 3)
            for table in tables.indices { attack.add(table, column: 0, counts: true) }
            let findings = attack.additiveFindings()
            for (range, truth, _) in try #require(findings)
            where range.upperBound - range.lowerBound < 1e-6 {
                #expect(abs(range.lowerBound - truth) < 1e-6)
                computed += 1
            }
        }
        #expect(computed > 10)
    }

    @Test("columns about one value of a key", arguments: 0..<5)
    func parts(_ layout: Int) throws {
        let layouts: [[[GroupKey]]] = [
            [[Self.b]], [[Self.b], [Self.b, Self.a]], [[Self.b], []],
            [[Self.b, Self.c], [Self.b], [Self.a]], [[.day], [.month], [.day, Self.a]],
        ]
        var differences = 0
        for round in 0..<60 {
            let seed = UInt64(50_000 + 1000 * layout + round)
            let log = Self.log(seed)
            let tables = layouts[layout].map {
                InventedLog.Table(
                    keys: $0,
                    columns: [.times(when: nil), .times(when: (0, "v1"))])
            }
            let publication = log.publication(tables, .persons(3, customers: nil))
            let made = try controlled(publication, ControlRules(persons: 3, customers: nil))
            var attack = Attack(publication, made, tables, persons: 3)
            for table in tables.indices {
                attack.add(table, column: 0, counts: true)
                attack.add(table, column: 1, only: ("x0", "v1"), counts: true)
            }
            let findings = attack.additiveFindings()
            for (range, truth, reason) in try #require(findings, "seed \(seed)") {
                if reason == .difference { differences += 1 }
                // A zero that finer tables show as missing rows is no secret.
                if truth == 0 { continue }
                let need = Self.need(truth, counts: true, persons: 3)
                #expect(
                    range.upperBound >= truth + need - 1e-4,
                    "seed \(seed) \(reason) \(truth) in \(range)")
            }
            #expect(attack.contradictions == 0, "seed \(seed)")
        }
        #expect(differences > 0)
    }

    @Test("distinct counts against their inequalities", arguments: layouts.indices)
    func distinct(_ layout: Int) throws {
        let count = Self.layouts[layout].count
        // All rounds of all layouts take a processor five minutes.
        let few = count < 4 ? 3 : 1
        for round in 0..<(Want.isLong ? (count < 8 ? 12 : 4) : few) {
            let seed = UInt64(90_000 + 1000 * layout + round)
            let log = Self.log(seed)
            let persons = round % 2 == 0 ? 3 : 6
            let tables = Self.layouts[layout].map {
                InventedLog.Table(keys: $0, columns: [.users])
            }
            let publication = log.publication(tables, .persons(persons, customers: nil))
            let made = try controlled(
                publication, ControlRules(persons: persons, customers: nil))
            #expect(made.unproven == 0, "seed \(seed)")
            var attack = Attack(publication, made, tables, persons: persons)
            for table in tables.indices {
                attack.addDistinct(table, column: 0)
            }
            let findings = attack.distinctFindings()
            for (range, truth, _) in try #require(findings, "seed \(seed)") {
                let need = min(Double(max(1, persons / 2)), Double(persons - 2))
                #expect(
                    range.upperBound - range.lowerBound >= need - 1e-4,
                    "seed \(seed) \(truth) in \(range)")
            }
        }
    }

    /// Versions are parts of families, though no table has both columns.
    @Test("hierarchies that are declared", arguments: [true, false])
    func hierarchies(_ isDeclared: Bool) throws {
        let families = ["v0": "f0", "v1": "f0", "v2": "f1", "v3": "f1", "v4": "f1"]
        let hierarchy = ValueHierarchy(
            finer: 0, coarser: 1,
            coarserOf: Dictionary(
                families.map { (Array($0.utf8), Array($1.utf8)) }, uniquingKeysWith: { $1 }))
        let tables = [[Self.a, .month], [Self.b, .month], [Self.a], [.month]].map {
            InventedLog.Table(keys: $0, columns: [.times(when: nil)])
        }
        var computed = 0
        for round in 0..<60 {
            let seed = UInt64(200_000 + round)
            var generator = SeededGenerator(seed: seed)
            var log = InventedLog.random(
                60, persons: 20, days: 8, sizes: [5, 1], &generator)
            for at in log.records.indices {
                log.records[at].texts[1] = families[log.records[at].texts[0]] ?? ""
            }
            let publication = log.publication(
                tables, .persons(3, customers: nil), hierarchies: isDeclared ? [hierarchy] : [])
            let made = try controlled(publication, ControlRules(persons: 3, customers: nil))
            #expect(made.unproven == 0, "seed \(seed)")
            var attack = Attack(publication, made, tables, persons: 3, families: families)
            for table in tables.indices { attack.add(table, column: 0, counts: true) }
            let findings = attack.additiveFindings()
            for (range, truth, _) in try #require(findings, "seed \(seed)")
            where range.upperBound < truth + max(3, truth * 0.2) - 1e-4 {
                computed += 1
            }
        }
        // What control is not told, it cannot protect.
        #expect(isDeclared ? computed == 0 : computed > 0)
    }

    /// One who opted out of one purpose is the difference of two tables.
    @Test func purposesThatDifferByOne() throws {
        let log = Self.log(11)
        let person = log.records[0].person
        var less = log
        less.records.removeAll { $0.person == person }
        let tables = [0, 1].map {
            InventedLog.Table(keys: [Self.a], columns: [.times(when: nil)], purpose: $0)
        }
        let rule = SuppressionRule.persons(3, customers: nil)
        let all = log.publication(tables, rule)
        let part = less.publication(tables, rule)
        let made = try controlled(
            MeasuredPublication(
                statistics: all.statistics, tables: [all.tables[0], part.tables[1]]),
            ControlRules(persons: 3, customers: nil))
        var differences = 0
        for row in made.tables[0].rows {
            let touched = log.records.contains {
                $0.person == person && Array($0.texts[0].utf8) == row.key[0]
            }
            let twin = made.tables[1].rows.first { $0.key == row.key }
            if touched, twin != nil {
                let told = [row.cells, twin?.cells ?? []].filter {
                    if case .value = $0[0] { true } else { false }
                }
                #expect(told.count < 2, "told apart")
                differences += 1
            }
        }
        #expect(differences > 0)
        let same = try controlled(all, ControlRules(persons: 3, customers: nil))
        #expect(same.tables[0].rows.map(\.cells) == same.tables[1].rows.map(\.cells))
    }

    /// What was told before protects nothing when it is left out now.
    @Test("figures that were told before", arguments: [false, true])
    func toldBefore(_ isKnown: Bool) throws {
        let tables = [[Self.a, Self.b], [Self.a], [Self.b], []].map {
            InventedLog.Table(keys: $0, columns: [.times(when: nil)])
        }
        var hidden = 0
        var unproven = 0
        for round in 0..<60 {
            let seed = UInt64(300_000 + round)
            let publication = Self.log(seed).publication(tables, .persons(3, customers: nil))
            let safe = publication.tables.map { table in
                Set(
                    table.rows.indices.filter {
                        $0 % 3 == 0 && (table.rows[$0].cells[0].backing?.persons ?? 0) >= 3
                    }.map { FigurePlace(row: $0, column: 0) })
            }
            let made = try controlled(
                MeasuredPublication(
                    statistics: publication.statistics, tables: publication.tables,
                    toldBefore: isKnown ? safe : []),
                ControlRules(persons: 3, customers: nil))
            for (table, places) in zip(made.tables, safe) {
                for place in places {
                    if case .suppressed = table.rows[place.row].cells[0] { hidden += 1 }
                }
            }
            unproven += made.unproven
            if made.unproven > 0 { continue }
            var attack = Attack(publication, made, tables, persons: 3)
            for table in tables.indices { attack.add(table, column: 0, counts: true) }
            let findings = attack.additiveFindings()
            for (range, truth, _) in try #require(findings, "seed \(seed)") {
                let need = Self.need(truth, counts: true, persons: 3)
                #expect(range.upperBound >= truth + need - 1e-4, "seed \(seed) \(truth)")
            }
        }
        // Sometimes nothing is left to protect a figure with; that is said.
        #expect(isKnown ? hidden == 0 && unproven > 0 : hidden > 0 && unproven == 0)
    }

    /// All records of `v0` have one value of the other key: no number of theirs is told.
    @Test("figures that make up all of their total", arguments: ControlRules.Showing.allCases)
    func wholes(_ showing: ControlRules.Showing) throws {
        var log = InventedLog()
        for at in 0..<120 {
            let first = at % 3
            log.records.append(
                InventedLog.Record(
                    day: 0, texts: ["v\(first)", first == 0 ? "w0" : "w\(at % 2)"], amount: 1,
                    person: at, customer: at))
        }
        let tables = [[Self.a, Self.b], [Self.a], []].map {
            InventedLog.Table(keys: $0, columns: [.times(when: nil), .users])
        }
        let publication = log.publication(tables, .persons(3, customers: nil))
        let made = try controlled(
            publication, ControlRules(persons: 3, customers: nil, wholes: showing))
        let rows = made.tables[0].rows.filter { $0.key[0] == Array("v0".utf8) }
        try #require(rows.count == 1)
        let isHidden = showing == .hidden
        #expect(rows[0].cells.allSatisfy { ($0 == .suppressed(.whole)) == isHidden })
        let others = made.tables[0].rows.filter { $0.key[0] != Array("v0".utf8) }
        #expect(others.allSatisfy { !$0.cells.contains(.suppressed(.whole)) })
        if isHidden {
            let total = made.tables[1].rows.first { $0.key[0] == Array("v0".utf8) }
            #expect(total?.cells[0] == .suppressed(.complementary))
        }
    }

    @Test func sameFigureSameStatus() throws {
        let tables = [
            InventedLog.Table(keys: [Self.a, Self.b], columns: [.times(when: nil), .mean]),
            InventedLog.Table(keys: [Self.b, Self.a], columns: [.sum, .times(when: nil)]),
        ]
        let log = Self.log(7)
        let publication = log.publication(tables, .persons(3, customers: 2))
        let made = try controlled(publication, Self.rules)
        var hidden = 0
        for row in made.tables[0].rows {
            let twin = try #require(
                made.tables[1].rows.first { $0.key == Array(row.key.reversed()) })
            for (one, other) in [(0, 1), (1, 0)] {
                let isHidden = if case .suppressed = row.cells[one] { true } else { false }
                let isTwinHidden =
                    if case .suppressed = twin.cells[other] { true } else { false }
                #expect(isHidden == isTwinHidden)
                if isHidden { hidden += 1 }
            }
        }
        #expect(hidden > 0)
    }
}
