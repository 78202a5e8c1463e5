package import Records

/// Files whose records are aged in place: each file is rewritten under its own name.
package struct StoreSpecification: Sendable, Equatable {
    /// Files, globs and directories.
    package let files: [Marked<String>]
    /// The name of the store in the ledger; nil for that of the pipeline.
    package let stream: Marked<String>?
    /// How many times the changes of the last run a run may make.
    package let guardFactor: Marked<Int>
    /// Changes that are never too many.
    package let guardAtLeast: Marked<Int>
    package let confirm: Marked<Confirm>
    /// How long a file must not have been written to before it is touched; `PT10M` unless written.
    package let settle: Marked<CalendarDuration>
    package let unreadable: Marked<UnreadableLines>
    package let position: SettingPosition

    /// Whether a run that changes something needs the token of a dry run.
    package enum Confirm: String, CaseIterable, Sendable {
        case optional, required
    }
}

/// What becomes of lines of a store that cannot be read or placed in time.
package enum UnreadableLines: String, CaseIterable, Sendable {
    /// The run fails, and nothing is changed.
    case fail
    /// They are taken out, within the limit of `quarantine`.
    case drop
    /// They stay, within the limit of `quarantine`, readable and for ever.
    case keep
}

extension StoreSpecification {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> StoreSpecification? {
        let section = SectionReader(setting, PipelineReference.store, path: path, context)
        let files = section.required("files").map {
            context.texts($0, path: section.path("files"))
        }
        let stream = section.text("stream").flatMap {
            context.checkedName($0, path: section.path("stream"))
        }
        let limit = section.optional("guard").map {
            SectionReader($0, PipelineReference.storeGuard, path: section.path("guard"), context)
        }
        let factor = limit?.integer("factor", in: 1...1000)
        let atLeast = limit?.integer("at_least", in: 0...1_000_000_000_000)
        limit?.finish()
        let store = StoreSpecification(
            files: files ?? [],
            stream: stream,
            guardFactor: factor ?? .standard(3),
            guardAtLeast: atLeast ?? .standard(1000),
            confirm: section.choice("confirm", Confirm.self) ?? .standard(.optional),
            settle: section.period("settle")
                ?? .standard(CalendarDuration(months: 0, days: 0, seconds: 600)),
            unreadable: section.choice("unreadable", UnreadableLines.self) ?? .standard(.fail),
            position: setting.position
        )
        section.finish()
        if let pipe = store.files.first(where: { $0.value == "-" }) {
            context.faults.add(
                "found `-`, expected files: standard input cannot be aged in place",
                at: pipe.position,
                path: section.path("files")
            )
        }
        return files.map { _ in store }
    }
}

extension PipelineReference {
    static let store = SettingSection(
        "store",
        help: "Files that `run` ages in place, by the rules of `fields`; format, time and limits"
            + " are those of `source`. Needs `state`.",
        [
            key("files", "path, glob, directory, or a list of them", required, "Which files."),
            key(
                "stream",
                "name",
                "name of the pipeline",
                "What the ledger calls the store."
            ),
            key("guard", "mapping", "see there", "When a run changes too much: `store.guard`."),
            key(
                "confirm",
                "`optional` or `required`",
                "`optional`",
                "Whether a run that changes something needs `--confirm` with the token of a dry"
                    + " run."
            ),
            key(
                "settle",
                "ISO 8601 duration",
                "`PT10M`",
                "A file that was written to within this time, by the system's clock, or that a"
                    + " process has open for writing, is left alone; with `PT0S` every file counts"
                    + " as at rest."
            ),
            key(
                "unreadable",
                "`fail`, `drop` or `keep`",
                "`fail`",
                "Lines that cannot be read or have no time: `fail` changes nothing at all; `drop`"
                    + " takes them out; `keep` leaves them, readable for ever. `drop` and `keep`"
                    + " fail past the limit of `quarantine`."
            ),
        ]
    )

    static let storeGuard = SettingSection(
        "store.guard",
        help: "A run that would change more records than both needs `--confirm`.",
        [
            key(
                "factor",
                "1 to 1000",
                "`3`",
                "So many times what the last run that changed anything changed."
            ),
            key("at_least", "number of records", "`1000`", "So few are never too many."),
        ]
    )
}
