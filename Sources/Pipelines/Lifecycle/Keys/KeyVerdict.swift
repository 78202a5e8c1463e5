internal import KeyedHashing
internal import Ledger
internal import Records

/// Somebody who uses keys of the store: a state, or a pipeline without one.
struct KeyUser: Sendable, Equatable {
    enum Answer: Sendable, Equatable {
        case uses(KeyUse)
        /// Somebody is just changing it.
        case busy
        /// It could not be asked; the text says why.
        case none(String)
    }

    /// The path of the state, or the name of the pipeline.
    let place: String
    let answer: Answer
}

/// The one decision about the life of a month's key: whether it may die, and if not, why.
///
/// A pure function of what the users of the store say and of the run's clock: the same for `run`,
/// for destruction by hand and for the list. In doubt a key lives.
struct KeyVerdict: Sendable, Equatable {
    /// The instant from which on every record of the month must have been aged out, under the
    /// longest clock of all users.
    let lastDue: EventTime
    /// `lastDue` and the longest grace: the earliest time at which the key may die.
    let end: EventTime
    /// Why it may not die; empty when it may.
    let reasons: [KeyReason]

    var mayDie: Bool { reasons.isEmpty }

    /// When it makes sense to ask again: the last of the known times. Nil when nothing but the
    /// unforeseeable keeps the key.
    var retryAt: EventTime? { reasons.compactMap(\.retryAt).max() }

    /// Decides about the key of `month` named `keyID` at `now`; months are counted in `zone`.
    init(
        month: CalendarMonth, keyID: String, now: EventTime, zone: ZoneTable, users: [KeyUser]
    ) {
        let needs = users.flatMap { user -> [KeyNeeds] in
            if case .uses(let use) = user.answer { use.pipelines.map(\.needs) } else { [] }
        }
        let monthEnd = month.end(in: zone)
        lastDue = needs.map { $0.lastDue(of: month, in: zone) }.reduce(monthEnd, max)
        end = needs.map { $0.end(of: month, in: zone) }.reduce(lastDue, max)
        var reasons: [KeyReason] = []
        if now < lastDue {
            reasons.append(.inWindow(until: lastDue))
        } else if now < end {
            reasons.append(.grace(until: end))
        }
        let epoch = Epoch(month: month, keyID: keyID, now: now, zone: zone)
        for user in users { reasons += epoch.reasons(of: user) }
        self.reasons = reasons
    }
}

/// The key that is asked about.
private struct Epoch {
    let month: CalendarMonth
    let keyID: String
    let now: EventTime
    let zone: ZoneTable

    /// What one user has against the death of the key, apart from the time.
    func reasons(of user: KeyUser) -> [KeyReason] {
        let use: KeyUse
        switch user.answer {
        case .busy: return [.busy(place: user.place)]
        case .none(let why): return [.unreachable(place: user.place, why: why)]
        case .uses(let answer): use = answer
        }
        var reasons = use.pipelines.compactMap { staleness(of: $0, user.place) }
        let due = use.pipelines.map { $0.needs.lastDue(of: month, in: zone) }.max()
        // A part's oldest record may be older than the month and its others of the month.
        if let due, due <= now, use.oldestReadable.contains(where: { $0 < month.end(in: zone) }) {
            reasons.append(.readableRecords(place: user.place))
        }
        if let count = use.livePartials[keyID], count > 0 {
            reasons.append(.unpublished(count: count, place: user.place))
        }
        if use.pendingPublications > 0 { reasons.append(.unfinishedRun(place: user.place)) }
        return reasons + holds(use, user.place)
    }

    /// A pipeline whose last run was before its records were due may hold readable ones, whatever
    /// other pipelines did since.
    private func staleness(of pipeline: KeyUse.Pipeline, _ place: String) -> KeyReason? {
        let due = pipeline.needs.lastDue(of: month, in: zone)
        guard let lastRun = pipeline.lastRun, lastRun < due, due <= now else { return nil }
        return .notRunSince(
            pipeline: pipeline.name, place: place, lastRun: lastRun, due: due)
    }

    /// A held record of the month needs the key once the hold is released. Where fields take the
    /// key of the month in which they become due, a record of any time may need it.
    private func holds(_ use: KeyUse, _ place: String) -> [KeyReason] {
        let usesDueMonths = use.pipelines.contains { $0.needs.usesDueMonths }
        let start = month.start(in: zone)
        let end = month.end(in: zone)
        var named: Set<String> = []
        return use.holds.compactMap { hold in
            let isOutside =
                hold.from.map { $0 >= end } == true || hold.until.map { $0 <= start } == true
            if isOutside, !usesDueMonths { return nil }
            guard named.insert(hold.name).inserted else { return nil }
            return .held(hold: hold.name, place: place, until: hold.end)
        }
    }
}
