import Foundation
import Pipelines
import TestSupport
import Testing

/// Which delivered files an opt-out calls back because nobody can tell whose records they hold:
/// none that was searched without finding anybody.
@Suite("Delivered files that tell nobody, or somebody")
struct OptOutTellingTests {
    /// Whoever names no customer has not opted out.
    private func pipeline(
        _ customer: String = "drop", purpose: String = "statistics", more: String = "",
        outputs: String = ""
    ) -> String {
        """
        name: shared
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        fields: { ts: keep, customer: \(customer), user: pseudonymize, action: keep }
        outputs:
          - { name: partner, purpose: \(purpose), path: "out/{date}.txt", recipients: [partner],
              readers: [desk], expires: P6M\(more) }
        \(outputs)
        acknowledge: [static-key]
        opt_outs: { file: list.csv, missing: allowed }
        keys: keys
        state: state

        """
    }

    private let other = """
          - { name: other, purpose: development, path: "other/{date}.txt", recipients: [partner],
              readers: [desk], expires: P6M }
        """

    /// Two days of records.
    private func scene(
        _ pipeline: String, list: String = "", files: [String: String] = [:]
    ) throws -> TemporaryPipeline {
        let lines = [10, 11].map { day in
            #"{"ts":"2026-04-\#(day)T10:00:00Z","customer":"c\#(day)","user":"anna","action":"b"}"#
                + "\n"
        }
        let scene = try TemporaryPipeline(
            pipeline,
            files: [
                "in/a.jsonl": lines.joined(), "k": "an invented key of the tests, long enough",
                "list.csv": "customer,purpose,effective_date\n" + list,
            ].merging(files) { $1 })
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: "\(scene.folder)/k")
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    @discardableResult
    private func add(
        _ scene: TemporaryPipeline, customer: String? = nil, user: String? = nil,
        now: String = "2026-04-16"
    ) throws -> OptOutEffectReport {
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml",
            subject: OptOutSubject(customer: customer, user: user))
        request.now = now
        return try unlessBusy { try Sluice.addOptOut(request).effect }
    }

    /// Of how many nobody can tell; all others stay.
    private func untold(
        _ scene: TemporaryPipeline, _ customer: String = "c9"
    ) throws -> Int {
        let effect = try add(scene, customer: customer)
        #expect(effect.recalls == effect.untoldRecalls)
        return effect.untoldRecalls
    }

    private func recalled(_ scene: TemporaryPipeline) throws -> [String] {
        try Sluice.recalls(pipeline: "\(scene.folder)/pipeline.yaml", now: "2026-04-16")
            .map(\.output)
    }

    @Test(
        "one tells by the rule that it was written under, whatever rule the field has since",
        arguments: [
            ("drop", "pseudonymize", 2), ("pseudonymize", "{ hmac_sha256: { key: k } }", 2),
            ("{ hmac_sha256: { key: k } }", "{ hmac_sha256: { key: k } }", 0),
            ("pseudonymize", "drop", 2),
        ])
    func rules(_ before: String, _ now: String, _ untold: Int) throws {
        for more in ["", ", format: csv, columns: [ts, customer, action]"] {
            let scene = try scene(pipeline(before, more: more))
            try scene.write("pipeline.yaml", pipeline(now, more: more))
            #expect(try self.untold(scene) == untold, "\(more)")
        }
    }

    /// The value itself stands in such a file, and is found there.
    @Test("a field that named nobody then, and stayed as it was, tells of everybody")
    func keptBefore() throws {
        let plain = pipeline("keep").replacing("customer: customer, user: user", with: "user: user")
        let scene = try scene(plain.replacing("missing: allowed", with: "missing: opted-out"))
        try scene.write("pipeline.yaml", pipeline("pseudonymize"))
        let effect = try add(scene, customer: "c10")
        #expect(effect.recalls == 1 && effect.untoldRecalls == 0)
    }

    @Test("a field that the purpose bars tells nothing")
    func barred() throws {
        let rule = "{ category: limited-production, then: pseudonymize }"
        #expect(try untold(scene(pipeline(rule))) == 0)
        let barred = pipeline(rule, purpose: "marketing")
        #expect(try untold(scene(barred)) == 2)
        // Nobody is missing where nobody is named.
        let strict = barred.replacing("missing: allowed", with: "missing: opted-out")
        #expect(try untold(scene(strict)) == 2)
    }

    /// Without a header the columns may have been any others.
    @Test(
        "only a header says that a file had the customer's column under other columns",
        arguments: [("csv", 0), ("logfmt", 2)])
    func headers(format: String, untold: Int) throws {
        func more(_ columns: String) -> String { ", format: \(format), columns: [\(columns)]" }
        let scene = try scene(pipeline("pseudonymize", more: more("ts, customer, action")))
        try scene.write("pipeline.yaml", pipeline("pseudonymize", more: more("ts, customer")))
        #expect(try self.untold(scene) == untold)
    }

    @Test("a header does so, too, where the records are copied from their source since")
    func headersOfCopies() throws {
        let text = pipeline("pseudonymize").replacing("jsonl", with: "csv")
        let scene = try scene(
            text.replacing("expires: P6M", with: "expires: P6M, columns: [ts, customer, action]"),
            files: ["in/a.csv": "ts,customer,user,action\n2026-04-10T10:00:00Z,c1,anna,b\n"])
        try scene.write(
            "pipeline.yaml",
            text.replacing("expires: P6M", with: "expires: P6M, others: keep-everything"))
        #expect(try untold(scene) == 0)
    }

    @Test("one that is away for a while is searched when it is back")
    func away() throws {
        let more = ", format: csv, columns: [ts, customer, action]"
        let scene = try scene(pipeline("pseudonymize", more: more))
        let name = try "out/\(#require(scene.files(below: "out").first { $0.contains("-10") }))"
        let text = try scene.text(name)
        try scene.remove(name)
        #expect(try untold(scene) == 0)
        #expect(try add(scene, customer: "c10").recalls == 0)
        try scene.write(name, text)
        _ = try scene.run(now: "2026-04-17")
        #expect(try recalled(scene) == ["partner"])
    }

    @Test("one that is gone for good here is called back")
    func gone() throws {
        let scene = try scene(pipeline("pseudonymize"))
        try scene.remove("out")
        var request = RunRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        (request.now, request.forgetsMissing) = ("2026-04-15", "partner")
        _ = try unlessBusy { try Sluice.run(request, observer: nil) }
        #expect(try untold(scene) == 2)
    }

    @Test("a key that is destroyed takes with it whom its tokens stood for, and nobody else")
    func destroyedKeys() throws {
        let scene = try scene(pipeline("{ hmac_sha256: { key: k } }"))
        let report = try scene.run(now: "2026-07-15")
        #expect(report.destroyedKeys.map(\.month) == ["2026-04"])
        let customer = try add(scene, customer: "c9", now: "2026-07-16")
        #expect(customer.recalls == 0 && customer.foundNobody)
        #expect(customer.notes.map { $0.contains("destroyed keys of 1 months") } == [true])
        let user = try add(scene, user: "zoe", now: "2026-07-16")
        #expect(user.recalls == 2 && user.untoldRecalls == 2)
    }

    @Test("what was for a purpose that the pipeline does not know any more is called back")
    func unknownPurpose() throws {
        let scene = try scene(
            pipeline(purpose: "research").replacing(
                "name: shared", with: "name: shared\npurposes: [research]"))
        try scene.write("pipeline.yaml", pipeline())
        #expect(try untold(scene) == 2)
    }

    @Test("what is of an output that the pipeline does not have any more is called back")
    func lostOutput() throws {
        let scene = try scene(pipeline("pseudonymize", outputs: other))
        try scene.write("pipeline.yaml", pipeline("pseudonymize"))
        let failure = #expect(throws: PipelineFailure.self) { try add(scene, customer: "c9") }
        #expect("\(String(describing: failure))".contains("belongs to output `other`"))
        #expect(try recalled(scene) == ["other", "other"])
    }

    @Test("an output with another purpose calls back what is its own, and of no other output")
    func otherPurpose() throws {
        let scene = try scene(pipeline(outputs: other), list: "c9,*,2026-04-01\n")
        try scene.write("pipeline.yaml", pipeline(purpose: "marketing", outputs: other))
        _ = try scene.run(now: "2026-04-16")
        #expect(try Set(recalled(scene)) == ["partner"])
    }
}
