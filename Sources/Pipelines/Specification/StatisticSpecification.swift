package import Records
package import Statistics

/// One table of statistics: what is counted, and by what.
package struct StatisticSpecification: Sendable, Equatable {
    package let name: Marked<String>
    package let purpose: Marked<String>
    package let keys: [GroupKey]
    package let measures: [MeasureColumn]
    /// nil when the table is only published.
    package let path: Marked<PathTemplate>?
    /// nil for that of `publish`.
    package let suppression: SuppressionSpecification?
    /// nil for a table without noise.
    package let noise: NoiseSpecification?
    /// The sketches that go with the published table; empty unless written.
    package let export: [Marked<SketchOptions.Form>]
    /// Columns whose values are parts of values of other fields; empty unless written.
    package let within: [Within]

    /// A column of `by`, and the fields that its values belong to one value of.
    package struct Within: Sendable, Equatable {
        package let column: Marked<String>
        package let wholes: [Marked<String>]
    }

    /// True when everything that a table must say is written and readable.
    var isComplete: Bool { name.isWritten && purpose.isWritten && !measures.isEmpty }
}

/// What the rows of a table stand for.
package enum GroupKey: Sendable, Equatable {
    /// A unit of the event's time.
    case time(Marked<TimeUnit>)
    /// A field, by name.
    case field(Marked<String>)
    /// A computed dimension with its options.
    case dimension(NamedOptions)
}

/// The units of time that rows can stand for.
package enum TimeUnit: String, CaseIterable, Sendable {
    case month, day, hour
}

/// One column of a table.
package struct MeasureColumn: Sendable, Equatable {
    /// The column's name, at the place of its key.
    package let name: Marked<String>
    package let measure: NamedOptions
}

/// From when on a cell may be shown.
package struct SuppressionSpecification: Sendable, Equatable {
    package let persons: Marked<Int>?
    package let customers: Marked<Int>?
    /// What the threshold counts; `persons` unless written.
    package let of: Marked<Threshold>

    /// What a threshold counts.
    package enum Threshold: String, CaseIterable, Sendable {
        case persons, count
    }
}

/// Named persons for one recipient.
package struct DisclosureSpecification: Sendable, Equatable {
    package let name: Marked<String>
    package let recipient: Marked<Recipient>
    package let keys: [GroupKey]
    package let measures: [MeasureColumn]
    package let path: Marked<PathTemplate>
    package let purpose: Marked<String>?
    /// How long the recipient's files stay.
    package let retention: Marked<CalendarDuration>?
    /// What happens to a month in which an event is no longer readable.
    package let inWindow: Marked<InWindow>

    /// True when everything that a disclosure must say is written and readable.
    var isComplete: Bool {
        name.isWritten && recipient.isWritten && path.isWritten && !measures.isEmpty
    }

    /// What a disclosure does with a period that is no longer readable as a whole.
    package enum InWindow: String, CaseIterable, Sendable {
        /// The run says so and writes nothing for the period.
        case required
    }
}

extension StatisticSpecification {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> StatisticSpecification {
        let section = SectionReader(setting, PipelineReference.statistic, path: path, context)
        let name = section.requiredName("name")
        let purpose = section.requiredText("purpose")
        let statistic = StatisticSpecification(
            name: name ?? .standard("?"),
            purpose: purpose ?? .standard(""),
            keys: section.groupKeys("by", context),
            measures: section.measures("measures", context),
            path: section.template(section.optional("path"), "path", names: ["name"]),
            suppression: section.optional("suppression").map {
                SuppressionSpecification.decode($0, path: section.path("suppression"), context)
            },
            noise: section.optional("noise").map {
                NoiseSpecification.decode($0, path: section.path("noise"), context)
            },
            export: section.choices("export", SketchOptions.Form.self) ?? [],
            within: section.members("within").map { member in
                Within(
                    column: Marked(member.key, at: member.keyPosition),
                    wholes: context.texts(
                        member.value, path: "\(section.path("within")).\(member.key)"))
            }
        )
        section.finish()
        return statistic
    }
}

extension SuppressionSpecification {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> SuppressionSpecification {
        let section = SectionReader(setting, PipelineReference.suppression, path: path, context)
        let suppression = SuppressionSpecification(
            persons: section.integer("persons", in: 1...1_000_000),
            customers: section.integer("customers", in: 1...1_000_000),
            of: section.choice("of", Threshold.self) ?? .standard(.persons)
        )
        section.finish()
        return suppression
    }
}

extension DisclosureSpecification {
    /// The recipients that a disclosure can name.
    private static let recipients: [Recipient] = [.partner, .authority, .processor]

    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> DisclosureSpecification {
        let section = SectionReader(setting, PipelineReference.disclosure, path: path, context)
        let name = section.requiredName("name")
        let recipient = section.required("to").flatMap {
            context.choice($0, path: section.path("to"), Recipient.self)
        }
        let keys = section.groupKeys("by", context)
        let target = section.template(
            section.required("path"),
            "path",
            names: ["name"] + keys.compactMap(\.plainName)
        )
        let disclosure = DisclosureSpecification(
            name: name ?? .standard("?"),
            recipient: recipient ?? .standard(.partner),
            keys: keys,
            measures: section.measures("measures", context),
            path: target ?? .standard(.standardOutput),
            purpose: section.text("purpose"),
            retention: section.period("retention"),
            inWindow: section.choice("in_window", InWindow.self) ?? .standard(.required)
        )
        section.finish()
        if let recipient, !recipients.contains(recipient.value) {
            context.faults.add(
                "found a recipient that needs no disclosure, expected "
                    + alternatives(recipients.map(\.rawValue)),
                at: recipient.position,
                path: section.path("to")
            )
        }
        return disclosure
    }
}

extension GroupKey {
    /// The name of the key's column; nil for a dimension, which gives its own.
    package var plainName: String? {
        switch self {
        case .time(let unit): unit.value.rawValue
        case .field(let name): name.value
        case .dimension: nil
        }
    }
}

extension SectionReader {
    fileprivate func groupKeys(_ key: String, _ context: DecodingContext) -> [GroupKey] {
        guard let value = optional(key) else { return [] }
        return context.items(value).compactMap { item in
            if case .mapping = item {
                return context.named(item, path: path(key), kind: "dimension", known: [])
                    .map { .dimension($0) }
            }
            guard let text = context.text(item, path: path(key)) else { return nil }
            guard let unit = TimeUnit(rawValue: text.value) else { return .field(text) }
            return .time(Marked(unit, at: text.position))
        }
    }

    fileprivate func measures(_ key: String, _ context: DecodingContext) -> [MeasureColumn] {
        guard let position = required(key)?.position else { return [] }
        let members = members(key)
        if members.isEmpty {
            context.faults.add(
                "found no column, expected `{column: measure}`",
                at: position,
                path: path(key)
            )
        }
        return members.compactMap { member in
            context.named(
                member.value,
                path: "\(path(key)).\(member.key)",
                kind: "measure",
                known: context.known.measures
            ).map {
                MeasureColumn(name: Marked(member.key, at: member.keyPosition), measure: $0)
            }
        }
    }
}
