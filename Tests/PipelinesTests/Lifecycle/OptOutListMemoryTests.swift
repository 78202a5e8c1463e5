import Anonymization
import KeyedHashing
import Ledger
import Records
import TestSupport
import Testing

@testable import Pipelines

/// A list of opt-outs that says anything else is another list: what it names anew is taken out of
/// what is stored.
@Suite("A list of opt-outs is known again")
struct OptOutListMemoryTests {
    private func digest(
        _ row: String, _ optOuts: String = "list.csv"
    ) throws -> Digest256 {
        let scene = try TemporaryPipeline(
            """
            name: lists
            source: { format: jsonl, files: "in.jsonl", time: ts }
            identity: { customer: customer, user: user }
            fields: { ts: keep, customer: drop, user: drop }
            outputs:
              - { name: all, purpose: statistics, path: "out/{date}.jsonl" }
            opt_outs: \(optOuts)
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
            "C-1,,service-improvement;statistics,technical,2026-01-01,",
        ]
        let digests = try rows.map { try digest($0) }
        #expect(Set(digests).count == rows.count)
        #expect(try digest(rows[0]) == digests[0])
        // The same row under another meaning says something else, too.
        let meanings = ["basis: event", "effect: drop_record", "missing: allowed"]
        let others = try meanings.map { try digest(rows[0], "{ file: list.csv, \($0) }") }
        #expect(Set(digests + others).count == rows.count + meanings.count)
        #expect(try digest(rows[0], "{ file: list.csv, basis: use }") == digests[0])
    }

    private static let head =
        "customer,person,purpose,categories,effective_date,withdrawn_date\n"

    private func scene(_ rows: [String]) throws -> TemporaryPipeline {
        try TemporaryPipeline(
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
                "list.csv": Self.head + rows.map { $0 + "\n" }.joined(),
                "in.jsonl": #"{"ts":"2026-05-01T10:00:00Z","customer":"C-1","user":"u"}"# + "\n",
            ])
    }

    /// What a run at `now` takes out of what is stored.
    private func removal(_ scene: TemporaryPipeline, _ now: String) throws -> OptOutRemoval? {
        let plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: now)
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        let registry = try StateRegistry(ledger, of: plan, creating: true)
        let (removal, open) = try OptOutListMemory(ledger: ledger, plan: plan).removal(registry)
        // The rules were never others.
        #expect(open == UnsearchedLines(list: "lists/opt_outs"))
        #expect(removal?.unsearched ?? 0 == 0)
        return removal
    }

    /// The lines of the list that it takes out.
    private func removed(_ scene: TemporaryPipeline, _ now: String) throws -> [Int64] {
        try removal(scene, now)?.sought.map { -$0.optOut } ?? []
    }

    @Test("a line that was carried out is sought in what has another purpose since, and only there")
    func widened() throws {
        let scene = try scene(["C-1,,*,,2026-05-01,"])
        let more = """
              - { name: other, purpose: statistics, path: "other/{date}.jsonl" }
            statistics:
              - { name: sums, purpose: statistics, by: [month], measures: { times: count },
                  path: "sums.csv", suppression: { persons: 1, customers: 1 } }
            keys: keys

            """
        let text = try scene.text("pipeline.yaml").replacing("opt_outs:", with: more + "opt_outs:")
        try scene.write("pipeline.yaml", text)
        try scene.run(now: "2026-05-14")
        #expect(try removal(scene, "2026-05-14") == nil)
        try scene.write(
            "pipeline.yaml",
            text.replacing("name: all, purpose: statistics", with: "name: all, purpose: marketing"))
        let found = try #require(try removal(scene, "2026-05-14"))
        #expect(found.sought.map(\.targets) == [[OptOutTargets.name(ofOutput: "all")]])
        #expect(found.standIns.map(\.count) == [1, 0] && found.counted.map(\.count) == [0])
        #expect(found.countedBefore.isEmpty)
        // A new line is sought everywhere.
        try scene.write("list.csv", Self.head + "C-2,,*,,2026-05-01,\n")
        let new = try #require(try removal(scene, "2026-05-14"))
        #expect(new.sought.map(\.targets) == [nil] && new.countedBefore.count == 1)
        #expect(new.standIns.map(\.count) == [1, 1] && new.counted.map(\.count) == [1])
        #expect(new.standIns[0].map(\.within) == [nil])
        // One that is limited to a customer reaches none of another.
        try scene.write("list.csv", Self.head + "C-2,u,*,,2026-05-01,\n")
        let limited = try #require(try removal(scene, "2026-05-14"))
        #expect(limited.standIns.allSatisfy { $0.count == 1 && $0[0].within != nil })
    }

    @Test("what its new lines name is taken out, and what comes into force, on its day")
    func removal() throws {
        let rows = ["2026-05-13", "2026-05-14", "2026-05-15", "2026-05-16"].map {
            "C-\($0),,statistics,,\($0),"
        }
        let scene = try scene(rows)
        // Nothing is stored yet.
        #expect(try removed(scene, "2026-05-14") == [])
        try scene.run(now: "2026-05-14")
        #expect(try removed(scene, "2026-05-14") == [])
        #expect(try removed(scene, "2026-05-15") == [4])
        #expect(try removed(scene, "2026-05-16") == [4, 5])
        #expect(try removed(scene, "2026-05-13") == [])
        // A line that is new, or says anything else, is taken out; the others were.
        let more = rows + ["C-9,,statistics,,2026-01-01,", ",u9,statistics,,2026-01-01,"]
        try scene.write("list.csv", Self.head + more.joined(separator: "\n") + "\n")
        #expect(try removed(scene, "2026-05-14") == [6, 7])
        #expect(try removed(scene, "2026-05-15") == [4, 6, 7])
        // Over, or another purpose than what is stored is for: nothing is left to be taken out.
        try scene.write(
            "list.csv",
            Self.head + (rows + ["C-9,,statistics,,2026-01-01,2026-05-15"])
                .joined(separator: "\n") + "\n")
        #expect(try removed(scene, "2026-05-14") == [6])
        #expect(try removed(scene, "2026-05-15") == [4])
        try scene.write("list.csv", Self.head + "C-9,,marketing,,2026-01-01,\n")
        #expect(try removed(scene, "2026-05-15") == [])
    }

    @Test("a list that is not there is remembered once there was one, as an empty one")
    func withoutAList() throws {
        let scene = try scene(["C-1,,statistics,,2026-01-01,"])
        let text = try scene.text("pipeline.yaml")
        try scene.write("pipeline.yaml", text.replacing("opt_outs: list.csv\n", with: ""))
        func remembered() throws -> InputList? {
            let plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-05-15")
            let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
            return try OptOutListMemory(ledger: ledger, plan: plan).remember(hashing: nil)
        }
        #expect(try remembered() == nil)
        try scene.write("pipeline.yaml", text)
        try scene.run(now: "2026-05-15")
        try scene.write("pipeline.yaml", text.replacing("opt_outs: list.csv\n", with: ""))
        let empty = try #require(try remembered())
        #expect(empty.entries == 0 && empty.lines == [])
    }

    @Test("an opt-out of what the pipeline has no purpose for takes nothing out of the figures")
    func unknownPurposes() throws {
        let scene = try scene([])
        try scene.run(now: "2026-05-14")
        let plan = try Sluice.loadPlan("\(scene.folder)/pipeline.yaml", now: "2026-05-15")
        let ledger = try Ledger.open(stateDirectory: "\(scene.folder)/state")
        let hasher = try #require(try StateRegistry(ledger, of: plan, creating: true).hasher)
        let name = bytes("C-1")
        let hash = hasher.hash(.customer, writtenAs: name.span)
        let subject = try #require(hash)
        for (purpose, isKnown) in [("*", true), ("statistics", true), ("of another day", false)] {
            var removal = OptOutRemoval([], plan, try LivingKeys(plan), hasher)
            #expect(removal.unsearched == 0 && removal.isEmpty)
            removal.add(
                OptOutRecord(
                    id: 1,
                    entry: NewOptOut(
                        subject: subject, effective: EventTime(milliseconds: 0),
                        scopes: [NewOptOut.Scope(purpose: purpose, category: "*")])),
                SubjectTokens([SubjectToken(.customer, String(repeating: "7", count: 32))]),
                plan, hasher)
            #expect(removal.countedBefore.count == (isKnown ? 1 : 0))
            #expect(removal.standIns.map(\.count) == [isKnown ? 1 : 0])
            #expect(removal.sought.map(\.cause) == [.optOut(1)])
            removal.unsearched = 3
            #expect(OptOutRemoval(removal, adding: [], plan).unsearched == 3)
            #expect(OptOutRemoval(nil, adding: [], plan).unsearched == 0)
        }
    }

    @Test("a line is over on the day of its withdrawal, unless the event's time decides")
    func lines() throws {
        let now = EventTime(milliseconds: 1_000)
        func sought(
            _ customer: [UInt8]?, _ person: [UInt8]?, withdrawn: Int64? = nil, isByEvent: Bool
        ) -> OptOutRemoval.Sought? {
            OptOutRemoval.Sought(
                OptOutEntry(
                    customer: customer, person: person,
                    scope: OptOutEffect(purposes: PurposeSet(.statistics), categories: .all),
                    effective: EventTime(milliseconds: 10),
                    withdrawn: withdrawn.map(EventTime.init(milliseconds:)), line: 7),
                isByEvent: isByEvent, now: now)
        }
        for (withdrawn, isOver) in [(nil, false), (999, true), (1_000, true), (1_001, false)]
            as [(Int64?, Bool)]
        {
            let use = sought(bytes("C-1"), nil, withdrawn: withdrawn, isByEvent: false)
            #expect((use == nil) == isOver)
            #expect(use.map { $0.from == nil && $0.until == nil } ?? true)
            let event = try #require(
                sought(bytes("C-1"), nil, withdrawn: withdrawn, isByEvent: true))
            #expect(event.from == EventTime(milliseconds: 10) && event.isByEvent)
            #expect(event.until == withdrawn.map(EventTime.init(milliseconds:)))
            #expect(event.optOut == -7)
        }
        // What is no text cannot be told by tokens of texts.
        let odd: [UInt8] = [0xff]
        #expect(sought(odd, nil, isByEvent: false) == nil)
        #expect(sought(nil, odd, isByEvent: false) == nil)
        #expect(sought(odd, bytes("u"), isByEvent: false) == nil)
        #expect(sought(bytes("C-1"), odd, isByEvent: false) == nil)
        let both = try #require(sought(bytes("C-1"), bytes("u"), isByEvent: false))
        #expect(both.subject.within == bytes("C-1") && !both.isByEvent)
        #expect(sought(nil, nil, isByEvent: false) == nil)
    }
}
