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

    /// What a month comes to: nil when nobody can tell, because something may be held.
    func figures(of month: String) -> Figures? {
        let all = entries.values.filter {
            $0.record.month == month && !$0.isBadTime && (!$0.isOutOfTable || $0.isTold)
                && !restricted.contains($0.record.user)
        }
        if all.contains(where: { [.maybe, .perhaps].contains($0.counted) }) { return nil }
        let counted = all.filter { $0.counted == .there }
        return Figures(times: counted.count, users: Set(counted.map(\.record.user)).count)
    }

    /// The figures of a month of entries of which a publication knew; those of now.
    private func recounted(_ month: String, knownBy telling: Int) -> Figures {
        let known = entries.values.filter {
            $0.record.month == month && !$0.isBadTime && $0.counted == .there
                && $0.telling.map { $0 <= telling } ?? false
                && !restricted.contains($0.record.user)
        }
        return Figures(times: known.count, users: Set(known.map(\.record.user)).count)
    }

    /// The persons of whom something came to a month behind a publication.
    private func late(_ month: String, behind telling: Int) -> Int {
        Set(
            entries.values.filter {
                $0.record.month == month && !$0.isBadTime && $0.counted == .there
                    && $0.telling.map { $0 > telling } ?? true
                    && !($0.isOutOfTable && !$0.isTold) && !restricted.contains($0.record.user)
            }.map(\.record.user)
        ).count
    }

    /// What is wrong with a publication.
    func faults(of told: HistoryPublication, on clock: HistoryDate) -> [String] {
        var faults: [String] = []
        if !Self.isOver(told.month, on: clock) { faults.append("was published too early") }
        if told.isCorrection != published.contains(told.month) {
            faults.append(told.isCorrection ? "was never published" : "was published before")
        }
        if let expected = figures(of: told.month) {
            var isShown = expected.users >= Self.personsMin
            for (number, before) in (tellings[told.month] ?? []).enumerated() {
                let again = recounted(told.month, knownBy: number)
                let isBacked = late(told.month, behind: number) >= Self.personsMin
                guard let before else {
                    // What was withheld is told once as much has come to it as it held.
                    let isOutgrown = expected.times >= 2 * again.times
                        && expected.users >= 2 * again.users
                    isShown = isShown && isBacked && isOutgrown
                    continue
                }
                let isNarrow = (1..<Self.personsMin) ~= expected.users - before.users
                if expected != before, !isBacked || again != before || isNarrow {
                    faults.append("tells of too few who came late")
                }
            }
            let cells = isShown ? expected.cells : "withheld"
            if told.cells != cells { faults.append("says \(told.cells), expected \(cells)") }
        }
        return faults.map { "publication of \(told.month): \($0)" }
    }

    /// What is published is no longer in the table of what is not.
    mutating func takeOutOfTable() {
        for (id, entry) in entries where entry.isTold { entries[id]?.isOutOfTable = true }
    }

    /// Notes that a month was published with everything that was counted by now.
    mutating func tell(_ told: HistoryPublication) {
        let number = tellings[told.month]?.count ?? 0
        published.insert(told.month)
        tellings[told.month, default: []].append(Figures(cells: told.cells))
        for (id, entry) in entries
        where entry.record.month == told.month && !entry.isOutOfTable && !entry.isTold {
            entries[id]?.telling = number
        }
    }
}

extension HistoryModel.Figures {
    /// As a publication tells them.
    var cells: String { "\(times),\(users)" }

    /// Nil when they are withheld.
    init?(cells: String) {
        let numbers = cells.split(separator: ",").compactMap { Int($0) }
        guard numbers.count == 2 else { return nil }
        self.init(times: numbers[0], users: numbers[1])
    }
}
