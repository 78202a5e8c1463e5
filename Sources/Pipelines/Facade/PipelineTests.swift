internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import LogFormats
internal import Records
internal import Statistics

/// Runs the `tests:` of a pipeline file in memory: the same plan, reader, releaser, writers and
/// measures as a real run, with invented keys and without touching any directory.
struct PipelineTests {
    private let file: PipelineFile

    init(_ file: PipelineFile) { self.file = file }

    func run() throws(PipelineFailure) -> TestReport {
        let loaded = try Sluice.loadSpecification(file)
        let digest = loaded.plan.digest
        var report = TestReport()
        for test in loaded.specification.tests {
            let plan = try plan(loaded.specification, digest, test)
            report.cases.append(
                TestReport.Case(
                    name: test.name.value,
                    differences: try TestComparison(plan, test).differences()))
        }
        return report
    }

    private func plan(
        _ specification: PipelineSpecification, _ digest: Digest256, _ test: TestSpecification
    ) throws(PipelineFailure) -> Plan {
        var world = Sluice.world(folder: splitPath(file.path).directory, now: test.now.value)
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
        else { throw .faults(faults.sorted, file: file.path) }
        return plan
    }
}

/// What a test expects, held against what comes out.
private struct TestComparison {
    let plan: Plan
    let test: TestSpecification

    init(_ plan: Plan, _ test: TestSpecification) {
        self.plan = plan
        self.test = test
    }

    /// What differs from what the test expects.
    func differences() throws(PipelineFailure) -> [String] {
        let results = try PipelineTrial(
            plan, input: Array(test.input.value.utf8), path: test.path?.value ?? ""
        ).results()
        var found: [String] = []
        for expected in test.results {
            found += compare(expected, results.outputs, results.tables)
        }
        found += compare(test.dropped, "dropped", droppedByReason(results.counts))
        found += compare(
            test.quarantined, "quarantined",
            Dictionary(
                results.counts.quarantined.map { ($0.key.code, $0.value) }, uniquingKeysWith: +))
        if !results.counts.isConserved { found.append("the records do not add up") }
        return found
    }

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
        return Self.differences(
            name, Array(expected.text.utf8), PipelineTrial.withTokensHidden(got))
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
