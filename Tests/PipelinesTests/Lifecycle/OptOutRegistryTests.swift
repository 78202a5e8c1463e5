import Anonymization
import FileSystem
import KeyedHashing
import Ledger
import Records
import Testing

@testable import Pipelines

@Suite("Registry of opt-outs")
struct OptOutRegistryTests {
    private static let anna = logLine("2026-04-10")
    private static let bob = logLine("2026-04-10", user: "bob", customer: "c2", ip: "198.51.100.9")

    private func filled(_ more: String = "") throws -> RegistryStore {
        let store = try RegistryStore()
        try store.pipeline(more)
        try store.write("list.csv", "customer,purpose,effective_date\nc9,*,2026-01-01\n")
        try store.source("1", [Self.anna, Self.bob])
        try store.run("2026-04-15")
        return store
    }

    @discardableResult
    private func add(
        _ store: borrowing RegistryStore, customer: String? = nil, user: String? = nil,
        now: String = "2026-04-16", _ change: (inout OptOutRequest) -> Void = { _ in }
    ) throws -> (entry: OptOutListing, isNew: Bool, effect: OptOutEffectReport) {
        var request = OptOutRequest(
            pipeline: store.file, subject: OptOutSubject(customer: customer, user: user))
        request.now = now
        change(&request)
        return try Sluice.addOptOut(request)
    }

    @Test("an opt-out leaves unpublished figures and stored outputs of its purposes at once")
    func atOnce() throws {
        let store = try filled()
        #expect(try store.lines("counts").contains { $0.hasSuffix(",2,2") })
        let outcome = try add(store, customer: "c1")
        #expect(outcome.isNew)
        #expect(outcome.effect.rows > 0)
        #expect(outcome.effect.parts == 1)
        #expect(try store.lines("counts").contains { $0.hasSuffix(",1,1") })
        // Categories named by the scope go from the output for service improvement, not from the
        // one for security.
        #expect(try store.lines("use").filter { $0.contains(#""ip""#) }.count == 1)
        #expect(try store.lines("log") == [Self.anna, Self.bob].sorted())
    }

    @Test("a user's objection reaches the user, within a customer if it says so")
    func users() throws {
        let store = try RegistryStore()
        try store.pipeline()
        try store.source("1", [Self.anna, logLine("2026-04-11", customer: "c2"), Self.bob])
        try store.run("2026-04-15")
        #expect(try store.lines("counts").contains { $0.hasSuffix(",3,2") })
        try add(store, customer: "c2", user: "anna")
        #expect(try store.lines("counts").contains { $0.hasSuffix(",2,2") })
        try add(store, user: "anna")
        #expect(try store.lines("counts").contains { $0.hasSuffix(",1,1") })
    }

    @Test("new records are barred from the date on, and allowed again after the withdrawal")
    func newRecords() throws {
        let store = try filled()
        let outcome = try add(store, customer: "c1") { $0.effective = "2026-05-01" }
        #expect(outcome.entry.state == .waiting)
        try store.source("2", [logLine("2026-04-20", n: 2)])
        try store.run("2026-04-21")
        let counted = try store.lines("counts")
        #expect(counted.contains { $0.hasPrefix("2026-04,2,1,1") }, "\(counted)")
        try store.source("3", [logLine("2026-05-02", n: 3)])
        let report = try store.run("2026-05-03")
        #expect(report.unmatchedRegistryOptOuts == [])
        #expect(try store.lines("counts").allSatisfy { !$0.contains("2026-05") })
        _ = try Sluice.withdrawOptOut(
            pipeline: store.file, id: outcome.entry.id, subject: OptOutSubject(),
            date: "2026-05-10", now: "2026-05-04")
        try store.source("4", [logLine("2026-05-11", n: 4)])
        try store.run("2026-05-12")
        #expect(try store.lines("counts").contains { $0.contains("2026-05") })
    }

    @Test(
        "what is used until the day of an opt-out leaves with the first run on it",
        arguments: ["c1", "anna", "anna in c1", "anna in c2", "marketing", "withdrawn", "event"])
    func ahead(_ what: String) throws {
        let store = try RegistryStore()
        try store.pipeline()
        try store.source("1", [Self.anna, Self.bob])
        try store.run("2026-04-15")
        let added = try add(
            store, customer: ["anna": nil, "anna in c2": "c2"][what, default: "c1"],
            user: what.hasPrefix("anna") ? "anna" : nil
        ) { request in
            request.effective = "2026-04-20"
            if what == "marketing" { request.purposes = ["marketing"] }
            if what == "event" { request.basis = "event" }
        }
        #expect(added.effect.notes.contains(AwaitedOptOuts.limit) == (what != "event"))
        try store.source("2", [logLine("2026-04-12", n: 2)])
        try store.run("2026-04-17")
        #expect(try store.lines("counts").contains { $0.hasPrefix("2026-04,2,1,1") })
        if what == "withdrawn" {
            _ = try Sluice.withdrawOptOut(
                pipeline: store.file, id: added.entry.id, subject: OptOutSubject(), date: nil,
                now: "2026-04-18")
        }
        try add(store, customer: "c7", now: "2026-04-20")
        let isTaken = ["c1", "anna", "anna in c1"].contains(what)
        for day in ["2026-04-21", "2026-04-22"] {
            let report = try store.run(day)
            let isDue = !["withdrawn", "event"].contains(what) && day == "2026-04-21"
            #expect(report.notes.contains { $0.contains("whose day has come") } == isDue)
            #expect(!report.notes.contains { $0.contains("enter it again") })
            let left = try store.lines("counts").filter { $0.hasPrefix("2026-04,2,") }
            #expect(left.count == (isTaken ? 0 : 1))
            let shown = try store.lines("use").filter { $0.contains(#""n":"2""#) }
            // The records of this output say whose customer's they are, and not which user's.
            #expect(shown.contains { $0.contains(#""ip""#) } == (what != "c1"), "\(shown)")
        }
    }

    @Test("what was counted under a key that is younger than the entry is asked for again")
    func aheadOfKeys() throws {
        for isImported in [false, true] {
            let store = try filled()
            try store.write("a.csv", "customer,purpose,effective_date\nc1,*,2026-05-20\n")
            func enter(_ now: String) throws {
                if isImported {
                    _ = try Sluice.importOptOuts(
                        pipeline: store.file, file: "\(store.path)/a.csv", now: now)
                } else {
                    try add(store, customer: "c1", now: now) { $0.effective = "2026-05-20" }
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
        let store = try filled()
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

    @Test(
        "a purpose that is not named goes on, and so does what reads no category that is",
        arguments: ["", "opt_outs: { file: list.csv, effect: drop_record }"])
    func scope(_ more: String) throws {
        let store = try filled(more)
        let outcome = try add(store, customer: "c1") { $0.purposes = ["marketing"] }
        #expect(outcome.effect == OptOutEffectReport())
        #expect(try store.lines("counts").contains { $0.hasSuffix(",2,2") })
        let isDropped = !more.isEmpty
        for (category, isRead) in [("limited-production", isDropped), ("aggregated", true)] {
            try add(store, customer: "c1") { $0.categories = [category] }
            let left = isRead ? ",1,1" : ",2,2"
            #expect(try store.lines("counts").contains { $0.hasSuffix(left) }, "\(category)")
        }
    }

    /// How many records the outputs of `scene` have.
    private func left(_ scene: TemporaryPipeline) throws -> Int {
        try scene.files(below: "out").filter { $0.hasSuffix(".jsonl") }
            .reduce(0) { try $0 + scene.text("out/\($1)").split(separator: "\n").count }
    }

    @Test("an objection within one customer leaves the user's records of others as they are")
    func within() throws {
        func line(_ user: String, _ customer: String) -> String {
            #"{"ts":"2026-04-10T10:00:00Z","user":"\#(user)","customer":"\#(customer)"}"# + "\n"
        }
        let scene = try TemporaryPipeline(
            """
            name: within
            source: { format: jsonl, files: "in/*", time: ts }
            identity: { user: user, customer: customer }
            fields: { ts: keep, user: pseudonymize, customer: pseudonymize }
            outputs: [{ name: all, purpose: statistics, path: "out/all.jsonl" }]
            opt_outs: { file: list.csv, effect: drop_record }
            state: state

            """,
            files: [
                "in/a.jsonl": line("anna", "c1") + line("anna", "c2") + line("bob", "c2"),
                "list.csv": "customer,person,purpose,effective_date\nc9,,*,2026-01-01\n",
            ])
        try scene.run(now: "2026-04-15")
        #expect(try left(scene) == 3)
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml",
            subject: OptOutSubject(customer: "c2", user: "anna"))
        request.now = "2026-04-16"
        _ = try Sluice.addOptOut(request)
        #expect(try left(scene) == 2)
        try scene.write(
            "list.csv",
            "customer,person,purpose,effective_date\nc9,,*,2026-01-01\nc2,bob,*,2026-01-01\n")
        try scene.run(now: "2026-04-17")
        #expect(try left(scene) == 1)
    }

    @Test("an opt-out of nobody rewrites nothing and says that nobody was found")
    func foundNobody() throws {
        let store = try filled()
        #expect(try add(store, customer: "c1").effect.foundNobody == false)
        let names = try store.names("out")
        let unknown = try add(store, customer: "c1x").effect
        #expect(unknown.foundNobody && unknown.parts == 0 && unknown.records == 0)
        #expect(try store.names("out") == names)
        // Of the two records only one is left to change.
        let last = try add(store, customer: "c2").effect
        #expect(last.parts == 1 && last.records == 1)
    }

    @Test("entries that matched nobody are reported by their number")
    func unmatched() throws {
        let store = try filled()
        let first = try add(store, customer: "c9").entry.id
        try store.source("2", [logLine("2026-04-16")])
        #expect(try store.run("2026-04-17").unmatchedRegistryOptOuts == [first])
    }

    @Test("a changed list of the pipeline takes out what was counted before")
    func changedList() throws {
        let store = try RegistryStore()
        try store.pipeline("opt_outs: list.csv")
        try store.write("list.csv", "customer,purpose,effective_date\nc9,*,2026-01-01\n")
        try store.source("1", [Self.anna, Self.bob])
        try store.run("2026-04-15")
        #expect(try store.lines("counts").contains { $0.hasSuffix(",2,2") })
        try store.write(
            "list.csv", "customer,purpose,effective_date\nc9,*,2026-01-01\nc1,*,2026-04-16\n")
        try store.run("2026-04-16")
        #expect(try store.lines("counts").contains { $0.hasSuffix(",1,1") })
        let names = try store.names("out")
        try store.run("2026-04-17")
        #expect(try store.names("out") == names)
    }

    @Test("a hold keeps stored records as they are; figures obey the opt-out all the same")
    func held() throws {
        let store = try filled()
        try store.hold("case", now: "2026-04-16") { $0.from = "2026-04-01" }
        let before = try store.lines("use")
        let effect = try add(store, customer: "c1").effect
        #expect(try store.lines("use") == before)
        #expect(effect.notes.contains { $0.contains("case") })
        #expect(try store.lines("counts").contains { $0.hasSuffix(",1,1") })
    }

    @Test(
        "what a hold kept of an opt-out goes with the first run after it, unless it was withdrawn",
        arguments: [false, true])
    func behindAHold(isWithdrawn: Bool) throws {
        let store = try filled()
        try store.hold("case", now: "2026-04-16") { $0.from = "2026-04-01" }
        try store.hold("other", now: "2026-04-16") { request in
            request.users = ["carol"]
            request.end = "2026-04-18"
        }
        let before = try store.lines("use")
        let id = try add(store, customer: "c1").entry.id
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
    }

    @Test("what a hold kept of an opt-out is due once one of the holds has ended, and not before")
    func dueBehindAHold() throws {
        let store = try filled()
        try store.hold("case", now: "2026-04-16") { request in
            request.from = "2026-04-01"
            request.end = "2026-04-18"
        }
        let id = try add(store, customer: "c1").entry.id
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
        #expect(try left(scene) == 1)
        try scene.run(now: "2026-04-18")
        #expect(try left(scene) == 0)
    }

    @Test("the same for a line of the pipeline's list")
    func listedBehindAHold() throws {
        let store = try filled("opt_outs: list.csv")
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

    @Test(
        "a line of the list is carried out on its day, whichever commands ran in between",
        arguments: ["add", "import", "rectify", "erase", "nothing"])
    func listedBehindCommands(_ command: String) throws {
        let store = try filled("opt_outs: list.csv")
        let list = "customer,purpose,effective_date\n"
        try store.write("list.csv", list + "c9,*,2026-01-01\nc1,*,2026-04-20\n")
        try store.run("2026-04-16")
        try store.source("2", [logLine("2026-04-12", n: 2)])
        try store.run("2026-04-17")
        #expect(try store.lines("counts").contains { $0.hasPrefix("2026-04,2,1,1") })
        switch command {
        case "add": try add(store, customer: "c7", now: "2026-04-20")
        case "import":
            try store.write("a.csv", list + "c7,*,2026-01-01\n")
            _ = try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-20")
        case "rectify", "erase":
            var request = SubjectRequest(pipeline: store.file, kind: .user, value: "zoe")
            request.now = "2026-04-20"
            request.role = .controller
            request.requestedBy = "desk"
            request.identityCheck = "T-1042"
            if command == "erase" {
                _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: request))
            } else {
                _ = try Sluice.rectifySubject(
                    SubjectRectifyRequest(subject: request, field: "n", text: "9"))
            }
        default: break
        }
        try store.run("2026-04-21")
        #expect(try store.lines("counts").allSatisfy { !$0.hasPrefix("2026-04,2,") })
        #expect(try store.lines("use").filter { $0.contains(#""ip""#) }.count == 1)
    }

    @Test("a list that is understood otherwise than before is carried out anew")
    func understoodOtherwise() throws {
        let store = try filled("opt_outs: { file: list.csv, basis: event }")
        try store.write(
            "list.csv",
            "customer,purpose,categories,effective_date\nc1,*,technical,2026-04-11\n")
        try store.run("2026-04-16")
        #expect(try store.lines("counts").contains { $0.hasSuffix(",2,2") })
        #expect(try store.lines("use").filter { $0.contains(#""ip""#) }.count == 2)
        try store.pipeline("opt_outs: { file: list.csv, basis: use }")
        try store.run("2026-04-16")
        #expect(try store.lines("counts").contains { $0.hasSuffix(",1,1") })
        let left = try store.lines("use")
        #expect(left.count == 2 && left.filter { $0.contains(#""ip""#) }.count == 1)
        try store.pipeline("opt_outs: { file: list.csv, basis: use, effect: drop_record }")
        try store.run("2026-04-17")
        #expect(try store.lines("use").count == 1)
    }

    @Test("a list that was away for a run is carried out anew when it is back")
    func listedAgain() throws {
        let store = try filled("opt_outs: list.csv")
        try store.write("list.csv", "customer,purpose,effective_date\nc1,*,2026-01-01\n")
        try store.run("2026-04-16")
        try store.pipeline()
        try store.source("2", [logLine("2026-04-12", n: 2)])
        try store.run("2026-04-17")
        #expect(try store.lines("counts").contains { $0.hasPrefix("2026-04,2,1,1") })
        try store.pipeline("opt_outs: list.csv")
        try store.run("2026-04-18")
        #expect(try store.lines("counts").allSatisfy { !$0.hasPrefix("2026-04,2,") })
    }

    @Test("adding again changes nothing; check and list show hashes only")
    func listing() throws {
        let store = try filled()
        let first = try add(store, customer: " c1 ")
        let again = try add(store, customer: "c1")
        #expect(first.entry == again.entry)
        #expect(!again.isNew)
        let list = try Sluice.listOptOuts(pipeline: store.file, now: "2026-04-16")
        #expect(list.count == 1)
        #expect(list[0].hash.utf8.count == 64)
        #expect(list[0].scopes == ["* / *"])
        func check(_ customer: String) throws -> OptOutCheckReport {
            try Sluice.checkOptOut(
                pipeline: store.file, subject: OptOutSubject(customer: customer),
                now: "2026-04-16")
        }
        #expect(try check("c1").isOptedOut)
        #expect(try !check("c2").isOptedOut)
    }

    @Test("an import enters, ends, and tells the difference")
    func imports() throws {
        let store = try filled()
        try add(store, customer: "c7") { $0.effective = "2026-01-01" }
        try store.write(
            "a.csv",
            """
            customer,person,purposes,categories,effective_date,withdrawn_date
             c1 ,,*,,2026-01-01,
            c2,bob,statistics;marketing,technical,2026-02-01,

            """)
        func imported(_ now: String) throws -> OptOutImportReport {
            try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: now)
        }
        let first = try imported("2026-04-16")
        #expect(first.added == [2, 3])
        #expect(first.notInFile == [1])
        #expect(first.effect.rows > 0)
        let again = try imported("2026-04-17")
        #expect(again.known == [2, 3] && again.effect == OptOutEffectReport())
        try store.write(
            "a.csv",
            """
            customer,purposes,effective_date,withdrawn_date
            c1,*,2026-01-01,2026-04-18

            """)
        let last = try imported("2026-04-17")
        #expect(last.withdrawn == [2])
        #expect(last.notInFile == [1, 3])
        let list = try Sluice.listOptOuts(pipeline: store.file, now: "2026-04-18")
        #expect(list.map(\.state) == [.inForce, .withdrawn, .inForce])
        #expect(list[2].scopes == ["marketing / technical", "statistics / technical"])
        try store.write("a.csv", "customer,purposes,effective_date\nc1,*,2026-01-01\n")
        #expect(try imported("2026-04-19").staysWithdrawn == [2])
    }

    @Test("of lines that differ in their end only, the one that ends last counts, in any order")
    func importedTwice() throws {
        let rows = ["", "2026-02-01", "2026-03-01"].map { "c1,*,2026-01-01,\($0)" }
        for (order, line) in [([0, 1], 2), ([1, 0], 3), ([1, 2, 0], 4), ([1, 0, 0, 2], 3)] {
            let store = try filled()
            func imported() throws -> OptOutImportReport {
                try Sluice.importOptOuts(
                    pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
            }
            let head = "customer,purposes,effective_date,withdrawn_date\n"
            try store.write("a.csv", head + order.map { rows[$0] + "\n" }.joined())
            let first = try imported()
            #expect(first.added == [line])
            #expect(first.known == (2..<order.count + 2).filter { $0 != line })
            // Nor do the others end what is in force.
            let again = try imported()
            #expect(again.withdrawn.isEmpty && again.added.isEmpty)
            let list = try Sluice.listOptOuts(pipeline: store.file, now: "2026-04-16")
            #expect(list.map(\.state) == [.inForce], "\(order)")
        }
        let store = try filled()
        try store.write(
            "a.csv",
            "customer,purposes,effective_date,withdrawn_date\n\(rows[2])\n\(rows[1])\n")
        let report = try Sluice.importOptOuts(
            pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-02-15")
        #expect(report.added == [2] && report.known == [3])
        let list = try Sluice.listOptOuts(pipeline: store.file, now: "2026-02-15")
        #expect(list.map(\.state) == [.inForce])
    }

    @Test("an entry of the registry that ended before its line does is told")
    func importedWithALaterEnd() throws {
        let store = try filled()
        func imported(_ withdrawn: String) throws -> OptOutImportReport {
            try store.write(
                "a.csv",
                "customer,purposes,effective_date,withdrawn_date\nc1,*,2026-01-01,\(withdrawn)\n")
            return try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
        }
        #expect(try imported("2026-02-01").added == [2])
        #expect(try imported("2026-02-01").known == [2])
        let later = try imported("2026-06-01")
        #expect(later.staysWithdrawn == [2] && later.known.isEmpty && later.added.isEmpty)
        // With another beside it that is in force, that one is meant.
        try add(store, customer: "c1") { $0.effective = "2026-01-01" }
        #expect(try imported("").known == [2])
        #expect(try imported("2026-06-01").withdrawn == [2])
    }

    @Test("opt-outs of data of any age and of events from a day on are two")
    func importedOnAnotherBasis() throws {
        let store = try filled("opt_outs: { file: list.csv, basis: event }")
        try store.write("a.csv", "customer,purposes,effective_date\nc1,*,2026-04-12\n")
        func imported() throws -> OptOutImportReport {
            try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
        }
        #expect(try imported().added == [2])
        #expect(try store.lines("use").filter { $0.contains(#""ip""#) }.count == 2)
        try store.pipeline("opt_outs: { file: list.csv, basis: use }")
        #expect(try imported().added == [2])
        #expect(try store.lines("use").filter { $0.contains(#""ip""#) }.count == 1)
        #expect(try imported().known == [2])
    }

    @Test("an opt-out that was withdrawn reaches what was stored where event times decide")
    func importedBehindItsEnd() throws {
        for (basis, withdrawn, isTaken) in [
            ("event", "2026-04-11", true), ("event", "2026-04-10", false),
            ("event", "2026-04-16", true), ("use", "2026-04-11", false),
            ("use", "2026-04-16", false), ("use", "2026-04-17", true),
        ] {
            let store = try filled("opt_outs: { file: list.csv, basis: \(basis) }")
            try store.write(
                "a.csv",
                "customer,purposes,effective_date,withdrawn_date\n"
                    + "c1,*,2026-04-01,\(withdrawn)\n")
            let report = try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
            #expect(report.added == [2])
            let left = try store.lines("use").filter { $0.contains(#""ip""#) }
            #expect(left.count == (isTaken ? 1 : 2), "\(basis), \(withdrawn)")
        }
    }

    @Test("a list with faults names their lines and enters nothing")
    func importedFaults() throws {
        let store = try filled()
        try store.write("a.csv", "customer,purpose,effective_date\nc1,*,2026-01-01\nc2,*,soon\n")
        do {
            _ = try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
            Issue.record("expected a fault")
        } catch {
            guard case .tables(let faults, let file) = error else { throw error }
            #expect(file == "\(store.path)/a.csv")
            #expect(faults.map(\.position) == [SettingPosition(line: 3, column: 1)])
        }
        #expect(try Sluice.listOptOuts(pipeline: store.file, now: nil) == [])
    }

    @Test("wrong requests are refused", arguments: ["nobody", "purpose", "category", "date"])
    func refused(_ what: String) throws {
        let store = try filled()
        #expect(throws: PipelineFailure.self) {
            try add(store, customer: what == "nobody" ? nil : "c1") { request in
                if what == "purpose" { request.purposes = ["statistic"] }
                if what == "category" { request.categories = ["tecnical"] }
                if what == "date" { request.effective = "tomorrow" }
            }
        }
        #expect(try Sluice.listOptOuts(pipeline: store.file, now: nil) == [])
    }
}
