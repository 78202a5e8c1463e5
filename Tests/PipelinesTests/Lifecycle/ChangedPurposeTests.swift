import TestSupport
import Testing

@testable import Pipelines

/// An opt-out that is in force binds an output from the day on which it is for something else.
@Suite("Opt-outs and a changed purpose or category")
struct ChangedPurposeTests {
    private static let head = "customer,purpose,categories,effective_date\n"

    private func pipeline(
        purpose: String = "security", note: String = "redact", effect: String = "drop_record"
    ) -> String {
        """
        name: changing
        source: { format: jsonl, files: "in/*.jsonl", time: ts }
        identity: { customer: customer }
        fields: { ts: keep, customer: pseudonymize, note: \(note) }
        outputs:
          - { name: tok, purpose: \(purpose), path: "out/{month}.jsonl", expires: P1Y }
          - { name: other, purpose: statistics, path: "other/{month}.jsonl", expires: P1Y }
        opt_outs: { file: list.csv, effect: \(effect), max_shrink: 100% }
        keys: keys
        state: state

        """
    }

    private func scene(_ pipeline: String, list: String) throws -> TemporaryPipeline {
        func line(_ day: Int, _ customer: String) -> String {
            #"{"ts":"2026-04-\#(day)T10:00:00Z","customer":"\#(customer)","note":"hello"}"# + "\n"
        }
        let scene = try TemporaryPipeline(
            pipeline,
            files: ["list.csv": Self.head + list, "in/a.jsonl": line(10, "c1") + line(11, "c2")])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    /// The lines of the stored files of `tok`.
    private func lines(_ scene: TemporaryPipeline) throws -> [Substring] {
        try scene.files(below: "out").flatMap {
            try scene.text("out/\($0)").split(separator: "\n").map { $0[...] }
        }
    }

    @Test("lines of the list are applied to what is stored once its purpose is reached")
    func listedPurpose() throws {
        let scene = try scene(pipeline(), list: "c1,*,,2026-04-01\n")
        #expect(try lines(scene).count == 2)
        let others = scene.files(below: "other")
        try scene.write("pipeline.yaml", pipeline(purpose: "service-improvement"))
        _ = try scene.run(now: "2026-04-16")
        #expect(try lines(scene).count == 1)
        #expect(scene.files(below: "other") == others)
        let files = scene.files(below: "out")
        _ = try scene.run(now: "2026-04-17")
        #expect(scene.files(below: "out") == files)
        #expect(try scene.verify(now: "2026-04-17").findings.isEmpty)
        // What comes now lies beside it, under the new purpose.
        try scene.write(
            "in/b.jsonl", #"{"ts":"2026-04-12T10:00:00Z","customer":"c3","note":""}"# + "\n")
        _ = try scene.run(now: "2026-04-18")
        #expect(try lines(scene).count == 2)
    }

    @Test("a category that a field has only now is taken out of what is stored")
    func listedCategory() throws {
        let scene = try scene(
            pipeline(purpose: "statistics", effect: "fields"),
            list: "c1,*,technical,2026-04-01\n")
        #expect(try lines(scene).count { $0.contains("note") } == 2)
        try scene.write(
            "pipeline.yaml",
            pipeline(
                purpose: "statistics", note: "{ then: redact, category: technical }",
                effect: "fields"))
        _ = try scene.run(now: "2026-04-16")
        #expect(try lines(scene).count == 2)
        #expect(try lines(scene).count { $0.contains("note") } == 1)
    }

    @Test("an entry of all categories reaches no more when a field gets one")
    func allCategories() throws {
        let scene = try scene(pipeline(purpose: "statistics", effect: "fields"), list: "")
        func add(_ customer: String, _ category: String) throws {
            var request = OptOutRequest(
                pipeline: "\(scene.folder)/pipeline.yaml",
                subject: OptOutSubject(customer: customer))
            request.categories = [category]
            request.now = "2026-04-15"
            _ = try Sluice.addOptOut(request)
        }
        try add("c8", "*")
        try add("c9", "technical")
        _ = try scene.run(now: "2026-04-16")
        try scene.write(
            "pipeline.yaml",
            pipeline(
                purpose: "statistics", note: "{ then: redact, category: technical }",
                effect: "fields"))
        let notes = try scene.run(now: "2026-04-16").notes.filter { $0.contains("entered again") }
        #expect(notes.count == 2 && notes.allSatisfy { $0.hasSuffix(": 2") })
    }

    @Test("entries that do not reach an output any more because of its new purpose are told, once")
    func released() throws {
        let scene = try scene(pipeline(purpose: "service-improvement"), list: "")
        for (customer, purposes) in [("c1", ["service-improvement"]), ("c2", ["*"])] {
            var request = OptOutRequest(
                pipeline: "\(scene.folder)/pipeline.yaml",
                subject: OptOutSubject(customer: customer))
            request.now = "2026-04-15"
            request.purposes = purposes
            _ = try Sluice.addOptOut(request)
        }
        #expect(try scene.run(now: "2026-04-16").alarms.isEmpty)
        try scene.write("pipeline.yaml", pipeline(purpose: "statistics"))
        let alarms = try scene.run(now: "2026-04-17").alarms
        let words = "output `tok` is for `statistics` now and was for `service-improvement`"
        #expect(alarms.count == 1 && alarms[0].hasPrefix(words) && alarms[0].hasSuffix(": 1"))
        #expect(try scene.run(now: "2026-04-18").alarms.isEmpty)
    }

    @Test("entries of the registry, which keeps no values, are named until they are entered again")
    func registry() throws {
        let scene = try scene(pipeline(), list: "")
        func add(_ customer: String) throws {
            var request = OptOutRequest(
                pipeline: "\(scene.folder)/pipeline.yaml",
                subject: OptOutSubject(customer: customer))
            request.now = "2026-04-15"
            request.effective = "2026-04-01"
            _ = try Sluice.addOptOut(request)
        }
        func notes() throws -> [String] {
            try scene.run(now: "2026-04-16").notes.filter { $0.contains("entered again") }
        }
        try add("c1")
        try add("c9")
        #expect(try notes().isEmpty)
        #expect(try lines(scene).count == 2)
        try scene.write("pipeline.yaml", pipeline(purpose: "service-improvement"))
        for _ in 0..<2 {
            let notes = try notes()
            #expect(notes.count == 1 && notes[0].contains("`tok`") && notes[0].hasSuffix(": 1, 2"))
            #expect(try scene.verify(now: "2026-04-16").findings.map(\.kind) == [.unfinished])
        }
        try add("c1")
        #expect(try lines(scene).count == 1)
        #expect(try notes().map { $0.hasSuffix(": 2") } == [true])
        try add("c9")
        #expect(try notes().isEmpty)
        #expect(try scene.verify(now: "2026-04-16").findings.isEmpty)
        #expect(try notes().isEmpty)
    }

    @Test("an entry that stays open for other files is not taken for carried out in the new place")
    func openEntry() throws {
        let scene = try scene(pipeline(), list: "")
        func write(_ purpose: String) throws {
            try scene.write(
                "pipeline.yaml",
                pipeline(purpose: purpose).replacing(
                    "customer: pseudonymize", with: "customer: { pseudonymize: { scope: other } }"))
        }
        try write("security")
        var request = OptOutRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", subject: OptOutSubject(customer: "c1"))
        request.now = "2026-04-15"
        request.effective = "2026-04-01"
        _ = try Sluice.addOptOut(request)
        try write("service-improvement")
        for _ in 0..<2 {
            let notes = try scene.run(now: "2026-04-16").notes
            #expect(notes.contains { $0.contains("stays open") }, "\(notes)")
            #expect(notes.contains { $0.contains("entered again") }, "\(notes)")
        }
    }
}
