internal import Anonymization
internal import FileSystem
package import Records
internal import Statistics

/// The files that source patterns mean, in a stable order; `-` stands for itself.
func resolveSources(_ patterns: [String]) throws(PipelineFailure) -> [String] {
    if patterns.isEmpty || patterns == ["-"] { return ["-"] }
    do { return try SourceListing.expand(patterns: patterns) } catch {
        throw .source(
            SourceFault(.cannotOpen, source: error.path, expectation: "\(error)"))
    }
}

/// Who the sources are, to notice an output that is also a source.
func sourceIdentities(_ paths: [String]) throws(PipelineFailure) -> Set<FileIdentity> {
    var found: Set<FileIdentity> = []
    for path in paths {
        if let status = try presentStatus(of: path) { found.insert(status.identity) }
    }
    return found
}

extension PipelineFailure {
    /// Ends a long work between two pieces of it when a signal asked to stop.
    static func checkStop() throws(PipelineFailure) {
        if Interruption.isRequested { throw .interrupted(signal: Interruption.signal ?? 15) }
    }

    /// What a fault of a file means while `work` is done: a signal and a reader that left are no
    /// faults of a storage.
    static func storage(_ work: String, _ fault: FileFault) -> PipelineFailure {
        switch fault.cause {
        case .interrupted: .interrupted(signal: Interruption.signal ?? 15)
        case .brokenPipe: .closedPipe
        default: .storage("\(work): \(fault.reason)")
        }
    }

    /// The same for aggregates: what the system refused is told as of any file.
    static func storage(_ work: String, _ fault: PartialFault) -> PipelineFailure {
        if let file = fault.fileFault { return storage(work, file) }
        return .storage("\(work): \(fault.code.rawValue)")
    }

    /// Whatever stopped work with aggregates.
    static func aggregates(_ work: String, _ error: any Error) -> PipelineFailure {
        switch error {
        case let failure as PipelineFailure: failure
        case let fault as PartialFault: storage(work, fault)
        case let fault as FileFault: storage(work, fault)
        default: .internalFault("aggregates were refused without a reason")
        }
    }
}

extension Plan {
    /// The first result that is a file, tables before outputs; nil when all go to standard output.
    var firstFile: PathTemplate? {
        let paths = tables.flatMap { $0.paths.map(\.path) } + outputs.map(\.path)
        return paths.first { !$0.isStandardOutput }
    }
}

/// Where aggregates that outgrow their memory are put aside: the folder of a result at `path`, in
/// files without a name; in memory when nothing may be written.
func spillStorage(near path: PathTemplate?) throws(PipelineFailure) -> any SpillStorage {
    guard let path, !path.isStandardOutput else { return MemorySpillStorage() }
    let folder = path.fixedFolder
    do {
        return DirectorySpillStorage(
            directory: try Directory.open(folder, creating: true, mode: 0o700))
    } catch {
        throw .storage("cannot open \(folder): \(error)")
    }
}

/// Fills in what the plan alone says.
func prepare(_ report: inout RunReport, _ plan: Plan, isDryRun: Bool) {
    report.pipeline = plan.name
    report.outputNames = plan.outputs.map(\.name)
    report.statisticNames = plan.tables.map(\.name)
    report.fieldNames = plan.release.fields.names
    report.isDryRun = isDryRun
    report.notes = plan.notes
    report.unreadableCells = plan.unreadableCells
    for cells in plan.unreadableCells { report.alarm(cells.sentence) }
    report.cutOff = plan.release.clocks.statedCutOff.map(dateText) ?? ""
}

/// The report of what was read to its end.
func makeReport(
    _ plan: Plan, _ taken: any TakenRecords, _ paths: [String], isDryRun: Bool
) -> RunReport {
    var report = RunReport()
    prepare(&report, plan, isDryRun: isDryRun)
    report.quarantine = taken.tally.quarantine
    let finished = taken.finishedSources
    for (index, path) in paths.enumerated() {
        let end = index < finished.count ? finished[index] : nil
        report.sources.append(
            RunReport.Source(
                name: end?.name ?? path, counts: taken.tally.counts[index],
                bytes: end?.plainBytes ?? 0))
    }
    if let matches = taken.optOutMatches {
        report.unmatchedOptOuts = matches.unmatchedLines(of: plan.optOutList)
    }
    return report
}

/// `time` as RFC 3339 in UTC, whole seconds; empty when it lies beyond the years 0 to 9999.
package func dateText(_ time: EventTime) -> String {
    let seconds = time.milliseconds / 1000 - (time.milliseconds % 1000 < 0 ? 1 : 0)
    guard (-62_167_219_200..<253_402_300_800).contains(seconds) else { return "" }
    let days = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
    let rest = Int(seconds - days * 86_400)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return CivilDate(daysSince1970: Int(days)).text
        + "T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
}

/// `time` as RFC 3339 with the offset of `zone` at that instant, whole seconds.
func dateText(_ time: EventTime, in zone: ZoneTable) -> String {
    let offset = zone.utcOffsetSeconds(at: time)
    guard offset != 0 else { return dateText(time) }
    let local = EventTime(milliseconds: time.milliseconds + Int64(offset) * 1000)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let minutes = abs(offset) / 60
    return dateText(local).dropLast() + (offset < 0 ? "-" : "+")
        + "\(two(minutes / 60)):\(two(minutes % 60))"
}

/// Fails when more records were set aside than the pipeline allows.
func checkQuarantine(_ plan: Plan, _ report: RunReport) throws(PipelineFailure) {
    let totals = report.totals
    if plan.quarantine.isExceeded(quarantined: totals.quarantinedTotal, read: totals.read) {
        throw .quarantineLimit(report: report, allowed: plan.quarantine.words)
    }
}

extension RunReport {
    /// Says, also when it is quiet, that more records lie ahead of the clock than might be set
    /// aside: the clock is early, or that of a source is wrong. One source's clock stops no other.
    mutating func noteTimes(_ plan: Plan) {
        let early = sources.filter { $0.counts.untimely > 0 }
        guard let first = early.first else { return }
        noteTimes(
            plan, totals, "in \(first.name)"
                + (early.count > 1 ? " and \(counted(early.count - 1, "more source"))" : ""))
    }

    /// The same of what `counts` says, which were read at `place`.
    mutating func noteTimes(_ plan: Plan, _ counts: RecordCounts, _ place: String) {
        guard plan.quarantine.isExceeded(quarantined: counts.untimely, read: counts.read) else {
            return
        }
        let now = dateText(plan.release.clocks.runClock.now)
        alarm(
            "\(counted(counts.untimely, "record")) \(place) with a time further ahead of the run's "
                + "clock, \(now), than `skew` allows: identifiers and figures are left out for "
                + "good; check this clock, and that of who wrote them")
    }
}

extension RunReport {
    /// Says, also when it is quiet, that records may have been taken a second time: a file was not
    /// appended to, but changed, and only whole segments are known again.
    mutating func noteChangedSources() {
        let changed = sources.filter { $0.wasChanged && $0.counts.read > 0 }
        guard let first = changed.first else { return }
        let records = changed.map(\.counts.read).reduce(0, +)
        alarm(
            "\(first.name)"
                + (changed.count > 1 ? " and \(counted(changed.count - 1, "more source"))" : "")
                + ": content that was counted is there changed or cut off, not appended to; of "
                + "\(counted(records, "record")) taken some may be counted and stored twice: "
                + "expected files that grow at their end, or new files with new records alone")
    }
}

/// The files of all statistics and disclosures.
func tableFiles(
    _ plan: Plan, _ taken: any TakenRecords, _ report: inout RunReport
) throws(PipelineFailure) -> [TableFiles.File] {
    guard let tables = try taken.measuredTables() else { return [] }
    let refused = taken.refusedMonths
    noteRefusals(plan, refused, &report)
    let files = TableFiles(plan: plan, refusedMonths: refused)
    for (table, measured) in zip(plan.tables, tables) where table.isDisclosure {
        let count = files.namelessRows(measured)
        if count == 0 { continue }
        report.notes.append(
            "\(table.name): \(counted(count, "row")) in which a value of `by` is missing or empty, "
                + "such as who the partner is: in no file")
    }
    return files.files(tables)
}

extension RunReport {
    /// Adds the files of tables. Files whose paths have values in them are told together, by the
    /// template of their paths: a report names nobody.
    mutating func addTables(_ tables: [TableFiles.File]) {
        for table in tables {
            noteFigures(of: table)
            let known = files.firstIndex {
                $0.output == table.table && $0.path == table.shownPath
            }
            if let known {
                files[known].count += 1
                files[known].records += table.rows
                files[known].bytes += table.bytes.count
            } else {
                files.append(
                    File(
                        output: table.table, path: table.shownPath, records: table.rows,
                        bytes: table.bytes.count))
            }
        }
    }
}

extension RunReport {
    /// Counts the figures of a statistic once, in however many formats it is written.
    private mutating func noteFigures(of file: TableFiles.File) {
        guard file.figures.all > 0, !withheld.contains(where: { $0.table == file.table }) else {
            return
        }
        withheld.append((file.table, file.figures.all, file.figures.withheld))
    }
}

/// Says which periods a disclosure left out.
func noteRefusals(_ plan: Plan, _ refused: Set<CalendarMonth>, _ report: inout RunReport) {
    guard !refused.isEmpty else { return }
    let months = refused.sorted().map(\.text).joined(separator: ", ")
    for table in plan.tables where table.isDisclosure {
        report.notes.append(
            "\(table.name): \(months) no longer readable as a whole; nothing was written for it; "
                + "what an earlier run wrote of it stays as it was then")
    }
}
