/// What is published, and when.
extension HistoryModel {
    /// What a publication of a month must tell.
    struct Figures: Equatable {
        let times: Int
        let users: Int
    }

    /// How many days behind its end a month stays open.
    static let closeAfter = 3
    /// The fewest persons of a figure.
    static let personsMin = 3

    /// True when the month can be closed by this clock.
    static func isOver(_ month: String, on clock: HistoryDate) -> Bool {
        HistoryDate(firstOf: month, later: 1).adding(closeAfter) <= clock
    }

    /// The months that must be closed now: over, not published, and something was counted for sure.
    func monthsToClose(_ clock: HistoryDate) -> Set<String> {
        Set(
            entries.values.filter {
                $0.counted == .there && !$0.isBadTime && !$0.isOutOfTable
                    && !restricted.contains($0.record.user)
            }.map(\.record.month)
        ).filter { !published.contains($0) && Self.isOver($0, on: clock) }
    }

    /// What is known of a month: nil when nobody can tell, because something may be held.
    func figures(of month: String) -> Figures? {
        let all = entries.values.filter {
            $0.record.month == month && !$0.isBadTime && (!$0.isOutOfTable || $0.isTold)
                && !restricted.contains($0.record.user)
        }
        if all.contains(where: { [.maybe, .perhaps].contains($0.counted) }) { return nil }
        let counted = all.filter { $0.counted == .there }
        return Figures(times: counted.count, users: Set(counted.map(\.record.user)).count)
    }

    /// What is wrong with a publication.
    func faults(of told: HistoryPublication, on clock: HistoryDate) -> [String] {
        var faults: [String] = []
        if !Self.isOver(told.month, on: clock) { faults.append("was published too early") }
        if told.isCorrection != published.contains(told.month) {
            faults.append(told.isCorrection ? "was never published" : "was published before")
        }
        if let expected = figures(of: told.month) {
            let isShown = expected.users >= Self.personsMin
            let cells = isShown ? "\(expected.times),\(expected.users)" : "withheld"
            if told.cells != cells { faults.append("says \(told.cells), expected \(cells)") }
            // Those who were restricted then, and are no more, are behind the difference too.
            if told.isCorrection, let before = toldPersons[told.month],
                before >= Self.personsMin, (1..<Self.personsMin) ~= expected.users - before
            {
                faults.append("tells of too few who came late")
            }
        }
        return faults.map { "publication of \(told.month): \($0)" }
    }

    /// What is published is no longer in the table of what is not.
    mutating func takeOutOfTable() {
        for (id, entry) in entries where entry.isTold { entries[id]?.isOutOfTable = true }
    }

    /// Notes that a month was published with everything that was counted by now.
    mutating func tell(_ month: String) {
        published.insert(month)
        toldPersons[month] = figures(of: month)?.users
        for (id, entry) in entries where entry.record.month == month && !entry.isOutOfTable {
            entries[id]?.isTold = true
        }
    }
}
