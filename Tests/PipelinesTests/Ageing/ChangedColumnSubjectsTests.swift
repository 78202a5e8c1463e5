import GRDB
import Pipelines
import TestSupport
import Testing

/// Who stands in parts that were written with other columns than those of now.
@Suite("Persons are found in the columns that a part was written with")
struct ChangedColumnSubjectsTests {
    private static let safeguards =
        ", safeguards: { reason: abuse, readers: [soc], delete_after: P1M }"

    private func pipeline(_ columns: String, format: String = "csv", more: String = "") -> String {
        """
        name: columns
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        window: P3W
        fields: { ts: keep, customer: pseudonymize, user: pseudonymize, n: keep, lang: keep }
        outputs:
          - { name: rows, path: "out/{month}.txt", format: \(format), columns: [\(columns)],
              purpose: security\(Self.safeguards) }
          - { name: team, path: "team/{month}.txt", format: \(format), columns: [\(columns)],
              purpose: development }
        state: state
        \(more)

        """
    }

    private func line(_ day: String, _ user: String, _ n: Int) -> String {
        #"{"ts":"2026-\#(day)T10:00:00Z","customer":"c1","user":"\#(user)","n":"n\#(n)","#
            + #""lang":"nl-\#(n)"}"# + "\n"
    }

    /// Anna and Bert, on a day each that becomes due at another time.
    private func scene(
        _ columns: String, format: String = "csv", more: String = "", list: String? = nil
    ) throws -> TemporaryPipeline {
        var files = ["in/a.jsonl": line("03-02", "anna", 1) + line("03-20", "bert", 2)]
        files["oo.csv"] = list
        let scene = try TemporaryPipeline(
            pipeline(columns, format: format, more: more), files: files)
        try scene.run(now: "2026-03-21")
        return scene
    }

    private func stored(_ scene: TemporaryPipeline, _ folder: String = "out") throws -> String {
        try scene.files(below: folder).map { try scene.text("\(folder)/\($0)") }.joined()
    }

    private func hold(_ scene: TemporaryPipeline, _ user: String, now: String) throws {
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.now = now
        hold.users = [user]
        _ = try unlessBusy { try Sluice.raiseHold(hold) }
    }

    private func release(_ scene: TemporaryPipeline, now: String) throws {
        _ = try unlessBusy {
            try Sluice.releaseHold(
                pipeline: "\(scene.folder)/pipeline.yaml", name: "case", by: "legal", now: now)
        }
    }

    @Test("an erasure finds who stands in a column that is none any more", arguments: [
        "csv", "tsv", "jsonl", "logfmt",
    ])
    func erasure(format: String) throws {
        let scene = try scene("ts, user, n", format: format)
        try scene.write("pipeline.yaml", pipeline("ts, n", format: format))
        let erased = try unlessBusy { try scene.erase(now: "2026-03-21") }
        #expect(erased.records == 2 && erased.parts == 2)
        for folder in ["out", "team"] {
            let text = try stored(scene, folder)
            #expect(!text.contains("n1") && text.contains("n2"))
        }
        #expect(try scene.verify(now: "2026-03-21").findings.isEmpty)
    }

    @Test("a copy holds who stands in a column that is none any more",
        arguments: ["csv", "jsonl", "logfmt"])
    func export(format: String) throws {
        let scene = try scene("ts, user, n", format: format)
        try scene.write("pipeline.yaml", pipeline("ts, lang, n", format: format))
        try scene.write("in/b.jsonl", line("03-21", "anna", 3))
        try scene.run(now: "2026-03-21")
        let request = scene.request(.user, "anna", now: "2026-03-21")
        let copy = try unlessBusy { try scene.export(request) }
        // Where nothing is readable the column went with the run.
        #expect(copy.places.filter { $0.kind == "output" }.map(\.records) == [1, 0])
        #expect(try scene.records("output").map { $0["n"] as? String } == ["n1"])
        if format == "csv" {
            #expect(copy.limits.contains { $0.contains("file written with other columns") })
        }
        #expect(copy.limits.contains { $0.hasPrefix("Output team does not hold") })
    }

    @Test("a column more stops no copy, and the copy has it")
    func added() throws {
        let scene = try scene("ts, n")
        try scene.write("pipeline.yaml", pipeline("ts, user, n, lang"))
        try scene.write("in/b.jsonl", line("03-21", "anna", 3))
        try scene.run(now: "2026-03-21")
        let request = scene.request(.user, "anna", now: "2026-03-21")
        let copy = try unlessBusy { try scene.export(request, format: .csv) }
        #expect(copy.places.filter { $0.kind == "output" }.map(\.records) == [1, 1])
        let tables = scene.files(below: "copy").filter { $0.contains("output") }
        #expect(tables.count == 2)
        for table in tables { #expect(try scene.text("copy/\(table)").contains("nl-3")) }
        #expect(copy.limits.contains { $0.contains("do not hold the subject's field") })
        let erased = try unlessBusy { try scene.erase(now: "2026-03-21") }
        #expect(erased.records == 2)
        #expect(try !stored(scene).contains("n3"))
    }

    @Test("a copy says of which files without a header nobody knows whom they name", arguments: [
        "jsonl", "logfmt",
    ])
    func unsure(format: String) throws {
        let scene = try scene("ts, n", format: format)
        let words = "1 stored file written with other columns may not hold the subject's field"
        func limits(_ columns: String) throws -> [String] {
            try scene.write("pipeline.yaml", pipeline(columns, format: format))
            try scene.run(now: "2026-03-21")
            let request = scene.request(.user, "anna", now: "2026-03-21")
            let copy = try unlessBusy { try scene.export(request) }
            try scene.remove("copy")
            return copy.limits.filter { $0.contains(words) }
        }
        #expect(try limits("n, ts").isEmpty)
        #expect(try limits("ts, user, n").contains { $0.hasPrefix("Output rows: ") })
    }

    @Test("where a header is longer by as much as the rows are shorter, the part stays readable",
        arguments: ["csv", "tsv"], [".txt", ".txt.gz"])
    func equalLength(format: String, ending: String) throws {
        func pipeline(_ columns: String) -> String {
            self.pipeline(columns, format: format).replacing("}.txt", with: "}\(ending)")
        }
        let scene = try TemporaryPipeline(
            pipeline("ts, user, n"), files: ["in/a.jsonl": line("03-02", "anna", 1)])
        try scene.run(now: "2026-03-05")
        // `customer` for `user` is four more, and `anna` goes.
        try scene.write("pipeline.yaml", pipeline("n, customer, ts"))
        try scene.run(now: "2026-03-05")
        #expect(try scene.run(now: "2026-03-26").agedRecords == 1)
        if ending == ".txt" { #expect(try !stored(scene).contains("anna")) }
        #expect(try scene.verify(now: "2026-03-26").findings.isEmpty)
        #expect(try scene.run(now: "2026-03-27").agedParts == 0)
    }

    @Test("places that were noted of other bytes keep no part from being read", arguments: [
        "csv", "jsonl", "logfmt",
    ])
    func wrongPlaces(format: String) throws {
        let scene = try scene("ts, user, n", format: format)
        let queue = try DatabaseQueue(path: "\(scene.folder)/state/ledger.sqlite")
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO part_dealings (part_id, from_byte, to_byte, clocks)
                    SELECT id, 14, byte_count, 0 FROM parts WHERE path LIKE '%out/%'
                    """)
            #expect(db.changesCount == 1)
        }
        try queue.close()
        try scene.remove("state/ledger.seal")
        try scene.run(now: "2026-03-26")
        let text = try stored(scene)
        #expect(!text.contains("anna") && text.contains("bert"))
        #expect(text.contains("n1") && text.contains("n2"))
        try scene.run(now: "2026-04-12")
        #expect(try !stored(scene).contains("bert"))
        #expect(try scene.verify(now: "2026-04-12").findings.isEmpty)
        #expect(try scene.run(now: "2026-04-13").agedParts == 0)
    }

    @Test("who opts out is found in a column that is none any more", arguments: ["csv", "jsonl"])
    func optOut(format: String) throws {
        let list = "customer,person,purposes,effective_date\n"
        let more = "opt_outs: { file: oo.csv, effect: drop_record, missing: allowed }"
        let scene = try scene("ts, user, n", format: format, more: more, list: list)
        try scene.write("pipeline.yaml", pipeline("ts, n", format: format, more: more))
        try scene.write("oo.csv", list + ",bert,*,2026-03-22\n")
        try scene.run(now: "2026-03-22")
        let text = try stored(scene, "team")
        #expect(text.contains("n1") && !text.contains("n2"))
        // Nobody opts out of `security`.
        #expect(try stored(scene).contains("n2"))
    }

    @Test("nobody is missing where the part names nobody")
    func missing() throws {
        let list = "customer,person,purposes,effective_date\nc9,,*,2026-03-01\n"
        let more = "opt_outs: { file: oo.csv, effect: drop_record }"
        let scene = try scene("ts, n", more: more, list: list)
        try scene.write("pipeline.yaml", pipeline("ts, customer, n", more: more))
        try scene.run(now: "2026-03-22")
        try scene.write("oo.csv", list + "c8,,*,2026-03-22\n")
        try scene.run(now: "2026-03-22")
        let text = try stored(scene, "team")
        #expect(text.contains("n1") && text.contains("n2"))
    }

    @Test("a held record keeps a column that is none any more, and loses it behind the hold",
        arguments: ["csv", "tsv", "jsonl", "logfmt"])
    func held(format: String) throws {
        let scene = try scene("ts, user, n, lang", format: format)
        try hold(scene, "anna", now: "2026-03-21")
        try scene.write("pipeline.yaml", pipeline("ts, user, n", format: format))
        for day in ["2026-03-22", "2026-03-24", "2026-04-12", "2026-04-13"] {
            try scene.run(now: day)
            let text = try stored(scene)
            #expect(text.contains("anna") && text.contains("nl-1"), "\(day)")
            #expect(text.contains("bert") == (day < "2026-04-11"))
            #expect(text.contains("nl-2") == (day < "2026-04-11"))
            #expect(try scene.verify(now: day).findings.isEmpty, "\(day)")
        }
        #expect(try scene.run(now: "2026-04-13").agedParts == 0)
        try release(scene, now: "2026-04-14")
        try scene.run(now: "2026-04-14")
        let text = try stored(scene)
        #expect(!text.contains("anna") && !text.contains("lang") && !text.contains("nl-"))
        #expect(text.contains("n1") && text.contains("n2"))
        #expect(try scene.verify(now: "2026-04-14").findings.isEmpty)
        #expect(try scene.run(now: "2026-04-15").agedParts == 0)
    }

    @Test("a proof sees whom a hold keeps by a column that is none any more",
        arguments: ["csv", "tsv", "jsonl", "logfmt"])
    func heldByWithdrawn(format: String) throws {
        let scene = try scene("ts, user, n", format: format)
        try hold(scene, "anna", now: "2026-03-21")
        try scene.write("pipeline.yaml", pipeline("ts, n", format: format))
        for day in ["2026-03-22", "2026-03-24", "2026-04-12"] {
            try scene.run(now: day)
            #expect(try stored(scene).contains("anna"), "\(day)")
            #expect(try scene.verify(now: day).findings.isEmpty, "\(day)")
        }
        try release(scene, now: "2026-04-13")
        try scene.run(now: "2026-04-13")
        #expect(try !stored(scene).contains("anna"))
        #expect(try scene.verify(now: "2026-04-13").findings.isEmpty)
    }

    @Test("what a hold keeps where nothing is readable goes with the column", arguments: [
        "csv", "jsonl",
    ])
    func heldUnread(format: String) throws {
        let scene = try scene("ts, user, n, lang", format: format)
        try hold(scene, "anna", now: "2026-03-21")
        try scene.write("pipeline.yaml", pipeline("ts, user, n", format: format))
        try scene.run(now: "2026-03-22")
        #expect(try !stored(scene, "team").contains("nl-"))
        #expect(try scene.verify(now: "2026-03-22").findings.isEmpty)
    }

    /// Once nothing may be readable there, no clock of the output says when it is due.
    @Test("what a hold kept of an output without safeguards by now is dealt with behind the hold",
        arguments: ["csv", "jsonl"], ["ts, user, n, lang", "ts, user, n"])
    func safeguardsGone(format: String, columns: String) throws {
        let scene = try scene("ts, user, n, lang", format: format)
        try hold(scene, "anna", now: "2026-03-21")
        let edited = pipeline(columns, format: format)
            .replacing(Self.safeguards, with: "")
        try scene.write("pipeline.yaml", edited)
        for day in ["2026-03-22", "2026-03-24", "2026-04-12", "2026-04-13"] {
            try scene.run(now: day)
            let text = try stored(scene)
            #expect(text.contains("anna") && text.contains("nl-1"), "\(day)")
            #expect(!text.contains("bert"))
            #expect(try scene.verify(now: day).findings.isEmpty, "\(day)")
        }
        let before = try stored(scene)
        #expect(try scene.run(now: "2026-04-13").agedParts == 0)
        let token = try #require(before.firstMatch(of: /[0-9a-f]{32}/)?.0)
        try release(scene, now: "2026-04-14")
        try scene.run(now: "2026-04-14")
        let text = try stored(scene)
        #expect(!text.contains("anna") && text.contains(token))
        #expect(text.contains("lang") == columns.contains("lang"))
        #expect(try scene.verify(now: "2026-04-14").findings.isEmpty)
        #expect(try scene.run(now: "2026-04-15").agedParts == 0)
    }

    @Test("a column that is none any more is corrected as long as it is shown",
        arguments: ["csv", "jsonl", "logfmt"])
    func corrected(format: String) throws {
        let scene = try scene("ts, user, n, lang", format: format)
        try scene.write("pipeline.yaml", pipeline("ts, user, n", format: format))
        let request = SubjectRectifyRequest(
            subject: scene.request(.user, "bert", now: "2026-03-21"), field: "lang", text: "fr")
        let report = try unlessBusy { try Sluice.rectifySubject(request) }
        #expect(report.records == 1)
        let text = try stored(scene)
        #expect(!text.contains("nl-2") && text.contains("fr"))
        for day in ["2026-03-22", "2026-04-12"] {
            try scene.run(now: day)
            #expect(try stored(scene).contains("fr") == (day < "2026-04"), "\(day)")
            #expect(try scene.verify(now: day).findings.isEmpty, "\(day)")
        }
    }

    @Test("a held record blocks an erasure by a column that is none any more")
    func heldErasure() throws {
        let scene = try scene("ts, user, n")
        try hold(scene, "anna", now: "2026-03-21")
        try scene.write("pipeline.yaml", pipeline("ts, n"))
        let erased = try unlessBusy { try scene.erase(now: "2026-03-21") }
        #expect(erased.held > 0)
        #expect(try stored(scene).contains("anna"))
        try release(scene, now: "2026-03-22")
        try scene.run(now: "2026-03-22")
        #expect(try !stored(scene).contains("n1"))
        #expect(try scene.verify(now: "2026-03-22").findings.isEmpty)
    }
}
