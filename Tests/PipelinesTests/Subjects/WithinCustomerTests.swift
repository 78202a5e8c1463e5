import Foundation
import Ledger
import Pipelines
import Records
import Testing

/// `subject erase --within-customer`: what does not say of which customer goes too, and is told
/// apart.
@Suite("Erasing a person's records of one customer")
struct WithinCustomerTests {
    private typealias Scene = SubjectScene

    private static let unsaid = #""customer":"NL-1","#

    /// A record of anna that says no customer, and one of each of two; on `days`.
    private func scene(_ days: [String]) throws -> TemporaryPipeline {
        let unsaid = Scene.line(days[0], "anna").replacing(Self.unsaid, with: "")
        let source = unsaid + Scene.line(days[1], "anna")
            + Scene.line(days[2], "anna", customer: "NL-2") + Scene.line(days[2], "bert")
        let scene = try TemporaryPipeline(Scene.pipeline, files: ["in/a.jsonl": source])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    private func erase(
        _ scene: TemporaryPipeline, dry: Bool = false
    ) throws -> SubjectChangeReport {
        var subject = scene.request(.user, "anna")
        subject.withinCustomer = "NL-1"
        var request = SubjectEraseRequest(subject: subject)
        request.isDryRun = dry
        return try Sluice.eraseSubject(request)
    }

    private func findings(_ scene: TemporaryPipeline, _ now: String) throws -> [String] {
        var request = VerifyRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = now
        return try Sluice.verify(request).findings.map { "\($0.kind.rawValue) \($0.place)" }
    }

    @Test(
        "whatever lies beside them, readable and under tokens",
        arguments: [
            ["04-10", "04-10", "04-10"], ["04-08", "04-09", "04-10"], ["04-08", "04-10", "04-10"],
            ["02-10", "02-10", "02-10"], ["02-08", "02-09", "02-10"],
        ])
    func layouts(_ days: [String]) throws {
        let scene = try scene(days)
        for dry in [true, false] {
            let report = try erase(scene, dry: dry)
            #expect(report.records == 4 && report.undecided == 2)
            #expect(report.partialRows == 2 && report.undecidedRows == 1)
        }
        let left = try scene.export(scene.request(.user, "anna"))
        #expect(left.places.filter { $0.kind == "output" }.map(\.records) == [1, 1])
        #expect(left.partialRows.map(\.rows) == [1])
        #expect(try findings(scene, "2026-04-15") == [])
        let again = try erase(scene)
        #expect(again.records == 0 && again.partialRows == 0)
        // A late record of the same kind goes like those that were there.
        let late = Scene.line("04-12", "anna").replacing(Self.unsaid, with: "")
        try scene.write("in/late.jsonl", late + Scene.line("04-12", "cleo"))
        _ = try scene.run(now: "2026-04-16")
        #expect(try erase(scene).records == 0)
        #expect(try findings(scene, "2026-04-16") == [])
    }

    @Test("a hold that may bind what only a token tells keeps it")
    func held() throws {
        let scene = try scene(["02-08", "02-09", "02-10"])
        let now = EventTime(milliseconds: 1_776_211_200_000)
        try atLedger(of: scene) { ledger in
            _ = try ledger.raise(
                NewHold(
                    name: "case-7", ground: .law(citation: "Art. 1"), reason: "claim",
                    raisedBy: "legal", start: now, end: nil,
                    subjects: [HoldSubject(.everybody, from: EventTime(milliseconds: 0))]),
                time: now)
        }
        let report = try erase(scene)
        #expect(report.records == 0 && report.undecided == 0 && report.blockedBy == "case-7")
        #expect(report.held == 6)
        try atLedger(of: scene) { try $0.release(hold: "case-7", by: "legal", time: now) }
        _ = try scene.run(now: "2026-04-16")
        #expect(try scene.export(scene.request(.user, "anna")).partialRows.map(\.rows) == [1])
    }

    private func atLedger(
        of scene: TemporaryPipeline, _ work: (Ledger) throws -> Void
    ) throws {
        try work(Ledger.open(stateDirectory: "\(scene.folder)/state"))
    }

    @Test("without state too")
    func stateless() throws {
        let scene = try TemporaryPipeline(
            Scene.pipeline.replacing("state: state\n", with: "")
                .replacing(", keep_lines: true", with: "")
                .replacing("{date}", with: "all").replacing("{month}", with: "all"),
            files: [
                "in/a.jsonl": Scene.line("04-10", "anna").replacing(Self.unsaid, with: "")
                    + Scene.line("04-10", "anna") + Scene.line("04-10", "anna", customer: "NL-2")
            ])
        _ = try scene.run(now: "2026-04-15")
        let report = try erase(scene)
        #expect(report.records == 4 && report.undecided == 2)
        #expect(try scene.text("out/all.jsonl").split(separator: "\n").count == 1)
    }

    @Test("a correction says which records it passes over because they say no customer")
    func correction() throws {
        let scene = try scene(["04-10", "04-10", "04-10"])
        var subject = scene.request(.user, "anna")
        subject.withinCustomer = "NL-1"
        var request = SubjectRectifyRequest(subject: subject, field: "action", text: "logout")
        for dry in [true, false] {
            request.isDryRun = dry
            let report = try Sluice.rectifySubject(request)
            #expect(report.records == 1 && report.passedOver == 1)
        }
        request.subject.withinCustomer = nil
        let all = try Sluice.rectifySubject(request)
        #expect(all.records == 3 && all.passedOver == 0)
    }

    @Test("where an output keeps no customer apart, its records may be of the one")
    func copies() throws {
        let day = "02-10"
        let mail = "desk@one.example"
        let source = Scene.line(day, "anna", customer: mail)
            + Scene.line(day, "anna", customer: "two@two.example")
            + Scene.line("04-10", "anna", customer: "three@three.example")
            + Scene.line(day, "bert", customer: mail)
        let scene = try TemporaryPipeline(
            Scene.pipeline.replacing(
                "customer: pseudonymize", with: "customer: { replace: SOMEBODY }"),
            files: ["in/a.jsonl": source])
        _ = try scene.run(now: "2026-04-15")
        var subject = scene.request(.user, "anna")
        subject.withinCustomer = mail
        let copy = try scene.export(subject)
        #expect(copy.places.first { $0.name == "records" }?.undecided == 2)
        let report = try Sluice.eraseSubject(SubjectEraseRequest(subject: subject))
        // Of `lines` the record of April, too: nothing is readable there at any age.
        #expect(report.records == 5 && report.undecided == 5)
        let left = try scene.files(below: "out").filter { $0.hasSuffix(".jsonl") }
            .map { try scene.text("out/\($0)") }.joined()
        #expect(left.contains("three@three.example"))
    }
}
