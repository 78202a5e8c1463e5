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
    }

    private struct OptOut {
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

    private(set) var entries: [String: Entry] = [:]
    private(set) var holds: [HistoryHold] = []
    private var optOuts: [OptOut] = []
    private var erasedUsers: Set<String> = []
    private var erasedAddresses: Set<String> = []
    private(set) var restricted: Set<String> = []
    /// The latest clock of any run.
    private(set) var latest = HistoryDate(day: 0)
    private(set) var accounts: [String: HistoryDate] = [:]
    private(set) var waiting: [HistoryRecord] = []
    /// Raw lines that were set aside: the day on which they came.
    private(set) var rubbish: [String: Int] = [:]
    private var waitingRubbish: [String] = []
    /// Whether the key of a month lives, or was destroyed, in the store that a place belongs to.
    var isKeyAlive: (_ place: Place, _ month: String) -> Bool = { _, _ in true }
    var isKeyDead: (_ place: Place, _ month: String) -> Bool = { _, _ in false }

    func isAnyHoldBinding(_ date: HistoryDate) -> Bool { !binding(date).isEmpty }

    private func binding(_ date: HistoryDate) -> [HistoryHold] {
        holds.filter { $0.binds(on: date, latest: latest) }
    }

    var fed: Int { entries.count }

    // MARK: Deeds

    mutating func feed(_ addition: HistoryDay.Addition) {
        waiting += addition.records
        if let line = addition.rubbish { waitingRubbish.append(line) }
    }

    mutating func raise(_ hold: HistoryHold) { holds.append(hold) }

    mutating func release(_ name: String, _ date: HistoryDate) {
        for index in holds.indices where holds[index].name == name { holds[index].released = date }
    }

    mutating func endAccount(_ user: String, _ date: HistoryDate) {
        accounts[user] = date
    }

    mutating func restrict(_ user: String) { restricted.insert(user) }
    mutating func lift(_ user: String) { restricted.remove(user) }

    mutating func withdraw(_ customer: String, _ date: HistoryDate) {
        for index in optOuts.indices
        where optOuts[index].customer == customer && optOuts[index].withdrawn == nil {
            // One that was to begin later never does.
            optOuts[index].withdrawn = max(date, optOuts[index].effective)
        }
    }

    mutating func optOut(
        customer: String?, user: String?, effective: HistoryDate, on date: HistoryDate
    ) {
        let isHeld = isAnyHoldBinding(date)
        let optOut = OptOut(customer: customer, user: user, effective: effective)
        optOuts.append(optOut)
        for (id, entry) in entries where optOut.reaches(entry.record) {
            if entry.counted != .gone, !entry.isBadTime { entries[id]?.counted = .gone }
            guard let mark = entry.marks[.research], mark.presence == .there, mark.hasTokens == true
            else { continue }
            // What a hold may bind stays as it is, also behind the end of the hold.
            entries[id]?.marks[.research]?.presence = isHeld ? .perhaps : .gone
        }
    }

    mutating func eraseUser(_ user: String, _ date: HistoryDate) {
        erasedUsers.insert(user)
        let rest = afterErasure(date)
        for (id, entry) in entries where entry.record.user == user {
            for place in Place.allCases where isFound(entry, place) {
                remove(id, place, rest)
            }
            if entry.counted == .there { entries[id]?.counted = rest }
        }
        dropRubbish(date)
    }

    mutating func eraseAddress(_ address: String, _ date: HistoryDate) {
        erasedAddresses.insert(address)
        let rest = afterErasure(date)
        for (id, entry) in entries where entry.record.address == address {
            for place in Place.allCases where entry.marks[place]?.isAged != true {
                // Cut addresses tell nobody.
                if place != .research { remove(id, place, rest) }
            }
        }
        dropRubbish(date)
    }

    /// A person's record can be told from the others by the name or by a token whose key lives.
    private func isFound(_ entry: Entry, _ place: Place) -> Bool {
        guard let mark = entry.marks[place], mark.presence != .gone else { return false }
        if place == .who {
            // What came with a bad time lost its name then.
            if entry.isBadTime { return false }
            // The token of a name is of the month in which it was due.
            return mark.isNameAged == false
                || (accounts[entry.record.user].map { isKeyAlive(.who, $0.month) } ?? false)
        }
        if mark.isAged == false { return true }
        return mark.hasTokens != false && isKeyAlive(place, entry.record.month)
    }

    private mutating func remove(_ id: String, _ place: Place, _ rest: Presence) {
        guard let mark = entries[id]?.marks[place], mark.presence == .there else { return }
        // Whether there was anything to know it by may be either way.
        let isSure = place == .who || mark.isAged != nil
        entries[id]?.marks[place]?.presence = isSure ? rest : .perhaps
    }

    /// Held records stay until the hold is over, and so do those that it may be about.
    private func afterErasure(_ date: HistoryDate) -> Presence {
        isAnyHoldBinding(date) ? .maybe : .gone
    }

    private mutating func dropRubbish(_ date: HistoryDate) {
        // Nobody can tell whose they are.
        if !isAnyHoldBinding(date) { rubbish = [:] }
    }

    mutating func rectify(_ user: String, _ date: HistoryDate) {
        guard !isAnyHoldBinding(date) else { return }
        // What is due by now is aged in the same pass, and no longer to be corrected.
        for (id, entry) in entries
        where entry.record.user == user && entry.record.localDay >= date.cutOff() {
            for place in [Place.actions, .trail, .archive]
            where entry.marks[place]?.isAged == false {
                // A raw file to which something was added since the last run is left alone.
                if place == .archive, !waiting.isEmpty { continue }
                entries[id]?.marks[place]?.isCorrected = true
            }
        }
    }

    // MARK: A run

    /// What a run must have done.
    mutating func run(_ clock: HistoryDate) {
        latest = max(latest, clock)
        for line in waitingRubbish { rubbish[line] = clock.day }
        waitingRubbish = []
        rubbish = rubbish.filter { $0.value >= clock.cutOff() }
        for record in waiting { take(record, clock) }
        waiting = []
        let isHeld = isAnyHoldBinding(clock)
        for (id, entry) in entries {
            if !isHeld { finishErasure(id, entry) }
            age(id, entry, clock)
        }
    }

    private mutating func finishErasure(_ id: String, _ entry: Entry) {
        for (place, mark) in entry.marks where mark.presence == .maybe {
            entries[id]?.marks[place]?.presence = .gone
        }
        if entry.counted == .maybe { entries[id]?.counted = .gone }
    }

    private mutating func take(_ record: HistoryRecord, _ clock: HistoryDate) {
        let isBad = record.localDay > clock.day
        let isDue = record.localDay < clock.cutOff() || isBad
        let isErased =
            erasedUsers.contains(record.user) || erasedAddresses.contains(record.address)
        let isOut = optOuts.contains { $0.holds(on: clock) && $0.reaches(record) }
        var entry = Entry(record: record, marks: [:], isBadTime: isBad)
        if !isErased, !restricted.contains(record.user) {
            var mark = Mark(isAged: isDue)
            mark.hasTokens = !isBad && !isKeyDead(.actions, record.month)
            entry.marks[.actions] = mark
            var who = mark
            who.hasTokens = !isBad && !isKeyDead(.who, record.month)
            let isEnded = accounts[record.user].map { $0 <= clock } ?? false
            who.isNameAged = isBad ? nil : isEnded
            entry.marks[.who] = who
            var research = mark
            research.isAged = true
            entry.marks[.research] = isOut ? nil : research
            mark.hasTokens = !isBad && !isKeyDead(.trail, record.month)
            entry.marks[.trail] = mark
        }
        if entry.marks[.research] == nil { entry.counted = .gone }
        // A hold binds the raw line in a store, and neither does an erasure break it.
        let isHeld = binding(clock).contains { $0.reaches(record) }
        // A store takes the time of a record for what it says up to the latest run's clock.
        let isBadRaw = record.localDay > latest.day
        var raw = Mark(isAged: (isBadRaw || record.localDay < clock.cutOff()) && !isHeld)
        raw.hasTokens = !isBadRaw && !isKeyDead(.trail, record.month)
        if isBadRaw, isAnyHoldBinding(clock) {
            raw.isAged = nil
            raw.hasTokens = nil
        }
        if isErased { raw.presence = isAnyHoldBinding(clock) ? .maybe : .gone }
        entry.marks[.archive] = raw
        entries[record.id] = entry
    }

    private mutating func age(_ id: String, _ entry: Entry, _ clock: HistoryDate) {
        let isBinding = binding(clock)
        let isDue = entry.record.localDay < clock.cutOff()
        for (place, mark) in entry.marks where mark.isAged != true {
            if place == .archive, mark.isAged == nil {
                if isDue, isBinding.isEmpty { entries[id]?.marks[place]?.isAged = true }
                continue
            }
            if isDue, !isBinding.contains(where: { $0.reaches(entry.record) }) {
                entries[id]?.marks[place]?.isAged = true
            }
        }
        guard let who = entry.marks[.who], who.isNameAged == false,
            let end = accounts[entry.record.user], end <= clock
        else { return }
        let isOnlyUser = who.isAged == true
        if !isBinding.contains(where: {
            $0.reaches(entry.record, onlyUserIsReadable: isOnlyUser)
        }) {
            entries[id]?.marks[.who]?.isNameAged = true
        }
    }
}

extension HistoryModel {
    /// The months whose keys the next run may need.
    func monthsToCome(_ clock: HistoryDate) -> Set<String> {
        Set(waiting.filter { $0.localDay <= clock.day }.map(\.month))
    }
}
