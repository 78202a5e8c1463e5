import FileSystem
import Foundation
import Pipelines
import TestSupport
import Testing

/// A folder in which a history happens, and a plain model of what must lie there.
final class HistoryWorld {
    let path: String
    /// What was fed so far and is not a copy, by id.
    private(set) var records: [String: HistoryRecord] = [:]
    /// The ids whose identifiers are gone for good.
    private(set) var aged: Set<String> = []
    private var waiting: [HistoryRecord] = []
    private var holds: [HistoryHold] = []

    private static let pipeline = """
        name: history
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { customer: customer, user: user }
        zone: Europe/Amsterdam
        fields:
          id: keep
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: { category: technical, then: truncate_ip }
          agent: { category: technical, then: agent_family }
          note: { category: non-aggregated, then: redact }
        outputs:
          - name: actions
            purpose: security
            path: "out/actions/{date}.jsonl"
            safeguards: { reason: abuse, readers: [soc], delete_after: P1M }
          - name: research
            purpose: statistics
            path: "out/research/{month}.jsonl"
            fields: { ts: { truncate_time: day } }
            recipients: [own, partner]
            readers: [university]
            expires: P3M
        statistics:
          - name: use
            purpose: statistics
            by: [month]
            measures: { times: count, users: { distinct: user } }
            path: "out/{name}.csv"
            suppression: { persons: 2 }
        opt_outs: { file: opt-outs.csv, missing: allowed }
        quarantine: { limit: 90% }
        keys: keys
        state: state

        """

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/sluice-history-"
            + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path + "/in", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try write("p.yaml", Self.pipeline)
        try write("opt-outs.csv", "customer,purposes,effective_date\n")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    // MARK: A day

    /// Does what the day brings, before the run.
    func begin(_ day: HistoryDay) throws {
        for deed in day.deeds { try apply(deed, on: day.date) }
        for addition in day.additions {
            let file = "\(path)/in/\(addition.file)"
            var text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            text += String(repeating: "no record at all\n", count: addition.rubbish)
            for record in addition.records {
                text += record.line
                records[record.id] = record
                waiting.append(record)
            }
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        }
        for copy in day.copies {
            try FileManager.default.copyItem(
                atPath: "\(path)/in/\(copy.from)", toPath: "\(path)/in/\(copy.to)")
        }
    }

    private func apply(_ deed: HistoryDay.Deed, on date: HistoryDate) throws {
        let pipeline = "\(path)/p.yaml"
        switch deed {
        case .raise(let hold):
            var request = HoldRequest(
                pipeline: pipeline, name: hold.name, ground: .law(citation: "an order"),
                reason: "an inquiry", by: "legal")
            request.now = date.text
            request.users = [hold.user].compactMap { $0 }
            request.customers = [hold.customer].compactMap { $0 }
            request.from = hold.period?.from.text
            request.until = hold.period?.until.text
            request.end = hold.end?.text
            _ = try Sluice.raiseHold(request)
            holds.append(hold)
        case .release(let name):
            _ = try Sluice.releaseHold(
                pipeline: pipeline, name: name, by: "legal", now: date.text)
            for index in holds.indices where holds[index].name == name {
                holds[index].released = date
            }
        case .optOut(let customer):
            var subject = OptOutSubject()
            subject.customer = customer
            var request = OptOutRequest(pipeline: pipeline, subject: subject)
            request.purposes = ["statistics"]
            request.now = date.text
            _ = try Sluice.addOptOut(request)
        }
    }

    /// Runs to the end.
    func run(_ clock: HistoryDate) throws {
        var request = RunRequest(pipeline: "\(path)/p.yaml")
        request.now = clock.text
        request.workers = 1
        _ = try Sluice.run(request, observer: nil)
        noteRun(clock)
    }

    /// Starts a run and kills it after so many microseconds.
    func runAndKill(_ clock: HistoryDate, after microseconds: UInt32) throws {
        let process = try SluiceProcess(
            ["run", "p.yaml", "--now", clock.text, "--workers", "1", "-q"], in: path)
        usleep(microseconds)
        process.signal(SIGKILL)
        _ = try process.finish()
    }

    /// What the run must have done, by the model.
    private func noteRun(_ clock: HistoryDate) {
        for record in waiting {
            // What is due when it arrives, or of days to come, was never written readable.
            if record.localDay < clock.cutOff || record.localDay > clock.day {
                aged.insert(record.id)
            }
        }
        waiting = []
        for record in records.values where !aged.contains(record.id) {
            let isHeld = holds.contains { $0.binds(on: clock) && $0.reaches(record) }
            if record.localDay < clock.cutOff, !isHeld { aged.insert(record.id) }
        }
    }

    func verify(_ clock: HistoryDate) throws -> VerificationReport {
        var request = VerifyRequest(pipeline: "\(path)/p.yaml")
        request.now = clock.text
        return try Sluice.verify(request)
    }

    // MARK: An independent look

    /// What identifies somebody, wherever it stands.
    private static let needles = ["@firm", "198.51.100.", "Mozilla/5.0", "NL-10"]

    /// Sentences about everything that is not as the model says.
    func faults() throws -> [String] {
        var faults: [String] = []
        var seen: Set<String> = []
        for (file, text) in try texts("out/actions") {
            for line in text.split(separator: "\n") {
                guard let id = Self.member("id", line) else {
                    faults.append("\(file): a record without an id")
                    continue
                }
                if !seen.insert(id).inserted { faults.append("\(id) is there twice") }
                let isReadable = Self.needles.contains { line.contains($0) }
                if isReadable == aged.contains(id) {
                    let what = isReadable ? "is still readable" : "was aged too early"
                    faults.append("\(id) \(what)")
                }
            }
        }
        let wanted = Set(records.keys).subtracting(waiting.map(\.id))
        if seen != wanted {
            let (lost, more) = (wanted.subtracting(seen), seen.subtracting(wanted))
            faults.append("\(lost.count) lost, \(more.count) too many")
        }
        for folder in ["out/research", "state", "keys"] {
            for (file, bytes) in try contents(folder) {
                for needle in Self.needles where bytes.range(of: Data(needle.utf8)) != nil {
                    faults.append("\(file) holds \(needle)")
                }
            }
        }
        return faults
    }

    private static func member(_ name: String, _ line: Substring) -> String? {
        guard let start = line.range(of: "\"\(name)\":\"") else { return nil }
        return line[start.upperBound...].split(separator: "\"", maxSplits: 1).first.map(String.init)
    }

    private func texts(_ folder: String) throws -> [(String, String)] {
        try contents(folder).map { ($0.0, String(decoding: $0.1, as: UTF8.self)) }
    }

    /// The bytes of all files below `folder`, by path.
    func contents(_ folder: String) throws -> [(String, Data)] {
        let root = "\(path)/\(folder)"
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return try names.sorted().compactMap { name in
            let whole = "\(root)/\(name)"
            var isFolder: ObjCBool = false
            _ = unsafe FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder)
            if isFolder.boolValue { return nil }
            return (name, try Data(contentsOf: URL(fileURLWithPath: whole)))
        }
    }

    /// The outputs with every token replaced by the order in which it comes first: two worlds have
    /// different keys.
    func outputs() throws -> [String] {
        var numbers: [String: Int] = [:]
        return try contents("out").map { file, bytes in
            var text = ""
            var run = ""
            func flush() {
                if run.count == 32 {
                    let number = numbers[run] ?? numbers.count
                    numbers[run] = number
                    text += "<\(number)>"
                } else {
                    text += run
                }
                run = ""
            }
            // Digests in the terms differ with the tokens.
            let plain = String(decoding: bytes, as: UTF8.self)
            for character in file.hasSuffix("terms.json") ? "" : plain {
                if character.isHexDigit, !character.isUppercase {
                    run.append(character)
                } else {
                    flush()
                    text.append(character)
                }
            }
            flush()
            return "\(file)\n\(text)"
        }
    }
}
