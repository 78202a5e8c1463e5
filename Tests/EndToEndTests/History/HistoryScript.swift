import Foundation
import TestSupport

/// One record that goes into a log.
struct HistoryRecord {
    let id: String
    /// Days since 1970 of its local date in Amsterdam, by an independent calendar.
    let localDay: Int
    let user: String
    let customer: String
    let line: String
}

/// What happens on one day, fixed by the seed alone.
struct HistoryDay {
    /// What is done before the run.
    enum Deed {
        case raise(HistoryHold)
        case release(name: String)
        case optOut(customer: String)
    }

    var date: HistoryDate
    var deeds: [Deed] = []
    /// Lines for files, by name; a name that is known grows.
    var additions: [(file: String, records: [HistoryRecord], rubbish: Int)] = []
    /// A file that is copied under another name.
    var copies: [(from: String, to: String)] = []
    /// The clock of the run; nil when nobody runs that day.
    var clock: HistoryDate?
}

/// A hold by what it binds.
struct HistoryHold {
    let name: String
    var user: String?
    var customer: String?
    /// Events of these days, the second one not included.
    var period: (from: HistoryDate, until: HistoryDate)?
    var start: HistoryDate
    var end: HistoryDate?
    var released: HistoryDate?

    func binds(on date: HistoryDate) -> Bool {
        start.day <= date.day && end.map { date.day < $0.day } ?? true
            && released.map { date.day < $0.day } ?? true
    }

    func reaches(_ record: HistoryRecord) -> Bool {
        if let user, user != record.user { return false }
        if let customer, customer != record.customer { return false }
        guard let period else { return true }
        return record.localDay >= period.from.day && record.localDay < period.until.day
    }
}

/// A date with the calendar of the test: Foundation's, in Amsterdam.
struct HistoryDate: Equatable {
    let day: Int

    static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "Europe/Amsterdam") ?? .gmt
        return calendar
    }()

    init(day: Int) { self.day = day }

    init(year: Int, month: Int, dayOfMonth: Int) {
        let parts = DateComponents(year: year, month: month, day: dayOfMonth, hour: 12)
        day = Self.day(of: Self.calendar.date(from: parts) ?? Date(timeIntervalSince1970: 0))
    }

    /// Noon of the day in Amsterdam.
    private var noon: Date { Date(timeIntervalSince1970: Double(day) * 86_400 + 11 * 3600) }

    /// The local date of an instant, in days since 1970.
    static func day(of instant: Date) -> Int {
        let parts = calendar.dateComponents([.year, .month, .day], from: instant)
        var plain = Calendar(identifier: .gregorian)
        plain.timeZone = .gmt
        let midnight = plain.date(
            from: DateComponents(year: parts.year, month: parts.month, day: parts.day))
        return Int((midnight?.timeIntervalSince1970 ?? 0) / 86_400)
    }

    /// `2028-02-29`.
    var text: String {
        let parts = Self.calendar.dateComponents([.year, .month, .day], from: noon)
        return [(parts.year ?? 0, 4), (parts.month ?? 0, 2), (parts.day ?? 0, 2)].map {
            String(repeating: "0", count: max(0, $0.1 - "\($0.0)".count)) + "\($0.0)"
        }.joined(separator: "-")
    }

    /// The first day that is not due when the run is of this day: a month earlier, clamped.
    var cutOff: Int {
        let earlier = Self.calendar.date(byAdding: .month, value: -1, to: noon) ?? noon
        return Self.day(of: earlier)
    }

    func adding(_ days: Int) -> HistoryDate { HistoryDate(day: day + days) }
}

/// Makes the days of a history from a seed.
struct HistoryScript {
    private var random: SeededGenerator
    private var nextRecord = 0
    private var files: [String] = []
    private var openHolds: [HistoryHold] = []
    private var holds = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    static func days(seed: UInt64, from start: HistoryDate, count: Int) -> [HistoryDay] {
        var script = HistoryScript(seed: seed)
        return (0..<count).map { script.day(start.adding($0), isLast: $0 == count - 1) }
    }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    private mutating func day(_ date: HistoryDate, isLast: Bool) -> HistoryDay {
        var day = HistoryDay(date: date)
        let isJump = !isLast && chance(6)
        if isLast || !chance(7) { day.clock = isJump ? date.adding(-2) : date }
        if !isJump, day.clock != nil { addDeeds(date, &day) }
        for number in 0..<Int.random(in: 0...2, using: &random) {
            let grows = chance(15)
            let name = grows ? files.last ?? "\(date.text)-\(number)" : "\(date.text)-\(number)"
            if !files.contains(name) { files.append(name) }
            let records = (0..<Int.random(in: 1...4, using: &random)).map { _ in record(date) }
            day.additions.append((name, records, chance(20) ? 1 : 0))
        }
        if chance(8), let known = files.randomElement(using: &random) {
            day.copies.append((known, "copy-of-\(known)-\(date.text)"))
        }
        return day
    }

    private mutating func addDeeds(_ date: HistoryDate, _ day: inout HistoryDay) {
        if chance(10) {
            holds += 1
            var hold = HistoryHold(name: "hold-\(holds)", start: date)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: hold.user = Self.user(Int.random(in: 0..<9, using: &random))
            case 1: hold.customer = Self.customer(Int.random(in: 0..<4, using: &random))
            default: hold.period = (date.adding(-20), date.adding(-10))
            }
            if chance(50) { hold.end = date.adding(Int.random(in: 3...40, using: &random)) }
            openHolds.append(hold)
            day.deeds.append(.raise(hold))
        }
        if chance(10), let index = openHolds.indices.randomElement(using: &random),
            openHolds[index].start.day < date.day, openHolds[index].binds(on: date)
        {
            day.deeds.append(.release(name: openHolds.remove(at: index).name))
        }
        if chance(5) {
            let customer = Self.customer(Int.random(in: 0..<4, using: &random))
            day.deeds.append(.optOut(customer: customer))
        }
    }

    private static func user(_ number: Int) -> String { "user\(number)@firm\(number % 4).example" }
    private static func customer(_ number: Int) -> String { "NL-10\(number)" }

    /// A record of today, of some days or weeks ago, or now and then of days to come.
    private mutating func record(_ date: HistoryDate) -> HistoryRecord {
        let age =
            chance(4)
            ? -Int.random(in: 3...5, using: &random)
            : chance(60) ? 0 : Int.random(in: 1...45, using: &random)
        let seconds = Int.random(in: 0..<86_400, using: &random)
        // Local midnight lies an hour or two before that of UTC.
        let instant = Date(
            timeIntervalSince1970: Double(date.day - age) * 86_400 - 7200 + Double(seconds))
        let offset = chance(50) ? 0 : chance(50) ? 1 : 2
        let person = Int.random(in: 0..<9, using: &random)
        let id = "r\(nextRecord)"
        nextRecord += 1
        let ip = "198.51.100.\(Int.random(in: 1...254, using: &random))"
        let version = Int.random(in: 100...140, using: &random)
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:\(version).0) Firefox/\(version).0"
        let members = [
            ("id", id), ("ts", Self.text(instant, offset)), ("customer", Self.customer(person % 4)),
            ("user", Self.user(person)), ("ip", ip),
            ("agent", agent), ("note", "called from \(ip)"), ("session", "s\(seconds)"),
        ]
        let texts = members.map { "\"\($0.0)\":\"\($0.1)\"" }
        return HistoryRecord(
            id: id, localDay: HistoryDate.day(of: instant), user: Self.user(person),
            customer: Self.customer(person % 4), line: "{\(texts.joined(separator: ","))}\n")
    }

    /// RFC 3339 with an offset in hours.
    private static func text(_ instant: Date, _ offset: Int) -> String {
        let formatter = ISO8601DateFormatter()
        formatter.timeZone = TimeZone(secondsFromGMT: offset * 3600)
        return formatter.string(from: instant)
    }
}
