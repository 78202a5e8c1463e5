import Foundation
import Records
import Statistics
import Testing

@testable import Pipelines

@Suite("Workers hand over in order")
struct WorkerCrewTests {
    /// Keeps what it gets; takes its time over every third chunk, and fails at one if told to.
    private final class SlowSink: OutputSink {
        private let failing: Int
        private var writes = 0
        private(set) var bytes: [UInt8] = []

        init(failingAt failing: Int = .max) { self.failing = failing }

        func write(_ block: OutputBytes.Block, output: Int) throws(PipelineFailure) {
            if writes == failing { throw .storage("the disk of the test is full") }
            if writes % 3 == 1 { usleep(3000) }
            writes += 1
            bytes += block.bytes.array()
        }
    }

    /// Some chunks of many lines, which take long, among chunks of few.
    private static let lines: [UInt8] = {
        var lines: [UInt8] = []
        for block in 0..<24 {
            let rest = String(repeating: "x", count: block % 4 == 0 ? 50 : 8000)
            while lines.count < (block + 1) * 200_000 {
                lines += "192.0.2.\(lines.count % 256) \(rest)\n".utf8
            }
        }
        return lines
    }()

    private static let pipeline = """
        name: crew
        source: { format: first-field, files: "in.log" }
        others: keep-everything
        fields: { ip: { truncate_ip: { ipv4: /24, ipv6: /48 } } }
        outputs: [{ name: all, purpose: security, path: out.log }]
        """

    private func run(_ workers: Int, into sink: SlowSink) throws {
        let folder = try TemporaryPipeline(Self.pipeline)
        try Data(Self.lines).write(to: URL(fileURLWithPath: "\(folder.folder)/in.log"))
        let plan = try Sluice.loadPlan("\(folder.folder)/pipeline.yaml", now: "2026-05-15")
        let inputs = [ChunkSource.SourceInput(path: "\(folder.folder)/in.log")]
        let task = TaskRun(
            plan: plan, inputs: inputs,
            source: ChunkSource(inputs, plan: plan, digesting: false), sink: sink, observer: nil)
        try task.run(workers: workers, keyRing: nil, storage: MemorySpillStorage())
    }

    @Test("whoever waits for whom, the bytes are the same")
    func sameBytes() throws {
        let alone = SlowSink()
        try run(1, into: alone)
        #expect(alone.bytes.count > 4_000_000)
        for workers in [2, 3, 8, 2, 3, 8] {
            let sink = SlowSink()
            try run(workers, into: sink)
            #expect(sink.bytes == alone.bytes, "\(workers) workers")
        }
    }

    /// Runs over compressed files, the third one cut off or not; returns how it failed.
    private func runCompressed(
        _ workers: Int, into sink: SlowSink, cuttingOff isCutOff: Bool = false
    ) throws -> String? {
        let folder = try TemporaryPipeline(Self.pipeline)
        let size = Self.lines.count / 5
        var inputs: [ChunkSource.SourceInput] = []
        for number in 0..<5 {
            let path = "\(folder.folder)/\(number).gz"
            var member = try gzipMember(Array(Self.lines[number * size..<(number + 1) * size]))
            if isCutOff, number == 2 { member.removeLast(member.count / 3) }
            try Data(member).write(to: URL(fileURLWithPath: path))
            inputs.append(ChunkSource.SourceInput(path: path))
        }
        let plan = try Sluice.loadPlan("\(folder.folder)/pipeline.yaml", now: "2026-05-15")
        let source = ChunkSource(inputs, plan: plan, digesting: false, workers: workers)
        let task = TaskRun(
            plan: plan, inputs: inputs, source: source, sink: sink, observer: nil)
        do throws(PipelineFailure) {
            try task.run(workers: workers, keyRing: nil, storage: MemorySpillStorage())
            return nil
        } catch {
            return "\(error)".replacingOccurrences(of: folder.folder, with: "")
        }
    }

    @Test("several compressed files at once, the same bytes and the same break in them")
    func severalCompressedFiles() throws {
        let alone = SlowSink()
        #expect(try runCompressed(1, into: alone) == nil)
        #expect(alone.bytes.count > 4_000_000)
        let broken = SlowSink()
        let fault = try runCompressed(1, into: broken, cuttingOff: true)
        #expect(fault != nil)
        #expect(alone.bytes.starts(with: broken.bytes))
        for workers in [2, 3, 8, 2, 3, 8] {
            let sink = SlowSink()
            #expect(try runCompressed(workers, into: sink) == nil)
            #expect(sink.bytes == alone.bytes, "\(workers) workers")
            let other = SlowSink()
            #expect(try runCompressed(workers, into: other, cuttingOff: true) == fault)
            #expect(other.bytes == broken.bytes, "\(workers) workers")
        }
    }

    @Test("a sink that fails gets nothing further", arguments: [0, 1, 7])
    func failingSink(_ chunk: Int) throws {
        let alone = SlowSink(failingAt: chunk)
        #expect(throws: PipelineFailure.self) { try run(1, into: alone) }
        #expect(alone.bytes.isEmpty == (chunk == 0))
        for workers in [2, 3, 8] {
            let sink = SlowSink(failingAt: chunk)
            #expect(throws: PipelineFailure.self) { try run(workers, into: sink) }
            #expect(sink.bytes == alone.bytes, "\(workers) workers")
        }
    }
}
