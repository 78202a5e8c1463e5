import Anonymization
import Records

extension PipelineReference {
    static let table = SettingSection(
        "tables[]",
        help: "A reference table. It is read whole before the first record; one that is missing,"
            + " unreadable, too old, without a column that is needed, with a key twice, or smaller"
            + " than it may be fails the run.",
        [
            key("name", "`a-z`, `0-9`, `-`", required, "What clocks call the table."),
            key("file", "path", "none", "A CSV whose first line names the columns."),
            key("sqlite", "path", "none", "An SQLite database, in place of `file`; only read."),
            key("table", "name", "none", "The table of the database."),
            key(
                "key",
                "column",
                required,
                "The column that is looked up; every row has a key of its own."
            ),
            key(
                "time",
                alternatives(TimeFormat.withYear.map(\.rawValue)),
                "`rfc3339`, `datetime` or `date`, cell by cell",
                "How dates are written. Unless it is given, `2026-09-01 00:00:00+00` is read, too."
            ),
            key(
                "zone",
                "time zone name",
                "`zone` of the pipeline",
                "The zone of dates written without one."
            ),
            key(
                "as_of",
                "column",
                "the time of the file",
                "A column of dates that says how old the table is; the oldest counts."
            ),
            key(
                "max_age",
                "ISO 8601 duration",
                "none",
                "How old the table may be."
            ),
            key(
                "max_shrink",
                "share",
                "`10%`",
                "How many of the filled cells of a column may be unreadable; with `state`, how many"
                    + " of the keys and of the cells of the last run may be missing now. A single"
                    + " cell is never too many, and neither are up to four lost ones that are not"
                    + " most of a column."
            ),
        ]
    )

    static let clock = SettingSection(
        "fields.*.after",
        help: "The long form; a bare duration counts from the event. A date that is there and empty"
            + " has not started the clock; no row, or a date that cannot be read, counts as run"
            + " out.",
        [
            key(
                "start",
                "`event`, `{field: name}` or a mapping as below",
                required,
                "Where the clock starts. A date ahead counts from then on."
            ),
            key(
                "length",
                "ISO 8601 duration",
                required,
                "How long it runs; then the field is due. `P0D` is at once, but never before a date"
                    + " that is not the event's."
            ),
            key(
                "unless",
                "mapping as below",
                "none",
                "A date that stops the clock from then on: a trial that was converted."
            ),
            key(
                "length_from",
                "mapping as below",
                "none",
                "Where an ISO 8601 duration may stand that holds in place of `length`. Without a"
                    + " row, or unreadable, the field is due at once."
            ),
        ]
    )

    static let clockStart = SettingSection(
        "fields.*.after.start",
        help: "A place other than the event: `field`, or `table` with `column` and `by`. `unless`"
            + " and `length_from` are written the same way.",
        [
            key(
                "field",
                "field",
                "none",
                "A date field of the record, such as the date of closing."
            ),
            key("table", "name", "none", "A table of `tables`."),
            key("column", "column", "none", "The column of that table."),
            key(
                "by",
                "`customer`, `client`, `user`, `partner` or a field",
                "none",
                "Whose value is looked up among the keys: a role of `identity`, or else a field."
            ),
        ]
    )
}
