import Foundation
import Ledger
import Records
import TestSupport
import Testing

@testable import Pipelines

/// What happens to a period after it was published, and before it is closed.
struct CorrectionTests {
    private func closed(_ publish: String = "") throws -> PublishTrial {
        let scene = try PublishTrial(publish: publish)
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        return scene
    }

    @Test func aCorrectionStandsBesideWhatItCorrects() throws {
        let scene = try closed()
        let before = try scene.published()
        try scene.add("b", "2026-03-20", 6..<12)
        try scene.trial.run(now: "2026-04-09")
        let report = try scene.publish("2026-04-10") { $0.correction = "a host was missing" }
        let entry = try #require(report.entries.first)
        #expect(entry.kind == "correction" && entry.revision == 1 && entry.period == "2026-03")
        #expect(
            try scene.trial.text("out/2026-03.r1/months.csv")
                == "month,times,users\n2026-03,12,12\n")
        let about = try scene.trial.text("out/2026-03.r1/publication.json")
        #expect(about.contains("a host was missing"))
        let after = try scene.published()
        for (name, bytes) in before { #expect(after[name] == bytes, "\(name)") }
        #expect(try scene.findings("2026-04-10") == [])
        // Nothing is left that could be corrected.
        let again = scene.refusal { try scene.publish("2026-04-10") { $0.correction = "again" } }
        #expect(again.contains("nothing came"))
        #expect(try scene.publish("2026-04-10").late == [])
    }

    @Test("a difference that tells of too few is refused", arguments: [1, 2])
    func smallDifference(_ people: Int) throws {
        let scene = try closed()
        let before = try scene.published()
        try scene.add("b", "2026-03-20", 6..<(6 + people))
        try scene.trial.run(now: "2026-04-09")
        let refused = scene.refusal { try scene.publish("2026-04-10") { $0.correction = "late" } }
        #expect(refused.contains("would tell of too few"))
        #expect(try scene.published() == before)
    }

    @Test func peopleWhoWereThereBeforeDoNotHideOneWhoWasNot() throws {
        let scene = try closed()
        // Six known people and one new one: the count of people rises by one.
        try scene.add("b", "2026-03-20", 0..<7)
        try scene.trial.run(now: "2026-04-09")
        let refused = scene.refusal { try scene.publish("2026-04-10") { $0.correction = "late" } }
        #expect(refused.contains("1 of months"))
    }

    @Test func anErasureInBetweenLeavesNoDifference() throws {
        let scene = try closed()
        var request = SubjectRequest(
            pipeline: "\(scene.trial.folder)/pipeline.yaml", kind: .user, value: "p1@a.example")
        request.now = "2026-04-09"
        request.role = .controller
        request.identityCheck = "ticket 7"
        request.requestedBy = "desk"
        _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: request))
        try scene.add("b", "2026-03-20", 6..<12)
        try scene.trial.run(now: "2026-04-09")
        let refused = scene.refusal { try scene.publish("2026-04-10") { $0.correction = "late" } }
        #expect(refused.contains("would tell of too few"))
    }

    @Test func correctionsEndWithTheirTimeAndWithTheKey() throws {
        let scene = try closed(", correct_within: P10D")
        try scene.add("b", "2026-03-20", 6..<12)
        try scene.trial.run(now: "2026-04-09")
        let late = scene.refusal { try scene.publish("2026-04-18") { $0.correction = "late" } }
        #expect(late.contains("could be corrected until 2026-04-18T00:00:00Z"))

        let other = try closed(", correct_within: P1Y")
        try other.add("b", "2026-03-20", 6..<12)
        try other.trial.run(now: "2026-04-09")
        // Late aggregates of a published month keep no key alive, and go with it.
        #expect(try other.trial.run(now: "2026-05-08").destroyedKeys.map(\.month) == ["2026-03"])
        #expect(other.trial.files(below: "state/partials") == [])
        let dead = other.refusal { try other.publish("2026-05-08") { $0.correction = "late" } }
        #expect(dead.contains("key of 2026-03 is destroyed"))
        #expect(try other.findings("2026-05-08") == [])
    }

    @Test func lateRecordsAreCountedUnlessThePipelineRevises() throws {
        for rule in ["count", "revise"] {
            let scene = try closed(", late: \(rule)")
            try scene.add("b", "2026-03-20", 6..<12)
            try scene.add("c", "2026-04-20", 0..<6)
            try scene.trial.run(now: "2026-05-01")
            let report = try scene.publish("2026-05-07T23:59:00Z")
            #expect(report.late == [PublishReport.Late(period: "2026-03", records: 6)])
            #expect(report.entries.map(\.kind) == ["final"])
            let next = try scene.publish("2026-05-08")
            let kinds = next.entries.map { "\($0.period) \($0.kind)" }
            let revised = rule == "revise" ? ["2026-03 correction"] : []
            #expect(kinds == ["2026-04 final"] + revised)
            #expect(
                try scene.trial.text("out/2026-04/publication.json")
                    .contains(#""late":[{"period":"2026-03","records":6}]"#))
            #expect(try scene.findings("2026-05-08") == [])
            // The key of a month that can be revised lives until then, and its grace.
            let keys = [report, next].flatMap(\.destroyedKeys).map(\.month)
            #expect(keys == (rule == "revise" ? [] : ["2026-03"]))
            let last = try scene.publish("2026-05-15")
            #expect(last.destroyedKeys.map(\.month) == (rule == "revise" ? ["2026-03"] : []))
        }
    }

    @Test("a month whose late records cannot be read keeps no other from its revision")
    func aDamagedRevisionStopsNoOther() throws {
        let scene = try PublishTrial(publish: ", late: revise")
        try scene.add("a", "2026-02-10", 0..<6)
        try scene.add("b", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let known = Set(scene.trial.files(below: "state/partials"))
        try scene.add("c", "2026-02-20", 6..<12)
        try scene.trial.run(now: "2026-04-09")
        let late = Set(scene.trial.files(below: "state/partials")).subtracting(known)
        try scene.add("d", "2026-03-20", 6..<12)
        try scene.add("e", "2026-04-05", 0..<6)
        try scene.trial.run(now: "2026-04-10")
        // What cannot be read at present may be read tomorrow: publications say how much came late,
        // and say it for good.
        let place = "\(scene.trial.folder)/state/partials/\(try #require(late.first))"
        try FileManager.default.moveItem(atPath: place, toPath: place + ".away")
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: false)
        let waiting = scene.refusal { try scene.publish("2026-05-08") }
        #expect(waiting.contains("cannot read aggregates"), "\(waiting)")
        #expect(!scene.trial.files(below: "out").contains { $0.hasPrefix("2026-04") })
        try FileManager.default.removeItem(atPath: place)
        try scene.trial.write("state/partials/\(try #require(late.first))", "damaged\n")
        let report = try scene.publish("2026-05-08")
        #expect(
            report.entries.map { "\($0.period) \($0.kind)" } == [
                "2026-04 final", "2026-03 correction",
            ])
        #expect(late.count == 1 && Set(report.failures.map(\.period)) == ["2026-02"])
        #expect(report.late.map(\.records) == [nil, 6])
        let facts = try scene.trial.text("out/2026-04/publication.json")
        #expect(facts.contains(#"{"period":"2026-02","records":null}"#))
        #expect(report.exitStatus == 6, "\(report.failures)")
    }

    @Test("what was withheld stays withheld until enough has come to it", arguments: [2, 3, 6])
    func withheldBefore(_ people: Int) throws {
        let scene = try PublishTrial(publish: ", provisional: running, other: none")
        try scene.add("a", "2026-03-03", 0..<6)
        try scene.add("x", "2026-03-04", 0..<2, action: "export")
        try scene.trial.run(now: "2026-03-10")
        try scene.publish("2026-03-10") { $0.isProvisional = true }
        let first = try scene.trial.text("running/2026-03-07/actions.csv")
        #expect(first.contains("2026-03,export,<3,<3\n"))
        // Two of them came before; what they did is told when it is at least doubled by others.
        try scene.add("b", "2026-03-20", 2..<2 + people, action: "export")
        try scene.add("c", "2026-03-21", 6..<12)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let actions = try scene.trial.text("out/2026-03/actions.csv")
        #expect(actions.contains("2026-03,export,\(2 + people),\(2 + people)\n") == (people > 2))
        #expect(!actions.contains("export,<3"))
        #expect(try scene.findings("2026-04-08") == [])
    }

    @Test func openMonthsAreShownByWeek() throws {
        let scene = try PublishTrial(publish: ", provisional: running")
        try scene.add("a", "2026-03-03", 0..<6)
        try scene.add("b", "2026-03-09", 0..<6)
        try scene.trial.run(now: "2026-03-10")
        func show(_ now: String) throws -> PublishReport {
            try scene.publish(now) { $0.isProvisional = true }
        }
        #expect(try show("2026-03-07").entries.isEmpty)
        let first = try #require(try show("2026-03-10").entries.first)
        #expect(first.kind == "provisional" && first.revision == 1 && first.through == "2026-03-07")
        #expect(first.audience == "internal")
        #expect(
            try scene.trial.text("running/2026-03-07/months.csv")
                == "month,times,users\n2026-03,6,6\n")
        #expect(try show("2026-03-14").entries.map(\.outcome) == [.unchanged])
        #expect(try show("2026-03-15").entries.map(\.through) == ["2026-03-14"])
        #expect(
            try scene.trial.text("running/2026-03-14/months.csv")
                == "month,times,users\n2026-03,12,6\n")
        #expect(scene.trial.files(below: "out") == [])
        #expect(try scene.findings("2026-03-15") == [])
        try scene.trial.run(now: "2026-04-01")
        #expect(try scene.publish("2026-04-08").entries.map(\.kind) == ["final"])
        let refused = scene.refusal {
            try scene.publish("2026-04-08") {
                $0.isProvisional = true
                $0.period = "2026-03"
            }
        }
        #expect(refused.contains("no provisional figures any more"))
    }

    @Test func theFinalTellsNothingThatItsDifferenceToTheProvisionalOneWould() throws {
        let scene = try PublishTrial(publish: ", provisional: running")
        try scene.add("a", "2026-03-03", 0..<6)
        try scene.trial.run(now: "2026-03-10")
        try scene.publish("2026-03-10") { $0.isProvisional = true }
        // One more person in the rest of the month.
        try scene.add("b", "2026-03-20", 6..<7)
        try scene.trial.run(now: "2026-04-01")
        let report = try scene.publish("2026-04-08")
        #expect(report.notes.contains { $0.contains("the difference to what was published") })
        // Seven is not small, and nobody is told that it is.
        #expect(
            try scene.trial.text("out/2026-03/months.csv") == "month,times,users\n2026-03,x,x\n")
        #expect(try scene.findings("2026-04-08") == [])
    }

    @Test func withoutAPlaceThereAreNoProvisionalFigures() throws {
        let scene = try closed()
        #expect(throws: PipelineFailure.self) {
            try scene.publish("2026-04-10") { $0.isProvisional = true }
        }
    }
}
