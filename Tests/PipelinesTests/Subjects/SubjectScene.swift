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
