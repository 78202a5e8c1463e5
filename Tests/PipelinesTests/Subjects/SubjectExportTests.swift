import Compression
import Foundation
import FileSystem
import Records
import TestSupport
import Testing

@testable import Pipelines

/// `subject export`: everything of the subject and nothing of anybody else.
@Suite("The copy of a person")
struct SubjectExportTests {
    private typealias Scene = SubjectScene

    private func scene(_ source: String) throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(Scene.pipeline, files: ["in/a.jsonl": source])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    @Test("readable and tokenised records of one user are found, others are not")
    func both() throws {
        let scene = try scene(
            Scene.line("04-10", "anna") + Scene.line("02-10", "anna", ip: "2001:db8::1")
                + Scene.line("04-10", "bert") + Scene.line("02-10", "bert")
                + Scene.line("04-11", "annabel"))
        let report = try scene.export(scene.request(.user, " anna "))
        // Two in the source, two in the first output, two in the second (both as tokens).
        #expect(report.records == 6)
        #expect(try scene.records("source").count == 2)
        let outputs = try scene.records("output")
        #expect(outputs.count == 4)
        #expect(outputs.filter { $0["user"] as? String == "anna" }.count == 1)
        let text = try scene.text("copy/subject.json")
        #expect(!text.contains("bert") && !text.contains("annabel"))
        #expect(try scene.permissions("copy/subject.json") == 0o600)
        #expect(try scene.permissions("copy") == 0o700)
    }

    @Test("what a killed copy left is removed by the next; anybody else's files are refused")
    func leftovers() throws {
        let scene = try scene(Scene.line("04-10", "anna"))
        let run = "0123456789abcdef"
        let mark = WriterMark.of("state", "\(scene.folder)/state")
        let directory = try Directory.open(scene.folder)
        let file = try DurableFile.begin(in: directory, named: "x", mark: mark)
        let digits = file.temporaryName.split(separator: "-")[1]
        file.abandon()
        try scene.write("copy/.subject.json.sluice-\(digits)-\(run)-0.tmp", "bert")
        _ = try scene.export(scene.request(.user, "anna"))
        #expect(scene.files(below: "copy") == ["subject.json"])
        try scene.write("other/.subject.json.sluice-fedcba9876543210-\(run)-0.tmp", "bert")
        #expect(throws: PipelineFailure.self) {
            try scene.export(scene.request(.user, "anna"), to: "other")
        }
        try scene.write("state/tables/.kept.x.rows.sluice-\(digits)-\(run)-0.tmp", "bert")
        _ = try scene.run(now: "2026-04-16")
        #expect(scene.files(below: "state/tables").isEmpty)
    }

    @Test("the copy says purposes, recipients, retention and what was not searched")
    func about() throws {
        let scene = try scene(Scene.line("04-10", "anna"))
        var request = scene.request(.user, "anna")
        request.role = .processor
        request.consent = "DPA-7"
        _ = try scene.export(request)
        let document = try scene.document()
        let answered = document["answered"] as? [String: Any]
        #expect(answered?["role"] as? String == "processor")
        #expect(answered?["consent_of_the_customer"] as? String == "DPA-7")
        #expect(answered?["identity_check"] as? String == "T-1042")
        let places = document["places"] as? [[String: Any]] ?? []
        let lines = places.first { $0["name"] as? String == "lines" }
        #expect(lines?["purposes"] as? [String] == ["statistics"])
        #expect(lines?["recipients"] as? [String] == ["processor"])
        let limits = document["not_searched_or_attributed"] as? [String] ?? []
        #expect(limits.contains { $0.contains("free text") })
        #expect(limits.contains { $0.contains("statistics") })
    }

    @Test("every spelling of an address is the address, and lists are taken apart")
    func addresses() throws {
        let scene = try scene(
            Scene.line("04-10", "a", ip: "2001:db8::1")
                + Scene.line("04-10", "b", ip: "2001:0DB8:0:0::0001")
                + Scene.line("04-10", "c", ip: "192.0.2.7, 2001:db8::1")
                + Scene.line("04-10", "d", ip: "2001:db8::11")
                + Scene.line("02-10", "e", ip: "2001:db8:0::1"))
        let report = try scene.export(scene.request(.address, "2001:DB8::1"))
        #expect(report.places.first { $0.kind == "source" }?.records == 4)
        #expect(try scene.records("output").count == 8)
        #expect(!(try scene.text("copy/subject.json")).contains("db8::11"))
    }

    @Test("a request within one customer leaves out the same name elsewhere")
    func within() throws {
        let scene = try scene(
            Scene.line("04-10", "anna", customer: "NL-1")
                + Scene.line("02-10", "anna", customer: "NL-1")
                + Scene.line("04-10", "anna", customer: "NL-2")
                + Scene.line("02-10", "anna", customer: "NL-2"))
        var request = scene.request(.user, "anna")
        request.withinCustomer = "NL-1"
        #expect(try scene.export(request).records == 6)
        #expect(!(try scene.text("copy/subject.json")).contains("NL-2"))
    }

    private static let lists = """
        delete:
          - start: { table: accounts, column: closed, by: user }
            length: P0D
            unless: { table: trials, column: started_ms, by: user }
          - { start: { table: firms, column: left, by: customer }, length: P30D }
        tables:
          - { name: accounts, file: accounts.csv, key: login }
          - { name: trials, sqlite: crm.sqlite, table: runs, key: pipeline, time: epoch-ms }
          - { name: firms, file: firms.csv, key: number }
        opt_outs: opt-outs.csv

        """

    @Test("rows of reference tables and of the list of opt-outs name the subject, too")
    func lists() throws {
        let crm = try scene(Scene.line("04-10", "anna"))
        // The database is any with a row of that name: the ledger of another pipeline has one.
        let scene = try TemporaryPipeline(
            Scene.pipeline + Self.lists,
            files: [
                "in/a.jsonl": Scene.line("04-10", "kept"),
                "accounts.csv": "login,closed,desk\n\" kept \",,\"a, b\"\nanna,2026-01-01,c\n",
                "firms.csv": "number,left\nNL-1,\n",
                "opt-outs.csv": "customer,person,purpose,effective_date\n"
                    + ",kept,marketing,2026-01-01\n"
                    + "NL-1,,marketing,2026-01-01\n",
            ])
        try FileManager.default.copyItem(
            atPath: "\(crm.folder)/state/ledger.sqlite", toPath: "\(scene.folder)/crm.sqlite")
        _ = try scene.run(now: "2026-04-15")
        _ = try scene.export(scene.request(.user, "kept"))
        let rows = try scene.records("table")
        #expect(rows.map { $0["desk"] as? String } == ["a, b", nil])
        #expect(rows.last?["pipeline"] as? String == "kept")
        #expect(try scene.records("opt-outs").map { $0["purpose"] as? String } == ["marketing"])
        #expect(!(try scene.text("copy/subject.json")).contains("anna"))
        let report = try scene.export(scene.request(.customer, "NL-1"), to: "firm", format: .csv)
        #expect(report.places.filter { $0.kind == "table" }.map(\.name) == ["firms"])
        #expect(report.places.last?.kind == "opt-outs" && report.places.last?.records == 1)
        let erased = try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, "kept")))
        #expect(erased.inputs.map(\.records) == [1, 1, 1])
        #expect(erased.limits.contains { $0.contains("table accounts") })
    }

    @Test("kept quarantine lines are told by field, or by mention when they cannot be read")
    func quarantine() throws {
        let bad = #"{"ts":"2026-99-10","customer":"NL-1","user":"anna","x":1}"# + "\n"
        let other = #"{"ts":"2026-99-10","customer":"NL-1","user":"bert","x":"anna"}"# + "\n"
        let scene = try scene(
            Scene.line("04-10", "bert") + bad + other + "broken anna here\nbroken annabel\n")
        let report = try scene.export(scene.request(.user, "anna"))
        #expect(report.places.first { $0.kind == "quarantine" }?.records == 2)
        let text = try scene.text("copy/subject.json")
        #expect(text.contains("broken anna here") && !text.contains("broken annabel"))
        #expect(!text.contains("bert"))
    }

    @Test("disclosures that cannot be listed are not left out in silence")
    func closedDisclosures() throws {
        let scene = try partners()
        _ = try scene.run(now: "2026-04-15")
        try scene.close("out")
        let failure = #expect(throws: PipelineFailure.self) {
            try scene.export(scene.request(.user, "@anna"))
        }
        #expect(failure?.exitStatus == ExitStatus.storage)
    }

    @Test("quarantine lists that cannot be listed are not left out in silence")
    func closedQuarantine() throws {
        let scene = try scene(Scene.line("04-10", "anna") + "broken anna here\n")
        let request = scene.request(.user, "anna")
        let session = try SubjectSession(request, SoughtSubject(request), creating: false)
        let source = try #require(session.places().places.first { $0.kind == .source })
        func files() throws -> [String] {
            try QuarantineSearch(session.plan, source: source, session.subject).files
        }
        #expect(try files().count == 1)
        try scene.close("state/quarantine")
        let failure = #expect(throws: PipelineFailure.self) { try files() }
        #expect(failure?.exitStatus == ExitStatus.storage)
    }

    @Test("CSV: a table for each place, an index and what is no record")
    func tables() throws {
        let scene = try scene(Scene.line("04-10", "anna", note: #"a,\"b\""#))
        let report = try scene.export(scene.request(.user, "anna"), format: .csv)
        #expect(
            scene.files(below: "copy") == [
                "01-source-kept.csv", "02-output-records.csv", "03-output-lines.csv",
                "about.json", "index.csv",
            ])
        #expect(report.files.count == 5)
        let table = try scene.text("copy/01-source-kept.csv").split(separator: "\n")
        #expect(table[0].hasPrefix("file,record,told_by,ts,"))
        #expect(table[1].contains(#","a,""b""","#))
        #expect(try scene.text("copy/index.csv").contains("output,lines,statistics,processor"))
    }

    @Test("what a request must say is asked for, and no fault shows the value")
    func faults() throws {
        let scene = try scene(Scene.line("04-10", "anna"))
        let good = scene.request(.user, "anna")
        var bad: [SubjectRequest] = []
        for change in 0..<8 {
            var request = good
            switch change {
            case 0: request.role = nil
            case 1: request.identityCheck = nil
            case 2: request.requestedBy = ""
            case 3: request.role = .processor
            case 4: request.identityCheck = "about anna"
            case 5: request.value = "  "
            case 6: request.kind = .address
            default: request.kind = .customer; request.withinCustomer = "NL-1"
            }
            bad.append(request)
        }
        for request in bad {
            let fault = #expect(throws: PipelineFailure.self) { try scene.export(request) }
            #expect(fault?.exitStatus == ExitStatus.usage)
            #expect(fault.map { "\($0)".contains("anna") } == false)
        }
        #expect(!scene.files(below: ".").contains { $0.hasPrefix("copy") })
        _ = try scene.export(good)
        // A second copy never joins the first.
        #expect(throws: PipelineFailure.self) { try scene.export(good) }
    }

    /// A disclosure, of a pipeline without state that has not run.
    private func partners() throws -> TemporaryPipeline {
        try TemporaryPipeline(
            """
            name: partners
            source: { format: csv, files: "in/*", time: ts }
            identity: { customer: customer, user: user, partner: partner }
            fields: { ts: keep, user: drop, customer: drop, partner: drop }
            disclosures:
              - name: report
                to: partner
                by: [month, partner, user]
                measures: { logins: count }
                path: "out/{partner}/{month}.csv"

            """,
            files: [
                "in/a.csv": "ts,customer,user,partner,ip\n"
                    + "2026-04-10T10:00:00Z,NL-1,@anna,P-1,192.0.2.1\n"
                    + "2026-04-10T10:00:00Z,NL-1,bert,P-1,192.0.2.1\n"
            ])
    }

    @Test("without state: sources, outputs and disclosures that lie there")
    func stateless() throws {
        let scene = try partners()
        _ = try scene.run(now: "2026-04-15")
        let report = try scene.export(scene.request(.user, "@anna"))
        #expect(report.records == 2)
        #expect(try scene.records("disclosure").map { $0["logins"] as? String } == ["1"])
        #expect(report.limits.contains { $0.contains("no state") })
        #expect(!(try scene.text("copy/subject.json")).contains("bert"))
        // Who says nothing has its files deleted after one window.
        let places = try scene.document()["places"] as? [[String: Any]] ?? []
        let stays = places.first { $0["name"] as? String == "report" }?["retention"] as? [String]
        #expect(stays == ["Deleted P1M after the end of its month."])
    }

    /// The slow twin: what a search for the value and its tokens in decoded text finds.
    @Test("finds what a plain search of all decoded files finds", arguments: 1...4)
    func twin(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let users = ["anna", "bert", "an", "Anna", "anna@x.example"]
        var source = ""
        for _ in 0..<120 {
            let day = ["02-10", "03-20", "04-10"][Int.random(in: 0..<3, using: &random)]
            let user = users[Int.random(in: 0..<users.count, using: &random)]
            source += Scene.line(day, user, note: "n\(Int.random(in: 0..<99, using: &random))")
        }
        let scene = try scene(source)
        for user in users {
            _ = try scene.export(scene.request(.user, user), to: "copy-\(user)")
            let quoted = "\"user\":\"\(user)\""
            let inSource = source.split(separator: "\n").filter { $0.contains(quoted) }.count
            #expect(try scene.records("source", "copy-\(user)").count == inSource, "seed \(seed)")
            // Each record is in both outputs, readable or as a token of its month.
            #expect(try scene.records("output", "copy-\(user)").count == 2 * inSource)
        }
    }
}
