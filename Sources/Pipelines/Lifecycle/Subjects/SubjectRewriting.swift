internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// Carries erasures and a correction out in the parts of outputs, in unpublished statistics and in
/// kept quarantine lines, as a step of a run: everything becomes visible with its commit.
///
/// A part that holds nothing of a subject stays as it is. One that does is aged in the same pass,
/// because its new row says that this run has dealt with it.
final class SubjectRewriting {
    private unowned let owner: StatefulRun
    private let registry: StateRegistry
    let work: SubjectWork
    private let rewriting: PartRewriting
    private let survey: PartRewriting

    /// What became of the records of each erasure.
    private(set) var tallies: [ErasureTally]
    /// Fields that were corrected.
    private(set) var corrected = 0
    /// Records that were to be corrected and stay because a hold binds them.
    private(set) var uncorrected = 0
    /// Records that may have been to be corrected, and stay because they do not say of which
    /// customer they are.
    private(set) var undecidedCorrections = 0
    /// Parts that were rewritten, or would be.
    private(set) var parts = 0
    /// Rows that left unpublished statistics, or would.
    private(set) var partialRows = 0
    /// Those of them that do not say of which customer, where only one's were to go.
    private(set) var undecidedRows = 0
    /// Records of rewritten parts that lost fields, or went, because of an opt-out.
    private(set) var barredRecords = 0
    /// The opt-outs that some stored record matched.
    private(set) var matchedOptOuts: Set<Int64> = []
    /// For each part that opt-outs changed, or in which a hold kept what they name, which.
    private var barredParts: [(part: Int64, optOuts: Set<Int64>)] = []
    /// What holds keep of opt-outs in stored records.
    private(set) var heldOptOuts: Set<HeldOptOut> = []
    /// What opt-outs call back.
    private(set) var recalls = OptOutRecalls.Outcome()
    /// Raw lines that left quarantine, or would.
    private(set) var quarantineLines = 0
    private var isIncomplete = false
    /// True when what opt-outs name was not looked for in some part that could not be read.
    private(set) var leavesOptOuts = false
    /// Erasures for which some parts cannot be searched.
    private var unsearched: Set<Int> = []
    /// Erasures for which lines of the store cannot be searched, and nobody has looked there.
    private var unsearchedInStore: Set<Int> = []
    /// Erasures for which somebody has looked there before other rules dealt with it.
    private(set) var outdatedStoreSearches: [Int64] = []
    /// Parts in which what opt-outs name cannot be looked for.
    private(set) var unsearchedByOptOuts = 0
    /// Days that the end of an erasure cuts in two, where rows went.
    private var cutDays: Set<Int> = []
    /// Why something may be left, besides holds.
    private(set) var limits: [String] = []
    private(set) var replacedPartials: [ReplacedPartial] = []
    /// Files to be looked into that are not there.
    private var gone: Set<String> = []
    /// Partials of earlier statistics that go because they hold somebody sought, or would.
    private(set) var givenUp: [PartialRecord] = []
    /// The new bytes of partials by the path of the old ones.
    private(set) var newPartials: [String: any SpillFile] = [:]

    var plan: Plan { owner.plan }
    private var ledger: Ledger { registry.ledger }
    var isDryRun: Bool { owner.settings.isDryRun }

    init(
        _ owner: StatefulRun, _ registry: StateRegistry, _ work: SubjectWork, keys: RunRing?
    ) {
        self.owner = owner
        self.registry = registry
        self.work = work
        tallies = work.erasures.map { _ in ErasureTally() }
        let workers = owner.settings.workers
        rewriting = PartRewriting(
            keys: keys, workers: workers, isDryRun: owner.settings.isDryRun,
            changes: owner.changes)
        survey = PartRewriting(
            keys: keys, workers: workers, isDryRun: true, changes: owner.changes)
    }

    func abandon() { rewriting.abandon() }

    func run() throws(PipelineFailure) {
        if work.isEmpty { return }
        defer { if let goneWords { limits.append("\(goneWords).") } }
        try rewriteParts()
        if let removal = work.removal {
            recalls = try OptOutRecalls(ledger: ledger, plan: plan).find(removal, barredParts)
            owner.changes.recalledDeliveries += recalls.deliveries
        }
        if work.erasures.isEmpty, work.removal == nil { return }
        // What was counted since leaves out whom an erasure is about.
        let isLooked = work.erasures.allSatisfy { $0.looked?.plan == plan.digest }
        if work.removal != nil || !isLooked { try rewritePartials() }
        if work.erasures.isEmpty { return }
        try rewriteQuarantine()
    }

    // MARK: Parts

    private func rewriteParts() throws(PipelineFailure) {
        let all: [PartRecord]
        do { all = try ledger.currentParts(pipeline: plan.name) } catch {
            throw StateRegistry.failure(error)
        }
        let now = plan.release.clocks.runClock.now
        try noteUnsearched(all)
        for part in all {
            let index = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(part.output.utf8) }
            if owner.changes.ends(part.id) { continue }
            let isExpired = plan.deleteBy(part).map { $0 <= now } ?? false
            guard let index else {
                // Ageing takes it away.
                if isExpired, plan.release.subjects.holds.isEmpty { continue }
                try note(lost: part)
                continue
            }
            try rewrite(part, output: index, isExpired: isExpired)
        }
    }

    /// `ageing` takes what has expired away but for what is held; here it is only counted.
    private func rewrite(
        _ part: PartRecord, output index: Int, isExpired: Bool
    ) throws(PipelineFailure) {
        let standIns = work.removal?.standIns[index] ?? []
        if work.correction == nil, standIns.isEmpty, !isSought(in: part.path, of: part.run) {
            return
        }
        if try isGone(part, seeksOptOuts: !standIns.isEmpty) { return }
        owner.report.searchedParts += 1
        let history = try HoldHistory(part, output: index, of: plan, registry)
        var reading = try plan.ageing(index, part, history, corrected: work.correction?.field)
        if !standIns.isEmpty {
            reading.release.subjects = try registry.register(for: plan, adding: standIns)
        }
        work.prepare(&reading, showsWindow: plan.release.outputs[index].showsWindow)
        var matched: Set<Int64> = []
        let read =
            isExpired
            ? try survey.rewriteIfReadable(part, under: reading, history)
            : try rewriting.rewriteIfReadable(
                part, under: reading, history,
                staysIf: { !Self.isWorkDone($0) },
                noting: { matched.formUnion($0.optOuts(of: reading.release.subjects)) })
        guard let counts = read?.counts else {
            return leave(
                "\(part.path) holds records that cannot be read", seeksOptOuts: !standIns.isEmpty)
        }
        if !isExpired {
            let reached = matched.intersection(standIns.map(\.optOut))
            note(reached, part, counts)
            keep(reached, standIns, part, counts)
        }
        // What has expired goes with its part.
        add(counts, countingErased: !isExpired)
        guard !isExpired, Self.isWorkDone(counts) else { return }
        for place in work.erasures.indices
        where place < counts.erasures.count && counts.erasures[place].erased > 0 {
            if let id = work.erasures[place].id {
                owner.changes.recalls.append((.erasure(id), part.id))
            }
        }
        corrected += counts.outputs[0].corrected
        barredRecords += counts.outputs[0].takenOut
        parts += 1
        owner.report.agedRecords += counts.outputs[0].anonymised
        owner.report.ageing.add(
            counts, reading.release.fields.names, of: part.output)
    }

    /// True, and counted, where a part is not there: what is asked is carried out in all others,
    /// and stays open for the time when it is back.
    private func isGone(_ part: PartRecord, seeksOptOuts: Bool) throws(PipelineFailure) -> Bool {
        if try isPresent(part.path) { return false }
        gone.insert(part.path)
        leavesOptOuts = leavesOptOuts || seeksOptOuts
        return true
    }

    /// True when an erasure may have something to take out of a file: one that waits only for
    /// files that were not there does not look through all others every night.
    private func isSought(in path: String, of run: Int64) -> Bool {
        work.erasures.contains { $0.seeks(in: path, of: run, plan) }
    }

    /// What is said of files that are not there; nil when all are.
    private var goneWords: String? {
        if gone.isEmpty { return nil }
        return "\(counted(gone.count, "stored file")) could not be looked into, because they are "
            + "not there (`sluice verify` names them): "
            + (work.correction == nil
                ? "what was to be taken out stays open until they are back, or until `sluice run "
                    + "--forget-missing` says of which output, or of `quarantine`, they are gone "
                    + "for good"
                : "ask for the correction again when they are back")
    }

    /// Leaves a part with records that cannot be read. Everything else is done, and the run fails
    /// behind it; erasures and opt-outs stay open.
    private func leave(_ why: String, seeksOptOuts: Bool) {
        isIncomplete = true
        leavesOptOuts = leavesOptOuts || seeksOptOuts
        limits.append(
            "\(why), and nobody was looked for in it; "
                + (work.correction == nil
                    ? "what was to be taken out stays open until it can be read or is gone."
                    : "what it says there stays: ask for the correction again once it can be "
                        + "read."))
    }

    /// What stays open of requests in parts that could not be read, for the failure behind the
    /// commit.
    var leftWords: [String] {
        var words: [String] = []
        let isOpen = isIncomplete || !gone.isEmpty
        if isOpen, !work.erasures.isEmpty { words.append("erasures stay open") }
        if leavesOptOuts {
            words.append("what opt-outs name stays in it, and each next run looks for it again")
        }
        if isOpen, work.correction != nil {
            words.append("it was not corrected: ask for the correction again then")
        }
        return words
    }

    /// Notes for whom some parts cannot be searched, because nobody knows what stands for them
    /// there.
    private func noteUnsearched(_ parts: [PartRecord]) throws(PipelineFailure) {
        let search = try PartSearch(parts, plan, registry)
        for (index, erasure) in work.erasures.enumerated() {
            if let words = search.storeLimit(erasure, plan) {
                unsearchedInStore.insert(index)
                if let id = erasure.id, erasure.storeSearched != nil {
                    outdatedStoreSearches.append(id)
                }
                if !limits.contains(words) { limits.append(words) }
            }
            let number = search.unsearchable(for: erasure, plan)
            if number == 0 { continue }
            unsearched.insert(index)
            limits.append(UnsearchedWords.parts(number, isErasure: true))
        }
        unsearchedByOptOuts = work.removal?.unsearched ?? 0
        if unsearchedByOptOuts > 0 {
            limits.append(UnsearchedWords.parts(unsearchedByOptOuts, isErasure: false))
        }
    }

    /// Notes which opt-outs a part is about. Where nobody matched, records that do not say whose
    /// they are were changed.
    private func note(_ matched: Set<Int64>, _ part: PartRecord, _ counts: RecordCounts) {
        matchedOptOuts.formUnion(matched)
        guard counts.outputs[0].takenOut > 0 || (counts.outputs[0].held > 0 && !matched.isEmpty)
        else { return }
        barredParts.append((part.id, matched))
    }

    /// Remembers what a hold kept of opt-outs in a part, and calls back what was delivered of one
    /// out of which it is taken now.
    private func keep(
        _ matched: Set<Int64>, _ standIns: [OptOutRemoval.StandIn], _ part: PartRecord,
        _ counts: RecordCounts
    ) {
        guard let removal = work.removal else { return }
        if counts.outputs[0].takenOut > 0 {
            for number in matched.sorted() {
                if let cause = removal.kept[number] {
                    owner.changes.recalls.append((cause, part.id))
                }
            }
        }
        guard counts.outputs[0].held > 0 else { return }
        // A record that says nobody's name is told by whether there is any opt-out.
        let isAnybodys = matched.isEmpty && plan.missingCustomer == .optedOut
        let reached = isAnybodys ? Set(standIns.prefix(1).map(\.optOut)) : matched
        for standIn in standIns where reached.contains(standIn.optOut) {
            heldOptOuts.insert(HeldOptOuts.entry(standIn, output: part.output, plan))
        }
    }

    private func add(_ counts: RecordCounts, countingErased: Bool) {
        uncorrected += counts.outputs[0].uncorrected
        undecidedCorrections += counts.outputs[0].undecidedCorrections
        for place in tallies.indices where place < counts.erasures.count {
            var tally = counts.erasures[place]
            if !countingErased { (tally.erased, tally.undecided, tally.structured) = (0, 0, 0) }
            tallies[place].add(tally)
        }
    }

    private static func isWorkDone(_ counts: RecordCounts) -> Bool {
        counts.outputs[0].corrected > 0 || counts.outputs[0].takenOut > 0
            || counts.erasures.contains { $0.erased > 0 }
    }

    /// The format and rules of an output that the pipeline no longer has are not known.
    private func note(lost part: PartRecord) throws(PipelineFailure) {
        let seeksOptOuts = work.removal?.reaches(lost: part, plan) ?? false
        // An opt-out of other purposes has nothing to do there.
        if !seeksOptOuts, work.erasures.isEmpty, work.correction == nil { return }
        if try isGone(part, seeksOptOuts: seeksOptOuts) { return }
        let lost = UnreadablePart(ofLostOutput: part)
        owner.changes.noteUnreadable(lost)
        leave(lost.words, seeksOptOuts: seeksOptOuts)
    }

    // MARK: Unpublished statistics

    private func rewritePartials() throws(PipelineFailure) {
        let kept: [PartialRecord]
        do { kept = try ledger.keptPartials(pipeline: plan.name) } catch {
            throw StateRegistry.failure(error)
        }
        var byPath: [(path: String, rows: [PartialRecord])] = []
        for record in kept {
            if let known = byPath.firstIndex(where: { $0.path == record.path }) {
                byPath[known].rows.append(record)
            } else {
                byPath.append((record.path, [record]))
            }
        }
        let own = plan.statisticsDigest.hex
        for (path, rows) in byPath {
            if rows.allSatisfy({ $0.statisticSet.utf8.elementsEqual(own.utf8) }) {
                try rewritePartial(path, rows)
            } else {
                try giveUpIfReached(path, rows)
            }
        }
        if !givenUp.isEmpty { limits.append(givenUpWords) }
        for day in cutDays.sorted() {
            limits.append(
                "Rows of unpublished statistics have days, not times: of "
                    + "\(CivilDate(daysSince1970: day).text), which `--until` cuts in two, the "
                    + "subject's rows go as a whole.")
        }
    }

    /// The last day out of whose rows something goes, and whether some of its events stay.
    private func lastDay(before until: EventTime) -> (day: Int, isCut: Bool) {
        let zone = plan.release.zone
        let day = zone.localDay(at: EventTime(milliseconds: until.milliseconds - 1))
        return (day, zone.startOfDay(day + 1) != until)
    }

    private func rewritePartial(
        _ path: String, _ rows: [PartialRecord]
    ) throws(PipelineFailure) {
        let partials = Partials(
            [try StoredFile(path)], plan: plan.statistics, storage: MemorySpillStorage())
        var removal = PartialRemoval([], in: plan.statistics)
        do throws(PartialFault) {
            let erased = try erasable(in: partials)
            removal.entries = removal.entries.indices.map { index in
                erased + (work.removal?.counted[index] ?? [])
            }
            if removal.entries.allSatisfy(\.isEmpty) { return }
            let reached = try partials.count(of: removal)
            if reached == 0 { return }
            partialRows += reached
        } catch {
            throw .storage("cannot read the aggregates of earlier runs", error)
        }
        if isDryRun { return }
        try replace(path, rows, partials, removal)
    }

    /// What goes of `partials` for erasures that no hold may stop; of the others is counted what
    /// stays.
    private func erasable(in partials: Partials) throws(PartialFault) -> [PartialRemoval.Entry] {
        var erasable: [PartialRemoval.Entry] = []
        for (index, erasure) in work.erasures.enumerated() {
            let limited = erasure.tokens.removal(erasure.kind, isLimited: erasure.within != nil)
            guard var entry = limited else { continue }
            let last = erasure.until.map(lastDay)
            entry.lastDay = last?.day
            let reached = try partials.count(of: PartialRemoval([entry], in: plan.statistics))
            if reached == 0 { continue }
            // Rows have days, not times: while a hold may bind the subject, they stay.
            guard erasure.doubts.isEmpty else {
                tallies[index].held += reached
                continue
            }
            erasable.append(entry)
            if let last, last.isCut { cutDays.insert(last.day) }
            guard erasure.within != nil else { continue }
            var unsaid = entry
            unsaid.customers = [.none]
            undecidedRows += try partials.count(
                of: PartialRemoval([unsaid], in: plan.statistics))
        }
        return erasable
    }

    private func replace(
        _ path: String, _ rows: [PartialRecord], _ partials: Partials, _ removal: PartialRemoval
    ) throws(PipelineFailure) {
        // Two sources can have equal aggregates: the content alone would not tell them apart.
        let seed = "\(splitPath(path).name) \(rows[0].content.digest.hex) without erased rows"
        let name = "\(Digest256.of(Array(seed.utf8).span).hex.prefix(24)).partial"
        let rest: any SpillFile
        do {
            rest = try DirectorySpillStorage(directory: ledger.directory).makeFile()
            _ = try partials.merge(without: removal, into: rest)
        } catch {
            throw .aggregates("cannot rewrite aggregates", error)
        }
        let kept = try PartialStore(ledger, owner.changes).keep(rest, named: name)
        owner.changes.oweRemoval(of: path)
        replacedPartials.append(
            ReplacedPartial(ids: rows.map(\.id), path: kept.path, content: kept.content))
        newPartials[path] = kept.file
    }

    func hold(oneOf erasure: Int) { tallies[erasure].held += 1 }

    func giveUp(_ path: String, _ rows: [PartialRecord]) {
        givenUp += rows
        if !isDryRun { owner.changes.oweRemoval(of: path) }
    }

    // MARK: Quarantine

    private func rewriteQuarantine() throws(PipelineFailure) {
        let lists: [FileRecord]
        do { lists = try ledger.files(.quarantine) } catch { throw StateRegistry.failure(error) }
        let now = plan.release.clocks.runClock.now
        var present: [NewFile] = []
        // What has expired goes with this run.
        for (list, run) in lists.map({ ($0.file, $0.run) })
        where isSought(in: list.path, of: run) && !owner.changes.forgets(list) {
            if let end = plan.deleteBy(list: list), end <= now { continue }
            if try !isPresent(list.path) {
                gone.insert(list.path)
            } else if try plan.isChanged(list: list) {
                // Rewritten, it would pass for what a run left.
                let changed = UnreadablePart(changedList: list.path)
                owner.changes.noteUnreadable(changed)
                leave(changed.words, seeksOptOuts: false)
            } else {
                present.append(list)
            }
        }
        let outcome = try QuarantineErasure(plan: plan, work: work).run(
            present, changes: isDryRun ? nil : owner.changes)
        quarantineLines = outcome.removed
        for (index, held) in outcome.held.enumerated() { tallies[index].held += held }
    }

    // MARK: The end

    /// Takes in what became of the records of one file of a store.
    func note(_ counts: RecordCounts) {
        add(counts, countingErased: true)
        guard Self.isWorkDone(counts) else { return }
        corrected += counts.outputs[0].corrected
        parts += 1
    }

    /// Files of a store that somebody may still be writing were not looked at.
    func noteBusyStore() {
        guard !work.isEmpty else { return }
        isIncomplete = true
        limits.append(
            "Files of the store that may still be written to, or that hold what no run has taken "
                + "in, were left alone; the next run over them completes an erasure, a correction "
                + "has to be asked for again.")
    }

    /// Erasures of which nothing is left.
    var finished: [Int64] { gone.isEmpty ? searched : [] }

    /// Erasures of which nothing can be left but in files that are not there.
    var awaiting: [(erasure: Int64, files: Set<String>)] {
        gone.isEmpty ? [] : searched.map { ($0, gone) }
    }

    /// Erasures that looked into everything that is there, and of which nothing is left in it.
    private var searched: [Int64] {
        if isIncomplete { return [] }
        return work.erasures.indices.compactMap {
            tallies[$0].held == 0 && !unsearched.contains($0) && !unsearchedInStore.contains($0)
                ? work.erasures[$0].id : nil
        }
    }

    /// Erasures that a hold stops.
    var blocked: [BlockedErasure] {
        work.erasures.indices.compactMap { index in
            let erasure = work.erasures[index]
            guard tallies[index].held > 0, let id = erasure.id, let hold = erasure.holds.first
            else { return nil }
            return BlockedErasure(id: id, hold: hold.id, retry: hold.hold.end)
        }
    }

    /// Says in the report of a run what became of erasures that were open.
    func tell(in report: inout RunReport) {
        if !givenUp.isEmpty { report.notes.append(givenUpWords) }
        if let goneWords { report.alarm(goneWords) }
        if unsearchedByOptOuts > 0 {
            report.notes.append(UnsearchedWords.parts(unsearchedByOptOuts, isErasure: false))
        }
        if !unsearched.isEmpty {
            report.notes.append(UnsearchedWords.openErasures(unsearched.count))
        }
        if !unsearchedInStore.isEmpty {
            report.notes.append(UnsearchedWords.openErasures(inStores: unsearchedInStore.count))
        }
        if !finished.isEmpty {
            report.notes.append(
                "erasures that are done now, with nothing of them left: \(finished.count)")
        }
        for block in blocked {
            let index = work.erasures.firstIndex { $0.id == block.id }
            guard let hold = index.flatMap(blockingHold) else { continue }
            report.notes.append(
                "an erasure is blocked by hold `\(hold.name)`"
                    + (hold.hold.end.map { " until \(dateText($0, in: plan.release.zone))" }
                        ?? " until it is released"))
        }
    }

    /// The hold that stops the erasure at `index`.
    func blockingHold(_ index: Int) -> HoldRecord? {
        tallies[index].held > 0 ? work.erasures[index].holds.first : nil
    }
}

extension SubjectRewriting {
    /// The place of an erasure in `tallies`; that of the one only tried without a number.
    func index(ofErasure id: Int64?) -> Int? {
        work.erasures.firstIndex { $0.id == id }
    }
}
