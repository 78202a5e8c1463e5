import FileSystem
import Foundation
import Glibc
import KeyedHashing
import Pipelines
import Records
import TestSupport

/// A folder in which a history happens to three pipelines: `p.yaml` with outputs and figures,
/// `a.yaml` that keeps a trail and ages the raw log in place, and whose keys die, and `w.yaml` that
/// shows names for as long as accounts are open.
final class HistoryWorld {
    let path: String
    private var names: [String]
    private var accounts: [String: HistoryDate] = [:]
    /// Copies of all keys that were ever seen in the store of the archive, by file name.
    private var backup: [String: Data] = [:]
    /// How often something was killed, and how often that left work for the next run.
    private(set) var kills = 0
    private(set) var unfinished = 0
    /// How often an undisturbed command changes something in the file system, by its first words.
    private var changes: [String: Int] = [:]

    static let pipelines = ["p", "a", "w"]
    static let keyFolders = pipelines.map { "keys-\($0)" }
    static let stateFolders = pipelines.map { "state-\($0)" }

    init(users: [String]) throws {
        names = users
        let memory = "/dev/shm"
        let place = FileManager.default.isWritableFile(atPath: memory)
            ? memory : FileManager.default.temporaryDirectory.path
        path = "\(place)/sluice-history-\(UUID().uuidString)/w"
        for folder in ["in", "archive"] {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(folder)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        try write("p.yaml", Self.pipeline)
        try write("a.yaml", Self.archive)
        try write("w.yaml", Self.accounts)
        try write("opt-outs.csv", "customer,purposes,effective_date\n")
        try writeAccounts()
    }

    deinit {
        try? FileManager.default.removeItem(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    /// Copies everything to a folder that stays, and says where.
    func keep() throws {
        let kept = "\(FileManager.default.temporaryDirectory.path)/kept-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: path, toPath: kept)
        StandardError.write("the world is kept in \(kept)\n")
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    private func writeAccounts() throws {
        let rows = names.map { "\($0),\(accounts[$0]?.text ?? "")\n" }
        try write("accounts.csv", "user,ended\n" + rows.joined())
    }

    // MARK: A day

    /// Brings the day's files.
    func feed(_ day: HistoryDay) throws {
        for addition in day.additions {
            for folder in ["in", "archive"] {
                let file = "\(path)/\(folder)/\(addition.file)"
                let old = (try? Data(contentsOf: URL(fileURLWithPath: file))) ?? Data()
                try (old + Data(addition.text.utf8)).write(to: URL(fileURLWithPath: file))
            }
        }
        for copy in day.copies {
            for folder in ["in", "archive"] {
                // What a store holds for nobody any more is gone.
                guard FileManager.default.fileExists(atPath: "\(path)/\(folder)/\(copy.from)")
                else { continue }
                try FileManager.default.copyItem(
                    atPath: "\(path)/\(folder)/\(copy.from)",
                    toPath: "\(path)/\(folder)/\(copy.to)")
            }
        }
    }

    /// Does what is asked for, in every pipeline that it concerns.
    func apply(_ deed: HistoryDay.Deed, on date: HistoryDate) throws {
        switch deed {
        case .endAccount(let user, let end):
            accounts[user] = end
            try writeAccounts()
        case .restoreKey: try restoreKey()
        case .optOut(let customer, let user, let effective):
            let subject = OptOutSubject(customer: customer, user: user)
            var request = OptOutRequest(pipeline: "\(path)/p.yaml", subject: subject)
            request.purposes = ["statistics"]
            request.now = date.text
            request.effective = effective.text
            _ = try Sluice.addOptOut(request)
        case .importOptOuts(let customers):
            let lines = customers.map { "\($0),statistics,\(date.text)\n" }
            try write("import.csv", "customer,purposes,effective_date\n" + lines.joined())
            _ = try Sluice.importOptOuts(
                pipeline: "\(path)/p.yaml", file: "\(path)/import.csv", now: date.text)
        case .withdraw(let customer):
            _ = try Sluice.withdrawOptOut(
                pipeline: "\(path)/p.yaml", id: nil, subject: OptOutSubject(customer: customer),
                date: nil, now: date.text)
        default:
            for name in Self.pipelines { try apply(deed, "\(path)/\(name).yaml", date) }
        }
    }

    private func apply(
        _ deed: HistoryDay.Deed, _ pipeline: String, _ date: HistoryDate
    ) throws {
        switch deed {
        case .raise(let hold):
            _ = try Sluice.raiseHold(request(hold, pipeline, date))
        case .release(let name):
            _ = try Sluice.releaseHold(
                pipeline: pipeline, name: name, by: "legal", now: date.text)
        case .eraseUser(let user):
            _ = try Sluice.eraseSubject(
                SubjectEraseRequest(subject: subject(.user, user, pipeline, date)))
        case .eraseAddress(let address):
            _ = try Sluice.eraseSubject(
                SubjectEraseRequest(subject: subject(.address, address, pipeline, date)))
        case .restrict(let user):
            _ = try Sluice.restrictSubject(subject(.user, user, pipeline, date), lifts: false)
        case .lift(let user):
            _ = try Sluice.restrictSubject(subject(.user, user, pipeline, date), lifts: true)
        case .rectify(let user):
            _ = try Sluice.rectifySubject(
                SubjectRectifyRequest(
                    subject: subject(.user, user, pipeline, date), field: "note",
                    text: Self.correction))
        default: break
        }
    }

    static let correction = "as agreed"

    private func request(
        _ hold: HistoryHold, _ pipeline: String, _ date: HistoryDate
    ) -> HoldRequest {
        var request = HoldRequest(
            pipeline: pipeline, name: hold.name, ground: .law(citation: "an order"),
            reason: "an inquiry", by: "legal")
        request.now = date.text
        request.users = [hold.user].compactMap { $0 }
        request.customers = [hold.customer].compactMap { $0 }
        request.addresses = hold.bindsNetwork ? [HistoryHold.network] : []
        request.from = hold.period?.from.text
        request.until = hold.period?.until.text
        request.end = hold.end?.text
        return request
    }

    private func subject(
        _ kind: SubjectRequest.Kind, _ value: String, _ pipeline: String, _ date: HistoryDate
    ) -> SubjectRequest {
        var request = SubjectRequest(pipeline: pipeline, kind: kind, value: value)
        request.now = date.text
        request.role = .controller
        request.identityCheck = "T-1"
        request.requestedBy = "desk"
        return request
    }

    /// Puts back the first key that was destroyed since it was seen.
    private func restoreKey() throws {
        let folder = "\(path)/keys-a"
        for (name, content) in backup.sorted(by: { $0.key < $1.key })
        where !FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
            try content.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: "\(folder)/\(name)")
            return
        }
    }

    // MARK: Runs

    /// Runs all pipelines to the end.
    func run(_ clock: HistoryDate) throws {
        for name in Self.pipelines {
            var request = RunRequest(pipeline: "\(path)/\(name).yaml")
            request.now = clock.text
            request.workers = 1
            _ = try Sluice.run(request, observer: nil)
        }
        for name in try keyFiles("keys-a") where name.hasSuffix(".key") && backup[name] == nil {
            backup[name] = try Data(contentsOf: URL(fileURLWithPath: "\(path)/keys-a/\(name)"))
        }
    }

    func keyFiles(_ folder: String) throws -> [String] {
        let root = "\(path)/\(folder)"
        guard FileManager.default.fileExists(atPath: root) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: root)
    }

    func isThere(_ file: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/\(file)")
    }

    /// Starts `sluice` and kills it behind one of the changes that it makes to files, so that most
    /// kills come in mid-work; true when it was killed in time.
    @discardableResult
    func kill(
        _ arguments: [String], _ random: inout SeededGenerator
    ) throws -> Bool {
        let command = arguments.prefix(3).joined(separator: " ")
        // Not known at first; later about as many as the last that came to its end.
        let target = Int.random(in: 1...(changes[command] ?? 120), using: &random)
        let events = try FileEvents(below: path)
        let process = try SluiceProcess(arguments, in: path)
        let isKilled = events.wait(for: target) { process.hasEnded }
        if isKilled { process.signal(SIGKILL) }
        guard try process.finish().status == 137 else {
            changes[command] = max(1, events.count)
            return false
        }
        kills += 1
        if try isUnfinished() { unfinished += 1 }
        return true
    }

    /// True when a state is not sealed, or temporary files lie somewhere.
    private func isUnfinished() throws -> Bool {
        for state in Self.stateFolders
        where isThere("\(state)/ledger.sqlite") && !isThere("\(state)/ledger.seal") {
            return true
        }
        let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String }
        return names?.contains { $0.hasSuffix(".tmp") } ?? false
    }

    func runArguments(_ pipeline: String, _ clock: HistoryDate) -> [String] {
        ["run", pipeline, "--now", clock.text, "--workers", "1", "-q"]
    }

    /// The words of a deed that is worth killing; nil for others.
    func arguments(
        _ deed: HistoryDay.Deed, _ pipeline: String, _ date: HistoryDate
    ) -> [String]? {
        let answer = [
            "--role", "controller", "--identity-check", "T-1", "--by", "desk", "--now", date.text,
        ]
        switch deed {
        case .eraseUser(let user):
            return ["subject", "erase", pipeline, "--user", user] + answer
        case .rectify(let user):
            return ["subject", "rectify", pipeline, "--user", user, "--field", "note"]
                + ["--to", Self.correction] + answer
        case .optOut(let customer?, nil, let effective) where pipeline == "p.yaml":
            return ["opt-out", "add", pipeline, "--customer", customer, "--purpose", "statistics"]
                + ["--effective", effective.text, "--now", date.text]
        default: return nil
        }
    }

    // MARK: Keys

    /// Makes the keys that a run is going to need, so that two worlds can share them.
    func makeKeys(_ months: Set<String>) throws {
        for folder in Self.keyFolders {
            let store = try KeyStore.open(
                path: "\(path)/\(folder)", zone: "Europe/Amsterdam", creatingIfMissing: true)
            for month in months.compactMap({ CalendarMonth(text: $0) }) {
                _ = try store.key(for: month, creatingIfMissing: true)
            }
        }
    }

    /// Takes over every key that the other world has and this one never had.
    func takeKeys(of other: HistoryWorld) throws {
        for folder in Self.keyFolders {
            for name in try other.keyFolders(folder) { try take(name, of: other) }
        }
        for state in Self.stateFolders { try take("\(state)/registry.key", of: other) }
    }

    private func keyFolders(_ folder: String) throws -> [String] {
        try keyFiles(folder).filter { $0.hasSuffix(".key") }.map { "\(folder)/\($0)" }
    }

    private func take(_ name: String, of other: HistoryWorld) throws {
        let tombstone = name.replacingOccurrences(of: ".key", with: ".destroyed")
        guard other.isThere(name), !isThere(name), !isThere(tombstone) else { return }
        let folder = "\(path)/\(name.split(separator: "/")[0])"
        guard FileManager.default.fileExists(atPath: folder) else { return }
        try FileManager.default.copyItem(
            atPath: "\(other.path)/\(name)", toPath: "\(path)/\(name)")
    }
}
