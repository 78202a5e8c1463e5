import Testing

@testable import Pipelines

/// What people are told when they ask for somebody, and whom they end the opt-outs of.
@Suite("Checks and withdrawals of opt-outs")
struct OptOutAnswerTests {
    /// A registry with entries of a customer, a user, and this user in two customers.
    private func entered() throws -> RegistryStore {
        let store = try RegistryStore()
        try store.pipeline()
        try store.addOptOut(customer: "c1")
        try store.addOptOut(user: "anna")
        try store.addOptOut(customer: "c1", user: "anna")
        try store.addOptOut(customer: "c2", user: "anna")
        return store
    }

    private func refusal(_ work: () throws -> Void) throws -> String {
        do {
            try work()
            return ""
        } catch PipelineFailure.usage(let sentence) { return sentence }
    }

    @Test("a withdrawal ends what names exactly this subject, once")
    func withdrawn() throws {
        let store = try entered()
        func withdraw(_ subject: OptOutSubject) throws -> [Int64] {
            try Sluice.withdrawOptOut(
                pipeline: store.file, id: nil, subject: subject, date: nil, now: "2026-04-17"
            ).map(\.id)
        }
        let subjects = [
            OptOutSubject(customer: "c1"), OptOutSubject(user: "anna"),
            OptOutSubject(customer: "c1", user: "anna"),
            OptOutSubject(customer: "c2", user: " anna "),
        ]
        for (place, subject) in subjects.enumerated() {
            #expect(try withdraw(subject) == [Int64(place + 1)])
            let list = try Sluice.listOptOuts(pipeline: store.file, now: "2026-04-17")
            #expect(list.map { $0.state == .withdrawn } == (0..<4).map { $0 <= place })
            #expect(try refusal { _ = try withdraw(subject) }.contains("none was found"))
        }
    }

    @Test("a withdrawal names an entry by its number or by its subject")
    func named() throws {
        let store = try entered()
        func refused(_ id: Int64?, _ subject: OptOutSubject) throws -> String {
            try refusal {
                _ = try Sluice.withdrawOptOut(
                    pipeline: store.file, id: id, subject: subject, date: nil, now: "2026-04-17")
            }
        }
        #expect(try refused(1, OptOutSubject(customer: "c1")).contains("not both"))
        #expect(try refused(nil, OptOutSubject()).contains("or both of these"))
        #expect(try refused(5, OptOutSubject()).contains("none was found"))
        #expect(try refused(nil, OptOutSubject(customer: "c2")).contains("none was found"))
        let list = try Sluice.listOptOuts(pipeline: store.file, now: "2026-04-17")
        #expect(list.allSatisfy { $0.state == .inForce })
    }

    @Test("who asks for a registry that nothing was entered in makes none")
    func nothingEntered() throws {
        let store = try RegistryStore()
        try store.pipeline()
        let subject = OptOutSubject(customer: "c1")
        #expect(try Sluice.listOptOuts(pipeline: store.file, now: nil).isEmpty)
        #expect(
            try Sluice.checkOptOut(pipeline: store.file, subject: subject, now: nil)
                == OptOutCheckReport())
        let sentence = try refusal {
            _ = try Sluice.withdrawOptOut(
                pipeline: store.file, id: nil, subject: subject, date: nil, now: nil)
        }
        #expect(sentence.contains("the registry is empty"))
        #expect(try store.names("state").isEmpty)
    }

    @Test("a check finds the entries that reach records of the subject")
    func checked() throws {
        let store = try entered()
        func check(_ customer: String?, _ user: String?) throws -> OptOutCheckReport {
            try Sluice.checkOptOut(
                pipeline: store.file, subject: OptOutSubject(customer: customer, user: user),
                now: "2026-04-17")
        }
        for (customer, user, ids) in [
            ("c1", nil, [1]), (nil, "anna", [2, 3, 4]), ("c1", "anna", [1, 2, 3]),
            ("c2", "anna", [2, 4]), ("c3", "anna", [2]), ("c2", nil, []), (nil, "bob", []),
        ] as [(String?, String?, [Int64])] {
            let report = try check(customer, user)
            #expect(report.entries.map(\.id) == ids && report.isOptedOut == !ids.isEmpty)
        }
        #expect(try refusal { _ = try check(nil, nil) } == "expected --customer, --user, or both")
    }

    @Test("a check finds the lines of the list that reach them, with a state or without one")
    func checkedInList() throws {
        let store = try RegistryStore()
        try store.write(
            "list.csv",
            "customer,person,purpose,effective_date\nc1,,*,2026-01-01\n,anna,*,2026-01-01\n"
                + "c2,anna,*,2026-01-01\n")
        func check() throws {
            for (customer, user, lines) in [
                ("c1", nil, [2]), (nil, "anna", [3, 4]), ("c1", "anna", [2, 3]),
                ("c2", "anna", [3, 4]), ("c3", "anna", [3]), ("c2", nil, []), (nil, "bob", []),
            ] as [(String?, String?, [Int])] {
                let report = try Sluice.checkOptOut(
                    pipeline: store.file, subject: OptOutSubject(customer: customer, user: user),
                    now: "2026-04-17")
                #expect(report.lines == lines && report.isOptedOut == !lines.isEmpty)
            }
        }
        try store.pipeline("opt_outs: list.csv")
        try check()
        try store.write(
            "p.yaml",
            """
            name: registry
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { user: user, customer: customer }
            fields: { ts: keep, user: drop, customer: drop }
            outputs: [{ name: use, purpose: statistics, path: "out/use.jsonl" }]
            opt_outs: list.csv

            """)
        try check()
    }
}
