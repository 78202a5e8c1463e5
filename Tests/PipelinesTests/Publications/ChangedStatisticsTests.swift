import Foundation
import TestSupport
import Testing

@testable import Pipelines

/// A month that was counted, all or in part, before the statistics were changed.
struct ChangedStatisticsTests {
    private func scene(_ records: Bool = true) throws -> PublishTrial {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        let changed = PublishTrial.pipeline().replacingOccurrences(
            of: "times: count", with: "often: count")
        try scene.trial.write("pipeline.yaml", changed)
        if records { try scene.add("b", "2026-03-11", 0..<6) }
        try scene.trial.run(now: "2026-04-02")
        return scene
    }

    @Test("it is refused, waits with its key, and is given up", arguments: [true, false])
    func givenUp(_ isMixed: Bool) throws {
        let scene = try scene(isMixed)
        if isMixed {
            let refused = try scene.publish("2026-04-08")
            #expect(refused.exitStatus == 10)
            #expect(
                refused.alarms.contains {
                    $0.contains("before the statistics of the pipeline were changed")
                })
        }
        let named = scene.refusal { try scene.publish("2026-05-07") { $0.period = "2026-03" } }
        #expect(named.contains("before the statistics of the pipeline were changed"))
        #expect(scene.trial.files(below: "keys").contains { $0.hasPrefix("2026-03") })
        #expect(scene.trial.files(below: "state/partials") != [])

        // A week to close it, a month to correct it: then it is given up, and the key with it.
        let report = try scene.publish("2026-05-08")
        #expect(report.notes.contains { $0.contains("its aggregates are given up") })
        #expect(report.entries.isEmpty)
        #expect(report.destroyedKeys.map(\.month) == ["2026-03"])
        #expect(scene.trial.files(below: "state/partials") == [])
        #expect(scene.trial.files(below: "out") == [])
        #expect(try scene.findings("2026-05-08") == [])
        #expect(try scene.publish("2026-05-09").notes == [])
    }

    @Test("files that stay or are gone when it is given up stop nothing", arguments: [true, false])
    func killed(_ stays: Bool) throws {
        let scene = try scene(false)
        let name = try #require(scene.trial.files(below: "state/partials").first)
        let place = "state/partials/\(name)"
        let path = URL(fileURLWithPath: "\(scene.trial.folder)/\(place)")
        let bytes = try Data(contentsOf: path)
        // A folder is no file that could be removed: the command ends there, as if it were killed.
        try scene.trial.remove(place)
        try scene.trial.write("\(place)/x", "")
        #expect(scene.refusal { try scene.publish("2026-05-08") }.contains("cannot remove"))
        try scene.trial.remove(place)
        if stays { try bytes.write(to: path) }
        try scene.trial.write("state/partials/other.partial", "")
        try scene.trial.run(now: "2026-05-08")
        // Of what the ledger does not know nobody can say that it may go.
        #expect(scene.trial.files(below: "state/partials") == ["other.partial"])
        #expect(try scene.publish("2026-05-09").alarms == [])
    }

    @Test("what decides no count changes no statistics: the month is published")
    func sameCounts() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        let text = PublishTrial.pipeline()
        let changed =
            text.replacingOccurrences(of: "fields: { ", with: "fields: { unread: redact, ")
            .replacingOccurrences(of: "source: { ", with: "source: { limits: { record: 1MiB }, ")
        #expect(changed.contains("unread") && changed.contains("limits"))
        try scene.trial.write("pipeline.yaml", changed)
        let report = try scene.publish("2026-04-10")
        #expect(report.alarms == [] && report.entries.map(\.outcome) == [.published])
    }

    @Test("a quiet run and a quiet publication say that a month waits, and that it was given up")
    func alarms() throws {
        let scene = try scene(false)
        #expect(try scene.trial.run(now: "2026-04-03").alarms.contains { $0.contains("2026-03") })
        #expect(try scene.publish("2026-04-10").alarms.contains { $0.contains("given up on") })
        #expect(try scene.publish("2026-05-08").alarms.contains { $0.contains("are given up") })
        #expect(try scene.trial.run(now: "2026-05-09").alarms == [])
    }

    @Test("a month that is refused keeps nobody from hearing of another that is given up")
    func givenUpBesideARefusal() throws {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.add("b", "2026-04-01", 0..<6)
        try scene.trial.run(now: "2026-04-02")
        let changed = PublishTrial.pipeline().replacingOccurrences(
            of: "times: count", with: "often: count")
        try scene.trial.write("pipeline.yaml", changed)
        try scene.add("c", "2026-04-10", 0..<6)
        try scene.trial.run(now: "2026-04-11")
        let report = try scene.publish("2026-05-08")
        #expect(report.exitStatus == 10 && report.failures.map(\.period) == ["2026-04"])
        #expect(report.alarms.contains { $0.contains("2026-03") && $0.contains("are given up") })
        #expect(
            report.alarms.contains {
                $0.contains("before the statistics of the pipeline were changed")
            })
    }

    @Test func itIsPublishedWithTheStatisticsAsTheyWere() throws {
        let scene = try scene(false)
        let report = try scene.publish("2026-04-10")
        #expect(report.entries.isEmpty)
        #expect(report.notes.contains { $0.contains("given up on 2026-05-08T00:00:00Z") })
        try scene.trial.write("pipeline.yaml", PublishTrial.pipeline())
        #expect(try scene.publish("2026-04-10").entries.map(\.outcome) == [.published])
    }

    enum Ending: CaseIterable { case erasure, optOut, list, erasureOfAnotherField }

    @Test("rows of somebody who is taken out are never published by changing them back",
        arguments: Ending.allCases)
    func takenOut(_ ending: Ending) throws {
        let scene = try scene(false)
        let limits: [String]
        switch ending {
        case .erasure: limits = try erase(scene, "p1@a.example")
        case .optOut: limits = try optOut(scene, "C1")
        case .list:
            try scene.trial.write("out.csv", "customer,purpose,effective_date\nC1,*,2026-04-01\n")
            let file = try scene.trial.text("pipeline.yaml") + "\nopt_outs: out.csv\n"
            try scene.trial.write("pipeline.yaml", file)
            limits = try scene.trial.run(now: "2026-04-03").notes
        case .erasureOfAnotherField:
            let file = PublishTrial.pipeline()
                .replacingOccurrences(of: "user: user", with: "user: person")
                .replacingOccurrences(of: "user: pseudonymize", with: "person: pseudonymize")
                .replacingOccurrences(of: "distinct: user", with: "distinct: person")
            try scene.trial.write("pipeline.yaml", file)
            limits = try erase(scene, "p1@a.example")
        }
        #expect(limits.contains { $0.contains("are given up as a whole") }, "\(limits)")
        #expect(scene.trial.files(below: "state/partials") == [])
        try scene.trial.write("pipeline.yaml", PublishTrial.pipeline())
        let refused = scene.refusal { try scene.publish("2026-04-10") { $0.period = "2026-03" } }
        #expect(refused.contains("aggregates of 2026-03 were given up"))
        #expect(scene.trial.files(below: "out") == [])
        // What is counted of the month from now on would be told as if it were all.
        try scene.add("c", "2026-03-12", 2..<6)
        try scene.trial.run(now: "2026-04-09")
        let report = try scene.publish("2026-04-10")
        #expect(report.entries.isEmpty)
        let waits = "2026-03 is not published: aggregates of it were given up, on request or for"
        #expect(report.notes.contains { $0.contains(waits) })
        let end = try scene.publish("2026-05-08")
        #expect(end.notes.contains { $0.contains("the others are given up") })
        #expect(scene.trial.files(below: "state/partials") == [])
        #expect(scene.trial.files(below: "out") == [])
        #expect(try scene.findings("2026-05-08") == [])
    }

    @Test func takingOutNobodyKeepsThemForPublication() throws {
        let scene = try scene(false)
        #expect(try erase(scene, "p9@a.example").allSatisfy { !$0.contains("given up") })
        #expect(try optOut(scene, "C9").allSatisfy { !$0.contains("given up") })
        try scene.trial.write("pipeline.yaml", PublishTrial.pipeline())
        #expect(try scene.publish("2026-04-10").entries.map(\.outcome) == [.published])
    }

    @Test("a table has no figures of other statistics, with nothing new counted either")
    func tables() throws {
        let pipeline = SubjectScene.pipeline
        let lines = SubjectScene.line("04-10", "anna") + SubjectScene.line("04-10", "bert")
        let scene = try TemporaryPipeline(pipeline, files: ["in/a": lines])
        try scene.run(now: "2026-04-15")
        #expect(try scene.text("out/months.csv").contains("2026-04,2,2"))
        let changed = pipeline.replacingOccurrences(of: "times: count", with: "often: count")
        try scene.write("pipeline.yaml", changed)
        let report = try scene.run(now: "2026-04-16")
        #expect(report.notes.contains { $0.contains("figures are not in these tables") })
        #expect(try scene.text("out/months.csv") == "month,often,users\n")
        // With the statistics as they were the figures are there again, those of nobody erased.
        try scene.write("pipeline.yaml", pipeline)
        try scene.run(now: "2026-04-16")
        #expect(try scene.text("out/months.csv").contains("2026-04,2,2"))
        try scene.write("pipeline.yaml", changed)
        let request = scene.request(.user, "anna", now: "2026-04-17")
        _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: request))
        #expect(try scene.text("out/months.csv") == "month,often,users\n")
        try scene.write("pipeline.yaml", pipeline)
        try scene.run(now: "2026-04-17")
        #expect(try scene.text("out/months.csv") == "month,times,users\n")
        #expect(try scene.verify(now: "2026-04-17").findings.isEmpty)
    }

    /// A table with columns about parts, and what decides where figures of it go.
    private static func parts(
        _ publish: Bool = true, of table: String = "", more: String = ""
    ) -> String {
        let text = PublishTrial.pipeline(other: more).replacingOccurrences(
            of: "name: months, purpose: statistics, by: [month],\n      measures: { times: count",
            with: "name: months, purpose: statistics, by: [month],\(table)\n      "
                + "measures: { times: count, logins: { count: { action: login } }, "
                + "both: { count: { action: [login, logout] } }")
        return publish
            ? text
            : text.split(separator: "\n").filter { !$0.hasPrefix("publish:") }
                .joined(separator: "\n")
    }

    private static let noise =
        " suppression: { customers: 1 }, noise: { rho: 1, rows: 2, delta: 0.01, "
        + "bounds: { times: 3, logins: 3, both: 3 } },"

    @Test("where figures go decides nothing about what is counted beside them",
        arguments: [
            parts(false), parts(of: " path: out/months.csv,"),
            parts(more: ", path: out/actions.csv"),
            parts(of: noise).replacingOccurrences(
                of: "publish: {", with: "publish: { budget: { rho: 1, delta: 0.01 },"),
        ])
    func figuresGoElsewhere(_ other: String) throws {
        let plain = Self.parts()
        let plan = { (text: String) in
            let trial = try TemporaryPipeline(text)
            return try Sluice.loadPlan("\(trial.folder)/pipeline.yaml", now: "2026-04-01")
        }
        let (one, two) = (try plan(plain), try plan(other))
        #expect(!one.partsText.isEmpty)
        #expect(one.partsText == two.partsText)
        #expect(one.statisticsDigest == two.statisticsDigest)
        // What a state counted under the one is read under the other.
        for (first, second) in [(plain, other), (other, plain)] {
            let scene = PublishTrial(trial: try TemporaryPipeline(first))
            try scene.add("a", "2026-03-10", 0..<6)
            try scene.add("b", "2026-03-10", 0..<6, action: "logout")
            try scene.trial.run(now: "2026-04-01")
            try scene.trial.write("pipeline.yaml", second)
            try scene.trial.run(now: "2026-04-02")
            _ = try optOut(scene, "C1")
            #expect(try scene.findings("2026-04-03") == [])
            if second == plain {
                #expect(try scene.publish("2026-04-10").entries.map(\.outcome) == [.published])
            }
        }
    }

    @Test("tables that are counted beside others belong to the statistics")
    func partsAreOfTheStatistics() throws {
        let trial = try TemporaryPipeline(Self.parts())
        let path = "\(trial.folder)/pipeline.yaml"
        let plan = try Sluice.loadPlan(path, now: "2026-04-01")
        #expect(plan.partsText == "months.part1: month, 0 action: count, distinct 0\n")
        // Where nothing can be published, nothing is counted for that, and the digest tells.
        let files = Self.parts(false, of: " path: out/months.csv,", more: ", path: out/actions.csv")
        try trial.write("pipeline.yaml", files)
        let other = try Sluice.loadPlan(path, now: "2026-04-01")
        #expect(other.partsText == "")
        #expect(other.statisticsDigest != plan.statisticsDigest)
    }

    private func erase(_ scene: PublishTrial, _ user: String) throws -> [String] {
        let request = scene.trial.request(.user, user, now: "2026-04-03")
        return try Sluice.eraseSubject(SubjectEraseRequest(subject: request)).limits
    }

    private func optOut(_ scene: PublishTrial, _ customer: String) throws -> [String] {
        var request = OptOutRequest(
            pipeline: "\(scene.trial.folder)/pipeline.yaml",
            subject: OptOutSubject(customer: customer, user: nil))
        request.now = "2026-04-03"
        return try Sluice.addOptOut(request).effect.notes
    }
}
