import Anonymization
import Publication
import Records
import TestSupport
import Testing

@testable import Pipelines

@Suite("Pipeline specification")
struct PipelineSpecificationTests {
    @Test("the full example is without fault and says what is written")
    func source() throws {
        let (specification, faults) = reading(fullExample)
        #expect(faults == [])
        let pipeline = try #require(specification)
        #expect(pipeline.name == Marked("nightly", at: at(2, 7)))
        #expect(pipeline.source.format.name == Marked("csv", at: at(4, 12)))
        #expect(pipeline.source.format.options.kindName == "a mapping")
        #expect(pipeline.source.files.map(\.value) == ["logs/*.csv.gz", "archive"])
        #expect(pipeline.source.files[1].position == at(5, 28))
        #expect(pipeline.source.time?.field == Marked("ts", at: at(6, 17)))
        #expect(pipeline.source.time?.format?.value == .dateTime)
        #expect(pipeline.source.time?.zone?.value == "Europe/Amsterdam")
        #expect(pipeline.source.stream?.value == "actions")
        #expect(pipeline.source.limits.recordBytesMax == 512 << 10)
        #expect(pipeline.source.limits.fieldsMax == 100)
        #expect(pipeline.source.limits.depthMax == 8)
        #expect(
            pipeline.identity.roles.map(\.role) == ["customer", "client", "user", "partner"]
        )
        #expect(pipeline.identity.client?.value == "client")
        #expect(
            pipeline.window.length == Marked(CalendarDuration(months: 2, days: 0), at: at(18, 9)))
        #expect(pipeline.window.start == .event)
        #expect(pipeline.zone.value == "Europe/Amsterdam")
        #expect(pipeline.skew == Marked(nil, at: at(20, 7)))
    }

    @Test("rules keep transforms, options and clocks with their places")
    func rules() throws {
        let pipeline = try #require(reading(fullExample).specification)
        let derived = try #require(pipeline.derived.first)
        #expect(derived.name.value == "browser")
        #expect(derived.source == Marked("user_agent", at: at(22, 32)))
        #expect(derived.transform.name.value == "agent_family")
        guard case .mapping(let options, _) = derived.transform.options else {
            throw Unexpected()
        }
        #expect(options.map(\.key) == ["part"])
        let rules = Dictionary(
            pipeline.fields.map { ($0.field.value, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        #expect(
            pipeline.fields.map(\.field.value)
                == [
                    "ts", "customer", "user", "ip", "message", "email", "handled", "closed",
                    "opened",
                ]
        )
        #expect(rules["ts"]?.transform?.name == Marked("keep", at: at(24, 7)))
        #expect(rules["ip"]?.transform?.name == Marked("truncate_ip", at: at(27, 8)))
        #expect(rules["ip"]?.transform?.options.position == at(27, 21))
        #expect(rules["message"]?.category?.value == .limitedProduction)
        #expect(rules["message"]?.transform?.name.value == "redact")
        #expect(rules["email"]?.purposes?.map(\.value) == ["service-improvement", "research"])
        #expect(rules["email"]?.identifier?.value == true)
        #expect(rules["handled"]?.transform == nil)
        #expect(rules["handled"]?.after?.start == .event)
        #expect(rules["handled"]?.after?.length.value == CalendarDuration(months: 12, days: 0))
        #expect(rules["closed"]?.after?.start == .field(Marked("closed_at", at: at(31, 35))))
        #expect(rules["closed"]?.transform?.options == .text("gone", at(31, 77)))
        #expect(rules["opened"]?.after?.length.value == CalendarDuration(months: 0, days: 30))
        #expect(pipeline.others.value == .drop)
        #expect(pipeline.purposes.map(\.value) == ["research"])
    }

    @Test("outputs and disclosures")
    func outputs() throws {
        let pipeline = try #require(reading(fullExample).specification)
        let output = pipeline.outputs[0]
        #expect(output.name.value == "actions")
        #expect(output.purpose == Marked("security", at: at(37, 14)))
        #expect(
            output.path.value.parts == [
                .literal("out/"), .placeholder("name"), .literal("/"), .placeholder("date"),
                .literal(".csv.gz"),
            ]
        )
        #expect(output.recipients.map(\.value) == [.own])
        #expect(output.readers.map(\.value) == ["soc"])
        #expect(output.expires?.value == CalendarDuration(months: 12, days: 0))
        #expect(output.safeguards?.reason.value == "abuse")
        #expect(output.safeguards?.readers.map(\.value) == ["soc", "cert"])
        #expect(output.isReadableInWindow)
        #expect(output.fields.first?.transform?.options == .text("/24", at(44, 32)))
        #expect(output.gzip?.value == 9)
        #expect(output.columns?.map(\.value) == ["ts", "ip"])
        #expect(!pipeline.outputs[1].isReadableInWindow)
        #expect(pipeline.outputs[1].format?.name.value == "jsonl")
        #expect(!pipeline.outputs[1].recipients[0].isWritten)
        let disclosure = try #require(pipeline.disclosures.first)
        #expect(disclosure.recipient.value == .partner)
        #expect(disclosure.keys.map(\.plainName) == ["month", "partner", "user"])
        #expect(disclosure.measures.map(\.name.value) == ["logins"])
        #expect(disclosure.path.value.placeholders == ["partner", "month"])
        #expect(disclosure.retention?.value == CalendarDuration(months: 12, days: 0))
    }

    @Test("reference tables, and clocks that read them")
    func tables() throws {
        let pipeline = try #require(reading(fullExample).specification)
        let accounts = try #require(pipeline.tables.first)
        #expect(accounts.name.value == "accounts" && accounts.key.value == "login")
        #expect(accounts.place.path.value == "accounts.csv")
        #expect(accounts.time?.value == .date && accounts.zone?.value == "UTC")
        #expect(accounts.asOf?.value == "exported")
        #expect(accounts.maxAge?.value == CalendarDuration(months: 0, days: 2))
        #expect(accounts.maxShrink.value == 125_000)
        let contracts = try #require(pipeline.tables.last)
        guard case .database(let path, let table) = contracts.place else { throw Unexpected() }
        #expect(path.value == "crm.sqlite" && table.value == "contract")
        #expect(contracts.maxAge == nil && contracts.maxShrink.value == 100_000)
        let clock = try #require(pipeline.delete.first)
        guard case .table(let lookUp) = clock.start, case .field(let field) = clock.unless,
            case .table(let length) = clock.lengthFrom
        else { throw Unexpected() }
        #expect(lookUp.table.value == "contracts" && lookUp.column.value == "ended")
        #expect(lookUp.by.value == "customer" && field.value == "kept_until")
        #expect(length.column.value == "grace")
        #expect(clock.length.value == CalendarDuration(months: 0, days: 30))
        #expect(pipeline.tests.first?.tables.map(\.name.value) == ["accounts"])
    }

    @Test("statistics, publication and the rest")
    func others() throws {
        let pipeline = try #require(reading(fullExample).specification)
        let table = try #require(pipeline.statistics.first)
        #expect(table.keys.map(\.plainName) == ["day", "browser", nil])
        #expect(table.measures.map(\.measure.name.value) == ["count", "distinct"])
        #expect(table.measures[1].measure.options == .text("user", at(64, 48)))
        #expect(table.suppression?.persons?.value == 5)
        #expect(table.suppression?.of.value == .persons)
        let publish = try #require(pipeline.publish)
        #expect(publish.persons.value == 12)
        #expect(publish.customers.value == 4)
        #expect(publish.zeros.value == .hidden && publish.wholes.value == .hidden)
        #expect(publish.crossings?.value == .proven)
        #expect(publish.priorPercent.value == 15)
        #expect(publish.dominance == DominanceRule(contributors: 2, percent: 85))
        #expect(publish.formats.map(\.value) == ["csv", "jsonl"])
        #expect(publish.closeAfter.value.text == "P10D")
        #expect(publish.audience.value == .public && publish.late.value == .revise)
        #expect(publish.correctWithin.value.text == "P14D")
        #expect(publish.provisional?.value == "out/running")
        #expect(publish.other?.map(\.value) == ["action"])
        #expect(publish.forCustomers?.path?.value == "out/customers")
        #expect(publish.forCustomers?.persons?.value == 6)
        #expect(publish.forCustomers?.formats?.map(\.value) == ["html"])
        let optOuts = try #require(pipeline.optOuts)
        #expect(optOuts.file.value == "opt-outs.csv")
        #expect(optOuts.basis.value == .event)
        #expect(optOuts.effect.value == .dropRecord)
        #expect(optOuts.missing.value == .allowed)
        #expect(optOuts.maxShrink.value == 50_000)
        #expect(pipeline.quarantine.limit.value == .perMillion(2500))
        #expect(pipeline.quarantine.keepLines.value)
        #expect(pipeline.acknowledged.map(\.value) == [.staticKey, .readableWindow])
        let test = try #require(pipeline.tests.first)
        #expect(test.results.map(\.kind) == [.output, .output, .disclosures, .statistics])
        #expect(test.results[0].text == "2026-01-01 00:00:00,192.0.2.0\n")
        #expect(test.dropped == .total(Marked(0, at: at(113, 14))))
        #expect(
            test.quarantined
                == .byReason([.init(reason: Marked("bad-time", at: at(114, 19)), count: 1)])
        )
    }

    @Test("what the file does not say has its default, marked as such")
    func defaults() throws {
        let (specification, faults) = reading(smallExample)
        #expect(faults == [])
        let pipeline = try #require(specification)
        #expect(pipeline.window.length.value == CalendarDuration(months: 1, days: 0))
        #expect(pipeline.skew.value == CalendarDuration(months: 0, days: 1))
        #expect(pipeline.zone.value == "UTC")
        #expect(pipeline.others.value == .drop)
        #expect(!pipeline.window.length.isWritten)
        #expect(!pipeline.zone.isWritten && !pipeline.skew.isWritten)
        #expect(pipeline.quarantine.limit.value == .perMillion(1000))
        #expect(!pipeline.quarantine.keepLines.value)
        #expect(pipeline.source.limits == RecordLimits())
        #expect(pipeline.outputs[0].path.value.isStandardOutput)
        #expect(pipeline.publish == nil && pipeline.optOuts == nil && pipeline.keys == nil)
        let short = reading(smallExample + "opt_outs: list.csv\n").specification?.optOuts
        #expect(short?.basis.value == .use)
        #expect(short?.effect.value == .fields)
        #expect(short?.missing.value == .optedOut)
    }

    @Test("equal files give equal values, another file another")
    func equality() {
        #expect(reading(fullExample).specification == reading(fullExample).specification)
        let other = fullExample.split(separator: "/16").joined(separator: "/15")
        #expect(reading(fullExample).specification != reading(other).specification)
    }

    @Test(
        "limits of the quarantine",
        arguments: [
            ("0.1%", .perMillion(1000)), ("100%", .perMillion(1_000_000)), ("0%", .perMillion(0)),
            ("0.0001%", .perMillion(1)), ("7", .records(7)), ("0", .records(0)),
            ("100.1%", nil), ("%", nil), ("1.%", nil), (".5%", nil), ("-1", nil), ("1e3", nil),
            ("0.00001%", nil), ("1 %", nil), ("", nil), ("1.5", nil),
        ] as [(String, QuarantineSpecification.Limit?)]
    )
    func quarantineLimit(text: String, expected: QuarantineSpecification.Limit?) {
        #expect(QuarantineSpecification.Limit(text) == expected)
    }

    @Test(
        "paths with placeholders",
        arguments: [
            ("a/{date}.csv", ["date"]), ("-", []), ("{a}{b}", ["a", "b"]), ("a", []),
            ("a{", nil), ("a}", nil), ("{}", nil), ("{a{b}}", nil), ("{a", nil),
        ] as [(String, [String]?)]
    )
    func templates(text: String, placeholders: [String]?) {
        #expect(PathTemplate(text)?.placeholders == placeholders)
    }
}

/// Thrown by tests that found another kind of value than they look at.
private struct Unexpected: Error {}
