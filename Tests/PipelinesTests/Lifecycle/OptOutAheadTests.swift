import Ledger
import Testing

@testable import Pipelines

@Suite("Opt-outs whose day is to come")
struct OptOutAheadTests {
    @Test(
        "what is used until the day of an opt-out leaves with the first run on it",
        arguments: ["c1", "anna", "anna in c1", "anna in c2", "marketing", "withdrawn", "event"])
    func ahead(_ what: String) throws {
        let store = try RegistryStore()
        try store.pipeline()
        try store.source("1", [RegistryStore.anna, RegistryStore.bob])
        try store.run("2026-04-15")
        let added = try store.addOptOut(
            customer: ["anna": nil, "anna in c2": "c2"][what, default: "c1"],
            user: what.hasPrefix("anna") ? "anna" : nil
        ) { request in
            request.effective = "2026-04-20"
            if what == "marketing" { request.purposes = ["marketing"] }
            if what == "event" { request.basis = "event" }
        }
        #expect(added.effect.notes.contains(AwaitedOptOuts.limit) == (what != "event"))
        #expect(added.effect.notes.contains { $0.contains("by event") } == (what == "event"))
        try store.source("2", [logLine("2026-04-12", n: 2)])
        try store.run("2026-04-17")
        #expect(try store.lines("counts").contains { $0.hasPrefix("2026-04,2,1,1") })
        if what == "withdrawn" {
            _ = try Sluice.withdrawOptOut(
                pipeline: store.file, id: added.entry.id, subject: OptOutSubject(), date: nil,
                now: "2026-04-18")
        }
        try store.addOptOut(customer: "c7", now: "2026-04-20")
        let isTaken = ["c1", "anna", "anna in c1"].contains(what)
        for day in ["2026-04-21", "2026-04-22"] {
            let report = try store.run(day)
            let isDue = !["withdrawn", "event"].contains(what) && day == "2026-04-21"
            #expect(report.notes.contains { $0.contains("whose day has come") } == isDue)
            #expect(report.notes.count { $0.contains("opt-out") } == (isDue ? 1 : 0))
            let left = try store.lines("counts").filter { $0.hasPrefix("2026-04,2,") }
            #expect(left.count == (isTaken ? 0 : 1))
            let shown = try store.lines("use").filter { $0.contains(#""n":"2""#) }
            // The records of this output say whose customer's they are, and not which user's.
            #expect(shown.contains { $0.contains(#""ip""#) } == (what != "c1"), "\(shown)")
            // Nothing stands for anybody any more once it is out, or asks for nothing.
            let awaited = try Ledger.openForReading(stateDirectory: "\(store.path)/state")
                .awaitedOptOuts(pipeline: "registry")
            #expect(awaited == [])
        }
    }

    @Test("nothing is kept of one that never begins, or that is entered on its day")
    func nothingToWaitFor() throws {
        let store = try RegistryStore.filled()
        func awaited() throws -> Int {
            try Ledger.openForReading(stateDirectory: "\(store.path)/state")
                .awaitedOptOuts(pipeline: "registry").count
        }
        for (customer, withdrawn, kept) in [("c1", "2026-04-20", 0), ("c2", "2026-04-21", 1)] {
            try store.write(
                "a.csv",
                "customer,purpose,effective_date,withdrawn_date\n"
                    + "\(customer),*,2026-04-20,\(withdrawn)\n")
            _ = try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
            #expect(try awaited() == kept)
        }
        try store.addOptOut(customer: "c3", now: "2026-04-16") { $0.effective = "2026-04-20" }
        #expect(try awaited() == 2)
        try store.addOptOut(customer: "c3", now: "2026-04-20") { $0.effective = "2026-04-20" }
        #expect(try awaited() == 1)
    }

    @Test("what was counted under a key that is younger than the entry is asked for again")
    func aheadOfKeys() throws {
        for isImported in [false, true] {
            let store = try RegistryStore.filled()
            try store.write("a.csv", "customer,purpose,effective_date\nc1,*,2026-05-20\n")
            func enter(_ now: String) throws {
                if isImported {
                    _ = try Sluice.importOptOuts(
                        pipeline: store.file, file: "\(store.path)/a.csv", now: now)
                } else {
                    try store.addOptOut(customer: "c1", now: now) { $0.effective = "2026-05-20" }
                }
            }
            try enter("2026-04-16")
            // The key of May was made with the entry, and nobody could expect one for February.
            let days = ["2026-04-20", "2026-05-02", "2026-02-20"]
            try store.source(
                "2", days.enumerated().map { logLine($0.element, n: $0.offset + 2) })
            try store.run("2026-05-03")
            #expect(try store.lines("counts").contains { $0.hasPrefix("2026-05,3,1,1") })
            for day in ["2026-05-20", "2026-05-21"] {
                let notes = try store.run(day).notes.filter { $0.contains("enter it again") }
                #expect(notes.count == 1 && notes[0].contains("keys of 2026-02,"), "\(notes)")
                let counted = try store.lines("counts").filter { $0.hasSuffix(",1,1") }
                #expect(counted.map { $0.prefix(10) } == ["2026-02,4,", "2026-04,1,"])
            }
            try enter("2026-05-22")
            #expect(!(try store.lines("counts").contains { $0.hasPrefix("2026-02") }))
            #expect(!(try store.run("2026-05-23").notes.contains { $0.contains("enter it") }))
        }
    }

    @Test(
        "what is left of an opt-out is carried out with an import while it is in force",
        arguments: [("2026-05-21", false), ("2026-06-01", true)])
    func aheadAndEnding(_ end: String, _ isCarriedOut: Bool) throws {
        let store = try RegistryStore.filled()
        func enter(_ now: String, _ withdrawn: String = "") throws {
            try store.write(
                "a.csv",
                "customer,purpose,effective_date,withdrawn_date\nc1,*,2026-05-20,\(withdrawn)\n")
            _ = try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: now)
        }
        func isCounted() throws -> Bool {
            try store.lines("counts").contains { $0.hasPrefix("2026-02,2,1,1") }
        }
        try enter("2026-04-16")
        // Nobody could expect a key for February then.
        try store.source("2", [logLine("2026-02-20", n: 2)])
        try store.run("2026-05-03")
        try store.run("2026-05-20")
        // The line that ends it asks for nothing.
        try enter("2026-05-21", end)
        #expect(try isCounted())
        try enter("2026-05-22")
        #expect(try isCounted() == !isCarriedOut)
    }
}
