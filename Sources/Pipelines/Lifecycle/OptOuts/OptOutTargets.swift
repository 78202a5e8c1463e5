internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// What opt-outs reach: the outputs and statistics of a pipeline, with what each is for and of
/// which categories its fields are.
///
/// Where one of these is changed, an opt-out that was carried out long ago reaches records that it
/// did not reach then.
struct OptOutTargets {
    struct Target {
        let name: String
        let purpose: Purpose
        /// What an opt-out of all categories goes by.
        let purposeDigest: Digest256
        /// What one of some categories goes by.
        let digest: Digest256

        /// True when an opt-out may reach other records in it than when `known` was remembered.
        func isWider(for effect: OptOutEffect, since known: Set<Digest256>) -> Bool {
            let barred = effect.categories(barredFor: purpose)
            if barred.isEmpty { return false }
            return !known.contains(barred == .all ? purposeDigest : digest)
        }
    }

    let all: [Target]
    private let purposes: PurposeTable

    init(_ plan: Plan) {
        purposes = plan.purposes
        let release = plan.release
        let drops = release.dropsOptedOutRecords
        func target(_ name: String, _ purpose: Purpose, _ categories: [String]) -> Target {
            let words = Self.words(name, purpose, plan.purposes, drops: drops)
            // Records that go as a whole go whatever their fields are.
            let all = words + (drops ? [] : categories)
            return Target(
                name: name, purpose: purpose, purposeDigest: Digest256(ofLines: words),
                digest: Digest256(ofLines: ["categories"] + all))
        }
        let outputs = release.outputs.map { output in
            let categories = zip(release.fields.names, output.rules).compactMap { name, rule in
                rule.category.map { "\($0.rawValue) \(name)" }
            }
            return target(Self.name(ofOutput: output.name), output.purpose, categories)
        }
        let statistics = zip(plan.tables, release.observations.statistics).map { table, reader in
            target(
                Self.name(ofStatistic: table.name), reader.purpose,
                ["\(reader.categories.rawValue)"])
        }
        all = outputs + statistics
    }

    /// What is said of a target of one purpose.
    private static func words(
        _ name: String, _ purpose: Purpose, _ purposes: PurposeTable, drops: Bool
    ) -> [String] {
        let isUsual = purposes.optedOutByDefault.contains(purpose)
        return [name, purposes.name(of: purpose), "\(isUsual) \(drops)"]
    }

    /// The purposes that `target` had when `known` was remembered, as far as the pipeline still has
    /// them, and has not any more.
    func formerPurposes(of target: Target, in known: Set<Digest256>) -> [Purpose] {
        if known.contains(target.purposeDigest) { return [] }
        return purposes.names.compactMap { purposes[$0] }.filter { purpose in
            purpose != target.purpose
                && [false, true].contains { drops in
                    known.contains(
                        Digest256(
                            ofLines: Self.words(target.name, purpose, purposes, drops: drops)))
                }
        }
    }

    static func name(ofOutput name: String) -> String { "output `\(name)`" }

    static func name(ofStatistic name: String) -> String { "statistic `\(name)`" }

    /// What is remembered of them.
    var digests: Set<Digest256> { Set(all.flatMap { [$0.purposeDigest, $0.digest] }) }

    /// Those that were otherwise, or not there, when `known` was remembered.
    func changed(since known: Set<Digest256>) -> [Target] {
        all.filter { !known.isSuperset(of: [$0.purposeDigest, $0.digest]) }
    }
}

/// Opt-outs of the registry that reach more of what is stored than when they were carried out: an
/// output or a statistic has another purpose since, or other categories. The registry keeps no
/// values, so nothing tells their subjects; whoever knows them enters them again.
struct WidenedOptOuts {
    /// Their numbers, by what they reach.
    private(set) var waiting: [(target: String, optOuts: [Int64])] = []
    /// What is to be said of those that reach no more what they reached under its former purpose.
    private(set) var released: [String] = []
    /// What the commit of a run remembers.
    let remembered: Set<Digest256>

    static func list(of plan: Plan) -> String { "\(plan.name)/registry" }

    /// `takenOut` are those that this run takes out.
    init(_ ledger: Ledger, _ plan: Plan, takenOut: Set<Int64> = []) throws(PipelineFailure) {
        let targets = OptOutTargets(plan)
        let now = plan.release.clocks.runClock.now
        do {
            let known = try ledger.listedOptOuts(list: Self.list(of: plan))
            let records = try ledger.optOuts().filter {
                !$0.isOver(at: now) && $0.entry.effective <= now
            }
            var done: Set<Digest256> = []
            // Nothing was remembered before the first run.
            let changed = known.isEmpty ? [] : targets.changed(since: known)
            for target in changed where try Self.isStored(target, ledger, plan) {
                var left: [Int64] = []
                for record in records {
                    let effect = OptOutEffect(record.entry.scopes, plan.purposes)
                    guard target.isWider(for: effect, since: known) else { continue }
                    let mark = Self.mark(record, target)
                    if takenOut.contains(record.id) { done.insert(mark) }
                    if !known.contains(mark), !done.contains(mark) { left.append(record.id) }
                }
                if !left.isEmpty { waiting.append((target.name, left)) }
            }
            for target in changed {
                released += targets.formerPurposes(of: target, in: known).compactMap {
                    Self.note(records, released: target, from: $0, plan)
                }
            }
            remembered = waiting.isEmpty ? targets.digests : known.union(done)
        } catch { throw StateRegistry.failure(error) }
    }

    /// A new purpose may be meant, and may be another word for the one that people opted out of.
    private static func note(
        _ records: [OptOutRecord], released target: OptOutTargets.Target, from former: Purpose,
        _ plan: Plan
    ) -> String? {
        let lost = records.filter { record in
            let effect = OptOutEffect(record.entry.scopes, plan.purposes)
            return !effect.categories(barredFor: former).isEmpty
                && effect.categories(barredFor: target.purpose).isEmpty
        }
        guard !lost.isEmpty else { return nil }
        return "\(target.name) is for `\(plan.purposes.name(of: target.purpose))` now and was for "
            + "`\(plan.purposes.name(of: former))`: what is read from now on is used there in "
            + "spite of opt-outs of the registry that do not name the new purpose; enter these "
            + "again for it where it is the same use: "
            + lost.map { String($0.id) }.joined(separator: ", ")
    }

    /// What is remembered of `optOuts`, whose values a command has at hand; nil before the first
    /// run.
    static func remembered(
        _ ledger: Ledger, _ plan: Plan, entered optOuts: [OptOutRecord]
    ) throws(PipelineFailure) -> Set<Digest256>? {
        let known: Set<Digest256>
        do { known = try ledger.listedOptOuts(list: list(of: plan)) } catch {
            throw StateRegistry.failure(error)
        }
        if known.isEmpty || optOuts.isEmpty { return nil }
        let changed = OptOutTargets(plan).changed(since: known)
        return known.union(
            optOuts.flatMap { record in changed.map { Self.mark(record, $0) } })
    }

    private static func isStored(
        _ target: OptOutTargets.Target, _ ledger: Ledger, _ plan: Plan
    ) throws(LedgerFault) -> Bool {
        let isOutput = plan.outputs.contains {
            OptOutTargets.name(ofOutput: $0.name) == target.name
        }
        guard isOutput else {
            return try !ledger.livePartials(statisticSet: plan.statisticsDigest.hex).isEmpty
        }
        return try ledger.currentParts(pipeline: plan.name).contains {
            OptOutTargets.name(ofOutput: $0.output) == target.name
        }
    }

    /// Says that an opt-out, however often it was entered, was carried out in a target.
    private static func mark(
        _ record: OptOutRecord, _ target: OptOutTargets.Target
    ) -> Digest256 {
        let entry = record.entry
        let words =
            [
                target.digest.hex, entry.subject.kind.rawValue, entry.subject.digest.hex,
                entry.within?.hex ?? "-", entry.basis.rawValue,
            ] + entry.scopes.map { "\($0.purpose) \($0.category)" }
        return Digest256(ofLines: words)
    }

    /// What has to be said of them until they were entered again.
    var notes: [String] {
        waiting.map { target, optOuts in
            "\(target) has another purpose, or categories, than when opt-outs of the registry that "
                + "reach it now were carried out: what it holds of their subjects stays until they "
                + "are entered again, with the same purposes and categories: "
                + optOuts.map(String.init).joined(separator: ", ")
        }
    }
}

extension Digest256 {
    fileprivate init(ofLines lines: [String]) {
        self = .of(Array(lines.joined(separator: "\n").utf8).span)
    }
}
