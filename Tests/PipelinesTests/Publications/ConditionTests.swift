import TestSupport
import Testing

@testable import Pipelines

/// Columns about a part of the records are held against tables by the same field, and against each
/// other: of figures that together tell a withheld one, one is withheld, too.
struct ConditionTests {
    /// A log, its tables, and figures that may not all be told.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var log: Log = .crossed
        let statistics: [String]
        var publish = ""
        /// As `table row column`, the row without its month.
        let together: [String]

        var testDescription: String { name }
    }

    /// How many persons with one record each have the values of `a` and `b`.
    enum Log {
        case crossed, wide, alone, several, numbers, sparse

        var counts: [(a: String, b: String, count: Int)] {
            switch self {
            case .crossed:
                [
                    ("x", "p", 40), ("x", "q", 4), ("x", "r", 30), ("y", "p", 30), ("y", "q", 25),
                    ("y", "r", 44), ("z", "p", 33), ("z", "q", 21), ("z", "r", 17),
                ]
            case .wide:
                [
                    ("x", "p", 40), ("y", "p", 30), ("x", "q", 22), ("y", "q", 31), ("x", "r", 2),
                    ("y", "r", 1), ("x", "s", 50), ("y", "s", 20),
                ]
            case .alone: [("x", "p", 70), ("x", "r", 3), ("x", "q", 53)]
            case .several: [("x", "p", 70), ("x", "q", 53), ("x", "r", 3), ("x", "s", 2)]
            case .numbers:
                [
                    ("x", "5", 4), ("y", "5", 12), ("y", "7", 13), ("x", "20", 40),
                    ("y", "20", 31),
                ]
            case .sparse:
                [("x", "p", 40), ("y", "p", 30), ("y", "q", 4), ("x", "r", 20), ("y", "r", 25)]
            }
        }
    }

    static func table(_ name: String, _ by: String, _ measures: String) -> String {
        let keys = (["month"] + by.split(separator: " ").map(String.init))
            .joined(separator: ", ")
        return "  - { name: \(name), purpose: statistics, by: [\(keys)], "
            + "measures: { \(measures) } }"
    }

    static func pipeline(_ one: Case, fields: String = "a: keep, b: keep", more: String = "")
        -> String
    {
        """
        name: usage
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        \(more)
        fields: { ts: keep, customer: pseudonymize, user: pseudonymize, \(fields) }
        statistics:
        \(one.statistics.joined(separator: "\n"))
        publish: { persons: 10, customers: 3, path: out, formats: [csv], other: none\(one.publish) }
        keys: { path: keys, grace: P7D }
        state: state
        """
    }

    static func scene(_ one: Case, pipeline: String) throws -> PublishTrial {
        let scene = PublishTrial(trial: try TemporaryPipeline(pipeline))
        var text = ""
        var person = 0
        for (a, b, count) in one.log.counts {
            for _ in 0..<count {
                person += 1
                text += #"{"ts":"2026-03-10T12:00:00Z","customer":"C\#(person % 7)","#
                    + #""user":"p\#(person)@a.example","a":"\#(a)","b":"\#(b)"}"# + "\n"
            }
        }
        try scene.trial.write("in/a.jsonl", text)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        return scene
    }

    /// The figures of `places` that are told.
    static func told(_ places: [String], _ scene: PublishTrial) throws -> [Int] {
        try places.compactMap { place in
            let parts = place.split(separator: " ").map(String.init)
            let row = parts.count == 3 ? "2026-03,\(parts[1])," : "2026-03,"
            let lines = try scene.trial.text("out/2026-03/\(parts[0]).csv")
                .split(separator: "\n")
            let column = try #require(
                lines[0].split(separator: ",").firstIndex { $0 == parts[parts.count - 1] })
            let line = try #require(lines.first { $0.hasPrefix(row) }, "\(place)")
            return Int(line.split(separator: ",", omittingEmptySubsequences: false)[column])
        }
    }

    static let kept = [
        Case(
            name: "a part of a month is the total of a finer table",
            statistics: [
                table("t0", "a b", "times: count"),
                table("t1", "", "times: count, q: {count: {b: q}}"),
            ], publish: ", audience: public",
            together: ["t1 q", "t0 y,q times", "t0 z,q times"]),
        Case(
            name: "a part that is its own row",
            statistics: [
                table("t0", "a b", "times: count"),
                table("t1", "a", "times: count, xs: {count: {a: x}}"),
            ], together: ["t1 x xs", "t0 x,p times", "t0 x,r times"]),
        Case(
            name: "a part that its own row belongs to",
            statistics: [
                table("t0", "a b", "times: count"),
                table("t1", "a", "times: count, xy: {count: {a: [x, y]}}"),
            ], publish: ", audience: public",
            together: ["t1 x xy", "t0 x,p times", "t0 x,r times"]),
        Case(
            name: "rows of a part add up to the total of another table",
            statistics: [
                table("t0", "a", "times: count"),
                table("t1", "b", "times: count, x: {count: {a: x}}"),
            ], publish: ", audience: public",
            together: ["t0 x times", "t1 p x", "t1 r x"]),
        Case(
            name: "the same where every world is proven",
            statistics: [
                table("t0", "a", "times: count"),
                table("t1", "b", "times: count, x: {count: {a: x}}"),
            ], publish: ", crossings: proven",
            together: ["t0 x times", "t1 p x", "t1 r x"]),
        Case(
            name: "a part that everything is in", log: .alone,
            statistics: [
                table("t0", "b", "times: count"),
                table("t1", "", "times: count, x: {count: {a: x}}"),
            ], together: ["t1 x", "t0 p times", "t0 q times"]),
        Case(
            name: "a part that everything is in, of two values", log: .crossed,
            statistics: [
                table("t0", "b a", "times: count"),
                table("t1", "a", "times: count, pqr: {count: {b: [p, q, r]}}"),
            ], together: ["t1 x pqr", "t0 p,x times", "t0 r,x times"]),
        Case(
            name: "a part of several values", log: .wide,
            statistics: [
                table("t0", "b", "times: count"),
                table("t1", "a", "times: count, pr: {count: {b: [p, r]}}"),
            ], together: ["t1 x pr", "t1 y pr", "t0 p times"]),
        Case(
            name: "parts of two fields",
            statistics: [
                table("t0", "a b", "times: count"),
                table("t1", "", "q: {count: {b: q}}, x: {count: {b: q, a: x}}"),
                table("t2", "b", "x: {count: {a: [x, y]}}"),
            ], together: ["t1 q", "t0 y,q times", "t0 z,q times"]),
    ]

    @Test("a part of a field that stays as it is", arguments: kept)
    func keptFields(_ one: Case) throws {
        let told = try Self.told(one.together, try Self.scene(one, pipeline: Self.pipeline(one)))
        #expect(told.count < one.together.count, "\(told)")
    }

    /// Nobody with q is x, and the table by both fields has no row for them: everybody sees that,
    /// and nothing that is left out changes it.
    @Test("a zero of a small row that a finer table has no row for", arguments: ["a b", "b a"])
    func zeroWithoutARow(_ finer: String) throws {
        let one = Case(
            name: "", log: .sparse,
            statistics: [
                Self.table("t0", "b", "times: count, x: {count: {a: x}}, users: {distinct: user}"),
                Self.table("t1", finer, "times: count, users: {distinct: user}"),
            ], together: [])
        let scene = try Self.scene(one, pipeline: Self.pipeline(one))
        #expect(
            try scene.trial.text("out/2026-03/t0.csv").contains("2026-03,q,<10,<10,<10\n"))
        #expect(try Self.told(["t0 p times", "t0 p x"], scene) == [70, 40])
    }

    /// What is counted beside 33 tables has no place among the 64 that a pipeline can have.
    @Test func manyTablesWithConditions() throws {
        let one = Case(
            name: "",
            statistics: (0..<33).map { number in
                let a = number % 2 == 0 ? "x" : "[x, y]"
                return Self.table(
                    "t\(number)", "f\(number)", "times: count, x: {count: {a: \(a), b: p}}")
            }, together: ["t0 times", "t1 times", "t0 x", "t31 x"])
        let fields = (["a: drop, b: drop"] + (0..<33).map { "f\($0): keep" })
            .joined(separator: ", ")
        let scene = try Self.scene(one, pipeline: Self.pipeline(one, fields: fields))
        #expect(try Self.told(one.together, scene) == [244, 244, 40, 70])
    }

    static let overlapping = [
        Case(
            name: "two parts of one whole", log: .alone,
            statistics: [
                table(
                    "t1", "",
                    "p: {count: {b: p}}, r: {count: {b: r}}, pr: {count: {b: [p, r]}}")
            ], publish: ", audience: public", together: ["t1 p", "t1 pr"]),
        Case(
            name: "a part of a part", log: .alone,
            statistics: [table("t1", "", "qr: {count: {b: [q, r]}}, q: {count: {b: q}}")],
            publish: ", audience: public", together: ["t1 qr", "t1 q"]),
        Case(
            name: "a part of a part, but for several values", log: .several,
            statistics: [table("t1", "", "qrs: {count: {b: [q, r, s]}}, q: {count: {b: q}}")],
            together: ["t1 qrs", "t1 q"]),
        Case(
            name: "parts that make up everything", log: .alone,
            statistics: [
                table(
                    "t1", "",
                    "times: count, p: {count: {b: p}}, q: {count: {b: q}}, r: {count: {b: r}}")
            ], together: ["t1 times", "t1 p", "t1 q"]),
        Case(
            name: "parts that leave little of a part", log: .several,
            statistics: [
                table(
                    "t1", "",
                    "all: {count: {b: [p, q, r, s]}}, p: {count: {b: p}}, q: {count: {b: q}}")
            ], together: ["t1 all", "t1 p", "t1 q"]),
        Case(
            name: "parts that leave little of everything", log: .several,
            statistics: [
                table("t0", "", "times: count, p: {count: {b: p}}, q: {count: {b: q}}")
            ], together: ["t0 times", "t0 p", "t0 q"]),
        Case(
            name: "parts in two tables", log: .alone,
            statistics: [
                table("t1", "", "p: {count: {b: p}}"),
                table("t2", "a", "pr: {count: {b: [p, r]}}"),
            ], together: ["t1 p", "t2 x pr"]),
        Case(
            name: "parts that overlap and their union", log: .alone,
            statistics: [
                table("t1", "", "pr: {count: {b: [p, r]}}, qr: {count: {b: [q, r]}}"),
                table("t2", "a", "all: {count: {b: [p, q, r]}}"),
            ], together: ["t1 pr", "t1 qr", "t2 x all"]),
        Case(
            name: "a part of two fields and one of one", log: .crossed,
            statistics: [
                table("t1", "", "q: {count: {b: q}}, yz: {count: {b: q, a: [y, z]}}")
            ], together: ["t1 q", "t1 yz"]),
        Case(
            name: "a part of two fields and tables by each",
            statistics: [
                table("t1", "", "x: {count: {a: x, b: [p, r]}}"),
                table("t2", "a", "times: count"), table("t3", "b", "times: count"),
            ], together: ["t1 x", "t2 x times"]),
    ]

    /// Of what only conditions name, and of what tables are by, too.
    @Test("parts that overlap", arguments: overlapping, ["keep", "drop"])
    func overlappingParts(_ one: Case, _ rule: String) throws {
        let isGrouped = one.statistics.contains { $0.contains("month, b") }
        let fields = "a: keep, b: \(isGrouped ? "keep" : rule)"
        let scene = try Self.scene(one, pipeline: Self.pipeline(one, fields: fields))
        let told = try Self.told(one.together, scene)
        #expect(told.count < one.together.count, "\(told)")
    }

    /// What a rule or a derived field makes of a field: (rules, derived fields, the key of the
    /// table, the column's condition, the row).
    static let made = [
        ("b: { bucket: [0, 10] }", "", "b", "b: [5, 7]", "0-9"),
        (
            "b: drop", "derive: { c: { bucket: { of: b, edges: [0, 10] } } }", "c", "b: [5, 7]",
            "0-9"
        ),
        (
            "b: keep", "derive: { c: { bucket: { of: b, edges: [0, 10] } } }", "b", "c: 0-9", "5"
        ),
        (
            "b: drop",
            "derive: { c: { bucket: { of: b, edges: [0, 10] } }, "
                + "d: { bucket: { of: b, edges: [0, 10] } } }", "c", "d: 0-9", "0-9"
        ),
    ]

    @Test("a part of a field and what is made of the field", arguments: made)
    func madeFields(
        _ rule: String, _ derived: String, _ key: String, _ condition: String, _ row: String
    ) throws {
        let one = Case(
            name: "", log: .numbers,
            statistics: [
                Self.table("t0", "a \(key)", "times: count"),
                Self.table("t1", "", "times: count, low: {count: {\(condition)}}"),
            ],
            together: ["t1 low", "t0 y,\(row) times"] + (row == "5" ? ["t0 y,7 times"] : []))
        let pipeline = Self.pipeline(one, fields: "a: keep, \(rule)", more: derived)
        let told = try Self.told(one.together, try Self.scene(one, pipeline: pipeline))
        #expect(told.count < one.together.count, "\(told)")
    }

    /// Ordinary tables: (statistics, the table, how many figures may be withheld of it).
    static let ordinary = [
        (
            [
                "{ name: pages, purpose: statistics, by: [month, path], "
                    + "measures: { times: count } }",
                "{ name: days, purpose: statistics, by: [day], measures: { signup: { count: "
                    + "{ path: /p1 } }, funnel: { count: { path: [/p1, /p2, /p3] } } } }",
            ], "pages", 6
        ),
        (
            [
                "{ name: months, purpose: statistics, by: [month], measures: { times: count, "
                    + "ok: { count: { status: ok } } } }",
                "{ name: days, purpose: statistics, by: [day], measures: { times: count, "
                    + "errors: { count: { status: [missing, broken] } } } }",
            ], "days", 18
        ),
        (
            [
                "{ name: days, purpose: statistics, by: [day], measures: { times: count, "
                    + "ok: { count: { status: ok } }, "
                    + "errors: { count: { status: [missing, broken] } } } }"
            ], "days", 22
        ),
    ]

    /// What is counted for the sake of conditions needs less than what somebody is shown.
    @Test("conditions leave most figures of ordinary tables", arguments: ordinary)
    func ordinaryTables(_ statistics: [String], _ table: String, _ most: Int) throws {
        let one = Case(name: "", statistics: statistics.map { "  - " + $0 }, together: [])
        let pipeline = Self.pipeline(one, fields: "path: keep, status: keep")
        let scene = PublishTrial(trial: try TemporaryPipeline(pipeline))
        var generator = SeededGenerator(seed: 5)
        var text = ""
        for _ in 0..<3500 {
            let user = Int.random(in: 0..<120, using: &generator)
            let day = Int.random(in: 1..<29, using: &generator)
            let chance = Int.random(in: 0..<100, using: &generator)
            let isCommon = Int.random(in: 0..<10, using: &generator) == 0
            let path = Int.random(in: isCommon ? 1..<4 : 0..<120, using: &generator)
            let status = chance < 90 ? "ok" : chance < 98 ? "missing" : "broken"
            text += #"{"ts":"2026-03-\#(day < 10 ? "0" : "")\#(day)T12:00:00Z","#
                + #""customer":"C\#(user % 15)","user":"u\#(user)@a.example","#
                + #""status":"\#(status)","#
                + #""path":"/p\#(path)"}"# + "\n"
        }
        try scene.trial.write("in/a.jsonl", text)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let keys = table == "pages" ? 2 : 1
        let figures = try scene.trial.text("out/2026-03/\(table).csv").split(separator: "\n")
            .dropFirst().flatMap {
                $0.split(separator: ",", omittingEmptySubsequences: false).dropFirst(keys)
            }
        let withheld = figures.count { Int($0) == nil }
        #expect(figures.count >= 56 && withheld <= most, "\(withheld) of \(figures.count)")
    }
}
