/// What people do changes what must be where.
extension HistoryModel {
    mutating func feed(_ addition: HistoryDay.Addition) {
        waiting += addition.records
        if let line = addition.rubbish { waitingRubbish.append(line) }
    }

    mutating func raise(_ hold: HistoryHold) { holds.append(hold) }

    mutating func release(_ name: String, _ date: HistoryDate) {
        for index in holds.indices where holds[index].name == name { holds[index].released = date }
    }

    mutating func change(_ user: String, _ change: HistoryAccount.Change) {
        accounts[user, default: HistoryAccount()].take(change)
    }

    mutating func restrict(_ user: String) { restricted.insert(user) }
    mutating func lift(_ user: String) { restricted.remove(user) }

    mutating func withdraw(_ customer: String, _ date: HistoryDate) {
        for index in optOuts.indices
        where optOuts[index].customer == customer && optOuts[index].withdrawn == nil {
            // One that was to begin later never does.
            optOuts[index].withdrawn = max(date, optOuts[index].effective)
        }
        // What a hold had kept of it may stay, unless something else takes it.
        for (id, entry) in entries
        where entry.record.customer == customer && entry.marks[.research]?.presence == .maybe {
            entries[id]?.marks[.research]?.presence = .perhaps
        }
    }

    /// True of an opt-out of that customer and day that was withdrawn.
    func isWithdrawn(_ customer: String, from effective: HistoryDate) -> Bool {
        let known = optOuts.filter { $0.customer == customer && $0.effective == effective }
        return !known.isEmpty && known.allSatisfy { $0.withdrawn != nil }
    }

    mutating func optOut(
        customer: String?, user: String?, effective: HistoryDate, on date: HistoryDate
    ) {
        let isHeld = isAnyHoldBinding(date)
        let optOut = OptOut(customer: customer, user: user, effective: effective)
        optOuts.append(optOut)
        for (id, entry) in entries where optOut.reaches(entry.record) {
            if entry.counted != .gone, !entry.isBadTime { entries[id]?.counted = .gone }
            guard let mark = entry.marks[.research], mark.presence == .there,
                mark.hasTokens == true, isKeyAlive(.research, entry.record.month)
            else { continue }
            entries[id]?.marks[.research]?.presence = isHeld ? .maybe : .gone
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
                || (mark.nameMonth.map { isKeyAlive(.who, $0) } ?? false)
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
}
