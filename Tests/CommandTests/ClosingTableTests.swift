import Anonymization
import Pipelines
import Testing

@testable import SluiceCommand

@Suite struct ClosingTableTests {
    @Test func tellsTheWholeRun() {
        let expected = """
            nightly: 1 source, 12,345 records, 45.6 MB, 1.23 s
            identifiers before 2026-07-21T22:00:00Z are due

            output      read    kept  anonymised  dropped  quarantined
            actions   12,345  11,000       1,000      300           40
            research  12,345       0      12,300        0           40
            dropped from actions: 250 opted-out, 50 other-purpose

            actions: read 12,345 = written 12,000 + dropped 300 + blank 5 + quarantined 40
            research: read 12,345 = written 12,300 + dropped 0 + blank 5 + quarantined 40

            statistic  records counted
            sessions            12,000

            quarantined 40 of 12,345 records: 30 not-json, 10 bad-time
            not-json: no JSON as RFC 8259 has it
            bad-time: the time is not in its declared form, or its year not 0 to 9999
            source           record  byte offset  reason
            logs/a.jsonl.gz     100       12,345  not-json
            logs/a.jsonl.gz     200       24,690  not-json
            logs/a.jsonl.gz     300       37,035  not-json
            logs/a.jsonl.gz     400       49,380  not-json
            logs/a.jsonl.gz     500       61,725  not-json
            logs/a.jsonl.gz     600       74,070  not-json
            logs/a.jsonl.gz     700       86,415  not-json
            logs/a.jsonl.gz     800       98,760  not-json
            logs/a.jsonl.gz     900      111,105  not-json
            logs/a.jsonl.gz   1,000      123,450  not-json
            and 30 more

            file written                     output   records    size
            out/actions/2026-08-01.jsonl.gz  actions   12,000  1.2 MB

            """
        #expect(ClosingTable(Reports.nightly(), columnsMax: 80).text == expected)
    }

    @Test func hasTheConservationLineAloneForOneOutput() {
        var report = Reports.nightly()
        report.outputNames = ["actions"]
        report.sources[0].counts.outputs.removeLast()
        #expect(
            ClosingTable(report, columnsMax: 80).conservation == [
                "read 12,345 = written 12,000 + dropped 300 + blank 5 + quarantined 40"
            ]
        )
    }

    @Test func countsWhatStatisticsAloneAccepted() {
        var report = Reports.nightly()
        report.outputNames = []
        report.sources[0].counts.outputs = []
        #expect(
            ClosingTable(report, columnsMax: 80).conservation == [
                "read 12,345 = accepted 12,300 + blank 5 + quarantined 40"
            ]
        )
    }

    @Test func doesNotHideALoss() {
        var report = Reports.nightly()
        report.sources[0].counts.read += 1
        let text = ClosingTable(report, columnsMax: 80).conservation.joined(separator: " ")
        #expect(!text.contains("="))
        #expect(text.contains("read 12,346 is NOT written 12,000"))
    }

    @Test(arguments: [40, 60, 80], [false, true])
    func staysWithinItsColumns(columns: Int, isVerbose: Bool) {
        for report in [Reports.nightly(), Reports.enormous()] {
            let text = ClosingTable(report, columnsMax: columns, isVerbose: isVerbose).text
            for line in text.split(separator: "\n") {
                #expect(line.count <= columns, "\(line)")
            }
        }
    }

    @Test func tellsOfDryRunsAgeingAndNotes() {
        var report = Reports.nightly()
        report.isDryRun = true
        report.agedParts = 3
        report.expiredParts = 2
        report.agedRecords = 2000
        var tally = AgeingTally(output: "actions")
        tally.anonymised = 2000
        tally.dropped = [.erased: 3]
        tally.expired = 7
        report.ageing = [tally]
        report.unmatchedOptOuts = [3, 17]
        report.notes = ["the clock stands"]
        report.sources[0].counts.untimely = 1
        report.sources[0].counts.keyless = 2
        report.sources[0].wasKnown = true
        report.destroyedKeys = [
            DestroyedKey(month: "2026-01", keyID: "id", fingerprint: "f", method: "m")
        ]
        report.closingKeys = [
            ClosingKey(month: "2026-02", keyID: "id", reasons: ["a hold may need it"])
        ]
        report.erasedAgainKeys = ["2025-12"]
        let text = ClosingTable(report, columnsMax: 80).text
        for sentence in [
            "1 source (1 known already, not read again)", "dry run: nothing was written",
            "file that would be written", "aged out 1 part of earlier runs: 2,000 records",
            "3 erased in them", "whose time had come: 7 records in them",
            "destroyed the keys of 2026-01", "wait for their end: 2026-02",
            "erased a key file of 2025-12",
            "note: the clock stands", "note: 1 record with a time later",
            "note: 2 records of months whose key is destroyed", "list: 3; 17",
        ] {
            #expect(text.contains(sentence), "\(sentence)")
        }
    }

    @Test func listsFilesUpToALimit() {
        var report = Reports.nightly()
        report.files = (1...100).map {
            RunReport.File(output: "o", path: "out/\($0)", records: 1, bytes: 1)
        }
        let short = ClosingTable(report, columnsMax: 80).text
        #expect(short.contains("and 80 more files; --verbose lists all"))
        #expect(!short.contains("out/21 "))
        let long = ClosingTable(report, columnsMax: 80, isVerbose: true).text
        #expect(long.contains("out/100 "))
    }
}
