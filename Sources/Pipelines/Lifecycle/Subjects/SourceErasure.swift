internal import Anonymization
internal import FileSystem
internal import Ledger
internal import LogFormats
internal import Records
private import Glibc

/// Takes records of erased subjects out of the sources of a pipeline, where the operator says so.
///
/// It is the ageing of a store with rules that keep everything: each file is looked at first, and
/// one that changes is written again under a temporary name and takes the old one's place with the
/// commit of the erasure; its new content counts as taken in. Holds bind here as anywhere. What
/// cannot be replaced safely is refused before anything is done.
struct SourceErasure {
    /// More records than this have to be confirmed.
    static let recordsMax = 1000

    /// The events around the writing of new files: a run that was killed in between left some in
    /// the folders of sources, in which nothing is looked for otherwise.
    static let begun = "sources-rewriting"
    static let ended = "sources-rewritten"

    let plan: Plan

    /// The files by absolute paths, as the ledger has to know them; those of a store, which are
    /// rewritten anyway, apart.
    private func files() throws(PipelineFailure) -> [String] {
        let folder = try workingFolder()
        var seen = try sourceIdentities(presentFiles(plan.store?.files ?? []))
        var found: [String] = []
        for path in try presentFiles(plan.sources) {
            guard let status = try presentStatus(of: path) else { continue }
            if seen.insert(status.identity).inserted { found.append(anchored(path, at: folder)) }
        }
        return found
    }

    /// Refuses what could not be done.
    func check() throws(PipelineFailure) {
        guard plan.state != nil else {
            throw .usage(
                "--sources: what is rewritten is entered as taken in, and the pipeline has no "
                    + "`state`: expected one, or no --sources")
        }
        guard plan.readsSources, !plan.sources.contains("-") else {
            throw .usage("--sources: expected files as sources, not standard input or a store")
        }
        let listing = try StoreListing(
            try files(), unsettled: nil, in: OpenFolders(mark: plan.mark),
            failing: "--sources: a source cannot be rewritten")
        let own = geteuid()
        guard own != 0, let foreign = listing.files.first(where: { $0.status.owner != own })
        else { return }
        throw .refused(
            "--sources: \(foreign.path) belongs to another user, to whom the new file could not be "
                + "given: run it as that user, or without --sources, and correct the file "
                + "yourself; nothing was done")
    }

    /// What looks through the sources and rewrites them, in a run for `subjects`.
    func ageing(
        _ settings: RunSettings, _ ledger: Ledger, _ changes: PendingChanges,
        _ subjects: SubjectRewriting
    ) throws(PipelineFailure) -> StoreAgeing {
        let names = plan.release.fields.names
        var release = OutputReleasePlan(
            name: plan.stream, purpose: .compliance, showsWindow: true, mode: .spliced,
            syntax: plan.format.spliceSyntax, keepsUnnamed: true,
            rules: names.map { _ in Anonymization.FieldRule(transform: Keep()) },
            readableClock: [])
        release.isUse = false
        let output = OutputPlan(
            name: plan.stream, purpose: "compliance", path: .standardOutput, format: plan.format,
            writer: plan.format.splicedWriter(), columns: nil, gzipLevel: nil,
            recipients: [Recipient.own.rawValue], readers: [], expires: nil, showsWindow: true,
            inPlace: .keep)
        let store = StorePlan(
            name: "sources of \(plan.stream)", files: try files(), rules: plan.digest,
            guardFactor: 1, guardAtLeast: Self.recordsMax, needsConfirmation: false,
            settle: CalendarDuration(months: 0, days: 0, seconds: 600), unreadable: .keep,
            output: output, release: release)
        var keeping = plan
        keeping.store = store
        keeping.release.deleteClocks = []
        return StoreAgeing(
            store, plan: keeping, settings: settings, ledger: ledger, keys: nil, changes: changes,
            quarantine: nil, subjects: subjects, isOfSources: true)
    }

    /// Much has to be confirmed by the token of a dry run.
    static func checkPermission(
        _ sources: StoreAgeing, _ settings: RunSettings
    ) throws(PipelineFailure) {
        if let given = settings.confirmation {
            guard given.utf8.elementsEqual(sources.token.utf8) else {
                throw .refused(
                    "`--confirm` names other changes of the sources than these: expected the token "
                        + "that a dry run of today prints; nothing was rewritten")
            }
            return
        }
        guard sources.report.removed > recordsMax else { return }
        throw .refused(
            "\(sources.report.removed) records would go from the sources, more than \(recordsMax): "
                + "expected `--confirm` with the token that `--dry-run` prints; nothing was "
                + "rewritten, and the next run erases what is stored")
    }
}
