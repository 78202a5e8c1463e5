internal import LogFormats
internal import Records

/// The pipeline that the flags of `filter` stand for, written as settings, so that it goes the same
/// way as one from a file.
struct FilterPipeline {
    /// Where flags stand: in no line, but written all the same, unlike the defaults at `none`.
    private static let place = SettingPosition(line: 0, column: 1)

    private let request: FilterRequest

    init(_ request: FilterRequest) { self.request = request }

    private func text(_ value: String) -> Setting { .text(value, Self.place) }

    private func mapping(_ members: [(String, Setting)]) -> Setting {
        .mapping(members.map { ($0.0, Self.place, $0.1) }, Self.place)
    }

    /// Refuses flags that would do nothing.
    func check() throws(PipelineFailure) {
        if request.timeFormat != nil, request.timeField == nil, !hasOwnTime {
            throw .usage(
                "--time-format: records of this format have no time of their own, expected "
                    + "`--time` with the field it is in")
        }
        if made?.hasTextBeyondFields == true, !request.keepsOthers {
            throw .usage(
                "--format \(request.format): records have text that is no field and cannot be "
                    + "dropped, expected `--keep-others`")
        }
    }

    /// The field of the time where a format of one's own has one, but not in the form of its own.
    private static let usualTime = "time"

    /// True when the format has a time, and when it is no format, which planning reports.
    private var hasOwnTime: Bool {
        made.map { $0.ownTime != nil || $0.fieldNames?.contains(Self.usualTime) == true } ?? true
    }

    private var made: (any LogFormat)? {
        let named = isTemplate ? "access_log" : request.format
        guard let descriptor = FormatCatalogue.named(named) else { return nil }
        let options = isTemplate ? mapping([("template", text(request.format))]) : mapping([])
        return descriptor.make(SettingReader(options, path: "", faults: Faults()))
    }

    var setting: Setting {
        var members: [(String, Setting)] = [
            ("name", text("filter")), ("source", source), ("fields", fields),
            ("others", text(request.keepsOthers ? "keep-everything" : "drop")),
            ("outputs", .list([output], Self.place)),
            ("acknowledge", .list([text("static-key"), text("reversible")], Self.place)),
        ]
        if let zone = request.zone { members.append(("zone", text(zone))) }
        if let window = request.window { members.append(("window", text(window))) }
        if let keys = request.keys { members.append(("keys", text(keys))) }
        if let limit = request.quarantineLimit {
            members.append(("quarantine", mapping([("limit", text(limit))])))
        }
        return mapping(members)
    }

    private var source: Setting {
        var members: [(String, Setting)] = [("files", text("-")), ("format", format)]
        if let encoding = request.encoding { members.append(("encoding", text(encoding))) }
        if request.timeField != nil || request.timeFormat != nil {
            var time: [(String, Setting)] = [
                (
                    "field",
                    text(request.timeField ?? made?.ownTime?.field ?? Self.usualTime)
                )
            ]
            if let format = request.timeFormat { time.append(("format", text(format))) }
            members.append(("time", mapping(time)))
        }
        return mapping(members)
    }

    private var isTemplate: Bool {
        request.format.utf8.contains { $0 == UInt8(ascii: "$") || $0 == UInt8(ascii: "%") }
    }

    private var format: Setting {
        isTemplate
            ? mapping([("access_log", mapping([("template", text(request.format))]))])
            : text(request.format)
    }

    private var fields: Setting {
        mapping(
            request.rules.map { rule in
                let options = rule.options.map { ($0.0, text($0.1)) }
                let transform =
                    options.isEmpty
                    ? text(rule.transform) : mapping([(rule.transform, mapping(options))])
                return (rule.field, transform)
            })
    }

    private var output: Setting {
        var members: [(String, Setting)] = [
            ("name", text("filter")), ("purpose", text("security")), ("path", text("-")),
        ]
        if request.gzip { members.append(("gzip", text("6"))) }
        if request.window != nil {
            members.append(("recipients", .list([text("own")], Self.place)))
            members.append(
                (
                    "safeguards",
                    mapping([
                        ("reason", text("a pipe of the operator")),
                        ("readers", .list([text("operator")], Self.place)),
                        ("delete_after", text(request.window ?? "P1M")),
                    ])
                ))
        }
        return mapping(members)
    }
}
