package import Anonymization
package import Records

/// Access logs of web servers: one line per request, in the pattern of a template.
///
/// Bytes in, bytes out: lines need not be UTF-8. A byte order mark at the start of a source is
/// skipped. CRLF is taken as a line end, empty lines are blank
/// rows, a line that does not match the whole template (white space at its end aside) is bad. `-`
/// alone is no value. User names may have spaces when ` [time] "` follows the name.
package struct AccessLogFormat: LogFormat {
    package let name: String
    package let template: AccessLogTemplate
    private let program: AccessLogProgram
    package let fieldNames: [String]?
    package let ownTime: OwnTime?
    package let oddBytes: OddBytes = [.nul, .notUTF8]

    /// Unless `ownTime` says otherwise, the time is the field that has the form of access logs.
    init(
        name: String = "access_log",
        template: AccessLogTemplate,
        numbers: AccessLogProgram.Numbers = .orDash,
        ownTime: OwnTime? = nil
    ) {
        self.name = name
        self.template = template
        let time = template.fields.first { $0.role == .time }
        self.ownTime = ownTime ?? time.map { OwnTime($0.name, as: .accessLog) }
        program = AccessLogProgram(template, numbers)
        fieldNames = template.fieldNames
    }

    package func parts(of field: String) -> [String] {
        let names = template.fields.map(\.name)
        guard let request = template.requestIndex, sameBytes(names[request], field) else {
            return []
        }
        return AccessLogTemplate.requestParts.filter { part in
            !names.contains { sameBytes($0, part) }
        }
    }

    package var quoteRule: QuoteRule { .never }

    /// The rules of an output may have put anything in the place of a number.
    package var storedFormat: any LogFormat {
        AccessLogFormat(name: name, template: template, numbers: .any, ownTime: ownTime)
    }

    package func knows(field: String) -> Bool? {
        fieldNames?.contains { sameBytes($0, field) } ?? false
    }

    package func makeSplitter(limits: RecordLimits) -> any RecordSplitter { LineSplitter() }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        AccessLogReader(template: template, program: program, fields: fields, limits: limits)
    }

    package func splicedWriter() -> any RecordWriter { AccessLogSplicedWriter() }

    package func columnWriter(columns: [String]) -> any RecordWriter {
        AccessLogColumnWriter(template: template, columns: columns)
    }
}

// MARK: - Catalogue

extension AccessLogFormat {
    static let common = named(
        "common",
        "The Common Log Format of NCSA and Apache.",
        #"%h %l %u %t "%r" %s %b"#
    )

    static let combined = named(
        "combined",
        """
        The common format with referer and user agent, the default of nginx. A list of addresses \
        in front (X-Forwarded-For) is no address: such lines are set aside, and `access_log` reads \
        them with a template that names the header.
        """,
        #"%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-Agent}i""#
    )

    static let virtualHostCombined = named(
        "vhost_combined",
        "The combined format behind the virtual host, with or without a port.",
        #"%v:%p %h %l %u %t "%r" %s %b "%{Referer}i" "%{User-Agent}i""#
    )

    static let custom = FormatDescriptor(
        name: "access_log",
        summary: "Access logs in a pattern of your own, as the server's configuration has it.",
        options: [
            OptionDescriptor(
                "template",
                values: "an nginx log_format or Apache LogFormat string",
                standard: "required",
                help: "What the server was told to write."
            )
        ],
        make: { reader in
            guard let text = reader.requiredText("template") else { return nil }
            do throws(TemplateFault) {
                return AccessLogFormat(template: try AccessLogTemplate(text))
            } catch {
                reader.faults.add(
                    "at byte \(error.offset + 1) of the template: \(error.message)",
                    at: reader.optional("template")?.position ?? reader.position,
                    path: reader.path(of: "template")
                )
                return nil
            }
        }
    )

    private static func named(
        _ name: String,
        _ summary: String,
        _ template: StaticString
    ) -> FormatDescriptor {
        FormatDescriptor(
            name: name,
            summary: summary,
            make: { _ in
                AccessLogFormat(
                    name: name,
                    template: AccessLogTemplate(known: template),
                    numbers: .strict
                )
            }
        )
    }
}
