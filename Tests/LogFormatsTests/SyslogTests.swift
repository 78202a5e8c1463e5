import Anonymization
import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct SyslogTests {
    private func row(_ name: String, _ line: String, _ fields: [String]) throws -> ReadRow {
        let format = try #require(makeFormat(name))
        return try #require(read(format, bytes(line), fields: fields).first)
    }

    private func texts(_ name: String, _ line: String, _ fields: [String]) throws -> [String] {
        let row = try row(name, line, fields)
        #expect(row.state == .good, "\(line)")
        return row.values.map { $0.kind == .absent || $0.kind == .null ? "·" : text($0.text) }
    }

    /// The examples of RFC 5424 section 6.5.
    @Test func examplesOfTheStandard() throws {
        let names = ["priority", "version", "time", "host", "app", "pid", "msgid", "message"]
        #expect(
            try texts(
                "syslog_5424",
                "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time",
                names)
                == [
                    "165", "1", "2003-08-24T05:14:15.000003-07:00", "192.0.2.1", "myproc", "8710",
                    "·", "%% It's time",
                ])
        let data =
            #"<165>1 2003-10-11T22:14:15.003Z mymachine.example evntslog - ID47 "#
            + #"[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]"#
            + #"[examplePriority@32473 class="high"]"#
        #expect(
            try texts(
                "syslog_5424", data,
                [
                    "exampleSDID@32473.iut", "examplePriority@32473.class", "message",
                    "exampleSDID@32473.class",
                ]) == ["3", "high", "·", "·"])
    }

    @Test func escapesInParameters() throws {
        let line = #"<1>1 - - - - - [a x="q\"b\\c\]d\e" y="-"] m"#
        #expect(
            try texts("syslog_5424", line, ["a.x", "a.y", "message"])
                == [#"q"b\c]d\e"#, "·", "m"])
    }

    @Test(arguments: [
        ("no syslog at all", QuarantineReason.formatMismatch),
        ("<192>1 - - - - - - m", .formatMismatch), ("<1>1 - - - - -", .formatMismatch),
        ("<1>1 - -  - - - m", .formatMismatch), ("<1>1 - - - - - [a", .formatMismatch),
        ("<1>1 - - - - - [a x=1] m", .formatMismatch),
        (#"<1>1 - - - - - [a x="1"]m"#, .formatMismatch),
        (#"<1>1 - - - - - [a x="1] m"#, .badQuoting),
        (#"<1>1 - - - - - [a x="1" x="2"] m"#, .duplicateKey),
    ]) func badLines(_ line: String, _ reason: QuarantineReason) throws {
        #expect(try row("syslog_5424", line, ["a.x"]).state == .bad(reason))
    }

    @Test func linesOfDaemons() throws {
        let names = ["priority", "time", "host", "app", "pid", "message"]
        let cases: [(String, [String])] = [
            (
                "<34>Oct 11 22:14:15 mymachine su: 'su root' failed on /dev/pts/8",
                ["34", "Oct 11 22:14:15", "mymachine", "su", "·", "'su root' failed on /dev/pts/8"]
            ),
            (
                "Mar  1 02:03:04 web1 sshd[4711]: Accepted key for anna from 192.0.2.7 port 22",
                [
                    "·", "Mar  1 02:03:04", "web1", "sshd", "4711",
                    "Accepted key for anna from 192.0.2.7 port 22",
                ]
            ),
            (
                "2026-03-01T02:03:04.5+01:00 web1 cron[1]: x",
                ["·", "2026-03-01T02:03:04.5+01:00", "web1", "cron", "1", "x"]
            ),
            (
                "Mar 01 02:03:04 web1 last message repeated 2 times",
                ["·", "Mar 01 02:03:04", "web1", "·", "·", "last message repeated 2 times"]
            ),
            ("- - -[-]: -", ["·", "·", "·", "·", "·", "·"]),
        ]
        for (line, values) in cases {
            #expect(try texts("syslog_3164", line, names) == values, "\(line)")
        }
    }

    @Test(arguments: ["Mar  1 02:03:04", "Mar  1 02:03:04 host", "hello world", "<>Mar  1 x"])
    func noLinesOfDaemons(_ line: String) throws {
        #expect(try row("syslog_3164", line, ["time"]).state == .bad(.formatMismatch))
    }

    /// Replaced values come back as themselves where a line can hold them.
    @Test func splices() throws {
        let writer = try #require(makeFormat("syslog_5424")).splicedWriter()
        let line = #"<1>1 - host app - - [a x="v"] text here"#
        #expect(
            written(
                writer, line, .spliced,
                [
                    .raw(0..<7), .text("h h"), .raw(11..<26), .text(#"q"]"#), .raw(27..<30),
                    .text("one\ntwo"),
                ]) == #"<1>1 - h_h app - - [a x="q\"\]"] one two"# + "\n")
        #expect(
            written(writer, line, .spliced, [.raw(0..<7), .null, .raw(11..<39)])
                == #"<1>1 - - app - - [a x="v"] text here"# + "\n")
    }

    @Test func columnsMakeALine() throws {
        let format = try #require(makeFormat("syslog_5424"))
        let writer = format.columnWriter(columns: ["host", "message", "other"])
        #expect(
            written(writer, "", .columns, [.text("web1"), .text("hello there"), .text("x")])
                == "<13>1 - web1 - - - - hello there\n")
        let old = try #require(makeFormat("syslog_3164")).columnWriter(columns: ["time", "message"])
        #expect(
            written(old, "Mar  1 02:03:04", .columns, [.source(0..<15), .text("x y")])
                == "<13>Mar  1 02:03:04 - -[-]: x y\n")
    }

    /// Whatever ends a field of the header is read back out of it.
    @Test(arguments: ["syslog_5424", "syslog_3164"])
    func columnsAreReadBack(_ name: String) throws {
        let format = try #require(makeFormat(name)).columnFormat
        let fields = ["host", "app", "message"]
        for value in ["a b", "a_b", #"a\x20b"#, #"a\x5cx20"#, "a:b [c]", "a\tb", "a]", "é\\"] {
            let line = written(
                format.columnWriter(columns: fields), "", .columns,
                [.text(value), .text(value), .text("a \\x20b")])
            let row = try #require(read(format, bytes(line), fields: fields).first)
            #expect(row.values.map { text($0.text) } == [value, value, "a \\x20b"], "\(line)")
        }
    }

    @Test func anyCutGivesTheSameRows() throws {
        var generator = SeededGenerator(seed: 0x5106)
        let parts = [
            "<1>1 ", "- ", "[a ", "x=\"", "\"", "]", "\\", "\n", "Mar  1 02:03:04 ", "h ", "é",
        ]
        for name in ["syslog_5424", "syslog_3164"] {
            let format = try #require(makeFormat(name))
            for _ in 0..<300 {
                let source = nasty(parts, length: 60, using: &generator)
                let fields = ["host", "a.x", "message", "(unnamed)"]
                #expect(
                    read(format, source, fields: fields)
                        == read(format, source, fields: fields, cuts: generator))
            }
        }
    }
}
