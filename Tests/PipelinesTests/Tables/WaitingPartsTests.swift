import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

/// A part that a run could not judge waits with what the last run knew that did: the tables may say
/// something else since.
@Suite("Parts that wait for a file, beside reference tables")
struct WaitingPartsTests {
    /// What else happens while the file is away.
    enum Meanwhile: CaseIterable {
        case nothing
        case secondNight
        /// A date is entered for a day on which the file was judged last, and before.
        case enteredLate
        /// A row goes: who is not in a table counts as gone.
        case rowGone
        /// The date goes by which somebody was dealt with.
        case takenBack
        case shorterWindow
        case hold
        /// The output is out of the pipeline, and its file lies there.
        case outputGone
    }

    private static func pipeline(_ window: String = "P3M", output: String = "rows") -> String {
        """
        name: waiting
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user }
        window: \(window)
        tables:
          - { name: accounts, file: accounts.csv, key: account, time: date, max_shrink: 100% }
        fields:
          ts: keep
          account: keep
          user:
            then: pseudonymize
            after: { start: { table: accounts, column: left, by: account }, length: P1D }
          device:
            then: pseudonymize
            identifier: true
            after: { start: { table: accounts, column: left, by: account }, length: P1D }
        outputs:
          - name: \(output)
            purpose: security
            path: "out/{month}.jsonl"
            safeguards: { reason: abuse, readers: [soc], delete_after: P9M }
        acknowledge: [readable-window]
        state: state

        """
    }

    /// A part of several records that was judged on the 14th of September, and the same again.
    private func twins() throws -> (TemporaryPipeline, TemporaryPipeline) {
        let scene = try TemporaryPipeline(
            Self.pipeline(), files: ["in/1.jsonl": AccountsTrial.lines])
        try AccountsTrial.table(scene)
        for day in ["12", "14"] { _ = try scene.run(now: "2026-09-\(day)") }
        return (scene, try AccountsTrial.twin(of: scene))
    }

    private func rows(_ scene: TemporaryPipeline) throws -> [String] {
        try scene.files(below: "out").flatMap { file in
            try scene.text("out/\(file)").split(separator: "\n").map(String.init)
        }
    }

    /// The run of the night of `day`, without the file of `scene`.
    private func miss(_ day: String, _ scene: TemporaryPipeline) throws {
        let name = try #require(scene.files(below: "out").first)
        try FileManager.default.moveItem(
            atPath: "\(scene.folder)/out/\(name)", toPath: "\(scene.folder)/\(name)")
        _ = try scene.run(now: "2026-09-\(day)")
        try FileManager.default.moveItem(
            atPath: "\(scene.folder)/\(name)", toPath: "\(scene.folder)/out/\(name)")
    }

    private func missOutput(_ day: String, _ scene: TemporaryPipeline) throws {
        try scene.write("pipeline.yaml", Self.pipeline(output: "others"))
        #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-09-\(day)") }
        try scene.write("pipeline.yaml", Self.pipeline())
    }

    private func releaseHold(_ scene: TemporaryPipeline) throws {
        _ = try unlessBusy {
            try Sluice.releaseHold(
                pipeline: "\(scene.folder)/pipeline.yaml", name: "case", by: "legal",
                now: "2026-09-25")
        }
    }

    private func erase(_ user: String, _ scene: TemporaryPipeline) throws -> Int {
        let request = SubjectEraseRequest(
            subject: scene.request(.user, user, now: "2026-09-28"))
        return try unlessBusy { try Sluice.eraseSubject(request) }.records
    }

    /// What happens to both before the night on which one misses its file.
    private func happen(_ meanwhile: Meanwhile, _ scene: TemporaryPipeline) throws {
        switch meanwhile {
        case .nothing, .secondNight, .outputGone: break
        case .enteredLate: try AccountsTrial.table(scene, ["daan": "2026-09-11"])
        case .rowGone: try AccountsTrial.table(scene, without: "daan")
        case .takenBack: try AccountsTrial.table(scene, ["anna": ""])
        case .shorterWindow: try scene.write("pipeline.yaml", Self.pipeline("P2M"))
        case .hold: try AccountsTrial.raiseHold(scene)
        }
    }

    private func kept(_ scene: TemporaryPipeline) -> [String] {
        scene.files(below: "state/tables").filter { $0.contains("@") }
    }

    @Test(
        "each goes when its time has come, once, as if the file had been there",
        arguments: Meanwhile.allCases)
    func tokens(_ meanwhile: Meanwhile) throws {
        let (scene, twin) = try twins()
        let judged = try rows(scene)
        #expect(judged.count(where: { $0.contains("d-") }) == 3)
        for one in [scene, twin] { try happen(meanwhile, one) }
        if meanwhile == .outputGone { try missOutput("22", scene) } else { try miss("22", scene) }
        #expect(try rows(scene) == judged)
        #expect(kept(scene).count == 1 && kept(twin).isEmpty)
        let findings = try scene.verify(now: "2026-09-22").findings
        #expect(!findings.contains { $0.place.contains("state/") })
        _ = try twin.run(now: "2026-09-22")
        if meanwhile == .secondNight { try miss("23", scene) }
        for one in [scene, twin] {
            for day in ["24", "25", "26", "27"] {
                _ = try one.run(now: "2026-09-\(day)")
                #expect(kept(one).isEmpty)
                if day == "25", meanwhile == .hold {
                    try releaseHold(one)
                }
            }
        }
        #expect(try rows(scene) == rows(twin))
        let stays = meanwhile == .enteredLate || meanwhile == .rowGone ? [] : ["daan"]
        for user in AccountsTrial.users {
            #expect(
                try rows(scene).contains { $0.contains("\"\(user)\"") } == stays.contains(user))
        }
        #expect(try scene.verify(now: "2026-09-27").findings.isEmpty)
        for user in AccountsTrial.users where user != "daan" || meanwhile != .rowGone {
            #expect(try erase(user, scene) == 1, "\(user)")
        }
    }

    @Test("a date that is entered when the file is back counts as well")
    func enteredBehind() throws {
        let (scene, twin) = try twins()
        try miss("22", scene)
        _ = try twin.run(now: "2026-09-22")
        for one in [scene, twin] {
            try AccountsTrial.table(one, ["daan": "2026-09-13"])
            for day in ["23", "24"] { _ = try one.run(now: "2026-09-\(day)") }
        }
        #expect(try rows(scene) == rows(twin))
        #expect(try !rows(scene).contains { $0.contains("\"daan\"") })
    }

    @Test("they go, too, with a part that is taken away while its output is lost",
        arguments: [false, true])
    func takenAway(isAtOnce: Bool) throws {
        let (scene, _) = try twins()
        let name = try #require(scene.files(below: "out").first)
        let text = try scene.text("out/\(name)")
        // With a file that lies there, or with none any more.
        if !isAtOnce { try missOutput("20", scene) }
        #expect(kept(scene).isEmpty == isAtOnce)
        try scene.write("pipeline.yaml", Self.pipeline(output: "others"))
        try scene.remove("out/\(name)")
        for day in ["22", "25"] {
            _ = try scene.run(now: "2026-09-\(day)")
            #expect(kept(scene).isEmpty, "\(day)")
        }
        // What became due meanwhile does not count as dealt with.
        try scene.write("out/\(name)", text)
        try scene.write("pipeline.yaml", Self.pipeline())
        _ = try scene.run(now: "2026-09-26")
        for user in AccountsTrial.users {
            #expect(
                try rows(scene).contains { $0.contains("\"\(user)\"") } == (user == "daan"))
        }
        #expect(try scene.verify(now: "2026-09-26").findings.isEmpty)
    }

    @Test("the tables that are kept go with a part that is gone for good")
    func forgotten() throws {
        let (scene, _) = try twins()
        let name = try #require(scene.files(below: "out").first)
        try scene.remove("out/\(name)")
        _ = try scene.run(now: "2026-09-22")
        #expect(kept(scene).count == 1)
        var request = RunRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = "2026-09-23"
        request.workers = 1
        request.forgetsMissing = "rows"
        _ = try unlessBusy { try Sluice.run(request, observer: nil) }
        #expect(kept(scene).isEmpty)
        #expect(try scene.verify(now: "2026-09-23").findings.isEmpty)
    }
}
