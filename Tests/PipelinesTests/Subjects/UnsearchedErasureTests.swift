import Foundation
import Ledger
import Pipelines
import Testing

/// What other rules made of a value, nobody finds any more: requests stay open, and say so.
@Suite("Requests about files written under other rules")
struct UnsearchedErasureTests {
    private typealias Scene = SubjectScene

    @Test("what other rules made of the value cannot be searched, and the erasure stays open")
    func otherRules() throws {
        let scene = try Scene.underStaticKey()
        let copy = try scene.export(scene.request(.user, "anna"), to: "copy")
        #expect(copy.limits.contains { $0.contains("other rules") })
        #expect(try scene.erase(dry: true).limits.contains { $0.contains("other rules") })
        let report = try scene.erase()
        #expect(report.limits.contains { $0.contains("other rules") && $0.contains("stays open") })
        func states() throws -> [String] {
            try Sluice.statusOfSubject(scene.request(.user, "anna")).entries
                .filter { $0.kind == "erasure" }.map(\.state)
        }
        #expect(try states() == ["requested"])
        // What the rules of today made of what those of then had made is found under neither.
        try scene.write("pipeline.yaml", Scene.staticKey)
        _ = try scene.run(now: "2026-04-15")
        #expect(try scene.erase().limits.contains { $0.contains("other rules") })
        #expect(try states() == ["requested"])
    }

    @Test("the rules put back before anything was done by others lead to the subject")
    func rulesPutBack() throws {
        let scene = try Scene.underStaticKey()
        #expect(try scene.erase(dry: true).limits.contains { $0.contains("other rules") })
        try scene.write("pipeline.yaml", Scene.staticKey)
        let report = try scene.erase()
        #expect(report.records == 4 && report.limits.allSatisfy { !$0.contains("other rules") })
        let status = try Sluice.statusOfSubject(scene.request(.user, "anna"))
        #expect(status.entries.first { $0.kind == "erasure" }?.state == "done")
    }

    @Test("an opt-out stays open while files written under other rules cannot be searched")
    func optOutUnderOtherRules() throws {
        let scene = try Scene.underStaticKey()
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
        try scene.write("pipeline.yaml", Scene.staticKey)
        let again = try Sluice.addOptOut(request)
        #expect(!again.isNew && again.entry.unsearched > 0)
        #expect(try open() == [again.entry.unsearched])
    }

    @Test("an opt-out that has no unsearched file any more is told once, and forgotten")
    func optOutOfOneFile() throws {
        func single(_ pipeline: String) -> String {
            pipeline.replacing(#/ {2}- name: records\n(.|\n)*?(?= {2}- name: lines)/#, with: "")
                .replacing("[processor]", with: "[own]\n    expires: P1M")
        }
        let scene = try Scene.underStaticKey("04-10", single)
        try scene.write("pipeline.yaml", single(Scene.pipeline))
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", subject: OptOutSubject(user: "anna"))
        request.now = "2026-04-15"
        #expect(try Sluice.addOptOut(request).entry.unsearched == 1)
        func awaited() throws -> [[SubjectToken]] {
            try Ledger.openForReading(stateDirectory: "\(scene.folder)/state")
                .awaitedOptOuts(pipeline: "kept").map { Array($0.tokens) }
        }
        #expect(try awaited().map(\.isEmpty) == [false])
        let days = [("2026-04-16", 1, 0), ("2026-05-11", 1, 0), ("2026-05-12", 0, 1)]
        for (day, open, ended) in days + [("2026-05-13", 0, 0)] {
            let notes = try scene.run(now: day).notes
            #expect(notes.count { $0.hasPrefix("opt-out 1 stays open: ") } == open, "\(day)")
            #expect(notes.count { $0.hasSuffix("searched or deleted: 1") } == ended, "\(day)")
            #expect(notes.count { $0.contains("opt-out") } == open + ended, "\(day): \(notes)")
            #expect(try awaited().map(\.isEmpty) == (open > 0 ? [false] : []), "\(day)")
        }
    }

    @Test(
        "an opt-out that lies ahead stays open on its day for files that cannot be searched",
        arguments: [false, true])
    func optOutsAheadUnderOtherRules(isEnteredAgain: Bool) throws {
        let scene = try Scene.underStaticKey()
        try scene.write(
            "a.csv",
            "person,purpose,effective_date\nanna,*,2026-04-20\nbert,*,2026-04-20\n"
                + "carl,marketing,2026-04-20\n")
        func enter(_ now: String) throws {
            _ = try Sluice.importOptOuts(
                pipeline: "\(scene.folder)/pipeline.yaml", file: "\(scene.folder)/a.csv", now: now)
        }
        func awaited() throws -> [AwaitedOptOut] {
            try Ledger.openForReading(stateDirectory: "\(scene.folder)/state")
                .awaitedOptOuts(pipeline: "kept")
        }
        try enter("2026-04-15")
        #expect(try awaited().map { $0.left == nil } == [true, true, true])
        #expect(try awaited().allSatisfy { !$0.tokens.isEmpty && $0.unsearched == 0 })
        if isEnteredAgain {
            try enter("2026-04-20")
        } else {
            let notes = try scene.run(now: "2026-04-20").notes
            #expect(notes.count { $0.contains("The opt-out stays open") } == 2)
            #expect(notes.contains { $0.hasSuffix("taken out of what is stored: 3") })
        }
        // Nothing is for what the last one objects to.
        #expect(try awaited().map { $0.unsearched > 0 && $0.left == [] } == [true, true])
        #expect(try awaited().allSatisfy { !$0.tokens.isEmpty })
    }

    /// Its day says which events it is of: there is nothing to wait for, and nothing to look for
    /// again on that day.
    @Test("an opt-out of events that lie ahead only stays open for files that cannot be searched")
    func optOutOfEventsAhead() throws {
        let scene = try Scene.underStaticKey()
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", subject: OptOutSubject(user: "anna"))
        request.now = "2026-04-15"
        request.effective = "2026-04-20"
        request.basis = "event"
        #expect(try Sluice.addOptOut(request).entry.unsearched > 0)
        let awaited = try Ledger.openForReading(stateDirectory: "\(scene.folder)/state")
            .awaitedOptOuts(pipeline: "kept")
        #expect(awaited.map { $0.unsearched > 0 && $0.left == [] } == [true])
        let notes = try scene.run(now: "2026-04-20").notes
        #expect(notes.contains { $0.contains("opt-out 1 stays open") })
        #expect(notes.allSatisfy { !$0.contains("whose day has come") }, "\(notes)")
    }

    @Test("one that only waits for months of later keys does not wait for files of other rules")
    func optOutOfLaterKeys() throws {
        let scene = try Scene.started()
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", subject: OptOutSubject(user: "anna"))
        (request.now, request.effective) = ("2026-04-16", "2026-05-20")
        _ = try Sluice.addOptOut(request)
        // Nobody could expect a key for January then.
        try scene.write("in/b.jsonl", Scene.line("01-20", "anna"))
        try scene.run(now: "2026-05-03")
        try scene.run(now: "2026-05-20")
        try scene.write("k", "an invented key of the tests, long enough")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: "\(scene.folder)/k")
        try scene.write("pipeline.yaml", Scene.staticKey)
        let notes = try scene.run(now: "2026-05-21").notes
        #expect(notes.count { $0.contains("enter it again") } == 1, "\(notes)")
        #expect(notes.allSatisfy { !$0.contains("stays open") }, "\(notes)")
    }

    @Test("an opt-out under the rules as they were is carried out, and is not open")
    func optOutWithRulesPutBack() throws {
        let scene = try Scene.underStaticKey()
        try scene.write("pipeline.yaml", Scene.staticKey)
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
        let scene = try Scene.underStaticKey(nil, expiring)
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

    @Test("an open line is sought by what was kept of it, until files of other rules are deleted")
    func openLineUnderRulesPutBack() throws {
        func records(_ pipeline: String) -> String {
            pipeline.replacing(#/ {2}- name: lines\n(.|\n)*?(?=statistics:)/#, with: "")
                .replacing("recipients: [own]", with: "recipients: [own]\n    expires: P1M")
        }
        let list = "opt_outs: { file: list.csv, max_shrink: 100% }\n"
        let scene = try Scene.underStaticKey("04-10", records)
        try scene.write("in/b.jsonl", Scene.line("04-19", "anna") + Scene.line("04-19", "bert"))
        try scene.write("pipeline.yaml", records(Scene.pipeline))
        _ = try scene.run(now: "2026-04-20")
        try scene.write(
            "list.csv",
            "customer,person,purpose,effective_date\n,anna,security,2026-04-01\n"
                + ",bert,marketing,2026-04-01\n")
        try scene.write("pipeline.yaml", records(Scene.pipeline) + list)
        #expect(try scene.run(now: "2026-04-20").notes.contains { $0.contains("stays open") })
        #expect(try openLines(scene, OptOutSubject(user: "anna")) == [2])
        // Nothing is for what he objects to.
        #expect(try openLines(scene, OptOutSubject(user: "bert")) == [])
        // What was written under the rules between is searched by them still.
        try scene.write("pipeline.yaml", records(Scene.staticKey) + list)
        #expect(try scene.run(now: "2026-05-12").notes.contains { $0.contains("stays open") })
        #expect(try scene.run(now: "2026-05-13").notes.allSatisfy { !$0.contains("stays open") })
        #expect(try openLines(scene, OptOutSubject(user: "anna")) == [])
        #expect(scene.files(below: "out").contains { $0.hasPrefix("2026-04-19") })
    }

    @Test("under rules that never changed no line stays open, and one of a customer neither")
    func linesUnderTheSameRules() throws {
        let scene = try Scene.started()
        try scene.write(
            "list.csv", "customer,person,purpose,effective_date\nNL-2,anna,*,2026-04-01\n")
        try scene.write("pipeline.yaml", Scene.pipeline + "opt_outs: list.csv\n")
        let before = try scene.stored("before")
        let notes = try scene.run(now: "2026-04-15").notes
        #expect(notes.allSatisfy { !$0.contains("stays open") }, "\(notes)")
        #expect(try openLines(scene, OptOutSubject(customer: "NL-2", user: "anna")) == [])
        let after = try scene.stored("after")
        #expect(after < before && after > 0)
    }

    private func openLines(_ scene: TemporaryPipeline, _ subject: OptOutSubject) throws -> [Int] {
        try Sluice.checkOptOut(
            pipeline: "\(scene.folder)/pipeline.yaml", subject: subject, now: "2026-04-15"
        ).openLines
    }

    @Test("rules that left nothing of the value, and the same rules, hide nothing from a search")
    func plainRules() throws {
        let dropped = Scene.pipeline.replacingOccurrences(
            of: "user: pseudonymize", with: "user: drop")
        let scene = try TemporaryPipeline(dropped, files: ["in/a.jsonl": Scene.source])
        _ = try scene.run(now: "2026-04-15")
        try scene.write(
            "pipeline.yaml",
            Scene.pipeline.replacingOccurrences(of: "note: redact", with: "note: drop"))
        #expect(try scene.erase().limits.allSatisfy { !$0.contains("other rules") })
        _ = try scene.run(now: "2026-04-16")
        #expect(
            try scene.erase(.user, "bert").limits.allSatisfy { !$0.contains("other rules") })
        #expect(try scene.stored("after") == 0)
    }
}
