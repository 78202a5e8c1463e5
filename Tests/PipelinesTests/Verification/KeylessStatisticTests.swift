import Pipelines
import TestSupport
import Testing

@Suite("statistics without keys")
struct KeylessStatisticTests {
    private static let pipeline = """
        name: scene
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        fields: { ts: keep, action: keep }
        outputs:
          - { name: a, purpose: statistics, path: "out/a/{month}.jsonl" }
        statistics:
          - name: times
            purpose: statistics
            by: [action]
            measures: { times: count }
            path: "out/{name}.csv"
            suppression: { of: count }
        quarantine: { limit: 50% }
        state: state

        """

    @Test("are counted over all runs")
    func overRuns() throws {
        let scene = try VerificationScene()
        try scene.write("p.yaml", Self.pipeline)
        try scene.addLog("1", date: "2026-03-10", lines: 11)
        try scene.run("2026-03-25")
        try scene.addLog("2", date: "2026-03-12", lines: 13)
        try scene.run("2026-03-26")
        let table = String(decoding: try scene.content("out/times.csv"), as: UTF8.self)
        #expect(table.contains("login,24"), "\(table)")
        #expect(try scene.findings("2026-03-26") == [])
    }
}
