private import Pipelines

/// What was done to the store.
extension ClosingTable {
    /// What was done to the store, and the token for `--confirm`.
    var store: [String] {
        guard let store = report.store else { return [] }
        let verb = report.isDryRun ? "would be " : ""
        var lines = paragraph(
            "store \(store.name): \(NumberText.counted(store.changed, "record")) "
                + "\(verb)changed and "
                + "\(NumberText.grouped(store.removed)) \(verb)taken out, "
                + "\(NumberText.counted(store.rewrittenFiles, "file")) \(verb)rewritten, "
                + "\(NumberText.grouped(store.settledFiles)) with nothing due")
        let changed = store.files.filter { isVerbose || $0.isRewritten || $0.unreadable > 0 }
        let shown = isVerbose ? changed.count : Self.filesShown
        var table = TextTable([
            .text(report.isDryRun ? "file that would change" : "file", shrinksTo: 26),
            .number("records"), .number("changed"), .number("taken out"), .number("unreadable"),
        ])
        for file in changed.prefix(shown) {
            table.add([
                file.path, NumberText.grouped(file.records), NumberText.grouped(file.changed),
                NumberText.grouped(file.removed), NumberText.grouped(file.unreadable),
            ])
        }
        if !table.isEmpty { lines += table.lines(columnsMax: columnsMax) }
        if changed.count > shown {
            let more = NumberText.counted(changed.count - shown, "more file")
            lines.append("and \(more); --verbose lists all")
        }
        if !store.busy.isEmpty {
            lines += paragraph(
                "left alone, because written to just now: "
                    + store.busy.prefix(shown == 0 ? 1 : max(shown, 1)).joined(separator: ", "))
        }
        if store.held > 0 {
            lines += paragraph(
                "\(NumberText.counted(store.held, "record")) stay as they are under a hold")
        }
        if store.keptUnreadable > 0 {
            lines += paragraph(
                "\(NumberText.counted(store.keptUnreadable, "unreadable line")) left in the store, "
                    + "readable at any age")
        }
        if report.isDryRun { lines.append("token: \(store.token)") }
        return lines
    }

    /// What is worth knowing of the files of the store.
    var storeNotes: [String] {
        guard let store = report.store else { return [] }
        var notes: [String] = []
        func note(_ paths: [String], _ text: String) {
            guard let first = paths.first else { return }
            let more = paths.count > 1 ? " and \(paths.count - 1) more" : ""
            notes.append("\(first)\(more): \(text)")
        }
        note(
            store.edited,
            "aged before, and not what the last run left there; lines that are known stay as they "
                + "were aged, others were taken for new ones")
        note(store.gone, "gone since the last run")
        note(
            store.misdated,
            "the time of the last change lies ahead of the clock: judged by when the file was last "
                + "touched")
        if store.formed > 0 {
            notes.append(
                "\(NumberText.counted(store.formed, "record")) of the store, of which nobody knows "
                    + "whether they were aged before, had values that look like tokens or other "
                    + "results of the rules: they were aged as new ones")
        }
        return notes
    }
}
