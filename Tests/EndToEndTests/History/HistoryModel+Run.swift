/// What a run must have done.
extension HistoryModel {
    mutating func run(_ clock: HistoryDate) {
        latest = max(latest, clock)
        for line in waitingRubbish { rubbish[line] = clock.day }
        waitingRubbish = []
        rubbish = rubbish.filter { $0.value >= clock.cutOff() }
        for record in waiting { take(record, clock) }
        waiting = []
        let holds = binding(clock)
        for (id, entry) in entries {
            if holds.isEmpty { finishErasure(id, entry) }
            age(id, entry, clock, holds)
            ageName(id, entry, clock, holds)
        }
        takeOutOfTable()
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
            let account = accounts[record.user] ?? HistoryAccount()
            who.isNameAged = isBad ? nil : account.isNameDue(on: clock)
            if who.isNameAged == true { who.nameMonth = account.nameMonth }
            entry.marks[.who] = account.isTrialOver(on: clock) ? nil : who
            var research = mark
            research.isAged = true
            entry.marks[.research] = isOut ? nil : research
            mark.hasTokens = !isBad && !isKeyDead(.trail, record.month)
            entry.marks[.trail] = mark
        }
        if entry.marks[.research] == nil { entry.counted = .gone }
        // Without a key nobody can be counted, and its month is closed for ever.
        if isKeyDead(.actions, record.month) { entry.isOutOfTable = true }
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

    private mutating func age(
        _ id: String, _ entry: Entry, _ clock: HistoryDate, _ holds: [HistoryHold]
    ) {
        let isDue = entry.record.localDay < clock.cutOff()
        for (place, mark) in entry.marks where mark.isAged != true {
            if place == .archive, mark.isAged == nil {
                if isDue, holds.isEmpty { entries[id]?.marks[place]?.isAged = true }
                continue
            }
            // A name that was aged before a hold came is no longer found by it.
            let isNameless = place == .who && mark.isNameAged == true
            let isHeld = holds.contains {
                $0.reaches(entry.record) && !(isNameless && $0.user != nil)
            }
            if isDue, !isHeld { entries[id]?.marks[place]?.isAged = true }
        }
    }

    /// The names in `who` go by accounts, the records by trials.
    private mutating func ageName(
        _ id: String, _ entry: Entry, _ clock: HistoryDate, _ holds: [HistoryHold]
    ) {
        guard let who = entry.marks[.who], who.isNameAged != true,
            let account = accounts[entry.record.user]
        else { return }
        let isHeld = holds.contains {
            $0.reaches(entry.record, onlyUserIsReadable: who.isAged == true)
        }
        if isHeld { return }
        if account.isTrialOver(on: clock) {
            // Of a record that came with a bad time the name may be gone, and it cannot be found.
            entries[id]?.marks[.who]?.presence = who.isNameAged == nil ? .perhaps : .gone
        } else if account.isNameDue(on: clock), who.isNameAged != nil {
            entries[id]?.marks[.who]?.isNameAged = true
            entries[id]?.marks[.who]?.nameMonth = account.nameMonth
        }
    }

    /// The months whose keys the next run may need.
    func monthsToCome(_ clock: HistoryDate) -> Set<String> {
        Set(waiting.filter { $0.localDay <= clock.day }.map(\.month))
    }
}
