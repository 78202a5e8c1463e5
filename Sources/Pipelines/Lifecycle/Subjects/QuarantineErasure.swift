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
    let plan: Plan
    let work: SubjectWork

    private static let listBytesMax = 1 << 30

    /// How many raw lines go, and for each erasure how many a hold keeps.
    struct Outcome {
        var removed = 0
        var held: [Int]
    }

    /// Rewrites `lists`; without `changes` everything is only counted.
    func run(
        _ lists: [NewFile], changes: PendingChanges?
    ) throws(PipelineFailure) -> Outcome {
        var outcome = Outcome(held: work.erasures.map { _ in 0 })
        for list in lists { try rewrite(list, &outcome, changes) }
        return outcome
    }

    private func rewrite(
        _ list: NewFile, _ outcome: inout Outcome, _ changes: PendingChanges?
    ) throws(PipelineFailure) {
        do {
            let content = try FileDescriptor.reading(list.path).readAll(
                limitBytes: Self.listBytesMax)
            var kept: [UInt8] = []
            var removed = 0
            for entry in content.split(separator: 0x0a) {
                if goes(Array(entry), &outcome) {
                    kept += Self.withoutLine(Array(entry))
                    removed += 1
                } else {
                    kept += entry
                }
                kept.append(0x0a)
            }
            outcome.removed += removed
            guard removed > 0, let changes else { return }
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

    /// True when the raw line of an entry has to go.
    private func goes(_ entry: [UInt8], _ outcome: inout Outcome) -> Bool {
        guard let raw = QuarantineSearch.keptLine(entry) else { return false }
        guard let owners = owners(of: raw) else {
            return work.erasures.contains { $0.doubts.isEmpty }
        }
        var isFree = false
        for index in owners {
            if work.erasures[index].doubts.isEmpty {
                isFree = true
            } else {
                outcome.held[index] += 1
            }
        }
        return isFree
    }

    /// The erasures whose subject a line names; nil when it cannot be read.
    private func owners(of raw: [UInt8]) -> [Int]? {
        let matches = QuarantineSearch.matches(
            raw, plan.format, plan.release.fields.names, plan.limits,
            work.sourceMatchers(plan.release))
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
