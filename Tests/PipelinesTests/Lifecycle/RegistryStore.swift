import FileSystem
import TestSupport
import Testing

@testable import Pipelines

/// A folder with a pipeline, a source folder, state and outputs, for tests of the registry.
struct RegistryStore: ~Copyable {
    let path: String

    init() throws {
        path = "/tmp/sluice-registry-\(TemporaryName.run)-\(UInt32.random(in: 0 ... .max))"
        _ = try Directory.open("\(path)/in", creating: true, mode: 0o700)
    }

    deinit { removeFolder(path) }

    var file: String { "\(path)/p.yaml" }

    func write(_ name: String, _ text: String) throws {
        try DurableFile.durablyReplace("\(path)/\(name)", with: Array(text.utf8).span)
    }

    /// A pipeline with one output `log` that is readable in the window of a month, one `use` for
    /// service improvement, and a statistic; `delete` is when the records of `log` go.
    func pipeline(_ more: String = "", delete: String = "P6M") throws {
        try write(
            "p.yaml",
            """
            name: registry
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user, customer: customer }
            fields:
              ts: keep
              user: { category: technical, then: drop }
              customer: drop
              ip: { category: technical, then: { truncate_ip: { ipv4: /16, ipv6: /32 } } }
              n: { category: aggregated, then: keep }
            outputs:
              - { name: log, purpose: security, path: "out/log.jsonl", expires: \(delete),
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }
              - name: use
                purpose: service-improvement
                path: "out/use.jsonl"
                fields: { customer: pseudonymize }
            statistics:
              - name: counts
                purpose: service-improvement
                by: [month, n]
                measures: { times: count, users: { distinct: user } }
                path: "out/counts.csv"
                suppression: { persons: 1, customers: 1 }
            state: state
            \(more)

            """)
    }

    /// Adds a source file.
    func source(_ name: String, _ lines: [String]) throws {
        try write("in/\(name).jsonl", lines.map { $0 + "\n" }.joined())
    }

    @discardableResult
    func run(_ now: String, dry: Bool = false) throws -> RunReport {
        var request = RunRequest(pipeline: file)
        request.now = now
        request.isDryRun = dry
        request.workers = 1
        return try unlessBusy { try Sluice.run(request, observer: nil) }
    }

    func names(_ folder: String) throws -> [String] {
        guard (try? FileStatus.of("\(path)/\(folder)"))?.kind == .directory else { return [] }
        return try Directory.open("\(path)/\(folder)").names().sorted()
    }

    /// The lines of all parts of an output, sorted.
    func lines(_ output: String) throws -> [String] {
        var lines: [String] = []
        for name in try names("out") where name.hasPrefix(output) {
            let content = try Directory.open("\(path)/out").content(of: name, limitBytes: 1 << 22)
            let text = String(decoding: content, as: UTF8.self)
            lines += text.split(separator: "\n").map(String.init)
        }
        return lines.sorted()
    }

    @discardableResult
    func hold(
        _ name: String, now: String, _ change: (inout HoldRequest) -> Void
    ) throws -> HoldListing {
        var request = HoldRequest(
            pipeline: file, name: name, ground: .law(citation: "Act 1"), reason: "inquiry",
            by: "legal")
        request.now = now
        change(&request)
        return try unlessBusy { try Sluice.raiseHold(request) }
    }

    func release(_ name: String, now: String) throws {
        _ = try unlessBusy {
            try Sluice.releaseHold(pipeline: file, name: name, by: "legal", now: now)
        }
    }
}

/// One record of a log.
func logLine(
    _ day: String, user: String = "anna", customer: String = "c1", ip: String = "192.0.2.7",
    n: Int = 1
) -> String {
    #"{"ts":"\#(day)T10:00:00Z","user":"\#(user)","customer":"\#(customer)","#
        + #""ip":"\#(ip)","n":"\#(n)"}"#
}
