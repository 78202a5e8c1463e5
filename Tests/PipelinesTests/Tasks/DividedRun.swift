import Compression
import Foundation
import Pipelines
import Records
import TestSupport

/// A pipeline that is run on one machine and as tasks, in folders of its own.
struct DividedRun {
    static let now = "2026-04-15"
    static let work = "work"

    let folder: TemporaryPipeline
    /// Whether the statistics need a key of the run.
    let needsKey: Bool

    /// `format` is what `source.format` says; `sources` are the files in `in/`.
    init(
        format: String, time: String = "ts", others: String = "action", sources: [[UInt8]],
        names: String = "log"
    ) throws {
        folder = try TemporaryPipeline(Self.pipeline(format, time, others))
        needsKey = true
        try folder.write("static.key", "an invented key of the tests, long enough")
        try folder.write("run.key", String(repeating: "c0ffee11", count: 8))
        for name in ["static.key", "run.key"] { try protect(name) }
        for (index, source) in sources.enumerated() {
            try write("in/\(1000 + index).\(names)", source)
        }
    }

    /// Any pipeline and its files.
    init(pipeline: String, files: [String: String]) throws {
        folder = try TemporaryPipeline(pipeline, files: files)
        needsKey = false
    }

    private static func pipeline(_ format: String, _ time: String, _ others: String) -> String {
        """
        name: divided
        source: { format: \(format), files: "in/*", time: \(time), limits: { record: 1KiB } }
        identity: { user: user }
        fields:
          \(time): keep
          user: { hmac_sha256: { key: static.key } }
          ip: { truncate_ip: { ipv4: /16, ipv6: /32 } }
          \(others): keep
        acknowledge: [static-key]
        quarantine: { limit: 60%, path: out/aside, keep_lines: true }
        outputs:
          - { name: all, purpose: security, path: "out/all.gz" }
          - { name: dated, purpose: security, path: "out/days/{date}" }
        statistics:
          - name: days
            purpose: security
            by: [day]
            measures: { times: count, users: { distinct: user } }
            path: out/days.csv
            suppression: { persons: 2 }
          - name: sessions
            purpose: security
            by: [month]
            measures: { sessions: { sessions: { of: user, gap: PT30M } } }
            path: out/sessions.csv
            suppression: { persons: 2 }

        """
    }

    func write(_ name: String, _ content: [UInt8]) throws {
        try folder.write(name, "")
        try Data(content).write(to: URL(fileURLWithPath: "\(folder.folder)/\(name)"))
    }

    private func protect(_ name: String) throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: "\(folder.folder)/\(name)")
    }

    /// The results so far, by path; lists of what was set aside have a random name and are told by
    /// their content alone.
    func results() throws -> [String: [UInt8]] {
        var results: [String: [UInt8]] = [:]
        for name in folder.files(below: "out") {
            let shown = name.hasPrefix("aside/") ? "aside" : name
            let path = "\(folder.folder)/out/\(name)"
            results[shown] = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        }
        return results
    }

    /// Removes the results and returns them.
    func takeResults() throws -> [String: [UInt8]] {
        let found = try results()
        if FileManager.default.fileExists(atPath: "\(folder.folder)/out") {
            try folder.remove("out")
        }
        return found
    }

    var key: RunKeySource? { needsKey ? .file("\(folder.folder)/run.key") : nil }

    func plan(
        rangeBytes: Int, now: String? = DividedRun.now, key: RunKeySource? = nil,
        firstMonth: String? = nil, listsWinners: Bool = false, buckets: Int = 1
    ) throws -> TaskPlanReport {
        var request = TaskPlanRequest(
            pipeline: "\(folder.folder)/pipeline.yaml", work: "\(folder.folder)/\(Self.work)")
        request.now = now
        request.rangeBytes = rangeBytes
        request.key = key ?? self.key
        request.firstMonth = firstMonth
        request.listsWinners = listsWinners
        request.buckets = buckets
        return try Sluice.planTasks(request)
    }

    @discardableResult
    func attempt(
        _ name: String, of plan: TaskPlanReport, key: RunKeySource? = nil, workers: Int = 1
    ) throws -> TaskReport {
        var request = TaskRequest(folder: plan.folder, name: name)
        request.key = key ?? self.key
        request.workers = workers
        return try Sluice.runTask(request, observer: nil)
    }

    /// The files of attempts at tasks of `plan` that are not published.
    func attempts(of plan: TaskPlanReport) -> [String] {
        folder.files(below: "\(Self.work)/\(plan.name)").filter { $0.hasPrefix("_tmp.") }
    }

    /// Plans, does all tasks in an order of `random`, and commits.
    @discardableResult
    func divide(
        rangeBytes: Int, workers: Int = 1, using random: inout SeededGenerator
    ) throws -> (plan: TaskPlanReport, report: RunReport?) {
        let plan = try plan(rangeBytes: rangeBytes)
        for task in plan.tasks.shuffled(using: &random) {
            try attempt(task.name, of: plan, workers: workers)
        }
        return (plan, try Sluice.commitTasks(folder: plan.folder))
    }
}

/// Invented events with everything in them that makes ranges hard: lines that cannot be read, that
/// are empty or longer than allowed, and ends of both kinds.
struct EventLines {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func number(_ range: Range<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    private mutating func event() -> (time: String, user: String, address: String) {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time =
            "2026-0\(number(2..<4))-0\(number(1..<5))T\(two(number(0..<24))):"
            + "\(two(number(0..<60))):00Z"
        return (time, "user\(number(0..<9))@one.example", "203.0.113.\(number(1..<255))")
    }

    /// `count` lines of JSON.
    mutating func json(_ count: Int) -> [UInt8] {
        lines(count) { time, user, address in
            #"{"ts":"\#(time)","user":"\#(user)","ip":"\#(address)","action":"login"}"#
        }
    }

    /// `count` rows with `mark` between the cells, under a header.
    mutating func rows(_ count: Int, _ mark: String, quoted: Bool = false) -> [UInt8] {
        let header = ["ts", "user", "ip", "action"].joined(separator: mark) + "\n"
        return bytes(header)
            + lines(count) { time, user, address in
                let action = quoted ? "\"log\nin\"" : "login"
                return [time, user, address, action].joined(separator: mark)
            }
    }

    private mutating func lines(
        _ count: Int, _ form: (_ time: String, _ user: String, _ address: String) -> String
    ) -> [UInt8] {
        var text = ""
        for _ in 0..<count {
            let (time, user, address) = event()
            switch number(0..<24) {
            case 0: text += "\n"
            case 1: text += "{\"broken\":\n"
            case 2: text += String(repeating: "x", count: number(1000..<5000)) + "\n"
            case 3: text += form(time, user, address) + "\r\n"
            default: text += form(time, user, address) + "\n"
            }
        }
        return bytes(text)
    }
}

/// One gzip member.
func gzipMember(_ plain: [UInt8]) throws -> [UInt8] {
    let deflater = try GzipDeflater.make(level: 6)
    var output = ByteBuffer()
    deflater.deflate(plain.span, into: &output)
    deflater.finish(into: &output)
    return output.array()
}

/// The exit status that the failure of `body` has; nil when there is none.
func exitStatus(_ body: () throws -> Void) -> Int32? {
    do {
        try body()
        return nil
    } catch let failure as PipelineFailure {
        return failure.exitStatus
    } catch {
        return -1
    }
}
