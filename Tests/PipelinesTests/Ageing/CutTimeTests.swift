import Pipelines
import TestSupport
import Testing

/// Outputs in which the time of a record is cut, or goes, once it is due.
@Suite("Outputs without their time")
struct CutTimeTests {
    private static func line(_ user: String, _ time: String) -> String {
        #"{"t":"2026-03-01T\#(time)","u":"\#(user)","v":"\#(user)","a":1,"b":2}"# + "\n"
    }

    /// `time` is the rule of the time, if it has one.
    private func pipeline(
        _ time: String?, _ last: String = "keep", path: String = "{date}"
    ) -> String {
        """
        name: cut
        source: { format: jsonl, files: "in/*", time: t }
        identity: { user: u }
        zone: Europe/Amsterdam
        fields:
          u: pseudonymize
          v: { then: drop, after: P3M }
          a: keep
          b: \(last)
        \(time.map { "  t: \($0)" } ?? "")
        outputs:
          - { name: o, purpose: security, path: "out/\(path).jsonl",
              safeguards: { reason: abuse, readers: [soc], delete_after: P2Y } }
        state: state

        """
    }

    private static let rules: [String?] = [
        "keep", "drop", "{ truncate_time: hour }", "{ truncate_time: day }",
        "{ truncate_time: week }", "{ truncate_time: month }", "{ truncate_time: year }", nil,
    ]

    private func scene(_ time: String?) throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(
            pipeline(time),
            files: [
                "in/a": Self.line("anna", "10:30:00+01:00") + Self.line("bert", "12:30:00+01:00")
            ])
        try scene.run(now: "2026-03-03")
        try scene.run(now: "2026-04-02")
        return scene
    }

    private func lines(_ scene: TemporaryPipeline) throws -> [String] {
        let text = try scene.files(below: "out").map { try scene.text("out/\($0)") }.joined()
        return text.split(separator: "\n").map(String.init)
    }

    private func expectProven(_ scene: TemporaryPipeline, _ now: String) throws {
        #expect(try scene.verify(now: now).findings.isEmpty, "\(now)")
    }

    @Test("a second clock, and nothing before its day", arguments: rules)
    func secondClock(_ time: String?) throws {
        let scene = try scene(time)
        let aged = try lines(scene)
        #expect(aged.count == 2 && aged[0].contains(#""v":"anna""#))
        #expect(!aged[0].contains(#""u":"anna""#) && aged[0].contains(#""u":""#))
        try expectProven(scene, "2026-04-02")
        for day in ["2026-04-03", "2026-06-01"] {
            #expect(try scene.run(now: day).agedRecords == 0)
            #expect(try lines(scene) == aged)
            try expectProven(scene, day)
        }
        try scene.run(now: "2026-06-02")
        let name = #","v":"anna""#
        #expect(try lines(scene)[0] == aged[0].replacing(name, with: ""))
        try expectProven(scene, "2026-06-02")
    }

    @Test("an edit of a rule", arguments: rules)
    func ruleEdit(_ time: String?) throws {
        let scene = try scene(time)
        let aged = try lines(scene)
        try scene.write("pipeline.yaml", pipeline(time, "drop"))
        try scene.run(now: "2026-04-03")
        #expect(try lines(scene) == aged.map { $0.replacing(#","b":2"#, with: "") })
        try expectProven(scene, "2026-04-03")
    }

    @Test("somebody else is erased", arguments: rules)
    func erasure(_ time: String?) throws {
        let scene = try scene(time)
        let aged = try lines(scene)
        let request = scene.request(.user, "anna", now: "2026-04-03")
        _ = try unlessBusy { try Sluice.eraseSubject(SubjectEraseRequest(subject: request)) }
        #expect(try lines(scene) == [aged[1]])
        try scene.run(now: "2026-04-04")
        #expect(try lines(scene) == [aged[1]])
        try expectProven(scene, "2026-04-04")
    }

    @Test("somebody else is held", arguments: rules)
    func hold(_ time: String?) throws {
        let scene = try TemporaryPipeline(
            pipeline(time),
            files: [
                "in/a": Self.line("anna", "10:30:00+01:00") + Self.line("bert", "12:30:00+01:00")
            ])
        try scene.run(now: "2026-03-03")
        var request = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        request.now = "2026-03-04"
        request.users = ["anna"]
        _ = try unlessBusy { try Sluice.raiseHold(request) }
        try scene.run(now: "2026-04-02")
        let aged = try lines(scene)
        #expect(aged[0] == Self.line("anna", "10:30:00+01:00").dropLast())
        #expect(aged[1].contains(#""u":""#) && !aged[1].contains(#""u":"bert""#))
        for day in ["2026-04-03", "2026-04-20"] {
            try scene.run(now: day)
            #expect(try lines(scene) == aged)
            try expectProven(scene, day)
        }
    }

    /// A cut time does not tell what was due in the record when it was cut.
    @Test("clocks that count hours do everything once, and nothing never", arguments: [
        "keep", "drop", "{ truncate_time: hour }", "{ truncate_time: day }",
    ])
    func hours(_ time: String) throws {
        let pipeline = pipeline(time).replacing("zone: Europe/Amsterdam", with: "window: PT6H")
            .replacing("after: P3M", with: "after: PT12H")
        let scene = try TemporaryPipeline(
            pipeline,
            files: ["in/a": Self.line("anna", "10:00:00Z") + Self.line("bert", "15:30:00Z")])
        try scene.run(now: "2026-03-01T18:00:00Z")
        let first = try lines(scene)
        #expect(!first[0].contains(#""u":"anna""#) && first[0].contains(#""v":"anna""#))
        #expect(first[1].contains(#""u":"bert""#))
        try expectProven(scene, "2026-03-01T18:00:00Z")
        let token = try #require(first[0].firstMatch(of: /"u":"[0-9a-f]{32}"/)?.0)
        for now in ["2026-03-01T18:00:00Z", "2026-03-01T19:00:00Z", "2026-03-01T21:40:00Z"] {
            try scene.run(now: now)
            #expect(try lines(scene)[0].contains(token), "\(now)")
            try expectProven(scene, now)
        }
        #expect(try !lines(scene)[1].contains(#""u":"bert""#))
        try scene.run(now: "2026-03-02T04:00:00Z")
        let last = try lines(scene)
        #expect(last[0].contains(token) && last.allSatisfy { !$0.contains(#""v":"#) })
        try expectProven(scene, "2026-03-02T04:00:00Z")
        #expect(try scene.run(now: "2026-03-02T05:00:00Z").agedRecords == 0)
    }

    @Test("what was not due when its time was cut to the hour goes when it is")
    func cutBefore() throws {
        let pipeline = pipeline("{ truncate_time: hour }")
            .replacing("zone: Europe/Amsterdam", with: "window: PT6H")
            .replacing("after: P3M", with: "after: PT12H")
        let scene = try TemporaryPipeline(
            pipeline, files: ["in/a": Self.line("bert", "15:30:00Z")])
        try scene.run(now: "2026-03-02T03:10:00Z")
        #expect(try lines(scene)[0].contains(#""v":"bert""#))
        try scene.run(now: "2026-03-02T04:00:00Z")
        #expect(try !lines(scene)[0].contains("bert"))
    }

    /// Where neither the record nor its file tells the day, nobody could know what was done.
    @Test("a time that goes from files of many days", arguments: rules)
    func files(_ time: String?) throws {
        let scene = try TemporaryPipeline(
            pipeline(time, path: "{month}"), files: ["in/a": Self.line("anna", "10:30:00+01:00")])
        if time == "keep" {
            try scene.run(now: "2026-03-03")
        } else {
            #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-03-03") }
        }
    }
}
