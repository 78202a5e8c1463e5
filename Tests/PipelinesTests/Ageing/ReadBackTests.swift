import Anonymization
import Foundation
import Pipelines
import Records
import TestSupport
import Testing

/// What a run writes can be read again by every later one.
@Suite("Outputs are read again")
struct ReadBackTests {
    /// A format of a source, and how it writes records of a time, a user and a text.
    struct Source: Sendable, CustomTestStringConvertible {
        let format: String
        let time: String
        let names: [String]
        let record: @Sendable (String, [UInt8]) -> [UInt8]

        var testDescription: String { format }
    }

    private static let sources = [
        Source(format: "jsonl", time: "t", names: ["t", "u", "m"]) {
            bytes(#"{"t":"2026-03-01T10:00:00Z","u":"\#($0)","m":"#) + $1 + bytes("}\n")
        },
        Source(format: "logfmt", time: "t", names: ["t", "u", "m"]) {
            bytes("t=2026-03-01T10:00:00Z u=\($0) m=") + $1 + bytes("\n")
        },
        Source(format: "combined", time: "time", names: ["time", "user", "agent"]) {
            bytes("203.0.113.9 - \($0) [01/Mar/2026:10:00:00 +0000] ")
                + bytes("\"GET / HTTP/1.1\" 200 1 \"-\" ") + $1 + bytes("\n")
        },
    ]

    private static let odd: [[UInt8]] = [
        bytes(#""a\u0000b""#), bytes(#""a\x00b""#), bytes(#""a\xffb""#),
        bytes("\"a") + [0xFF] + bytes("b\""), bytes(#"{"a":1,"b":"x, y"}"#), bytes(#"["a","b"]"#),
        bytes("\"\(String(repeating: "é", count: 40)) \\n \\\" ;\t,\""), bytes(#""a""#),
    ]

    private static let targets = [
        "jsonl", "json_array", "csv", "tsv", "{ tsv: { quotes: none } }", "logfmt", "zeek",
    ]

    private func scene(
        _ source: Source, _ target: String, _ input: [UInt8]
    ) throws -> TemporaryPipeline {
        let fields = source.names
        let scene = try TemporaryPipeline(
            """
            name: back
            source: { format: \(source.format), files: "in/*"\
            \(source.format == "combined" ? "" : ", time: t") }
            identity: { user: \(fields[1]) }
            fields: { \(fields[0]): keep, \(fields[1]): { then: drop, after: P2M }, \
            \(fields[2]): { then: redact, after: P3M } }
            quarantine: { limit: 100% }
            outputs:
              - { name: o, purpose: security, path: "out/{date}.txt", format: \(target),
                  columns: [\(fields.joined(separator: ", "))],
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }
            state: state

            """)
        try scene.write("in/a", "")
        try Data(input).write(to: URL(fileURLWithPath: "\(scene.folder)/in/a"))
        return scene
    }

    private func written(_ scene: TemporaryPipeline) throws -> String {
        try scene.files(below: "out").map { try scene.text("out/\($0)") }.joined()
    }

    /// Nothing that somebody writes into a log keeps what is due, in his record or in another.
    @Test("whatever a record holds", arguments: sources, targets)
    func formats(_ source: Source, _ target: String) throws {
        let odd = Self.odd.flatMap { source.record("bert", $0) }
        let scene = try scene(source, target, source.record("anna", bytes("\"plain\"")) + odd)
        let counts = try scene.run(now: "2026-03-05").sources[0].counts
        #expect(counts.isConserved)
        #expect(counts.outputs[0].written + counts.quarantinedTotal == Self.odd.count + 1)
        let codes = Set(counts.quarantined.map(\.key.code))
        // Other formats are UTF-8.
        let takesAll = source.format == "combined"
        #expect(codes.isDisjoint(with: ["contains-nul", takesAll ? "invalid-utf8" : ""]))
        #expect(try written(scene).contains("anna"))
        #expect(try scene.verify(now: "2026-03-05").findings.isEmpty)
        for day in ["2026-05-02", "2026-06-02"] {
            try scene.run(now: day)
            #expect(try scene.verify(now: day).findings.isEmpty, "\(day)")
        }
        #expect(try !written(scene).contains("anna") && !written(scene).contains("bert"))
    }

    /// Nobody hides himself, or stops a run, by bytes that an output cannot hold.
    @Test("what a format cannot hold is written as escapes")
    func escapes() throws {
        let (json, access) = (Self.sources[0], Self.sources[2])
        for (source, target, odd, text) in [
            (json, "csv", Self.odd[0], #"a\x00b"#), (json, "jsonl", Self.odd[0], #"a\u0000b"#),
            (access, "jsonl", Self.odd[3], #""a\\xffb""#), (access, "csv", Self.odd[3], #"a\xffb"#),
            (access, "csv", Self.odd[1], #"a\x00b"#),
            (access, "json_array", Self.odd[2], #"\\xff"#),
            (access, "csv", bytes(#""a\\xffb""#), #"a\x5cxffb"#),
            (json, "csv", bytes(#"{"a":"\\x00"}"#), #"{""a"":""\\x5cx00""}"#),
        ] as [(Source, String, [UInt8], String)] {
            let scene = try scene(source, target, source.record("anna", odd))
            let counts = try scene.run(now: "2026-03-05").sources[0].counts
            #expect(counts.quarantined.isEmpty && counts.outputs[0].written == 1)
            #expect(try written(scene).contains(text), "\(text)")
        }
    }

    /// What somebody is called whose name is no text, is what outputs say; where a token stands, it
    /// is one of the bytes, whenever it was made.
    @Test("a name that is no text is found and erased", arguments: targets, [false, true])
    func names(_ target: String, _ isAged: Bool) throws {
        let scene = try scene(Self.sources[2], target, [])
        try scene.write(
            "pipeline.yaml",
            try scene.text("pipeline.yaml")
                .replacing("{ then: drop, after: P2M }", with: "{ then: pseudonymize, after: P1M }")
                .replacing("state: state", with: "keys: { path: keys, grace: P1Y }\nstate: state"))
        var log: [UInt8] = []
        for user in ["bert", "anna"] { log += Self.sources[2].record(user, bytes("\"a\"")) }
        let place = try #require(log.firstIndex(of: UInt8(ascii: "r")))
        log[place] = 0xFF
        try Data(log).write(to: URL(fileURLWithPath: "\(scene.folder)/in/a"))
        let counts = try scene.run(now: "2026-03-05").sources[0].counts
        #expect(counts.quarantinedTotal == 0 && counts.outputs[0].written == 2)
        if isAged { try scene.run(now: "2026-04-20") }
        let day = isAged ? "2026-04-21" : "2026-03-06"
        #expect(try scene.verify(now: day).findings.isEmpty)
        let request = scene.request(.user, #"be\xfft"#, now: day)
        let report = try Sluice.eraseSubject(SubjectEraseRequest(subject: request))
        #expect(report.records == 1)
        #expect(try scene.verify(now: day).findings.isEmpty)
    }

    /// The same in lines of syslog, whose header has no room for spaces.
    @Test("a name is found in the header of syslog", arguments: ["syslog_5424", "syslog_3164"])
    func headers(_ target: String) throws {
        for name in ["a b", "a_b", #"be\xfft"#, "a:b [c]"] {
            let scene = try TemporaryPipeline(
                """
                name: back
                source: { format: logfmt, files: "in/*", time: time }
                identity: { user: app }
                fields: { time: keep, app: { then: drop, after: P2M }, message: keep }
                outputs:
                  - { name: o, purpose: security, path: "out/{date}.txt", format: \(target),
                      columns: [time, app, message],
                      safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }
                state: state

                """,
                files: ["in/a": "time=2026-03-01T10:00:00Z app=\"\(name)\" message=\"x y\"\n"])
            try scene.run(now: "2026-03-05")
            let request = scene.request(.user, name, now: "2026-03-06")
            let report = try Sluice.eraseSubject(SubjectEraseRequest(subject: request))
            #expect(report.records == 1, "\(name)")
            #expect(try scene.verify(now: "2026-03-06").findings.isEmpty)
        }
    }

    /// What is due without a rule becomes `-`, and what has one may become anything.
    @Test("numbers of an access log that are none", arguments: [
        "", "status: { replace: X },", "bytes: { replace: X },",
    ])
    func numbers(_ rule: String) throws {
        let record = Self.sources[2].record("anna", bytes("\"a\""))
        let scene = try TemporaryPipeline(
            """
            name: back
            source: { format: combined, files: "in/*" }
            fields: { time: keep, \(rule) ip: truncate_ip }
            outputs:
              - { name: o, purpose: security, path: "out/{date}.log",
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1M } }
            state: state

            """,
            files: ["in/a": String(decoding: record, as: UTF8.self)])
        try scene.run(now: "2026-03-05")
        try scene.run(now: "2026-04-05")
        #expect(try !written(scene).contains("anna"))
        #expect(try scene.verify(now: "2026-04-05").findings.isEmpty)
    }

    /// Tokens make a record longer than its source may have it.
    @Test("a record that just fits its source")
    func length() throws {
        let head = #"{"t":"2026-03-01T10:00:00Z","u":"a","x":1,"m":""#
        let line = head + String(repeating: "m", count: 300 - head.utf8.count - 2) + "\"}\n"
        let scene = try TemporaryPipeline(
            """
            name: long
            source: { format: jsonl, files: "in/*", time: t, limits: { record: 300B } }
            fields: { t: keep, u: pseudonymize, x: { then: drop, after: P3M }, m: keep }
            outputs:
              - { name: o, purpose: security, path: "out/{date}.jsonl",
                  safeguards: { reason: abuse, readers: [soc], delete_after: P1Y } }
            state: state

            """, files: ["in/a": line])
        for day in ["2026-03-05", "2026-04-02", "2026-06-02"] {
            try scene.run(now: day)
            #expect(try scene.verify(now: day).findings.isEmpty)
        }
        #expect(try written(scene).utf8.count > 320 && !written(scene).contains("\"x\""))
    }

    /// The same in a store, for what a run has dealt with; what nobody knows keeps its limit.
    @Test("a record of a store that just fits", arguments: ["jsonl", "csv", "logfmt"])
    func storeLength(_ format: String) throws {
        let filler = String(repeating: "m", count: 260)
        func record(_ user: String, _ more: String = "") -> String {
            let text = filler + more
            return switch format {
            case "csv": "2026-03-01T10:00:00Z,\(user),\(text)\n"
            case "logfmt": "t=2026-03-01T10:00:00Z u=\(user) m=\(text)\n"
            default: #"{"t":"2026-03-01T10:00:00Z","u":"\#(user)","m":"\#(text)"}"# + "\n"
            }
        }
        let limit = record("a").utf8.count + 8
        let header = format == "csv" ? "t,u,m\n" : ""
        let scene = try TemporaryPipeline(
            """
            name: long
            source: { format: \(format), time: t, limits: { record: \(limit)B } }
            store: { files: "logs/*", settle: PT0S }
            fields: { t: keep, u: pseudonymize, m: keep }
            state: state

            """, files: ["logs/a": header + record("a")])
        try scene.run(now: "2026-04-02")
        let aged = try scene.text("logs/a")
        #expect(aged.utf8.count > limit + header.utf8.count)
        try scene.write("logs/a", aged + record("b"))
        try scene.run(now: "2026-04-03")
        #expect(try scene.text("logs/a").hasPrefix(aged))
        #expect(try !scene.text("logs/a").contains("\"b\""))
        if format != "csv" { #expect(try scene.verify(now: "2026-04-03").findings.isEmpty) }
        try scene.write("logs/b", header + record("c", "1234567890"))
        #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-04-04") }
    }
}
