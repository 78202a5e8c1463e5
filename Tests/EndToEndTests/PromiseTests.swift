import Foundation
import TestSupport
import Testing

/// What must never happen, looked for in every byte that a run leaves.
@Suite struct PromiseTests {
    /// Identifiers that occur nowhere else; each is planted in many places and spellings.
    private static let canaries = [
        "zeldzaam.kanarie@vogelhuis.example", "KANARIE-KLANT-4711", "198.51.100.237",
        "2001:db8:cafe:f00d::c4a7",
    ]

    /// The spellings in which a canary must not be found.
    private static func spellings(_ canary: String) -> [[UInt8]] {
        let raw = bytes(canary)
        let hex = raw.map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count < 2 ? "0" + digits : digits
        }
        let encoded = canary.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let base64 = Data(raw).base64EncodedString()
        return [
            raw, bytes(canary.lowercased()), bytes(canary.uppercased()), bytes(encoded),
            bytes(encoded.lowercased()), bytes(hex.joined()), bytes(hex.joined().uppercased()),
            bytes(String(base64.prefix(base64.utf8.count - 4))),
            bytes(canary.replacingOccurrences(of: "@", with: "%40")),
        ]
    }

    private func found(_ place: String, _ content: [UInt8]) -> [String] {
        Self.canaries.flatMap { canary in
            Self.spellings(canary).filter { holds(content, $0) }
                .map { "\(place) holds \(text($0))" }
        }
    }

    private func holds(_ content: [UInt8], _ wanted: [UInt8]) -> Bool {
        Data(content).range(of: Data(wanted)) != nil
    }

    /// Records with the canaries in every field, in addresses of pages, in nested values, and in
    /// lines that cannot be read.
    private var planted: [UInt8] {
        let (user, customer) = (Self.canaries[0], Self.canaries[1])
        let quoted = user.replacingOccurrences(of: "@", with: "%40")
        var lines: [String] = []
        for (index, address) in [
            Self.canaries[2], Self.canaries[3], "::ffff:198.51.100.237",
            "[\(Self.canaries[3])]:443",
            "198.51.100.237:8080", user,
        ].enumerated() {
            lines.append(
                #"{"ts":"2026-04-1\#(index % 5)T10:00:00Z","customer":"\#(customer)","#
                    + #""user":"\#(user)","ip":"\#(address)","user_agent":"\#(user)","#
                    + #""path":"/k/\#(customer)/\#(quoted)?u=\#(user)#\#(address)","#
                    + #""message":"mail \#(user) or \#(quoted) from \#(Self.canaries[2])","#
                    + #""nested":{"deep":[{"user":"\#(user)"},"\#(customer)"]},"\#(user)":1}"#
            )
        }
        lines += [
            #"{"ts":"2026-04-10T10:00:00Z","user":"\#(user)""#,
            #"{"ts":"\#(user)","user":"\#(user)"}"#,
            #"{"user":"\#(user)","customer":"\#(customer)"}"#,
            #"{"ts":"2026-04-10T10:00:00Z","user":"a","user":"\#(user)"}"#,
            #"{"ts":"2026-04-10T10:00:00Z","user":["\#(user)"],"ip":{"\#(user)":1}}"#,
            #"{"ts":"2031-04-10T10:00:00Z","user":"\#(user)","ip":"\#(Self.canaries[2])"}"#,
            #"{"ts":"2026-04-10T10:00:00Z","user":""# + String(repeating: user, count: 300)
                + "\"}",
            user, "",
        ]
        return bytes(lines.joined(separator: "\n") + "\n")
    }

    /// The search itself must be able to find what it looks for.
    @Test func theSearchFindsWhatIsThere() {
        for canary in Self.canaries {
            #expect(!found("x", bytes("abc \(canary) def")).isEmpty)
            #expect(!found("x", bytes(Data(bytes(canary)).base64EncodedString())).isEmpty)
        }
        #expect(found("x", bytes("nothing")).isEmpty)
    }

    @Test(arguments: [[], ["--json"], ["--verbose"]]) func noByteOfAnIdentifierLeaves(
        _ flags: [String]
    ) throws {
        let scene = try Scene()
        try scene.write("p.yaml", Pipeline.nothingReadable)
        try scene.write("in/a.jsonl", planted)
        let outcome = try sluice(
            ["run", "p.yaml", "--now", "2026-04-15"] + flags,
            in: scene
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        var leaks = found("stdout", outcome.output) + found("stderr", bytes(outcome.errors))
        for (name, content) in try scene.tree() where !name.hasPrefix("in/") {
            leaks += found(name, content) + found("a file name", bytes(name))
        }
        #expect(leaks.isEmpty, "\(leaks.joined(separator: "\n"))")
        #expect(try scene.tree("out").count > 2)
    }

    @Test func noByteOfAnIdentifierLeavesThroughAFailure() throws {
        let scene = try Scene()
        try scene.write(
            "p.yaml",
            Pipeline.nothingReadable.replacingOccurrences(of: "50%", with: "0")
        )
        try scene.write("in/a.jsonl", planted)
        let outcome = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
        #expect(outcome.status == 5, "\(outcome.errors)")
        var leaks = found("stdout", outcome.output) + found("stderr", bytes(outcome.errors))
        for (name, content) in try scene.tree() where !name.hasPrefix("in/") {
            leaks += found(name, content)
        }
        #expect(leaks.isEmpty, "\(leaks.joined(separator: "\n"))")
        #expect(try scene.tree("out").isEmpty)
    }

    @Test func noByteOfAnIdentifierLeavesTheFilter() throws {
        let scene = try Scene()
        let outcome = try sluice(
            [
                "filter", "--format", "jsonl", "--time", "ts", "--set", "ts=keep", "--ip",
                "/16,/32", "--user", "drop", "--set", "path=url", "--set", "message=redact",
                "--set", "user_agent=agent_family", "--quarantine-limit", "90%",
            ],
            in: scene,
            feed: .bytes(planted)
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let leaks = found("stdout", outcome.output) + found("stderr", bytes(outcome.errors))
        #expect(leaks.isEmpty, "\(leaks.joined(separator: "\n"))")
        #expect(outcome.output.count > 100)
    }

    // MARK: Conservation

    @Test func theCountsAddUpToTheLines() throws {
        let scene = try Scene()
        try scene.write("p.yaml", Pipeline.nothingReadable)
        var maker = EventMaker(seed: 101)
        let input = planted + maker.jsonLines(200)
        try scene.write("in/a.jsonl", input)
        let outcome = try sluice(
            ["run", "p.yaml", "--now", "2026-04-15", "--json"],
            in: scene
        )
        try #require(outcome.status == 0, "\(outcome.errors)")
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any]
        )
        let totals = try #require(report["totals"] as? [String: Any])
        let output = try #require((report["outputs"] as? [[String: Any]])?.first)
        func count(_ part: [String: Any], _ name: String) -> Int { part[name] as? Int ?? -1 }
        let lines = input.count { $0 == 0x0a }
        #expect(count(totals, "read") == lines)
        #expect(
            count(output, "written") + count(output, "dropped") + count(totals, "blank")
                + count(totals, "quarantined") == lines
        )
        #expect(count(totals, "quarantined") >= 6)
        let written = try scene.tree("out").filter { $0.key.hasSuffix(".jsonl") }
            .reduce(0) { $0 + $1.value.count { $0 == 0x0a } }
        #expect(written == count(output, "written"))
        #expect(report["conserved"] as? Bool == true)
    }

    // MARK: Opt-outs

    @Test func optOutsBindBeforeAnythingIsCounted() throws {
        let pipeline =
            Pipeline.nothingReadable
            .replacingOccurrences(of: "purpose: security", with: "purpose: statistics")
            .replacingOccurrences(of: "persons: 3", with: "persons: 1, customers: 1")
            + "opt_outs: { file: optout.csv, effect: drop_record }\n"
        let line = { (customer: String, user: String) in
            #"{"ts":"2026-04-10T10:00:00Z","customer":"\#(customer)","user":"\#(user)","#
                + #""path":"/a"}"# + "\n"
        }
        let kept = (0..<5).map { line("NL-1", "a\($0)@one.example") }.joined()
        let gone = (0..<7).map { line("NL-2", "b\($0)@two.example") }.joined()
        var tables: [[UInt8]?] = []
        var counts: [Int] = []
        for input in [kept, kept + gone] {
            let scene = try Scene()
            try scene.write("p.yaml", pipeline)
            try scene.write(
                "optout.csv",
                "customer,purposes,effective_date\nNL-2,*,2026-04-14\n"
            )
            try scene.write("in/a.jsonl", input)
            let outcome = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
            try #require(outcome.status == 0, "\(outcome.errors)")
            let tree = try scene.tree("out")
            tables.append(tree["months.csv"])
            counts.append(
                tree.filter { $0.key.hasSuffix(".jsonl") }
                    .reduce(0) { $0 + $1.value.count { $0 == 0x0a } }
            )
        }
        #expect(tables[0] == tables[1])
        #expect(text(tables[0] ?? []).contains("2026-04,5,5"))
        #expect(counts == [5, 5])
    }

    @Test func anOptOutListThatIsMissingFailsTheRun() throws {
        let scene = try Scene()
        try scene.write("p.yaml", Pipeline.nothingReadable + "opt_outs: none.csv\n")
        try scene.write("in/a.jsonl", planted)
        let outcome = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
        #expect(outcome.status == 9, "\(outcome.errors)")
        #expect(outcome.errors.contains("none.csv"))
        #expect(!scene.exists("out"))
    }
}
