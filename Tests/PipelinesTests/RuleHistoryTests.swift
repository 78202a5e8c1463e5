import Pipelines
import TestSupport
import Testing

/// The retention rules of the shipped pipelines, lived through run by run: what an earlier run
/// wrote readable is aged by a later one on its day, not before.
@Suite("The rules of privacy statements over days")
struct RuleHistoryTests {
    /// A shipped pipeline with sources and tables of its own, in the folder of a test.
    private func scene(
        _ name: String, _ files: [String: String]
    ) throws -> TemporaryPipeline {
        let text = try Shipped.text("pipelines/\(name).yaml")
            .replacing("../", with: "").replacing(".jsonl.gz", with: ".jsonl")
        let scene = try TemporaryPipeline(text)
        for (file, content) in files { try scene.write("samples/\(file)", content) }
        return scene
    }

    /// Runs, proves, and gives the rows of the output, without headers.
    private func rows(_ scene: TemporaryPipeline, _ now: String) throws -> [String] {
        _ = try scene.run(now: now)
        #expect(try scene.verify(now: now).findings.isEmpty, "\(now)")
        return try scene.files(below: "out").flatMap { file in
            try scene.text("out/\(file)").split(separator: "\n").map(String.init)
        }.filter { $0.contains("20") && !$0.contains("_at,") }
    }

    @Test("an information request: one year after it was handled, or earlier on request")
    func informationRequest() throws {
        let scene = try scene(
            "information-requests",
            [
                "requests.csv": """
                    request,created_at,topic,name,email,company,question
                    I-1,2025-04-01 09:00:00,price,Emma,emma@zwaan.example,Zwaan,How?
                    I-2,2025-04-01 10:00:00,price,Daan,d@noord.example,Noord,"A, b"
                    I-3,2025-04-02 10:00:00,demo,Iris,iris@haven.example,Haven,When?
                    I-4,2025-04-02 11:00:00,demo,Koen,koen@groen.example,Groen,When?

                    """,
                "handled.csv": """
                    request,handled_on
                    I-1,2025-04-14
                    I-2,2025-04-15
                    I-3,2026-03-01
                    I-4,

                    """,
            ])
        let all = try rows(scene, "2026-04-14")
        #expect(all.count == 4 && all.allSatisfy { $0.contains("@") })
        let next = try rows(scene, "2026-04-15")
        #expect(next[0] == "I-1,2025-04-01 09:00:00,price,,,,")
        #expect(next[1...] == all[1...])
        let later = try rows(scene, "2026-04-16")
        #expect(later[1] == "I-2,2025-04-01 10:00:00,price,,,,")
        #expect(later[2...] == all[2...])
        _ = try Sluice.eraseSubject(
            SubjectEraseRequest(
                subject: scene.request(.user, "iris@haven.example", now: "2026-04-17")))
        let erased = try rows(scene, "2026-04-17")
        #expect(erased == later.filter { !$0.contains("iris") })
        // When a request was handled is known after it was taken.
        try scene.write(
            "samples/handled.csv",
            """
            request,handled_on
            I-1,2025-04-14
            I-2,2025-04-15
            I-3,2026-03-01
            I-4,2025-04-16

            """)
        let answered = try rows(scene, "2026-04-18")
        #expect(answered == later[..<2] + ["I-4,2025-04-02 11:00:00,demo,,,,"])
    }

    @Test("a contact: anonymised when it leaves, deleted 24 months after its last activity")
    func contact() throws {
        let scene = try scene(
            "contacts",
            [
                "contacts.csv": """
                    registered_at,email,name,company
                    2023-01-02 09:00:00,emma@zwaan.example,Emma,Zwaan
                    2023-01-03 09:00:00,daan@noord.example,Daan,Noord

                    """,
                "activity.csv": """
                    email,last_activity_on,left_on
                    emma@zwaan.example,2024-04-15,
                    daan@noord.example,2026-01-01,

                    """,
            ])
        let all = try rows(scene, "2026-04-14")
        #expect(all.count == 2 && all.allSatisfy { $0.contains("@") })
        #expect(try rows(scene, "2026-04-15") == all)
        // Emma's 24 months are over; Daan leaves on that day.
        try scene.write(
            "samples/activity.csv",
            """
            email,last_activity_on,left_on
            emma@zwaan.example,2024-04-15,
            daan@noord.example,2026-01-01,2026-04-16

            """)
        #expect(try rows(scene, "2026-04-16") == ["2023-01-03 09:00:00,,,"])
        #expect(try rows(scene, "2026-04-17") == ["2023-01-03 09:00:00,,,"])
    }

    @Test("a job application: deleted six months after the vacancy was closed")
    func application() throws {
        let scene = try scene(
            "job-applications",
            [
                "applications.csv": """
                    received_at,vacancy,name,email,letter
                    2025-09-01 10:00:00,V-1,Emma,emma@post.example,Hello.
                    2025-09-02 10:00:00,V-2,Daan,daan@post.example,"Hello, there."

                    """,
                "vacancies.csv": "vacancy,closed_on\nV-1,2025-10-15\nV-2,\n",
            ])
        let all = try rows(scene, "2026-04-15")
        #expect(all.count == 2)
        #expect(try rows(scene, "2026-04-16") == [all[1]])
        try scene.write(
            "samples/vacancies.csv", "vacancy,closed_on\nV-1,2025-10-15\nV-2,2026-04-20\n")
        #expect(try rows(scene, "2026-10-20") == [all[1]])
        #expect(try rows(scene, "2026-10-21") == [])
    }

    @Test("an account, a trial and a contract: a name, an address and a customer on their days")
    func account() throws {
        func line(_ day: String, _ customer: String, _ user: String) -> String {
            #"{"ts":"2026-\#(day)T10:00:00+02:00","customer":"\#(customer)","user":"\#(user)","#
                + #""ip":"192.0.2.17","action":"login"}"# + "\n"
        }
        let customers = "customer,trial_ends_on,converted_on,contract_ended_on,log_retention\n"
        let scene = try scene(
            "accounts",
            [
                "actions/a.jsonl": line("04-01", "NL-1", "emma") + line("04-02", "NL-2", "daan")
                    + line("04-03", "NL-3", "iris"),
                "accounts.csv": "user,deactivated_on\nemma,\ndaan,\niris,\n",
                "customers.csv": customers
                    + "NL-1,,,,\nNL-2,2026-04-20,,,\nNL-3,,,2026-03-22,\n",
            ])
        let all = try rows(scene, "2026-04-19")
        #expect(all.count == 3 && all.allSatisfy { $0.contains("192.0.2.17") })
        // The trial ends; the contract ended 29 days ago.
        let trial = try rows(scene, "2026-04-20")
        #expect(trial == [all[0], all[2]])
        // 30 days are over once the day of the 21st is.
        #expect(try rows(scene, "2026-04-22") == [all[0]])
        // The account is closed: the name goes, the address stays for its month.
        try scene.write(
            "samples/accounts.csv", "user,deactivated_on\nemma,2026-04-25\ndaan,\niris,\n")
        let closed = try rows(scene, "2026-04-25")
        #expect(closed.count == 1)
        #expect(!closed[0].contains("emma") && closed[0].contains("192.0.2.17"))
        let month = try rows(scene, "2026-05-02")
        #expect(month[0].contains("192.0.0.0") && month[0].contains("NL-1"))
        #expect(month[0].replacing("192.0.0.0", with: "192.0.2.17") == closed[0])
    }
}
