import Foundation
import Pipelines
import TestSupport
import Testing

/// Stored files that somebody has removed by hand: what has to look into all of them does without.
@Suite("Files that were taken away") struct TakenAwayTests {
    /// Records of anna and bert on three days of March, and a list of opt-outs.
    private func scene(more: String = "") throws -> TemporaryPipeline {
        let pipeline = """
            name: gone
            source: { format: jsonl, files: "in/*", time: ts }
            identity: { customer: customer, user: user }
            window: P1M
            fields: { ts: keep, customer: pseudonymize, user: pseudonymize }
            quarantine: { limit: 90%, keep_lines: true }
            opt_outs: off.csv
            outputs:
              - { name: o, purpose: security, path: "out/{month}/{date}.jsonl"\(more),
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }
              - { name: s, purpose: statistics, path: "shared/{date}.jsonl" }
            acknowledge: [readable-window]
            keys: { path: keys, grace: P1Y }
            state: state

            """
        var files = ["off.csv": Self.list]
        for day in ["02-27", "03-02", "03-03"] {
            files["in/\(day)"] = Self.line("anna", day) + Self.line("bert", day) + "{\n"
        }
        let scene = try TemporaryPipeline(pipeline, files: files)
        try scene.run(now: "2026-03-05")
        return scene
    }

    private static let list = "customer,person,purpose,effective_date\n"

    private static func line(_ user: String, _ day: String) -> String {
        #"{"ts":"2026-\#(day)T12:00:00Z","customer":"c1","user":"\#(user)"}"# + "\n"
    }

    private func takeAway(_ start: String, _ scene: TemporaryPipeline) throws {
        let gone = scene.files(below: ".").filter { $0.hasPrefix(start) }
        try #require(!gone.isEmpty)
        for name in gone { try scene.remove(name) }
    }

    private func text(of folder: String, _ scene: TemporaryPipeline) throws -> String {
        try scene.files(below: folder).map { try scene.text("\(folder)/\($0)") }.joined()
    }

    private func erase(_ scene: TemporaryPipeline, _ now: String) throws -> SubjectChangeReport {
        try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, "anna", now: now)))
    }

    private func put(_ files: [String: Data], in scene: TemporaryPipeline) throws {
        for (name, data) in files {
            let path = URL(fileURLWithPath: "\(scene.folder)/\(name)")
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try data.write(to: path)
        }
    }

    /// Takes files away and returns what they held.
    private func lift(_ start: String, _ scene: TemporaryPipeline) throws -> [String: Data] {
        var lifted: [String: Data] = [:]
        for name in scene.files(below: ".") where name.hasPrefix(start) {
            lifted[name] = try Data(contentsOf: URL(fileURLWithPath: "\(scene.folder)/\(name)"))
            try scene.remove(name)
        }
        try #require(!lifted.isEmpty)
        return lifted
    }

    private func raiseHold(_ scene: TemporaryPipeline, _ now: String) throws {
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.users = ["anna"]
        hold.now = now
        _ = try Sluice.raiseHold(hold)
    }

    @Test("keep no erasure from the others, which stays open until they are back")
    func erasure() throws {
        let scene = try scene()
        let gone = try lift("out/2026-03/2026-03-02", scene)
        let report = try erase(scene, "2026-03-06")
        #expect(report.limits.contains { $0.hasPrefix("1 stored file could not be looked into") })
        #expect(try !text(of: "out", scene).contains("anna"))
        #expect(try text(of: "out", scene).contains("bert"))
        let alarms = try scene.run(now: "2026-03-07").alarms
        #expect(alarms.contains { $0.hasPrefix("1 stored file could not be looked into") })
        let copy = try scene.export(scene.request(.user, "bert", now: "2026-03-07"))
        #expect(copy.limits.contains { $0.hasPrefix("Output o: 1 stored file could not") })
        try put(gone, in: scene)
        let notes = try scene.run(now: "2026-03-08").notes
        #expect(notes.contains { $0.hasPrefix("erasures that are done now") })
        #expect(try !text(of: "out", scene).contains("anna"))
    }

    @Test("keep no opt-out from being entered, by command or by the list, and are not forgotten")
    func optOuts() throws {
        let scene = try scene()
        let gone = try lift("shared/2026-03-02", scene)
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml",
            subject: OptOutSubject(customer: nil, user: "anna"))
        request.now = "2026-03-06"
        let notes = try Sluice.addOptOut(request).effect.notes
        #expect(notes.contains { $0.hasPrefix("1 stored file could not be looked into") })
        #expect(try usable(scene) == 2, "bert's of the two days that are there")
        try scene.write("off.csv", Self.list + ",bert,*,2026-03-06\n")
        let alarms = try scene.run(now: "2026-03-07").alarms
        #expect(alarms.contains { $0.hasPrefix("1 stored file could not be looked into") })
        #expect(try usable(scene) == 0)
        try put(gone, in: scene)
        #expect(try usable(scene) == 2)
        try scene.run(now: "2026-03-08")
        #expect(try usable(scene) == 0)
        #expect(try scene.run(now: "2026-03-09").alarms == [])
    }

    /// The records that opt-outs have left anything of.
    private func usable(_ scene: TemporaryPipeline) throws -> Int {
        try text(of: "shared", scene).split(separator: "\n").count { $0 != "{}" }
    }

    @Test("are not forgotten when their time comes while a hold may bind them")
    func held() throws {
        let scene = try scene(more: ", expires: P2M")
        try raiseHold(scene, "2026-03-05")
        try FileManager.default.moveItem(
            atPath: "\(scene.folder)/out", toPath: "\(scene.folder)/away")
        try FileManager.default.createDirectory(
            atPath: "\(scene.folder)/out", withIntermediateDirectories: false)
        #expect(try scene.run(now: "2026-05-20").heldParts == 3)
        let sentence = refusal { try scene.forgetMissing(now: "2026-05-20") }
        #expect(sentence.contains("a hold may bind records of 3 files"), "\(sentence)")
        try FileManager.default.removeItem(atPath: "\(scene.folder)/out")
        try FileManager.default.moveItem(
            atPath: "\(scene.folder)/away", toPath: "\(scene.folder)/out")
        try scene.run(now: "2026-05-21")
        #expect(try text(of: "out", scene).contains("anna"))
        #expect(try !text(of: "out", scene).contains("bert"))
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do { try body() } catch PipelineFailure.refused(let sentence) { return sentence } catch {
            return "\(error)"
        }
        return ""
    }

    @Test("expire with the folder of their month")
    func expired() throws {
        let scene = try scene(more: ", expires: P2M")
        try FileManager.default.removeItem(atPath: "\(scene.folder)/out/2026-03")
        _ = try erase(scene, "2026-03-06")
        try scene.run(now: "2026-05-20")
        #expect(try scene.run(now: "2026-05-21").alarms == [])
    }

    @Test("are forgotten when somebody says that they are gone for good")
    func forgotten() throws {
        let scene = try scene()
        try takeAway("out/", scene)
        _ = try erase(scene, "2026-03-06")
        #expect(try scene.run(now: "2026-03-07").alarms.count == 1)
        let report = try scene.forgetMissing(now: "2026-03-08")
        #expect(report.alarms == [
                "o: 3 stored files that are not there forgotten; any that comes back is removed"
            ])
        #expect(report.notes.contains { $0.hasPrefix("erasures that are done now") })
        #expect(try scene.run(now: "2026-03-09").alarms == [])
        var request = VerifyRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = "2026-03-09"
        #expect(try Sluice.verify(request).findings.isEmpty)
    }

    @Test("are all that is looked for while an erasure waits for nothing else")
    func looks() throws {
        let scene = try scene()
        let gone = try lift("out/2026-03/2026-03-02", scene)
        _ = try erase(scene, "2026-03-06")
        #expect(try scene.run(now: "2026-03-07").searchedParts == 0)
        try scene.write("in/03-07", Self.line("carl", "03-07"))
        #expect(try scene.run(now: "2026-03-08").searchedParts == 0)
        let other = try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, "bert", now: "2026-03-08")))
        #expect(other.parts > 0, "another erasure looks through everything")
        #expect(try scene.run(now: "2026-03-09").searchedParts == 0)
        let pipeline = try scene.text("pipeline.yaml")
        try scene.write(
            "pipeline.yaml", pipeline.replacingOccurrences(of: "limit: 90%", with: "limit: 80%"))
        #expect(try scene.run(now: "2026-03-10").searchedParts > 1)
        #expect(try scene.run(now: "2026-03-11").searchedParts == 0)
        try put(gone, in: scene)
        let report = try scene.run(now: "2026-03-12")
        #expect(report.searchedParts == 1)
        #expect(report.notes.contains { $0.hasPrefix("erasures that are done now") })
        #expect(try !text(of: "out", scene).contains("anna"))
    }

    @Test("are lists of quarantine, which are forgotten by that word, and removed when back")
    func forgottenLists() throws {
        let scene = try scene()
        let gone = try lift("state/quarantine/", scene)
        _ = try erase(scene, "2026-03-06")
        try scene.forgetMissing(now: "2026-03-06")
        #expect(try scene.run(now: "2026-03-07").alarms.count == 1)
        let report = try scene.forgetMissing("quarantine", now: "2026-03-08")
        #expect(
            report.alarms == [
                "quarantine: 1 list that are not there forgotten; any that comes back is removed"
            ])
        #expect(report.notes.contains { $0.hasPrefix("erasures that are done now") })
        try put(gone, in: scene)
        #expect(try findings(scene, "2026-03-09").contains(.notDeleted))
        #expect(try scene.run(now: "2026-03-09").removedAgain == 1)
        #expect(scene.files(below: "state/quarantine") == [])
        #expect(try !findings(scene, "2026-03-09").contains(.notDeleted))
    }

    @Test(
        "are lists of quarantine on a disk that is away when they expire: they go when it is back",
        arguments: [false, true])
    func expiredLists(isMountPoint: Bool) throws {
        let scene = try scene()
        let files = FileManager.default
        let (lists, away) = ("\(scene.folder)/state/quarantine", "\(scene.folder)/away")
        try files.moveItem(atPath: lists, toPath: away)
        if isMountPoint {
            try files.createDirectory(
                atPath: lists, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
        }
        for now in ["2026-05-20", "2026-05-21"] { try scene.run(now: now) }
        try? files.removeItem(atPath: lists)
        try files.moveItem(atPath: away, toPath: lists)
        #expect(scene.files(below: "state/quarantine").count == 1)
        #expect(try scene.run(now: "2026-05-22").removedAgain == 1)
        #expect(scene.files(below: "state/quarantine") == [])
    }

    @Test("A list of quarantine goes by the window of now where that is shorter")
    func shorterWindow() throws {
        let scene = try scene()
        let pipeline = try scene.text("pipeline.yaml")
        #expect(scene.files(below: "state/quarantine").count == 1)
        try scene.write(
            "pipeline.yaml",
            pipeline.replacingOccurrences(of: "window: P1M", with: "window: PT72H"))
        try scene.run(now: "2026-03-07T23:00:00Z")
        #expect(scene.files(below: "state/quarantine").count == 1)
        #expect(try !findings(scene, "2026-03-07T23:00:00Z").contains(.notDeleted))
        #expect(try findings(scene, "2026-03-08T01:00:00Z").contains(.notDeleted))
        try scene.run(now: "2026-03-08T01:00:00Z")
        #expect(scene.files(below: "state/quarantine") == [])
    }

    private func findings(
        _ scene: TemporaryPipeline, _ now: String
    ) throws -> [VerificationFinding.Kind] {
        var request = VerifyRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = now
        return try Sluice.verify(request).findings.map(\.kind)
    }
}

extension TemporaryPipeline {
    @discardableResult
    fileprivate func forgetMissing(_ output: String = "o", now: String) throws -> RunReport {
        var request = RunRequest(pipeline: "\(folder)/pipeline.yaml")
        request.now = now
        request.forgetsMissing = output
        return try Sluice.run(request, observer: nil)
    }
}
