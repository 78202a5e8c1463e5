import Testing

@testable import Pipelines

@Suite("Registry of opt-outs")
struct OptOutRegistryTests {
    @Test("an opt-out leaves unpublished figures and stored outputs of its purposes at once")
    func atOnce() throws {
        let store = try RegistryStore.filled()
        #expect(try store.lines("counts").contains { $0.hasSuffix(",2,2") })
        let outcome = try store.addOptOut(customer: "c1")
        #expect(outcome.isNew)
        #expect(outcome.effect.rows > 0)
        #expect(outcome.effect.parts == 1)
        #expect(try store.lines("counts").contains { $0.hasSuffix(",1,1") })
        // Categories named by the scope go from the output for service improvement, not from the
        // one for security.
        #expect(try store.lines("use").filter { $0.contains(#""ip""#) }.count == 1)
        #expect(try store.lines("log") == [RegistryStore.anna, RegistryStore.bob].sorted())
    }

    @Test("an opt-out from a purpose that is called otherwise now stops every run until it binds")
    func renamedPurpose() throws {
        let scene = try PublishTrial(trial: TemporaryPipeline(Self.research("product-research")))
        try scene.add("a", "2026-03-05", 0..<3)
        let file = "\(scene.trial.folder)/pipeline.yaml"
        func optOut(_ purpose: String) throws -> Int64 {
            var request = OptOutRequest(
                pipeline: file, subject: OptOutSubject(customer: "C1"))
            request.now = "2026-03-06"
            request.purposes = [purpose]
            return try Sluice.addOptOut(request).entry.id
        }
        #expect(try optOut("product-research") == 1)
        try scene.trial.run(now: "2026-03-10")
        let before = scene.trial.files(below: "out")
        try scene.add("b", "2026-03-06", 0..<3)
        try scene.trial.write("pipeline.yaml", Self.research("research"))
        let failure = #expect(throws: PipelineFailure.self) {
            try scene.trial.run(now: "2026-03-11")
        }
        #expect(failure?.exitStatus == 3)
        #expect("\(String(describing: failure))".contains("opt-outs from `product-research` (1)"))
        #expect(scene.trial.files(below: "out") == before)
        #expect(try scene.findings("2026-03-10").contains("unfinished opt-outs"))
        var status = StatusRequest(pipeline: file)
        status.now = "2026-03-10"
        let told = try Sluice.status(status)
        #expect(told.isLate && told.refusal?.contains("`product-research` (1)") == true)
        if case .faults(_, let named)? = failure {
            #expect(named.hasSuffix("/pipeline.yaml"))
        } else { Issue.record("not a fault of the pipeline file") }
        // An erasure that no run could carry out is not entered.
        var erase = SubjectEraseRequest(
            subject: SubjectRequest(pipeline: file, kind: .user, value: "p1@a.example"))
        erase.subject.now = "2026-03-10"
        erase.subject.role = .controller
        erase.subject.identityCheck = "ticket 7"
        erase.subject.requestedBy = "desk"
        let erasing = #expect(throws: PipelineFailure.self) { try Sluice.eraseSubject(erase) }
        #expect(erasing?.exitStatus == 3)
        #expect(try Sluice.status(status).erasuresOpen == 0)
        // With both names the entry binds for the old one, and another can be made for the new one.
        try scene.trial.write("pipeline.yaml", Self.research("research, product-research"))
        #expect(try optOut("research") == 2)
        try scene.trial.run(now: "2026-03-11")
        #expect(try scene.findings("2026-03-11") == [])
        let lines = try scene.trial.files(below: "out").map { try scene.trial.text("out/\($0)") }
            .joined().split(separator: "\n")
        #expect(lines.filter { $0 == "{}" }.count == 2 && lines.count == 6)
        // Once the old one is withdrawn, nothing needs the old name.
        try scene.trial.write("pipeline.yaml", Self.research("research"))
        _ = try Sluice.withdrawOptOut(
            pipeline: file, id: 1, subject: OptOutSubject(), date: nil, now: "2026-03-12")
        try scene.trial.run(now: "2026-03-12")
    }

    @Test("an entry that binds nothing any more keeps no purpose; one by event keeps it")
    func renamedPurposeOfOver() throws {
        let scene = try PublishTrial(trial: TemporaryPipeline(Self.research("product-research")))
        try scene.add("a", "2026-03-05", 0..<3)
        let file = "\(scene.trial.folder)/pipeline.yaml"
        func optOut(_ customer: String, _ basis: String, date: String) throws {
            var request = OptOutRequest(pipeline: file, subject: OptOutSubject(customer: customer))
            (request.now, request.effective, request.basis) = ("2026-03-06", date, basis)
            request.purposes = ["product-research"]
            let id = try Sluice.addOptOut(request).entry.id
            _ = try Sluice.withdrawOptOut(
                pipeline: file, id: id, subject: OptOutSubject(), date: "2026-03-07",
                now: "2026-03-07")
        }
        try scene.trial.run(now: "2026-03-06")
        try optOut("C0", "use", date: "2026-03-06")
        try optOut("C1", "use", date: "2026-06-01")
        try optOut("C2", "event", date: "2026-06-01")
        try scene.trial.write("pipeline.yaml", Self.research("research"))
        try scene.trial.run(now: "2026-03-08")
        try scene.trial.write("pipeline.yaml", Self.research("product-research"))
        try optOut("C2", "event", date: "2026-03-01")
        try scene.trial.write("pipeline.yaml", Self.research("research"))
        let failure = #expect(throws: PipelineFailure.self) {
            try scene.trial.run(now: "2026-03-09")
        }
        let sentence = String(describing: failure)
        #expect(sentence.contains("(4)") && sentence.contains("leave it there"), "\(sentence)")
        try scene.trial.write("pipeline.yaml", Self.research("research, product-research"))
        try scene.trial.run(now: "2026-03-09")
    }

    /// A pipeline whose output serves the first of `purposes`.
    private static func research(_ purposes: String) -> String {
        """
        name: p
        purposes: [\(purposes)]
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer, user: user }
        fields: { ts: keep, customer: pseudonymize, user: pseudonymize, action: keep }
        outputs:
          - { name: o, purpose: \(purposes.prefix { $0 != "," }), path: "out/{month}.jsonl" }
        keys: keys
        state: state

        """
    }

    @Test("a user's objection reaches the user, within a customer if it says so")
    func users() throws {
        let store = try RegistryStore()
        try store.pipeline()
        try store.source(
            "1",
            [RegistryStore.anna, logLine("2026-04-11", customer: "c2"), RegistryStore.bob])
        try store.run("2026-04-15")
        #expect(try store.lines("counts").contains { $0.hasSuffix(",3,2") })
        try store.addOptOut(customer: "c2", user: "anna")
        #expect(try store.lines("counts").contains { $0.hasSuffix(",2,2") })
        try store.addOptOut(user: "anna")
        #expect(try store.lines("counts").contains { $0.hasSuffix(",1,1") })
    }

    @Test("new records are barred from the date on, and allowed again after the withdrawal")
    func newRecords() throws {
        let store = try RegistryStore.filled()
        let outcome = try store.addOptOut(customer: "c1") { $0.effective = "2026-05-01" }
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
        "a purpose that is not named goes on, and so does what reads no category that is",
        arguments: ["", "opt_outs: { file: list.csv, effect: drop_record }"])
    func scope(_ more: String) throws {
        let store = try RegistryStore.filled(more)
        let outcome = try store.addOptOut(customer: "c1") { $0.purposes = ["marketing"] }
        #expect(outcome.effect == OptOutEffectReport())
        #expect(try store.lines("counts").contains { $0.hasSuffix(",2,2") })
        let isDropped = !more.isEmpty
        for (category, isRead) in [("limited-production", isDropped), ("aggregated", true)] {
            try store.addOptOut(customer: "c1") { $0.categories = [category] }
            let left = isRead ? ",1,1" : ",2,2"
            #expect(try store.lines("counts").contains { $0.hasSuffix(left) }, "\(category)")
        }
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
        #expect(try scene.recordsLeft() == 3)
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml",
            subject: OptOutSubject(customer: "c2", user: "anna"))
        request.now = "2026-04-16"
        _ = try Sluice.addOptOut(request)
        #expect(try scene.recordsLeft() == 2)
        try scene.write(
            "list.csv",
            "customer,person,purpose,effective_date\nc9,,*,2026-01-01\nc2,bob,*,2026-01-01\n")
        try scene.run(now: "2026-04-17")
        #expect(try scene.recordsLeft() == 1)
    }

    @Test("an opt-out of nobody rewrites nothing and says that nobody was found")
    func foundNobody() throws {
        let store = try RegistryStore.filled()
        #expect(try store.addOptOut(customer: "c1").effect.foundNobody == false)
        let names = try store.names("out")
        let unknown = try store.addOptOut(customer: "c1x").effect
        #expect(unknown.foundNobody && unknown.parts == 0 && unknown.records == 0)
        #expect(try store.names("out") == names)
        // Of the two records only one is left to change.
        let last = try store.addOptOut(customer: "c2").effect
        #expect(last.parts == 1 && last.records == 1)
    }

    @Test("entries that matched nobody are reported by their number")
    func unmatched() throws {
        let store = try RegistryStore.filled()
        let first = try store.addOptOut(customer: "c9").entry.id
        try store.source("2", [logLine("2026-04-16")])
        #expect(try store.run("2026-04-17").unmatchedRegistryOptOuts == [first])
    }

    @Test("adding again changes nothing; check and list show hashes only")
    func listing() throws {
        let store = try RegistryStore.filled()
        let first = try store.addOptOut(customer: " c1 ")
        let again = try store.addOptOut(customer: "c1")
        #expect(first.entry == again.entry)
        #expect(!again.isNew)
        let list = try Sluice.listOptOuts(pipeline: store.file, now: "2026-04-16")
        #expect(list.count == 1)
        #expect(list[0].hash.utf8.count == 64)
        #expect(list[0].scopes == ["* / *"])
        #expect(list[0].state == .inForce, "its day has begun")
        func check(_ customer: String) throws -> OptOutCheckReport {
            try Sluice.checkOptOut(
                pipeline: store.file, subject: OptOutSubject(customer: customer),
                now: "2026-04-16")
        }
        #expect(try check("c1").isOptedOut)
        #expect(try !check("c2").isOptedOut)
    }

    @Test("what asks for nothing of what is stored is entered without a run")
    func withoutARun() throws {
        let store = try RegistryStore()
        try store.pipeline()
        func lastRun() throws -> StatusReport.Run? {
            var request = StatusRequest(pipeline: store.file)
            request.now = "2026-04-16"
            return try Sluice.status(request).lastRun
        }
        try store.addOptOut(customer: "c3")
        #expect(try lastRun() == nil)
        try store.source("1", [RegistryStore.anna, RegistryStore.bob])
        try store.run("2026-04-15")
        #expect(try lastRun()?.command == "run")
        try store.write("a.csv", "customer,purpose,effective_date\nc1,*,2026-01-01\n")
        for _ in 0..<2 {
            _ = try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
            let last = try #require(try lastRun())
            #expect(last.command == "opt-out" && last.id == 2)
        }
    }

    @Test("an opt-out of somebody whom no field of the pipeline names is refused")
    func unnamed() throws {
        for (role, other) in [("customer", "user"), ("user", "customer")] {
            let scene = try TemporaryPipeline(
                """
                name: one
                source: { format: jsonl, files: "in/*", time: ts }
                identity: { \(other): \(other) }
                fields: { ts: keep, \(other): pseudonymize }
                outputs: [{ name: all, purpose: statistics, path: "out/all.jsonl" }]
                state: state

                """)
            let file = "\(scene.folder)/pipeline.yaml"
            func refusal(_ subject: OptOutSubject) throws -> String? {
                do {
                    _ = try Sluice.addOptOut(OptOutRequest(pipeline: file, subject: subject))
                    return nil
                } catch PipelineFailure.usage(let sentence) { return sentence }
            }
            let one = OptOutSubject(
                customer: role == "customer" ? "c1" : nil, user: role == "user" ? "anna" : nil)
            for subject in [one, OptOutSubject(customer: "c1", user: "anna")] {
                let sentence = try refusal(subject)
                #expect(sentence?.contains("no `identity.\(role)`") == true)
            }
            #expect(try Sluice.listOptOuts(pipeline: file, now: nil).isEmpty)
            let known = OptOutSubject(
                customer: role == "user" ? "c1" : nil, user: role == "customer" ? "anna" : nil)
            #expect(try refusal(known) == nil)
        }
    }

    @Test("wrong requests are refused", arguments: ["nobody", "purpose", "category", "date"])
    func refused(_ what: String) throws {
        let store = try RegistryStore.filled()
        #expect(throws: PipelineFailure.self) {
            try store.addOptOut(customer: what == "nobody" ? nil : "c1") { request in
                if what == "purpose" { request.purposes = ["statistic"] }
                if what == "category" { request.categories = ["tecnical"] }
                if what == "date" { request.effective = "tomorrow" }
            }
        }
        #expect(try Sluice.listOptOuts(pipeline: store.file, now: nil) == [])
    }
}
