package import Records

/// A reference table that clocks look dates and lengths up in.
package struct TableSpecification: Sendable, Equatable {
    /// Where the rows stand.
    package enum Place: Sendable, Equatable {
        /// A CSV file with a header.
        case file(Marked<String>)
        /// A table of an SQLite database.
        case database(Marked<String>, table: Marked<String>)

        /// The path as the pipeline writes it.
        package var path: Marked<String> {
            switch self {
            case .file(let path), .database(let path, _): path
            }
        }
    }

    package let name: Marked<String>
    package let place: Place
    /// The column whose values are looked up.
    package let key: Marked<String>
    /// How dates are written; nil for any form that cannot be mistaken for another.
    package let time: Marked<TimeFormat>?
    /// The zone of dates written without one; nil for the pipeline's.
    package let zone: Marked<String>?
    /// The column that says when a row was exported; nil for the time of the file.
    package let asOf: Marked<String>?
    /// How old the table may be; nil for as old as it likes.
    package let maxAge: Marked<CalendarDuration>?
    /// How many of a million rows may be gone since the last run; 100,000 unless written.
    package let maxShrink: Marked<Int>
}

extension TableSpecification {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> TableSpecification? {
        let section = SectionReader(setting, PipelineReference.table, path: path, context)
        let name = section.requiredName("name")
        let place = place(section, path: path, context)
        let key = section.requiredText("key")
        let time = section.choice("time", TimeFormat.self)
        let zone = section.zone("zone", context)
        let asOf = section.text("as_of")
        let maxAge = section.period("max_age")
        let maxShrink = section.share("max_shrink", context)
        section.finish()
        guard let name, let place, let key else { return nil }
        return TableSpecification(
            name: name, place: place, key: key, time: time, zone: zone, asOf: asOf,
            maxAge: maxAge, maxShrink: maxShrink ?? .standard(SectionReader.shrinkStandard))
    }

    private static func place(
        _ section: SectionReader,
        path: String,
        _ context: DecodingContext
    ) -> Place? {
        let file = section.text("file")
        let database = section.text("sqlite")
        let table = section.text("table")
        switch (file, database, table) {
        case (let file?, nil, nil): return .file(file)
        case (nil, let database?, let table?): return .database(database, table: table)
        default:
            context.faults.add(
                "expected either `file`, a CSV, or `sqlite` and `table`",
                at: section.position,
                path: path
            )
            return nil
        }
    }
}
