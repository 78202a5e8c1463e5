internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import LogFormats
internal import Records
internal import Statistics

/// Runs the `tests:` of a pipeline file in memory: the same plan, reader, releaser, writers and
/// measures as a real run, with invented keys and without touching any directory.
struct PipelineTests {
    private let path: String

    init(path: String) { self.path = path }

    func run() throws(PipelineFailure) -> TestReport {
        let loaded = try Sluice.loadSpecification(path, now: nil)
        let digest = loaded.plan.digest
        var report = TestReport()
        for test in loaded.specification.tests {
            let plan = try plan(loaded.specification, digest, test)
            report.cases.append(
                TestReport.Case(
                    name: test.name.value, differences: try Trial(plan, test).differences()))
        }
        return report
    }

    private func plan(
        _ specification: PipelineSpecification, _ digest: Digest256, _ test: TestSpecification
    ) throws(PipelineFailure) -> Plan {
        var world = Sluice.world(folder: splitPath(path).directory, now: test.now.value)
        // A test without opt-outs is about nobody's: the pipeline's own list is data, not code.
        world.optOuts = Array((test.optOuts?.value ?? "customer,purposes,effective_date\n").utf8)
        world.isTrial = true
        world.tables = test.tables.reduce(into: [:]) { tables, table in
            tables[table.name.value] = Array(table.text.utf8)
        }
        let faults = Faults()
        guard
            let plan = Planner.plan(
                specification, digest: digest, world: world, faults: faults)
        else { throw .faults(faults.sorted, file: path) }
        return plan
    }
}

/// One test at work.
private struct Trial {
    let plan: Plan
    let test: TestSpecification

    init(_ plan: Plan, _ test: TestSpecification) {
        self.plan = plan
        self.test = test
    }

    /// What differs from what the test expects.
    func differences() throws(PipelineFailure) -> [String] {
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
        let tables = try tables(worker)
        var found: [String] = []
        for expected in test.results {
            found += compare(expected, outputs, tables)
        }
        found += compare(test.dropped, "dropped", droppedByReason(counts))
        found += compare(
            test.quarantined, "quarantined",
            Dictionary(
                counts.quarantined.map { ($0.key.code, $0.value) }, uniquingKeysWith: +))
        if !counts.isConserved { found.append("the records do not add up") }
        return found
    }

    /// The records of a file with what stands around them.
    private func enveloped(_ records: [UInt8], _ envelope: RecordEnvelope?) -> [UInt8] {
        guard let envelope else { return records }
        return envelope.opening + records.dropFirst() + envelope.closing
    }

    /// The input of the test as lines.
    private func lines() throws(SourceFault) -> [UInt8] {
        let input = Array(test.input.value.utf8)
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
        let input = Array(test.input.value.utf8)
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

    // MARK: Comparing

    private func compare(
        _ expected: ExpectedText, _ outputs: [[UInt8]], _ tables: [TableFiles.File]
    ) -> [String] {
        let name = expected.name.value
        let got: [UInt8]
        if expected.kind == .output {
            let names = plan.outputs.map(\.name) + [PipelineSpecification.storeName]
            guard let index = names.firstIndex(where: { $0 == name }), index < outputs.count else {
                return ["there is no output `\(name)`"]
            }
            got = outputs[index]
        } else {
            got = tables.filter { $0.table == name }.reduce(into: []) { $0 += $1.bytes }
        }
        return Self.differences(name, Array(expected.text.utf8), Self.withTokensHidden(got))
    }

    private static func differences(
        _ name: String, _ expected: [UInt8], _ got: [UInt8]
    ) -> [String] {
        let wanted = lines(expected)
        let found = lines(got)
        if wanted == found { return [] }
        var differences: [String] = []
        for index in 0..<max(wanted.count, found.count) {
            let want = index < wanted.count ? wanted[index] : nil
            let have = index < found.count ? found[index] : nil
            if want != have {
                differences.append(
                    "\(name), line \(index + 1): expected \(show(want)), got \(show(have))")
            }
        }
        return differences
    }

    private static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map { Array($0) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    private static func show(_ line: [UInt8]?) -> String {
        line.map { String(decoding: $0, as: UTF8.self) } ?? "no line"
    }

    /// Tokens depend on keys that nobody can know beforehand: each run of exactly 32 lower-case
    /// hexadecimal digits becomes `<token>`.
    private static func withTokensHidden(_ bytes: [UInt8]) -> [UInt8] {
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

    private func droppedByReason(_ counts: RecordCounts) -> [String: Int] {
        counts.outputs.reduce(into: [:]) { sum, output in
            for (reason, count) in output.dropped { sum[reason.code, default: 0] += count }
        }
    }

    private func compare(
        _ expected: ExpectedCount?, _ what: String, _ counts: [String: Int]
    ) -> [String] {
        switch expected {
        case nil: return []
        case .total(let mark):
            let total = counts.values.reduce(0, +)
            return total == mark.value ? [] : ["\(what): expected \(mark.value), got \(total)"]
        case .byReason(let reasons):
            return reasons.compactMap { reason in
                let got = counts[reason.reason.value] ?? 0
                return got == reason.count
                    ? nil
                    : "\(what), \(reason.reason.value): expected \(reason.count), got \(got)"
            }
        }
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
