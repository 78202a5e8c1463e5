internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Tells when the list of opt-outs that a pipeline names has changed since the last run: what it
/// names is then taken out of what is stored and counted. A list that has shrunk too much is a
/// failure.
struct OptOutListMemory {
    let ledger: Ledger
    let plan: Plan

    private var name: String { "\(plan.name)/opt_outs" }

    /// How the pipeline understands the lines: with another word of it they say something else.
    private var meaning: String {
        let effect = plan.release.dropsOptedOutRecords ? "drop_record" : "fields"
        return "\(plan.release.optOutBasis.rawValue) \(effect) \(plan.missingCustomer.rawValue)"
    }

    /// What the ledger keeps of the list: how long it is, and a digest that tells nobody's name.
    var record: InputList {
        var hasher = ContentHasher()
        for entry in plan.optOutList.entries {
            // No identifier is empty.
            for part in [entry.customer ?? [], entry.person ?? []] {
                Self.add(Int64(part.count), to: &hasher)
                hasher.update(part.span)
            }
            Self.add(Int64(bitPattern: entry.scope.rawValue), to: &hasher)
            Self.add(entry.effective.milliseconds, to: &hasher)
            Self.add(entry.withdrawn?.milliseconds ?? .max, to: &hasher)
        }
        hasher.update(Array(meaning.utf8).span)
        return InputList(
            name: name, kind: .optOuts, digest: hasher.digest(),
            entries: plan.optOutList.entries.count)
    }

    private static func add(_ number: Int64, to hasher: inout ContentHasher) {
        let bytes = stride(from: 56, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: number >> Int64($0))
        }
        hasher.update(bytes.span)
    }

    /// Fails when so many rows are gone since the last run that the list may be a part only: an
    /// opt-out that is withdrawn keeps its row and gets a date.
    func check() throws(PipelineFailure) {
        guard let limit = plan.optOutShrinkage else { return }
        let known: InputList?
        do { known = try ledger.inputList(.optOuts, name: name) } catch {
            throw StateRegistry.failure(error)
        }
        let count = plan.optOutList.entries.count
        guard let known, limit.isPassed(known.entries - count, of: known.entries) else { return }
        let fault = SettingFault(
            "the opt-out list has \(count) rows, and had \(known.entries) in the last run: "
                + "expected a whole list, or a larger `max_shrink`",
            at: limit.position, path: "opt_outs.max_shrink")
        throw .tables([fault], file: "")
    }

    /// What a run that applied the list remembers of it: its lines too, as keyed hashes, which tell
    /// the next run what has come. Without a list an earlier one is forgotten, for what comes now
    /// is not under it; nil when there never was one.
    func remember(hashing hasher: SubjectHasher?) throws(PipelineFailure) -> InputList? {
        if plan.optOutShrinkage == nil {
            do { if try ledger.inputList(.optOuts, name: name) == nil { return nil } } catch {
                throw StateRegistry.failure(error)
            }
        }
        var record = record
        let entries = plan.optOutList.entries
        record.lines =
            entries.isEmpty
            ? []
            : hasher.map { hasher in
                Set(entries.map { digest(of: $0, hasher) })
                    .union(OptOutTargets(plan).digests)
            }
        return record
    }

    /// A line, whom it names by keyed hashes only.
    private func digest(of line: OptOutEntry, _ hasher: SubjectHasher) -> Digest256 {
        func hash(_ kind: SubjectKind, _ value: [UInt8]?) -> String {
            value.flatMap { hasher.hash(kind, writtenAs: $0.span)?.digest.hex } ?? "-"
        }
        let words = [
            hash(.customer, line.customer), hash(.user, line.person), "\(line.scope.rawValue)",
            "\(line.effective.milliseconds)",
            line.withdrawn.map { "\($0.milliseconds)" } ?? "-", meaning,
        ]
        return Digest256.of(Array(words.joined(separator: " ").utf8).span)
    }

    /// What the list takes out when it has changed, or the day of one of its opt-outs has come
    /// since the last run that applied it: what its new lines name, those whose day it is, and
    /// those that stayed open. What all its lines name, where an output or a statistic has another
    /// purpose or other categories since. Nil otherwise, or when nothing is stored yet; with it the
    /// lines that stay open now. Commands for single subjects are runs too, and apply no list.
    func removal(
        _ registry: StateRegistry
    ) throws(PipelineFailure) -> (removal: OptOutRemoval?, open: UnsearchedLines) {
        var open = UnsearchedLines(list: name)
        guard !plan.optOutList.entries.isEmpty, let hasher = registry.hasher else {
            return (nil, open)
        }
        let due = try dueLines(hasher)
        if due.isEmpty { return (nil, open) }
        let isByEvent = plan.release.optOutBasis == .event
        let now = plan.release.clocks.runClock.now
        let sought = due.compactMap { line in
            OptOutRemoval.Sought(line.entry, isByEvent: isByEvent, now: now).map { one in
                var one = one
                one.kept = line.kept
                one.targets = line.targets
                return (one, line.digest)
            }
        }
        let keys = try LivingKeys(plan)
        var search = try UnsearchedOptOuts(plan, registry)
        for (one, digest) in sought {
            let unsearched = search.count(one)
            if unsearched == 0 { continue }
            open.lines.append(
                UnsearchedLine(
                    line: digest, unsearched: unsearched, tokens: one.tokens(plan, keys).all))
        }
        var removal = OptOutRemoval(sought.map(\.0), plan, keys, hasher)
        removal.unsearched = search.places.count
        if removal.isEmpty, removal.countedBefore.isEmpty, try !reachesLost(removal) {
            return (nil, open)
        }
        return (removal, open)
    }

    /// True when it may be about a stored file of an output that the pipeline does not have any
    /// more: the run fails for its sake, whatever else the pipeline has of that purpose.
    private func reachesLost(_ removal: OptOutRemoval) throws(PipelineFailure) -> Bool {
        let parts: [PartRecord]
        do { parts = try ledger.currentParts(pipeline: plan.name) } catch {
            throw StateRegistry.failure(error)
        }
        return parts.contains { part in
            !plan.outputs.contains { $0.name.utf8.elementsEqual(part.output.utf8) }
                && removal.reaches(lost: part, plan)
        }
    }

    /// A line that takes something out in this run.
    private struct DueLine {
        let entry: OptOutEntry
        let digest: Digest256
        /// What was kept of it, where it stayed open.
        let kept: Set<SubjectToken>
        /// The only targets that it is sought in; nil: all.
        let targets: Set<String>?
    }

    private func dueLines(_ hasher: SubjectHasher) throws(PipelineFailure) -> [DueLine] {
        let now = plan.release.clocks.runClock.now
        do {
            guard try ledger.lastRun(pipeline: plan.name) != nil else { return [] }
            var kept: [Digest256: Set<SubjectToken>] = [:]
            for line in try ledger.unsearchedLines(list: name) { kept[line.line] = line.tokens }
            let applied = try ledger.runGiven(.optOuts, name: name)
            let isSame = try ledger.inputList(.optOuts, name: name) == record
            let known = try ledger.listedOptOuts(list: name)
            let changed = OptOutTargets(plan).changed(since: known)
            return plan.optOutList.entries.compactMap { entry in
                let digest = digest(of: entry, hasher)
                let isNewlyInForce =
                    entry.effective <= now && applied.map { $0.now < entry.effective } ?? true
                if isNewlyInForce || kept[digest] != nil || !isSame && !known.contains(digest) {
                    return DueLine(
                        entry: entry, digest: digest, kept: kept[digest] ?? [], targets: nil)
                }
                let wider = changed.filter { $0.isWider(for: entry.scope, since: known) }
                if wider.isEmpty { return nil }
                return DueLine(
                    entry: entry, digest: digest, kept: [], targets: Set(wider.map(\.name)))
            }
        } catch { throw StateRegistry.failure(error) }
    }

    /// The numbers of those of `lines` that stay open.
    func open(
        _ lines: [OptOutEntry], _ registry: StateRegistry
    ) throws(PipelineFailure) -> [Int] {
        guard let hasher = registry.hasher, !lines.isEmpty else { return [] }
        do {
            let open = Set(try ledger.unsearchedLines(list: name).map(\.line))
            return lines.filter { open.contains(digest(of: $0, hasher)) }.map(\.line)
        } catch { throw StateRegistry.failure(error) }
    }

    /// How many lines stay open.
    func openCount() throws(PipelineFailure) -> Int {
        do { return try ledger.unsearchedLines(list: name).count } catch {
            throw StateRegistry.failure(error)
        }
    }
}
