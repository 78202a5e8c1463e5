import Pipelines
import Records
import Testing

@testable import SluiceCommand

@Suite struct ReportJSONTests {
    @Test func writesTheMembersInTheirOrder() {
        var report = Reports.nightly()
        report.quarantine.removeLast(39)
        let counts =
            #""read":12345,"blank":5,"quarantined":40,"#
            + #""quarantined_by_reason":{"not-json":30,"bad-time":10},"keyless":0,"untimely":0"#
        let expected =
            #"{"status":0,"failure":null,"pipeline":"nightly","dry_run":false,"#
            + #""cut_off":"2026-07-21T22:00:00Z","elapsed_seconds":1.234,"conserved":true,"#
            + #""totals":{\#(counts)},"#
            + #""outputs":[{"name":"actions","written":12000,"kept":11000,"#
            + #""anonymised":1000,"held":0,"dropped":300,"#
            + #""dropped_by_reason":{"opted-out":250,"other-purpose":50}},"#
            + #"{"name":"research","written":12300,"kept":0,"anonymised":12300,"held":0,"#
            + #""dropped":0,"#
            + #""dropped_by_reason":{}}],"#
            + #""statistics":[{"name":"sessions","counted":12000}],"#
            + #""sources":[{"name":"logs/a.jsonl.gz","known":false,"bytes":45600000,"#
            + #""known_bytes":0,"known_lines":0,"open_bytes":0,"changed":false,\#(counts)}],"#
            + #""files":[{"output":"actions","path":"out/actions/2026-08-01.jsonl.gz","count":1,"#
            + #""records":12000,"bytes":1234567}],"risks":[],"aged_parts":0,"expired_parts":0,"#
            + #""aged_records":0,"removed_again":0,"made_again":0,"ageing":[],"#
            + #""keyless":0,"late_days":0,"#
            + #""store":null,"#
            + #""held_parts":0,"held_records":0,"binding_holds":[],"#
            + #""destroyed_keys":[],"closing_keys":[],"erased_again_keys":[],"#
            + #""quarantine":[{"source":"logs/a.jsonl.gz","record":100,"byte_offset":12345,"#
            + #""bytes":80,"reason":"not-json"}],"unmatched_opt_outs":[],"#
            + #""unmatched_registry_opt_outs":[],"unreadable_cells":[],"notes":[]}"#
        #expect(ReportJSON.json(report) == expected)
    }

    @Test func writesTheStagesWhenAsked() {
        let json = ReportJSON.json(Reports.nightly(), withStages: true)
        let stages = StageTimes.Stage.allCases.map { "\"\($0.name)\":0.000" }
        #expect(
            json.hasSuffix(
                #","profile":{"workers":1,"seconds":{"#
                    + stages.joined(separator: ",") + #"},"confined":""}}"#))
        #expect(!ReportJSON.json(Reports.nightly()).contains("profile"))
    }

    @Test func writesAFailureWithItsReport() {
        let failure = PipelineFailure.quarantineLimit(report: Reports.nightly(), allowed: "0.1%")
        let json = ReportJSON.json(failure, message: "too many")
        #expect(
            json.hasPrefix(
                #"{"status":5,"failure":{"kind":"quarantine-limit","message":"too many"},"#
                    + #""pipeline":"nightly""#
            )
        )
    }

    @Test func writesTheFaultsOfAPipeline() {
        let fault = SettingFault(
            "unknown key",
            at: SettingPosition(line: 3, column: 2),
            suggestion: "window"
        )
        let json = ReportJSON.json(.faults([fault], file: "p.yaml"), message: "1 fault")
        #expect(json.hasPrefix(#"{"status":3,"failure":{"kind":"faults","message":"1 fault"},"#))
        #expect(json.contains(#""faults":[{"file":"p.yaml","line":3,"column":2"#))
    }
}
