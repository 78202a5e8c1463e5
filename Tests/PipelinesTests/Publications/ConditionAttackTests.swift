import TestSupport
import Testing

@testable import Pipelines

/// Random tables with columns about random parts, through whole pipelines: an attacker who knows
/// every table puts all figures told into one linear programme, over the records of each kind.
///
/// `SLUICE_LONG_CONDITIONS=1000 swift test --filter ConditionAttackTests` attacks so many others.
@Suite struct ConditionAttackTests {
    private static let asked = Asked("SLUICE_LONG_CONDITIONS", form: "how many")

    @Test func nobodyComputesWhatIsWithheld() throws {
        let count = Self.asked.isMade ? try Self.asked.one(Asked.count) : 12
        var withheld = 0
        var told = 0
        for seed in 0..<count {
            var attack = ConditionAttack(seed: UInt64(seed))
            guard let publication = try attack.published() else { continue }
            let findings = try attack.findings(publication)
            withheld += attack.withheld
            told += attack.told
            #expect(findings == [], "seed \(seed): \(attack.tables)")
        }
        #expect(withheld > 2 * count && told > 4 * count, "\(withheld) of \(told)")
    }
}

/// One random log and its tables.
private struct ConditionAttack {
    /// A kind of records: its values of `a`, `b` and the day, and how many there are.
    private var kinds: [(values: [String: String], count: Int)] = []
    private(set) var tables: [Table] = []
    private let rules: String
    private(set) var withheld = 0
    private(set) var told = 0

    private static let persons = 5

    struct Table {
        let name: String
        let keys: [String]
        var columns: [(name: String, parts: [String: [String]])]
    }

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let fields = [
            "a": Array(["x", "y", "z", "w"].prefix(Int.random(in: 2...4, using: &generator))),
            "b": Array(["p", "q", "r"].prefix(Int.random(in: 2...3, using: &generator))),
        ]
        let days = Int.random(in: 1...3, using: &generator)
        for a in fields["a"] ?? [] {
            for b in fields["b"] ?? [] {
                for day in 1...days {
                    let count = [0, 1, 2, 3, 4, 8, 12, 15, 20, 30]
                        .randomElement(using: &generator) ?? 0
                    kinds.append((["a": a, "b": b, "day": "2026-03-0\(day)"], count))
                }
            }
        }
        for number in 0..<Int.random(in: 2...4, using: &generator) {
            let keys = ["a", "b", "day"].filter { _ in
                Int.random(in: 0..<20, using: &generator) < 9
            }
            if tables.contains(where: { $0.keys == keys }) { continue }
            var table = Table(name: "t\(number)", keys: keys, columns: [("times", [:])])
            for column in 0..<Int.random(in: 0...3, using: &generator) {
                let first = Bool.random(using: &generator) ? "a" : "b"
                var parts = [first: Self.some(fields[first] ?? [], 2, &generator)]
                if Int.random(in: 0..<10, using: &generator) < 3 {
                    let other = first == "a" ? "b" : "a"
                    parts[other] = Self.some(fields[other] ?? [], 1, &generator)
                }
                table.columns.append(("m\(column)", parts))
            }
            tables.append(table)
        }
        // What tables are by needs a rule; of anything else conditions read what is in the source.
        let grouped = tables
        rules = ["a", "b"].map { field in
            let isGrouped = grouped.contains { $0.keys.contains(field) }
            return "\(field): \(isGrouped ? "keep" : "drop")"
        }.joined(separator: ", ")
    }

    private static func some(
        _ values: [String], _ most: Int, _ generator: inout SeededGenerator
    ) -> [String] {
        let count = Int.random(in: 1...most, using: &generator)
        return Array(values.shuffled(using: &generator).prefix(count)).sorted()
    }

    private var pipeline: String {
        let statistics = tables.map { table in
            let columns = table.columns.map { name, parts in
                if parts.isEmpty { return "\(name): count" }
                let conditions = parts.sorted { $0.key < $1.key }
                    .map { "\($0): [\($1.joined(separator: ", "))]" }
                return "\(name): { count: { \(conditions.joined(separator: ", ")) } }"
            }
            let keys = (["month"] + table.keys).joined(separator: ", ")
            return "  - { name: \(table.name), purpose: statistics, by: [\(keys)], "
                + "measures: { \(columns.joined(separator: ", ")) } }"
        }
        return """
            name: usage
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { customer: customer, user: user }
            fields: { ts: keep, customer: pseudonymize, user: pseudonymize, \(rules) }
            statistics:
            \(statistics.joined(separator: "\n"))
            publish:
              { persons: \(Self.persons), customers: 1, path: out, formats: [csv], other: none }
            keys: { path: keys, grace: P7D }
            state: state
            """
    }

    /// The publication; nil where it is refused.
    func published() throws -> PublishTrial? {
        let scene = PublishTrial(trial: try TemporaryPipeline(pipeline))
        var text = ""
        var person = 0
        for (values, count) in kinds {
            for _ in 0..<count {
                person += 1
                text += #"{"ts":"\#(values["day"] ?? "")T12:00:00Z","customer":"C","#
                    + #""user":"p\#(person)@a.example","a":"\#(values["a"] ?? "")","#
                    + #""b":"\#(values["b"] ?? "")"}"# + "\n"
            }
        }
        try scene.trial.write("in/a.jsonl", text)
        try scene.trial.run(now: "2026-04-01")
        var isTold = false
        let refusal = scene.refusal {
            try scene.publish("2026-04-08")
            isTold = true
        }
        #expect(isTold || refusal.contains("no proof was found"), "\(refusal)")
        return isTold ? scene : nil
    }

    /// What the attacker knows, and should not.
    mutating func findings(_ scene: PublishTrial) throws -> [String] {
        var programme = AttackerProgramme()
        let unknowns = kinds.map { _ in programme.unknown(atLeast: 0) }
        var targets: [(name: String, unknown: Int, truth: Int)] = []
        for table in tables {
            let lines = try scene.trial.text("out/2026-03/\(table.name).csv")
                .split(separator: "\n").map {
                    $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                }
            for line in lines.dropFirst() {
                let row = Dictionary(uniqueKeysWithValues: zip(lines[0], line))
                for (column, parts) in table.columns {
                    let within = kinds.indices.filter { kind in
                        let values = kinds[kind].values
                        return table.keys.allSatisfy { values[$0] == row[$0] }
                            && parts.allSatisfy { $1.contains(values[$0] ?? "") }
                    }
                    let terms = Dictionary(uniqueKeysWithValues: within.map { (unknowns[$0], 1.0) })
                    let truth = within.reduce(0) { $0 + kinds[$1].count }
                    if let figure = row[column].flatMap({ Int($0) }) {
                        told += 1
                        #expect(figure == truth && (truth == 0 || truth >= Self.persons))
                        if !terms.isEmpty { programme.require(terms, equals: Double(figure)) }
                        continue
                    }
                    // What a row cannot have is no secret.
                    if terms.isEmpty { continue }
                    withheld += 1
                    if row[column]?.hasPrefix("<") == true {
                        programme.require(terms, atMost: Double(Self.persons - 1))
                    }
                    let sum = programme.unknown(atLeast: 0)
                    programme.require(
                        terms.merging([sum: -1]) { $1 }, equals: 0)
                    targets.append(("\(table.name) \(line) \(column)", sum, truth))
                }
            }
        }
        let ranges = try #require(programme.ranges(of: targets.map(\.unknown)))
        return zip(targets, ranges).compactMap { target, range in
            // Which whole numbers it can be.
            let least = (range.lowerBound - 1e-6).rounded(.up)
            let most = (range.upperBound + 1e-6).rounded(.down)
            return most <= least ? "\(target.name) is \(target.truth)" : nil
        }
    }
}
