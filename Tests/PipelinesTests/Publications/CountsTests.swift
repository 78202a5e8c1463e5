import Foundation
import Ledger
import Publication
import TestSupport
import Testing

@testable import Pipelines

/// Counts that are rounded at random, or changed by the keys of their members, from the pipeline
/// file to the published files.
struct CountsTests {
    private static let cellKey = "{ cell_key: { largest_change: 2, variance: 1.05 } }"

    private static func scene(_ counts: String, formats: String = "csv, jsonl") throws
        -> PublishTrial
    {
        let pipeline = PublishTrial.pipeline(
            publish: ", counts: \(counts), provisional: running, other: none"
        ).replacingOccurrences(of: "[csv, jsonl]", with: "[\(formats)]")
        return PublishTrial(trial: try TemporaryPipeline(pipeline))
    }

    /// Seven actions of 4 to 22 people, and one of two.
    private static func fill(_ scene: PublishTrial) throws {
        for (number, people) in [4, 7, 10, 13, 16, 19, 22].enumerated() {
            try scene.add(
                "a\(number)", "2026-03-1\(number)", 0..<people, action: "action\(number)")
        }
        try scene.add("b", "2026-03-03", 30..<32, action: "rare")
        try scene.trial.run(now: "2026-04-01")
    }

    /// By action: records and users, nil for what is withheld.
    private static func figures(
        _ scene: PublishTrial, _ folder: String
    ) throws -> [String: [Int?]] {
        var figures: [String: [Int?]] = [:]
        for line in try scene.trial.text("\(folder)/actions.csv").split(separator: "\n").dropFirst()
        {
            let cells = line.split(separator: ",")
            figures[String(cells[1])] = cells.dropFirst(2).map { Int($0) }
        }
        return figures
    }

    @Test("rounded counts are multiples, and small groups stay withheld", arguments: [3, 5])
    func rounded(_ base: Int) throws {
        let scene = try Self.scene("{ rounded: \(base) }")
        try Self.fill(scene)
        try scene.publish("2026-04-08")
        let figures = try Self.figures(scene, "out/2026-03")
        #expect(figures.count == 8)
        #expect(figures["rare"] == [nil, nil])
        #expect(try scene.trial.text("out/2026-03/actions.csv").contains("rare,<3,<3"))
        var changed = 0
        for (number, people) in [4, 7, 10, 13, 16, 19, 22].enumerated() {
            let cells = try #require(figures["action\(number)"])
            for case let cell? in cells {
                #expect(cell % base == 0 && abs(cell - people) < base)
                if cell != people { changed += 1 }
            }
        }
        #expect(changed > 4)
        // Of all 93 records; where it is told, it is rounded by itself.
        let months = try scene.trial.text("out/2026-03/months.csv").split(separator: ",")
        if let total = Int(months[3]) { #expect(total % base == 0 && abs(total - 93) < base) }
        #expect(try scene.findings("2026-04-08") == [])
    }

    @Test(
        "a second call, and lost files, give the same bytes",
        arguments: ["{ rounded: 5 }", cellKey])
    func again(_ counts: String) throws {
        let scene = try Self.scene(counts, formats: "csv, jsonl, sqlite, html, html-nl")
        try Self.fill(scene)
        try scene.publish("2026-04-08")
        let before = try scene.published()
        #expect(try scene.publish("2026-04-09").entries.map(\.outcome) == [.unchanged])
        for name in ["actions.csv", "report.html", "publication.sqlite"] {
            try scene.trial.remove("out/2026-03/\(name)")
        }
        #expect(try scene.publish("2026-04-09").entries.map(\.restored) == [3])
        #expect(try scene.published() == before)
    }

    @Test("the same count is told in the same way in every publication of the month")
    func steps() throws {
        for counts in ["{ rounded: 5 }", Self.cellKey] {
            let scene = try Self.scene(counts)
            try Self.fill(scene)
            try scene.publish("2026-03-22") { $0.isProvisional = true }
            let early = try Self.figures(scene, "running/2026-03-21")
            try scene.publish("2026-04-08")
            #expect(try Self.figures(scene, "out/2026-03") == early)
            #expect(early.values.joined().contains { $0 != nil })
        }
    }

    /// Another state has other keys: a draw is nothing that outsiders could repeat.
    @Test func drawsDependOnTheKeyOfTheMonth() throws {
        var seen: Set<String> = []
        for _ in 0..<8 {
            let scene = try Self.scene("{ rounded: 5 }")
            try Self.fill(scene)
            try scene.publish("2026-04-08")
            seen.insert(try scene.trial.text("out/2026-03/actions.csv"))
        }
        #expect(seen.count > 1)
    }

    @Test("what a cell-key count is changed by stays within its table")
    func cellKeys() throws {
        let scene = try Self.scene(Self.cellKey)
        try Self.fill(scene)
        try scene.publish("2026-04-08")
        let figures = try Self.figures(scene, "out/2026-03")
        for (number, people) in [4, 7, 10, 13, 16, 19, 22].enumerated() {
            let cells = try #require(figures["action\(number)"])
            for case let cell? in cells { #expect(abs(cell - people) <= 2) }
        }
        #expect(figures["rare"] == [nil, nil])
    }

    @Test(
        "corrections compare what was counted, not what was told",
        arguments: ["{ rounded: 5 }", cellKey])
    func corrections(_ counts: String) throws {
        let scene = try Self.scene(counts)
        try Self.fill(scene)
        try scene.publish("2026-04-08")
        try scene.add("c", "2026-03-20", 40..<42, action: "action0")
        try scene.trial.run(now: "2026-04-09")
        let refused = scene.refusal { try scene.publish("2026-04-10") { $0.correction = "late" } }
        #expect(refused.contains("would tell of too few"))
        try scene.add("d", "2026-03-21", 42..<50, action: "action0")
        try scene.trial.run(now: "2026-04-09")
        let report = try scene.publish("2026-04-10") { $0.correction = "late" }
        #expect(report.entries.map(\.kind) == ["correction"])
        let old = try Self.figures(scene, "out/2026-03")
        let new = try Self.figures(scene, "out/2026-03.r1")
        for (action, figures) in old where action != "action0" { #expect(new[action] == figures) }
        #expect(new["action0"] != old["action0"])
    }

    @Test func everyFormatSaysThatCountsAreChanged() throws {
        let scene = try Self.scene("{ rounded: 3 }", formats: "csv, jsonl, sqlite, html, html-nl")
        try Self.fill(scene)
        try scene.publish("2026-04-08")
        let about = try scene.trial.text("out/2026-03/publication.json")
        #expect(about.contains(#""counts":{"rounded":3}"#))
        #expect(about.contains(#""addable":false"#) && !about.contains(#""addable":true"#))
        let metadata = try scene.trial.text("out/2026-03/actions.csv-metadata.json")
        #expect(metadata.contains("rounded at random to a multiple of 3; must not be added up"))
        let page = try scene.trial.text("out/2026-03/report.html")
        #expect(page.contains("Counts are rounded at random to a multiple of 3"))
        #expect(page.contains("not addable") && page.contains("Changed counts"))
        #expect(
            try scene.trial.text("out/2026-03/report.nl.html")
                .contains("aselect afgerond op een veelvoud van 3"))
        let database = String(
            decoding: try #require(try scene.published()["2026-03/publication.sqlite"]),
            as: UTF8.self)
        #expect(database.contains("rounded at random to a multiple of 3; must not be added up"))
        // Exact counts are told as ever.
        let exact = try Self.scene("exact")
        try Self.fill(exact)
        try exact.publish("2026-04-08")
        let plain = try exact.trial.text("out/2026-03/publication.json")
        #expect(!plain.contains("\"counts\""))
    }

    @Test func theNumbersOfConfidentialRulesAreNotExplained() throws {
        let pipeline = PublishTrial.pipeline(
            publish: ", counts: { cell_key: { largest_change: 7, variance: 6.5 } }, "
                + "prior_percent: 37, dominance: { percent: 83 }, formats: [html, csv, sqlite]"
        ).replacingOccurrences(of: ", formats: [csv, jsonl]", with: "")
        let scene = PublishTrial(trial: try TemporaryPipeline(pipeline))
        try Self.fill(scene)
        try scene.publish("2026-04-08")
        var told: [String] = []
        for asJSON in [true, false] {
            let path = "\(scene.trial.folder)/pipeline.yaml"
            told.append(try Sluice.explain(pipeline: PipelineFile(path), asJSON: asJSON))
        }
        #expect(told[1].contains("the p% rule and a dominance rule"))
        for text in told {
            for number in ["37", "83", "6.5"] {
                #expect(!text.contains(" \(number)") && !text.contains(":\(number)"), "\(number)")
            }
        }
        for name in ["report.html", "publication.json", "actions.csv-metadata.json"] {
            let text = try scene.trial.text("out/2026-03/\(name)")
            for word in ["largest_change", "variance", "prior", "dominance", "6.5"] {
                #expect(!text.contains(word), "\(name): \(word)")
            }
        }
    }

    @Test("wrong ways of telling counts", arguments: [
        ("{ rounded: 4 }", "expected the base that counts are rounded to multiples of"),
        ("rounded", "expected the base"), ("round", "unknown way `round`"),
        ("cell_key", "largest_change"),
        ("{ cell_key: { largest_change: 1, variance: 30 } }", "has this variance"),
        ("{ cell_key: { largest_change: 2, variance: x } }", "has this variance"),
    ])
    func wrong(_ counts: String, _ message: String) throws {
        let trial = try TemporaryPipeline(
            PublishTrial.pipeline(publish: ", counts: \(counts)"))
        let found = try Sluice.check(pipeline: "\(trial.folder)/pipeline.yaml")
        #expect(found.contains { "\($0)".contains(message) }, "\(found)")
    }
}
