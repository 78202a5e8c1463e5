package import Records

/// What a pipeline file says: a pure value, read without clock, keys, network or file system.
///
/// Every value carries its place, so that planning can report what it finds wrong later at the same
/// place. Defaults that are fixed words are filled in (`Marked.isWritten` is false for them);
/// whatever needs the world is left to the plan.
package struct PipelineSpecification: Sendable, Equatable {
    package let name: Marked<String>
    package let source: SourceSpecification
    package let store: StoreSpecification?
    package let identity: IdentitySpecification
    /// How long identifiers may stay; `P1M` from the event unless written.
    package let window: FieldClock
    /// When records are deleted as a whole.
    package let delete: [FieldClock]
    /// What clocks look dates up in.
    package let tables: [TableSpecification]
    /// The name of the time zone that days and months are counted in; `UTC` unless written.
    package let zone: Marked<String>
    /// How far a time may lie in the future; nil value when switched off, `P1D` unless written.
    package let skew: Marked<CalendarDuration?>
    package let derived: [DerivedField]
    package let fields: [FieldRule]
    package let others: Marked<OtherFields>
    /// Purposes beyond the built-in ones.
    package let purposes: [Marked<String>]
    package let outputs: [OutputSpecification]
    package let disclosures: [DisclosureSpecification]
    package let statistics: [StatisticSpecification]
    package let publish: PublishSpecification?
    package let optOuts: OptOutSpecification?
    /// The file of holds.
    package let holds: Marked<String>?
    package let quarantine: QuarantineSpecification
    /// The key store; nil for `keys` inside the state directory with the standard grace.
    package let keys: KeySpecification?
    /// The state directory; nil when the pipeline runs without state.
    package let state: Marked<String>?
    package let acknowledged: [Marked<Acknowledgement>]
    package let tests: [TestSpecification]
}

/// Which fields identify whom.
package struct IdentitySpecification: Sendable, Equatable {
    package let customer: Marked<String>?
    /// The customer's own client.
    package let client: Marked<String>?
    package let user: Marked<String>?
    package let partner: Marked<String>?
    /// Fields with IP addresses, besides those whose rule takes addresses.
    package var addresses: [Marked<String>] = []

    /// The fields named, with the role of each, in the order of the reference.
    package var roles: [(role: String, field: Marked<String>)] {
        [("customer", customer), ("client", client), ("user", user), ("partner", partner)]
            .compactMap { role, field in field.map { (role, $0) } }
    }

    /// All fields that identify somebody, each with the key that names it.
    package var identifiers: [(key: String, field: Marked<String>)] {
        roles.map { ($0.role, $0.field) } + addresses.map { ("address", $0) }
    }
}

/// A field made from another before rules are applied.
package struct DerivedField: Sendable, Equatable {
    package let name: Marked<String>
    /// The field it is made from.
    package let source: Marked<String>
    /// The transform that makes it; its options without `of`.
    package let transform: NamedOptions
}

/// A risk that the author of a pipeline has to accept by name.
package enum Acknowledgement: String, CaseIterable, Sendable {
    /// Due data is tokened with a key that does not die with the month.
    case staticKey = "static-key"
    /// Due data can be computed back by whoever holds the key.
    case reversible
    /// An output shows what is not yet due.
    case readableWindow = "readable-window"
    /// Published tables are by things that are made of one field, and not counted together.
    case overlappingTables = "overlapping-tables"
}

extension PipelineSpecification {
    /// Reads the bytes of a pipeline file and makes every check that needs no environment.
    ///
    /// Returns nil when a required part is missing or unreadable. A value may be returned although
    /// faults were added; it must not be run then, only planned to find further faults.
    package static func read(
        _ bytes: [UInt8],
        known: KnownNames = KnownNames(),
        faults: Faults
    ) -> PipelineSpecification? {
        guard let root = readSettings(bytes, faults: faults) else { return nil }
        return decode(root, DecodingContext(faults: faults, known: known))
    }

    /// Gives the settings of a file their meaning.
    package static func decode(
        _ root: Setting,
        _ context: DecodingContext
    ) -> PipelineSpecification? {
        guard case .mapping = root else {
            context.faults.add(
                "found \(root.kindName), expected a pipeline beginning with `name:`",
                at: root.position
            )
            return nil
        }
        let section = SectionReader(root, PipelineReference.root, path: "", context)
        let specification = members(section, context)
        section.finish()
        let results = ["outputs", "disclosures", "statistics", "store"]
        if results.allSatisfy({ section.optional($0) == nil }) {
            context.faults.add(
                "found nothing to write, expected \(alternatives(results))",
                at: root.position
            )
        }
        specification.check(faults: context.faults)
        return specification.isComplete ? specification : nil
    }

    /// All clocks but those of outputs' own periods: of the window, the fields, and `delete`.
    package var clocks: [FieldClock] {
        [window] + (fields + outputs.flatMap(\.fields)).compactMap(\.after) + delete
    }
    /// The name of the store in tests of a pipeline.
    package static let storeName = "store"

    /// True when everything that a pipeline must say is written and readable.
    private var isComplete: Bool {
        name.isWritten && source.isComplete && outputs.allSatisfy(\.isComplete)
            && disclosures.allSatisfy(\.isComplete) && statistics.allSatisfy(\.isComplete)
            && (publish == nil || publish?.path != nil)
    }

    /// Reads all members; stands something in for what is missing, so that the checks can go on.
    private static func members(
        _ section: SectionReader,
        _ context: DecodingContext
    ) -> PipelineSpecification {
        let name = section.requiredName("name")
        let source = section.required("source").flatMap {
            SourceSpecification.decode($0, path: "source", context)
        }
        return PipelineSpecification(
            name: name ?? .standard("?"),
            source: source ?? .none,
            store: section.optional("store").flatMap {
                StoreSpecification.decode($0, path: "store", context)
            },
            identity: section.optional("identity").map {
                IdentitySpecification.decode($0, path: "identity", context)
            } ?? .none,
            window: section.optional("window").flatMap {
                FieldClock.decode($0, path: "window", context)
            } ?? .month,
            delete: section.optional("delete").map {
                FieldClock.decodeList($0, path: "delete", context)
            } ?? [],
            tables: section.list("tables", context, TableSpecification.decode),
            zone: section.zone("zone", context) ?? .standard("UTC"),
            skew: section.skew("skew", context) ?? .standard(CalendarDuration(months: 0, days: 1)),
            derived: section.members("derive").compactMap {
                DerivedField.decode($0.value, name: Marked($0.key, at: $0.keyPosition), context)
            },
            fields: section.rules("fields", context),
            others: section.choice("others", OtherFields.self) ?? .standard(.drop),
            purposes: (section.texts("purposes") ?? []).compactMap {
                context.checkedPurpose($0)
            },
            outputs: section.list("outputs", context, OutputSpecification.decode),
            disclosures: section.list("disclosures", context, DisclosureSpecification.decode),
            statistics: section.list("statistics", context, StatisticSpecification.decode),
            publish: section.optional("publish").map {
                PublishSpecification.decode($0, path: "publish", context)
            },
            optOuts: section.optional("opt_outs").flatMap {
                OptOutSpecification.decode($0, path: "opt_outs", context)
            },
            holds: section.text("holds"),
            quarantine: section.optional("quarantine").map {
                QuarantineSpecification.decode($0, path: "quarantine", context)
            } ?? .standard,
            keys: section.optional("keys").flatMap {
                KeySpecification.decode($0, path: "keys", context)
            },
            state: section.text("state"),
            acknowledged: section.choices("acknowledge", Acknowledgement.self) ?? [],
            tests: section.list("tests", context, TestSpecification.decode)
        )
    }
}

extension FieldClock {
    /// What holds when a pipeline says nothing.
    fileprivate static let month = FieldClock(
        start: .event, length: .standard(CalendarDuration(months: 1, days: 0)))
}

extension IdentitySpecification {
    static let none = IdentitySpecification(customer: nil, client: nil, user: nil, partner: nil)

    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> IdentitySpecification {
        let section = SectionReader(setting, PipelineReference.identity, path: path, context)
        let identity = IdentitySpecification(
            customer: section.text("customer"),
            client: section.text("client"),
            user: section.text("user"),
            partner: section.text("partner"),
            addresses: section.texts("address") ?? []
        )
        section.finish()
        return identity
    }
}

extension DerivedField {
    /// Reads `{transform: {of: field, …options}}`.
    static func decode(
        _ setting: Setting,
        name: Marked<String>,
        _ context: DecodingContext
    ) -> DerivedField? {
        let path = "derive.\(name.value)"
        guard let transform = context.transform(setting, path: path) else { return nil }
        let inner = "\(path).\(transform.name.value)"
        guard case .mapping(let members, let position) = transform.options,
            let source = members.first(where: { $0.key == "of" })
        else {
            context.faults.add(
                "`of` is missing, expected `{of: field}` with the field to derive from",
                at: transform.options.position,
                path: inner
            )
            return nil
        }
        guard let field = context.text(source.value, path: "\(inner).of") else { return nil }
        let options = members.filter { $0.key != "of" }
        return DerivedField(
            name: name,
            source: field,
            transform: NamedOptions(
                name: transform.name,
                options: options.isEmpty ? .empty(position) : .mapping(options, position)
            )
        )
    }
}

extension SectionReader {
    /// The items of a list of mappings, each with its number in the path.
    func list<Item>(
        _ key: String,
        _ context: DecodingContext,
        _ decode: (Setting, String, DecodingContext) -> Item?
    ) -> [Item] {
        guard let value = optional(key) else { return [] }
        switch value {
        case .list(let items, _):
            return items.enumerated().compactMap { index, item in
                decode(item, "\(path(key))[\(index + 1)]", context)
            }
        case .empty: return []
        case .text, .mapping:
            context.faults.add(
                "found \(value.kindName), expected a list of mappings, each begun with `- name:`",
                at: value.position,
                path: path(key)
            )
            return []
        }
    }

    /// A name of the time zone database, by its form; planning looks whether it exists.
    func zone(_ key: String, _ context: DecodingContext) -> Marked<String>? {
        guard let text = text(key) else { return nil }
        let bytes = Array(text.value.utf8)
        let isName =
            bytes.first.map { (65...90).contains($0 & 0xDF) } == true
            && !text.value.contains("..")
            && bytes.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0 & 0xDF)
                    || "/_+-".utf8.contains($0)
            }
        if isName, bytes.count <= 64 { return text }
        context.faults.add(
            "expected a time zone such as `UTC` or `Europe/Amsterdam`",
            at: text.position,
            path: path(key)
        )
        return nil
    }

    fileprivate func skew(_ key: String, _ context: DecodingContext) -> Marked<CalendarDuration?>? {
        guard let value = optional(key) else { return nil }
        if case .text("off", let position) = value { return Marked(nil, at: position) }
        return context.period(value, path: path(key)).map { Marked($0.value, at: $0.position) }
    }
}
