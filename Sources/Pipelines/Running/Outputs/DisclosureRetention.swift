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

    /// The month in a file's path: what stands where the path has `{month}`.
    static func month(in file: String, _ path: PathTemplate) -> CalendarMonth? {
        guard path.placeholders.contains("month"),
            let template = PathTemplate(PlanningWorld.simplified(path.text))
        else { return nil }
        return month(in: PlanningWorld.simplified(file)[...], template.parts[...], nil)
    }

    /// Tries every way in which `rest` can be what `parts` stand for: a value may have in it what
    /// stands behind it in the path, and be a month itself.
    private static func month(
        in rest: Substring, _ parts: ArraySlice<PathTemplate.Part>, _ found: CalendarMonth?
    ) -> CalendarMonth? {
        guard let part = parts.first else { return rest.isEmpty ? found : nil }
        let behind = parts.dropFirst()
        switch part {
        case .literal(let text):
            return rest.hasPrefix(text)
                ? month(in: rest.dropFirst(text.count), behind, found) : nil
        case .placeholder("month"):
            guard let own = CalendarMonth(text: String(rest.prefix(7))) else { return nil }
            return month(in: rest.dropFirst(7), behind, own)
        case .placeholder:
            let longest = rest.prefix { $0 != "/" }.count
            for length in stride(from: 1, through: longest, by: 1) {
                let month = month(in: rest.dropFirst(length), behind, found)
                if let month { return month }
            }
            return nil
        }
    }

    /// Deletes a file, and the folders that the values in its path have made, once nothing is left
    /// in them; messages show `path`, its template.
    static func remove(_ file: String, shownAs path: String) throws(PipelineFailure) {
        let place = splitPath(file)
        do throws(FileFault) {
            let directory = try Directory.open(place.directory, creating: false, mode: 0o700)
            _ = try directory.remove(place.name)
            try directory.synchronize()
            try removeEmptyFolders(from: place.directory, path)
        } catch {
            throw .storage(
                "cannot delete a file of \(path), which has to go: \(error.reason)")
        }
    }

    /// Removes `folder` and those above it as long as they are empty, up to the innermost one that
    /// has no value in its name: names of persons and partners do not outlive their files.
    private static func removeEmptyFolders(
        from folder: String, _ path: String
    ) throws(FileFault) {
        let template = splitPath(PlanningWorld.simplified(path)).directory.split(separator: "/")
        guard let first = template.firstIndex(where: { $0.contains("{") }) else { return }
        var folder = PlanningWorld.simplified(folder)
        var depth = template.count
        while depth > first {
            let place = splitPath(folder)
            let above = try Directory.open(place.directory, creating: false, mode: 0o700)
            do { try above.removeDirectory(place.name) } catch {
                // Also a link or a disk that stands in its place is not the run's to remove.
                if ["ENOTEMPTY", "EEXIST", "ENOTDIR", "EBUSY"].contains(error.code) { return }
                throw error
            }
            try above.synchronize()
            folder = place.directory
            depth -= 1
        }
    }
}
