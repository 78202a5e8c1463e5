import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Tables about one customer each, for that customer and nobody else.
struct CustomerTablesTests {
    private static let own = ", for_customers: { path: own, persons: 3 }"

    /// Twelve people of three customers log in; those of C0 search as well.
    private func scene(_ publish: String = own, more: String = "") throws -> PublishTrial {
        let scene = try PublishTrial(publish: publish, more: more)
        try scene.add("a", "2026-03-10", 0..<12)
        for person in [0, 3, 6, 9] {
            try scene.add("b\(person)", "2026-03-11", person..<person + 1, action: "search")
        }
        return scene
    }

    private func folders(_ scene: PublishTrial, of customer: String) throws -> [String] {
        try #require(try scene.publish("2026-04-08") { $0.customer = customer }.customerFolders)
    }

    /// The bytes of the tables in a folder.
    private func tables(_ scene: PublishTrial, _ folder: String) throws -> [String] {
        try ["months.csv", "actions.csv", "months.jsonl", "actions.jsonl"].map {
            try scene.trial.text("\(folder)/\($0)")
        }
    }

    @Test func eachCustomerGetsItsOwn() throws {
        let scene = try scene()
        try scene.trial.run(now: "2026-04-01")
        let report = try scene.publish("2026-04-08")
        #expect(report.entries.map(\.audience) == ["internal", "customer"])
        #expect(report.entries.map(\.customers) == [nil, 3])
        let found = try ["C0", "C1", "C2"].map { try folders(scene, of: $0) }
        #expect(found.map(\.count) == [1, 1, 1] && Set(found).count == 3)
        for folder in found.joined() {
            let name = try #require(folder.split(separator: "/").last)
            #expect(name.utf8.count == 32 && !Self.relative(folder).contains("C"))
            let about = try scene.trial.text("\(Self.relative(folder))/publication.json")
            #expect(about.contains(#""audience":"customer""#) && !about.contains("C0"))
        }
        #expect(
            try scene.trial.text("\(Self.relative(found[0][0]))/actions.csv")
                == "month,action,times,users\n2026-03,login,4,4\n2026-03,search,4,4\n")
        #expect(
            try scene.trial.text("\(Self.relative(found[1][0]))/actions.csv")
                == "month,action,times,users\n2026-03,login,4,4\n")
        #expect(try scene.findings("2026-04-08") == [])
        #expect(try folders(scene, of: "C9") == [])
    }

    /// `own/...` of a path as a person sees it.
    private static func relative(_ folder: String) -> String {
        let steps = folder.split(separator: "/")
        let start = steps.lastIndex(of: "own") ?? 0
        return steps[start...].joined(separator: "/")
    }

    @Test("as if no other customer were there", arguments: [91, 92] as [UInt64])
    func likeACustomerAlone(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let actions = ["login", "search", "export", "import", "merge"]
        var lines: [[String]] = [[], [], []]
        for index in 0..<150 {
            let person = Int.random(in: 0..<24, using: &random)
            let action = actions[min(Int.random(in: 0..<8, using: &random), 4)]
            lines[person % 3].append(
                #"{"ts":"2026-03-\#(10 + index % 20)T12:00:00Z","customer":"C\#(person % 3)","#
                    + #""user":"p\#(person)@a.example","action":"\#(action)"}"#)
        }
        let all = try PublishTrial(publish: Self.own)
        try all.trial.write("in/a.jsonl", lines.joined().joined(separator: "\n") + "\n")
        try all.trial.run(now: "2026-04-01")
        try all.publish("2026-04-08")
        for customer in 0..<3 {
            let alone = try PublishTrial()
            try alone.trial.write(
                "pipeline.yaml",
                PublishTrial.pipeline().replacingOccurrences(
                    of: "customers: 2", with: "customers: 1"))
            try alone.trial.write("in/a.jsonl", lines[customer].joined(separator: "\n") + "\n")
            try alone.trial.run(now: "2026-04-01")
            try alone.publish("2026-04-08")
            let folder = try #require(try folders(all, of: "C\(customer)").first)
            #expect(
                try tables(all, Self.relative(folder)) == tables(alone, "out/2026-03"),
                "seed \(seed)")
        }
    }

    @Test func eachAudienceHasItsThreshold() throws {
        let scene = try scene()
        let pipeline = PublishTrial.pipeline(publish: Self.own)
        try scene.trial.write(
            "pipeline.yaml",
            pipeline.replacingOccurrences(
                of: "{ persons: 3, customers: 2", with: "{ persons: 5, customers: 2"))
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        // Four people search, of one customer: that is for the customer alone.
        #expect(!(try scene.trial.text("out/2026-03/actions.csv")).contains("search,4"))
        let folder = Self.relative(try #require(try folders(scene, of: "C0").first))
        #expect(try scene.trial.text("\(folder)/actions.csv").contains("search,4,4\n"))
    }

    @Test func smallOptedOutAndUnknownCustomersGetNothing() throws {
        let scene = try scene(more: "opt_outs: { file: opt-outs.csv, missing: allowed }")
        try scene.trial.write(
            "opt-outs.csv", "customer,purposes,effective_date\nC1,statistics,2026-04-02\n")
        var text = ""
        for person in 0..<5 {
            text += #"{"ts":"2026-03-12T12:00:00Z","user":"q\#(person)@b.example","#
                + #""action":"login"}"# + "\n"
        }
        for person in 0..<2 {
            text += #"{"ts":"2026-03-12T12:00:00Z","customer":"small","#
                + #""user":"s\#(person)@b.example","action":"login"}"# + "\n"
        }
        try scene.trial.write("in/z.jsonl", text)
        try scene.trial.run(now: "2026-04-01")
        let report = try scene.publish("2026-04-08")
        #expect(report.entries.map(\.customers) == [nil, 2])
        #expect(report.notes.contains { $0.contains("1 customer with fewer than 3 persons") })
        for customer in ["C1", "small"] {
            #expect(try folders(scene, of: customer) == [], "\(customer)")
        }
    }

    @Test func lostFilesComeBackWithTheSameBytes() throws {
        let scene = try scene()
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        let names = scene.trial.files(below: "own")
        let before = try names.map { try scene.trial.text("own/\($0)") }
        try scene.trial.remove("own/\(names[0])")
        try scene.trial.write("own/\(names[1])", "{}\n")
        #expect(try scene.findings("2026-04-09").count == 2)
        let report = try scene.publish("2026-04-09")
        #expect(report.entries.map(\.outcome) == [.unchanged, .restored])
        #expect(try names.map { try scene.trial.text("own/\($0)") } == before)
        #expect(try scene.publish("2026-04-10").entries.map(\.outcome) == [.unchanged, .unchanged])
        #expect(try scene.findings("2026-04-10") == [])
    }

    @Test func correctionsReachWhomTheyConcern() throws {
        let scene = try scene()
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        // Three more people of C0, one of C2, nobody of C1.
        for person in [12, 15, 18, 14] {
            try scene.add("c\(person)", "2026-03-20", person..<person + 1)
        }
        try scene.trial.run(now: "2026-04-09")
        let report = try scene.publish("2026-04-10") { $0.correction = "a host was missing" }
        #expect(report.entries.map(\.customers) == [nil, 1])
        #expect(report.notes.contains { $0.contains("1 customer without a revision") })
        let found = try folders(scene, of: "C0").map(Self.relative)
        #expect(found.map { $0.contains(".r1/") } == [false, true])
        #expect(
            try scene.trial.text("\(found[1])/months.csv")
                == "month,times,users\n2026-03,11,7\n")
        #expect(try folders(scene, of: "C1").count == 1 && folders(scene, of: "C2").count == 1)
        #expect(try scene.findings("2026-04-10") == [])
    }

    @Test func faultsOfThePipeline() throws {
        let faults = [
            (PublishTrial.pipeline(publish: ", for_customers: { path: out }"), "folder of other"),
            (
                PublishTrial.pipeline(publish: Self.own).replacingOccurrences(
                    of: "customer: customer, ", with: ""), "expected `identity.customer`"
            ),
        ]
        for (pipeline, message) in faults {
            let trial = try TemporaryPipeline(pipeline)
            let found = try Sluice.check(pipeline: "\(trial.folder)/pipeline.yaml")
            #expect(found.contains { $0.message.contains(message) }, "\(message)")
        }
    }
}
