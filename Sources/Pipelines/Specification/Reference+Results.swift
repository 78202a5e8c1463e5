import Anonymization
import Publication

extension PipelineReference {
    static let output = SettingSection(
        "outputs[]",
        help: "One file, or set of files, of records for one purpose.",
        [
            key("name", "`a-z`, `0-9`, `-`", required, "What the output is called."),
            key("purpose", "purpose", required, "What the data is used for."),
            key(
                "path",
                "path with `{date}`, `{month}`, `{name}`, or `-`",
                required,
                "Where it goes; dates are those of the event, `.gz` compresses, `-` is standard"
                    + " output."
            ),
            key("format", "format, or `{format: options}`", "the source's", "How it is written."),
            key(
                "recipients",
                "list of `own`, `group`, `partner`, `processor`, `authority`",
                "`own`",
                "Who gets it; beyond `own`, terms are written beside it."
            ),
            key("readers", "list of names", "none", "Who may read it, in your own words."),
            key(
                "expires",
                "ISO 8601 duration",
                "never",
                "When `run` deletes the files, counted from the event; needs `state`."
            ),
            key(
                "window",
                "ISO 8601 duration",
                "`P0D`; the pipeline's with `safeguards`",
                "How long records stay readable here."
            ),
            key(
                "safeguards",
                "mapping",
                "none",
                "Needed where records are readable in the window: see `outputs[].safeguards`."
            ),
            key(
                "fields",
                "`{field: rule}`",
                "the pipeline's",
                "Rules that replace the pipeline's in this output."
            ),
            key(
                "others",
                "`drop` or `keep-everything`",
                "the pipeline's",
                "What happens to due fields that no rule names."
            ),
            key("gzip", "1 to 9", "6", "How hard to compress."),
            key(
                "columns", "list of fields", "all that are named",
                "The columns of a CSV or TSV output, in this order; by default that of the "
                    + "pipeline, and the source's with `keep-everything`."),
            key(
                "risk",
                "mapping",
                "not measured",
                "How well persons must hide among each other in the rows: see `outputs[].risk`."
            ),
        ]
    )

    static let safeguards = SettingSection(
        "outputs[].safeguards",
        help:
            "What makes it acceptable to show records that are not yet due: recipients `own` "
            + "and the"
            + " purposes `security` and `compliance` only.",
        [
            key("reason", "text", required, "Why it is needed."),
            key("readers", "list of names", required, "Who may read it."),
            key(
                "delete_after",
                "ISO 8601 duration",
                required,
                "When the readable files go, counted from the event; `run` deletes them, and needs "
                    + "`state` for it where the path has `{date}` or `{month}`."
            ),
        ]
    )

    static let disclosure = SettingSection(
        "disclosures[]",
        help: "Named persons for one recipient: not suppressed, never published.",
        [
            key("name", "`a-z`, `0-9`, `-`", required, "What the disclosure is called."),
            key("to", "`partner`, `authority` or `processor`", required, "Who gets it."),
            key("by", "list of `month`, `day`, `hour`, fields", "none", "What a row stands for."),
            key("measures", "`{column: measure}`", required, "What is counted."),
            key(
                "path",
                "path with `{name}` and placeholders of `by`",
                required,
                "Where it goes: one file for each value of a placeholder."
            ),
            key("purpose", "purpose", "none", "What the recipient uses it for."),
            key(
                "retention", "ISO 8601 duration", "`window`",
                "How long the files stay behind the end of the `{month}` in `path`. Without one, "
                    + "`run` deletes none of them."),
            key(
                "in_window",
                "`required`",
                "`required`",
                "A period in which an event is no longer readable is refused, not undercounted."
            ),
        ]
    )

    static let statistic = SettingSection(
        "statistics[]",
        help: "A table of numbers over anonymised records.",
        [
            key("name", "`a-z`, `0-9`, `-`", required, "What the table is called."),
            key(
                "purpose",
                "purpose",
                required,
                "What the numbers are used for; opt-outs bind by it."
            ),
            key(
                "by",
                "list of `month`, `day`, `hour`, fields, `{dimension: options}`",
                "none",
                "What a row stands for; a field needs a rule. A list or object counts as no value."
            ),
            key("measures", "`{column: measure}`", required, "What is measured."),
            key(
                "path",
                "path with `{name}`, or `-`",
                "published only",
                "Where each run writes the table of what is not yet published; a table with a path"
                    + " of its own is in no publication."
            ),
            key(
                "suppression",
                "mapping",
                "that of `publish`",
                "From when on a cell is shown: see `statistics[].suppression`."
            ),
            key(
                "within",
                "`{column: field}` or `{column: [fields]}`",
                "none",
                "Which columns of `by` are parts of what other tables are by, such as versions of"
                    + " browsers: what is withheld then cannot be computed from their totals."
            ),
            key(
                "noise",
                "mapping",
                "none",
                "Makes the published table differentially private: see `statistics[].noise`."
            ),
            key(
                "export",
                "list of `theta`, `hll`, `kll`",
                "none",
                "Sketches to publish beside the table, for internal readers: `theta` and `hll` of"
                    + " distinct counts, `kll` of percentiles and sessions."
            ),
        ]
    )

    static let suppression = SettingSection(
        "statistics[].suppression",
        help: "Thresholds of one table.",
        [
            key(
                "persons",
                "1 to 1000000",
                "that of `publish`",
                "The fewest distinct persons behind a cell."
            ),
            key(
                "customers",
                "1 to 1000000",
                "that of `publish`",
                "The fewest distinct customers behind a cell."
            ),
            key(
                "of",
                "`persons` or `count`",
                "`persons`",
                "What the threshold counts; `publish` refuses `count`."
            ),
        ]
    )

    static let optOuts = SettingSection(
        "opt_outs",
        help: "The long form; a bare path is the `file`.",
        [
            key("file", "path", required, "A CSV of who opted out of what, from when on."),
            key(
                "basis",
                "`use` or `event`",
                "`use`",
                "`use`: data of any age is out from the date on; `event`: events from the date on"
                    + " are."
            ),
            key(
                "effect",
                "`fields` or `drop_record`",
                "`fields`",
                "Whether the fields of the named categories go, or the whole record."
            ),
            key(
                "missing",
                "`opted-out` or `allowed`",
                "`opted-out`",
                "What a record without a customer counts as."
            ),
            key(
                "max_shrink",
                "share",
                "`10%`",
                "How many of its rows may be gone since the last run; needs `state`."
            ),
        ]
    )

    static let keys = SettingSection(
        "keys",
        help: "The long form; a bare path is the `path`.",
        [
            key(
                "path",
                "directory",
                "`keys` in the state directory",
                "Where the month keys are; pipelines may share it."
            ),
            key(
                "grace",
                "ISO 8601 duration",
                "`P7D`",
                "How long a key stays for late records after the last record of its month must"
                    + " have been aged out."
            ),
            key(
                "wrapped_by",
                "`{descriptor: 3}` or `{credential: NAME}`",
                "none",
                "Where the key-encryption key is read from that seals the key files: an inherited"
                    + " file descriptor, or a systemd credential. 32 random bytes, raw or as 64"
                    + " hexadecimal digits."
            ),
        ]
    )

    static let quarantine = SettingSection(
        "quarantine",
        help: "Records that can't be read are set aside and counted.",
        [
            key(
                "limit",
                "share such as `0.1%`, or a number of records",
                "`0.1%`",
                "Past it the run fails and writes nothing."
            ),
            key(
                "keep_lines",
                "`true` or `false`",
                "`false`",
                "Whether raw lines are kept beside position and reason; deleted after one window."
            ),
            key("path", "directory", "in the state directory", "Where they are set aside."),
        ]
    )

    static let test = SettingSection(
        "tests[]",
        help: "One test of the pipeline, run by `sluice test`.",
        [
            key("name", "text", required, "What the test shows."),
            key("now", "date, or RFC 3339 time", required, "The clock of the run."),
            key("input", "text", required, "Records, as a source file holds them."),
            key("path", "path", "none", "The path of that file, for `source.time.path`."),
            key("output", "`{output: text}`", "not compared", "What each output must hold."),
            key(
                "disclosures",
                "`{disclosure: text}`",
                "not compared",
                "What each disclosure must hold."
            ),
            key("statistics", "`{statistic: text}`", "not compared", "What each table must hold."),
            key("opt_outs", "text", "nobody", "The opt-outs in force, as the file holds them."),
            key(
                "tables",
                "`{table: text}`",
                "no rows",
                "The rows of reference tables, as a CSV holds them."
            ),
            key(
                "dropped",
                "number, or `{reason: number}`",
                "not compared",
                "How many records are left out."
            ),
            key(
                "quarantined",
                "number, or `{reason: number}`",
                "not compared",
                "How many records are set aside."
            ),
        ]
    )
}
