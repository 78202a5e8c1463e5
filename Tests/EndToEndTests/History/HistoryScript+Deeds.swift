import TestSupport

/// What people ask for, and what happens to files.
extension HistoryScript {
    mutating func addDeeds(_ now: HistoryDate, _ day: inout HistoryDay) {
        addHolds(now, &day)
        addOptOuts(now, &day)
        addRequests(now, &day)
        addAccounts(now, &day)
        addKeys(&day)
        // The last deed of a day: what lies there stays as it is until the run.
        if chance(7) { day.deeds.append(.restoreOutput(isInPlace: chance(50))) }
    }

    /// Accounts and trials end, and some of them do not after all.
    private mutating func addAccounts(_ now: HistoryDate, _ day: inout HistoryDay) {
        func soon() -> HistoryDate { now.adding(Int.random(in: -3...6, using: &random)) }
        if chance(14) {
            let user = Self.user(person(now))
            let days = chance(50) ? Int.random(in: 1...6, using: &random) : nil
            day.deeds.append(.account(user: user, .end(soon(), kept: days)))
            ending.append(user)
        }
        if chance(6) {
            let user = Self.user(person(now))
            day.deeds.append(.account(user: user, .endTrial(soon())))
            ending.append(user)
        }
        if chance(6), let user = ending.randomElement(using: &random) {
            let change = chance(50) ? HistoryAccount.Change.resume(soon()) : .convert(soon())
            day.deeds.append(.account(user: user, change))
        }
    }

    private mutating func addKeys(_ day: inout HistoryDay) {
        if chance(5) { day.deeds.append(.restoreKey) }
        if chance(8) { day.deeds.append(.destroyKeys) }
        if chance(4) { day.deeds.append(.rewrapKeys) }
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
}
