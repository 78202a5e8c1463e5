import Foundation
import TestSupport

/// One record that goes into a log.
struct HistoryRecord {
    let id: String
    /// Days since 1970 of its local date.
    let localDay: Int
    let user: String
    let customer: String
    let address: String
    let line: String

    var month: String { HistoryDate(day: localDay).month }
}

/// A hold by what it binds.
struct HistoryHold {
    let name: String
    var user: String?
    var customer: String?
    static let network = "198.51.100.0/26"
    /// The addresses 198.51.100.0 to 198.51.100.63.
    var bindsNetwork = false
    /// Events of these days, the second one not included.
    var period: (from: HistoryDate, until: HistoryDate)?
    var start: HistoryDate
    var end: HistoryDate?
    var released: HistoryDate?

    /// `latest` is the latest clock of any run: a clock that is set back lets nothing go.
    func binds(on date: HistoryDate, latest: HistoryDate) -> Bool {
        start <= max(date, latest) && end.map { date < $0 } ?? true && released == nil
    }

    /// True when the record, as far as it is readable, is one of those that the hold names.
    func reaches(_ record: HistoryRecord, onlyUserIsReadable: Bool = false) -> Bool {
        if let user { return user == record.user }
        if let period {
            return record.localDay >= period.from.day && record.localDay < period.until.day
        }
        if onlyUserIsReadable { return false }
        if let customer { return customer == record.customer }
        let host = record.address.split(separator: ".").last.flatMap { Int($0) } ?? 255
        return bindsNetwork && host < 64
    }
}

/// What happens on one day, fixed by the seed alone.
struct HistoryDay {
    /// What is done before the run.
    enum Deed {
        case raise(HistoryHold)
        case release(name: String)
        case optOut(customer: String?, user: String?, effective: HistoryDate)
        case importOptOuts(customers: [String])
        /// The latest opt-out of one customer.
        case withdraw(customer: String)
        case eraseUser(String)
        case eraseAddress(String)
        case restrict(String)
        case lift(String)
        case rectify(user: String)
        case endAccount(user: String, on: HistoryDate)
        /// A key that was destroyed comes back out of a backup.
        case restoreKey
    }

    /// What is appended to a file; a file that is not known begins so.
    struct Addition {
        let file: String
        let records: [HistoryRecord]
        /// A line that cannot be read, with the name of a person in it.
        let rubbish: String?

        var text: String {
            (rubbish.map { $0 + "\n" } ?? "") + records.map(\.line).joined()
        }
    }

    var date: HistoryDate
    var deeds: [Deed] = []
    var additions: [Addition] = []
    /// A file that is copied under another name.
    var copies: [(from: String, to: String)] = []
    /// The clock of the run, and of the deeds; nil when nobody runs that day.
    var clock: HistoryDate?
}

/// Makes the days of a history from a seed.
struct HistoryScript {
    private var random: SeededGenerator
    private let start: HistoryDate
    private var nextRecord = 0
    private var files: [String] = []
    private var openHolds: [HistoryHold] = []
    private var holds = 0
    private var recent: [HistoryRecord] = []
    private var restricted: [String] = []
    private var optedOut: [String] = []
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

    private static func user(_ number: Int) -> String { "user\(number)@firm\(number % 5).example" }
    private static func customer(_ number: Int) -> String { "NL-10\(number % 5)" }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    /// Persons come and go: twelve at a time.
    private mutating func person(_ date: HistoryDate) -> Int {
        (date.day - start.day) / 10 + Int.random(in: 0..<12, using: &random)
    }

    private mutating func day(_ date: HistoryDate, isLast: Bool) -> HistoryDay {
        var day = HistoryDay(date: date)
        day.clock = isLast || date == start ? date : clock(date)
        addRecords(date, &day)
        if let now = day.clock, date != start { addDeeds(now, &day) }
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

    // MARK: Deeds

    private mutating func addDeeds(_ now: HistoryDate, _ day: inout HistoryDay) {
        addHolds(now, &day)
        addOptOuts(now, &day)
        addRequests(now, &day)
        if chance(12) {
            let ends = now.adding(Int.random(in: -3...6, using: &random))
            day.deeds.append(.endAccount(user: Self.user(person(now)), on: ends))
        }
        if chance(5) { day.deeds.append(.restoreKey) }
    }

    private mutating func addHolds(_ now: HistoryDate, _ day: inout HistoryDay) {
        if chance(12) {
            holds += 1
            var hold = HistoryHold(name: "hold-\(holds)", start: now)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: hold.user = Self.user(person(now))
            case 1: hold.customer = Self.customer(Int.random(in: 0..<5, using: &random))
            case 2: hold.bindsNetwork = true
            default: hold.period = (now.adding(-20), now.adding(-10))
            }
            if chance(60) { hold.end = now.adding(Int.random(in: 2...25, using: &random)) }
            openHolds.append(hold)
            day.deeds.append(.raise(hold))
        }
        openHolds.removeAll { $0.end.map { $0 <= now } ?? false }
        if chance(14), let index = openHolds.indices.randomElement(using: &random),
            openHolds[index].start < now
        {
            day.deeds.append(.release(name: openHolds.remove(at: index).name))
        }
    }

    private mutating func addOptOuts(_ now: HistoryDate, _ day: inout HistoryDay) {
        if chance(6) {
            let customer = Self.customer(Int.random(in: 0..<5, using: &random))
            let user = chance(30) ? Self.user(person(now)) : nil
            if user == nil { optedOut.append(customer) }
            day.deeds.append(
                .optOut(
                    customer: user == nil ? customer : nil, user: user,
                    effective: chance(20) ? now.adding(4) : now))
        }
        if chance(2) {
            let customers = (0..<2).map { _ in
                Self.customer(Int.random(in: 0..<5, using: &random))
            }
            optedOut += customers
            day.deeds.append(.importOptOuts(customers: Array(Set(customers)).sorted()))
        }
        if chance(9), let index = optedOut.indices.randomElement(using: &random) {
            let customer = optedOut[index]
            optedOut.removeAll { $0 == customer }
            day.deeds.append(.withdraw(customer: customer))
        }
    }

    private mutating func addRequests(_ now: HistoryDate, _ day: inout HistoryDay) {
        if chance(5) { day.deeds.append(.eraseUser(Self.user(person(now)))) }
        if chance(3), let one = recent.randomElement(using: &random) {
            day.deeds.append(.eraseAddress(one.address))
        }
        if chance(4) {
            let user = Self.user(person(now))
            if !restricted.contains(user) {
                restricted.append(user)
                day.deeds.append(.restrict(user))
            }
        }
        if chance(5), let index = restricted.indices.randomElement(using: &random) {
            day.deeds.append(.lift(restricted.remove(at: index)))
        }
        if chance(4) { day.deeds.append(.rectify(user: Self.user(person(now)))) }
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
