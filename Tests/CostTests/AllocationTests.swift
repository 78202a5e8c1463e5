import Anonymization
import CAllocations
import Pipelines
import TestSupport
import Testing

/// How many allocations a record costs, pinned: a clock is noisy, these counts are not.
///
/// Each job runs over two logs, on the thread of the test; the difference is what the records
/// between them cost, without the start of a run. It fails when something in the way of a record
/// begins to allocate: an array, a closure, a value copied to be read.
///
/// When a change is meant to cost more, or less, put the number that the failed test says into the
/// table, with the change that made it so. They are those of a build for debugging; in others,
/// which allocate less, they are only the most there may be.
@Suite(
    "Allocations per record",
    .enabled(if: try Want.plainProcess.isMet(sluice_counts_allocations())))
struct AllocationTests {
    /// The calls of the allocator for 1000 records.
    static let pins: [CostJob: Int] = [
        .truncate: 0,
        .anonymize: 25_025,
        .aggregate: 4981,
        .aggregateCSV: 2917,
        .aggregateLog: 0,
        .both: 30_003,
    ]

    /// What the number may differ by: tables that double, and chunks cut elsewhere, but not one
    /// allocation for every tenth record.
    static let slack = 50

    @Test(arguments: CostJob.allCases)
    func aRecordAllocatesNoMoreThanItDid(_ job: CostJob) throws {
        let pin = try #require(Self.pins[job])
        // What the process makes once, it has made after a first run.
        _ = try run(job, sizeBytes: 1 << 16)
        let few = try run(job, sizeBytes: 1 << 19)
        let many = try run(job, sizeBytes: 3 << 19)
        let calls = (many.calls - few.calls) * 1000 / (many.records - few.records)
        #expect(calls <= pin + Self.slack, "\(calls) calls for 1000 records, the pin is \(pin)")
        #if DEBUG
            #expect(calls >= pin - Self.slack, "\(calls) calls for 1000 records: set the pin to it")
        #endif
    }

    /// The calls of a run with one worker, which works on the calling thread.
    private func run(_ job: CostJob, sizeBytes: Int) throws -> (calls: Int, records: Int) {
        let trial = try CostTrial(job, sizeBytes: sizeBytes)
        var request = RunRequest(pipeline: trial.pipeline)
        request.now = CostTrial.now
        request.workers = 1
        let before = sluice_allocations()
        let report = try Sluice.run(request, observer: nil)
        let calls = sluice_allocations() - before
        #expect(report.totals.quarantinedTotal == 0)
        return (Int(calls), report.totals.read)
    }
}
