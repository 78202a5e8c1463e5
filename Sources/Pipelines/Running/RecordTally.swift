internal import Anonymization
internal import Records
internal import Statistics

/// Counts what became of the records of each source of a run, or of a task of it.
struct RecordTally {
    /// The counts of each source, in their order.
    private(set) var counts: [RecordCounts]
    /// The first quarantined records, with their numbers in their source.
    private(set) var quarantine: [QuarantineEntry] = []
    /// The records of all sources so far.
    private(set) var records = 0

    /// Nothing yet of `sources` sources.
    init(sources: Int, plan: Plan) {
        let none = RecordCounts(
            outputs: plan.outputs.count, statistics: plan.statistics.statistics.count)
        counts = Array(repeating: none, count: sources)
    }

    /// Notes the next records of `source` that were set aside, and returns them with their numbers
    /// in it; theirs begin behind what was counted so far.
    mutating func setAside(_ entries: [QuarantineEntry], source: Int) -> [QuarantineEntry] {
        let numbered = entries.map { entry in
            QuarantineEntry(
                sourceIndex: source, recordNumber: entry.recordNumber + counts[source].read,
                byteOffset: entry.byteOffset, length: entry.length, reason: entry.reason)
        }
        let room = RunReport.quarantineEntriesMax - quarantine.count
        quarantine += numbered.prefix(max(room, 0))
        return numbered
    }

    /// Counts the next records of `source`.
    mutating func add(_ further: RecordCounts, source: Int) {
        counts[source].add(further)
        records += further.read
    }

    /// Notes rows that were written first and are left out after all.
    mutating func leaveOut(_ removed: [RemovedRows]) {
        for rows in removed {
            counts[rows.source].outputs[rows.output].leaveOut(rows.rows, because: .rare)
        }
    }

    /// Records read = written + dropped + blank + quarantined, for every source and output.
    func checkConservation() throws(PipelineFailure) {
        for count in counts where !count.isConserved {
            throw .internalFault("the records of a source do not add up")
        }
    }
}

/// What was read: by one task, or by all tasks that a run was dealt out to.
protocol TakenRecords: AnyObject {
    var tally: RecordTally { get }

    /// The sources that were read to their end, in their order.
    var finishedSources: [ChunkSource.Finished] { get }

    /// The entries of the opt-out list that matched; nil before the run.
    var optOutMatches: OptOutMatches? { get }

    /// The months that a disclosure must refuse.
    var refusedMonths: Set<CalendarMonth> { get }

    /// The months of all records, where disclosures ask for them.
    var readMonths: Set<CalendarMonth> { get }

    /// What the statistics counted; nil without statistics. To be called once.
    func measuredTables() throws(PipelineFailure) -> [MeasuredTable]?
}
