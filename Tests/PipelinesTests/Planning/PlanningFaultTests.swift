import Pipelines
import Records
import Testing

/// Faults that only planning can see: they need the formats.
@Suite struct PlanningFaultTests {
    private func faults(_ pipeline: String) throws -> [String] {
        let folder = try TemporaryPipeline(pipeline)
        return try Sluice.check(pipeline: "\(folder.folder)/pipeline.yaml").map {
            "\($0.position.line):\($0.position.column): \($0.path): \($0.message)"
        }
    }

    private func output(_ format: String, _ members: String, fields: String) -> String {
        """
        name: small
        source: { format: \(format), time: time }
        fields: { \(fields) }
        outputs:
          - { name: all, purpose: security, path: out/all, \(members) }
        """
    }

    // MARK: Maxima

    @Test(arguments: [("100", true), ("99.99", false)])
    func theLargestNumberIsNoStatistic(_ share: String, _ isRefused: Bool) throws {
        let found = try faults(
            """
            name: small
            source: { format: jsonl, time: time }
            identity: { user: user }
            fields: { time: keep, user: drop, size: drop }
            statistics:
              - name: sizes
                purpose: statistics
                by: [month]
                path: out/sizes.csv
                measures: { most: { percentile: { of: size, p: \(share) } } }
            """)
        #expect(found.count == (isRefused ? 1 : 0), "\(found)")
        if isRefused {
            #expect(found[0].contains("statistics[1].measures.most: percentile 100 is the largest"))
        }
    }

    // MARK: Files that nobody would delete

    @Test(arguments: [
        ("out/{date}", true), ("{name}/{month}", true), ("out/{name}", false), ("-", false),
    ])
    func safeguardsDemandAState(_ path: String, _ isRefused: Bool) throws {
        let pipeline = """
            name: small
            source: { format: jsonl, time: time }
            fields: { time: keep }
            outputs:
              - name: all
                purpose: security
                path: "\(path)"
                safeguards: { reason: abuse, readers: [soc], delete_after: P1M }

            """
        let found = try faults(pipeline)
        #expect(found.count == (isRefused ? 1 : 0))
        if isRefused {
            #expect(found[0].hasPrefix("8:64: outputs[1].safeguards.delete_after: `delete_after`"))
            #expect(found[0].hasSuffix("which each run writes anew"))
        }
        #expect(try faults(pipeline + "state: state\n") == [])
    }

    // MARK: Unnamed fields

    /// `{}` for each record is not what "keep everything" says.
    @Test(arguments: [("jsonl", "csv"), ("csv", "jsonl"), ("jsonl", "jsonl"), ("combined", "csv")])
    func everythingCannotBeKeptInAnotherFormat(_ source: String, _ target: String) throws {
        let found = try faults(
            output(source, "format: \(target), others: keep-everything", fields: "time: keep"))
        #expect(found.count == 1)
        let column = 70 + target.utf8.count
        #expect(found.first?.hasPrefix("5:\(column): outputs[1].others: `keep-everything`") == true)
        #expect(found.first?.contains("expected `columns` in the output, or no `format`") == true)
    }

    @Test func theFaultStandsWhereTheWordIs() throws {
        let pipeline = output("jsonl", "format: csv", fields: "time: keep") +
            "\nothers: keep-everything"
        #expect(try faults(pipeline).first?.hasPrefix("6:9: others: ") == true)
    }

    @Test func columnsSayWhatEverythingIs() throws {
        let found = try faults(
            output(
                "jsonl", "format: csv, others: keep-everything, columns: [time]",
                fields: "time: keep"))
        #expect(found.isEmpty)
    }

    /// Whom a field identifies does not stay for want of a rule: neither a person nor a company.
    @Test(arguments: [
        ("customer", "customer"), ("client", "client"), ("user", "user"), ("partner", "partner"),
        ("address", "ip"),
    ])
    func whatIdentifiesNeedsARuleWhereEverythingIsKept(_ key: String, _ field: String) throws {
        func found(
            _ fields: String, _ members: String, _ end: String = "", source: String = "jsonl"
        ) throws -> [String] {
            try faults(
                """
                name: small
                identity: { \(key): \(field) }
                source: { format: \(source), files: "in/*", time: time }
                fields: { time: keep\(fields) }
                outputs:
                  - { name: all, purpose: security, path: out/all\(members) }
                  - { name: due, purpose: security, path: out/due }
                \(end)
                """)
        }
        let keeping = ", others: keep-everything"
        let column = 15 + key.utf8.count
        let place = "2:\(column): identity.\(key): found no rule for `\(field)`, which "
        let text = "`others: keep-everything` leaves readable in `all`, expected one that does "
            + "not once it is due, such as `pseudonymize` or `drop`"
        #expect(try found("", keeping) == [place + text])
        let both = try found("", "", "others: keep-everything")
        #expect(both.count == 1 && both[0].contains("readable in `all`, `due`, expected"))
        #expect(try found("", "\(keeping), columns: [time, \(field)]").count == 1)
        #expect(try found("", "\(keeping), columns: [time]").isEmpty)
        #expect(try found("", "\(keeping), fields: { \(field): drop }").isEmpty)
        #expect(try found(", \(field): drop", keeping).isEmpty)
        #expect(try found("", "").isEmpty)
        // A rule that leaves it is none.
        #expect(try found(", \(field): keep", keeping).count == 1)
    }

    @Test func whatIdentifiesNeedsARuleInAStoreThatKeepsEverything() throws {
        func found(_ rule: String, _ results: String = "") throws -> [String] {
            try faults(
                """
                name: small
                source: { format: jsonl, time: time\(results.isEmpty ? "" : ", files: in") }
                identity: { user: user }
                fields: { time: keep\(rule) }
                others: keep-everything
                state: state
                \(results.isEmpty ? "store: { files: \"in/*\" }" : results)
                """)
        }
        #expect(try found("").contains { $0.contains("leaves readable in the store, expected") })
        #expect(try found(", user: drop").isEmpty)
        // Tables read it as a token only.
        let table = """
            statistics:
              - { name: t, purpose: statistics, by: [month], path: out/t.csv,
                  measures: { users: { distinct: user } } }
            """
        #expect(try !found("", table).contains { $0.contains("keep-everything") })
    }

    /// What stands behind the address is no field: nobody could drop it.
    @Test func textThatIsNoFieldIsNotSaidToBeDropped() throws {
        func found(_ members: String, _ end: String = "") throws -> [String] {
            try faults(
                """
                name: small
                source: { format: first-field }
                fields: { ip: truncate_ip }
                outputs:
                  - { name: all, purpose: security, path: out/all\(members) }
                \(end)
                """)
        }
        let first = try found("")
        #expect(first.count == 1)
        #expect(first.first?.hasPrefix("5:13: others: records of `first-field` have text") == true)
        #expect(first.first?.contains("expected `others: keep-everything`") == true)
        let own = try found(", others: drop", "others: keep-everything")
        #expect(own.first?.hasPrefix("5:60: outputs[1].others: records of") == true)
        #expect(try found(", others: keep-everything").isEmpty)
        #expect(try found("", "others: keep-everything").isEmpty)
        #expect(try found(", format: jsonl").isEmpty)
    }

    // MARK: Parts of a field

    @Test(arguments: [
        ("request: redact, path: drop", "path"), ("method: keep, request: keep", "method"),
        ("protocol: keep, request: { replace: x }", "protocol"),
    ])
    func aFieldAndItsPartCannotBothHaveRules(_ fields: String, _ part: String) throws {
        let found = try faults(output("combined", "gzip: 1", fields: fields))
        #expect(found.count == 1)
        #expect(found.first?.contains("`\(part)` is a part of `request`") == true)
        #expect(found.first?.hasPrefix("3:") == true)
    }

    @Test func theRuleOfAnOutputCountsToo() throws {
        let found = try faults(
            output("common", "fields: { path: url }", fields: "request: redact"))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("5:62: outputs[1].fields: `path`") == true)
    }

    @Test(arguments: [
        ("combined", "gzip: 1", "path: url, method: keep"),
        ("combined", "gzip: 1", "request: drop"),
        // Columns are values of their own.
        ("combined", "format: csv", "request: redact, path: url"),
        // Here `path` is no part of the request line.
        ("{ access_log: '$time_local \"$request\" $uri' }", "gzip: 1", "request: drop, path: url"),
    ])
    func rulesThatDoNotMeetAreFine(
        _ format: String, _ members: String, _ fields: String
    ) throws {
        #expect(try faults(output(format, members, fields: fields)).isEmpty)
    }

    @Test("a fault that is found in several places is said once")
    func saidOnce() throws {
        let found = try faults(
            """
            name: small
            source: { format: jsonl, time: time }
            fields: { time: keep, ip: { truncate_ip: { ipv4: /99 } } }
            outputs:
              - { name: all, purpose: security, path: out/all }
              - { name: more, purpose: security, path: out/more }
            """)
        #expect(found.count == 1, "\(found)")
    }

    // MARK: Identities

    /// Of several customers of a record none would be asked.
    @Test(arguments: [
        ("customer", "c[*].n", true), ("user", "u[*]", true), ("client", "c[0].n", false),
    ])
    func anIdentityIsOneValue(_ role: String, _ field: String, _ isRefused: Bool) throws {
        let found = try faults(
            """
            name: small
            source: { format: jsonl, time: time }
            identity: { \(role): "\(field)" }
            fields: { time: keep, "\(field)": drop }
            outputs: [{ name: all, purpose: security, path: out/all }]
            """)
        #expect(found.count == (isRefused ? 1 : 0))
        let words = "identity.\(role): `\(field)` has several values in a record"
        #expect(found.allSatisfy { $0.contains(words) })
    }

    /// Whom a measure counts is a role, the field of one, or a field with a rule; nothing else.
    @Test(arguments: [
        ("user: u", "u: drop", "user", ""), ("user: u", "u: drop", "u", ""),
        ("user: u", "u: drop, ip: drop", "ip", ""),
        ("user: u", "u: drop, user: drop", "user", "`user` means two fields: expected `u`"),
        ("user: u", "u: drop, user: drop", "{ field: user }", ""),
        ("user: u", "u: drop", "{ field: user }", "no field is called `user`"),
        ("user: u", "u: drop", "{ of: u, field: u }", "found `of` and `field`"),
        ("user: u", "u: drop", "sid", "`sid: drop` there lets it be counted"),
        ("user: u, customer: user", "u: drop", "user", "`user` means two fields: expected `u`"),
        ("customer: c", "c: drop", "user", "no identity is called `user`"),
        ("user: u", "u: drop", "usr", "no identity is called `usr`"),
    ])
    func countedIdentities(
        _ identity: String, _ fields: String, _ name: String, _ fault: String
    ) throws {
        let whom = name.hasPrefix("{") ? name : "{ of: \(name) }"
        for measure in ["{ distinct: \(name) }", "{ sessions: \(whom) }"] {
            let found = try faults(
                """
                name: small
                source: { format: jsonl, time: time }
                identity: { \(identity) }
                fields: { time: keep, \(fields) }
                keys: keys
                statistics:
                  - { name: s, purpose: statistics, by: [month], path: s.csv,
                      measures: { m: \(measure) } }
                """)
            #expect(found.count == (fault.isEmpty ? 0 : 1), "\(found)")
            #expect(found.allSatisfy { $0.contains(fault) })
        }
    }

    @Test func aRoleCountsItsField() throws {
        let line = #"{"time":"2026-01-10T00:00:00Z","u":""#
        let scene = try TemporaryPipeline(
            """
            name: small
            source: { format: jsonl, files: "in/*", time: time }
            identity: { user: u }
            fields: { time: keep, u: drop, user: drop }
            keys: keys
            statistics:
              - { name: s, purpose: statistics, by: [month], path: s.csv,
                  measures: { d: { distinct: u }, e: { distinct: { field: user } } },
                  suppression: { persons: 1 } }
            """,
            files: [
                "in/a": ["a", "b", "a", "c"].map { "\(line)\($0)\",\"user\":\"x\"}\n" }.joined()
            ])
        try scene.run(now: "2026-02-20")
        #expect(try scene.text("s.csv") == "month,d,e\n2026-01,3,1\n")
    }

    // MARK: Columns of one place

    @Test(arguments: [
        ("[a, a.b]", "a.b", "a"), ("[a.b, c, a]", "a", "a.b"), ("['t[0]', 't[1]']", "t[1]", "t[0]"),
        ("['t[*].x', 't[0].x']", "t[0].x", "t[*].x"), ("['t[*]', 't[1]']", "t[1]", "t[*]"),
    ])
    func columnsOfOnePlaceAreAFault(
        _ columns: String, _ second: String, _ first: String
    ) throws {
        let pipeline = """
            name: small
            source: { format: csv }
            fields: { a: keep, a.b: keep, c: keep, 't[0]': keep, 't[1]': keep, 't[*].x': keep,
              't[0].x': keep, 't[*]': keep }
            outputs:
              - { name: all, purpose: security, path: out/all, format: jsonl, columns: \(columns) }
            """
        let found = try faults(pipeline)
        #expect(found.count == 1)
        let words = "column `\(second)` would be written where `\(first)`"
        #expect(found.first?.contains(words) == true)
        #expect(found.first?.hasPrefix("6:") == true)
    }

    /// What is written as `t` is not found as `t[0]` by the run that is to age it.
    @Test(arguments: ["csv", "jsonl"])
    func columnsOfElementsAreNotStoredAsJSON(_ source: String) throws {
        for (format, state, count) in [
            ("jsonl", "state: state", 1), ("csv", "state: state", 0), ("jsonl", "others: drop", 0),
        ] {
            let found = try faults(
                """
                name: small
                source: { format: \(source), time: time }
                fields: { time: keep, "t[0]": keep, a: keep }
                outputs:
                  - { name: all, purpose: security, path: out/all, format: \(format),
                      columns: [time, "t[0]", a] }
                \(state)
                """)
            #expect(found.count == count, "\(found)")
            let words = "column `t[0]` would be written under another"
            #expect(found.allSatisfy { $0.contains(words) })
        }
    }

    @Test func ofSeveralValuesOneIsWrittenAndThatIsTold() throws {
        let scene = try TemporaryPipeline(
            """
            name: small
            source: { format: jsonl, files: "in/*" }
            fields: { "n[*].a": keep }
            outputs: [{ name: all, purpose: statistics, path: out, format: csv }]
            """, files: ["in/a": #"{"n":[{"a":1},{"a":2}]}"# + "\n"])
        let report = try scene.run(now: "2026-02-20")
        #expect(report.notes.contains { $0.hasPrefix("all: of several values of `n[*].a`") })
        #expect(try scene.text("out") == "n[*].a\n1\n")
    }

    /// A record is taken once: what its field says later never reaches what is stored.
    @Test(arguments: [("state: state", true), ("", false)])
    func aClockOfItsOwnFieldIsTold(_ state: String, _ isTold: Bool) throws {
        let scene = try TemporaryPipeline(
            """
            name: small
            source: { format: jsonl, files: "in/*", time: ts }
            window: P1M
            fields:
              ts: keep
              done: keep
              n: { then: drop, after: { start: { field: done }, length: P1Y } }
            outputs: [{ name: all, purpose: statistics, path: "out/{name}" }]
            \(state)
            """, files: ["in/a": #"{"ts":"2026-02-01T00:00:00Z","n":1}"# + "\n"])
        let report = try scene.run(now: "2026-02-20")
        #expect(
            report.notes.contains { $0.contains("starts at the record's own `done`") } == isTold)
        let checked = try Sluice.checkAndNote(
            pipeline: PipelineFile("\(scene.folder)/pipeline.yaml"))
        #expect(checked.faults.isEmpty && checked.notes == report.notes)
    }

    @Test func columnsOfOneObjectAreWrittenTogether() throws {
        let folder = try TemporaryPipeline(
            """
            name: nested
            source: { format: csv, files: in.csv }
            fields: { a.x: keep, b: keep, a.y.z: keep, c: keep, a.y.w: keep, a.v: keep }
            outputs:
              - { name: all, purpose: security, path: out.jsonl, format: jsonl }
            """,
            files: ["in.csv": "a.x,b,a.y.z,c,a.y.w,a.v\n1,2,3,4,5,6\n"])
        _ = try folder.run(now: "2026-04-15")
        #expect(
            try folder.text("out.jsonl")
                == #"{"a":{"x":"1","y":{"z":"3","w":"5"},"v":"6"},"b":"2","c":"4"}"# + "\n")
    }

    // MARK: Times

    @Test func withoutATimeNothingCanExpire() throws {
        let found = try faults(
            """
            name: timeless
            source: { format: jsonl }
            fields: { a: keep }
            outputs:
              - { name: all, purpose: security, path: out/all, expires: P1M }
            state: state
            """)
        #expect(found.count == 1)
        #expect(found.first?.contains("outputs[1].expires: `expires` counts from") == true)
    }

    @Test func withoutStateNothingCouldBeDeleted() throws {
        let pipeline = """
            name: forgetful
            source: { format: jsonl, time: ts }
            fields: { ts: keep }
            outputs:
              - { name: all, purpose: security, path: "out/{date}.jsonl", expires: P1M }

            """
        let found = try faults(pipeline)
        #expect(found.count == 1)
        #expect(found.first?.contains("outputs[1].expires: `expires` in a pipeline") == true)
        #expect(found.first?.contains("expected `state`") == true)
        #expect(try faults(pipeline + "state: state\n") == [])
    }

    // MARK: Elements

    /// A rule for one element goes before the one for every element, wherever it stands.
    @Test(arguments: [
        "'t[0]': keep, 't[*]': { replace: x }", "'t[*]': { replace: x }, 't[0]': keep",
    ])
    func aNumberedElementHasItsOwnRule(_ fields: String) throws {
        let folder = try TemporaryPipeline(
            """
            name: elements
            source: { format: jsonl, files: in.jsonl }
            fields: { \(fields) }
            outputs:
              - { name: all, purpose: security, path: out.jsonl }
            """,
            files: ["in.jsonl": #"{"t":["a","b","c"]}"# + "\n"])
        _ = try folder.run(now: "2026-04-15")
        #expect(try folder.text("out.jsonl") == #"{"t":["a","x","x"]}"# + "\n")
    }
}
