import Records
import Testing

@testable import Pipelines

@Suite struct ChunkSourceTests {
    private let pipeline = """
        name: rows
        source: { format: csv, files: "in.csv" }
        window: P0D
        fields: { ip: truncate_ip, b: keep }
        outputs:
          - { name: rows, purpose: security, path: "out.csv" }
        """

    /// Two workers take turns at one source: the second must not get the rows behind a header that
    /// the first was refused.
    @Test func nothingIsReadBehindAHeaderThatWasRefused() throws {
        let folder = try TemporaryPipeline(
            pipeline, files: ["in.csv": "client_ip,b\n192.0.2.77,2\n"])
        let plan = try Sluice.loadPlan("\(folder.folder)/pipeline.yaml", now: "2026-04-15")
        let source = ChunkSource(
            [ChunkSource.SourceInput(path: "\(folder.folder)/in.csv")], plan: plan,
            digesting: false)
        var chunk = Chunk(capacity: 1 << 10)
        for _ in 0..<3 {
            var code: SourceFault.Code?
            do throws(PipelineFailure) { _ = try source.next(&chunk) } catch {
                if case .source(let fault) = error { code = fault.code }
            }
            #expect(code == .missingColumn)
            let isEmpty = chunk.buffer.isEmpty
            #expect(isEmpty)
        }
    }

    @Test func rowsBehindAGoodHeaderAreRead() throws {
        let folder = try TemporaryPipeline(
            pipeline, files: ["in.csv": "ip,b\n192.0.2.77,2\n"])
        let plan = try Sluice.loadPlan("\(folder.folder)/pipeline.yaml", now: "2026-04-15")
        let source = ChunkSource(
            [ChunkSource.SourceInput(path: "\(folder.folder)/in.csv")], plan: plan,
            digesting: false)
        var chunk = Chunk(capacity: 1 << 10)
        #expect(try source.next(&chunk))
        #expect(chunk.buffer.count == 13)
        #expect(try !source.next(&chunk))
    }
}
