import Foundation
import KeyedHashing
import Ledger
import Records
import Statistics
import TestSupport
import Testing

@testable import Pipelines
@testable import Publication

/// Tables with noise: drawn once, paid for, told with their accuracy.
struct NoiseTests {
    private static let noise = """
        , suppression: { customers: 1 },
        noise: { rho: 1, rows: 2, delta: 0.01, bounds: { times: 3 } }
        """

    private static func scene(
        _ noise: String = NoiseTests.noise, budget: String = "rho: 1, delta: 0.01",
        formats: String = ""
    ) throws -> PublishTrial {
        try PublishTrial(publish: ", budget: { \(budget) }", other: noise)
    }

    /// Forty people who log in, five times each, of whom twelve search once.
    private static func fill(_ scene: PublishTrial, _ month: String = "2026-03") throws {
        for day in 10..<15 { try scene.add("\(month)-\(day)", "\(month)-\(day)", 0..<40) }
        try scene.add("\(month)-search", "\(month)-20", 0..<12, action: "search")
        try scene.add("\(month)-rare", "\(month)-21", 0..<2, action: "export")
    }

    /// The cells of a line of a table by its first columns.
    private static func cells(_ csv: String, _ start: String) throws -> [Int] {
        let line = try #require(csv.split(separator: "\n").first { $0.hasPrefix(start) })
        return line.dropFirst(start.count).split(separator: ",").compactMap { Int($0) }
    }

    @Test func figuresAreBoundedNoisyAndToldWithTheirAccuracy() throws {
        let scene = try Self.scene()
        try Self.fill(scene)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let csv = try scene.trial.text("out/2026-03/actions.csv")
        #expect(csv.hasPrefix("month,action,times,times_accuracy,users,users_accuracy\n"))
        // σ² = l Δ² / 2ρ with l = 2 and ρ = 1/2 for each of two columns: 18 and 2.
        let login = try Self.cells(csv, "2026-03,login,")
        #expect(login.count == 4 && login[1] == 8 && login[3] == 3)
        #expect(abs(login[0] - 120) < 45, "bounded to three each, ten deviations")
        #expect(abs(login[2] - 40) < 15)
        #expect(!csv.contains("export"), "two people are never shown")
        let first = try #require(
            try scene.trial.text("out/2026-03/actions.jsonl").split(separator: "\n").first)
        #expect(first.contains(#""times_accuracy":8"#) && first.contains(#""users_accuracy":3"#))
        // The table without noise is exact, as before.
        #expect(
            try scene.trial.text("out/2026-03/months.csv") == "month,times,users\n2026-03,214,40\n")
        let about = try scene.trial.text("out/2026-03/publication.json")
        #expect(about.contains(#""mechanism":"discrete-gaussian""#))
        #expect(about.contains(#""spent":{"delta":"1/100","rho":"1"}"#))
        #expect(try scene.findings("2026-04-08") == [])
    }

    @Test func aTableIsDrawnOnceWhateverHappensToItsFiles() throws {
        let scene = try Self.scene()
        try Self.fill(scene)
        try scene.trial.run(now: "2026-04-01")
        let dry = try scene.publish("2026-04-08") { $0.isDryRun = true }
        #expect(dry.entries.first?.tables.map(\.name) == ["months"])
        #expect(try scene.ledger().budgetSpendings(dataSet: "usage").isEmpty)
        try scene.publish("2026-04-08")
        let before = try scene.published()
        try scene.trial.remove("out/2026-03/actions.csv")
        #expect(try scene.publish("2026-04-09").entries.map(\.outcome) == [.restored])
        #expect(try scene.published() == before)
        #expect(try scene.publish("2026-04-20").entries.map(\.outcome) == [.unchanged])
        let spent = try scene.ledger().budgetSpendings(dataSet: "usage")
        #expect(spent.map(\.statistic) == ["actions"])
        #expect(spent.first?.rho == BudgetSpending.Fraction(numerator: 1, denominator: 1))
        #expect(spent.first?.delta == BudgetSpending.Fraction(numerator: 1, denominator: 100))
    }

    @Test func aCorrectionShowsTheSameDrawsAndCostsNothing() throws {
        let scene = try Self.scene()
        try Self.fill(scene)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        try scene.add("late", "2026-03-25", 40..<60)
        try scene.trial.run(now: "2026-04-09")
        let report = try scene.publish("2026-04-10") { $0.correction = "a source came late" }
        #expect(report.entries.map(\.kind) == ["correction"])
        for name in ["actions.csv", "actions.jsonl"] {
            #expect(
                try scene.trial.text("out/2026-03.r1/\(name)")
                    == scene.trial.text("out/2026-03/\(name)"))
        }
        #expect(try scene.trial.text("out/2026-03.r1/months.csv").contains("234,60"))
        #expect(try scene.ledger().budgetSpendings(dataSet: "usage").count == 1)
        #expect(try scene.findings("2026-04-10") == [])
    }

    @Test func provisionalFiguresHaveNoNoise() throws {
        let scene = try PublishTrial(
            publish: ", budget: { rho: 1, delta: 0.01 }, provisional: running", other: Self.noise)
        try Self.fill(scene)
        try scene.trial.run(now: "2026-03-29")
        try scene.publish("2026-03-29") { $0.isProvisional = true }
        let shown = scene.trial.files(below: "running")
        #expect(shown.contains("2026-03-28/months.csv"))
        #expect(!shown.contains("2026-03-28/actions.csv"))
        #expect(try scene.ledger().budgetSpendings(dataSet: "usage").isEmpty)
    }

    @Test func aSpentBudgetRefusesAndNothingIsPublished() throws {
        let scene = try Self.scene(
            budget: "rho: 1, delta: 0.01, rho_overall: 1.5, delta_overall: 1")
        try Self.fill(scene)
        try Self.fill(scene, "2026-02")
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08") { $0.period = "2026-02" }
        let before = try scene.published()
        for isDryRun in [true, false] {
            let refused = scene.refusal {
                try scene.publish("2026-04-08") { $0.isDryRun = isDryRun }
            }
            #expect(refused.contains("privacy budget does not allow the noisy tables of 2026-03"))
        }
        #expect(try scene.published() == before)
        #expect(try scene.findings("2026-04-08") == [])
    }

    /// The bound of the noise holds of what is added up, all the way from records to sums.
    @Test func oneMoreUserChangesFewCellsByLittle() throws {
        let scene = try Self.scene()
        var generator = SeededGenerator(seed: 20_260_301)
        let actions = ["login", "search", "print", "export", "import"]
        func log(_ name: String, _ people: Range<Int>, times: Int) throws {
            var text = ""
            for person in people {
                for _ in 0..<times {
                    let action = actions.randomElement(using: &generator) ?? "login"
                    let day = Int.random(in: 10...29, using: &generator)
                    text += #"{"ts":"2026-03-\#(day)T12:00:00Z","customer":"C\#(person % 3)","#
                        + #""user":"p\#(person)@a.example","action":"\#(action)"}"# + "\n"
                }
            }
            try scene.trial.write("in/\(name).jsonl", text)
            try scene.trial.run(now: "2026-04-01")
        }
        let key = HMACSHA256(
            key: try SecretKey.copying([UInt8](repeating: 3, count: 32).span))
        try log("first", 0..<15, times: 30)
        var before = try Self.boundedSums(scene, key)
        for person in 15..<23 {
            try log("p\(person)", person..<person + 1, times: 60)
            let after = try Self.boundedSums(scene, key)
            let changed = after.filter { before[$0.key] != $0.value }
            #expect(!changed.isEmpty && changed.count <= 2, "l0 = 2, person \(person)")
            for (row, sums) in changed {
                let old = before[row] ?? [0, 0]
                #expect((0...3).contains(sums[0] - old[0]), "times: at most 3")
                #expect((0...1).contains(sums[1] - old[1]), "users: at most 1")
            }
            #expect(before.keys.allSatisfy { after[$0] != nil })
            before = after
        }
    }

    /// What the noise would be added to, by row.
    private static func boundedSums(
        _ scene: PublishTrial, _ key: HMACSHA256
    ) throws -> [[[UInt8]]: [Int64]] {
        let plan = try Sluice.loadPlan("\(scene.trial.folder)/pipeline.yaml", now: "2026-04-01")
        let files = try scene.ledger().livePartials().map { try StoredFile($0.path) }
        let partials = Partials(files, plan: plan.statistics, storage: MemorySpillStorage())
        let noisy = try #require(plan.noise?.plans.first)
        let table = try noisy.boundedTable(of: partials, key: key)
        return Dictionary(table.rows.map { ($0.key, $0.sums) }) { first, _ in first }
    }

    @Test func otherFormatsAndTheExplanationKnowIt() throws {
        let pipeline = PublishTrial.pipeline(
            publish: ", budget: { rho: 1, delta: 0.01 }", other: Self.noise
        ).replacingOccurrences(of: "[csv, jsonl]", with: "[html, html-nl, sqlite, csv]")
        let scene = PublishTrial(trial: try TemporaryPipeline(pipeline))
        try Self.fill(scene)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let page = try scene.trial.text("out/2026-03/report.html")
        for text in ["\u{b1}8", "Noise", "discrete Gaussian", "user-month", "Privacy budget"] {
            #expect(page.contains(text), "\(text)")
        }
        #expect(try scene.trial.text("out/2026-03/report.nl.html").contains("0,01"))
        let metadata = try scene.trial.text("out/2026-03/actions.csv-metadata.json")
        #expect(metadata.contains("times_accuracy") && metadata.contains("Noisy figures"))
        let explained = try Sluice.explain(
            pipeline: PipelineFile("\(scene.trial.folder)/pipeline.yaml"), asJSON: false)
        #expect(explained.contains("discrete Gaussian noise for a user-month, rho 1, delta 0.01"))
        #expect(explained.contains("times: one user adds 0 to 3, 95 % within 8"))
        #expect(explained.contains("noise: a month costs each person in it rho 1"))
    }

    @Test(arguments: [
        ("noise: { rho: 1, rows: 2, delta: 0.01 }", "expected `times`: the most that one user"),
        (
            "noise: { rho: 1, epsilon: 1, rows: 2, delta: 0.01, bounds: { times: 3 } }",
            "expected either `epsilon`"
        ),
        (
            "noise: { rho: 2, rows: 2, delta: 0.01, bounds: { times: 3 } }",
            "the noisy tables of one month cost ρ = 2, δ = 0.01"
        ),
        (
            "noise: { rho: 1, rows: 2, delta: 0.01, bounds: { time: 3, times: 3 } }",
            "found the bound of another column"
        ),
        (
            "noise: { rho: 1, rows: 2, delta: 0.01, bounds: { times: { most: 3, step: 2 } } }",
            "whole multiples of `step`"
        ),
        ("noise: { rho: zero, rows: 2, delta: 0.01 }", "expected a number above 0"),
        ("noise: { rho: 1, rows: 2, delta: 1, bounds: { times: 3 } }", "1 to 1,000 cells"),
    ])
    func wrongNoiseIsAFault(_ noise: String, _ message: String) throws {
        let text = PublishTrial.pipeline(
            publish: ", budget: { rho: 1, delta: 0.01 }",
            other: ", suppression: { customers: 1 }, \(noise)")
        #expect(try Self.faults(text).contains { $0.contains(message) })
    }

    @Test func noiseNeedsABudgetAPublicationAndAWordAboutCustomers() throws {
        let open = PublishTrial.pipeline(other: Self.noise)
        #expect(try Self.faults(open).contains { $0.contains("expected `publish.budget`") })
        let idle = PublishTrial.pipeline(publish: ", budget: { rho: 1 }")
        #expect(try Self.faults(idle).contains { $0.contains("nothing spends this budget") })
        let own = PublishTrial.pipeline(
            publish: ", budget: { rho: 1, delta: 0.01 }", other: Self.noise + ", path: a.csv")
        #expect(try Self.faults(own).contains { $0.contains("drawn once, when a month") })
        let customers = PublishTrial.pipeline(
            publish: ", budget: { rho: 1, delta: 0.01 }",
            other: Self.noise.replacingOccurrences(of: "customers: 1", with: "customers: 2"))
        #expect(
            try Self.faults(customers).contains { $0.contains("protects persons, not customers") })
    }

    private static func faults(_ text: String) throws -> [String] {
        let trial = try TemporaryPipeline(text)
        return try Sluice.check(pipeline: "\(trial.folder)/pipeline.yaml").map(\.message)
    }
}
