import Pipelines
import Records
import Testing

@testable import SluiceCommand

@Suite struct FailureTextTests {
    private static let plain = Palette(isOn: false)

    @Test(
        arguments: [
            (2, "sluice: stopped by SIGINT: nothing was written\n"),
            (15, "sluice: stopped by SIGTERM: nothing was written\n"),
            (1, "sluice: stopped by SIGHUP: nothing was written\n"),
            (9, "sluice: stopped by signal 9: nothing was written\n"),
        ] as [(Int32, String)]
    )
    func namesTheSignal(signal: Int32, text: String) {
        let failure = FailureText(.interrupted(signal: signal), effect: .nothingWritten)
        #expect(failure.text(Self.plain) == text)
    }

    @Test func doesNotPromiseAboutAStream() {
        let failures: [PipelineFailure] = [
            .interrupted(signal: 2), .storage("disk full"), .internalFault("sum"),
            .quarantineLimit(report: Reports.nightly(), allowed: "0.1%"),
            .source(SourceFault(.truncatedGzip, expectation: "more bytes")),
        ]
        for failure in failures {
            let text = FailureText(failure, effect: .incompleteStream).text(Self.plain)
            #expect(!text.contains("nothing was written"))
            #expect(text.contains("the output is incomplete"))
        }
    }

    /// Of rights to a file only a fault of rights speaks, in its own words.
    @Test func aFaultOfKeysSaysItsOwnRemedy() {
        let text = FailureText(.keys("no key: restore it"), effect: .nothingWritten)
            .text(Self.plain)
        #expect(text.contains("no key: restore it") && !text.contains("mode"))
    }

    /// What stands already is no "nothing", whatever happened behind it.
    @Test func saysWhatStandsAlready() {
        let fault = SettingFault("it has shrunk", at: SettingPosition(line: 1, column: 1))
        let failures: [(PipelineFailure, String)] = [
            (.interrupted(signal: 15), "stopped by SIGTERM; it stands"),
            (.internalFault("sum"), "it stands; what follows failed: fault of sluice itself: sum"),
            (
                .tables([fault], file: "list.csv"),
                "it stands; what follows failed: 1 fault in list.csv\nlist.csv:1:1: it has shrunk"
            ),
        ]
        for (cause, words) in failures {
            let failure = PipelineFailure.behind(done: "it stands", cause)
            #expect(FailureText(failure, effect: .nothingWritten).message == words)
            #expect(failure.exitStatus == cause.exitStatus && failure.kind == cause.kind)
        }
        let stopped = PipelineFailure.behind(done: "it is aged", .interrupted(signal: 2))
        #expect(
            FailureText(stopped, effect: .nothingPublished).message
                == "stopped by SIGINT: nothing of the month at hand was published; it is aged")
    }

    /// An export that failed behind its record is not "run", and no run makes it.
    @Test func asksAgainForWhatIsLeft() {
        let text = FailureText(.unfinished("the request is on record; no space"), effect: .none)
        #expect(text.advice == "Ask again when the cause is gone: what is left is done then.")
    }

    @Test func endsWithTheRemedyOfALostState() {
        let failure = PipelineFailure.lostState("the ledger is gone", remedy: "Restore it.")
        #expect(
            FailureText(failure, effect: .nothingWritten).text(Self.plain)
                == "sluice: the ledger is gone; nothing was written\n  Restore it.\n")
    }

    @Test func isQuietAboutAClosedPipe() {
        #expect(FailureText(.closedPipe, effect: .incompleteStream).text(Self.plain) == "")
    }

    @Test func saysWhereASourceBreaks() {
        let fault = SourceFault(
            .truncatedGzip,
            source: "a.gz",
            byteOffset: 12_345,
            expectation: "expected more bytes"
        )
        #expect(
            FailureText(.source(fault), effect: .nothingWritten).text(Self.plain)
                == """
                sluice: a.gz: truncated-gzip at byte 12,345: expected more bytes; nothing was \
                written
                  Wait until the file is complete, or fetch it again.

                """
        )
    }

    @Test func namesASourceOnce() {
        let fault = SourceFault(
            .cannotOpen,
            source: "a.gz",
            expectation: "cannot open a.gz: there is no such file"
        )
        #expect(
            FailureText(.source(fault), effect: .nothingWritten).message
                == "cannot open a.gz: there is no such file (cannot-open); nothing was written"
        )
    }

    @Test func showsWhereTheQuarantinedRecordsStand() {
        let failure = PipelineFailure.quarantineLimit(report: Reports.nightly(), allowed: "0.1%")
        let text = FailureText(failure, effect: .nothingWritten).text(Self.plain)
        #expect(
            text.hasPrefix(
                "sluice: 40 of 12,345 records could not be read, more than the limit of 0.1%; "
                    + "nothing was written\nquarantined 40 of"
            )
        )
        #expect(text.contains("logs/a.jsonl.gz     100       12,345  not-json"))
    }

    @Test func listsEveryFault() {
        let faults = [
            SettingFault(
                "unknown key `wndow`",
                at: SettingPosition(line: 3, column: 1),
                suggestion: "window"
            ),
            SettingFault("expected a list", at: SettingPosition(line: 9, column: 5)),
        ]
        let text = FailureText(.faults(faults, file: "p.yaml"), effect: .nothingWritten)
        #expect(
            text.text(Self.plain) == """
                sluice: 2 faults in p.yaml; nothing was written
                p.yaml:3:1: unknown key `wndow`; did you mean `window`?
                p.yaml:9:5: expected a list

                """
        )
    }

    @Test func takesTheTeethOutOfNames() {
        let text = FailureText(.storage("cannot write a\u{1B}[2Jb"), effect: .none)
        #expect(!text.message.unicodeScalars.contains("\u{1B}"))
    }

    @Test func coloursOnlyWhenAsked() {
        let failure = FailureText(.busy("the state is locked"), effect: .nothingWritten)
        #expect(failure.text(Palette(isOn: true)).hasPrefix("\u{1B}[31msluice:\u{1B}[0m the state"))
        #expect(!failure.text(Self.plain).contains("\u{1B}"))
    }

    @Test func tellsTests() {
        var report = TestReport()
        report.cases = [
            .init(name: "keeps", differences: []),
            .init(name: "drops", differences: ["out: expected\nfound"]),
        ]
        #expect(
            TestText.text(report, pipeline: "p.yaml", Self.plain) == """
                ok      keeps
                FAILED  drops
                        out: expected
                        found
                p.yaml: 2 tests, 1 failed

                """
        )
        #expect(
            TestText.json(report, pipeline: "p.yaml").json
                == #"{"file":"p.yaml","status":1,"tests":[{"name":"keeps","passed":true,"#
                + #""differences":[]},{"name":"drops","passed":false,"#
                + #""differences":["out: expected\nfound"]}]}"#
        )
    }
}
