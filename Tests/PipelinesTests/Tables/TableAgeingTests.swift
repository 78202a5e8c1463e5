import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

/// What runs wrote ages by what reference tables say later.
@Suite("Stores that age by reference tables")
struct TableAgeingTests {
    private func pipeline(
        _ fields: String, columns: String = "", more: String = "", length: String = "P0D"
    ) -> String {
        """
        name: store
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { user: user, customer: customer }
        tables:
          - { name: accounts, file: accounts.csv, key: user, max_shrink: 100% }
        fields:
          ts: keep
          customer: drop
          user:
            then: pseudonymize
            after: { start: { table: accounts, column: left, by: user }, length: \(length) }
        \(fields)
        outputs:
          - { name: a, purpose: security, path: "out/{date}.jsonl", \(columns)
              safeguards: { reason: abuse, readers: [soc], delete_after: P9Y } }
        state: state
        \(more)

        """
    }

    private func scene(
        _ accounts: String, _ pipeline: String? = nil, users: [String] = ["anna", "daan"]
    ) throws -> TemporaryPipeline {
        let lines = users.map {
            #"{"ts":"2026-04-14T10:00:00Z","customer":"NL-1","user":"\#($0)","name":"N-\#($0)"}"#
        }
        return try TemporaryPipeline(
            pipeline ?? self.pipeline("  name: drop"),
            files: [
                "in/1.jsonl": lines.joined(separator: "\n") + "\n",
                "accounts.csv": "user,left\n" + accounts,
            ])
    }

    private func output(_ scene: TemporaryPipeline) throws -> String {
        try scene.files(below: "out").map { try scene.text("out/\($0)") }.joined()
    }

    private func table(_ scene: TemporaryPipeline, _ rows: String) throws {
        try scene.write("accounts.csv", "user,left\n" + rows)
    }

    @Test("a name goes when its account is closed, once, and nothing else changes")
    func closed() throws {
        let scene = try scene("anna,\ndaan,\n")
        _ = try scene.run(now: "2026-04-15")
        let first = try output(scene)
        #expect(first.contains("anna") && first.contains("daan"))
        let quiet = try scene.run(now: "2026-04-16")
        #expect(quiet.agedParts == 0)
        #expect(try output(scene) == first)
        try table(scene, "anna,2026-04-16\ndaan,\n")
        let report = try scene.run(now: "2026-04-17")
        #expect(report.agedParts == 1 && report.agedRecords == 1)
        let second = try output(scene)
        #expect(!second.contains(#""user":"anna""#) && second.contains(#""user":"daan""#))
        // A token stays the token it is, run after run, though its account is found no more.
        for day in 18...20 { _ = try scene.run(now: "2026-04-\(day)") }
        #expect(try output(scene) == second)
    }

    @Test("a date entered late, for a day before the last run, still counts")
    func enteredLate() throws {
        let scene = try scene("anna,\ndaan,\n")
        _ = try scene.run(now: "2026-04-15")
        _ = try scene.run(now: "2026-04-20")
        try table(scene, "anna,2026-04-01\ndaan,\n")
        _ = try scene.run(now: "2026-04-21")
        #expect(try !output(scene).contains(#""user":"anna""#))
    }

    @Test("a row that is gone counts as run out, in what is stored as well")
    func rowGone() throws {
        let scene = try scene("anna,\ndaan,\n")
        _ = try scene.run(now: "2026-04-15")
        try table(scene, "daan,\n")
        _ = try scene.run(now: "2026-04-16")
        let text = try output(scene)
        #expect(!text.contains(#""user":"anna""#) && text.contains(#""user":"daan""#))
    }

    @Test("an account that is not known when the record comes in is never readable")
    func unknown() throws {
        let scene = try scene("daan,\n")
        _ = try scene.run(now: "2026-04-15")
        #expect(try !output(scene).contains(#""user":"anna""#))
        try table(scene, "anna,\ndaan,\n")
        _ = try scene.run(now: "2026-04-16")
        #expect(try !output(scene).contains(#""user":"anna""#))
    }

    @Test("a field goes no later than the field its clock reads")
    func closure() throws {
        let fields = """
              customer_name: drop
              name: { then: { replace: GONE }, after: { length: P0D,
                start: { table: accounts, column: left, by: user } } }
            """
        // The user's own clock is the window here, so its name can be looked up for a month only.
        let text = pipeline(fields).replacingOccurrences(
            of: "after: { start: { table: accounts, column: left, by: user }, length: P0D }\n"
                + "  customer",
            with: "purposes: [security]\n  customer")
        let scene = try scene("anna,\ndaan,\n", text)
        _ = try scene.run(now: "2026-05-14")
        #expect(try output(scene).contains("N-anna"))
        _ = try scene.run(now: "2026-05-15")
        let aged = try output(scene)
        #expect(!aged.contains("anna") && aged.contains("GONE"))
        _ = try scene.run(now: "2026-05-16")
        #expect(try output(scene) == aged)
    }

    @Test("an output that leaves out what a clock reads cannot be kept")
    func lost() throws {
        let text = pipeline(
            "  name: { then: drop, after: { length: P0D,"
                + " start: { table: accounts, column: left, by: user } } }",
            columns: "format: csv, columns: [ts, name],")
        let scene = try scene("anna,\n", text)
        let faults = try Sluice.check(pipeline: "\(scene.folder)/pipeline.yaml")
        #expect(faults.contains { $0.message.contains("a clock reads `user`") })
    }

    @Test("columns in another order than the fields of the source age by the right ones")
    func columns() throws {
        let text = pipeline("  name: keep", columns: "format: csv, columns: [user, name, ts],")
        let scene = try scene("anna,\ndaan,\n", text)
        _ = try scene.run(now: "2026-04-15")
        try table(scene, "anna,\ndaan,2026-04-16\n")
        _ = try scene.run(now: "2026-04-16")
        let lines = try output(scene)
        #expect(lines.contains("anna,N-anna") && !lines.contains("daan,N-daan"))
    }

    @Test("a stored record is deleted when the table says so; tokens are left alone")
    func deleted() throws {
        let text = pipeline(
            "  name: drop", more: "delete: { start: { table: accounts, column: left, by: user }, "
                + "length: P10D }", length: "P30D")
        let scene = try scene("anna,\ndaan,\n", text)
        _ = try scene.run(now: "2026-04-15")
        try table(scene, "anna,2026-04-15\ndaan,\n")
        _ = try scene.run(now: "2026-04-25")
        #expect(try output(scene).contains("anna"))
        let report = try scene.run(now: "2026-04-26")
        #expect(report.agedRecords == 1)
        #expect(try !output(scene).contains("anna") && output(scene).contains("daan"))
        // Another pipeline file knows less of what was dealt with, and deletes no token for that.
        try scene.write("pipeline.yaml", text + "# changed\n")
        _ = try scene.run(now: "2026-04-27")
        #expect(try output(scene).contains("daan"))
    }

    @Test("a row is deleted with its last record: the part ends")
    func allDeleted() throws {
        let text = pipeline(
            "  name: drop",
            more: "delete: { start: { table: accounts, column: left, by: user }, length: P0D }")
        let scene = try scene("anna,\n", text, users: ["anna", "anna"])
        _ = try scene.run(now: "2026-04-15")
        #expect(scene.files(below: "out").count == 1)
        try table(scene, "anna,2026-04-16\n")
        _ = try scene.run(now: "2026-04-16")
        #expect(scene.files(below: "out").isEmpty)
        _ = try scene.run(now: "2026-04-17")
    }

    @Test("what the state keeps of a table was changed: the run stops")
    func tampered() throws {
        let scene = try scene("anna,\ndaan,\n")
        _ = try scene.run(now: "2026-04-15")
        let path = "\(scene.folder)/state/tables/store.accounts.rows"
        #expect(try scene.permissions("state/tables/store.accounts.rows") == 0o600)
        #expect(try scene.permissions("state/tables") == 0o700)
        var content = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(content.range(of: Data("anna".utf8)) == nil)
        content[content.count - 1] ^= 1
        try content.write(to: URL(fileURLWithPath: path))
        #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-04-16") }
    }

    @Test("what aged before a hold is not transformed again after its release")
    func heldBetween() throws {
        let scene = try scene("anna,\ndaan,\n")
        _ = try scene.run(now: "2026-04-15")
        try table(scene, "anna,2026-04-16\ndaan,\n")
        _ = try scene.run(now: "2026-04-17")
        let aged = try output(scene)
        #expect(!aged.contains(#""user":"anna""#) && aged.contains(#""user":"daan""#))
        let pipeline = "\(scene.folder)/pipeline.yaml"
        var hold = HoldRequest(
            pipeline: pipeline, name: "case", ground: .law(citation: "Act 1"), reason: "inquiry",
            by: "legal")
        hold.now = "2026-04-18"
        hold.customers = ["NL-1"]
        _ = try Sluice.raiseHold(hold)
        // The names of both become due, one more account is closed, and nothing may be done.
        try table(scene, "daan,2026-05-10\n")
        for now in ["2026-04-18", "2026-05-20", "2026-05-21"] {
            _ = try scene.run(now: now)
            #expect(try output(scene) == aged)
        }
        _ = try Sluice.releaseHold(
            pipeline: pipeline, name: "case", by: "legal", now: "2026-05-22")
        _ = try scene.run(now: "2026-05-22")
        let last = try output(scene)
        let token = try #require(aged.split(separator: "\"").first { $0.utf8.count == 32 })
        #expect(last.contains("\"user\":\"\(token)\"") && !last.contains("daan"))
        #expect(!last.contains("N-anna") && !last.contains("NL-1"))
        _ = try scene.run(now: "2026-05-23")
        #expect(try output(scene) == last)
    }

    /// Raises a hold that binds somebody else: parts then remember which runs met it.
    private func holdOthers(_ scene: TemporaryPipeline, now: String) throws {
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "others",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.now = now
        hold.customers = ["NL-9"]
        _ = try Sluice.raiseHold(hold)
    }

    @Test(
        "a run whose clock was set back deals with nothing that ends later by it",
        arguments: [false, true])
    func enteredUnderAClockSetBack(isHeld: Bool) throws {
        let scene = try scene("anna,\ndaan,\n")
        if isHeld { try holdOthers(scene, now: "2026-04-19") }
        _ = try scene.run(now: "2026-04-20")
        try table(scene, "anna,2026-04-18\ndaan,\n")
        _ = try scene.run(now: "2026-04-16")
        #expect(try output(scene).contains(#""user":"anna""#))
        _ = try scene.run(now: "2026-04-21")
        let text = try output(scene)
        #expect(!text.contains(#""user":"anna""#) && text.contains(#""user":"daan""#))
    }

    @Test(
        "nor is what was dealt with before dealt with again when the clock goes on",
        arguments: [false, true])
    func dealtWithBeforeAClockSetBack(isHeld: Bool) throws {
        let scene = try scene("anna,\ndaan,\n")
        if isHeld { try holdOthers(scene, now: "2026-04-19") }
        _ = try scene.run(now: "2026-04-20")
        try table(scene, "anna,2026-04-18\ndaan,\n")
        _ = try scene.run(now: "2026-04-20")
        let aged = try output(scene)
        #expect(!aged.contains(#""user":"anna""#) && aged.contains(#""user":"daan""#))
        for now in ["2026-04-16", "2026-04-17", "2026-04-21", "2026-04-22"] {
            _ = try scene.run(now: now)
            #expect(try output(scene) == aged, "\(now)")
        }
    }

    @Test("a history at random agrees with what each record should show")
    func history() throws {
        var generator = SeededGenerator(seed: 11)
        let users = (0..<6).map { "user\($0)" }
        let scene = try scene(
            users.map { "\($0),\n" }.joined(), pipeline("  name: drop"), users: users)
        var gone: Set<String> = []
        for day in 15...26 {
            var rows = ""
            for user in users {
                switch Int.random(in: 0...9, using: &generator) {
                case 0: gone.insert(user)
                case 1:
                    rows += "\(user),2026-04-\(day - 1)\n"
                    gone.insert(user)
                case 2: rows += "\(user),2026-05-01\n"
                default: rows += "\(user),\n"
                }
            }
            try table(scene, rows + "somebody,\n")
            _ = try scene.run(now: "2026-04-\(day)")
            let text = try output(scene)
            for user in users {
                #expect(text.contains("\"user\":\"\(user)\"") == !gone.contains(user), "\(day)")
            }
        }
    }
}
