internal import Anonymization
internal import FileSystem
internal import Records

/// Deletes the files of disclosures whose retention has passed.
///
/// A disclosure keeps no state: its files say their month in their path, and a file goes once the
/// end of that month lies a retention back.
struct DisclosureRetention {
    let plan: Plan

    /// Removes what has to go and returns how many files that were (in a dry run: would be).
    func apply(isDryRun: Bool) throws(PipelineFailure) -> Int {
        var count = 0
        for table in plan.tables {
            guard let retention = table.retention else { continue }
            for (path, _) in table.paths {
                for file in try presentFiles(at: path) where isOver(file, path, retention) {
                    count += 1
                    if !isDryRun { try Self.remove(file, shownAs: path.text) }
                }
            }
        }
        return count
    }

    private func isOver(
        _ file: String, _ path: PathTemplate, _ retention: CalendarDuration
    ) -> Bool {
        let clock = plan.release.clocks.runClock
        return Self.end(of: file, path, retention, clock).map { $0 <= clock.now } ?? false
    }

    /// When the file of a month has to be gone; nil for one that names no month.
    static func end(
        of file: String, _ path: PathTemplate, _ retention: CalendarDuration, _ clock: RunClock
    ) -> EventTime? {
        guard let month = month(in: file, path) else { return nil }
        let firstAfter = CivilDate(
            year: month.month == 12 ? month.year + 1 : month.year, month: month.month % 12 + 1,
            day: 1)
        return clock.zone.startOfDay(firstAfter.adding(retention).daysSince1970)
    }

    /// The month in a file's path: the only `yyyy-MM` that fits where the path has `{month}`.
    static func month(in file: String, _ path: PathTemplate) -> CalendarMonth? {
        guard let at = path.parts.firstIndex(of: .placeholder("month")) else { return nil }
        let behind = path.parts[(at + 1)...]
        var rest = Substring(file)
        if case .literal(let suffix) = behind.last {
            guard rest.hasSuffix(suffix) else { return nil }
            rest = rest.dropLast(suffix.count)
        }
        // Between `{month}` and the suffix only further placeholders may stand; take the last
        // month.
        let pieces = rest.split { $0 == "/" || $0 == "." || $0 == "_" }
        for piece in pieces.reversed() {
            if let month = CalendarMonth(text: String(piece)) { return month }
            if let month = CalendarMonth(text: String(piece.suffix(7))) { return month }
        }
        return nil
    }

    /// Deletes a file; messages show `path`, its template.
    static func remove(_ file: String, shownAs path: String) throws(PipelineFailure) {
        let place = splitPath(file)
        do throws(FileFault) {
            let directory = try Directory.open(place.directory, creating: false, mode: 0o700)
            _ = try directory.remove(place.name)
            try directory.synchronize()
        } catch {
            throw .storage(
                "cannot delete a file of \(path), which has to go: \(error.reason)")
        }
    }
}
