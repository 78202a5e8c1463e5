internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Undoes what a backup brought back into the folders of outputs, before a run does anything else.
///
/// A file that the ledger knows as replaced or removed, by its name or by its content, is removed
/// again. Where it lies in the place of the current part, or that one is gone, the current part is
/// made again out of it: everything that was done since is done once more by the clock of the run
/// that wrote the current part, and the result must have the very bytes that the ledger knows.
/// Otherwise something cannot be done again (a value whose token nobody can make any more was
/// erased, a key is destroyed), and what was restored must not stay: a fault says so.
struct RestoredParts {
    private unowned let owner: StatefulRun
    private let registry: StateRegistry
    private let keys: RunRing?
    private let plan: Plan

    init(_ owner: StatefulRun, registry: StateRegistry, keys: RunRing?) {
        self.owner = owner
        self.registry = registry
        self.keys = keys
        plan = owner.plan
    }

    /// What was found: a file and the former part whose content or name it has.
    private struct Find {
        let path: String
        let former: PartRecord
        let hasItsContent: Bool
    }

    func run() throws(PipelineFailure) {
        let history: [PartHistory]
        let partials: [PartialHistory]
        do {
            history = try registry.ledger.partHistory()
            partials = try registry.ledger.partialHistory()
        } catch { throw StateRegistry.failure(error) }
        let own = history.filter { $0.pipeline.utf8.elementsEqual(plan.name.utf8) }
        let former = own.filter { $0.state != .current && $0.part.path != "-" }.map(\.part)
        let finds = try look(for: former, taken: history)
        var lines: [PartLine: [PartRecord]] = [:]
        for part in former { lines[PartLine(part), default: []].append(part) }
        try checkStrangers(beside: own, finds, known: history)
        var failures: [String] = []
        var failed: Set<PartLine> = []
        for part in own where part.state == .current {
            let line = PartLine(part.part)
            do throws(PipelineFailure) {
                try mend(part.part, lines[line] ?? [], finds)
            } catch {
                guard case .storage(let sentence) = error else { throw error }
                failures.append(sentence)
                failed.insert(line)
            }
        }
        let kept = Set(partials.filter(\.isKept).map { Array($0.partial.path.utf8) })
        // What a part that could not be made again may yet be made of stays.
        var restored = finds.filter { !failed.contains(PartLine($0.former)) }.map(\.path)
        for path in partials.filter({ !$0.isKept }).map(\.partial.path)
        where !kept.contains(Array(path.utf8)) {
            if try isPresent(path) { restored.append(path) }
        }
        for path in restored + (try formerLists()) { try remove(path) }
        try note()
        if !failures.isEmpty { throw .storage(failures.joined(separator: "; ")) }
    }

    // MARK: Looking

    /// The files in the folders of former parts that are such a part; none that is known to lie
    /// there now.
    private func look(
        for former: [PartRecord], taken: [PartHistory]
    ) throws(PipelineFailure) -> [Find] {
        let current = Set(taken.filter { $0.state == .current }.map { Self.key($0.part.path) })
        var byName: [String: PartRecord] = [:]
        var byContent: [ContentIdentity: PartRecord] = [:]
        for part in former {
            byName[Self.key(part.path)] = part
            if part.content.byteCount > 0 { byContent[part.content] = part }
        }
        let sizes = Set(former.map(\.content.byteCount))
        var finds: [Find] = []
        var closed = 0
        for folder in Set(former.map { splitPath(Self.key($0.path)).directory }).sorted() {
            for (name, status) in try presentFiles(in: folder) {
                let path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
                guard !current.contains(path) else { continue }
                let named = byName[path]
                guard named != nil || sizes.contains(status.byteCount) else { continue }
                guard let content = try content(of: path, isOurs: named != nil) else {
                    closed += 1
                    continue
                }
                if let same = byContent[content] {
                    let isNamed = named?.content == content
                    finds.append(
                        Find(path: path, former: isNamed ? named ?? same : same,
                            hasItsContent: true))
                } else if let named {
                    finds.append(
                        Find(path: path, former: named, hasItsContent: named.content == content))
                }
            }
        }
        if closed > 0 { owner.report.notes.append(Self.closedWords(closed)) }
        return finds
    }

    /// The lists of quarantine that had to go and are there all the same: their disk was away, or
    /// they come out of a backup.
    private func formerLists() throws(PipelineFailure) -> [String] {
        let former: Set<String>
        do { former = Set(try registry.ledger.formerLists().map(Self.key)) } catch {
            throw StateRegistry.failure(error)
        }
        var found: [String] = []
        for folder in Set(former.map { splitPath($0).directory }).sorted() {
            let paths = try presentFiles(in: folder).map {
                folder == "/" ? "/\($0.name)" : "\(folder)/\($0.name)"
            }
            found += paths.filter(former.contains)
        }
        return found
    }

    private static func closedWords(_ count: Int) -> String {
        let files = count == 1 ? "1 file" : "\(count) files"
        return "\(files) in folders of outputs may not be read by this run: it is not known "
            + "whether a backup brought them back; `sluice verify` names what does not belong there"
    }

    private static func key(_ path: String) -> String { PlanningWorld.simplified(path) }

    /// Nil for a file that has no name of ours and may not be read: it is somebody else's.
    private func content(
        of path: String, isOurs: Bool
    ) throws(PipelineFailure) -> ContentIdentity? {
        do { return try ContentIdentity.ofFile(path) } catch {
            if !isOurs, error.code == "EACCES" { return nil }
            throw .storage("cannot read \(path): \(error)")
        }
    }

    // MARK: Mending

    /// Makes the current part again when an earlier one of its line lies in its place or is all
    /// that is left of it.
    private func mend(
        _ part: PartRecord, _ earlier: [PartRecord], _ finds: [Find]
    ) throws(PipelineFailure) {
        if goes(part) { return }
        if let status = try presentStatus(of: part.path) {
            let isAmbiguous = earlier.contains { $0.content.byteCount == part.content.byteCount }
            if status.byteCount == part.content.byteCount, !isAmbiguous { return }
            let found = try content(of: part.path, isOurs: true)
            if found == part.content { return }
            guard let known = earlier.last(where: { $0.content == found }) else {
                throw .storage(
                    "\(part.path) is not what was written there, nor what any earlier run had "
                        + "written: put back the file of the last run, or take this one away")
            }
            return try make(part, of: known.lying(at: part.path))
        }
        let line = PartLine(part)
        let rest = finds.filter { PartLine($0.former) == line }
        if let last = rest.filter(\.hasItsContent).max(by: { $0.former.id < $1.former.id }) {
            return try make(part, of: last.former.lying(at: last.path))
        }
        // The only thing left of the part is not taken away unseen.
        if let damaged = rest.first {
            throw .storage(
                "\(damaged.path) has the name of an earlier part and other bytes, and "
                    + "\(part.path), which had taken its place, is gone: put that one back, or "
                    + "take this one away")
        }
    }

    /// Its time has come, and nothing keeps it: it goes with this run.
    private func goes(_ part: PartRecord) -> Bool {
        guard let gone = plan.deleteBy(part), plan.release.subjects.holds.isEmpty else {
            return false
        }
        return gone <= plan.release.clocks.runClock.now
    }

    /// Writes `part` again out of an earlier one of its line.
    private func make(
        _ part: PartRecord, of earlier: PartRecord
    ) throws(PipelineFailure) {
        let index = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(part.output.utf8) }
        guard let index else {
            throw .storage(
                "\(earlier.path) came out of a backup and belongs to output `\(part.output)`, "
                    + "which the pipeline no longer has: expected that output, so that its file "
                    + "can be read")
        }
        owner.report.madeAgain += 1
        if owner.settings.isDryRun { return }
        // As if it were the run that wrote the part, with the zone as it was known to it.
        var past = plan
        let then = try HoldHistory(part, output: index, of: plan, registry)
        past.release.clocks = then.clocks(plan, at: part.writtenAt)
        past.tablesRun = nil
        let history = try HoldHistory(earlier, output: index, of: past, registry)
        let changes = PendingChanges(mark: plan.mark)
        let rewriting = PartRewriting(
            keys: keys, workers: owner.settings.workers, isDryRun: false, changes: changes)
        do throws(PipelineFailure) {
            _ = try rewriting.rewrite(
                earlier,
                under: past.ageing(index, earlier, history, wasHeld: then.wasHeld(in: part.run)),
                history, named: part.path)
            guard let again = changes.parts.first, changes.parts.count == 1,
                again.content == part.content
            else { throw unrepeatable(part, earlier) }
            try publish(changes, as: part)
        } catch {
            rewriting.abandon()
            changes.discard()
            throw error
        }
    }

    private func unrepeatable(_ part: PartRecord, _ earlier: PartRecord) -> PipelineFailure {
        .storage(
            "\(earlier.path) came out of a backup: it holds what was written on "
                + "\(dateText(earlier.writtenAt)), and what was changed, aged or erased in it "
                + "until \(dateText(part.writtenAt)) cannot be done again; put back the file of "
                + "that day as \(part.path), or take this one away")
    }

    private func publish(
        _ changes: PendingChanges, as part: PartRecord
    ) throws(PipelineFailure) {
        let name = splitPath(part.path).name
        for waiting in changes.publications {
            guard let temporary = waiting.temporaryName else { continue }
            let file = PreparedFile(
                temporaryName: temporary, finalName: name, byteCount: part.content.byteCount)
            do {
                try DurableFile.publish([file], in: changes.folders.open(waiting.directory))
            } catch { throw .storage("cannot write \(part.path)", error) }
        }
    }

    // MARK: Strangers

    /// Looks for files that have the name of a part and that the ledger does not know.
    ///
    /// Its name proves of a stranger that a run which this state does not remember wrote it in the
    /// place of a part: where the part itself is gone nobody would ever age the stranger, and the
    /// run fails. What such a run wrote first is told of. Of others nobody knows whose they are:
    /// pipelines may share folders and patterns.
    private func checkStrangers(
        beside own: [PartHistory], _ finds: [Find], known: [PartHistory]
    ) throws(PipelineFailure) {
        let names = Set(known.map { Self.key($0.part.path) })
        let restored = Set(finds.map { PartLine($0.former) })
        let parts = own.filter { $0.state == .current && $0.part.path != "-" }.map(\.part)
        let lines = Set(parts.map { PartName.withoutDigest(Self.key($0.path)) })
        let successors = Dictionary(
            parts.map { (Succession(of: $0), $0) }, uniquingKeysWith: { first, _ in first })
        var unknown: [String] = []
        var strangers = 0
        for folder in Set(parts.map { splitPath(Self.key($0.path)).directory }).sorted() {
            for (name, _) in try presentFiles(in: folder) {
                let path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
                guard PartName.hasDigest(name), !names.contains(path) else { continue }
                guard let proof = PartName.proof(in: name, of: plan.name) else {
                    if lines.contains(PartName.withoutDigest(path)) { strangers += 1 }
                    continue
                }
                if let part = successors[Succession(of: path, proof: proof)], !goes(part),
                    !restored.contains(PartLine(part)), try !isPresent(part.path)
                {
                    throw olderState(path, part)
                }
                unknown.append(path)
            }
        }
        tell(of: unknown, strangers: strangers)
    }

    /// What names of parts that were written in each other's places have in common.
    private struct Succession: Hashable {
        private let path: String
        private let proof: [UInt8]

        init(of path: String, proof: [UInt8]) {
            self.path = PartName.withoutDigest(path)
            self.proof = proof
        }

        init(of part: PartRecord) {
            self.init(of: RestoredParts.key(part.path), proof: PartName.proof(part))
        }
    }

    private func tell(of unknown: [String], strangers: Int) {
        if strangers > 0 {
            owner.report.notes.append(
                "files in folders of outputs that are called like results of this pipeline and "
                    + "not known to its state, of another pipeline perhaps: \(strangers); this "
                    + "one ages none of them")
        }
        guard let first = unknown.first else { return }
        let words =
            unknown.count == 1 ? "\(first) was" : "\(unknown.count) files, as \(first), were"
        owner.report.alarm(
            "\(words) written by a run of this pipeline that its state does not know: unless the "
                + "same sources are read again, no run ages what is in there; restore the state of "
                + "that run, or take away what it wrote")
    }

    private func olderState(_ path: String, _ part: PartRecord) -> PipelineFailure {
        .storage(
            "\(path) was written in the place of \(part.path), which is gone, by a run that the "
                + "state does not know: the state is older than the results. Restore the results "
                + "of the same backup, or the state of the last run")
    }

    // MARK: Removing

    private func remove(_ path: String) throws(PipelineFailure) {
        owner.report.removedAgain += 1
        if owner.settings.isDryRun { return }
        let place = splitPath(path)
        do throws(FileFault) {
            let folder = try Directory.open(place.directory)
            try folder.remove(place.name)
            try folder.synchronize()
        } catch { throw .storage("cannot remove \(path)", error) }
    }

    private func note() throws(PipelineFailure) {
        let report = owner.report
        guard report.removedAgain + report.madeAgain > 0, !owner.settings.isDryRun else { return }
        do {
            try registry.ledger.append(
                event: "restored-files",
                [
                    "removed": .integer(Int64(report.removedAgain)),
                    "made_again": .integer(Int64(report.madeAgain)),
                ], time: plan.release.clocks.runClock.now)
        } catch { throw StateRegistry.failure(error) }
    }
}
