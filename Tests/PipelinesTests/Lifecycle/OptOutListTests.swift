import Testing

@testable import Pipelines

@Suite("The list of a pipeline reaches what is stored")
struct OptOutListTests {
    @Test("a changed list of the pipeline takes out what was counted before")
    func changedList() throws {
        let store = try RegistryStore()
        try store.pipeline("opt_outs: list.csv")
        try store.write("list.csv", "customer,purpose,effective_date\nc9,*,2026-01-01\n")
        try store.source("1", [RegistryStore.anna, RegistryStore.bob])
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

    @Test(
        "a line of the list is carried out on its day, whichever commands ran in between",
        arguments: ["add", "import", "rectify", "erase", "nothing"])
    func listedBehindCommands(_ command: String) throws {
        let store = try RegistryStore.filled("opt_outs: list.csv")
        let list = "customer,purpose,effective_date\n"
        try store.write("list.csv", list + "c9,*,2026-01-01\nc1,*,2026-04-20\n")
        try store.run("2026-04-16")
        try store.source("2", [logLine("2026-04-12", n: 2)])
        try store.run("2026-04-17")
        #expect(try store.lines("counts").contains { $0.hasPrefix("2026-04,2,1,1") })
        switch command {
        case "add": try store.addOptOut(customer: "c7", now: "2026-04-20")
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
        let store = try RegistryStore.filled("opt_outs: { file: list.csv, basis: event }")
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
        let store = try RegistryStore.filled("opt_outs: list.csv")
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
}
