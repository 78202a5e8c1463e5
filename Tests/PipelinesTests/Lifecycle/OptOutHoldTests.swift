import Anonymization
import KeyedHashing
import Ledger
import Records
import Testing

@testable import Pipelines

@Suite("Opt-outs of what a hold keeps")
struct OptOutHoldTests {
    @Test("a hold keeps stored records as they are; figures obey the opt-out all the same")
    func held() throws {
        let store = try RegistryStore.filled()
        try store.hold("case", now: "2026-04-16") { $0.from = "2026-04-01" }
        let before = try store.lines("use")
        let effect = try store.addOptOut(customer: "c1").effect
        #expect(try store.lines("use") == before)
        #expect(effect.notes.contains { $0.contains("case") })
        #expect(try store.lines("counts").contains { $0.hasSuffix(",1,1") })
    }

    @Test(
        "what a hold kept of an opt-out goes with the first run after it, unless it was withdrawn",
        arguments: [false, true])
    func behindAHold(isWithdrawn: Bool) throws {
        let store = try RegistryStore.filled()
        try store.hold("case", now: "2026-04-16") { $0.from = "2026-04-01" }
        try store.hold("other", now: "2026-04-16") { request in
            request.users = ["carol"]
            request.end = "2026-04-18"
        }
        let before = try store.lines("use")
        let id = try store.addOptOut(customer: "c1").entry.id
        for day in ["2026-04-17", "2026-04-18"] {
            // One of the holds of then has ended: what the other keeps is looked at, and stays.
            try store.run(day)
            #expect(try store.lines("use") == before)
        }
        if isWithdrawn {
            _ = try Sluice.withdrawOptOut(
                pipeline: store.file, id: id, subject: OptOutSubject(), date: nil,
                now: "2026-04-19")
        }
        try store.release("case", now: "2026-04-19")
        try store.run("2026-04-19")
        let shown = try store.lines("use").filter { $0.contains(#""ip""#) }
        #expect(shown.count == (isWithdrawn ? 2 : 1))
        let names = try store.names("out")
        try store.run("2026-04-20")
        #expect(try store.names("out") == names)
        // What was carried out, or is no more to be, does not stay on record.
        let held = try Ledger.openForReading(stateDirectory: "\(store.path)/state")
            .heldOptOuts(pipeline: "registry")
        #expect(held.entries.isEmpty && held.runs.isEmpty)
    }

    @Test("what a hold kept of an opt-out is due once one of the holds has ended, and not before")
    func dueBehindAHold() throws {
        let store = try RegistryStore.filled()
        try store.hold("case", now: "2026-04-16") { request in
            request.from = "2026-04-01"
            request.end = "2026-04-18"
        }
        let id = try store.addOptOut(customer: "c1").entry.id
        func due(_ now: String) throws -> [HeldOptOut]? {
            let plan = try Sluice.loadPlan(store.file, now: now)
            return try HeldOptOuts(
                try Ledger.open(stateDirectory: "\(store.path)/state"), plan).due
        }
        #expect(try due("2026-04-17") == nil)
        #expect(try due("2026-04-18")?.isEmpty == false)
        _ = try Sluice.withdrawOptOut(
            pipeline: store.file, id: id, subject: OptOutSubject(), date: "2026-04-19",
            now: "2026-04-17")
        #expect(try due("2026-04-18")?.isEmpty == false)
        #expect(try due("2026-04-19") == [])
    }

    @Test("an opt-out that goes by the time of events is never over for those before its end")
    func isOver() {
        for (basis, isOver) in [(.use, [false, true]), (.event, [false, false])]
            as [(NewOptOut.Basis, [Bool])]
        {
            let record = OptOutRecord(
                id: 1,
                entry: NewOptOut(
                    subject: SubjectHash(kind: .user, digest: Digest256.of([UInt8]().span)),
                    basis: basis, effective: EventTime(milliseconds: 0),
                    withdrawn: EventTime(milliseconds: 10), scopes: []))
            #expect([9, 10].map { record.isOver(at: EventTime(milliseconds: $0)) } == isOver)
        }
    }

    @Test("what a hold kept of a purpose with blanks in its name goes after it, too")
    func behindAHoldWithBlanks() throws {
        let scene = try TemporaryPipeline(
            """
            name: blanks
            source: { format: jsonl, files: "in.jsonl", time: ts }
            identity: { customer: customer }
            purposes: [statistics & research]
            fields: { ts: keep, customer: pseudonymize }
            outputs: [{ name: all, purpose: statistics & research, path: "out/all.jsonl" }]
            opt_outs: { file: list.csv, effect: drop_record }
            state: state

            """,
            files: [
                "list.csv": "customer,purpose,effective_date\nc9,*,2026-01-01\n",
                "in.jsonl": #"{"ts":"2026-04-10T10:00:00Z","customer":"c1"}"# + "\n",
            ])
        try scene.run(now: "2026-04-15")
        let pipeline = "\(scene.folder)/pipeline.yaml"
        var hold = HoldRequest(
            pipeline: pipeline, name: "case", ground: .law(citation: "Act 1"), reason: "inquiry",
            by: "legal")
        (hold.now, hold.from, hold.end) = ("2026-04-15", "2026-04-01", "2026-04-18")
        _ = try Sluice.raiseHold(hold)
        var request = OptOutRequest(
            pipeline: pipeline, subject: OptOutSubject(customer: "c1"))
        (request.now, request.purposes) = ("2026-04-16", ["statistics & research"])
        _ = try Sluice.addOptOut(request)
        #expect(try scene.recordsLeft() == 1)
        try scene.run(now: "2026-04-18")
        #expect(try scene.recordsLeft() == 0)
    }

    @Test("the same for a line of the pipeline's list")
    func listedBehindAHold() throws {
        let store = try RegistryStore.filled("opt_outs: list.csv")
        try store.hold("case", now: "2026-04-16") { request in
            request.from = "2026-04-01"
            request.end = "2026-04-18"
        }
        let before = try store.lines("use")
        try store.write(
            "list.csv", "customer,purpose,effective_date\nc9,*,2026-01-01\nc1,*,2026-04-16\n")
        try store.run("2026-04-16")
        #expect(try store.lines("use") == before)
        try store.run("2026-04-18")
        #expect(try store.lines("use").filter { $0.contains(#""ip""#) }.count == 1)
    }
}
