import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Small values are counted together before anything is withheld.
struct OtherTests {
    /// Eight people log in, five search, two export and two others import.
    private func scene(_ publish: String = "", more: String = "") throws -> PublishTrial {
        let scene = try PublishTrial(publish: publish, more: more)
        try scene.add("a", "2026-03-10", 0..<8)
        try scene.add("b", "2026-03-11", 0..<5, action: "search")
        try scene.add("c", "2026-03-12", 0..<2, action: "export")
        try scene.add("d", "2026-03-13", 5..<7, action: "import")
        try scene.trial.run(now: "2026-04-01")
        return scene
    }

    private let together = """
        month,action,times,users
        2026-03,Other,4,4
        2026-03,login,8,8
        2026-03,search,5,5

        """

    @Test func smallValuesAreCountedTogetherAndNothingIsWithheld() throws {
        let scene = try scene(", other: action")
        let entry = try #require(try scene.publish("2026-04-08").entries.first)
        #expect(try scene.trial.text("out/2026-03/actions.csv") == together)
        #expect(entry.tables.map(\.withheld) == [0, 0])
        #expect(entry.tables.map(\.other) == ["", "action"])
        #expect(entry.tables.map(\.proposal) == ["", ""])
        let about = try scene.trial.text("out/2026-03/publication.json")
        #expect(about.contains(#""other":"action""#))
        #expect(try scene.findings("2026-04-08") == [])
    }

    @Test func everyFieldIsMeantUnlessThePipelineSaysOtherwise() throws {
        let all = try scene()
        try all.publish("2026-04-08")
        #expect(try all.trial.text("out/2026-03/actions.csv") == together)
        let none = try scene(", other: none")
        try none.publish("2026-04-08")
        let actions = try none.trial.text("out/2026-03/actions.csv")
        #expect(actions.contains("export,<3,<3\n") && actions.contains("import,<3,<3\n"))
    }

    @Test func theSmallestFollowUntilEnoughStandBehindThemAll() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<8)
        try scene.add("b", "2026-03-11", 0..<4, action: "search")
        try scene.add("c", "2026-03-12", 0..<5, action: "print")
        try scene.add("d", "2026-03-13", 7..<8, action: "import")
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        #expect(
            try scene.trial.text("out/2026-03/actions.csv") == """
                month,action,times,users
                2026-03,Other,5,5
                2026-03,login,8,8
                2026-03,print,5,5

                """)
    }

    @Test func whatIsCountedTogetherIsUnderControlItself() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<8)
        try scene.add("b", "2026-03-11", 0..<2, action: "export")
        try scene.trial.run(now: "2026-04-01")
        let entry = try #require(try scene.publish("2026-04-08").entries.first)
        #expect(
            try scene.trial.text("out/2026-03/actions.csv").contains("2026-03,Other,<3,<3\n"))
        #expect(try #require(entry.tables.last).proposal == "leave out `action`")
    }

    @Test func aValueStaysWhereAnEarlierPublicationHadIt() throws {
        let scene = try scene(", late: revise")
        try scene.publish("2026-04-08")
        // Exports are many by now, and an action that nobody knew is there.
        try scene.add("e", "2026-03-20", 10..<16, action: "export")
        try scene.add("f", "2026-03-21", 20..<26, action: "merge")
        try scene.trial.run(now: "2026-04-09")
        try scene.publish("2026-04-10") { $0.correction = "a host was missing" }
        #expect(
            try scene.trial.text("out/2026-03.r1/actions.csv") == """
                month,action,times,users
                2026-03,Other,10,10
                2026-03,login,8,8
                2026-03,merge,6,6
                2026-03,search,5,5

                """)
        #expect(try scene.findings("2026-04-10") == [])
    }

    @Test func whatAMeasureCountsKeepsItsRow() throws {
        let scene = try scene()
        let pipeline = PublishTrial.pipeline().replacingOccurrences(
            of: "times: count,", with: "times: count, exports: { count: { action: export } },")
        try scene.trial.write("pipeline.yaml", pipeline)
        try scene.trial.remove("state")
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let actions = try scene.trial.text("out/2026-03/actions.csv")
        #expect(actions.contains("\n2026-03,export,") && actions.contains("\n2026-03,Other,"))
    }

    @Test func dimensionsAreRolledUpEachByItself() throws {
        let scene = try scene()
        let pipeline = PublishTrial.pipeline(publish: ", other: what").replacingOccurrences(
            of: "by: [month, action]", with: "by: [month, { dimension: { what: action } }]")
        try scene.trial.write("pipeline.yaml", pipeline)
        try scene.trial.remove("state")
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        #expect(
            try scene.trial.text("out/2026-03/actions.csv") == """
                month,dimension,value,times,users
                2026-03,what,Other,4,4
                2026-03,what,login,8,8
                2026-03,what,search,5,5

                """)
    }

    @Test func theReportSaysItInTheLanguageOfItsReaders() throws {
        let scene = try scene()
        let pipeline = PublishTrial.pipeline().replacingOccurrences(
            of: "[csv, jsonl]", with: "[csv, html, html-nl]")
        try scene.trial.write("pipeline.yaml", pipeline)
        try scene.publish("2026-04-08")
        #expect(try scene.trial.text("out/2026-03/report.html").contains(">Other</th>"))
        let dutch = try scene.trial.text("out/2026-03/report.nl.html")
        #expect(dutch.contains(">Overige</th>") && !dutch.contains(">Other</th>"))
        #expect(dutch.contains("kleine waarden van action samengevoegd"))
    }

    @Test func aColumnThatNoTableHasIsAFault() throws {
        let trial = try TemporaryPipeline(PublishTrial.pipeline(publish: ", other: [actions]"))
        let found = try Sluice.check(pipeline: "\(trial.folder)/pipeline.yaml")
        #expect(found.contains { $0.message.contains("is broken down by `actions`") })
    }
}
