import TestSupport
import Testing

@testable import Publication
@testable import Statistics

@Suite struct RiskSurveyTests {
    private static func figures(
        _ rows: [ReleasedRow], persons: Int64 = 2, values: Int64? = nil
    ) throws -> RiskFigures {
        let columns = rows[0].values.indices.map { "c\($0)" }
        let plan = try RiskPlan(quasiIdentifiers: columns, persons: persons, values: values)
        return try RiskWorld.report(rows, plan).levels[0]
    }

    /// Sweeney, "k-anonymity: a model for protecting privacy", 2002, figure 2: k = 2.
    @Test func sweeney() throws {
        let table = [
            ["Black", "1965", "m", "0214*"], ["Black", "1965", "m", "0214*"],
            ["Black", "1965", "f", "0213*"], ["Black", "1965", "f", "0213*"],
            ["Black", "1964", "f", "0213*"], ["Black", "1964", "f", "0213*"],
            ["White", "1964", "m", "0213*"], ["White", "1964", "m", "0213*"],
            ["White", "1964", "m", "0213*"], ["White", "1967", "m", "0213*"],
            ["White", "1967", "m", "0213*"],
        ]
        let rows = table.enumerated().map { ReleasedRow(values: $1, person: $0 + 1) }
        let figures = try Self.figures(rows, persons: 3)
        #expect(figures.fewestPersons == 2)
        #expect(figures.classes == 5)
        #expect(figures.rows == 11 && figures.memberships == 11)
        #expect(figures.classesByPersons[2] == 4 && figures.classesByPersons[3] == 1)
        #expect(figures.classesBelow == 4 && figures.rowsBelow == 8)
        #expect(figures.prosecutorRisk == 0.5)
        #expect(figures.marketerRisk == 5.0 / 11)
        #expect(figures.uniqueClasses == 0 && figures.diversity == nil)
    }

    /// Machanavajjhala et al., "l-diversity: privacy beyond k-anonymity", 2006, figures 2 and 3: a
    /// table of k = 4 in which all of one class have cancer, and its repair with l = 3.
    @Test func machanavajjhala() throws {
        func rows(_ classes: [(String, String, [String])]) -> [ReleasedRow] {
            var rows: [ReleasedRow] = []
            for (zip, age, illnesses) in classes {
                for illness in illnesses {
                    rows.append(
                        ReleasedRow(
                            values: [zip, age, "*"], person: rows.count + 1, sensitive: illness))
                }
            }
            return rows
        }
        let before = try Self.figures(
            rows([
                ("130**", "<30", ["heart", "heart", "viral", "viral"]),
                ("1485*", ">=40", ["cancer", "heart", "viral", "viral"]),
                ("130**", "3*", ["cancer", "cancer", "cancer", "cancer"]),
            ]), persons: 4, values: 3)
        #expect(before.fewestPersons == 4)
        #expect(before.diversity?.fewestValues == 1)
        #expect(before.diversity?.uniformClasses == 1)
        #expect(isNear(before.diversity?.leastEffectiveValues ?? 0, 1))
        #expect(before.classesBelow == 2 && before.rowsBelow == 8)
        let after = try Self.figures(
            rows([
                ("1305*", "<=40", ["heart", "viral", "cancer", "cancer"]),
                ("1485*", ">40", ["cancer", "heart", "viral", "viral"]),
                ("1306*", "<=40", ["heart", "viral", "cancer", "cancer"]),
            ]), persons: 4, values: 3)
        #expect(after.fewestPersons == 4)
        #expect(after.diversity?.fewestValues == 3)
        #expect(after.classesBelow == 0)
        // One half and two quarters: e^H = 2√2.
        #expect(isNear(after.diversity?.leastEffectiveValues ?? 0, 8.0.squareRoot()))
    }

    @Test("many rows of one person are one person; rows of nobody are none")
    func personsNotRows() throws {
        let rows = (0..<50).map { _ in ReleasedRow(values: ["a"], person: 1) }
            + (0..<9).map { _ in ReleasedRow(values: ["b"], person: 0) }
        let figures = try Self.figures(rows)
        #expect(figures.fewestPersons == 0)
        #expect(figures.prosecutorRisk == 1)
        #expect(figures.uniqueClasses == 2 && figures.uniqueRows == 59)
        #expect(figures.memberships == 1 && figures.marketerRisk == 1)
    }

    @Test("values are told apart by their columns, not by their bytes in a row")
    func framing() throws {
        let rows = [["ab", "c"], ["a", "bc"], ["abc", ""], ["", "abc"]].enumerated().map {
            ReleasedRow(values: $1, person: $0 + 1)
        }
        #expect(try Self.figures(rows).classes == 4)
    }

    @Test func noRows() throws {
        let plan = try RiskPlan(quasiIdentifiers: ["a"], persons: 5)
        let report = try RiskWorld.report([], plan)
        #expect(report.levels[0].fewestPersons == nil)
        #expect(report.levels[0].prosecutorRisk == nil)
        #expect(report.levels[0].marketerRisk == nil)
        #expect(report.release?.level == 0)
    }

    @Test("figures of all levels, the level chosen and what is released, as a plain twin has them",
        arguments: [701, 702, 703] as [UInt64])
    func plainTwin(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let rows = RiskWorld.rows(500, &generator)
        for (persons, values, share) in [
            (2, nil, ratio(0)), (5, nil, ratio(1, 20)), (5, 3, ratio(1, 5)), (20, 2, ratio(1, 10)),
            (51, 1, ratio(0)),
        ] as [(Int64, Int64?, Ratio)] {
            let plan = try RiskPlan(
                quasiIdentifiers: RiskWorld.columns, ladder: RiskWorld.ladder, persons: persons,
                values: values, removedShare: share)
            let report = try RiskWorld.report(rows.shuffled(using: &generator), plan)
            var expectedLevel: Int?
            for level in 0..<plan.levelCount {
                let plain = PlainRisk(rows.map { (plan.values($0.bytes, level: level), $0) })
                Self.compare(report.levels[level], plain, plan)
                if expectedLevel == nil, plain.isAllowed(plan) { expectedLevel = level }
            }
            #expect(report.release?.level == expectedLevel, "seed \(seed)")
            guard let release = report.release else { continue }
            let released = rows.compactMap { row in
                release.released(row.bytes).map { (key: $0, row: row) }
            }
            let after = PlainRisk(released)
            #expect(after.classes.values.allSatisfy { !after.isBelow($0, plan) })
            #expect(report.removedRows == Int64(rows.count - released.count))
            if let figures = report.after { Self.compare(figures, after, plan) }
        }
    }

    private static func compare(_ figures: RiskFigures, _ plain: PlainRisk, _ plan: RiskPlan) {
        let classes = plain.classes.values
        #expect(figures.classes == Int64(classes.count))
        #expect(figures.rows == Int64(classes.reduce(0) { $0 + $1.rows }))
        #expect(figures.memberships == Int64(classes.reduce(0) { $0 + $1.persons.count }))
        #expect(figures.fewestPersons == classes.map { Int64($0.persons.count) }.min())
        let below = classes.filter { plain.isBelow($0, plan) }
        #expect(figures.classesBelow == Int64(below.count))
        #expect(figures.rowsBelow == Int64(below.reduce(0) { $0 + $1.rows }))
        let unique = classes.filter { $0.persons.count <= 1 }
        #expect(figures.uniqueRows == Int64(unique.reduce(0) { $0 + $1.rows }))
        for count in 0..<20 {
            let same = classes.count { $0.persons.count == count }
            #expect(figures.classesByPersons[count] == Int64(same))
        }
        guard plan.values != nil else { return }
        #expect(figures.diversity?.fewestValues == classes.map { Int64($0.values.count) }.min())
        let effective = classes.map { one in
            exponential(
                -one.values.values.map { Double($0) / Double(one.rows) }
                    .reduce(0) { $0 + $1 * logarithm($1) })
        }.min()
        #expect(isNear(figures.diversity?.leastEffectiveValues ?? 0, effective ?? 0))
    }

    @Test("nothing is released that is out of reach")
    func outOfReach() throws {
        var generator = SeededGenerator(seed: 711)
        let rows = RiskWorld.rows(200, &generator)
        let plan = try RiskPlan(
            quasiIdentifiers: RiskWorld.columns, ladder: RiskWorld.ladder, persons: 500)
        let report = try RiskWorld.report(rows, plan)
        #expect(report.release == nil && report.after == nil && report.removedRows == nil)
        #expect(throws: RiskFault.self) { _ = try report.demandedRelease() }
        // Too many classes to remember are not removed either: the next level is tried.
        let narrow = try RiskPlan(
            quasiIdentifiers: RiskWorld.columns, ladder: RiskWorld.ladder, persons: 2,
            removedShare: ratio(99, 100), removedClassesMax: 3)
        let release = try #require(try RiskWorld.report(rows, narrow).release)
        #expect(release.removedClassCount <= 3)
        #expect(release.level > 0)
    }

    @Test func plansThatMakeNoSense() throws {
        func isRefused(_ body: () throws -> RiskPlan) -> Bool {
            do {
                _ = try body()
                return false
            } catch { return (error as? RiskFault)?.code == .badPlan }
        }
        #expect(isRefused { try RiskPlan(quasiIdentifiers: [], persons: 2) })
        #expect(isRefused { try RiskPlan(quasiIdentifiers: ["a"], persons: 0) })
        #expect(isRefused { try RiskPlan(quasiIdentifiers: ["a"], persons: 2, values: 0) })
        #expect(
            isRefused { try RiskPlan(quasiIdentifiers: ["a"], persons: 2, removedShare: ratio(1)) })
        #expect(
            isRefused {
                try RiskPlan(
                    quasiIdentifiers: ["a"], ladder: [LadderStep(column: 1, .drop)], persons: 2)
            })
        #expect(
            isRefused { try RiskPlan(quasiIdentifiers: ["a"], persons: 2, memoryBytes: 1000) })
    }
}

@Suite struct GeneralisationTests {
    @Test(arguments: [
        (.hour, "2026-03-15T14:05:06.7Z", "2026-03-15T14"),
        (.hour, "2026-03-15T14", "2026-03-15T14"),
        (.hour, "2026-03-15 14:00", "2026-03-15T14"), (.hour, "2026-03-15", ""),
        (.day, "2026-03-15T14:00+01:00", "2026-03-15"), (.day, "2026-03-15", "2026-03-15"),
        (.day, "2026-03-155", ""), (.day, "15-03-2026", ""), (.day, "", ""),
        (.month, "2026-03-15", "2026-03"), (.month, "2026-W11", ""), (.month, "2026-031", ""),
        (.year, "2026-W11", "2026"), (.year, "20260315", ""), (.year, "x026", ""),
        (.prefix(ipv4: 16, ipv6: 32), "192.0.2.7", "192.0.0.0"),
        (.prefix(ipv4: 16, ipv6: 32), "2001:db8:1:2::3", "2001:db8::"),
        (.prefix(ipv4: 8, ipv6: 32), "::ffff:192.0.2.7", "192.0.0.0"),
        (.prefix(ipv4: 0, ipv6: 0), "192.0.2.7", "0.0.0.0"),
        (.prefix(ipv4: 16, ipv6: 32), "192.0.2.7, 192.0.2.8", ""),
        (.prefix(ipv4: 16, ipv6: 32), "host.example", ""),
        (.primaryLanguage, "nl-BE", "nl"), (.primaryLanguage, "EN", "en"),
        (.primaryLanguage, "nds_DE", "nds"), (.primaryLanguage, "nl,en;q=0.5", "nl"),
        (.primaryLanguage, "dutch", ""), (.primaryLanguage, "n", ""), (.primaryLanguage, "n1", ""),
        (.drop, "anything", ""),
    ] as [(Generalisation, String, String)])
    func steps(_ step: Generalisation, _ value: String, _ expected: String) {
        #expect(text(step.applied(to: bytes(value))) == expected)
    }

    @Test func bitsThatNoAddressHas() {
        #expect(Generalisation.prefixChecked(ipv4: 33, ipv6: 0) == nil)
        #expect(Generalisation.prefixChecked(ipv4: 16, ipv6: 129) == nil)
        #expect(Generalisation.prefixChecked(ipv4: 16, ipv6: 32) == .prefix(ipv4: 16, ipv6: 32))
    }
}
