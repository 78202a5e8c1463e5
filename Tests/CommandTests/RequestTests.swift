import ArgumentParser
import Pipelines
import TestSupport
import Testing

@testable import SluiceCommand

@Suite struct FilterRequestTests {
    /// The rules as text: `field=transform:name=value,...`.
    private static func rules(_ request: FilterRequest) -> [String] {
        request.rules.map { rule in
            let options = rule.options.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
            return "\(rule.field)=\(rule.transform)\(options.isEmpty ? "" : ":\(options)")"
        }
    }

    private static func request(_ flags: [String]) throws -> FilterRequest {
        try FilterCommand.parse(["--format", "jsonl"] + flags).request()
    }

    @Test func takesTheExampleOfTheIssue() throws {
        let command = try FilterCommand.parse([
            "--format", "combined", "--ip", "/16,/32", "--user", "pseudonymize", "--keys", "dir",
        ])
        let request = try command.request()
        #expect(request.format == "combined")
        #expect(
            Self.rules(request) == ["ip=truncate_ip:ipv4=/16,ipv6=/32", "user=pseudonymize"]
        )
        #expect(request.keys == "dir")
        #expect(request.window == nil && !request.keepsOthers && !request.gzip)
    }

    @Test(arguments: [
        (["--ip", "/24"], ["ip=truncate_ip:ipv4=/24"]),
        (["--ip", "/8,/64", "--ip-field", "a.b"], ["a.b=truncate_ip:ipv4=/8,ipv6=/64"]),
        (
            [
                "--ip", "/16,/32", "--ip-embedded", "mapped-only", "--ip-ports", "reject",
                "--ip-invalid", "zero",
            ],
            ["ip=truncate_ip:ipv4=/16,ipv6=/32,embedded=mapped-only,ports=reject,invalid=zero"]
        ),
        (["--user", "drop", "--user-field", "login"], ["login=drop"]),
        (["--user", "hmac_sha256:key=k.bin"], ["user=hmac_sha256:key=k.bin"]),
        (
            ["--set", "ts=keep", "--set", "note=replace:with=a\\,b=c"],
            ["ts=keep", "note=replace:with=a,b=c"]
        ),
        (["--set", "ts=truncate_time:day"], ["ts=truncate_time:unit=day"]),
        (
            ["--set", "u=hmac_sha256:key=k,encoding=hex", "--keep-others"],
            ["u=hmac_sha256:key=k,encoding=hex"]
        ),
        (["--keep-others"], []),
    ])
    func translates(flags: [String], rules: [String]) throws {
        #expect(Self.rules(try Self.request(flags)) == rules)
    }

    @Test func passesTheOtherFlagsOn() throws {
        let request = try Self.request([
            "--keep-others", "--time", "ts", "--time-format", "epoch", "--zone",
            "Europe/Amsterdam", "--window", "P1M", "--now", "2026-08-01", "--quarantine-limit",
            "1%", "--workers", "2", "--gzip",
        ])
        #expect(request.timeField == "ts")
        #expect(request.timeFormat == "epoch")
        #expect(request.zone == "Europe/Amsterdam")
        #expect(request.window == "P1M")
        #expect(request.now == "2026-08-01")
        #expect(request.quarantineLimit == "1%")
        #expect(request.workers == 2)
        #expect(request.gzip && request.keepsOthers)
    }

    @Test(arguments: [
        (["--ip", "16"], "write `/16`"), (["--ip", "/16,32"], "write `/32`"),
        (["--ip", "/4"], "expected /8 to /24 for IPv4"),
        (["--ip", "/16,/128"], "expected /16 to /64 for IPv6"),
        (["--ip", "/016"], "expected /8 to /24"), (["--ip", "/"], "expected /8 to /24"),
        (["--ip", "/16,/32,/8"], "such as /16,/32"), (["--ip", "//16"], "expected /8 to /24"),
        (["--ip-ports", "reject"], "--ip-ports needs --ip"),
        (["--user", "pseudonymize"], "--keys is missing"),
        (["--set", "a=pseudonymize"], "--keys is missing"),
        (["--user", "hmac_sha256"], "hmac_sha256:key=FILE"),
        (["--user", "redact"], "others go with --set user=redact"),
        (["--user", "pseudonymise"], "did you mean `pseudonymize`?"),
        (["--set", "a"], "expected FIELD=TRANSFORM"), (["--set", "=drop"], "expected FIELD="),
        (["--set", "a=trunkate_ip"], "did you mean `truncate_ip`?"),
        (["--set", "a=truncate_ip:ipv5=/16"], "did you mean `ipv4`?"),
        (["--set", "a=truncate_ip:ipv4=/16,ipv4=/8"], "`ipv4` twice"),
        (["--set", "a=truncate_ip:/16"], "expected option=value"),
        (["--set", "a=drop", "--set", "a=keep"], "two rules for the field `a`"),
        ([], "no field is named"),
        (["--keep-others", "--workers", "0"], "from 1 to 64"),
        (["--keep-others", "--quiet", "--verbose"], "exclude each other"),
    ])
    func refuses(flags: [String], message: String) throws {
        let command = try FilterCommand.parse(["--format", "jsonl"] + flags)
        do throws(PipelineFailure) {
            _ = try command.request()
            Issue.record("accepted")
        } catch {
            guard case .usage(let sentence) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(sentence.contains(message), "\(sentence)")
        }
    }
}

@Suite struct RunRequestTests {
    private static let digest = String(repeating: "0aB9", count: 16)

    @Test func passesEverythingOn() throws {
        let request = try RunCommand.parse([
            "p.yaml", "a.gz", "-", "--now", "2026-08-01", "--workers", "3", "--dry-run",
            "--expect-bytes", "12", "--expect-sha256", Self.digest, "--eof-is-complete",
        ]).arguments.request()
        #expect(request.pipeline == "p.yaml")
        #expect(request.sources == ["a.gz", "-"])
        #expect(request.now == "2026-08-01")
        #expect(request.workers == 3)
        #expect(request.isDryRun && request.endOfInputIsComplete)
        #expect(request.expectedBytes == 12)
        #expect(request.expectedSHA256 == Self.digest.lowercased())
    }

    @Test(arguments: [
        ["--workers", "65"], ["--expect-bytes=-1"], ["--expect-sha256", "abc"],
        ["--expect-sha256", String(repeating: "g", count: 64)], ["--quiet", "--verbose"],
    ])
    func refuses(flags: [String]) throws {
        let command = try RunCommand.parse(["p.yaml"] + flags)
        #expect(throws: PipelineFailure.self) { try command.arguments.request() }
    }

    /// Arguments that are read without the parser are those that it takes, with the same meaning.
    @Test func plainArgumentsMeanWhatTheParserSays() {
        let seed: UInt64 = 0xA26
        var generator = SeededGenerator(seed: seed)
        let vocabulary = [
            "p.yaml", "a.gz", "", "2026-08-01", "3", "-3", "x3", "-", "--", "--now", "--workers",
            "--quiet", "--verbose", "--profile", "--no-sandbox", "--dry-run", "--json", "-q",
            "--now=2026-08-01", "--help", "--version", "--confirm", "help", "--metrics",
        ]
        var plainOnes = 0
        for round in 0..<4000 {
            let words = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                vocabulary.randomElement(using: &generator) ?? ""
            }
            guard let plain = RunArguments(plain: ["run"] + words) else { continue }
            plainOnes += 1
            let parsed = try? RunCommand.parse(words).arguments
            #expect(plain == parsed, "seed \(seed), round \(round): \(words)")
        }
        #expect(plainOnes > 100)
    }

    @Test func aJobIsReadWithoutTheParser() throws {
        let words = "run p.yaml a.gz --quiet --workers 2 --now 2026-08-01 --profile"
        let plain = try #require(
            RunArguments(plain: words.split(separator: " ").map { String($0) }))
        #expect(plain.pipeline == "p.yaml" && plain.sources == ["a.gz"] && plain.workers == 2)
        #expect(plain.quiet && plain.profile && plain.now == "2026-08-01")
        for other in [["filter", "p.yaml"], ["run"], ["run", "p.yaml", "--help"], []] {
            #expect(RunArguments(plain: other) == nil)
        }
    }
}

@Suite struct InvocationTests {
    @Test(arguments: [
        (["rnu"], "no command `rnu`; did you mean `run`?"),
        (["nonsense"], "no command `nonsense`, expected run, publish, filter,"),
        ([], "no command, expected run, publish, filter, check, explain, test"),
    ])
    func namesTheNearestCommand(arguments: [String], message: String) {
        #expect(Invocation.commandFault(arguments)?.hasPrefix(message) == true)
    }

    @Test(arguments: [["run"], ["help"], ["--version"], ["-h"], ["filter", "x"]])
    func leavesTheRestToTheParser(arguments: [String]) {
        #expect(Invocation.commandFault(arguments) == nil)
    }

    @Test func pointsToTheHelpOfTheCommand() {
        #expect(Invocation.helpHint(["run", "--x"]) == "See: sluice run --help")
        #expect(Invocation.helpHint(["--x"]) == "See: sluice --help")
    }
}
