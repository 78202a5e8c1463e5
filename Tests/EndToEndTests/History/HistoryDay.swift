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
        case account(user: String, HistoryAccount.Change)
        /// A key that was destroyed comes back out of a backup.
        case restoreKey
        /// Somebody destroys by hand the oldest keys that may die.
        case destroyKeys
        /// The key-encryption key is changed.
        case rewrapKeys
        /// A file that was aged, erased or deleted comes back out of a backup: beside what took its
        /// place, or in that place.
        case restoreOutput(isInPlace: Bool)
    }

    /// What is published behind the run.
    enum Publishing {
        /// Every month that is over and waits.
        case months
        /// The last month once more, with what came late.
        case correction
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
    var publishing: Publishing?
}
