internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Enters, ends, lists and checks the opt-outs of a state.
enum OptOutWork {
    static func add(
        _ request: OptOutRequest
    ) throws(PipelineFailure) -> (entry: OptOutListing, isNew: Bool, effect: OptOutEffectReport) {
        let session = try session(
            request.pipeline, request.now, isConfined: request.isConfined)
        let entry = try OptOutMaking(session).entry(request)
        let numbers: [(id: Int64, isNew: Bool)]
        do { numbers = try session.ledger.numbers(of: [entry]) } catch {
            throw StateRegistry.failure(error)
        }
        guard let (id, isNew) = numbers.first else {
            throw .internalFault("an opt-out has no number")
        }
        let record = OptOutRecord(id: id, entry: entry)
        var changes = OptOutChanges()
        if isNew { changes.added = [record] }
        let effect = try Self.apply([(request.subject, record)], changes, session)
        let listed: [OptOutListing]
        do { listed = try listings([record], session) } catch {
            throw error.behind("the opt-out is entered in the ledger")
        }
        guard let listing = listed.first else { throw .internalFault("an opt-out is not listed") }
        return (listing, isNew, effect)
    }

    /// Enters `changes` and takes what the opt-outs reach out of what is stored and counted, as a
    /// run without sources: all of it in the commit of that run, or nothing.
    static func apply(
        _ optOuts: [(subject: OptOutSubject, record: OptOutRecord)], _ changes: OptOutChanges,
        _ session: RegistrySession
    ) throws(PipelineFailure) -> OptOutEffectReport {
        let sought = try sought(optOuts, session)
        try AwaitedOptOuts.prepareKeys(optOuts.map(\.record), session.plan)
        let keys = try LivingKeys(session.plan)
        var changes = changes
        changes.awaited = AwaitedOptOuts.changes(optOuts, session.plan, keys)
        var report = OptOutEffectReport()
        if !changes.awaited.kept.isEmpty { report.notes.append(AwaitedOptOuts.limit) }
        let registry = try StateRegistry(session.ledger, of: session.plan)
        guard !sought.isEmpty, try isAnythingStored(session), let state = session.plan.state,
            let hasher = registry.hasher
        else {
            do { try session.ledger.enter(changes, time: session.now) } catch {
                throw StateRegistry.failure(error)
            }
            return report
        }
        var settings = RunSettings()
        settings.command = "opt-out"
        settings.takesIn = false
        settings.workers = min(processorCount(), 16)
        var removal = OptOutRemoval(sought, session.plan, keys, hasher)
        var search = try UnsearchedOptOuts(session.plan, registry)
        for one in sought { changes.awaited.keep(one, search.count(one), session.plan, keys) }
        removal.unsearched = search.places.count
        settings.order = .removeOptedOut(removal)
        settings.optOuts = changes
        settings.enteredOptOuts = optOuts.map(\.record)
        settings.soughtOptOuts = sought
        let run = StatefulRun(
            plan: session.plan, statePath: state, request: settings, observer: nil,
            ledger: session.ledger)
        let outcome = try run.run()
        if let subjects = run.subjects {
            report.rows = subjects.partialRows
            report.parts = subjects.parts
            report.records = subjects.barredRecords
            report.recalls = subjects.recalls.deliveries.count
            report.untoldRecalls = subjects.recalls.untold
            report.foundNobody =
                !removal.isEmpty && subjects.matchedOptOuts.isEmpty && subjects.partialRows == 0
                && subjects.givenUp.isEmpty && subjects.unsearchedByOptOuts == 0
            report.notes += subjects.limits
        }
        report.notes += limits(sought, keys, outcome)
        return report
    }

    /// The opt-outs with their values, those that are over apart.
    private static func sought(
        _ optOuts: [(subject: OptOutSubject, record: OptOutRecord)], _ session: RegistrySession
    ) throws(PipelineFailure) -> [OptOutRemoval.Sought] {
        let kept = try awaited(session).mapValues(\.tokens)
        return optOuts.compactMap { subject, record in
            let entry = record.entry
            guard !record.isOver(at: session.now),
                let one = SoughtSubject(customer: subject.customer, user: subject.user)
            else { return nil }
            let isByEvent = entry.basis == .event
            return OptOutRemoval.Sought(
                optOut: record.id, subject: one,
                effect: OptOutEffect(entry.scopes, session.plan.purposes),
                from: isByEvent ? entry.effective : nil,
                until: isByEvent ? entry.withdrawn : nil, isByEvent: isByEvent,
                kept: kept[record.id] ?? [])
        }
    }

    /// What the pipeline keeps of opt-outs that are not wholly carried out, by their numbers.
    private static func awaited(
        _ session: RegistrySession
    ) throws(PipelineFailure) -> [Int64: AwaitedOptOut] {
        do {
            let all = try session.ledger.awaitedOptOuts(pipeline: session.plan.name)
            return Dictionary(all.map { ($0.optOut, $0) }) { _, other in other }
        } catch { throw StateRegistry.failure(error) }
    }

    /// Opt-outs as people see them.
    private static func listings(
        _ records: [OptOutRecord], _ session: RegistrySession
    ) throws(PipelineFailure) -> [OptOutListing] {
        let awaited = try awaited(session)
        return records.map {
            OptOutListing($0, session, unsearched: awaited[$0.id]?.unsearched ?? 0)
        }
    }

    private static func isAnythingStored(
        _ session: RegistrySession
    ) throws(PipelineFailure) -> Bool {
        do {
            let parts = try session.ledger.currentParts(pipeline: session.plan.name)
            let partials = try session.ledger.keptPartials()
            let deliveries = try session.ledger.openDeliveries(at: session.now)
            return !parts.isEmpty || !partials.isEmpty || !deliveries.isEmpty
        } catch { throw StateRegistry.failure(error) }
    }

    /// What could not be reached, in sentences.
    private static func limits(
        _ sought: [OptOutRemoval.Sought], _ keys: LivingKeys, _ outcome: RunReport
    ) -> [String] {
        var notes: [String] = []
        if !keys.destroyed.isEmpty {
            notes.append(
                "what was written or counted under the destroyed keys of "
                    + "\(keys.destroyed.count) months cannot be attributed any more")
        }
        if sought.contains(where: \.isByEvent) {
            notes.append(
                "an opt-out by event leaves figures that were counted before as they are")
        }
        if !outcome.bindingHolds.isEmpty {
            notes.append(
                "stored records that a hold binds stay as they are until it ends: "
                    + outcome.bindingHolds.joined(separator: ", "))
        }
        return notes
    }

    /// The registry of a pipeline, made if it is missing; `file` is read for it.
    static func session(
        _ pipeline: String, _ now: String?, isConfined: Bool, reading file: String? = nil
    ) throws(PipelineFailure) -> RegistrySession {
        guard
            let session = try RegistrySession(
                pipeline: pipeline, now: now, creating: true, isConfined: isConfined,
                reading: [file].compactMap(\.self))
        else { throw .storage("the state cannot be made") }
        return session
    }

    /// The registry of a pipeline; nil when nothing was ever entered.
    static func session(
        ifAnyOf pipeline: String, _ now: String?, isConfined: Bool
    ) throws(PipelineFailure) -> RegistrySession? {
        try RegistrySession(
            pipeline: pipeline, now: now, creating: false, isConfined: isConfined)
    }

    static func list(_ session: RegistrySession?) throws(PipelineFailure) -> [OptOutListing] {
        guard let session else { return [] }
        return try listings(all(session), session)
    }

    private static func all(_ session: RegistrySession) throws(PipelineFailure) -> [OptOutRecord] {
        do { return try session.ledger.optOuts() } catch { throw StateRegistry.failure(error) }
    }

    static func withdraw(
        _ session: RegistrySession?, id: Int64?, _ subject: OptOutSubject, date: String?
    ) throws(PipelineFailure) -> [OptOutListing] {
        guard let session else {
            throw .usage("the registry is empty: expected an opt-out to withdraw")
        }
        let zone = session.plan.release.zone
        var day = zone.localDay(at: session.now)
        if let date {
            guard let read = CivilDate(parsing: Array(date.utf8).span) else {
                throw .usage("--date: expected a date (2026-04-15)")
            }
            day = read.daysSince1970
        }
        let live = try all(session).filter { $0.entry.withdrawn == nil }
        let chosen: [OptOutRecord]
        if let id {
            guard subject == OptOutSubject() else {
                throw .usage("expected --id, or --customer and --user, not both")
            }
            chosen = live.filter { $0.id == id }
        } else {
            guard subject != OptOutSubject() else {
                throw .usage("expected --id, --customer, --user, or both of these")
            }
            chosen = try named(subject, live, session)
        }
        guard !chosen.isEmpty else {
            throw .usage("expected an opt-out that was not withdrawn before; none was found")
        }
        do {
            try session.ledger.withdraw(
                optOuts: chosen.map(\.id), at: zone.startOfDay(day), time: session.now)
        } catch { throw StateRegistry.failure(error) }
        let ids = Set(chosen.map(\.id))
        let entries: [OptOutRecord]
        do { entries = try all(session) } catch {
            throw error.behind("the withdrawal is entered in the ledger")
        }
        do { return try listings(entries.filter { ids.contains($0.id) }, session) } catch {
            throw error.behind("the withdrawal is entered in the ledger")
        }
    }

    /// The entries that name exactly this subject.
    private static func named(
        _ subject: OptOutSubject, _ entries: [OptOutRecord], _ session: RegistrySession
    ) throws(PipelineFailure) -> [OptOutRecord] {
        guard let hasher = try StateRegistry(session.ledger, of: session.plan).hasher else {
            return []
        }
        let who = try OptOutMaking.Who(subject, session.plan, hasher)
        return entries.filter { $0.entry.subject == who.hash && $0.entry.within == who.within }
    }

    static func check(
        pipeline: String, _ subject: OptOutSubject, now: String?, isConfined: Bool
    ) throws(PipelineFailure) -> OptOutCheckReport {
        var report = OptOutCheckReport()
        let plan = try Sluice.loadPlan(pipeline, now: now)
        let clock = plan.release.clocks.runClock.now
        let lines = plan.optOutList.entries.filter { names($0, subject) }
        report.lines = lines.map(\.line)
        report.isOptedOut = lines.contains { $0.holds(at: clock) }
        guard plan.state != nil,
            let session = try session(ifAnyOf: pipeline, now, isConfined: isConfined)
        else { return report }
        let entries = try relevant(subject, try all(session), session)
        report.entries = try listings(entries, session)
        report.openLines = try OptOutListMemory(ledger: session.ledger, plan: plan)
            .open(lines, StateRegistry(session.ledger, of: session.plan))
        if entries.contains(where: { $0.holds(at: clock) }) { report.isOptedOut = true }
        return report
    }

    /// True when a line of the pipeline's list reaches records of the subject.
    private static func names(_ line: OptOutEntry, _ subject: OptOutSubject) -> Bool {
        func isSame(_ one: [UInt8]?, _ text: String?) -> Bool {
            guard let one, let text else { return false }
            return CanonicalSubject.bytes(.user, Array(text.utf8).span) == one
        }
        guard line.person != nil else { return isSame(line.customer, subject.customer) }
        guard isSame(line.person, subject.user) else { return false }
        return line.customer == nil || subject.customer == nil
            || isSame(line.customer, subject.customer)
    }

    /// The entries that reach records of the subject: of the customer, of the user, and of the user
    /// in the customer's records.
    private static func relevant(
        _ subject: OptOutSubject, _ entries: [OptOutRecord], _ session: RegistrySession
    ) throws(PipelineFailure) -> [OptOutRecord] {
        guard let hasher = try StateRegistry(session.ledger, of: session.plan).hasher else {
            return []
        }
        let customer = subject.customer.flatMap {
            hasher.hash(.customer, writtenAs: Array($0.utf8).span)
        }
        let user = subject.user.flatMap { hasher.hash(.user, writtenAs: Array($0.utf8).span) }
        guard customer != nil || user != nil else {
            throw .usage("expected --customer, --user, or both")
        }
        return entries.filter { record in
            if record.entry.subject == customer { return true }
            guard record.entry.subject == user else { return false }
            return record.entry.within == nil || customer == nil
                || record.entry.within == customer?.digest
        }
    }
}

extension OptOutListing {
    init(_ record: OptOutRecord, _ session: RegistrySession, unsearched: Int) {
        let entry = record.entry
        let now = session.now
        let state: State =
            entry.withdrawn.map { $0 <= now } ?? false
            ? .withdrawn : entry.effective > now ? .waiting : .inForce
        self.init(
            id: record.id, state: state, kind: entry.subject.kind.rawValue,
            hash: entry.subject.digest.hex, within: entry.within?.hex,
            scopes: entry.scopes.map { "\($0.purpose) / \($0.category)" },
            basis: entry.basis.rawValue, effective: session.text(entry.effective),
            withdrawn: entry.withdrawn.map(session.text), unsearched: unsearched)
    }
}
