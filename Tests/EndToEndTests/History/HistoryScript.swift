import Foundation
import TestSupport

/// Makes the days of a history from a seed.
struct HistoryScript {
    var random: SeededGenerator
    private let start: HistoryDate
    private var nextRecord = 0
    private var files: [String] = []
    var openHolds: [HistoryHold] = []
    var holds = 0
    private(set) var recent: [HistoryRecord] = []
    var restricted: [String] = []
    var optedOut: [String] = []
    /// Persons whose account or trial has ended or will.
    var ending: [String] = []
    private var stuckUntil = 0

    private init(seed: UInt64, start: HistoryDate) {
        random = SeededGenerator(seed: seed)
        self.start = start
    }

    static func days(seed: UInt64, from start: HistoryDate, count: Int) -> [HistoryDay] {
        var script = HistoryScript(seed: seed, start: start)
        return (0..<count).map { script.day(start.adding($0), isLast: $0 == count - 1) }
    }

    /// All persons who are ever met in a history of so many days.
    static func users(days: Int) -> [String] { (0..<(days / 10 + 14)).map(user) }

    static func user(_ number: Int) -> String { "user\(number)@firm\(number % 5).example" }
    static func customer(_ number: Int) -> String { "NL-10\(number % 5)" }

    mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    /// Persons come and go: twelve at a time.
    mutating func person(_ date: HistoryDate) -> Int {
        (date.day - start.day) / 10 + Int.random(in: 0..<12, using: &random)
    }

    private mutating func day(_ date: HistoryDate, isLast: Bool) -> HistoryDay {
        var day = HistoryDay(date: date)
        day.clock = isLast || date == start ? date : clock(date)
        addRecords(date, &day)
        if let now = day.clock, date != start { addDeeds(now, &day) }
        if chance(25) { day.publishing = chance(25) ? .correction : .months }
        if chance(8), let known = files.randomElement(using: &random) {
            day.copies.append((known, "copy-of-\(known)-\(date.text)"))
        }
        return day
    }

    /// Now and then nobody runs, or the clock is wrong by days or weeks, or stands still.
    private mutating func clock(_ date: HistoryDate) -> HistoryDate? {
        if chance(6) { return nil }
        if date.day < stuckUntil { return HistoryDate(day: stuckUntil - 4) }
        if chance(2) {
            stuckUntil = date.day + 3
            return date.adding(-1)
        }
        guard chance(6) else { return date }
        return date.adding([-1, -2, -3, -9, -35].randomElement(using: &random) ?? -2)
    }

    private mutating func addRecords(_ date: HistoryDate, _ day: inout HistoryDay) {
        let least = date == start ? 1 : 0
        for number in 0..<Int.random(in: least...2, using: &random) {
            let grows = chance(20)
            let name = grows ? files.last ?? "\(date.text)-\(number)" : "\(date.text)-\(number)"
            if !files.contains(name) { files.append(name) }
            let records = (0..<Int.random(in: 1...4, using: &random)).map { _ in record(date) }
            let rubbish = chance(20) ? "no record at all: q\(nextRecord)@firm0.example" : nil
            day.additions.append(.init(file: name, records: records, rubbish: rubbish))
            recent = Array((recent + records).suffix(60))
        }
        // What was sent weeks ago is sent again by a system that writes it anew.
        guard chance(8), let first = recent.first else { return }
        let again = recent.prefix(3).map { remade($0, $0.localDay) }
        let name = "again-\(first.id)-\(date.text)"
        files.append(name)
        day.additions.append(.init(file: name, records: again, rubbish: nil))
    }

    // MARK: Records

    /// A record of today, of some days or weeks ago, or now and then of days to come.
    private mutating func record(_ date: HistoryDate) -> HistoryRecord {
        let age =
            chance(4)
            ? -Int.random(in: 3...5, using: &random)
            : chance(60) ? 0 : Int.random(in: 1...(chance(10) ? 75 : 45), using: &random)
        let person = person(date)
        let ip = "198.51.100.\(Int.random(in: 1...254, using: &random))"
        return make(
            Self.user(person), Self.customer(person), ip, day: date.day - age)
    }

    private mutating func remade(_ record: HistoryRecord, _ day: Int) -> HistoryRecord {
        make(record.user, record.customer, record.address, day: day)
    }

    private mutating func make(
        _ user: String, _ customer: String, _ ip: String, day: Int
    ) -> HistoryRecord {
        // Local midnight lies an hour or two before that of UTC; never a second that is a border.
        let seconds = Int.random(in: 1..<86_399, using: &random)
        let instant = Date(timeIntervalSince1970: Double(day) * 86_400 - 7200 + Double(seconds))
        let offset = chance(50) ? 0 : chance(50) ? 1 : 2
        let id = "r\(nextRecord)"
        nextRecord += 1
        let version = Int.random(in: 100...140, using: &random)
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:\(version).0) Firefox/\(version).0"
        let members = [
            ("id", id), ("ts", Self.text(instant, offset)), ("customer", customer),
            ("user", user), ("ip", ip),
            ("agent", agent), ("note", "called from \(ip)"), ("session", "s\(seconds)"),
            ("shot", "screen \(seconds) of \(ip)"),
        ]
        let texts = members.map { "\"\($0.0)\":\"\($0.1)\"" }
        return HistoryRecord(
            id: id, localDay: HistoryDate.day(of: instant), user: user, customer: customer,
            address: ip, line: "{\(texts.joined(separator: ","))}\n")
    }

    /// RFC 3339 with an offset in hours.
    private static func text(_ instant: Date, _ offset: Int) -> String {
        let formatter = ISO8601DateFormatter()
        formatter.timeZone = TimeZone(secondsFromGMT: offset * 3600)
        return formatter.string(from: instant)
    }
}
