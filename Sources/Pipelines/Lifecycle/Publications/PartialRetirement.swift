internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Takes away the partials of published months whose key is dead: nobody could tell any more whose
/// rows they are, and nothing asks for them.
struct PartialRetirement {
    let ledger: Ledger
    let now: EventTime

    @discardableResult
    func run() throws(PipelineFailure) -> Int {
        let retired: [PartialRecord]
        do { retired = try ledger.retiredPartials() } catch { throw Self.failure(error) }
        return try remove(retired)
    }

    /// Removes `retired`, whose keys wait for nothing then; returns how many files those were.
    /// Where they are `givenUp`, their month is never published.
    ///
    /// The ledger lets go of them first: killed in between, the next command removes the files. The
    /// other way round the ledger would ask for files that are gone.
    func remove(
        _ retired: [PartialRecord], givenUp: Bool = false
    ) throws(PipelineFailure) -> Int {
        if retired.isEmpty { return 0 }
        let ids = retired.map(\.id)
        do {
            try givenUp
                ? ledger.giveUp(partials: ids, time: now) : ledger.retire(partials: ids, time: now)
        } catch {
            throw Self.failure(error)
        }
        let paths = Set(retired.map(\.path))
        for path in paths.sorted() { try Self.remove(path) }
        return paths.count
    }

    /// Removes what a killed command had let go of and left there.
    static func removeLeft(_ ledger: Ledger) throws(PipelineFailure) {
        let folder = "\(ledger.directory.path)/partials"
        var left = Set(try presentFiles(in: folder).map(\.name))
        var gone: Set<String> = []
        do throws(LedgerFault) {
            for record in try ledger.keptPartials() { left.remove(splitPath(record.path).name) }
            if left.isEmpty { return }
            for known in try ledger.partialHistory() where !known.isKept {
                gone.insert(splitPath(known.partial.path).name)
            }
        } catch { throw .storage("cannot read the ledger: \(error.description)") }
        for name in left.intersection(gone).sorted() { try remove("\(folder)/\(name)") }
    }

    private static func remove(_ path: String) throws(PipelineFailure) {
        let place = splitPath(path)
        do throws(FileFault) {
            let folder = try Directory.open(place.directory, creating: false, mode: 0o700)
            _ = try folder.remove(place.name)
            try folder.synchronize()
        } catch {
            if try !isPresent(place.directory) { return }
            throw .storage("cannot remove \(path)", error)
        }
    }

    private static func failure(_ fault: LedgerFault) -> PipelineFailure {
        .writing(fault)
    }
}
