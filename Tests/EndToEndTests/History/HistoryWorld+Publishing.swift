import Foundation
import Pipelines

/// A publication as its files tell it.
struct HistoryPublication {
    let month: String
    let isCorrection: Bool
    /// The figures of the month, or `withheld`.
    let cells: String
}

extension HistoryWorld {
    /// Publishes; returns what was told for the first time. A correction may be refused.
    func publish(
        _ publishing: HistoryDay.Publishing, on date: HistoryDate
    ) throws -> [HistoryPublication] {
        var request = PublishRequest(pipeline: "\(path)/p.yaml")
        request.now = date.text
        switch publishing {
        case .months:
            let report = try Sluice.publish(request)
            let told = try report.entries.filter { $0.outcome == .published }.map(read)
            for entry in try Sluice.publish(request).entries where entry.outcome != .unchanged {
                complaints.append("\(entry.period) was published twice")
            }
            return told
        case .correction:
            request.correction = "late records"
            let report: PublishReport
            do throws(PipelineFailure) { report = try Sluice.publish(request) } catch {
                guard case .refused = error else { throw error }
                return []
            }
            return try report.entries.map(read)
        }
    }

    private func read(_ entry: PublishReport.Entry) throws -> HistoryPublication {
        let folder = entry.period + (entry.revision > 0 ? ".r\(entry.revision)" : "")
        let table = try String(
            contentsOfFile: "\(path)/out/published/\(folder)/months.csv", encoding: .utf8)
        let row = table.split(separator: "\n").dropFirst().first ?? ""
        let cells = row.split(separator: ",").dropFirst()
        let isShown = !cells.isEmpty && cells.allSatisfy { Int($0) != nil }
        return HistoryPublication(
            month: entry.period, isCorrection: entry.revision > 0,
            cells: isShown ? cells.joined(separator: ",") : "withheld")
    }

    /// The words that publish.
    func arguments(_ publishing: HistoryDay.Publishing, _ date: HistoryDate) -> [String] {
        var words = ["publish", "p.yaml", "--now", date.text, "-q"]
        if case .correction = publishing { words += ["--correct", "late records"] }
        return words
    }

    /// What went wrong since the last time.
    func takeComplaints() -> [String] {
        defer { complaints = [] }
        return complaints
    }

    /// How many files came back out of the backup.
    var restored: Int { outputBackup.restored }
}
