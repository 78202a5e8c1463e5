/// What must lie where, by a plain account of what happened: it knows records and dates, and
/// nothing of ledgers, parts and keys but whether the file of a key is there.
struct HistoryModel {
    /// Where a record can lie.
    enum Place: String, CaseIterable {
        /// Readable for a month, by records.
        case actions
        /// The name for as long as the account is open, the rest for a month.
        case who
        /// Never readable; opt-outs reach it.
        case research
        /// As `actions`, of the pipeline whose keys die.
        case trail
        /// The raw log, aged in place.
        case archive

        /// Days behind the event after which the files go; nil: never.
        func expiry(_ date: HistoryDate) -> HistoryDate? {
            switch self {
            case .actions: HistoryDate(day: date.cutOff(months: -6))
            case .research: date.adding(25)
            case .who, .trail, .archive: nil
            }
        }

        /// The store of its pipeline's keys.
        var keyFolder: String {
            switch self {
            case .actions, .research: "keys-p"
            case .trail, .archive: "keys-a"
            case .who: "keys-w"
            }
        }
    }

    /// Whether a record is in a place, as far as the model can tell.
    enum Presence {
        case there
        /// Until no hold binds any more.
        case maybe
        /// For ever.
        case perhaps
        case gone
    }

    /// A record in a place.
    struct Mark {
        var presence = Presence.there
        /// True when nothing in it is readable; nil when it may be either way.
        var isAged: Bool?
        /// `who`: the name itself.
        var isNameAged: Bool?
        /// `who`: the month whose key made the token of the name.
        var nameMonth: String?
        /// Its note was corrected while it was readable.
        var isCorrected = false
        /// False when its key was dead already when it was written, or its time was bad: it is
        /// without tokens; nil when it may be either way.
        var hasTokens: Bool? = true
    }

    struct Entry {
        let record: HistoryRecord
        var marks: [Place: Mark]
        /// Whether the figures count it.
        var counted = Presence.there
        /// Its time lay in the future when it came.
        var isBadTime = false
        /// Which publication of its month was the first that knew of it, from 0.
        var telling: Int?
        var isTold: Bool { telling != nil }
        /// A run came after that: the table of what is not yet published has it no more.
        var isOutOfTable = false
    }

    struct OptOut {
        let customer: String?
        let user: String?
        let effective: HistoryDate
        var withdrawn: HistoryDate?

        func holds(on date: HistoryDate) -> Bool {
            effective <= date && withdrawn.map { date < $0 } ?? true
        }

        func reaches(_ record: HistoryRecord) -> Bool {
            customer == record.customer || user == record.user
        }
    }

    var entries: [String: Entry] = [:]
    var holds: [HistoryHold] = []
    var optOuts: [OptOut] = []
    var erasedUsers: Set<String> = []
    var erasedAddresses: Set<String> = []
    var restricted: Set<String> = []
    /// The latest clock of any run.
    var latest = HistoryDate(day: 0)
    var accounts: [String: HistoryAccount] = [:]
    var waiting: [HistoryRecord] = []
    /// Raw lines that were set aside: the day on which they came.
    var rubbish: [String: Int] = [:]
    var waitingRubbish: [String] = []
    var published: Set<String> = []
    /// What each publication of a month told; nil where it withheld it.
    var tellings: [String: [Figures?]] = [:]
    /// Whether the key of a month lives, or was destroyed, in the store that a place belongs to.
    var isKeyAlive: (_ place: Place, _ month: String) -> Bool = { _, _ in true }
    var isKeyDead: (_ place: Place, _ month: String) -> Bool = { _, _ in false }

    func isAnyHoldBinding(_ date: HistoryDate) -> Bool { !binding(date).isEmpty }

    func binding(_ date: HistoryDate) -> [HistoryHold] {
        holds.filter { $0.binds(on: date, latest: latest) }
    }

    var fed: Int { entries.count }
}
