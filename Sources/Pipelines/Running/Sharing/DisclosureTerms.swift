internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Writes the terms of disclosures, and finds the files in which nobody is left.
///
/// A disclosure has no state: what was delivered is known from the terms and files of the run
/// before. A file in which somebody stood who stands there no more (an opt-out, an erasure) is
/// called back in the terms of its recipient, until it had to be deleted anyway. Each recipient has
/// terms of its own: `terms.json` in a folder that is the recipient's alone, or else
/// `NAME.terms.json` beside each file.
struct DisclosureTerms {
    /// What a run has to do.
    struct Outcome {
        var terms: [TableFiles.File] = []
        /// Files of earlier runs that have to go, and what messages call them.
        var gone: [(path: String, shownPath: String)] = []
    }

    let plan: Plan

    /// A file of more than this is not compared: it counts as one in which somebody is missing.

    private var clock: RunClock { plan.release.clocks.runClock }

    /// `files` are those that this run is going to write, `measured` the months that it has read
    /// and that are readable as a whole, whether or not anybody may be named.
    func make(
        _ files: [TableFiles.File], measured: Set<CalendarMonth>
    ) throws(PipelineFailure) -> Outcome {
        var outcome = Outcome()
        for table in plan.tables where table.isDisclosure {
            guard let path = table.paths.first?.path, !path.isStandardOutput else { continue }
            let new = files.filter { $0.table.utf8.elementsEqual(table.name.utf8) }
            let (old, gone) = try Self.sort(path, new, measured)
            outcome.gone += gone.map { (path: $0, shownPath: path.text) }
            var places: [String: (new: [TableFiles.File], old: [String])] = [:]
            for file in new {
                places[Self.place(of: file.path, path), default: ([], [])].new.append(file)
            }
            for file in old {
                places[Self.place(of: file, path), default: ([], [])].old.append(file)
            }
            let shown = Self.place(of: path.text, path)
            for place in try Self.known(shown) + gone.map({ Self.place(of: $0, path) }) {
                places[place, default: ([], [])].old += []
            }
            for (place, files) in places.sorted(by: { $0.key < $1.key }) {
                let terms = try terms(
                    table, path, files.new, files.old, DeliveredTerms(place, shownAs: shown))
                // Terms of nothing, which call nothing back, go with the last file.
                guard !terms.files.isEmpty || !(terms.recalled ?? []).isEmpty else {
                    if try isPresent(place) { outcome.gone.append((path: place, shownPath: shown)) }
                    continue
                }
                outcome.terms.append(
                    TableFiles.File(
                        table: table.name, path: place, shownPath: shown, rows: terms.files.count,
                        bytes: terms.bytes))
            }
        }
        return outcome
    }

    /// The terms that earlier runs wrote, by the template of their path: files they were about may
    /// be gone.
    private static func known(_ path: String) throws(PipelineFailure) -> [String] {
        guard let path = PathTemplate(path) else { return [] }
        return try presentFiles(at: path).map(PlanningWorld.simplified)
    }

    /// The files of earlier runs that stay, and those of a month that is measured again in which
    /// nobody is left: they have no new one. When the month has no other file either, only what was
    /// read tells that it was measured.
    private static func sort(
        _ path: PathTemplate, _ new: [TableFiles.File], _ measured: Set<CalendarMonth>
    ) throws(PipelineFailure) -> (old: [String], gone: [String]) {
        let written = Set(new.map { PlanningWorld.simplified($0.path) })
        var months = Set(new.map { DisclosureRetention.month(in: $0.path, path) })
        let isByMonth = path.placeholders.contains("month")
        for month in measured { months.insert(isByMonth ? month : nil) }
        let rest = try presentFiles(at: path).filter {
            !written.contains(PlanningWorld.simplified($0))
        }
        let gone = rest.filter { months.contains(DisclosureRetention.month(in: $0, path)) }
        return (rest.filter { !gone.contains($0) }, gone)
    }

    private func terms(
        _ table: TablePlan, _ path: PathTemplate, _ new: [TableFiles.File], _ old: [String],
        _ delivered: DeliveredTerms
    ) throws(PipelineFailure) -> SharingTerms {
        func file(
            _ name: String, _ content: ContentIdentity, _ records: Int64
        ) -> SharingTerms.File {
            SharingTerms.File(
                name: splitPath(name).name, content: content, records: records,
                deleteBy: table.retention.flatMap {
                    DisclosureRetention.end(of: name, path, $0, clock)
                })
        }
        var files = new.map { entry in
            file(
                entry.path,
                ContentIdentity(
                    digest: Digest256.of(entry.bytes.span), byteCount: entry.bytes.count),
                Int64(entry.rows))
        }
        for name in old {
            guard let content = try content(of: name, shownAs: path) else { continue }
            files.append(file(name, content, delivered.records(of: splitPath(name).name) ?? 0))
        }
        files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return SharingTerms(
            pipeline: plan.name, disclosure: table, asOf: clock.now, files: files,
            recalled: try recalled(table, new, files, delivered))
    }

    /// Nil for what is gone meanwhile or a stranger's.
    private func content(
        of file: String, shownAs path: PathTemplate
    ) throws(PipelineFailure) -> ContentIdentity? {
        do { return try ContentIdentity.ofFile(file) } catch {
            if isNoneOfOurs(file, error) { return nil }
            throw .storage("cannot read a file of \(path.text)", error)
        }
    }

    /// What is called back: what was before, and each delivered file that has other bytes now, or
    /// is gone, and of which somebody is missing.
    private func recalled(
        _ table: TablePlan, _ new: [TableFiles.File], _ files: [SharingTerms.File],
        _ delivered: DeliveredTerms
    ) throws(PipelineFailure) -> [SharingTerms.File] {
        var recalled = delivered.recalled
        for file in delivered.files {
            let isThere = files.contains { $0.name == file.name && $0.content == file.content }
            if isThere || recalled.contains(where: { $0.content == file.content }) { continue }
            let successor = new.first { splitPath($0.path).name == file.name }
            if let successor, try !isSomebodyGone(successor, file, table) { continue }
            recalled.append(file)
        }
        return recalled.filter { file in
            file.deleteBy.map { $0 > clock.now } ?? true
                && !files.contains { $0.content == file.content }
        }
    }

    /// True when the file that lies there has a row for somebody for whom the new one has none: a
    /// file that was only brought up to date is not called back. What is longer than the file that
    /// was delivered is another, whatever it says, and may fill memory.
    private func isSomebodyGone(
        _ new: TableFiles.File, _ delivered: SharingTerms.File, _ table: TablePlan
    ) throws(PipelineFailure) -> Bool {
        let bytesMax = delivered.content.byteCount
        let old: [UInt8]
        do { old = try FileDescriptor.reading(new.path).readAll(limitBytes: bytesMax) } catch {
            if isNoneOfOurs(new.path, error) || error.cause == .tooLong(limitBytes: bytesMax) {
                return true
            }
            throw .storage("cannot read a file of \(new.shownPath)", error)
        }
        let rows = DisclosureRows(table)
        return !rows.keys(of: old).isSubset(of: rows.keys(of: new.bytes))
    }

    /// Where the terms of a file of `path` stand.
    static func place(of file: String, _ path: PathTemplate) -> String {
        let place = splitPath(file)
        let periods = ["name", "month", "day", "hour"]
        let isShared = PathTemplate(splitPath(path.text).name)?.placeholders.contains {
            !periods.contains($0)
        }
        var own = SharingTerms.fileName
        if isShared ?? false {
            let stem = place.name.split(separator: ".").dropLast().joined(separator: ".")
            own = "\(stem).\(SharingTerms.fileName)"
        }
        return PlanningWorld.simplified("\(place.directory)/\(own)")
    }
}
