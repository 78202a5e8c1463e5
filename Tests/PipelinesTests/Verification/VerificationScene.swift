import FileSystem
import Pipelines
import Records
import TestSupport
import Testing

/// A folder with a pipeline that keeps state, shares an output and publishes a statistic.
final class VerificationScene {
    let path: String

    init() throws {
        path = "/tmp/sluice-verify-\(TemporaryName.run)-\(UInt32.random(in: 0 ... .max))"
        _ = try Directory.open("\(path)/in", creating: true, mode: 0o700)
        try write("p.yaml", Self.pipeline)
    }

    deinit { removeFolder(path) }

    static let pipeline = """
        name: scene
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        derive: { browser: { agent_family: { of: agent, part: browser } } }
        fields:
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: { category: technical, then: truncate_ip }
          agent: agent_family
          note: redact
          action: keep
        outputs:
          - name: actions
            purpose: security
            path: "out/actions/{date}.jsonl"
            expires: P1Y
            safeguards: { reason: abuse, readers: [soc], delete_after: P1M }
          - name: research
            purpose: statistics
            path: "out/research/{month}.csv.gz"
            format: csv
            columns: [ts, user, ip, browser, action]
            fields: { ts: { truncate_time: day } }
            recipients: [own, partner]
            readers: [university]
            expires: P6M
        statistics:
          - name: times
            purpose: statistics
            by: [month]
            measures: { times: count, users: { distinct: user } }
            path: "out/{name}.csv"
            suppression: { persons: 2 }
        quarantine: { limit: 50%, keep_lines: true }
        keys: keys
        state: state

        """

    func write(_ name: String, _ text: String) throws {
        try DurableFile.durablyReplace("\(path)/\(name)", with: Array(text.utf8).span)
    }

    /// Records of several persons on `date`, a line that cannot be read among them.
    func addLog(_ name: String, date: String, lines: Int = 4) throws {
        var text = "no record\n"
        for number in 0..<lines {
            let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
            let ip = "192.0.2.\(number + 1)"
            let members = [
                ("ts", "\(date)T1\(number % 10):00:00Z"), ("customer", "NL-10\(number % 3)"),
                ("user", "person\(number % 4)@company.example"), ("ip", ip), ("agent", agent),
                ("note", "call \(ip)"), ("action", "login"), ("session", "s"),
            ]
            let texts = members.map { "\"\($0.0)\":\"\($0.1)\"" }
            text += "{\(texts.joined(separator: ","))}\n"
        }
        try write("in/\(name).jsonl", text)
    }

    @discardableResult
    func run(_ now: String) throws -> RunReport {
        var request = RunRequest(pipeline: "\(path)/p.yaml")
        request.now = now
        request.workers = 1
        return try Sluice.run(request, observer: nil)
    }

    func verify(_ now: String) throws -> VerificationReport {
        var request = VerifyRequest(pipeline: "\(path)/p.yaml")
        request.now = now
        return try Sluice.verify(request)
    }

    /// The codes of the findings, each once, sorted.
    func findings(_ now: String) throws -> [String] {
        Set(try verify(now).findings.map(\.kind.rawValue)).sorted()
    }

    /// The paths of all files below `folder`, sorted.
    func files(_ folder: String = "") throws -> [String] {
        let whole = folder.isEmpty ? path : "\(path)/\(folder)"
        guard (try? FileStatus.of(whole))?.kind == .directory else { return [] }
        let directory = try Directory.open(whole)
        return try directory.names().flatMap { name -> [String] in
            let inner = folder.isEmpty ? name : "\(folder)/\(name)"
            let isFolder = try directory.status(of: name)?.kind == .directory
            return isFolder ? try files(inner) : [inner]
        }.sorted()
    }

    func isThere(_ file: String) -> Bool {
        if let status = try? FileStatus.of("\(path)/\(file)") { status.byteCount >= 0 } else {
            false
        }
    }

    func content(_ file: String) throws -> [UInt8] {
        try FileDescriptor.reading("\(path)/\(file)").readAll(limitBytes: 1 << 24)
    }

    func replace(_ file: String, _ bytes: [UInt8]) throws {
        try DurableFile.durablyReplace("\(path)/\(file)", with: bytes.span)
    }

    func remove(_ file: String) throws {
        let place = splitPath("\(path)/\(file)")
        _ = try Directory.open(place.directory).remove(place.name)
    }
}
