import Pipelines
import Testing

/// Elements of arrays that are named by their number, when some of them go before others.
@Suite("Numbered elements")
struct NumberedElementTests {
    private func scene(_ fields: String, _ members: String) throws -> TemporaryPipeline {
        let pipeline = """
            name: numbered
            source: { format: jsonl, files: "in/*", time: t }
            fields: { t: keep, \(fields) }
            outputs:
              - { name: o, purpose: security, path: "out/{date}.jsonl",
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }
            state: state
            acknowledge: [readable-window]

            """
        let line = #"{"t":"2026-01-10T00:00:00Z",\#(members)}"# + "\n"
        return try TemporaryPipeline(pipeline, files: ["in/a": line])
    }

    /// What is left of the members of the record at `now`; nothing is found to be wrong.
    private func members(_ scene: TemporaryPipeline, _ now: String) throws -> String {
        try scene.run(now: now)
        #expect(try scene.verify(now: now).findings == [], "\(now)")
        let text = try scene.files(below: "out").map { try scene.text("out/\($0)") }.joined()
        return String(text.dropFirst(#"{"t":"2026-01-10T00:00:00Z","#.utf8.count).dropLast(2))
    }

    @Test("an address that is none goes, and the one behind it is cut when it is due")
    func addresses() throws {
        let scene = try scene(
            #""ip[0]": truncate_ip, "ip[1]": { then: truncate_ip, after: P2M }"#,
            #""ip":["unknown","203.0.113.9"],"x":1"#)
        for (now, expected) in [
            ("2026-01-20", #""ip":["unknown","203.0.113.9"],"x":1"#),
            ("2026-02-11", #""ip":[null,"203.0.113.9"]"#),
            ("2026-03-11", #""ip":[null,"203.0.0.0"]"#),
            ("2026-06-01", #""ip":[null,"203.0.0.0"]"#),
        ] { #expect(try members(scene, now) == expected, "\(now)") }
    }

    @Test("each element meets its own rule, whatever went in front of it")
    func rules() throws {
        let scene = try scene(
            #""g[0]": drop, "g[1]": { then: redact, after: P2M }, "#
                + #""g[2]": { then: drop, after: P2M }"#,
            #""g":["anna@one.example","bob@two.example","cora@three.example","d"]"#)
        for (now, expected) in [
            ("2026-02-11", #""g":[null,"bob@two.example","cora@three.example"]"#),
            ("2026-03-11", #""g":[null,"[email]",null]"#),
            ("2026-06-01", #""g":[null,"[email]",null]"#),
        ] { #expect(try members(scene, now) == expected, "\(now)") }
    }

    @Test("also in a record whose other bytes stay, and under a rule for every element")
    func inPlace() throws {
        let scene = try TemporaryPipeline(
            """
            name: numbered
            source: { format: jsonl, files: "in/*", time: t }
            fields: { t: drop, "a[*]": drop, "a[2]": keep, "b[0].c": drop, "b[1]": drop,
                      "d[*]": drop }
            outputs:
              - { name: o, purpose: statistics, path: out, others: keep-everything }

            """,
            files: [
                "in/a":
                    #"{"a":[1,{"x":2},3,4],"b":[{"c":1},5,6],"d":[7,8],"#
                    + #""t":"2026-01-10T00:00:00Z"}"# + "\n"
            ])
        try scene.run(now: "2026-01-20")
        #expect(try scene.text("out") == #"{"a":[null,null,3,null],"b":[{},null,6],"d":[]}"# + "\n")
    }
}
