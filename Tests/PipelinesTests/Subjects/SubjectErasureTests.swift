import Anonymization
import Compression
import Foundation
import Ledger
import Pipelines
import Records
import TestSupport
import Testing

/// `subject erase`: gone from everything stored, for good, unless a hold binds.
@Suite("Erasing a person")
struct SubjectErasureTests {
    private typealias Scene = SubjectScene

    private static let source =
        Scene.line("04-10", "anna") + Scene.line("02-10", "anna", customer: "NL-2")
        + Scene.line("04-10", "bert") + Scene.line("02-10", "bert")

    private func scene(_ source: String = source) throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(Scene.pipeline, files: ["in/a.jsonl": source])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    private func erase(
        _ scene: TemporaryPipeline, _ kind: SubjectRequest.Kind = .user, _ value: String = "anna",
        now: String = "2026-04-15", dry: Bool = false, within: String? = nil,
        until: String? = nil
    ) throws -> SubjectChangeReport {
        var subject = scene.request(kind, value, now: now)
        subject.withinCustomer = within
        var request = SubjectEraseRequest(subject: subject)
        request.isDryRun = dry
        request.until = until
        return try Sluice.eraseSubject(request)
    }

    /// The records of the subject that an export still finds outside of the sources.
    private func stored(
        _ scene: TemporaryPipeline, _ name: String, _ kind: SubjectRequest.Kind = .user,
        _ value: String = "anna"
    ) throws -> Int {
        let report = try scene.export(scene.request(kind, value), to: name)
        return report.places.filter { $0.kind != "source" }.reduce(0) { $0 + $1.records }
            + report.partialRows.reduce(0) { $0 + $1.rows }
    }

    private static let staticKey = Scene.pipeline
        .replacingOccurrences(of: "user: pseudonymize", with: "user: { hmac_sha256: { key: k } }")
        + "acknowledge: [static-key]\n"

    private func withStaticKey(
        _ change: (String) -> String = { $0 }
    ) throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(
            change(Self.staticKey),
            files: ["in/a.jsonl": Self.source, "k": "an invented key of the tests, long enough"])
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: "\(scene.folder)/k")
        _ = try scene.run(now: "2026-04-15")
        try scene.write("pipeline.yaml", Scene.pipeline)
        return scene
    }

    @Test("what other rules made of the value cannot be searched, and the erasure stays open")
    func otherRules() throws {
        let scene = try withStaticKey()
        let copy = try scene.export(scene.request(.user, "anna"), to: "copy")
        #expect(copy.limits.contains { $0.contains("other rules") })
        #expect(try erase(scene, dry: true).limits.contains { $0.contains("other rules") })
        let report = try erase(scene)
        #expect(report.limits.contains { $0.contains("other rules") && $0.contains("stays open") })
        func states() throws -> [String] {
            try Sluice.statusOfSubject(scene.request(.user, "anna")).entries
                .filter { $0.kind == "erasure" }.map(\.state)
        }
        #expect(try states() == ["requested"])
        // What the rules of today made of what those of then had made is found under neither.
        try scene.write("pipeline.yaml", Self.staticKey)
        _ = try scene.run(now: "2026-04-15")
        #expect(try erase(scene).limits.contains { $0.contains("other rules") })
        #expect(try states() == ["requested"])
    }

    @Test("the rules put back before anything was done by others lead to the subject")
    func rulesPutBack() throws {
        let scene = try withStaticKey()
        #expect(try erase(scene, dry: true).limits.contains { $0.contains("other rules") })
        try scene.write("pipeline.yaml", Self.staticKey)
        let report = try erase(scene)
        #expect(report.records == 4 && report.limits.allSatisfy { !$0.contains("other rules") })
        let status = try Sluice.statusOfSubject(scene.request(.user, "anna"))
        #expect(status.entries.first { $0.kind == "erasure" }?.state == "done")
    }

    @Test("an opt-out stays open while files written under other rules cannot be searched")
    func optOutUnderOtherRules() throws {
        let scene = try withStaticKey()
        let anna = OptOutSubject(customer: nil, user: "anna")
        var request = OptOutRequest(pipeline: "\(scene.folder)/pipeline.yaml", subject: anna)
        request.now = "2026-04-15"
        let added = try Sluice.addOptOut(request)
        #expect(added.effect.notes.contains { $0.contains("other rules") })
        #expect(added.entry.unsearched > 0 && !added.effect.foundNobody)
        func open() throws -> [Int] {
            let listed = try Sluice.listOptOuts(pipeline: request.pipeline, now: request.now)
            let checked = try Sluice.checkOptOut(
                pipeline: request.pipeline, subject: anna, now: request.now)
            #expect(checked.entries == listed)
            let told = try scene.verify(now: "2026-04-15").notes.count { $0.contains("stay open") }
            #expect(told == (listed.contains { $0.unsearched > 0 } ? 1 : 0))
            return listed.map(\.unsearched)
        }
        #expect(try open() == [added.entry.unsearched])
        let run = try scene.run(now: "2026-04-15")
        #expect(run.notes.contains { $0.contains("opt-out 1 stays open") })
        try scene.write("pipeline.yaml", Self.staticKey)
        let again = try Sluice.addOptOut(request)
        #expect(!again.isNew && again.entry.unsearched > 0)
        #expect(try open() == [again.entry.unsearched])
    }

    @Test("an opt-out under the rules as they were is carried out, and is not open")
    func optOutWithRulesPutBack() throws {
        let scene = try withStaticKey()
        try scene.write("pipeline.yaml", Self.staticKey)
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", subject: OptOutSubject(user: "anna"))
        request.now = "2026-04-15"
        let added = try Sluice.addOptOut(request)
        #expect(added.entry.unsearched == 0 && added.effect.records > 0)
    }

    @Test("a line of the list stays open until the files that cannot be searched are deleted")
    func listedOptOutUnderOtherRules() throws {
        let list = "opt_outs: { file: list.csv, max_shrink: 100% }\n"
        func expiring(_ pipeline: String) -> String {
            pipeline.replacing("[processor]", with: "[own]")
                .replacing("recipients: [own]", with: "recipients: [own]\n    expires: P2M")
        }
        let scene = try withStaticKey(expiring)
        try scene.write("list.csv", "customer,person,purpose,effective_date\n,anna,*,2026-04-01\n")
        let pipeline = "\(scene.folder)/pipeline.yaml"
        func open() throws -> [Int] {
            try Sluice.checkOptOut(
                pipeline: pipeline, subject: OptOutSubject(user: "anna"), now: "2026-04-15"
            ).openLines
        }
        func stays(_ now: String) throws -> Bool {
            try scene.run(now: now).notes.contains { $0.contains("stays open") }
        }
        try scene.write("pipeline.yaml", expiring(Scene.pipeline) + list)
        #expect(try stays("2026-04-15") && open() == [2])
        #expect(try scene.verify(now: "2026-04-15").notes.contains { $0.contains("stay open") })
        #expect(try stays("2026-04-16") && open() == [2])
        // The run on that day deletes them.
        #expect(try stays("2026-09-01"))
        #expect(try !stays("2026-09-02") && open() == [])
        #expect(try scene.verify(now: "2026-09-02").notes.allSatisfy { !$0.contains("stay open") })
    }

    @Test("rules that left nothing of the value, and the same rules, hide nothing from a search")
    func plainRules() throws {
        let dropped = Scene.pipeline.replacingOccurrences(
            of: "user: pseudonymize", with: "user: drop")
        let scene = try TemporaryPipeline(dropped, files: ["in/a.jsonl": Self.source])
        _ = try scene.run(now: "2026-04-15")
        try scene.write(
            "pipeline.yaml",
            Scene.pipeline.replacingOccurrences(of: "note: redact", with: "note: drop"))
        #expect(try erase(scene).limits.allSatisfy { !$0.contains("other rules") })
        _ = try scene.run(now: "2026-04-16")
        #expect(
            try erase(scene, .user, "bert").limits.allSatisfy { !$0.contains("other rules") })
        #expect(try stored(scene, "after") == 0)
    }

    @Test("readable and tokenised records, and rows of statistics, go; others stay")
    func everywhere() throws {
        let scene = try scene()
        #expect(try stored(scene, "before") == 6)
        let before = try stored(scene, "bert", .user, "bert")
        let report = try erase(scene)
        #expect(report.records == 4 && report.partialRows == 2 && report.held == 0)
        #expect(report.inputs.map(\.records) == [2])
        #expect(try stored(scene, "after") == 0)
        #expect(try stored(scene, "bert-after", .user, "bert") == before)
        // Nobody is counted any more but bert, once a month.
        let months = try scene.text("out/months.csv").split(separator: "\n")
        #expect(months.count == 3)
        // A second time there is nothing left to do.
        #expect(try erase(scene).records == 0)
    }

    @Test("replays, renamed, compressed, grown and late files bring nothing back")
    func replay() throws {
        let scene = try scene()
        _ = try erase(scene)
        let after = try scene.text("out/months.csv")
        try scene.write("in/again.jsonl", Self.source + Scene.line("04-12", "anna"))
        try scene.write(
            "in/late.jsonl", Scene.line("02-11", " anna ") + Scene.line("04-01", "cleo"))
        try Data(gzip(Array((Self.source + "\n").utf8)))
            .write(to: URL(fileURLWithPath: "\(scene.folder)/in/c.gz"))
        let report = try scene.run(now: "2026-04-16")
        #expect(report.totals.outputs[0].dropped[.erased] != nil)
        #expect(try stored(scene, "copy") == 0)
        #expect(try stored(scene, "cleo", .user, "cleo") == 3)
        #expect(after != (try scene.text("out/months.csv")))
    }

    @Test("within one customer only")
    func within() throws {
        let scene = try scene()
        let report = try erase(scene, within: "NL-2")
        #expect(report.records == 2 && report.partialRows == 1)
        #expect(try stored(scene, "copy") == 3)
    }

    @Test("until a day: later rows of statistics stay too, and of a day cut in two none do")
    func until() throws {
        let days = ["04-01", "04-02", "04-03", "04-04"]
        func cut(_ until: String) throws -> (report: SubjectChangeReport, times: String) {
            let scene = try scene(days.map { Scene.line($0, "anna") }.joined())
            let report = try erase(scene, until: until)
            #expect(try erase(scene, dry: true, until: until).partialRows == 0)
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
        let scene = try scene(
            Scene.line("04-10", "a", ip: "2001:db8::1")
                + Scene.line("02-10", "b", ip: "2001:DB8:0::1")
                + Scene.line("02-10", "c", customer: "NL-2"))
        #expect(try erase(scene, .address, "2001:db8::1").records == 4)
        #expect(try stored(scene, "a", .address, "2001:db8::1") == 0)
        #expect(try erase(scene, .customer, "NL-2").records == 2)
        #expect(try stored(scene, "c", .customer, "NL-2") == 0)
    }

    @Test("a dry run says what would go and remembers nothing")
    func dryRun() throws {
        let scene = try scene()
        let files = try contents(scene)
        let report = try erase(scene, dry: true)
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

    @Test("raw lines of quarantine go, where they lay stays")
    func quarantine() throws {
        let bad = #"{"ts":"2026-99-10","customer":"NL-1","user":"anna","x":1}"# + "\n"
        let other = #"{"ts":"2026-99-10","customer":"NL-1","user":"bert","x":1}"# + "\n"
        let scene = try scene(Self.source + bad + other + "nobody can read this\n")
        func lists() throws -> String {
            try scene.files(below: "state/quarantine").reduce(into: "") {
                $0 += try scene.text("state/quarantine/\($1)")
            }
        }
        #expect(try lists().components(separatedBy: "line_hex").count == 4)
        let report = try erase(scene)
        #expect(report.quarantineLines == 2)
        let after = try lists()
        #expect(after.components(separatedBy: "line_hex").count == 2)
        #expect(after.components(separatedBy: "byte_offset").count == 4)
    }

    @Test("raw lines of quarantine go without state too")
    func looseQuarantine() throws {
        func bad(_ user: String) -> String {
            #"{"ts":"2026-99-10","customer":"NL-1","user":"\#(user)","x":1}"# + "\n"
        }
        let scene = try TemporaryPipeline(
            Scene.pipeline.replacing("state: state\n", with: "")
                .replacing("keep_lines: true", with: "keep_lines: true, path: quar")
                .replacing("{date}", with: "all").replacing("{month}", with: "all"),
            files: [
                "in/a.jsonl": Scene.line("04-10", "bert") + bad("anna") + bad("bert")
                    + "nobody can read this\n"
            ])
        _ = try scene.run(now: "2026-04-15")
        func lists() throws -> String {
            try scene.files(below: "quar").reduce(into: "") {
                $0 += try scene.text("quar/\($1)")
            }
        }
        #expect(try lists().components(separatedBy: "line_hex").count == 4)
        #expect(try erase(scene, dry: true).quarantineLines == 2)
        #expect(try lists().components(separatedBy: "line_hex").count == 4)
        let report = try erase(scene)
        #expect(report.quarantineLines == 2 && report.records == 0)
        #expect(try lists().components(separatedBy: "line_hex").count == 2)
        #expect(try lists().components(separatedBy: "byte_offset").count == 4)
        #expect(try erase(scene).quarantineLines == 0)
    }

    @Test("quarantine lists of other pipelines in the same folder are left alone, and told")
    func otherQuarantine() throws {
        let scene = try TemporaryPipeline(
            Scene.pipeline.replacing("state: state\n", with: "")
                .replacing("keep_lines: true", with: "keep_lines: true, path: quar")
                .replacing("{date}", with: "all").replacing("{month}", with: "all"),
            files: [
                "in/a.jsonl": Scene.line("04-10", "bert") + "nobody can read this\n"
            ])
        _ = try scene.run(now: "2026-04-15")
        let other = "2026-04-15.0123456789ab.0123456789abcdef.jsonl"
        let list = #"{"byte_offset":0,"length":4,"line_hex":"616e6e61","reason":"syntax"}"# + "\n"
        try scene.write("quar/\(other)", list)
        let report = try erase(scene)
        #expect(report.quarantineLines == 1)
        #expect(report.limits.contains { $0.hasPrefix("1 quarantine list in ") })
        #expect(try scene.text("quar/\(other)") == list)
        let copy = try scene.export(scene.request(.user, "anna"))
        #expect(copy.limits.contains { $0.hasPrefix("1 quarantine list in ") })
        // An early list does not say who wrote it: it is the pipeline's where nobody else's lie.
        let early = "quar/2026-04-15.0123456789abcdef.jsonl"
        try scene.write(early, list)
        #expect(try erase(scene).limits.contains { $0.hasPrefix("2 quarantine lists in ") })
        #expect(try scene.text(early) == list)
        try scene.remove("quar/\(other)")
        let last = try erase(scene)
        #expect(last.quarantineLines == 1)
        #expect(last.limits.allSatisfy { !$0.contains("quarantine list in ") })
        #expect(try !scene.text(early).contains("line_hex"))
    }

    @Test("a text in an array or an object is a name, in what comes later, too")
    func structured() throws {
        func line(_ user: String) -> String {
            Scene.line("04-10", "x").replacing(#""user":"x""#, with: #""user":\#(user)"#)
        }
        let odd = line(#"["bert","anna"]"#) + line(#"{"id":{"mail":"\u0061nna"}}"#)
        let others = line(#"["bert"]"#)
        let bad = line(#"["anna"]"#).replacing("2026-04-10", with: "2026-99-10")
        let scene = try scene(Self.source + odd + others + bad)
        let copy = try scene.export(scene.request(.user, "anna"))
        #expect(copy.places.first { $0.name == "records" }?.records == 4)
        for dry in [true, false] {
            let report = try erase(scene, dry: dry)
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
        let scene = try scene(Self.source + odd + line("dora", #"["NL-8"]"#))
        #expect(try erase(scene, .customer, "NL-9").records == 1)
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
            let scene = try scene(lines.map(\.2).joined())
            _ = try erase(scene, within: within)
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

    // MARK: Holds

    private func hold(_ scene: TemporaryPipeline, end: EventTime? = nil) throws {
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        let now = EventTime(milliseconds: 1_776_211_200_000)
        _ = try ledger.raise(
            NewHold(
                name: "case-7", ground: .law(citation: "Art. 1"), reason: "claim",
                raisedBy: "legal", start: now, end: end,
                subjects: [HoldSubject(.everybody, from: EventTime(milliseconds: 0))]),
            time: now)
    }

    private func release(_ scene: TemporaryPipeline) throws {
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        try ledger.release(
            hold: "case-7", by: "legal", time: EventTime(milliseconds: 1_776_300_000_000))
    }

    @Test("what a hold binds stays; the first run after its release completes the erasure")
    func held() throws {
        let scene = try scene()
        try hold(scene)
        let report = try erase(scene)
        #expect(report.records == 0 && report.blockedBy == "case-7" && report.retry == nil)
        #expect(report.held == 6)
        #expect(try stored(scene, "held") == 6)
        let blocked = try Sluice.statusOfSubject(scene.request(.user, "anna")).entries
        #expect(blocked.contains { $0.kind == "erasure" && $0.state == "blocked" })
        _ = try scene.run(now: "2026-04-16")
        #expect(try stored(scene, "still") == 6)
        try release(scene)
        let run = try scene.run(now: "2026-04-17")
        #expect(run.notes.contains { $0.contains("erasures that are done now") })
        #expect(try stored(scene, "gone") == 0)
        let done = try Sluice.statusOfSubject(scene.request(.user, "anna")).entries
        #expect(done.contains { $0.kind == "erasure" && $0.state == "done" })
    }

    @Test("a hold with an end says when to try again")
    func retry() throws {
        let scene = try scene()
        try hold(scene, end: EventTime(milliseconds: 1_777_593_600_000))
        #expect(try erase(scene).retry == "2026-05-01T00:00:00Z")
    }

    // MARK: Ledger

    @Test("no event and no error says who it was")
    func events() throws {
        let scene = try scene()
        _ = try erase(scene)
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
        let report = try erase(scene)
        #expect(report.records == 1 && report.parts == 1)
        #expect(report.limits.contains { $0.contains("not remembered") })
        #expect(
            try scene.text("out/P-1/2026-04.csv")
                == "month,partner,user,logins\n2026-04,P-1,bert,1\n")
    }
}

/// One gzip member, by the module under test of another suite.
private func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    let deflater = try GzipDeflater.make(level: 6)
    var output = ByteBuffer()
    deflater.deflate(bytes.span, into: &output)
    deflater.finish(into: &output)
    return output.array()
}
