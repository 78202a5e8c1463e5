import Foundation
import Records

/// What a plain account of what happened demands of what lies there: it knows records, dates and
/// who asked for what, and nothing of ledgers.
struct DutyBook {
    /// A record that came.
    struct Record {
        let number: Int
        let user: String
        let customer: String
        let day: CivilDate
        /// A run has taken it in; before that the store has it alone.
        var isTaken = false
        /// Its subject was restricted, or erased, when it was taken in.
        var isLeftOut = false
        /// Its time lay ahead when it was taken in.
        var isBadTime = false
        /// Its customer had opted out when it was taken in.
        var isOptedOut = false

        var name: String { "r\(number)" }
    }

    struct Hold {
        let name: String
        var user: String?
        var customer: String?
        var from: CivilDate?
        let start: CivilDate
        var end: CivilDate?
        var isReleased = false

        /// A clock that is set back lets nothing go that `latest` held.
        func binds(_ today: CivilDate, latest: CivilDate) -> Bool {
            start <= max(today, latest) && end.map { today < $0 } ?? true && !isReleased
        }

        /// True when it is about a record that shows so much of itself.
        func reaches(_ record: Record, in text: String) -> Bool {
            if let user { return record.user == user && text.contains(user) }
            if let customer {
                return record.customer == customer && text.contains("\"\(customer)\"")
            }
            return from.map { record.day >= $0 } ?? false
        }
    }

    static let window = CalendarDuration(months: 1, days: 0)
    /// What identifies somebody.
    static let marks = ["@firm", "\"c0\"", "\"c1\"", "198.51.100."]

    var records: [Record] = []
    var holds: [Hold] = []
    var today = CivilDate(year: 2026, month: 2, day: 10)
    /// The latest clock of any run.
    var latest = CivilDate(year: 2026, month: 2, day: 10)
    var erased: Set<String> = []
    var restricted: Set<String> = []
    var optedOut: Set<String> = []
    /// What was seen of each record, by place and number.
    private var seen: [String: [Int: String]] = [:]
    /// What was published, by path.
    private var published: [String: Data] = [:]

    func binding() -> [Hold] { holds.filter { $0.binds(today, latest: latest) } }

    /// What is wrong after a command that may change what is stored. `places` are the lines of the
    /// log and of the store; `hasRun` tells that a run was the command.
    mutating func faults(
        _ places: [String: [Int: String]], used: Set<Int>, hasRun: Bool
    ) -> [String] {
        let bound = binding()
        var faults: [String] = []
        for (place, lines) in places.sorted(by: { $0.key < $1.key }) {
            for record in records {
                let before = seen[place]?[record.number]
                let now = lines[record.number]
                if let before, bound.contains(where: { $0.reaches(record, in: before) }) {
                    if now != before { faults.append("\(place): \(record.name) was held") }
                } else if hasRun, record.isTaken {
                    faults += stale(record, before, now, bound.isEmpty).map {
                        "\(place): \(record.name) \($0)"
                    }
                }
            }
        }
        for record in records where used.contains(record.number) && hasRun {
            if record.isOptedOut || record.isLeftOut {
                faults.append("use: \(record.name) should never have come there")
            }
        }
        seen = places
        return faults
    }

    /// Takes what lies there for what was seen: somebody but the pipeline changed it.
    mutating func note(_ places: [String: [Int: String]]) { seen = places }

    /// What is wrong with a record that nothing holds.
    private func stale(
        _ record: Record, _ before: String?, _ now: String?, _ isFree: Bool
    ) -> [String] {
        let isReadable = now.map { text in Self.marks.contains { text.contains($0) } } ?? false
        let isErased = erased.contains(record.user)
        // A hold that is new may keep what it met for the first time.
        if isReadable, before != nil || isFree, record.day < today.subtracting(Self.window) {
            return ["is readable past its window"]
        }
        if isReadable, isErased, isFree { return ["was erased"] }
        let isDue = record.day < latest.subtracting(Self.window)
        let isSpared = isDue || isErased || record.isLeftOut || record.isBadTime
        if !isReadable, !isSpared { return ["went too early"] }
        return []
    }

    /// The months in which a hold may need a key.
    func heldMonths(_ places: [String: [Int: String]]) -> Set<String> {
        let bound = binding()
        return Set(
            records.filter { record in
                places.values.contains { lines in
                    lines[record.number].map { text in
                        bound.contains { $0.reaches(record, in: text) }
                    } ?? false
                }
            }.map { String($0.day.text.prefix(7)) })
    }

    /// What was published stays as it was.
    mutating func publishedFaults(_ found: [String: Data]) -> [String] {
        let changed = published.filter { found[$0.key] != $0.value }.keys
        published = found
        return changed.sorted().map { "\($0) was published and is not what it was" }
    }
}
