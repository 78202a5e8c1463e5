package import Records

/// When a field becomes due, or a record is deleted.
package struct FieldClock: Sendable, Equatable {
    /// Where a date, or a length, stands.
    package enum Start: Sendable, Equatable {
        /// At the record's time.
        case event
        /// In another field of the record.
        case field(Marked<String>)
        /// In a reference table.
        case table(TableLookUp)
    }

    /// What sets the clock going.
    package let start: Start
    /// How long it runs where nothing else is said.
    package let length: Marked<CalendarDuration>
    /// A date that stops the clock; never the event.
    package let unless: Start?
    /// Where a record or row may have a length of its own; never the event.
    package let lengthFrom: Start?

    package init(
        start: Start, length: Marked<CalendarDuration>, unless: Start? = nil,
        lengthFrom: Start? = nil
    ) {
        self.start = start
        self.length = length
        self.unless = unless
        self.lengthFrom = lengthFrom
    }

    /// The places that the clock reads, the event left out.
    package var sources: [Start] {
        [start, unless, lengthFrom].compactMap { $0 }.filter { $0 != .event }
    }
}

/// A cell of a reference table: which table, which column, and by what the row is found.
package struct TableLookUp: Sendable, Equatable {
    package let table: Marked<String>
    package let column: Marked<String>
    /// A role of `identity` or a field, whose value is the key of the row.
    package let by: Marked<String>
}

extension FieldClock {
    /// Reads a duration, or a start and a length.
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> FieldClock? {
        guard case .mapping = setting else {
            return context.period(setting, path: path).map {
                FieldClock(start: .event, length: $0)
            }
        }
        let section = SectionReader(setting, PipelineReference.clock, path: path, context)
        let start = section.required("start").flatMap {
            self.start($0, path: section.path("start"), allowsEvent: true, context)
        }
        let length = section.required("length").flatMap {
            context.period($0, path: section.path("length"))
        }
        let unless = section.optional("unless").flatMap {
            self.start($0, path: section.path("unless"), allowsEvent: false, context)
        }
        let lengthFrom = section.optional("length_from").flatMap {
            self.start($0, path: section.path("length_from"), allowsEvent: false, context)
        }
        section.finish()
        guard let start, let length else { return nil }
        return FieldClock(start: start, length: length, unless: unless, lengthFrom: lengthFrom)
    }

    /// Reads one clock or a list of them.
    static func decodeList(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> [FieldClock] {
        guard case .list(let items, _) = setting else {
            return decode(setting, path: path, context).map { [$0] } ?? []
        }
        return items.enumerated().compactMap { index, item in
            decode(item, path: "\(path)[\(index + 1)]", context)
        }
    }

    private static func start(
        _ setting: Setting,
        path: String,
        allowsEvent: Bool,
        _ context: DecodingContext
    ) -> Start? {
        switch setting {
        case .text("event", _) where allowsEvent: return .event
        case .mapping: return place(setting, path: path, context)
        default:
            context.faults.add(
                "found \(setting.kindName), expected "
                    + (allowsEvent ? "`event`, " : "")
                    + "`{field: name}` or `{table: name, column: name, by: field}`",
                at: setting.position,
                path: path
            )
            return nil
        }
    }

    private static func place(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> Start? {
        let section = SectionReader(setting, PipelineReference.clockStart, path: path, context)
        let field = section.text("field")
        let table = section.text("table")
        let column = section.text("column")
        let by = section.text("by")
        section.finish()
        if let field, table == nil, column == nil, by == nil { return .field(field) }
        if field == nil, let table, let column, let by {
            return .table(TableLookUp(table: table, column: column, by: by))
        }
        context.faults.add(
            "expected either `field`, or `table`, `column` and `by`",
            at: setting.position,
            path: path
        )
        return nil
    }
}
