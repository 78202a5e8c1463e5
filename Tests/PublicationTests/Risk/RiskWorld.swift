import KeyedHashing
import Publication
import TestSupport

@testable import Statistics

/// One invented released row.
struct ReleasedRow: Sendable {
    var values: [String]
    /// 0: nobody.
    var person: Int
    var sensitive = ""

    var bytes: [[UInt8]] { values.map { Array($0.utf8) } }
}

enum RiskWorld {
    static func key() throws -> HMACSHA256 {
        HMACSHA256(key: try SecretKey.copying([UInt8](repeating: 9, count: 32).span))
    }

    static func token(_ number: Int) -> Token {
        if number == 0 { return .none }
        var generator = SeededGenerator(seed: UInt64(number) << 20)
        return Token(high: generator.next(), low: generator.next())
    }

    static func report(
        _ rows: [ReleasedRow], _ plan: RiskPlan, storage: any SpillStorage = MemorySpillStorage()
    ) throws -> RiskReport {
        var survey = RiskSurvey(plan, key: try key(), storage: storage)
        for row in rows {
            try survey.add(
                row.bytes, person: token(row.person), sensitive: Array(row.sensitive.utf8))
        }
        return try survey.finish()
    }

    /// Rows with time, address, browser and language, of some hundred persons.
    static func rows(_ count: Int, _ generator: inout SeededGenerator) -> [ReleasedRow] {
        (0..<count).map { _ in
            let person = Int.random(in: 0...150, using: &generator)
            let day = Int.random(in: 1...9, using: &generator)
            let hour = Int.random(in: 10...19, using: &generator)
            return ReleasedRow(
                values: [
                    "2026-03-0\(day)T\(hour):00Z", "198.51.\(person % 4 * 16).0",
                    ["Firefox", "Chrome", "Safari"][person % 3],
                    ["nl-NL", "nl-BE", "en", "sv-SE", ""][person % 5],
                ], person: person,
                sensitive: ["a", "b", "c"].randomElement(using: &generator) ?? "")
        }
    }

    static let ladder = [
        LadderStep(column: 0, .day), LadderStep(column: 3, .primaryLanguage),
        LadderStep(column: 1, .prefix(ipv4: 16, ipv6: 32)), LadderStep(column: 0, .month),
        LadderStep(column: 3, .drop), LadderStep(column: 1, .drop), LadderStep(column: 0, .drop),
    ]
    static let columns = ["time", "address", "browser", "language"]
}

/// The figures by dictionaries and sets.
struct PlainRisk {
    struct Class {
        var rows = 0
        var persons: Set<Int> = []
        var values: [String: Int] = [:]
    }

    var classes: [[[UInt8]]: Class] = [:]

    init(_ rows: [(key: [[UInt8]], row: ReleasedRow)]) {
        for (key, row) in rows {
            classes[key, default: Class()].rows += 1
            if row.person > 0 { classes[key]?.persons.insert(row.person) }
            classes[key]?.values[row.sensitive, default: 0] += 1
        }
    }

    func isBelow(_ one: Class, _ plan: RiskPlan) -> Bool {
        one.persons.count < plan.persons || plan.values.map { one.values.count < $0 } ?? false
    }

    /// True when what falls short is no more than the share that may be removed.
    func isAllowed(_ plan: RiskPlan) -> Bool {
        let below = classes.values.filter { isBelow($0, plan) }.reduce(0) { $0 + $1.rows }
        let all = classes.values.reduce(0) { $0 + $1.rows }
        return Double(below) <= plan.removedShare.approximate * Double(all) + 1e-9 && below < all
    }
}
