import Anonymization
import Records

extension PipelineReference {
    static let root = SettingSection(
        "",
        help: "The whole file is one mapping.",
        [
            key(
                "name",
                "`a-z`, `0-9`, `-`",
                required,
                "What the pipeline is called in paths, state and messages."
            ),
            key("source", "mapping", required, "What is read: see `source`."),
            key("store", "mapping", "none", "Files that are aged in place: see `store`."),
            key("identity", "mapping", "none", "Which fields identify whom: see `identity`."),
            key(
                "window",
                "ISO 8601 duration or mapping",
                "`P1M`",
                "How long identifiers may stay readable, counted from the record's time, or a clock"
                    + " as under `fields.*.after`."
            ),
            key(
                "delete",
                "clock or list of clocks",
                "none",
                "When a record is deleted as a whole: clocks as under `fields.*.after`."
            ),
            key(
                "tables",
                "list",
                "none",
                "Tables that clocks look dates up in: see `tables[]`."
            ),
            key(
                "zone",
                "time zone name",
                "`UTC`",
                "The zone in which days and months are counted."
            ),
            key(
                "skew",
                "ISO 8601 duration or `off`",
                "`P1D`",
                "How far a record's time may lie in the future; later is a bad time."
            ),
            key(
                "derive",
                "`{new: {transform: {of: field, …}}}`",
                "none",
                "Fields made from others before any rule is applied."
            ),
            key(
                "fields",
                "`{field: rule}`",
                "none",
                "What happens to a field once it is due: a transform, or a mapping as under"
                    + " `fields.*`."
            ),
            key(
                "others",
                "`drop` or `keep-everything`",
                "`drop`",
                "What happens to due fields that no rule names."
            ),
            key(
                "purposes",
                "list of names",
                "none",
                "Purposes of your own beside `service-improvement`, `marketing`, `security`,"
                    + " `statistics`, `compliance` and `development`."
            ),
            key(
                "outputs",
                "list",
                "none",
                "Records, one file or set of files per purpose: see `outputs[]`."
            ),
            key(
                "disclosures",
                "list",
                "none",
                "Named persons for one recipient: see `disclosures[]`."
            ),
            key("statistics", "list", "none", "Tables of numbers: see `statistics[]`."),
            key(
                "publish",
                "mapping",
                "none",
                "What a table must fulfil to be published: see `publish`."
            ),
            key(
                "opt_outs",
                "path or mapping",
                "none",
                "Who has opted out of what: see `opt_outs`."
            ),
            key(
                "holds",
                "path",
                "none",
                "A file of holds that suspend ageing and deletion; imported at the start of a run."
            ),
            key(
                "quarantine",
                "mapping",
                "see there",
                "Records that can't be read: see `quarantine`."
            ),
            key(
                "keys",
                "directory or mapping",
                "`keys` in the state directory",
                "Where the month keys are: see `keys`."
            ),
            key("state", "directory", "none", "Where runs, partials and keys are remembered."),
            key(
                "acknowledge",
                "list of `static-key`, `reversible`, `readable-window`, `overlapping-tables`",
                "none",
                "Risks of this pipeline that you accept by name."
            ),
            key(
                "tests",
                "list",
                "none",
                "Records in, expected results out, run by `sluice test`: see `tests[]`."
            ),
        ]
    )

    static let source = SettingSection(
        "source",
        help: "What is read, and how.",
        [
            key("format", "format, or `{format: options}`", required, "One of the formats below."),
            key(
                "files",
                "path, glob, directory, a list of them, or `-`",
                "command line or standard input",
                "What to read, in stable order; relative to the pipeline file."
            ),
            key(
                "time",
                "field or mapping",
                "the format's own",
                "Where the time of a record is: see `source.time`."
            ),
            key(
                "stream",
                "name",
                "name of the pipeline",
                "Equal files of different streams count as different data."
            ),
            key(
                "encoding",
                alternatives(TextEncoding.allCases.map(\.rawValue)),
                "`utf-8`",
                "The encoding of the sources. Other ones than UTF-8 become UTF-8 on their way in;"
                    + " what an encoding has no character for makes the run fail."
            ),
            key(
                "limits",
                "mapping",
                "see there",
                "How large a record may be: see `source.limits`."
            ),
        ]
    )

    static let time = SettingSection(
        "source.time",
        help: "The long form; a bare text is the `field`.",
        [
            key(
                "field", "field", "none",
                "The field that holds the time; with `path`, the time of day as `HH:mm:ss`. One "
                    + "of the two is needed."
            ),
            key(
                "path",
                "pattern with `{date}`, or `{year}` or `{yy}`, `{month}` and `{day}`; `{hour}`",
                "none",
                "How the path of a source names the day of its records, such as "
                    + "`access-{date}.log`, for records without a date. They count from the "
                    + "beginning of that day or hour; where a path names several, of the "
                    + "earliest. Mind that logrotate's `dateext` names the day after. Not with "
                    + "`state`."
            ),
            key(
                "format",
                alternatives(TimeFormat.allCases.map(\.rawValue)),
                "the format's own",
                "How the time is written."
            ),
            key(
                "zone",
                "time zone name",
                "`zone` of the pipeline",
                "The zone of times written without one."
            ),
        ]
    )

    static let limits = SettingSection(
        "source.limits",
        help: "A record past a limit is quarantined.",
        [
            key("record", "size, `64B` to `64MiB`", "`1MiB`", "The longest record."),
            key("fields", "1 to 65535", "`4096`", "The most fields in a record."),
            key("depth", "1 to 512", "`64`", "The deepest nesting in a record."),
        ]
    )

    static let identity = SettingSection(
        "identity",
        help: "Which fields identify whom; they may not be kept readable once due, nor lack a rule "
            + "where `others` is `keep-everything`, nor be left to `redact` or `url`, which keep "
            + "what they do not find.",
        [
            key("customer", "field", "none", "The customer; opt-outs and thresholds count by it."),
            key("client", "field", "none", "The customer's own client."),
            key("user", "field", "none", "The person who acts."),
            key("partner", "field", "none", "The partner who serves the customer."),
            key(
                "address",
                "field or list of fields",
                "fields with a rule for addresses",
                "Further fields with IP addresses, by which holds and erasures find records."
            ),
        ]
    )

    static let rule = SettingSection(
        "fields.*",
        help: "The long form of a rule; a bare transform is its `then`.",
        [
            key(
                "then",
                "transform, or `{transform: options}`",
                "`drop`",
                "What is done to the value once it is due."
            ),
            key(
                "category",
                "`technical`, `aggregated`, `non-aggregated` or `limited-production`",
                "none",
                "The category of usage data. Limited production data serves"
                    + " `service-improvement`, `development` and `statistics` only."
            ),
            key(
                "purposes",
                "list of purposes",
                "all that the category allows",
                "The only purposes the field may serve."
            ),
            key(
                "after",
                "ISO 8601 duration or mapping",
                "`window`",
                "A clock of the field's own: see `fields.*.after`."
            ),
            key(
                "identifier",
                "`true` or `false`",
                "`true` for fields of `identity`",
                "Whether the field identifies somebody."
            ),
        ]
    )
}
