internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import LogFormats
internal import Records
internal import Statistics

/// A source in memory, run through a plan: the same reader, releaser, writers and measures as a
/// real run, with invented keys and without touching any directory.
struct PipelineTrial {
    /// What came out.
    struct Results {
        /// The text of each output, and behind them of the store.
        let outputs: [[UInt8]]
        let tables: [TableFiles.File]
        let counts: RecordCounts
    }

    private let plan: Plan
    /// Records as a source holds them.
    private let input: [UInt8]
    /// The path of the source.
    private let path: String

    init(_ plan: Plan, input: [UInt8], path: String = "") {
        self.plan = plan
        self.input = input
        self.path = path
    }

    func results() throws(PipelineFailure) -> Results {
        let worker = Worker(plan: plan, keyRing: TrialRing(), storage: MemorySpillStorage())
        let memory = MemorySink(count: plan.outputs.count)
        let columns = try load(into: worker)
        try worker.process()
        let gate = try RiskGate(plan, before: memory, storage: MemorySpillStorage()) { columns }
        let sink: any OutputSink = gate ?? memory
        var outputs = plan.outputs.map { $0.writer.header(columns: $0.columns ?? columns) }
        for (index, output) in worker.hand.outputs.enumerated() {
            for block in output.current { try sink.write(block, output: index) }
        }
        var counts = worker.hand.counts
        for removed in try sink.finish() {
            counts.outputs[removed.output].leaveOut(removed.rows, because: .rare)
        }
        for index in plan.outputs.indices {
            outputs[index] += enveloped(memory.outputs[index], plan.outputs[index].envelope)
        }
        if let store = plan.store { outputs.append(try aged(store)) }
        return Results(outputs: outputs, tables: try tables(worker), counts: counts)
    }

    /// The records of a file with what stands around them.
    private func enveloped(_ records: [UInt8], _ envelope: RecordEnvelope?) -> [UInt8] {
        guard let envelope else { return records }
        return envelope.opening + records.dropFirst() + envelope.closing
    }

    /// The input of the test as lines.
    private func lines() throws(SourceFault) -> [UInt8] {
        guard var framing = plan.format.makeFraming() else { return input }
        var lines = ByteBuffer()
        try framing.frame(input.span, into: &lines)
        try framing.finish()
        return lines.array()
    }

    /// Puts the input of the test into the worker's chunk, without its header.
    private func load(into worker: Worker) throws(PipelineFailure) -> [String]? {
        worker.hand.chunk.buffer.removeAll()
        do {
            let input = try lines()
            let result = try plan.format.header(
                of: input.span, isComplete: true, limits: plan.limits)
            guard case .header(let length, let columns) = result else { return nil }
            try plan.format.check(plan.release.fields, against: columns)
            worker.hand.chunk.buffer.append(input.span.extracting(length..<input.count))
            worker.hand.chunk.date = plan.pathDate?.text(in: path)
            worker.hand.chunk.columns = columns
            worker.hand.chunk.seal()
            return columns
        } catch {
            throw .source(error)
        }
    }

    /// The input as it would stand in the store.
    private func aged(_ store: StorePlan) throws(PipelineFailure) -> [UInt8] {
        var columns: [String]?
        var header = 0
        do {
            if case .header(let length, let named) = try plan.format.header(
                of: input.span, isComplete: true, limits: plan.limits)
            {
                (header, columns) = (length, named)
            }
        } catch { throw .source(error) }
        let worker = Worker(
            plan: plan.inPlace(store, columns: columns), keyRing: TrialRing(),
            storage: MemorySpillStorage())
        _ = try load(into: worker)
        try worker.process()
        let sink = MemorySink(count: 1)
        for block in worker.hand.outputs[0].current { try sink.write(block, output: 0) }
        return input[..<header] + sink.outputs[0]
    }

    private func tables(_ worker: Worker) throws(PipelineFailure) -> [TableFiles.File] {
        guard let aggregator = worker.takeAggregator() else { return [] }
        do {
            let measured = try aggregator.tables()
            var plan = plan
            // A test knows tables by name, wherever the pipeline puts them.
            for index in plan.tables.indices where plan.tables[index].paths.isEmpty {
                plan.tables[index].paths = PathTemplate("{name}.csv").map { [($0, .csv)] } ?? []
            }
            return TableFiles(
                plan: plan, refusedMonths: worker.close()?.refusedMonths ?? []
            ).files(measured)
        } catch {
            throw .internalFault("cannot make the tables of a test")
        }
    }

    // MARK: Tokens

    /// Tokens depend on keys that nobody can know beforehand: each run of exactly 32 lower-case
    /// hexadecimal digits becomes `<token>`.
    static func withTokensHidden(_ bytes: [UInt8]) -> [UInt8] {
        var shown: [UInt8] = []
        var at = 0
        while at < bytes.count {
            var end = at
            while end < bytes.count, isTokenDigit(bytes[end]) { end += 1 }
            if end - at == Token.digits {
                shown += Array("<token>".utf8)
            } else {
                shown += bytes[at..<end]
            }
            if end < bytes.count { shown.append(bytes[end]) }
            at = end + 1
        }
        return shown
    }

    private static func isTokenDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...102).contains(byte)
    }
}

/// Invented month keys for tests of pipelines: the month itself, digested.
private final class TrialRing: KeyRing {
    func hasher(for month: CalendarMonth) -> TokenHasher? {
        let digest = Digest256.of(Array("test \(month.text)".utf8).span)
        guard let key = try? SecretKey.copying(digest.bytes.span) else { return nil }
        return TokenHasher(key: key, epoch: KeyEpoch(month: month, zone: "UTC"))
    }
}
