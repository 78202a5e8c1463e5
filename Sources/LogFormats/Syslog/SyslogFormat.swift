package import Anonymization
package import Records

/// Lines of syslog daemons: RFC 5424, or the older form that RFC 3164 describes.
///
/// RFC 5424: `<PRI>1 time host app pid msgid structured-data message`; parameters of structured
/// data are fields `ID.NAME`. RFC 3164 as daemons write it to files: `<PRI>` or nothing, a time
/// without year and zone (or one of RFC 3339), the host, then `app[pid]: message`. `-` is no value.
package struct SyslogFormat: LogFormat {
    /// Which of the two forms.
    enum Form: Sendable {
        case rfc5424, rfc3164
    }

    package let name: String
    package let ownTime: OwnTime?
    package let quoteRule = QuoteRule.never
    package let unnamedField: String? = NamedSlots.unnamed
    package let oddBytesRefused = OddBytes.notUTF8
    private let form: Form
    /// True for lines that are made of columns: values of their header may have escapes.
    private let isOfColumns: Bool

    init(name: String, form: Form, isOfColumns: Bool = false) {
        self.name = name
        self.form = form
        self.isOfColumns = isOfColumns
        ownTime =
            switch form {
            case .rfc5424: OwnTime("time", as: .rfc3339)
            case .rfc3164: OwnTime("time", as: .syslog, zone: .declared)
            }
    }

    /// The fields that every line has, in their order.
    var headerNames: [String] {
        switch form {
        case .rfc5424: ["priority", "version", "time", "host", "app", "pid", "msgid", "message"]
        case .rfc3164: ["priority", "time", "host", "app", "pid", "message"]
        }
    }

    package var fieldNames: [String]? { form == .rfc3164 ? headerNames : nil }

    package func knows(field: String) -> Bool? {
        if headerNames.contains(where: { sameBytes($0, field) }) { return true }
        return form == .rfc5424 && field.utf8.contains(UInt8(ascii: ".")) ? nil : false
    }

    package func makeSplitter(limits: RecordLimits) -> any RecordSplitter { LineSplitter() }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        let slots = NamedSlots(fields)
        switch form {
        case .rfc5424:
            return LineReader(
                SyslogScanner(
                    slots: slots, headerNames: headerNames, fieldsMax: limits.fieldsMax,
                    isOfColumns: isOfColumns),
                limits: limits)
        case .rfc3164:
            return LineReader(
                OldSyslogScanner(
                    slots: slots, headerNames: headerNames, isOfColumns: isOfColumns),
                limits: limits)
        }
    }

    package var columnFormat: any LogFormat {
        SyslogFormat(name: name, form: form, isOfColumns: true)
    }

    package func splicedWriter() -> any RecordWriter {
        LineSplicedWriter(syntax: SyslogSyntax(isOfColumns: isOfColumns))
    }

    package func columnWriter(columns: [String]) -> any RecordWriter {
        SyslogColumnWriter(form: form, headerNames: headerNames, columns: columns)
    }

    static let rfc5424 = descriptor(
        "syslog_5424", .rfc5424,
        "Syslog as in RFC 5424: `priority`, `version`, `time`, `host`, `app`, `pid`, `msgid`, "
            + "`message`, and the parameters of structured data as `ID.NAME`, such as `origin.ip`.")

    static let rfc3164 = descriptor(
        "syslog_3164", .rfc3164,
        "Syslog as in RFC 3164 and in files of daemons, with or without `<PRI>`: `priority`, "
            + "`time`, `host`, `app`, `pid`, `message`. The times have no year: they are of the "
            + "latest year that puts them at most a day ahead of the run's clock. They have no "
            + "zone either: say it under `zone` or `source.time`.")

    private static func descriptor(
        _ name: String, _ form: Form, _ summary: String
    ) -> FormatDescriptor {
        FormatDescriptor(
            name: name, summary: summary, make: { _ in SyslogFormat(name: name, form: form) })
    }
}
