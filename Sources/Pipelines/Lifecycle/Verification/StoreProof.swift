internal import Anonymization
internal import FileSystem
internal import Ledger
internal import LogFormats
internal import Records

/// Reads every file of a store that is aged in place and proves that nothing in it is readable past
/// its time, as `ContentProof` does for outputs.
struct StoreProof {
    private let owner: Verification
    private let store: StorePlan
    /// What the last run left, by path.
    private let places: [String: StorePlace]

    init(_ owner: Verification, _ store: StorePlan, _ places: [StorePlace]) {
        self.owner = owner
        self.store = store
        self.places = Dictionary(places.map { ($0.path, $0) }) { first, _ in first }
    }

    /// What was found in the store; its files are looked at whether a run has seen them or not.
    func run() throws(PipelineFailure) -> OutputProof {
        var proof = OutputProof(name: store.output.name)
        let listing = try StoreListing(
            store.files, unsettled: nil, in: OpenFolders(mark: owner.plan.mark))
        var drift = StoreDrift(owner, places, paths: listing.files.map(\.path))
        for file in listing.files {
            let held = proof.held
            try prove(file.path, &proof)
            try drift.check(file.path, held: proof.held - held)
        }
        drift.tell(passedOver: listing.passedOver)
        owner.count("records of the store read back", proof.records)
        return proof
    }

    private func prove(_ path: String, _ proof: inout OutputProof) throws(PipelineFailure) {
        let columns = try ChunkSource.columns(
            of: path, format: owner.plan.format, limits: owner.plan.limits)
        var plan = owner.plan.inPlace(store, columns: columns)
        // Tokens may have made a line longer than a new one may be. Where quotes hold line feeds,
        // the limit also says where a broken row ends.
        if plan.format.endsRecordsAtLineFeeds { plan.limits = .ofOwnFiles }
        let tally = ReleaseTally(fieldCount: plan.release.fields.count)
        plan.release = plan.release.proving(tally)
        let reading = PartReading(plan)
        do throws(PipelineFailure) {
            try reading.read(path)
        } catch {
            if case .interrupted = error { throw error }
            owner.find(.unreadable, path, "cannot be read back")
            return
        }
        proof.add(reading, plan.release.fields.names, tally.counts)
        tell(reading, tally, path, plan)
    }

    private func tell(
        _ reading: PartReading, _ tally: ReleaseTally, _ path: String, _ plan: Plan
    ) {
        if reading.unreadable > 0 {
            let text = reading.unreadableWords
            if store.unreadable == .keep {
                owner.report.notes.append("\(path): \(text), and stays as it is by `unreadable`")
            } else {
                owner.find(.unreadable, path, "\(text), so nothing about that is proven")
            }
        }
        if reading.erased > 0 {
            owner.find(
                .erasedPresent, path,
                "holds \(counted(reading.erased, "record")) of erased persons: run the pipeline")
        }
        if reading.deletable > 0 {
            owner.find(
                .readablePastWindow, path,
                "holds \(counted(reading.deletable, "record")) that had to be deleted: run the "
                    + "pipeline")
        }
        guard reading.differing > 0 else { return }
        let fields = zip(plan.release.fields.names, tally.counts)
            .filter { $0.1.readable > 0 }.map { "`\($0.0)` \($0.1.readable)" }
        owner.find(
            .readablePastWindow, path,
            "\(counted(reading.differing, "record")), the first is number "
                + "\(reading.firstDiffering), not in the form that the rules leave behind: "
                + (fields.isEmpty ? "fields that no rule names" : fields.joined(separator: ", ")))
    }
}
