import Statistics
import TestSupport
import Testing

@testable import Pipelines

@Suite("Where a run without state puts aggregates aside")
struct SpillPlaceTests {
    private func place(tables: String, output: String?) throws -> String? {
        let rows = output.map { #"outputs: [{ name: rows, purpose: security, path: "\#($0)" }]"# }
        let scene = try TemporaryPipeline(
            """
            name: places
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            fields: { ts: keep, action: keep }
            statistics:
              - { name: one, purpose: statistics, by: [day], measures: { n: count }, \(tables) }
            \(rows ?? "")

            """)
        let plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-05-15")
        let path = plan.firstFile
        #expect((path == nil) == (try spillStorage(near: path) is MemorySpillStorage))
        return path.map { String($0.fixedFolder.dropFirst(scene.folder.count)) }
    }

    @Test("is beside the first file, whatever goes to standard output before it")
    func firstFile() throws {
        #expect(try place(tables: "path: tables/one.csv", output: "rows/all.jsonl") == "/tables")
        #expect(try place(tables: "path: tables/one.csv", output: "-") == "/tables")
        #expect(try place(tables: #"path: "-""#, output: "rows/all.jsonl") == "/rows")
        #expect(try place(tables: #"path: "-""#, output: nil) == nil)
    }
}
