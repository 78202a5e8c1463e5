import Records
import TestSupport
import Testing

@testable import Pipelines

@Suite("Faults of pipeline files")
struct FaultTests {
    @Test("many faults of one file are reported in one go, in the order of the file")
    func manyAtOnce() {
        let text = """
            name: Night Run
            source: {format: jsonl, tiem: ts}
            windw: P1M
            zone: ../etc
            skew: 1 day
            fields:
              ip: {truncate_ip: /16, ipv6: /32}
              user: [drop]
              note: {category: secret, then: redact}
              note: drop
            outputs:
              - {name: out, purpose: statistic, path: 'out/{dat}.csv'}
              - {name: out, path: '-', gzip: 11}
            quarantine: {limit: some}
            acknowledge: [static_key]
            """
        #expect(
            reading(text).faults.map { String($0.prefix(60)) } == [
                "1:7: name: expected a name of at most 64 lower-case letters,",
                "2:25: source: unknown key `tiem`; did you mean `time`?",
                "3:1: unknown key `windw`; did you mean `window`?",
                "4:7: zone: expected a time zone such as `UTC` or `Europe/Ams",
                "5:7: skew: expected an ISO 8601 duration such as `P1M`, `P30",
                "7:7: fields.ip: found a mapping of 2 keys, expected a transf",
                "8:9: fields.user: found a list, expected a transform, or `{t",
                "9:20: fields.note.category: found another word, expected `te",
                "10:3: found the key `note` again; it is already on line 9",
                "12:26: outputs[1].purpose: unknown purpose `statistic`, expe",
                "12:43: outputs[1].path: unknown placeholder `{dat}`, expecte",
                "13:5: outputs[2]: `purpose` is missing",
                "13:12: name: found `out` again, expected each name of an out",
                "13:34: outputs[2].gzip: expected a whole number from 1 to 9",
                "14:21: quarantine.limit: expected a share such as `0.1%` (up",
                "15:15: acknowledge: found another word, expected `static-key",
            ]
        )
    }

    @Test(
        "one fault of each kind, at its place, with the nearest name",
        arguments: [
            ("- a", "1:1: found a list, expected a pipeline beginning with `name:`"),
            ("a", "1:1: found a single value, expected a pipeline beginning with `name:`"),
            ("x: {of: a}", "1:1: `name` is missing"),
        ]
    )
    func wholeFile(text: String, expected: String) {
        #expect(reading(text).faults.first == expected)
    }

    @Test("one fault more in a file that is otherwise right", arguments: faultTable)
    func added(row: FaultRow) {
        let small = row.isOutput ? smallOutput : smallExample
        let (_, faults) = reading(small + row.text)
        #expect(faults == [row.expected])
    }

    @Test("words of the catalogues are held against injected lists")
    func knownNames() {
        var known = KnownNames()
        known.transforms = ["keep", "drop", "truncate_ip"]
        known.formats = ["jsonl", "csv"]
        known.measures = ["count"]
        let text = """
            name: a
            source: {format: {json: {x: y}}}
            fields: {ip: truncate_pi, b: {after: P1D, then: {truncte_ip: /8}}}
            statistics: [{name: s, purpose: statistics, measures: {a: cuont, b: {count: {}}}}]
            """
        #expect(
            reading(text, known: known).faults == [
                "2:19: source.format: unknown format `json`; did you mean `jsonl`?",
                "3:14: fields.ip: unknown transform `truncate_pi`; did you mean `truncate_ip`?",
                "3:50: fields.b.then: unknown transform `truncte_ip`; did you mean `truncate_ip`?",
                "4:59: statistics[1].measures.a: unknown measure `cuont`; did you mean `count`?",
            ]
        )
    }

    @Test("lines and JSON")
    func rendering() {
        let faults = [
            SettingFault(
                "found \"x\"\u{1B}[31m",
                at: at(12, 5),
                path: "fields.ip",
                suggestion: "y"
            ),
            SettingFault("a\\b", at: at(2, 1)),
            SettingFault("no file", at: .none),
        ]
        #expect(
            FaultReport.render(faults, file: "p/f.yaml") == """
                p/f.yaml: no file
                p/f.yaml:2:1: a\\b
                p/f.yaml:12:5: fields.ip: found "x"\u{FFFD}[31m; did you mean `y`?
                """
        )
        #expect(
            FaultReport.json(Array(faults.prefix(2)), file: "f\u{E9}") == #"""
                [{"file":"fé","line":2,"column":1,"path":"","message":"a\\b","suggestion":null},\#
                {"file":"fé","line":12,"column":5,"path":"fields.ip",\#
                "message":"found \"x\"\u001b[31m","suggestion":"y"}]
                """#
        )
        #expect(FaultReport.json([], file: "f") == "[]")
        #expect(FaultReport.render([], file: "f") == "")
    }
}

/// A pipeline whose last line is an output that members can be appended to.
private let smallOutput = """
    name: small
    source: {format: jsonl}
    purposes: [own-purpose]
    identity: {user: u}
    fields: {m: {category: limited-production}, p: {purposes: [security]}, i: {identifier: true}}
    outputs:
      - name: out

    """

/// Text appended to a pipeline, and the one fault it makes.
struct FaultRow: Sendable, CustomTestStringConvertible {
    let text: String
    let expected: String
    /// Appended inside the output of `smallOutput` instead of behind `smallExample`.
    var isOutput = false

    init(_ text: String, _ expected: String, isOutput: Bool = false) {
        self.text = text
        self.expected = expected
        self.isOutput = isOutput
    }

    var testDescription: String { expected }
}

private func output(_ text: String, _ expected: String) -> FaultRow {
    FaultRow("    " + text, expected, isOutput: true)
}

private let leavesUnfoundHint =
    "; for addresses take `truncate_ip`, where people are told apart `pseudonymize`"

let faultTable =
    [
        FaultRow(
            "statistics: [{name: s, purpose: statistics, measures: {}}]",
            "5:55: statistics[1].measures: found no column, expected `{column: measure}`"
        ),
        FaultRow(
            "identity: {user: a, partner: a}",
            "5:30: identity.partner: found the field of `user` again, expected a field of its own"
        ),
        FaultRow(
            "identity: a",
            "5:11: identity: found a single value, expected a mapping of names to values"
        ),
        FaultRow("identity: {usr: a}", "5:12: identity: unknown key `usr`; did you mean `user`?"),
        FaultRow(
            "identity: {user: a}\nfields: {a: keep}",
            "6:13: fields.a: found `keep` on a field that is `identity.user`, expected a rule "
                + "that does "
                + "not leave it readable once it is due, such as `pseudonymize` or `drop`"
        ),
        FaultRow(
            "fields: {a: {identifier: true, then: keep}}",
            "5:38: fields.a: found `keep` on a field that is declared as an identifier, "
                + "expected a rule "
                + "that does not leave it readable once it is due, such as `pseudonymize` or `drop`"
        ),
        FaultRow(
            "identity: {user: a}\nfields: {a: redact}",
            "6:13: fields.a: found `redact` on a field that is `identity.user`, expected a rule "
                + "that does not leave it readable once it is due, such as `pseudonymize` or "
                + "`drop`: what it does not find in a value stays"
                + leavesUnfoundHint
        ),
        FaultRow(
            "fields: {a: {identifier: true, then: url}}",
            "5:38: fields.a: found `url` on a field that is declared as an identifier, expected a "
                + "rule that does not leave it readable once it is due, such as `pseudonymize` or "
                + "`drop`: what it does not find in a value stays"
                + leavesUnfoundHint
        ),
        FaultRow(
            "identity: {customer: a}\nderive: {b: {redact: {of: a, kinds: iban}}}",
            "6:14: derive.b: found `redact` on a field that is `identity.customer`, expected a "
                + "rule that does not leave it readable once it is due, such as `pseudonymize` or "
                + "`drop`: what it does not find in a value stays"
                + leavesUnfoundHint
        ),
        FaultRow(
            "fields: {a: {category: technical, drop: {}}}",
            "5:35: fields.a: unknown key `drop`"
        ),
        FaultRow(
            "fields: {a: {after: {start: evnt, length: P1D}}}",
            "5:29: fields.a.after.start: found a single value, expected `event`, `{field: name}` "
                + "or `{table: name, column: name, by: field}`"
        ),
        FaultRow(
            "fields: {a: {after: {start: {field: b, by: c}, length: P1D}}}",
            "5:29: fields.a.after.start: expected either `field`, or `table`, `column` and `by`"
        ),
        FaultRow(
            "window: {start: event, length: P1D, unless: event}",
            "5:45: window.unless: found a single value, expected `{field: name}` "
                + "or `{table: name, column: name, by: field}`"
        ),
        FaultRow(
            "tables: [{name: crm, key: k, file: a.csv, table: t}]",
            "5:10: tables[1]: expected either `file`, a CSV, or `sqlite` and `table`"
        ),
        FaultRow(
            "tables: [{name: crm, key: k, file: a.csv, max_shrink: 12}]",
            "5:55: tables[1].max_shrink: expected a share such as `10%`, up to `100%`"
        ),
        FaultRow(
            "tables: [{name: crm, key: k, file: a}]\n"
                + "delete: {start: {table: cmr, column: c, by: k}, length: P1D}",
            "6:25: tables: unknown table `cmr`, expected `crm`; did you mean `crm`?"
        ),
        FaultRow(
            "fields: {a: {after: {start: event}}}",
            "5:21: fields.a.after: `length` is missing"
        ),
        FaultRow(
            "fields: {a: ''}",
            "5:13: fields.a: found a single value, expected a transform, or `{transform: options}`"
        ),
        FaultRow(
            "fields: {a: }",
            "5:13: fields.a: found nothing, expected a transform, or `{transform: options}`"
        ),
        FaultRow(
            "fields: {a: {purposes: [securty]}}",
            "5:25: fields.a.purposes: unknown purpose `securty`, expected "
                + "`service-improvement`, `marketing`, "
                + "`security`, `statistics`, `compliance` or `development`, or one declared under "
                + "`purposes`; did you mean `security`?"
        ),
        FaultRow(
            "others: keep",
            "5:9: others: found another word, expected `drop` or `keep-everything`"
        ),
        FaultRow(
            "purposes: [security]",
            "5:12: purposes: found a built-in purpose, expected only purposes beyond "
                + "`service-improvement`, `marketing`, `security`, `statistics`, `compliance` or "
                + "`development`"
        ),
        FaultRow(
            "derive: {a: {agent_family: user_agent}}",
            "5:28: derive.a.agent_family: `of` is missing, expected `{of: field}` with the "
                + "field to "
                + "derive from"
        ),
        FaultRow(
            "derive: {a: {keep: {of: b}}, b: {keep: {of: c}}}",
            "5:25: derive.a: found a derived field, expected a field of the source"
        ),
        FaultRow(
            "statistics: [{name: out, purpose: statistics, measures: {n: count}}]",
            "5:21: name: found `out` again, expected each name of an output, disclosure or "
                + "statistic "
                + "once; it is already on line 4"
        ),
        FaultRow(
            "statistics: [{name: s, purpose: statistics, path: '-', measures: {n: count}}]",
            "5:51: path: found `-` again, expected at most one result on standard output"
        ),
        FaultRow(
            "statistics: [{name: s, purpose: statistics, by: [mnth], measures: {n: count}}]",
            "5:50: statistics[1].by: unknown field `mnth`, expected `month`, `day`, `hour`, or "
                + "a field "
                + "with a rule under `fields`, or a derived one; did you mean `month`?"
        ),
        FaultRow(
            "statistics: [{name: s, purpose: statistics, by: [day, day], measures: {n: count}}]",
            "5:55: statistics[1].by: found `day` again, expected each key once"
        ),
        FaultRow(
            "statistics: [{name: s, purpose: statistics, by: [day], measures: {day: count}}]",
            "5:67: statistics[1].measures.day: found the name of a column of `by` again, "
                + "expected a name "
                + "of its own"
        ),
        FaultRow(
            "statistics: [{name: s, purpose: statistics}]",
            "5:14: statistics[1]: `measures` is missing"
        ),
        FaultRow(
            "fields: {m: {category: limited-production}}\n"
                + "statistics: [{name: s, purpose: marketing, by: m, measures: {n: count}}]",
            "6:48: statistics[1].by: found a field of category `limited-production`, which may "
                + "be used "
                + "for `service-improvement`, `statistics` or `development` only"
        ),
        FaultRow(
            "publish: {path: p}\nstatistics: [{name: s, purpose: statistics, "
                + "suppression: {of: count}, measures: {n: count}}]",
            "6:63: statistics[1].suppression.of: found a threshold on counts, expected `persons`: "
                + "`publish` takes no table without a threshold on persons"
        ),
        FaultRow(
            "publish: {persons: 0, path: p}",
            "5:20: publish.persons: expected a whole number from 3 to 1000000"
        ),
        FaultRow("publish: {}", "5:10: publish: `path` is missing"),
        FaultRow(
            "disclosures: [{name: d, to: own, measures: {n: count}, path: d}]",
            "5:29: disclosures[1].to: found a recipient that needs no disclosure, expected "
                + "`partner`, "
                + "`authority` or `processor`"
        ),
        FaultRow(
            "disclosures: [{name: d, to: partner, by: [month], measures: {n: count}, path: "
                + "'{mont}'}]",
            "5:79: disclosures[1].path: unknown placeholder `{mont}`, expected `{name}` or "
                + "`{month}`; "
                + "did you mean `{month}`?"
        ),
        FaultRow(
            "identity: {user: u}\ndisclosures: [{name: d, to: partner, by: [u], "
                + "measures: {n: count}, path: '{u}'}]",
            "6:75: disclosures[1].path: found `{u}`, which names files after persons, expected "
                + "persons in rows only"
        ),
        FaultRow(
            "identity: {address: a}\nfields: {a: drop}\ndisclosures: [{name: d, to: partner, "
                + "by: [a], measures: {n: count}, path: '{a}'}]",
            "7:75: disclosures[1].path: found `{a}`, which names files after persons, expected "
                + "persons in rows only"
        ),
        FaultRow(
            "fields: {a: email}\ndisclosures: [{name: d, to: partner, by: [a], "
                + "measures: {n: count}, path: '{a}'}]",
            "6:75: disclosures[1].path: found `{a}`, which names files after persons, expected "
                + "persons in rows only, or `identifier: false` under its rule if it singles "
                + "nobody out"
        ),
        FaultRow(
            "fields: {a: {identifier: true, then: email}}\ndisclosures: [{name: d, to: partner, "
                + "by: [a], measures: {n: count}, path: '{a}'}]",
            "6:75: disclosures[1].path: found `{a}`, which names files after persons, expected "
                + "persons in rows only, or `identifier: false` under its rule if it singles "
                + "nobody out"
        ),
        FaultRow(
            "opt_outs: {file: a, missing: opted_out}",
            "5:30: opt_outs.missing: found another word, expected `opted-out` or `allowed`; did "
                + "you "
                + "mean `opted-out`?"
        ),
        FaultRow(
            "quarantine: {keep_lines: yes}",
            "5:26: quarantine.keep_lines: expected `true` or `false`"
        ),
        FaultRow("holds: [a]", "5:8: holds: found a list, expected text"),
        FaultRow("state: ''", "5:8: state: found an empty text, expected a value"),
        FaultRow(
            "tests: {name: a}",
            "5:8: tests: found a mapping, expected a list of mappings, each begun with `- name:`"
        ),
        FaultRow(
            "tests: [{name: a, now: 2026-02-30, input: ''}]",
            "5:24: tests[1].now: expected a date such as `2026-03-01`, or a date and time with "
                + "its zone "
                + "such as `2026-03-01T02:00:00Z`"
        ),
        FaultRow(
            "tests: [{name: a, now: 2026-03-01, input: '', output: {ot: ''}}]",
            "5:56: tests.output: unknown name `ot`, expected `out`; did you mean `out`?"
        ),
        FaultRow(
            "tests: [{name: a, now: 2026-03-01, input: '', quarantined: {bad_time: 1}}]",
            "5:61: tests[1].quarantined: unknown reason `bad_time`; did you mean `bad-time`?"
        ),
        FaultRow(
            "tests: [{name: a, now: 2026-03-01, input: {}}]",
            "5:43: tests[1].input: found a mapping, expected text (write `|` and indent the lines)"
        ),
    ] + outputFaults

private let outputFaults = [
    output("purpose: statistics", "7:5: outputs[1]: `path` is missing"),
    output(
        "{purpose: statistics}",
        "8:5: found a key without `:`, or a line indented too little"
    ),
    output(
        "purpose: statistics\n    path: p\n    window: P1M",
        "10:13: outputs[1].window: found a window without `safeguards`, expected `P0D` or "
            + "safeguards "
            + "with reason, readers and delete_after"
    ),
    output(
        "purpose: security\n    path: p\n    safeguards: {reason: a, readers: [b]}",
        "10:17: outputs[1].safeguards: `delete_after` is missing"
    ),
    output(
        "purpose: security\n    path: p\n    safeguards: {reason: a, readers: [], delete_after: "
            + "P1M}",
        "10:17: outputs[1].safeguards.readers: found nobody, expected at least one reader"
    ),
    output(
        "purpose: marketing\n    path: p\n    safeguards: {reason: a, readers: b, delete_after: "
            + "P1M}",
        "8:14: outputs[1].purpose: found a purpose that may not read data before it is due, "
            + "expected "
            + "`security` or `compliance`, or no safeguards"
    ),
    output(
        "purpose: security\n    path: p\n    recipients: [own, group]\n"
            + "    safeguards: {reason: a, readers: b, delete_after: P1M}",
        "10:23: outputs[1].recipients: found a recipient beyond `own` where data is readable in "
            + "the "
            + "window; expected `own`, or no safeguards"
    ),
    output(
        "purpose: own-purpose\n    path: p\n    fields: {m: redact}",
        "10:14: outputs[1].fields.m: found a field of category `limited-production`, which may be "
            + "used for `service-improvement`, `statistics` or `development` only"
    ),
    output(
        "purpose: own-purpose\n    path: p\n    fields: {p: redact}",
        "10:14: outputs[1].fields.p: found a field whose own `purposes` do not include the purpose "
            + "of this part"
    ),
    output(
        "purpose: statistics\n    path: p\n    fields: {i: {keep: {}}}",
        "10:18: outputs[1].fields.i: found `keep` on a field that is declared as an identifier, "
            + "expected a rule that does not leave it readable once it is due, such as "
            + "`pseudonymize` "
            + "or `drop`"
    ),
    output(
        "purpose: statistics\n    path: p\n    fields: {i: redact}",
        "10:17: outputs[1].fields.i: found `redact` on a field that is declared as an identifier, "
            + "expected a rule that does not leave it readable once it is due, such as "
            + "`pseudonymize` or `drop`: what it does not find in a value stays"
                + leavesUnfoundHint
    ),
    output(
        "purpose: statistics\n    path: 'a{date'",
        "9:11: outputs[1].path: found a brace without its partner, expected placeholders such as "
            + "`{date}`"
    ),
]
