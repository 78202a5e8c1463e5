import Foundation
import Pipelines
import TestSupport
import Testing

/// What a partner gets carries its terms, and says what the partner has to give back.
@Suite("Terms of disclosures")
struct DisclosureTermsTests {
    private func pipeline(_ path: String = "out/{partner}/{month}.csv") -> String {
        """
        name: partners
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user, partner: partner }
        fields: { ts: keep, customer: drop, user: drop, partner: drop, action: keep }
        disclosures:
          - name: log-ins
            to: partner
            purpose: compliance
            by: [month, partner, user]
            measures: { logins: { count: { action: login } } }
            path: "\(path)"
            retention: P2M
        opt_outs: list.csv

        """
    }

    private let header = "customer,person,purpose,effective_date\n"

    private func line(_ day: Int, _ user: String, _ partner: String) -> String {
        #"{"ts":"2026-03-\#(day)T10:00:00Z","customer":"c-\#(user)","user":"\#(user)","#
            + #""partner":"\#(partner)","action":"login"}"# + "\n"
    }

    private func scene(_ pipeline: String? = nil) throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(
            pipeline ?? self.pipeline(),
            files: [
                "list.csv": header,
                "in/a.jsonl": line(20, "anna", "north") + line(21, "bert", "north")
                    + line(21, "cleo", "south"),
            ])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    @Test("rows that are in nobody's file are told")
    func nameless() throws {
        let scene = try TemporaryPipeline(
            pipeline(),
            files: [
                "list.csv": header,
                "in/a.jsonl": line(20, "anna", "north") + line(21, "bert", "")
                    + line(21, "", "south"),
            ])
        let report = try scene.run(now: "2026-04-15")
        #expect(report.notes.filter { $0.hasPrefix("log-ins: 2 rows in which a value") }.count == 1)
        let named = try self.scene().run(now: "2026-04-16")
        #expect(named.notes.allSatisfy { !$0.contains("rows in") })
    }

    @Test("files without a month in their names stay, and it is told")
    func noMonth() throws {
        let text = pipeline("out/{partner}.csv").replacing("    retention: P2M\n", with: "")
        let scene = try scene(text)
        let told = "log-ins: no `{month}` in `path`, so its files stay until somebody deletes them"
        #expect(try scene.run(now: "2026-04-16").notes.contains(told))
        #expect(try !self.scene().run(now: "2026-04-16").notes.contains(told))
    }

    private func terms(
        _ scene: TemporaryPipeline, _ place: String
    ) throws -> [String: Any] {
        let data = Data(try scene.text(place).utf8)
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    private func files(
        _ terms: [String: Any], _ key: String
    ) -> [(file: String, sha256: String)] {
        (terms[key] as? [[String: Any]] ?? []).map {
            ($0["file"] as? String ?? "", $0["sha256"] as? String ?? "")
        }
    }

    @Test("each recipient has terms of its own: what for, as of when, until when, which bytes")
    func own() throws {
        let scene = try scene()
        #expect(
            scene.files(below: "out") == [
                "north/2026-03.csv", "north/terms.json", "south/2026-03.csv", "south/terms.json",
            ])
        let terms = try terms(scene, "out/north/terms.json")
        #expect(terms["output"] as? String == "log-ins")
        #expect(terms["purpose"] as? String == "compliance")
        #expect(terms["recipients"] as? [String] == ["partner"])
        #expect(terms["opt_outs_as_of"] as? String == "2026-04-15T00:00:00Z")
        #expect(terms["delete_by"] as? String == "2026-06-01T00:00:00Z")
        #expect(files(terms, "files").map(\.file) == ["2026-03.csv"])
        #expect(files(terms, "recalled").isEmpty)
        #expect(try !scene.text("out/north/terms.json").contains("south"))
    }

    @Test("where files of several recipients lie in one folder, each has its terms beside it")
    func shared() throws {
        let scene = try scene(pipeline("out/{month}/{partner}.csv"))
        #expect(
            scene.files(below: "out") == [
                "2026-03/north.csv", "2026-03/north.terms.json", "2026-03/south.csv",
                "2026-03/south.terms.json",
            ])
    }

    @Test("an opt-out calls back what was delivered; news alone do not")
    func recalled() throws {
        let scene = try scene()
        try scene.write("in/b.jsonl", line(25, "dora", "north"))
        _ = try scene.run(now: "2026-04-15")
        let grown = try terms(scene, "out/north/terms.json")
        #expect(files(grown, "recalled").isEmpty)
        let delivered = files(grown, "files")
        try scene.write("list.csv", header + "c-anna,,compliance,2026-04-01\n")
        for _ in 0..<2 {
            _ = try scene.run(now: "2026-04-16")
            let terms = try terms(scene, "out/north/terms.json")
            #expect(files(terms, "recalled").map(\.sha256) == delivered.map(\.sha256))
            #expect(files(terms, "files").map(\.sha256) != delivered.map(\.sha256))
        }
        #expect(try !scene.text("out/north/2026-03.csv").contains("anna"))
        #expect(files(try terms(scene, "out/south/terms.json"), "recalled").isEmpty)
        // What had to be deleted anyway is not called back any more.
        _ = try scene.run(now: "2026-06-01")
        #expect(scene.files(below: "out").isEmpty)
    }

    @Test("a file in which nobody is left goes, and is called back")
    func emptied() throws {
        let scene = try scene()
        let delivered = files(try terms(scene, "out/south/terms.json"), "files")
        try scene.write("list.csv", header + "c-cleo,,compliance,2026-04-01\n")
        _ = try scene.run(now: "2026-04-16", isDryRun: true)
        #expect(scene.files(below: "out").contains("south/2026-03.csv"))
        _ = try scene.run(now: "2026-04-16")
        #expect(
            scene.files(below: "out") == [
                "north/2026-03.csv", "north/terms.json", "south/terms.json",
            ])
        let terms = try terms(scene, "out/south/terms.json")
        #expect(files(terms, "files").isEmpty)
        #expect(files(terms, "recalled").map(\.sha256) == delivered.map(\.sha256))
    }

    @Test(
        "it goes too when nobody is left in any file of its month",
        arguments: [
            "out/{partner}/{month}.csv", "out/{month}/{partner}.csv", "out/{partner}.csv",
        ])
    func allEmptied(_ path: String) throws {
        let text = pipeline(path)
        for pipeline in [
            text, text.replacing("list.csv", with: "{ file: list.csv, effect: drop_record }"),
        ] {
            let scene = try scene(
                path.contains("{month}")
                    ? pipeline : pipeline.replacing("    retention: P2M\n", with: ""))
            let places = scene.files(below: "out").filter { $0.hasSuffix("terms.json") }
            let delivered = try places.map {
                files(try terms(scene, "out/\($0)"), "files").map(\.sha256)
            }
            #expect(delivered.map(\.count) == [1, 1])
            let lines = ["anna", "bert", "cleo"].map { "c-\($0),,compliance,2026-04-01\n" }
            try scene.write("list.csv", header + lines.joined())
            // Another month has its files.
            try scene.write("in/b.jsonl", line(10, "dora", "east").replacing("-03-", with: "-04-"))
            for now in ["2026-04-16", "2026-04-17"] {
                _ = try scene.run(now: now)
                let left = scene.files(below: "out").filter { $0.hasSuffix(".csv") }
                #expect(left.count == 1 && left[0].contains("east"))
                let recalled = try places.map {
                    files(try terms(scene, "out/\($0)"), "recalled").map(\.sha256)
                }
                #expect(recalled == delivered)
            }
        }
    }

    @Test("what is left of a month that was not read, or is readable in part only, stays")
    func unread() throws {
        let scene = try scene()
        let before = scene.files(below: "out")
        try scene.write("list.csv", header + "c-anna,,compliance,2026-04-01\n")
        try scene.write("in/a.jsonl", line(19, "anna", "north"))
        let report = try scene.run(now: "2026-04-20")
        #expect(scene.files(below: "out") == before)
        #expect(report.notes.contains { $0.contains("the files of 2026-03 stay") })
        try scene.write("in/a.jsonl", line(19, "anna", "north").replacing("-03-", with: "-04-"))
        _ = try scene.run(now: "2026-04-20")
        #expect(scene.files(below: "out") == before)
    }

    @Test("an erasure is told in the terms at once")
    func erased() throws {
        let scene = try scene()
        let delivered = files(try terms(scene, "out/north/terms.json"), "files")
        _ = try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, "anna")))
        #expect(try !scene.text("out/north/2026-03.csv").contains("anna"))
        let terms = try terms(scene, "out/north/terms.json")
        #expect(files(terms, "recalled").map(\.sha256) == delivered.map(\.sha256))
        #expect(files(terms, "files").map(\.sha256) != delivered.map(\.sha256))
    }

    @Test("an erasure that leaves nobody in a file takes the file away and calls it back")
    func erasedWholly() throws {
        let scene = try scene()
        let delivered = files(try terms(scene, "out/south/terms.json"), "files")
        _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: scene.request(.user, "cleo")))
        #expect(scene.files(below: "out").filter { $0.hasPrefix("south") } == ["south/terms.json"])
        let terms = try terms(scene, "out/south/terms.json")
        #expect(files(terms, "files").isEmpty)
        #expect(files(terms, "recalled").map(\.sha256) == delivered.map(\.sha256))
    }

    @Test(
        "no folder that is named after somebody outlives its files",
        arguments: ["out/{partner}/{month}.csv", "out/a/{partner}/b/{month}.csv"])
    func folders(_ path: String) throws {
        let scene = try scene(pipeline(path))
        let mark = path.replacing("{partner}", with: "north").replacing("{month}", with: "x")
        try scene.write(mark, "")
        try scene.write("in/a.jsonl", "")
        _ = try scene.run(now: "2026-06-01")
        let above = path.contains("/a/") ? "out/a" : "out"
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(scene.folder)/\(above)")
        // What somebody else has put there stays.
        #expect(left == ["north"])
    }

    @Test("a value of any length makes a name that a folder takes", arguments: ["b", "\u{e9}"])
    func longValues(_ letter: String) throws {
        let pipeline = pipeline("out/{partner}/{month}.{partner}.csv")
        let long = String(repeating: letter, count: 250)
        let scene = try TemporaryPipeline(
            pipeline,
            files: [
                "list.csv": header,
                "in/a.jsonl": line(20, "anna", long) + line(20, "bert", long + "x")
                    + line(21, "cleo", "south"),
            ])
        _ = try scene.run(now: "2026-04-15")
        let files = scene.files(below: "out")
        #expect(files.count == 6 && Set(files).count == 6)
        #expect(files.contains("south/2026-03.south.csv"))
        for name in files.flatMap({ $0.split(separator: "/") }) { #expect(name.utf8.count < 200) }
        _ = try scene.run(now: "2026-04-15")
        #expect(scene.files(below: "out") == files)
        let cut = files.joined().split(separator: "%").dropFirst()
        #expect(cut.allSatisfy { $0.prefix(2).allSatisfy(\.isHexDigit) })
    }

    @Test("a month without a stated retention stays for the window")
    func retention() throws {
        let text = pipeline().replacing("    retention: P2M\n", with: "")
        let scene = try scene(text)
        #expect(
            try terms(scene, "out/north/terms.json")["delete_by"] as? String
                == "2026-05-01T00:00:00Z")
        try scene.write("in/a.jsonl", "")
        _ = try scene.run(now: "2026-05-01")
        #expect(!scene.files(below: "out").contains { $0.hasSuffix(".csv") })
    }
}
