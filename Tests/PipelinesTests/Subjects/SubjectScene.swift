import Foundation
import Pipelines

/// Pipelines, records and requests about invented persons.
enum SubjectScene {
    /// Readable for a month, pseudonymised afterwards; one statistic.
    static let pipeline = """
        name: kept
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { customer: customer, user: user }
        window: P1M
        fields:
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: { pseudonymize: { as: address } }
          action: keep
          note: redact
        quarantine: { limit: 90%, keep_lines: true }
        keys: keys
        state: state
        outputs:
          - name: records
            purpose: security
            path: "out/{date}.jsonl"
            recipients: [own]
            safeguards: { reason: abuse, readers: [soc], delete_after: P1M }
          - name: lines
            purpose: statistics
            format: csv
            path: "out/lines/{month}.csv.gz"
            recipients: [processor]
        statistics:
          - name: months
            purpose: statistics
            by: [month]
            measures: { times: count, users: { distinct: user } }
            path: out/months.csv
            suppression: { persons: 1, customers: 1 }

        """

    static func line(
        _ day: String, _ user: String, customer: String = "NL-1", ip: String = "203.0.113.9",
        note: String = "x"
    ) -> String {
        #"{"ts":"2026-\#(day)T10:00:00Z","customer":"\#(customer)","user":"\#(user)","#
            + #""ip":"\#(ip)","action":"login","note":"\#(note)"}"# + "\n"
    }

    /// Two persons, readable and due; anna in two customers.
    static let source =
        line("04-10", "anna") + line("02-10", "anna", customer: "NL-2")
        + line("04-10", "bert") + line("02-10", "bert")

    /// One whose sources have been run.
    static func started(_ source: String = source) throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(pipeline, files: ["in/a.jsonl": source])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    /// The pipeline with another rule for users.
    static let staticKey = pipeline
        .replacingOccurrences(of: "user: pseudonymize", with: "user: { hmac_sha256: { key: k } }")
        + "acknowledge: [static-key]\n"

    /// One that was run under that rule, and is back under its own since; with records of one `day`
    /// only, or those of `source`.
    static func underStaticKey(
        _ day: String? = nil, _ change: (String) -> String = { $0 }
    ) throws -> TemporaryPipeline {
        let source = day.map { line($0, "anna") + line($0, "bert") } ?? source
        let scene = try TemporaryPipeline(
            change(staticKey),
            files: ["in/a.jsonl": source, "k": "an invented key of the tests, long enough"])
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: "\(scene.folder)/k")
        _ = try scene.run(now: "2026-04-15")
        try scene.write("pipeline.yaml", pipeline)
        return scene
    }
}

extension TemporaryPipeline {
    /// A request about `value`, with everything that must be on record.
    func request(
        _ kind: SubjectRequest.Kind, _ value: String, now: String = "2026-04-15"
    ) -> SubjectRequest {
        var request = SubjectRequest(
            pipeline: "\(folder)/pipeline.yaml", kind: kind, value: value)
        request.now = now
        request.role = .controller
        request.identityCheck = "T-1042"
        request.requestedBy = "desk"
        return request
    }

    /// A copy in `folder`, and the records of each kind of place in it.
    func export(
        _ subject: SubjectRequest, to name: String = "copy",
        format: SubjectExportRequest.Format = .json
    ) throws -> SubjectExportReport {
        var request = SubjectExportRequest(subject: subject, output: "\(folder)/\(name)")
        request.format = format
        return try Sluice.exportSubject(request)
    }

    func erase(
        _ kind: SubjectRequest.Kind = .user, _ value: String = "anna", now: String = "2026-04-15",
        dry: Bool = false, within: String? = nil, until: String? = nil
    ) throws -> SubjectChangeReport {
        var subject = request(kind, value, now: now)
        subject.withinCustomer = within
        var request = SubjectEraseRequest(subject: subject)
        request.isDryRun = dry
        request.until = until
        return try Sluice.eraseSubject(request)
    }

    /// The records of the subject that an export still finds outside of the sources.
    func stored(
        _ name: String, _ kind: SubjectRequest.Kind = .user, _ value: String = "anna"
    ) throws -> Int {
        let report = try export(request(kind, value), to: name)
        return report.places.filter { $0.kind != "source" }.reduce(0) { $0 + $1.records }
            + report.partialRows.reduce(0) { $0 + $1.rows }
    }

    /// The document of an export.
    func document(_ name: String = "copy") throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)/subject.json"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    /// The data of all records that a document has of places of a kind.
    func records(_ kind: String, _ name: String = "copy") throws -> [[String: Any]] {
        let places = try document(name)["places"] as? [[String: Any]] ?? []
        return places.filter { $0["kind"] as? String == kind }.flatMap {
            ($0["records"] as? [[String: Any]] ?? []).compactMap { $0["data"] as? [String: Any] }
        }
    }
}
