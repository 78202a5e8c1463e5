package import Anonymization
package import Records

/// What the catalogue knows about a format: the source of its YAML keys, its help text and its line
/// in the reference page.
package struct FormatDescriptor: Sendable {
    /// The word in pipeline files and in `--format`.
    package let name: String
    /// One sentence: what its records look like.
    package let summary: String
    /// The options, in the order of the reference page.
    package let options: [OptionDescriptor]
    /// Reads the options beside `format:` and makes the format; adds faults instead of throwing.
    package let make: @Sendable (SettingReader) -> (any LogFormat)?

    package init(
        name: String,
        summary: String,
        options: [OptionDescriptor] = [],
        make: @escaping @Sendable (SettingReader) -> (any LogFormat)?
    ) {
        self.name = name
        self.summary = summary
        self.options = options
        self.make = make
    }
}

/// All formats, in the order of the reference page.
package enum FormatCatalogue {
    package static let all: [FormatDescriptor] = [
        JSONLinesFormat.descriptor,
        CSVFormat.csv,
        CSVFormat.tsv,
        AccessLogFormat.common,
        AccessLogFormat.combined,
        AccessLogFormat.virtualHostCombined,
        AccessLogFormat.custom,
        AccessLogFormat.traefik,
        AccessLogFormat.haproxy,
        AccessLogFormat.applicationLoadBalancer,
        AccessLogFormat.classicLoadBalancer,
        HeadedTableFormat.w3c,
        HeadedTableFormat.cloudFront,
        HeadedTableFormat.zeek,
        LogfmtFormat.descriptor,
        SyslogFormat.rfc5424,
        SyslogFormat.rfc3164,
        JSONArrayFormat.descriptor,
        JSONArrayFormat.cloudTrail,
        JSONLinesFormat.caddy,
        JSONLinesFormat.traefikJSON,
        JSONLinesFormat.cloudflare,
        JSONLinesFormat.zeekJSON,
        FirstFieldFormat.descriptor,
    ]

    /// The format of that name.
    package static func named(_ name: String) -> FormatDescriptor? {
        all.first { sameBytes($0.name, name) }
    }
}
