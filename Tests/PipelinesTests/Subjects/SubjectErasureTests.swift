import Anonymization
import Foundation
import Ledger
import Pipelines
import TestSupport
import Testing

/// `subject erase`: gone from everything stored, for good, unless a hold binds.
@Suite("Erasing a person")
struct SubjectErasureTests {
    private typealias Scene = SubjectScene

    @Test("readable and tokenised records, and rows of statistics, go; others stay")
    func everywhere() throws {
        let scene = try Scene.started()
        #expect(try scene.stored("before") == 6)
        let before = try scene.stored("bert", .user, "bert")
        let report = try scene.erase()
        #expect(report.records == 4 && report.partialRows == 2 && report.held == 0)
        #expect(report.inputs.map(\.records) == [2])
        #expect(try scene.stored("after") == 0)
        #expect(try scene.stored("bert-after", .user, "bert") == before)
        // Nobody is counted any more but bert, once a month.
        let months = try scene.text("out/months.csv").split(separator: "\n")
        #expect(months.count == 3)
        // A second time there is nothing left to do.
        #expect(try scene.erase().records == 0)
    }

    @Test("records under the token of a mail address go, in whatever spelling it was")
    func mailTokens() throws {
        let (mail, other) = ("anna@one.example", "bert@one.example")
        let source = [("04-10", mail), ("02-10", "Anna%40ONE.example"), ("02-10", other)]
        let scene = try TemporaryPipeline(
            Scene.pipeline.replacing("user: pseudonymize", with: "user: { email: token }"),
            files: ["in/a.jsonl": source.map { Scene.line($0.0, $0.1) }.joined()])
        _ = try scene.run(now: "2026-04-15")
        let report = try scene.erase(.user, mail)
        #expect(report.records == 4)
        #expect(!report.limits.contains { $0.contains("nothing is left") })
        #expect(try scene.stored("after", .user, mail) == 0)
        #expect(try scene.stored("other", .user, other) == 3)
    }

    @Test("replays, renamed, compressed, grown and late files bring nothing back")
    func replay() throws {
        let scene = try Scene.started()
        _ = try scene.erase()
        let after = try scene.text("out/months.csv")
        try scene.write("in/again.jsonl", Scene.source + Scene.line("04-12", "anna"))
        try scene.write(
            "in/late.jsonl", Scene.line("02-11", " anna ") + Scene.line("04-01", "cleo"))
        try Data(gzipMember(Array((Scene.source + "\n").utf8)))
            .write(to: URL(fileURLWithPath: "\(scene.folder)/in/c.gz"))
        let report = try scene.run(now: "2026-04-16")
        #expect(report.totals.outputs[0].dropped[.erased] != nil)
        #expect(try scene.stored("copy") == 0)
        #expect(try scene.stored("cleo", .user, "cleo") == 3)
        #expect(after != (try scene.text("out/months.csv")))
    }

    @Test("within one customer only")
    func within() throws {
        let scene = try Scene.started()
        let report = try scene.erase(within: "NL-2")
        #expect(report.records == 2 && report.partialRows == 1)
        #expect(try scene.stored("copy") == 3)
    }

    @Test("until a day: later rows of statistics stay too, and of a day cut in two none do")
    func until() throws {
        let days = ["04-01", "04-02", "04-03", "04-04"]
        func cut(_ until: String) throws -> (report: SubjectChangeReport, times: String) {
            let scene = try Scene.started(days.map { Scene.line($0, "anna") }.joined())
            let report = try scene.erase(until: until)
            #expect(try scene.erase(dry: true, until: until).partialRows == 0)
            return (report, try scene.text("out/months.csv"))
        }
        let plain = try cut("2026-04-03")
        #expect(plain.report.records == 4 && plain.report.partialRows == 2)
        #expect(plain.times.contains("2026-04,2,1"))
        #expect(!plain.report.limits.contains { $0.contains("cuts in two") })
        let halved = try cut("2026-04-03T09:00:00Z")
        #expect(halved.report.records == 4 && halved.report.partialRows == 3)
        #expect(halved.times.contains("2026-04,1,1"))
        #expect(halved.report.limits.contains { $0.contains("2026-04-03, which `--until` cuts") })
    }

    @Test("a customer, and an address in any spelling")
    func kinds() throws {
        let scene = try Scene.started(
            Scene.line("04-10", "a", ip: "2001:db8::1")
                + Scene.line("02-10", "b", ip: "2001:DB8:0::1")
                + Scene.line("02-10", "c", customer: "NL-2"))
        #expect(try scene.erase(.address, "2001:db8::1").records == 4)
        #expect(try scene.stored("a", .address, "2001:db8::1") == 0)
        #expect(try scene.erase(.customer, "NL-2").records == 2)
        #expect(try scene.stored("c", .customer, "NL-2") == 0)
    }

    @Test("a dry run says what would go and remembers nothing")
    func dryRun() throws {
        let scene = try Scene.started()
        let files = try contents(scene)
        let report = try scene.erase(dry: true)
        #expect(report.records == 4 && report.partialRows == 2)
        #expect(try contents(scene) == files)
        let status = try Sluice.statusOfSubject(scene.request(.user, "anna"))
        #expect(status.entries.isEmpty)
    }

    private func contents(_ scene: TemporaryPipeline) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in scene.files(below: "out") {
            files[name] = try Data(contentsOf: URL(fileURLWithPath: "\(scene.folder)/out/\(name)"))
        }
        return files
    }

    @Test("a text in an array or an object is a name, in what comes later, too")
    func structured() throws {
        func line(_ user: String) -> String {
            Scene.line("04-10", "x").replacing(#""user":"x""#, with: #""user":\#(user)"#)
        }
        let odd = line(#"["bert","anna"]"#) + line(#"{"id":{"mail":"\u0061nna"}}"#)
        let others = line(#"["bert"]"#)
        let bad = line(#"["anna"]"#).replacing("2026-04-10", with: "2026-99-10")
        let scene = try Scene.started(Scene.source + odd + others + bad)
        let copy = try scene.export(scene.request(.user, "anna"))
        #expect(copy.places.first { $0.name == "records" }?.records == 4)
        for dry in [true, false] {
            let report = try scene.erase(dry: dry)
            #expect(report.records == 6 && report.quarantineLines == 1)
            #expect(report.inputs.map(\.records) == [5])
            #expect(report.limits.count { $0.hasPrefix("2 records that name the") } == 1)
        }
        try scene.write("in/b.jsonl", line(#"["anna","cleo"]"#) + line(#"{"id":"bert"}"#))
        _ = try scene.run(now: "2026-04-16")
        let left = try records(scene).joined(separator: "\n")
        #expect(!left.contains("anna") && !left.contains("\\u0061") && !left.contains("cleo"))
        #expect(left.contains(#"["bert"]"#) && left.contains(#"{"id":"bert"}"#))
        let status = try Sluice.statusOfSubject(scene.request(.user, "anna"))
        #expect(status.entries.first { $0.kind == "erasure" }?.state == "done")
        #expect(try scene.verify(now: "2026-04-16").isProven)
    }

    @Test("any text of a customer that is an array may be the one")
    func structuredCustomer() throws {
        func line(_ user: String, _ customer: String) -> String {
            Scene.line("04-10", user, customer: "x")
                .replacing(#""customer":"x""#, with: #""customer":\#(customer)"#)
        }
        let odd = line("dora", #"["NL-8","NL-9"]"#)
        let scene = try Scene.started(Scene.source + odd + line("dora", #"["NL-8"]"#))
        #expect(try scene.erase(.customer, "NL-9").records == 1)
        try scene.write("in/b.jsonl", odd + line("emil", #"{"id":"NL-8"}"#))
        _ = try scene.run(now: "2026-04-16")
        let left = try records(scene).joined(separator: "\n")
        #expect(!left.contains("NL-9") && left.contains(#"["NL-8"]"#) && left.contains("emil"))
    }

    /// The slow twin: the same keys, and sources in which the subject never was.
    @Test("as if the subject had never been there", arguments: [51, 52, 53] as [UInt64])
    func twin(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let users = ["anna", "bert", "Anna", "anna@x.example", "cleo"]
        let lines = (0..<150).map { _ in
            let day = ["02-10", "02-20", "03-20", "04-10"][Int.random(in: 0..<4, using: &random)]
            let user = users[Int.random(in: 0..<users.count, using: &random)]
            let customer = "NL-\(Int.random(in: 1...3, using: &random))"
            return (user, customer, Scene.line(day, user, customer: customer))
        }
        for within in [nil, "NL-2"] {
            let scene = try Scene.started(lines.map(\.2).joined())
            _ = try scene.erase(within: within)
            let twin = try TemporaryPipeline(
                Scene.pipeline,
                files: [
                    "in/a.jsonl": lines.filter { user, customer, _ in
                        user != "anna" || (within != nil && customer != within)
                    }.map(\.2).joined()
                ])
            try FileManager.default.copyItem(
                atPath: "\(scene.folder)/keys", toPath: "\(twin.folder)/keys")
            _ = try twin.run(now: "2026-04-15")
            #expect(try scene.text("out/months.csv") == twin.text("out/months.csv"), "seed \(seed)")
            #expect(try records(scene) == records(twin), "seed \(seed)")
        }
    }

    /// The records of the first output, sorted.
    private func records(_ scene: TemporaryPipeline) throws -> [Substring] {
        try scene.files(below: "out").filter { $0.hasSuffix(".jsonl") }.flatMap {
            try scene.text("out/\($0)").split(separator: "\n")
        }.sorted()
    }

    @Test("no event and no error says who it was")
    func events() throws {
        let scene = try Scene.started()
        _ = try scene.erase()
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        let events = try ledger.events()
        #expect(events.contains { $0.kind == "erasure-requested" })
        #expect(events.contains { $0.kind == "erasure-done" })
        #expect(events.contains { $0.kind == "request-answered" })
        for word in ["anna", "T-1042"] {
            #expect(events.allSatisfy { !$0.payload.contains(word) })
        }
        #expect(try ledger.contradictions().isEmpty)
        try ledger.verifyChain()
        let erasure = try #require(try ledger.erasures().first)
        #expect(try ledger.tokens(ofErasure: erasure.id).isEmpty)
    }

    @Test("without state the files that lie there lose the records, and it says what that is worth")
    func stateless() throws {
        let scene = try TemporaryPipeline(
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
                    + "2026-04-10T10:00:00Z,NL-1,anna,P-1,192.0.2.1\n"
                    + "2026-04-10T10:00:00Z,NL-1,bert,P-1,192.0.2.1\n"
            ])
        _ = try scene.run(now: "2026-04-15")
        let report = try scene.erase()
        #expect(report.records == 1 && report.parts == 1)
        #expect(report.limits.contains { $0.contains("not remembered") })
        #expect(
            try scene.text("out/P-1/2026-04.csv")
                == "month,partner,user,logins\n2026-04,P-1,bert,1\n")
    }
}
