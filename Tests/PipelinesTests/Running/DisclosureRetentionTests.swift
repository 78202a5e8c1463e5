import Records
import Testing

@testable import Pipelines

@Suite struct DisclosureRetentionTests {
    private let pipeline = """
        name: partners
        source: { format: jsonl, files: "in.jsonl", time: ts }
        identity: { user: user, partner: partner }
        fields: { ts: keep, user: drop, partner: drop, action: keep }
        disclosures:
          - name: log-ins
            to: partner
            by: [month, partner, user]
            measures: { logins: { count: { action: login } } }
            path: "out/{partner}/{month}.csv"
            retention: P2M
        """

    private let input = """
        {"ts":"2026-03-20T10:00:00Z","user":"emma","partner":"P-01","action":"login"}

        """

    @Test func aReportGoesOnceItsRetentionHasPassed() throws {
        let folder = try TemporaryPipeline(pipeline, files: ["in.jsonl": input])
        _ = try folder.run(now: "2026-04-15")
        #expect(folder.files(below: "out") == ["P-01/2026-03.csv", "P-01/terms.json"])
        #expect(try folder.text("out/P-01/2026-03.csv").contains("emma,1"))
        try folder.write("in.jsonl", "")
        _ = try folder.run(now: "2026-05-31")
        #expect(folder.files(below: "out") == ["P-01/2026-03.csv", "P-01/terms.json"])
        let report = try folder.run(now: "2026-06-01", isDryRun: true)
        #expect(report.agedParts == 1)
        #expect(folder.files(below: "out") == ["P-01/2026-03.csv", "P-01/terms.json"])
        _ = try folder.run(now: "2026-06-01")
        #expect(folder.files(below: "out").isEmpty)
    }

    @Test(
        arguments: [
            ("out/{partner}/{month}.csv", "out/P-01/2026-03.csv"),
            ("out/{month}-{partner}.csv", "out/2026-03-P-01.csv"),
            ("out/{partner}-{month}.csv", "out/2020-01-2026-03.csv"),
            ("out/{month}_{partner}.csv", "out/2026-03_2020-01.csv"),
            ("out/{month}/{partner}.csv", "out/2026-03/2020-01.csv"),
            ("./out/{month}{partner}.csv", "out/2026-03x.2020-01.csv"),
            ("out/2020-01/{partner}.{month}", "out/2020-01/a.b.2026-03"),
        ])
    func theMonthIsReadWhereThePathHasIt(_ path: String, _ file: String) throws {
        let template = try #require(PathTemplate(path))
        #expect(DisclosureRetention.month(in: file, template)?.text == "2026-03")
        #expect(DisclosureRetention.month(in: file + "x", template) == nil)
    }

    /// Taken for empty, a folder would keep what has to go.
    @Test func aFolderThatCannotBeListedIsAFault() throws {
        let folder = try TemporaryPipeline(pipeline, files: ["in.jsonl": input])
        _ = try folder.run(now: "2026-04-15")
        try folder.close("out")
        let plan = try Sluice.loadPlan("\(folder.folder)/pipeline.yaml", now: "2026-06-01")
            .anchored(at: folder.folder)
        let failure = #expect(throws: PipelineFailure.self) {
            try DisclosureRetention(plan: plan).apply(isDryRun: true)
        }
        #expect(failure?.exitStatus == ExitStatus.storage)
    }

    @Test func aMonthThatIsNoLongerReadableAsAWholeIsRefused() throws {
        let early = """
            {"ts":"2026-03-02T10:00:00Z","user":"noor","partner":"P-01","action":"login"}
            """
        let folder = try TemporaryPipeline(pipeline, files: ["in.jsonl": early + "\n" + input])
        let report = try folder.run(now: "2026-04-15")
        #expect(folder.files(below: "out").isEmpty)
        #expect(report.notes.contains { $0.contains("2026-03") })
    }

    /// The path of a report names a partner; a message and a report must not.
    @Test func noMessageNamesWhomAFileIsFor() throws {
        let folder = try TemporaryPipeline(pipeline, files: ["in.jsonl": input])
        let report = try folder.run(now: "2026-04-15")
        let template = "\(folder.folder)/out/{partner}/{month}.csv"
        #expect(report.files.map(\.path) == [template])
        #expect(report.files.map(\.count) == [1])
        try folder.remove("out/P-01/2026-03.csv")
        try folder.write("out/P-01/2026-03.csv/in-the-way", "")
        do {
            _ = try folder.run(now: "2026-04-15")
            Issue.record("a directory was replaced")
        } catch {
            let message = "\(error)"
            #expect(message.contains(template), "\(message)")
            #expect(!message.contains("P-01"), "\(message)")
        }
        try folder.remove("out/P-01")
        try folder.write("out/P-01", "")
        do {
            _ = try folder.run(now: "2026-04-15")
            Issue.record("a file was taken for a folder")
        } catch {
            let message = "\(error)"
            #expect(message.contains(template), "\(message)")
            #expect(!message.contains("P-01"), "\(message)")
        }
    }
}
