import Foundation
import KeyedHashing
import Pipelines
import Records
import TestSupport

extension DutyWorld {
    func optOut(_ step: DutyStep) throws {
        switch step {
        case .optOut(let customer):
            var request = OptOutRequest(
                pipeline: file, subject: OptOutSubject(customer: "c\(customer)"))
            request.purposes = ["statistics"]
            request.now = now
            if try Sluice.addOptOut(request).entry.state == .inForce {
                book.optedOut.insert("c\(customer)")
            }
        case .importOptOuts(let customer):
            try trial.write(
                "import.csv",
                "customer,purposes,effective_date\nc\(customer),statistics,\(now)\n")
            let report = try Sluice.importOptOuts(
                pipeline: file, file: "\(trial.folder)/import.csv", now: now)
            if report.staysWithdrawn.isEmpty { book.optedOut.insert("c\(customer)") }
        case .withdraw(let customer) where book.optedOut.contains("c\(customer)"):
            _ = try Sluice.withdrawOptOut(
                pipeline: file, id: nil, subject: OptOutSubject(customer: "c\(customer)"),
                date: nil, now: now)
            book.optedOut.remove("c\(customer)")
        default: break
        }
    }

    func keys(_ step: DutyStep) throws {
        var request = KeysRequest(pipeline: file)
        request.now = now
        let living = trial.files(below: "keys").filter { $0.hasSuffix(".key") }
        guard let month = living.first?.prefix(7) else { return }
        if case .rewrap = step {
            try Credentials.write("old-\(wrappingKey)", UInt8(truncatingIfNeeded: wrappings + 1))
            wrappings += 1
            try Credentials.write(wrappingKey, UInt8(truncatingIfNeeded: wrappings + 1))
            _ = try Sluice.rewrapKeys(request, from: .credential("old-\(wrappingKey)"))
            return
        }
        try unlessRefused {
            _ = try Sluice.destroyKey(request, month: String(month), reason: "asked for")
        }
    }

    /// Does what may be refused.
    func unlessRefused(_ body: () throws -> Void) throws {
        do { try body() } catch let failure as PipelineFailure {
            guard case .refused = failure else { throw failure }
        }
    }

    // MARK: What lies there

    /// The lines of the log and of the store, by place and number of the record.
    func places() throws -> [String: [Int: String]] {
        ["log": try lines("out/log"), "archive": try lines("archive")]
    }

    private func lines(_ folder: String) throws -> [Int: String] {
        var lines: [Int: String] = [:]
        for name in trial.files(below: folder) {
            for line in try trial.text("\(folder)/\(name)").split(separator: "\n") {
                let digits = line.dropFirst(#"{"id":"r"#.utf8.count).prefix { $0.isNumber }
                guard let number = Int(digits) else { continue }
                // A replayed line lies in the store twice: what shows more counts.
                let known = lines[number] ?? ""
                if known.utf8.count < line.utf8.count { lines[number] = String(line) }
            }
        }
        return lines
    }

    func look(hasRun: Bool) throws -> [String] {
        let used = Set(try lines("out/use").keys)
        var faults = book.faults(try places(), used: used, hasRun: hasRun)
        var published: [String: Data] = [:]
        for name in trial.files(below: "out/published") {
            published[name] = Data(try trial.text("out/published/\(name)").utf8)
        }
        faults += book.publishedFaults(published)
        return faults
    }

    /// No key goes that a hold may need: `held` are the months of what was held before.
    func keyFaults(_ held: Set<String>) -> [String] {
        let dead = Set(
            trial.files(below: "keys").filter { $0.hasSuffix(".destroyed") }.map {
                String($0.prefix(7))
            })
        defer { deadKeys = dead }
        return dead.subtracting(deadKeys).intersection(held).sorted().map {
            "the key of \($0) is destroyed, and a hold may need it"
        }
    }
}
