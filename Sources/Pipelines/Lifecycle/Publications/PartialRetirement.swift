internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Takes away the partials of published months whose key is dead: nobody could tell any more whose
/// rows they are, and nothing asks for them.
struct PartialRetirement {
    let ledger: Ledger
    let now: EventTime

    /// Removes the files first: killed in between, the next run finds them gone and notes it.
    @discardableResult
    func run() throws(PipelineFailure) -> Int {
        let retired: [PartialRecord]
        do { retired = try ledger.retiredPartials() } catch { throw Self.failure(error) }
        return try remove(retired)
    }

    /// Removes `retired`, whose keys wait for nothing then; returns how many files those were.
    /// Where they are `givenUp`, their month is never published.
    func remove(
        _ retired: [PartialRecord], givenUp: Bool = false
    ) throws(PipelineFailure) -> Int {
        if retired.isEmpty { return 0 }
        for record in retired {
            let place = splitPath(record.path)
            do throws(FileFault) {
                let folder = try Directory.open(place.directory, creating: false, mode: 0o700)
                _ = try folder.remove(place.name)
                try folder.synchronize()
            } catch {
                if try !isPresent(place.directory) { continue }
                throw .storage("cannot remove \(record.path)", error)
            }
        }
        let ids = retired.map(\.id)
        do {
            try givenUp
                ? ledger.giveUp(partials: ids, time: now) : ledger.retire(partials: ids, time: now)
        } catch {
            throw Self.failure(error)
        }
        return Set(retired.map(\.path)).count
    }

    private static func failure(_ fault: LedgerFault) -> PipelineFailure {
        .writing(fault)
    }
}
