internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records

/// Takes raw lines of erased subjects out of quarantine; where each record lies, and why it was set
/// aside, stays.
///
/// Of a line that cannot be read nobody knows whose it is: while an erasure is carried out, all
/// such lines go. That way it ends the same whether the value is still at hand or only its hash.
struct QuarantineErasure {
    private let plan: Plan
    /// What tells the records of each erasure in the pipeline's sources.
    private let matchers: [RecordMatcher]
    /// For each, whether a hold may bind its records.
    private let areDoubtful: [Bool]

    init(plan: Plan, work: SubjectWork) {
        self.plan = plan
        matchers = work.sourceMatchers(plan.release)
        areDoubtful = work.erasures.map { !$0.doubts.isEmpty }
    }

    /// One erasure, which no hold can stop.
    init(plan: Plan, of matcher: RecordMatcher) {
        self.plan = plan
        (matchers, areDoubtful) = ([matcher], [false])
    }

    private static let listBytesMax = 1 << 30

    /// How many raw lines go, and for each erasure how many a hold keeps.
    struct Outcome {
        var removed = 0
        var held: [Int]
    }

    private var noOutcome: Outcome { Outcome(held: matchers.map { _ in 0 }) }

    /// Rewrites `lists`; without `changes` everything is only counted.
    func run(
        _ lists: [NewFile], changes: PendingChanges?
    ) throws(PipelineFailure) -> Outcome {
        var outcome = noOutcome
        for list in lists { try rewrite(list, &outcome, changes) }
        return outcome
    }

    private func rewrite(
        _ list: NewFile, _ outcome: inout Outcome, _ changes: PendingChanges?
    ) throws(PipelineFailure) {
        do {
            let before = outcome.removed
            let kept = try rest(of: list.path, &outcome)
            guard outcome.removed > before, let changes else { return }
            let place = splitPath(list.path)
            let folder = try changes.folders.open(place.directory)
            let durable = try DurableFile.begin(
                in: folder, named: place.name, mark: changes.folders.mark)
            try durable.write(kept.span)
            var file = list
            file.content = ContentIdentity(
                digest: Digest256.of(kept.span), byteCount: kept.count)
            changes.owe(try durable.prepare(), in: folder.path, as: file)
        } catch {
            throw .storage("cannot rewrite the quarantine list \(list.path)", error)
        }
    }

    /// What a list says without the lines that go, and how many those are.
    func rest(of path: String) throws(PipelineFailure) -> (content: [UInt8], removed: Int) {
        var outcome = noOutcome
        do {
            let content = try rest(of: path, &outcome)
            return (content, outcome.removed)
        } catch {
            throw .storage("cannot read the quarantine list \(path)", error)
        }
    }

    private func rest(of path: String, _ outcome: inout Outcome) throws(FileFault) -> [UInt8] {
        let content = try FileDescriptor.reading(path).readAll(limitBytes: Self.listBytesMax)
        var kept: [UInt8] = []
        for entry in content.split(separator: 0x0a) {
            if goes(Array(entry), &outcome) {
                kept += Self.withoutLine(Array(entry))
                outcome.removed += 1
            } else {
                kept += entry
            }
            kept.append(0x0a)
        }
        return kept
    }

    /// True when the raw line of an entry has to go.
    private func goes(_ entry: [UInt8], _ outcome: inout Outcome) -> Bool {
        guard let raw = QuarantineSearch.keptLine(entry) else { return false }
        guard let owners = owners(of: raw) else {
            return areDoubtful.contains(false)
        }
        var isFree = false
        for index in owners {
            if areDoubtful[index] {
                outcome.held[index] += 1
            } else {
                isFree = true
            }
        }
        return isFree
    }

    /// The erasures whose subject a line names; nil when it cannot be read.
    private func owners(of raw: [UInt8]) -> [Int]? {
        let matches = QuarantineSearch.matches(
            raw, plan.format, plan.release.fields.names, plan.limits, matchers)
        return matches.map { found in
            found.indices.filter { found[$0] != .none }
        }
    }

    /// The entry without its last member, the line.
    private static func withoutLine(_ entry: [UInt8]) -> [UInt8] {
        let name = Array(",\"line_hex\":".utf8)
        guard entry.count > name.count else { return entry }
        for at in 0..<(entry.count - name.count)
        where entry[at..<(at + name.count)].elementsEqual(name) {
            let value = at + name.count + 1
            guard let end = entry[value...].firstIndex(of: UInt8(ascii: "\"")) else { break }
            return Array(entry[..<at]) + entry[(end + 1)...]
        }
        return entry
    }
}
