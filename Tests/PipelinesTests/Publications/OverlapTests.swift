import Records
import TestSupport
import Testing

@testable import Pipelines

/// Tables by different things that are made of one field: each is safe by itself, and the two
/// together need not be.
struct OverlapTests {
    /// Two tables of counts by `one` and `other`, and columns where these are conditions.
    private static func pipeline(
        _ one: String, _ other: String, more: String = "", counts: String = "exact",
        measures: (String, String) = ("times: count", "times: count")
    ) -> String {
        """
        name: usage
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        derive:
          week: { truncate_time: { of: ts, unit: week } }
          tens: { bucket: { of: age, edges: [0, 10, 20, 30] } }
          classes: { bucket: { of: age, edges: [0, 18, 25] } }
          browser: { agent_family: { of: agent, part: browser } }
          os: { agent_family: { of: agent, part: os } }
          kind: { agent_family: { of: agent, part: kind } }
          program: { agent_family: { of: agent, part: browser, bots: as-browsers } }
          system: { agent_family: { of: agent, part: os, bots: as-browsers } }
          day_text: { truncate_time: { of: ts, unit: day } }
        fields:
          { ts: { truncate_time: hour }, customer: pseudonymize, user: pseudonymize,
            age: { bucket: { edges: [0, 50] } }, agent: agent_family, action: keep }
        statistics:
          - { name: first, purpose: statistics, by: \(one), measures: { \(measures.0) } }
          - { name: second, purpose: statistics, by: \(other), measures: { \(measures.1) }\(more) }
        publish:
          { persons: 3, customers: 2, path: out, formats: [csv], other: none, counts: \(counts) }
        keys: { path: keys, grace: P7D }
        state: state
        """
    }

    private func faults(_ text: String) throws -> [String] {
        let trial = try TemporaryPipeline(text)
        return try Sluice.check(pipeline: "\(trial.folder)/pipeline.yaml")
            .map(\.message)
    }

    @Test("what overlaps is refused, with the way out", arguments: [
        ("[day]", "[month, week]", "`first` by `day` and `second` by `week`", "day: week"),
        ("[month, week]", "[day]", "`first` by `week` and `second` by `day`", "day: week"),
        ("[month, hour]", "[month, ts]", "by `hour` and `second` by `ts`", "hour: ts"),
        ("[month, tens]", "[month, classes]", "`tens` and `second` by `classes`", "tens: classes"),
        ("[month, age]", "[month, action, tens]", "by `age` and `second` by `tens`", "age: tens"),
        ("[month, browser]", "[month, kind]", "`browser` and `second` by `kind`", "browser: kind"),
        ("[month, browser]", "[month, os]", "`browser` and `second` by `os`", "browser: os"),
        (
            "[month, { dimension: { software: browser, sort: kind } }]", "[month]",
            "`first` by `software` and `first` by `sort`", "software: kind"
        ),
        (
            "[month, { dimension: { age: tens, browser: browser } }]", "[month, kind]",
            "`second` by `kind`", "browser: kind"
        ),
    ])
    func overlapping(_ one: String, _ other: String, _ words: String, _ within: String) throws {
        let found = try faults(Self.pipeline(one, other))
        #expect(found.count == 1, "\(found)")
        let message = try #require(found.first)
        #expect(message.contains(words), "\(message)")
        #expect(message.contains("within: { \(within) }"), "\(message)")
        #expect(message.contains("acknowledge: [overlapping-tables]"))
        let accepted = "\(Self.pipeline(one, other))\nacknowledge: [overlapping-tables]\n"
        #expect(try faults(accepted) == [])
        // Where no count is exact, no difference of two tells a third.
        #expect(try faults(Self.pipeline(one, other, counts: "{ rounded: 5 }")) == [])
        // What is said of it helps.
        let table = message.contains("in `first`") ? ("first", "second") : ("second", "first")
        var lines = Self.pipeline(one, other).split(separator: "\n").map(String.init)
        let at = try #require(lines.firstIndex { $0.contains("name: \(table.0)") })
        lines[at] = "\(lines[at].dropLast(2)), within: { \(within) } }"
        #expect(try faults(lines.joined(separator: "\n")) == [], "\(message)")
    }

    @Test("ordinary tables beside each other are not refused", arguments: [
        ("[month, system]", "[month, program]"), ("[day]", "[month]"),
        ("[day, week]", "[month, week]"), ("[day, action]", "[month, hour]"),
        ("[month, tens]", "[day, tens, browser]"), ("[month, week]", "[month, hour]"),
        ("[month, tens]", "[month, browser]"),
    ])
    func ordinary(_ one: String, _ other: String) throws {
        #expect(try faults(Self.pipeline(one, other)) == [])
    }

    @Test func otherMeasuresAreNotHeldAgainstEachOther() throws {
        let text = Self.pipeline(
            "[day]", "[month, week]", measures: ("times: count", "users: { distinct: user }"))
        #expect(try faults(text) == [])
    }

    /// What is counted together must be what is told of both.
    @Test("a `within` of another measure protects nothing", arguments: [
        ("statistics", "times: count", true), ("statistics", "u: { distinct: user }", false),
        ("service-improvement", "u: { distinct: user }", true),
    ])
    func anotherMeasure(_ purpose: String, _ measure: String, _ isRefused: Bool) throws {
        let third =
            "{ name: third, purpose: \(purpose), by: [day], measures: { \(measure) } }"
        let lines = Self.pipeline(
            "[day]", "[month, week]",
            measures: ("users: { distinct: user }", "users: { distinct: user }, times: count")
        ).split(separator: "\n").map(String.init).flatMap { line -> [String] in
            guard line.contains("name: first") else {
                let other = "second, purpose: \(purpose)"
                return [line.replacing("second, purpose: statistics", with: other)]
            }
            return [
                line.replacing(" } } }", with: " } }, within: { day: week } }"), "  - \(third)",
            ]
        }
        #expect(try faults(lines.joined(separator: "\n")).isEmpty != isRefused)
    }

    /// A published table by both says what belongs to what.
    @Test func aTableByBothHoldsThem() throws {
        for (keys, isHeld) in [("[month, tens, classes]", true), ("[month, tens, action]", false)] {
            let text = Self.pipeline("[month, tens]", "[month, classes]").replacing(
                "publish:",
                with: "  - { name: both, purpose: statistics, by: \(keys), "
                    + "measures: { times: count } }\npublish:")
            #expect(try faults(text).isEmpty == isHeld, "\(keys)")
        }
    }

    @Test("only counts are rounded", arguments: [
        ("sum: { sum: age }", true), ("mean: { mean: age }", true), ("times: count", false),
    ])
    func sums(_ measure: String, _ isRefused: Bool) throws {
        let text = Self.pipeline(
            "[day]", "[month, week]", counts: "{ rounded: 5 }", measures: (measure, measure))
        #expect(try faults(text).isEmpty != isRefused)
    }

    /// Sessions of other times are other sessions, but for few.
    @Test func sessionsHaveNoWayButOne() throws {
        let measure = "visits: { sessions: { of: user, gap: PT30M } }"
        let found = try faults(
            Self.pipeline("[day]", "[month, week]", measures: (measure, measure)))
        #expect(found.count == 1 && found[0].contains("; expected one of them, or"), "\(found)")
    }

    @Test("columns about parts that overlap", arguments: [
        ("{ browser: Bot }", "{ kind: bot }", "[month]", true),
        ("{ browser: Bot }", "{ kind: bot }", "[month, action]", true),
        ("{ browser: Bot }", "{ kind: bot }", "[month, browser]", false),
        ("{ browser: Bot }", "{ kind: bot }", "[month, os]", true),
        ("{ tens: 10-19 }", "{ classes: 0-17 }", "[month, age]", true),
        ("{ week: 2026-W11 }", "{ day_text: 2026-03-10 }", "[month]", true),
        ("{ week: 2026-W11 }", "{ day_text: 2026-03-10 }", "[month, hour]", true),
        ("{ week: 2026-W11 }", "{ day_text: 2026-03-10 }", "[day]", false),
    ])
    func columns(_ one: String, _ other: String, _ keys: String, _ isRefused: Bool) throws {
        let text = Self.pipeline(
            "[month]", keys,
            measures: ("one: { count: \(one) }, other: { count: \(other) }", "times: count"))
        let found = try faults(text).filter { $0.contains("about a part by") }
        #expect(found.isEmpty != isRefused, "\(found)")
    }

    /// The night goes on, with all that people are owed; figures wait.
    @Test func onlyThePublicationIsRefused() throws {
        let scene = PublishTrial(
            trial: try TemporaryPipeline(Self.pipeline("[day]", "[month, week]")))
        try scene.trial.write(
            "in/a.jsonl",
            #"{"ts":"2026-03-10T12:00:00Z","customer":"C1","user":"p1@a.example"}"# + "\n")
        try scene.trial.run(now: "2026-04-01")
        #expect(throws: PipelineFailure.self) { try scene.publish("2026-04-08") }
        #expect(scene.trial.files(below: "out").isEmpty)
        try scene.trial.run(now: "2026-04-09")
    }

    /// Six of seven days told beside their week tell the seventh.
    @Test("days within weeks", arguments: [false, true])
    func daysWithinWeeks(_ isDeclared: Bool) throws {
        let text = Self.pipeline(
            "[month, week]", "[day]", more: isDeclared ? ", within: { day: week }" : "")
        let scene = PublishTrial(
            trial: try TemporaryPipeline(
                isDeclared ? text : "\(text)\nacknowledge: [overlapping-tables]\n"))
        var lines = ""
        for day in 2...22 {
            for person in 0..<(day == 4 ? 2 : (day < 9 ? 8 : 4) + day % 3) {
                lines += #"{"ts":"2026-03-\#(day < 10 ? "0" : "")\#(day)T12:00:00Z","#
                    + #""customer":"C\#(person % 3)","user":"p\#(person)@a.example"}"# + "\n"
            }
        }
        try scene.trial.write("in/a.jsonl", lines)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let days = try rows(scene, "second", value: 1)
        let weeks = try rows(scene, "first", value: 2)
        #expect(days["2026-03-04"] == "<3")
        let others = [2, 3, 5, 6, 7, 8].map { days["2026-03-0\($0)"].flatMap { Int($0) } }
        let week = weeks["2026-W10"].flatMap { Int($0) }
        #expect((week != nil && !others.contains(nil)) != isDeclared, "\(days) \(weeks)")
        // Undeclared, another week was left out in vain.
        #expect(days["2026-03-12"] == "4" && (weeks["2026-W11"] == "34") == isDeclared)
        #expect(try scene.findings("2026-04-08") == [])
    }

    private func rows(
        _ scene: PublishTrial, _ table: String, value: Int
    ) throws -> [String: String] {
        var rows: [String: String] = [:]
        for line in try scene.trial.text("out/2026-03/\(table).csv").split(separator: "\n")
            .dropFirst()
        {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            rows[String(cells[value - 1])] = String(cells[value])
        }
        return rows
    }
}
