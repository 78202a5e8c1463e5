import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

/// A file of a store that a run did not see is aged on by what is remembered of its lines: the
/// tables may say something else since.
@Suite("Files of a store that were away, beside reference tables")
struct AwayFilesTests {
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
        /// The clocks read another column, so that nothing is known of the last run's.
        case otherColumn
        case hold
        /// The file is back with another line.
        case grown
        /// The file is back under another name, with its lines in another order.
        case turned
    }

    private static let file = "data/a.jsonl"
    private static func pipeline(
        _ window: String = "P3M", column: String = "left", device: String = "P1D",
        more: String = ""
    ) -> String {
        """
        name: away
        source: { format: jsonl, time: ts }
        store: { files: "data/*.jsonl", settle: PT0S }
        identity: { user: user }
        window: \(window)
        tables:
          - { name: accounts, file: accounts.csv, key: account, time: date, max_shrink: 100% }
        fields:
          ts: keep
          account: keep
          user:
            then: pseudonymize
            after: { start: { table: accounts, column: \(column), by: account }, length: P1D }
          device:
            then: pseudonymize
            identifier: true
            after:
              start: { table: accounts, column: \(column), by: account }
              length: \(device)
        \(more)
        state: state

        """
    }

    /// A file that was judged on the 14th of September beside another, and the same again.
    private func twins(
        _ pipeline: String = AwayFilesTests.pipeline()
    ) throws -> (TemporaryPipeline, TemporaryPipeline) {
        let scene = try TemporaryPipeline(
            pipeline,
            files: [Self.file: AccountsTrial.lines, "data/b.jsonl": AccountsTrial.line("else", 5)])
        try AccountsTrial.table(scene)
        for day in ["12", "14"] { try run(scene, day) }
        return (scene, try AccountsTrial.twin(of: scene))
    }

    private func run(_ scene: TemporaryPipeline, _ day: String) throws {
        let report = try scene.run(now: "2026-09-\(day)")
        #expect(report.alarms.isEmpty)
    }

    private func move(_ scene: TemporaryPipeline, _ from: String, _ to: String) throws {
        try FileManager.default.moveItem(
            atPath: "\(scene.folder)/\(from)", toPath: "\(scene.folder)/\(to)")
    }

    /// The run of the night of `day`, without the file of `scene`.
    private func miss(_ day: String, _ scene: TemporaryPipeline) throws {
        try move(scene, Self.file, "away")
        try run(scene, day)
        try move(scene, "away", Self.file)
    }

    private func rows(_ scene: TemporaryPipeline) throws -> [String] {
        try scene.files(below: "data").flatMap { file in
            try scene.text("data/\(file)").split(separator: "\n").map(String.init)
        }.sorted()
    }

    /// What happens to both before the night on which one misses its file.
    private func happen(_ meanwhile: Meanwhile, _ scene: TemporaryPipeline) throws {
        switch meanwhile {
        case .nothing, .secondNight, .grown, .turned: break
        case .enteredLate: try AccountsTrial.table(scene, ["daan": "2026-09-13"])
        case .rowGone: try AccountsTrial.table(scene, without: "daan")
        case .takenBack: try AccountsTrial.table(scene, ["anna": ""])
        case .shorterWindow: try scene.write("pipeline.yaml", Self.pipeline("P2M"))
        case .otherColumn: try scene.write("pipeline.yaml", Self.pipeline(column: "ended"))
        case .hold: try AccountsTrial.raiseHold(scene)
        }
    }

    /// What happens to the file of both before it is back.
    private func change(_ meanwhile: Meanwhile, _ scene: TemporaryPipeline) throws {
        let text = try scene.text(Self.file)
        if meanwhile == .grown { try scene.write(Self.file, text + AccountsTrial.line("else", 6)) }
        guard meanwhile == .turned else { return }
        try scene.remove(Self.file)
        let lines = text.split(separator: "\n").reversed()
        try scene.write("data/c.jsonl", lines.joined(separator: "\n") + "\n")
    }

    @Test(
        "each goes when its time has come, once, as if the file had been there",
        arguments: Meanwhile.allCases)
    func tokens(_ meanwhile: Meanwhile) throws {
        let (scene, twin) = try twins()
        let judged = try rows(scene)
        #expect(judged.count(where: { $0.contains("d-") }) == 4)
        let anna = try #require(judged.first { $0.contains("a-anna") })
        for one in [scene, twin] { try happen(meanwhile, one) }
        try miss("22", scene)
        #expect(try rows(scene) == judged)
        try run(twin, "22")
        if meanwhile == .secondNight { try miss("23", scene) }
        for one in [scene, twin] {
            try change(meanwhile, one)
            for day in ["24", "25", "26", "27"] {
                _ = try one.run(now: "2026-09-\(day)")
                if day == "24", meanwhile == .takenBack { try AccountsTrial.table(one) }
                if day == "25", meanwhile == .hold {
                    _ = try Sluice.releaseHold(
                        pipeline: "\(one.folder)/pipeline.yaml", name: "case", by: "legal",
                        now: "2026-09-25")
                }
            }
        }
        #expect(try rows(scene) == rows(twin))
        #expect(try rows(scene).contains(anna))
        let stays = meanwhile == .enteredLate || meanwhile == .rowGone ? [] : ["daan"]
        for user in AccountsTrial.users {
            #expect(
                try rows(scene).contains { $0.contains("\"\(user)\"") } == stays.contains(user))
        }
        #expect(try scene.verify(now: "2026-09-27").findings.isEmpty)
        for user in AccountsTrial.users where user != "daan" || meanwhile != .rowGone {
            let subject = scene.request(.user, user, now: "2026-09-28")
            _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: subject))
            #expect(try !rows(scene).contains { $0.contains("a-\(user)") }, "\(user)")
        }
    }

    @Test("a date that is entered when the file is back counts as well")
    func enteredBehind() throws {
        let (scene, twin) = try twins()
        try miss("22", scene)
        try run(twin, "22")
        for one in [scene, twin] {
            try AccountsTrial.table(one, ["daan": "2026-09-13"])
            for day in ["23", "24"] { try run(one, day) }
        }
        #expect(try rows(scene) == rows(twin))
        #expect(try !rows(scene).contains { $0.contains("\"daan\"") })
    }

    @Test("a night at the same clock, beside other tables, is a night of its own")
    func sameClock() throws {
        let (scene, twin) = try twins()
        for one in [scene, twin] { try AccountsTrial.table(one, ["daan": "2026-09-13"]) }
        try miss("14", scene)
        try run(twin, "14")
        for one in [scene, twin] { for day in ["14", "16", "17"] { try run(one, day) } }
        #expect(try rows(scene) == rows(twin))
        #expect(try !rows(scene).contains { $0.contains("\"daan\"") })
    }

    @Test("of an older version of a file the run says that it may have tokens of tokens")
    func restored() throws {
        let (scene, _) = try twins(Self.pipeline(device: "P4D"))
        try run(scene, "24")
        let old = try scene.text(Self.file)
        let anna = try #require(rows(scene).first { $0.contains("a-anna") })
        #expect(old.contains("d-bert") && !old.contains("\"bert\""))
        for day in ["27", "28"] { try run(scene, day) }
        #expect(try !scene.text(Self.file).contains("d-bert"))
        try scene.write(Self.file, old)
        let report = try scene.run(now: "2026-09-29")
        #expect(report.alarms.count == 1)
        #expect(report.alarms.first?.contains("tokens of tokens now: 1;") == true)
        #expect(try rows(scene).contains(anna))
        try run(scene, "30")
    }

    @Test("a record whose row went meanwhile is not deleted, and the run says so")
    func undeleted() throws {
        let delete =
            "delete: { start: { table: accounts, column: left, by: account }, length: P30D }"
        let (scene, twin) = try twins(Self.pipeline(more: delete))
        for one in [scene, twin] { try AccountsTrial.table(one, without: "daan") }
        try miss("22", scene)
        try run(twin, "22")
        #expect(try !rows(twin).contains { $0.contains("a-daan") })
        let report = try scene.run(now: "2026-09-23")
        #expect(report.alarms.count == 1)
        #expect(report.alarms.first?.contains("no reference table has a row of: 1;") == true)
        #expect(try rows(scene).contains { $0.contains("a-daan") && !$0.contains("d-daan") })
        try AccountsTrial.table(scene, ["daan": "2026-08-01"])
        try run(scene, "24")
        #expect(try !rows(scene).contains { $0.contains("a-daan") })
    }
}
