import Foundation

extension HistoryScan {
    /// The table of what is not yet published.
    mutating func checkFigures() throws {
        let table = try Data(contentsOf: URL(fileURLWithPath: "\(world.path)/out/use.csv"))
        var cells: [String: (times: String, users: String)] = [:]
        for row in String(decoding: table, as: UTF8.self).split(separator: "\n").dropFirst() {
            let parts = row.split(separator: ",").map(String.init)
            if parts.count == 3 { cells[parts[0]] = (parts[1], parts[2]) }
        }
        var sure: [String: [String]] = [:]
        var unsure: [String: [String]] = [:]
        for entry in model.entries.values
        where !entry.isBadTime && !entry.isOutOfTable
            && !model.restricted.contains(entry.record.user)
        {
            switch entry.counted {
            case .there: sure[entry.record.month, default: []].append(entry.record.user)
            case .maybe, .perhaps: unsure[entry.record.month, default: []].append(entry.record.user)
            case .gone: break
            }
        }
        for month in Set(sure.keys).union(cells.keys).union(unsure.keys)
        // What came late to a published month goes with its key.
        where (unsure[month] ?? []).isEmpty && !model.isKeyDead(.actions, month) {
            let users = sure[month] ?? []
            let persons = Set(users).count
            let expected = persons < 2 ? ("<2", "<2") : ("\(users.count)", "\(persons)")
            let found = cells[month] ?? ("<2", "<2")
            if found != expected {
                faults.append("figures of \(month): \(found), expected \(expected)")
            }
        }
    }
}
