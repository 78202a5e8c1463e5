import FileSystem
import Foundation
import Pipelines
import Records
import TestSupport

/// A small pipeline with everything that ages, the steps that happen to it, and the book that says
/// what they must leave.
final class DutyWorld {
    let trial: TemporaryPipeline
    var book = DutyBook()
    /// The months whose keys were destroyed before.
    var deadKeys: Set<String> = []
    /// How often the key-encryption key was changed, and its credential.
    var wrappings = 0
    let wrappingKey = "duties-\(UInt64.random(in: 0 ... .max))"
    private var files = 0
    var file: String { "\(trial.folder)/pipeline.yaml" }
    var now: String { book.today.text }

    private static func pipeline(_ wrappingKey: String) -> String {
        """
        name: duties
        source: { format: jsonl, files: "in/*", time: ts }
        store: { files: "archive/*", settle: PT0S, guard: { factor: 1000, at_least: 100000 } }
        identity: { customer: customer, user: user }
        fields:
          id: keep
          ts: keep
          customer: pseudonymize
          user: pseudonymize
          ip: truncate_ip
          note: redact
        outputs:
          - name: log
            purpose: security
            path: "out/log/{month}.jsonl"
            expires: P1Y
            safeguards: { reason: abuse, readers: [soc], delete_after: P1M }
          - { name: use, purpose: statistics, path: "out/use/{month}.jsonl" }
        statistics:
          - { name: months, purpose: statistics, by: [month],
              measures: { times: count, users: { distinct: user } } }
        publish: { persons: 3, customers: 1, path: out/published, close_after: P3D }
        opt_outs: { file: opt-outs.csv, missing: allowed, effect: drop_record }
        keys: { path: keys, grace: P3D, wrapped_by: { credential: \(wrappingKey) } }
        state: state

        """
    }

    init() throws {
        try Credentials.write(wrappingKey, 1)
        trial = try TemporaryPipeline(
            Self.pipeline(wrappingKey),
            files: ["opt-outs.csv": "customer,purposes,effective_date\n"])
    }

    deinit {
        for name in [wrappingKey, "old-\(wrappingKey)"] { Credentials.remove(name) }
    }

    /// What was wrong first.
    struct Failure {
        let step: String
        let sentences: [String]

        /// What kind of failure it is, whatever records and files it is about.
        var kind: Substring {
            (sentences.first ?? "").prefix { !$0.isNumber && $0 != "/" }
        }
    }

    /// Plays the steps until something is wrong.
    static func failure(of steps: [DutyStep]) -> Failure? {
        var last = ""
        do {
            let world = try DutyWorld()
            for (index, step) in (steps + [.verify]).enumerated() {
                last = "step \(index), \(step)"
                let faults = try world.play(step)
                if !faults.isEmpty { return Failure(step: last, sentences: faults) }
            }
            return nil
        } catch { return Failure(step: last, sentences: ["\(error)"]) }
    }

    // MARK: Steps

    func play(_ step: DutyStep) throws -> [String] {
        switch step {
        case .clock(let days):
            // What is done at a later clock than that of the last run would be nobody's duty.
            let faults = days < 0 ? try run() : []
            book.today = CivilDate(daysSince1970: book.today.daysSince1970 + days)
            return faults
        case .record(let user, let age):
            try bring(user, age)
            return []
        case .replay(let file):
            try replay(file)
            book.note(try places())
            return []
        case .run: return try run()
        case .verify: return try run() + verify()
        default:
            let held = book.heldMonths(try places())
            try command(step)
            return try look(hasRun: false) + keyFaults(held)
        }
    }

    private func bring(_ user: Int, _ age: Int) throws {
        let record = DutyBook.Record(
            number: book.records.count, user: "u\(user)@firm.example", customer: "c\(user % 2)",
            day: CivilDate(daysSince1970: book.today.daysSince1970 - age))
        let ip = "198.51.100.\(record.number % 250 + 1)"
        let line =
            #"{"id":"\#(record.name)","ts":"\#(record.day.text)T12:00:00Z","#
            + #""customer":"\#(record.customer)","user":"\#(record.user)","ip":"\#(ip)","#
            + #""note":"from \#(ip)"}"# + "\n"
        for folder in ["in", "archive"] { try trial.write("\(folder)/f\(files)", line) }
        files += 1
        book.records.append(record)
    }

    /// Takes the store away, which nobody may.
    func removeStore() throws { try trial.remove("archive") }

    private func replay(_ number: Int) throws {
        guard files > 0, let text = try? trial.text("in/f\(number % files)") else { return }
        for folder in ["in", "archive"] { try trial.write("\(folder)/f\(files)", text) }
        files += 1
    }

    private func run() throws -> [String] {
        let held = book.heldMonths(try places())
        try trial.run(now: now)
        book.latest = max(book.latest, book.today)
        for index in book.records.indices where !book.records[index].isTaken {
            let record = book.records[index]
            book.records[index].isTaken = true
            book.records[index].isBadTime = book.today < record.day
            book.records[index].isLeftOut =
                book.erased.contains(record.user) || book.restricted.contains(record.user)
            book.records[index].isOptedOut = book.optedOut.contains(record.customer)
        }
        return try look(hasRun: true) + keyFaults(held)
    }

    private func verify() throws -> [String] {
        var request = VerifyRequest(pipeline: file)
        request.now = now
        return try Sluice.verify(request).findings.map {
            "verify: \($0.kind.rawValue) \($0.place): \($0.sentence)"
        }
    }

    private func command(_ step: DutyStep) throws {
        switch step {
        case .publish, .correct: try publish(step)
        case .raise(let bound, let days): try raise(bound, days)
        case .release(let number): try release(number)
        case .optOut, .importOptOuts, .withdraw: try optOut(step)
        case .destroyKey, .rewrap: try keys(step)
        case .erase(let user):
            _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: subject(user)))
            book.erased.insert(subject(user).value)
        case .rectify(let user):
            _ = try Sluice.rectifySubject(
                SubjectRectifyRequest(subject: subject(user), field: "note", text: "corrected"))
        case .restrict(let user), .lift(let user):
            var isLifted = false
            if case .lift = step { isLifted = true }
            _ = try Sluice.restrictSubject(subject(user), lifts: isLifted)
            let value = subject(user).value
            if isLifted { book.restricted.remove(value) } else { book.restricted.insert(value) }
        case .export(let user):
            let folder = "\(trial.folder)/../copy-\(UInt64.random(in: 0 ... .max))"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try Sluice.exportSubject(
                SubjectExportRequest(subject: subject(user), output: folder))
        case .status(let user): _ = try Sluice.statusOfSubject(subject(user))
        default: break
        }
    }

    private func subject(_ user: Int) -> SubjectRequest {
        var request = SubjectRequest(
            pipeline: file, kind: .user, value: "u\(user)@firm.example")
        request.now = now
        request.role = .controller
        request.identityCheck = "T-1"
        request.requestedBy = "desk"
        return request
    }

    /// A correction may be refused, and so may a month in which too little is told.
    private func publish(_ step: DutyStep) throws {
        var request = PublishRequest(pipeline: file)
        request.now = now
        if case .correct = step { request.correction = "late records" }
        try unlessRefused { _ = try Sluice.publish(request) }
        book.latest = max(book.latest, book.today)
    }

    private func raise(_ bound: DutyStep.Bound, _ days: Int?) throws {
        var hold = DutyBook.Hold(name: "h\(book.holds.count)", start: book.today)
        switch bound {
        case .user(let user): hold.user = "u\(user)@firm.example"
        case .customer(let customer): hold.customer = "c\(customer)"
        case .period(let days):
            hold.from = CivilDate(daysSince1970: book.today.daysSince1970 - days)
        }
        hold.end = days.map { CivilDate(daysSince1970: book.today.daysSince1970 + $0) }
        var request = HoldRequest(
            pipeline: file, name: hold.name, ground: .law(citation: "Act 1"), reason: "inquiry",
            by: "legal")
        request.now = now
        request.users = [hold.user].compactMap { $0 }
        request.customers = [hold.customer].compactMap { $0 }
        request.from = hold.from?.text
        request.end = hold.end?.text
        _ = try Sluice.raiseHold(request)
        book.holds.append(hold)
    }

    private func release(_ number: Int) throws {
        let open = book.holds.indices.filter { !book.holds[$0].isReleased }
        guard !open.isEmpty else { return }
        let index = open[number % open.count]
        _ = try Sluice.releaseHold(
            pipeline: file, name: book.holds[index].name, by: "legal", now: now)
        book.holds[index].isReleased = true
    }
}
