import KeyedHashing
import Ledger
import TestSupport
import Testing

@testable import Pipelines

/// A list of opt-outs that says anything else is another list: what it names anew is taken out of
/// what is stored.
@Suite("A list of opt-outs is known again")
struct OptOutListMemoryTests {
    private func digest(_ row: String) throws -> Digest256 {
        let scene = try TemporaryPipeline(
            """
            name: lists
            source: { format: jsonl, files: "in.jsonl", time: ts }
            identity: { customer: customer, user: user }
            fields: { ts: keep, customer: drop, user: drop }
            outputs:
              - { name: all, purpose: statistics, path: "out/{date}.jsonl" }
            opt_outs: list.csv
            state: state

            """,
            files: [
                "list.csv":
                    "customer,person,purpose,categories,effective_date,withdrawn_date\n\(row)\n"
            ])
        let plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-05-15")
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        let record = OptOutListMemory(ledger: ledger, plan: plan).record
        #expect(record.entries == 1)
        return record.digest
    }

    @Test("whatever is changed of a row")
    func rows() throws {
        let rows = [
            "C-1,,statistics,technical,2026-01-01,", "C-2,,statistics,technical,2026-01-01,",
            ",C-1,statistics,technical,2026-01-01,", "C-1,C-1,statistics,technical,2026-01-01,",
            "C-1,C-2,statistics,technical,2026-01-01,", "C-1,,marketing,technical,2026-01-01,",
            "C-1,,statistics,aggregated,2026-01-01,", "C-1,,statistics,technical,2026-01-02,",
            "C-1,,statistics,technical,2026-01-01,2026-06-01",
            "C-1,,statistics,technical,2026-01-01,2026-06-02",
        ]
        let digests = try rows.map(digest)
        #expect(Set(digests).count == rows.count)
        #expect(try digest(rows[0]) == digests[0])
    }
}
