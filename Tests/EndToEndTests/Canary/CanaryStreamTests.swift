import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// Planted identifiers in streams of every kind of format, in what `init` proposes, and proofs that
/// the search finds what is there.
@Suite("a sweep for planted identifiers in streams")
struct CanaryStreamTests {
    private static let seed: UInt64 = 0xca7b
    private static let days = ["2026-01-02", "2026-02-03", "2026-03-04", "2026-04-14"]

    private static let rules = [
        "--ip", "/16,/32", "--user", "pseudonymize", "--keys", "keys", "--set", "path=url",
        "--now", "2026-04-15",
    ]

    @Test func jsonLines() throws {
        let house = try CanaryHouse(seed: Self.seed)
        let lines = house.field.goodLines(Self.days).map(bytes) + house.field.badLines()
        let content: [UInt8] = lines.flatMap { $0 + [0x0a] }
        let input = Feed.bytes(content)
        let words = ["filter", "--format", "jsonl", "--time", "ts"] + Self.rules
            + ["--set", "message=redact", "--set", "user_agent=agent_family", "--set", "ts=keep"]
        let loose = try house.run(
            words + ["--quarantine-limit", "90%", "--verbose"], feed: input)
        #expect(loose.status == 0 && loose.output.count > 400, "\(loose.errors)")
        #expect(try house.run(words + ["--json"], feed: input).status != 0)
        #expect(try house.run(words + ["--quarantine-limit", "1"], feed: input).status == 5)
        #expect(try house.run(words + ["--set", "ts=kep"], feed: input).status != 0)
        #expect(try house.run(words + ["--set", "nobody=keep"], feed: input).status != 70)
        try house.sweep("filter")
    }

    @Test func tables() throws {
        let house = try CanaryHouse(seed: Self.seed)
        let rows = house.field.table(Self.days)
        let words = ["filter", "--time", "ts"] + Self.rules
            + ["--set", "message=redact", "--set", "user_agent=agent_family", "--set", "ts=keep",
               "--set", "customer=drop", "--quarantine-limit", "90%"]
        let outcome = try house.run(words + ["--format", "csv"], feed: .bytes(bytes(rows)))
        #expect(outcome.status == 0 && outcome.output.count > 300, "\(outcome.errors)")
        // The first record in the place of the names of the columns.
        let headless = house.field.table(Self.days, header: false)
        for format in ["csv", "tsv", "auto", "jsonl", "combined", "zeek", "w3c", "logfmt"] {
            try house.run(words + ["--format", format], feed: .bytes(bytes(headless)))
            try house.run(words + ["--format", format], feed: .bytes(bytes(rows)))
        }
        try house.sweep("tables")
    }

    @Test func accessLogs() throws {
        let house = try CanaryHouse(seed: Self.seed)
        let log = house.field.accessLog(1...5)
        let words = ["filter"] + Self.rules
            + ["--set", "agent=agent_family", "--set", "time=keep", "--quarantine-limit", "90%"]
        let outcome = try house.run(words + ["--format", "combined"], feed: .bytes(bytes(log)))
        #expect(outcome.status == 0 && outcome.output.count > 300, "\(outcome.errors)")
        for format in ["auto", "common", "csv", "syslog_3164", "haproxy", "jsonl"] {
            try house.run(words + ["--format", format], feed: .bytes(bytes(log)))
        }
        let packed = try gzip(bytes(log))
        try house.run(words + ["--format", "combined"], feed: .bytes(Array(packed.dropLast(9))))
        try house.sweep("access logs")
    }

    @Test func proposals() throws {
        let house = try CanaryHouse(seed: Self.seed)
        let name = "in/\(house.field.sourceName())"
        // A key that comes in one of 36 records is taken for a value.
        let days = (1...36).map { "2026-0\(1 + $0 % 3)-\(10 + $0 / 2)" }
        try house.scene.write(name, house.field.goodLines(days).joined(separator: "\n") + "\n")
        try house.scene.write("in/a.log", house.field.accessLog(1...15, isBroken: false))
        try house.scene.write("in/a.csv", house.field.table(days, isBroken: false))
        let bad: [UInt8] = house.field.badLines().flatMap { $0 + [0x0a] }
        try house.scene.write("in/bad.jsonl", bad)
        try house.scene.write("in/bad.csv", house.field.table(days, header: false))
        for source in [name, "in/a.log", "in/a.csv"] {
            let outcome = try house.run(["init", source])
            #expect(outcome.status == 0, "\(source): \(outcome.errors)")
        }
        for source in ["in/bad.jsonl", "in/bad.csv", "in/none"] { try house.run(["init", source]) }
        for format in ["csv", "jsonl", "combined", "w3c"] {
            try house.run(["init", "in/a.log", "--format", format])
            try house.run(["init", "in/bad.csv", "--format", format])
        }
        try house.sweep("proposals")
    }

    // MARK: The search can find

    @Test func everyFormIsFound() throws {
        var field = CanaryField(seed: Self.seed)
        _ = field.goodLines(Self.days)
        let search = CanarySearch(field.marks)
        for mark in field.marks {
            let word = bytes(mark.word)
            let digits = word.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            let forms: [[UInt8]] = [
                word, bytes(mark.word.uppercased()), bytes(digits.map { "%\($0)" }.joined()),
                bytes(digits.map { "\\u00\($0.uppercased())" }.joined()), word.reversed(),
                bytes(digits.joined().uppercased()), word.flatMap { [$0, 0] },
                word.flatMap { [0, $0] }, bytes(Data(word).base64EncodedString()),
                bytes(Data(bytes("a") + word + bytes("zz")).base64EncodedString()),
                bytes(Data(bytes("ab") + word).base64EncodedString()),
            ]
            for form in forms {
                let found = search.marks(in: bytes("before ") + form + bytes(" behind"))
                #expect(found.map(\.mark.place) == [mark.place], "\(mark.place)")
            }
        }
    }

    /// A pipeline that shows everything is found out in each place that it writes to.
    @Test func aLeakIsFound() throws {
        let house = try CanaryHouse(seed: Self.seed)
        let lines = house.field.goodLines(Self.days)
        try house.scene.write("in/a.jsonl", lines.joined(separator: "\n") + "\n")
        try house.scene.write("p.yaml", Self.leaking)
        let outcome = try house.run(["run", "p.yaml", "--now", "2026-04-15"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let stray = house.field.word("a file without a name")
        let script = #"exec 3>x; rm x; printf '%s' '\#(stray)' >&3; echo '\#(stray)' >&2"#
        _ = try house.run([], through: ["/bin/sh", "-c", script])
        let leaks = try house.leaks()
        for place in ["out/all.jsonl.gz, inflated", "out/plain.jsonl, plain", "as it was written"] {
            #expect(leaks.contains { $0.contains(place) }, "\(place): \(leaks.prefix(9))")
        }
        #expect(leaks.contains { $0.contains("x (deleted), as it was written") })
        #expect(leaks.contains { $0.hasPrefix("a file without a name in messages of") })
    }

    private static let leaking = """
        name: leaking
        source: { format: jsonl, files: "in/*", time: ts }
        fields: { ts: keep }
        others: keep-everything
        outputs:
          - { name: all, purpose: security, path: "out/{name}.jsonl.gz" }
          - { name: plain, purpose: security, path: "out/{name}.jsonl" }

        """

    private static func coresStayHere() throws -> Bool {
        try String(contentsOfFile: "/proc/sys/kernel/core_pattern", encoding: .utf8)
            .hasPrefix("core")
    }

    /// A process without Sluice's first act leaves a core here, in which what it had is found.
    @Test(.enabled(if: try Want.coreFiles.isMet(coresStayHere()))) func aCoreWouldBeFound() throws {
        let house = try CanaryHouse(seed: Self.seed)
        let stray = house.field.word("memory of a process")
        let script = #"ulimit -c unlimited; w='\#(stray)'; kill -SEGV $$"#
        // Without the library that copies: the runtime that it brings along would catch the signal.
        _ = try sluice([], in: house.scene, through: ["/bin/sh", "-c", script])
        let leaks = try house.leaks()
        #expect(leaks.contains { $0.hasPrefix("memory of a process in core") }, "\(leaks)")
    }
}
