import Foundation
import TestSupport
import Testing

/// How much memory a run takes, pinned, and that it does not grow with what is read.
///
/// The marks are those of the kernel for the whole process, with two workers. Memory that has not
/// grown from 8 to 32 MiB holds nothing of what was read.
@Suite("Memory of a run", .enabled(if: try Want.plainProcess.isMet()))
struct MemoryTests {
    /// The most that a run of a release may hold, in MiB.
    static let limits: [CostJob: Int] = [
        .truncate: 48, .anonymize: 48, .aggregate: 128, .aggregateCSV: 128, .aggregateLog: 128,
        .both: 128,
    ]

    /// What a build for debugging holds beside, most of it code, in MiB.
    static let debugging = 4

    /// The share by which the memory for the longer log may differ.
    static let slack = 0.1

    @Test(arguments: CostJob.allCases)
    func aRunHoldsNoMoreForALongerLog(_ job: CostJob) throws {
        let limit = try #require(Self.limits[job])
        let short = try peak(job, sizeBytes: 8 << 20)
        let long = try peak(job, sizeBytes: 32 << 20)
        let shown = "\(short >> 10) MiB for 8 MiB, \(long >> 10) MiB for 32 MiB"
        #expect(long >> 10 <= limit + Self.debugging, "\(shown)")
        #expect(Double(long) <= Double(short) * (1 + Self.slack), "\(shown)")
    }

    /// The most memory in KiB that a run over a log of `sizeBytes` held at a time.
    private func peak(_ job: CostJob, sizeBytes: Int) throws -> Int {
        let trial = try CostTrial(job, sizeBytes: sizeBytes)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CostTrial.program)
        process.arguments = [
            "run", trial.pipeline, "--quiet", "--now", CostTrial.now, "--workers", "2",
        ]
        try process.run()
        var peak = 0
        while process.isRunning {
            peak = max(peak, peakKibibytes(of: process.processIdentifier) ?? 0)
            usleep(1000)
        }
        try #require(process.terminationStatus == 0)
        return peak
    }
}
