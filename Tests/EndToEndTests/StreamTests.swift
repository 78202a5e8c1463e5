import TestSupport
import Testing

/// What goes through standard input and output, by the words of the README.
@Suite struct StreamTests {
    private let combined =
        #"192.0.2.7 - - [01/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 1 "-" "agent""# + "\n"

    // MARK: Formats

    @Test func anAutomaticFormatNamesItsChoice() throws {
        let scene = try Scene()
        let flags = ["filter", "--format", "auto", "--ip", "/16", "--keep-others"]
        let named = try sluice(flags, in: scene, feed: .bytes(bytes(combined)))
        #expect(named.status == 0, "\(named.errors)")
        #expect(text(named.output) == combined.replacing("192.0.2.7", with: "192.0.0.0"))
        #expect(named.errors.contains("recognised `combined` by the first 1 lines"))
        let unsure = try sluice(flags, in: scene, feed: .bytes(bytes("no format\n")))
        #expect(unsure.status == 2 && unsure.output.isEmpty)
        #expect(unsure.errors.contains("--format auto: "))
    }

    @Test func anEncodingIsDeclared() throws {
        let scene = try Scene()
        let flags = ["filter", "--format", "logfmt", "--set", "user=keep"]
        let latin = bytes("user=Jos") + [0xE9, 0x0A]
        let told = try sluice(flags + ["--encoding", "latin-1"], in: scene, feed: .bytes(latin))
        #expect(told.status == 0 && text(told.output) == "user=José\n", "\(told.errors)")
        let untold = try sluice(flags, in: scene, feed: .bytes(latin))
        #expect(untold.status == 5 && untold.output.isEmpty)
        #expect(untold.errors.contains("1 invalid-utf8"))
    }

    // MARK: Times

    /// `$msec` and `$time_iso8601` are the format's own time as soon as it is said how it is read.
    @Test func aTimeFormatWorksWithTheTimeOfTheFormat() throws {
        let scene = try Scene()
        let flags = [
            "filter", "--format", "$msec $remote_addr", "--time-format", "epoch", "--set",
            "time=keep", "--ip", "/16", "--now", "2026-04-15", "--window", "P1M",
        ]
        let input = bytes("1772359200.123 192.0.2.7\n1776000000.000 192.0.2.8\n")
        let outcome = try sluice(flags, in: scene, feed: .bytes(input))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            text(outcome.output) == "1772359200.123 192.0.0.0\n1776000000.000 192.0.2.8\n")
        var wrong = flags
        wrong[4] = "date"
        let refused = try sluice(wrong, in: scene, feed: .bytes(input))
        #expect(refused.status == 5)
        #expect(refused.errors.contains("2 bad-time"))
    }

    /// The records are the same; standard error has a line for each stage, and the time that all
    /// workers were at work.
    @Test(arguments: [["--quiet"], []])
    func aProfileTellsOfEachStage(_ talk: [String]) throws {
        let scene = try Scene()
        let flags = ["filter", "--format", "combined", "--ip", "/16", "--workers", "2"] + talk
        let plain = try sluice(flags, in: scene, feed: .bytes(bytes(combined)))
        let told = try sluice(flags + ["--profile"], in: scene, feed: .bytes(bytes(combined)))
        #expect(told.status == 0, "\(told.errors)")
        #expect(told.output == plain.output && !plain.errors.contains("inflate"))
        let lines = told.errors.split(separator: "\n")
        for stage in [
            "read", "inflate", "scan", "release", "encode", "aggregate", "wait", "output", "merge",
            "commit",
        ] {
            #expect(lines.filter { $0.hasPrefix("\(stage) ") }.count == 1, "\(stage)")
        }
        #expect(told.errors.contains("2 workers, all together 0."))
        let json = try sluice(
            flags + ["--profile", "--json"], in: scene, feed: .bytes(bytes(combined)))
        #expect(json.errors.contains(#""profile":{"workers":2,"seconds":{"read":0."#))
    }

    @Test(arguments: ["jsonl", "csv", "first-field", "$remote_addr $status"])
    func aTimeFormatWithoutATimeIsWrongUsage(_ format: String) throws {
        let scene = try Scene()
        let outcome = try sluice(
            ["filter", "--format", format, "--time-format", "epoch", "--ip", "/16"], in: scene)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("--time-format: "))
        #expect(outcome.errors.contains("expected `--time`"))
    }

    @Test func textThatIsNoFieldIsNotSaidToBeDropped() throws {
        let scene = try Scene()
        let flags = ["filter", "--format", "first-field", "--ip", "/16"]
        let line = bytes("192.0.2.7 anna 198.51.100.9\n")
        let refused = try sluice(flags, in: scene, feed: .bytes(line))
        #expect(refused.status == 2 && refused.output.isEmpty)
        #expect(refused.errors.contains("expected `--keep-others`"))
        let kept = try sluice(flags + ["--keep-others"], in: scene, feed: .bytes(line))
        #expect(kept.status == 0 && text(kept.output) == "192.0.0.0 anna 198.51.100.9\n")
    }

    /// A flag with a fault is no flag that is left out: the window would be another.
    @Test(arguments: [
        ["--window", "P1Q"], ["--quarantine-limit", "some"], ["--zone", "Mars/Olympus"],
        ["--set", "ts=truncate_time:unit=fortnight"],
    ])
    func aFaultyFlagStopsTheFilter(_ flags: [String]) throws {
        let scene = try Scene()
        let outcome = try sluice(
            ["filter", "--format", "jsonl", "--time", "ts", "--set", "ip=truncate_ip"] + flags,
            in: scene,
            feed: .bytes(bytes(#"{"ts":"2026-03-01T10:00:00Z","ip":"192.0.2.1"}"# + "\n")))
        #expect(outcome.status == 3, "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test func aClockThatIsNoTimeIsWrongUsage() throws {
        let scene = try Scene()
        try scene.write("p.yaml", Pipeline.stateful)
        for command in [["run", "p.yaml"], ["filter", "--format", "jsonl", "--ip", "/16"]] {
            let outcome = try sluice(command + ["--now", "tomorrow"], in: scene)
            #expect(outcome.status == 2, "\(outcome.errors)")
            #expect(outcome.errors.contains("--now: expected a date"))
        }
    }

    /// Messages name a place once, in words.
    @Test func whatCannotBeWrittenOrOpenedIsToldOnce() throws {
        let scene = try Scene()
        let full = try sluice(
            ["filter", "--format", "combined", "--ip", "/16"], in: scene,
            feed: .bytes(bytes(combined)), drain: .file("/dev/full"))
        #expect(full.status == 6)
        #expect(full.errors.hasPrefix("sluice: cannot write standard output: no space"))
        try scene.write("p.yaml", Pipeline.stateful)
        try scene.write("in/a.jsonl", "{}\n{}\n")
        let quarantined = try sluice(["run", "p.yaml", "--now", "2026-04-15"], in: scene)
        #expect(quarantined.status == 5)
        #expect(quarantined.errors.contains("more than the limit of 20% of the records"))
        let standard = try sluice(
            ["filter", "--format", "combined", "--ip", "/16"], in: scene,
            feed: .bytes(bytes("x\n")))
        #expect(standard.errors.contains("more than the limit of 0.1% of the records"))
    }

    // MARK: The first bytes

    @Test(arguments: ["combined", "{ access_log: { template: '%h %t' } }"])
    func aByteOrderMarkIsNoPartOfTheFirstLine(_ format: String) throws {
        let scene = try Scene()
        let line =
            format == "combined" ? combined : "192.0.2.7 [01/Mar/2026:10:00:00 +0000]\n"
        try scene.write("in.log", [0xEF, 0xBB, 0xBF] + bytes(line + line))
        try scene.write(
            "p.yaml",
            """
            name: marks
            source: { format: \(format), files: in.log }
            fields: { time: keep, ip: truncate_ip }
            outputs: [{ name: all, purpose: security, path: out.log }]
            """
        )
        let outcome = try sluice(["run", "p.yaml", "--now", "2026-06-01", "--verbose"], in: scene)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let written = text(try scene.read("out.log")).split(separator: "\n")
        #expect(written.count == 2)
        #expect(written.allSatisfy { $0.hasPrefix("192.0.0.0 ") })
    }

    // MARK: Broken sources

    /// What was read before the fault is written, whoever read it, and not a record more.
    @Test func aBrokenSourceGivesEverythingBeforeTheFault() throws {
        var maker = EventMaker(seed: 90)
        let plain = maker.combinedLines(14_000)
        let whole = try gzip(plain)
        let cut = Array(whole.prefix(whole.count * 3 / 4))
        let scene = try Scene()
        func written(_ workers: Int) throws -> [UInt8] {
            let outcome = try sluice(
                [
                    "filter", "--format", "combined", "--ip", "/16,/32", "--keep-others",
                    "--quarantine-limit", "50%", "--workers", "\(workers)",
                ], in: scene, feed: .bytes(cut))
            #expect(outcome.status == 4)
            #expect(outcome.errors.contains("the output is incomplete"))
            return outcome.output
        }
        let expected = try written(1)
        #expect(expected.count > 1 << 20)
        #expect(expected.last == 0x0A)
        for workers in [2, 3, 4, 8, 4, 3, 2] {
            #expect(try written(workers) == expected)
        }
    }

    // MARK: Reports

    /// Records and a report on one stream could not be told apart.
    @Test func aReportAndRecordsDoNotShareAStream() throws {
        let scene = try Scene()
        try scene.write("in.jsonl", #"{"ts":"2026-03-01T10:00:00Z"}"# + "\n")
        for part in [
            "outputs: [{ name: all, purpose: security, path: '-' }]",
            "statistics: [{ name: all, purpose: security, by: day, measures: { n: count }, "
                + "path: '-', suppression: { of: count, persons: 2 } }]",
        ] {
            try scene.write(
                "p.yaml",
                "name: shared\nsource: { format: jsonl, files: in.jsonl, time: ts }\n"
                    + "fields: { ts: keep }\n\(part)\n"
            )
            let run = ["run", "p.yaml", "--now", "2026-06-01"]
            let outcome = try sluice(run + ["--json"], in: scene)
            #expect(outcome.status == 2, "\(outcome.errors)")
            #expect(outcome.errors.contains("`all`"))
            #expect(outcome.errors.contains("expected a file as its path, or no --json"))
            #expect(!text(outcome.output).contains("2026-03-01"))
            #expect(try sluice(run, in: scene).status == 0)
            #expect(try sluice(run + ["--json", "--dry-run"], in: scene).status == 0)
        }
    }
}
