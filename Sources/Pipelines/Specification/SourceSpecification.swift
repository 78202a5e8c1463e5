package import Records

/// What is read, and how.
package struct SourceSpecification: Sendable, Equatable {
    /// The format with its options, which planning holds against the catalogue of formats.
    package let format: NamedOptions
    /// Files, globs and directories, or `-` for standard input; empty when the command line or a
    /// pipe provides them.
    package let files: [Marked<String>]
    /// Where the time of a record is; nil when the format has one of its own.
    package let time: TimeSpecification?
    /// The declared stream; nil for the pipeline's name.
    package let stream: Marked<String>?
    /// nil for UTF-8.
    package let encoding: Marked<TextEncoding>?
    package let limits: RecordLimits

    /// True when the file says a format.
    var isComplete: Bool { format.name.isWritten }
}

/// Where and how the time of a record is written.
package struct TimeSpecification: Sendable, Equatable {
    /// The field of the time; with `path` that of the time of day, or nil.
    package let field: Marked<String>?
    /// The pattern by which the path of a source names its date; nil: it does not.
    package let path: Marked<String>?
    /// nil when the format decides: `access-log` in access logs, `rfc3339` elsewhere.
    package let format: Marked<TimeFormat>?
    /// The zone of times that are written without one; nil for the pipeline's.
    package let zone: Marked<String>?
}

extension SourceSpecification {
    /// Stands in for a missing source while other faults are looked for.
    static let none = SourceSpecification(
        format: NamedOptions(name: .standard("jsonl"), options: .empty(.none)),
        files: [],
        time: nil,
        stream: nil,
        encoding: nil,
        limits: RecordLimits()
    )

    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> SourceSpecification? {
        let section = SectionReader(setting, PipelineReference.source, path: path, context)
        let format = section.required("format").flatMap {
            context.format($0, path: section.path("format"))
        }
        let files = section.texts("files") ?? []
        let time = section.optional("time").flatMap {
            TimeSpecification.decode($0, path: section.path("time"), context)
        }
        let stream = section.text("stream").flatMap {
            context.checkedName($0, path: section.path("stream"))
        }
        let encoding = section.choice("encoding", TextEncoding.self)
        let limits = section.optional("limits").map {
            RecordLimits.decode($0, path: section.path("limits"), context)
        }
        section.finish()
        if files.count > 1, let pipe = files.first(where: { $0.value == "-" }) {
            context.faults.add(
                "found `-` beside files, expected either standard input or files",
                at: pipe.position,
                path: section.path("files")
            )
        }
        return format.map {
            SourceSpecification(
                format: $0,
                files: files,
                time: time,
                stream: stream,
                encoding: encoding,
                limits: limits ?? RecordLimits()
            )
        }
    }
}

extension TimeSpecification {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> TimeSpecification? {
        if case .text = setting {
            return context.text(setting, path: path).map {
                TimeSpecification(field: $0, path: nil, format: nil, zone: nil)
            }
        }
        let section = SectionReader(setting, PipelineReference.time, path: path, context)
        let pattern = section.text("path")
        let field = section.text("field")
        let format = section.choice("format", TimeFormat.self)
        let zone = section.zone("zone", context)
        section.finish()
        if let pattern, PathDate(pattern.value) == nil {
            context.faults.add(
                "expected a pattern with `{date}`, or with `{year}` or `{yy}`, `{month}` and "
                    + "`{day}`; `{hour}` may stand beside them",
                at: pattern.position, path: section.path("path"))
        }
        if pattern != nil, let format {
            context.faults.add(
                "with `path` the field holds a time of day, as `HH:mm:ss`: expected no `format`",
                at: format.position, path: section.path("format"))
        }
        if field == nil, pattern == nil {
            context.faults.add(
                "expected `field`, `path` or both", at: setting.position, path: path)
            return nil
        }
        return TimeSpecification(field: field, path: pattern, format: format, zone: zone)
    }
}

extension RecordLimits {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> RecordLimits {
        let section = SectionReader(setting, PipelineReference.limits, path: path, context)
        var limits = RecordLimits()
        if let size = section.size("record", in: 64...(64 << 20)) {
            limits.recordBytesMax = size.value
        }
        if let count = section.integer("fields", in: 1...65_535) { limits.fieldsMax = count.value }
        if let depth = section.integer("depth", in: 1...512) { limits.depthMax = depth.value }
        section.finish()
        return limits
    }
}

extension DecodingContext {
    /// A format with its options.
    func format(_ setting: Setting, path: String) -> NamedOptions? {
        named(setting, path: path, kind: "format", known: known.formats)
    }
}
