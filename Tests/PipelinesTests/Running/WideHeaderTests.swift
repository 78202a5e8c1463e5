import Pipelines
import Testing

@Suite("CSV files with many columns")
struct WideHeaderTests {
    private func folder(_ limits: String, _ columns: Int) throws -> TemporaryPipeline {
        let names = (0..<columns).map { "c\($0)" }.joined(separator: ",")
        let cells = (0..<columns).map(String.init).joined(separator: ",")
        return try TemporaryPipeline(
            """
            name: wide
            source: { format: csv, files: "in.csv", limits: \(limits) }
            window: P0D
            fields: { c0: keep }
            outputs:
              - { name: all, purpose: security, path: "out.csv", others: keep-everything }
            """,
            files: ["in.csv": "\(names)\n\(cells)\n"])
    }

    @Test("the header may be as wide as the rows, and no wider", arguments: [4097, 65_535])
    func wide(_ columns: Int) throws {
        let good = try folder("{ fields: \(columns) }", columns)
        let report = try good.run(now: "2026-04-15")
        #expect(report.quarantine.isEmpty)
        #expect(try good.text("out.csv") == good.text("in.csv"))
        for limits in ["{ fields: \(columns - 1) }", "{}"] {
            let bad = try folder(limits, columns)
            #expect(throws: PipelineFailure.self) { try bad.run(now: "2026-04-15") }
        }
    }

    @Test("the header may be as long as a record")
    func long() throws {
        let columns = 4000
        #expect(throws: PipelineFailure.self) {
            try folder("{ record: 1KiB }", columns).run(now: "2026-04-15")
        }
        _ = try folder("{ record: 1MiB }", columns).run(now: "2026-04-15")
    }
}
