import Foundation
import Ledger
import Records
import TestSupport
import Testing

@testable import Pipelines

/// A month is closed once, and what was published stays as it is.
struct PublishTests {
    @Test func aMonthIsClosedOnce() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.add("b", "2026-03-31", 4..<9, action: "search")
        try scene.add("c", "2026-04-02", 0..<9)
        try scene.trial.run(now: "2026-04-06")
        #expect(scene.trial.files(below: "out") == [])
        #expect(try scene.publish("2026-04-07").entries.isEmpty)

        let report = try scene.publish("2026-04-08")
        let entry = try #require(report.entries.first)
        #expect(report.entries.count == 1 && entry.outcome == .published)
        #expect(entry.period == "2026-03" && entry.kind == "final")
        #expect(report.nextPeriod == "2026-04" && report.nextFrom == "2026-05-08T00:00:00Z")
        #expect(
            try scene.trial.text("out/2026-03/months.csv") == "month,times,users\n2026-03,11,9\n")
        #expect(
            try scene.trial.text("out/2026-03/actions.csv")
                == "month,action,times,users\n2026-03,login,6,6\n2026-03,search,5,5\n")
        #expect(try scene.findings("2026-04-08") == [])

        let before = try scene.published()
        #expect(before.count == 7)
        for now in ["2026-04-08", "2026-04-20"] {
            let again = try scene.publish(now)
            #expect(again.entries.map(\.outcome) == [.unchanged])
            #expect(try scene.published() == before)
        }
        #expect(try scene.ledger().publications().count == 1)
        #expect(try scene.publish("2026-05-08").entries.map(\.period) == ["2026-04"])
    }

    @Test func allMonthsThatAreOverAreCaughtUpWith() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-01-10", 0..<6)
        try scene.add("b", "2026-03-10", 0..<6)
        try scene.add("c", "2026-02-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        let dry = try scene.publish("2026-04-08") { $0.isDryRun = true }
        #expect(
            dry.entries.map(\.outcome)
                == [.wouldBePublished, .wouldBePublished, .wouldBePublished])
        #expect(scene.trial.files(below: "out") == [])
        #expect(try scene.publish("2026-04-08").entries.map(\.period) == [
            "2026-01", "2026-02", "2026-03",
        ])
        #expect(try scene.findings("2026-04-08") == [])
    }

    @Test func aNamedMonthIsRefusedWhileItIsOpenOrEmpty() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        let early = scene.refusal { try scene.publish("2026-04-07") { $0.period = "2026-03" } }
        #expect(early.contains("open for late records until 2026-04-08T00:00:00Z"))
        let empty = scene.refusal { try scene.publish("2026-04-08") { $0.period = "2026-02" } }
        #expect(empty.contains("nothing was counted"))
        #expect(throws: PipelineFailure.self) {
            try scene.publish("2026-04-08") { $0.period = "March" }
        }
        #expect(scene.trial.files(below: "out") == [])
    }

    @Test func lostFilesComeBackWithTheSameBytesAndAreNeverCountedAgain() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let before = try scene.published()
        // What comes later is not in what was published, whatever happens to its files.
        try scene.add("b", "2026-03-11", 6..<12)
        try scene.trial.run(now: "2026-04-09")
        try scene.trial.remove("out/2026-03/months.csv")
        try scene.trial.write("out/2026-03/actions.jsonl", "{}\n")
        #expect(try scene.findings("2026-04-09").map { String($0.split(separator: " ")[0]) } == [
            "changed", "missing",
        ])
        let report = try scene.publish("2026-04-09")
        #expect(report.entries.map(\.outcome) == [.restored])
        #expect(report.entries.map(\.restored) == [2])
        #expect(report.late == [PublishReport.Late(period: "2026-03", records: 6)])
        #expect(try scene.published() == before)
        #expect(try scene.findings("2026-04-09") == [])
        try scene.trial.write("out/2026-03/stranger.csv", "x\n")
        #expect(try scene.findings("2026-04-09").first?.hasPrefix("unknown-file") == true)
    }

    @Test func keysWaitForPublicationAndPartialsGoWithThem() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-01-10", 0..<6)
        try scene.trial.run(now: "2026-02-01")
        #expect(try scene.trial.run(now: "2026-03-20").destroyedKeys.isEmpty)
        #expect(scene.trial.files(below: "state/partials").count == 1)
        let report = try scene.publish("2026-03-21")
        #expect(report.destroyedKeys.map(\.month) == ["2026-01"])
        #expect(scene.trial.files(below: "keys").contains("2026-01.destroyed"))
        #expect(scene.trial.files(below: "state/partials") == [])
        #expect(try scene.findings("2026-03-21") == [])
        #expect(try scene.publish("2026-03-22").entries.map(\.outcome) == [.unchanged])
    }

    @Test func publishedPartialsStayWhileTheirKeyLives() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-01-10", 0..<6)
        try scene.trial.run(now: "2026-02-01")
        #expect(try scene.publish("2026-02-08").destroyedKeys.isEmpty)
        #expect(scene.trial.files(below: "state/partials").count == 1)
        #expect(try scene.findings("2026-02-09") == [])
        // The last record of January is due on 1 March; the grace ends on the 8th.
        #expect(try scene.trial.run(now: "2026-03-07").destroyedKeys.isEmpty)
        #expect(try scene.trial.run(now: "2026-03-08").destroyedKeys.map(\.month) == ["2026-01"])
        #expect(scene.trial.files(below: "state/partials") == [])
        #expect(try scene.findings("2026-03-08") == [])
    }

    @Test func anErasureAfterPublicationLeavesItAsItIs() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let before = try scene.published()
        var request = SubjectRequest(
            pipeline: "\(scene.trial.folder)/pipeline.yaml", kind: .user, value: "p1@a.example")
        request.now = "2026-04-09"
        request.role = .controller
        request.identityCheck = "ticket 7"
        request.requestedBy = "desk"
        _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: request))
        #expect(try scene.publish("2026-04-09").entries.map(\.outcome) == [.unchanged])
        #expect(try scene.published() == before)
        #expect(try scene.findings("2026-04-09") == [])
    }

    @Test func anOptOutBindsBeforePublication() throws {
        let scene = try PublishTrial(more: "opt_outs: opt-outs.csv")
        try scene.trial.write("opt-outs.csv", "customer,purposes,effective_date\n")
        try scene.add("a", "2026-03-10", 0..<9)
        try scene.trial.run(now: "2026-04-01")
        try scene.trial.write(
            "opt-outs.csv", "customer,purposes,effective_date\nC1,statistics,2026-04-02\n")
        try scene.publish("2026-04-08")
        #expect(
            try scene.trial.text("out/2026-03/months.csv") == "month,times,users\n2026-03,6,6\n")
    }

    /// One with records of March and February, and an opt-out that was entered between them: the
    /// key of February is younger.
    private func awaiting(_ effective: String) throws -> (PublishTrial, OptOutRequest) {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-03-11")
        var request = OptOutRequest(
            pipeline: "\(scene.trial.folder)/pipeline.yaml",
            subject: OptOutSubject(user: "p1@a.example"))
        (request.now, request.effective) = ("2026-03-12", effective)
        _ = try Sluice.addOptOut(request)
        try scene.add("b", "2026-02-27", 0..<6)
        try scene.trial.run(now: "2026-03-14")
        return (scene, request)
    }

    @Test("a month in which an opt-out that has begun cannot be searched is not published")
    func optOutsOfYoungerKeys() throws {
        let (scene, entered) = try awaiting("2026-04-08")
        func february(_ now: String, dry: Bool = false) throws -> [PublishReport.Entry] {
            try scene.publish(now) {
                $0.period = "2026-02"
                $0.isDryRun = dry
            }.entries
        }
        for dry in [true, false] {
            let refusal = scene.refusal { _ = try february("2026-04-08", dry: dry) }
            #expect(refusal.contains("opt-out 1") && refusal.contains("enter it again"))
        }
        #expect(try scene.publish("2026-04-08") { $0.period = "2026-03" }.entries.count == 1)
        var request = entered
        request.now = "2026-04-08"
        _ = try Sluice.addOptOut(request)
        let entries = try february("2026-04-08")
        #expect(entries.map(\.period) == ["2026-02"])
    }

    @Test("an opt-out that has not begun keeps no month from being published")
    func optOutAhead() throws {
        let scene = try awaiting("2026-04-09").0
        #expect(try scene.publish("2026-04-08").entries.map(\.period) == ["2026-02", "2026-03"])
    }

    @Test("a month that cannot be published stops no other, and can be given up")
    func givenUp() throws {
        let scene = try awaiting("2026-04-02").0
        let report = try scene.publish("2026-04-08")
        #expect(report.entries.map(\.period) == ["2026-03"])
        #expect(report.failures.map(\.period) == ["2026-02"] && report.exitStatus == 10)
        #expect(report.alarms.contains { $0.contains("--period 2026-02 --give-up") })
        func giveUp(_ period: String) throws -> PublishReport {
            try scene.publish("2026-04-09") {
                $0.period = period
                $0.givesUp = true
            }
        }
        #expect(scene.refusal { _ = try giveUp("2026-03") }.contains("is published"))
        #expect(scene.refusal { _ = try giveUp("2026-04") }.contains("is open"))
        #expect(try giveUp("2026-02").destroyedKeys.map(\.month) == ["2026-02"])
        // As after a kill behind its commit.
        #expect(try giveUp("2026-02").notes.contains { $0.contains("was given up before") })
        #expect(scene.refusal { _ = try giveUp("2026-01") }.contains("nothing was counted"))
        #expect(try scene.publish("2026-04-09").entries.map(\.period) == ["2026-03"])
        #expect(
            scene.refusal { try scene.publish("2026-04-10") { $0.period = "2026-02" } }
                .contains("given up, on request"))
        #expect(try scene.findings("2026-04-10") == [])
    }

    @Test("what is missing of any publication comes back, not of the last one only")
    func restoresAll() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-01-10", 0..<6)
        try scene.add("b", "2026-02-10", 0..<6)
        try scene.trial.run(now: "2026-03-01")
        #expect(try scene.publish("2026-03-08").entries.count == 2)
        let before = try scene.published()
        try scene.trial.remove("out/2026-01/months.csv")
        let report = try scene.publish("2026-03-08")
        #expect(report.entries.map(\.period) == ["2026-01", "2026-02"])
        #expect(report.entries.map(\.outcome) == [.restored, .unchanged])
        #expect(try scene.published() == before)
    }

    @Test("a folder that was taken away whole stays so until somebody asks for it")
    func takenAway() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-01-10", 0..<6)
        try scene.add("b", "2026-02-10", 0..<6)
        try scene.trial.run(now: "2026-03-01")
        try scene.publish("2026-03-08")
        let before = try scene.published()
        for way in ["period", "restore"] {
            try scene.trial.remove("out/2026-01")
            let report = try scene.publish("2026-03-08")
            #expect(report.entries.map(\.period) == ["2026-02"] && report.exitStatus == 0)
            let told = "no file is left of 1 publication of 2026-01, which stays so"
            #expect(report.notes.contains { $0.contains(told) }, "\(report.notes)")
            #expect(report.alarms == [])
            #expect(scene.trial.files(below: "out").allSatisfy { $0.hasPrefix("2026-02") })
            try scene.publish("2026-03-08") {
                if way == "period" { $0.period = "2026-01" } else { $0.restores = true }
            }
            #expect(try scene.published() == before)
        }
    }

    @Test("a quiet command says that no publication has a file left", arguments: [true, false])
    func allTakenAway(withFolder: Bool) throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-01-10", 0..<6)
        try scene.add("b", "2026-02-10", 0..<6)
        try scene.trial.run(now: "2026-03-01")
        try scene.publish("2026-03-08")
        for name in withFolder ? ["out"] : scene.trial.files(below: "out").map({ "out/\($0)" }) {
            try scene.trial.remove(name)
        }
        let report = try scene.publish("2026-03-08")
        #expect(report.alarms.count == 1 && report.exitStatus == 0)
        let alarm = try #require(report.alarms.first)
        #expect(alarm.hasPrefix("no file is left of 2 publications of 2026-01, 2026-02"))
        try scene.publish("2026-03-08") { $0.restores = true }
        #expect(try scene.publish("2026-03-08").alarms == [])
    }

    @Test("each night files are held against their lengths, and read only when somebody asks")
    func readsNothingWhole() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let text = try scene.trial.text("out/2026-03/months.csv")
        try scene.trial.write("out/2026-03/months.csv", String(text.reversed()))
        #expect(try scene.publish("2026-04-09").entries.map(\.outcome) == [.unchanged])
        let finding = try #require(try scene.findings("2026-04-09").first)
        #expect(finding.hasPrefix("changed ") && finding.hasSuffix("out/2026-03/months.csv"))
        let report = try scene.publish("2026-04-09") { $0.restores = true }
        #expect(report.entries.map(\.outcome) == [.restored])
        #expect(try scene.trial.text("out/2026-03/months.csv") == text)
    }

    @Test("a job of every night looks at the newest twelve months")
    func looksAtAYear() throws {
        let scene = try PublishTrial()
        for month in 1...12 {
            let day = "2025-\(month < 10 ? "0" : "")\(month)-10"
            try scene.add("m\(month)", day, 0..<6)
        }
        try scene.add("last", "2026-01-10", 0..<6)
        try scene.trial.run(now: "2026-02-01")
        #expect(try scene.publish("2026-02-08").entries.count == 13)
        for month in ["2025-01", "2025-02"] {
            try scene.trial.remove("out/\(month)/months.csv")
        }
        let report = try scene.publish("2026-02-08")
        #expect(report.entries.map(\.period) == ["2025-02", "2026-01"])
        let finding = try #require(try scene.findings("2026-02-08").first)
        #expect(finding.hasPrefix("missing ") && finding.hasSuffix("out/2025-01/months.csv"))
        try scene.publish("2026-02-08") { $0.restores = true }
        #expect(try scene.findings("2026-02-08") == [])
    }

    @Test func anOptOutBindsWhenItsDayHasCome() throws {
        let scene = try PublishTrial(more: "opt_outs: opt-outs.csv")
        try scene.trial.write(
            "opt-outs.csv", "customer,purposes,effective_date\nC1,statistics,2026-04-02\n")
        try scene.add("a", "2026-03-10", 0..<9)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        #expect(
            try scene.trial.text("out/2026-03/months.csv") == "month,times,users\n2026-03,6,6\n")
    }

    @Test func aPublicationOfAnotherStateIsNotWrittenOver() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.write("out/2026-03/publication.json", "{}\n")
        try scene.trial.run(now: "2026-04-01")
        let refused = scene.refusal { try scene.publish("2026-04-08") }
        #expect(refused.contains("knows nothing of"))
        #expect(scene.trial.files(below: "out") == ["2026-03/publication.json"])
    }

    @Test func smallFiguresAreWithheldAndTheShareIsTold() throws {
        let scene = try PublishTrial(publish: ", other: none")
        try scene.add("a", "2026-03-10", 0..<8)
        try scene.add("b", "2026-03-11", 0..<2, action: "export")
        try scene.trial.run(now: "2026-04-01")
        let entry = try #require(try scene.publish("2026-04-08").entries.first)
        #expect(
            try scene.trial.text("out/2026-03/actions.csv")
                .contains("2026-03,export,<3,<3\n"))
        let table = try #require(entry.tables.last)
        #expect(table.figures == 4 && table.withheld >= 2)
        #expect(table.proposal == "leave out `action`")
        let about = try scene.trial.text("out/2026-03/publication.json")
        #expect(about.contains(#""withheld":"#) && about.contains(#""through":"2026-03-31""#))
    }

    @Test func statisticsThatChangedAreNotMixedIntoAMonth() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        let changed = PublishTrial.pipeline().replacingOccurrences(
            of: "times: count", with: "often: count")
        try scene.trial.write("pipeline.yaml", changed)
        try scene.add("b", "2026-03-11", 0..<6)
        try scene.trial.run(now: "2026-04-02")
        let report = try scene.publish("2026-04-08")
        #expect(report.entries.isEmpty && report.exitStatus == 10)
        #expect(
            report.alarms.contains {
                $0.contains("before the statistics of the pipeline were changed")
            })
    }

    @Test func pipelinesThatCannotPublishSaySo() throws {
        let faults = [
            ("state: state", "", "expected `state`"),
            ("{ name: ", "{ path: \"{name}.csv\", name: ", "nothing would be published"),
        ]
        for (text, other, message) in faults {
            let broken = PublishTrial.pipeline().replacingOccurrences(of: text, with: other)
            let trial = try TemporaryPipeline(broken)
            let found = try Sluice.check(pipeline: "\(trial.folder)/pipeline.yaml")
            #expect(found.contains { $0.message.contains(message) }, "\(message)")
        }
        let scene = try PublishTrial()
        #expect(throws: PipelineFailure.self) { try scene.publish("2026-04-08") }
    }
}
