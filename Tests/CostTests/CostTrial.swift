import Compression
import FileSystem
import Foundation
import Records
import TestSupport
import Workloads

/// A pipeline of the benchmarks in a folder of its own, with a log of a certain size; gone with it.
final class CostTrial {
    let folder: String
    let records: Int

    /// The date of a run.
    static let now = "2026-06-01"

    /// The `sluice` that was built with these tests.
    static let program = URL(fileURLWithPath: "/proc/self/exe")
        .resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("sluice").path

    var pipeline: String { "\(folder)/pipeline.yaml" }

    /// Few persons and two days: a person or a row of a table that was not there before may cost
    /// something. All records are due on the day of `now`.
    init(_ job: CostJob, sizeBytes: Int) throws {
        let base = FileManager.default.temporaryDirectory.path
        folder = "\(base)/sluice-costs-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        var blocks = EventBlocks(
            job.form == .gzip ? .jsonLines : job.form, .ordinary, sizeBytes: sizeBytes,
            population: Population(customers: 2, days: 2, isEven: true))
        var log: [UInt8] = []
        while let block = blocks.next() { log += block }
        records = blocks.records
        try write("log", job.form == .gzip ? compressed(log) : log)
        let source = "Tests/Benchmarks/pipelines/\(job.rawValue).yaml"
        let yaml = text(try FileDescriptor.reading(source).readAll(limitBytes: 1 << 16))
            .replacing("files: \"-\"", with: "files: log")
            .replacing("path: \"-\"", with: "path: out/records")
        try write("pipeline.yaml", bytes(yaml))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ name: String, _ content: [UInt8]) throws {
        try Data(content).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    private func compressed(_ log: [UInt8]) throws -> [UInt8] {
        var member = ByteBuffer()
        let deflater = try GzipDeflater.make()
        deflater.deflate(log.span, into: &member)
        deflater.finish(into: &member)
        return member.array()
    }
}

/// The jobs whose cost per record is pinned, by the names of their pipelines in `Tests/Benchmarks`.
enum CostJob: String, CaseIterable {
    case truncate
    case anonymize
    case aggregate
    case aggregateCSV = "aggregate-csv"
    case aggregateLog = "aggregate-log"
    /// Records and tables from one gzip stream.
    case both

    var form: Form {
        switch self {
        case .truncate, .aggregateLog: .accessLog
        case .anonymize, .aggregate: .jsonLines
        case .aggregateCSV: .csv
        case .both: .gzip
        }
    }
}
