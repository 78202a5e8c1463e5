package import Anonymization
package import Records

/// What a pipeline says about one field.
package struct FieldRule: Sendable, Equatable {
    /// The field's name as the format knows it, at the place of its key.
    package let field: Marked<String>
    /// What is done to the value once it is due; nil when nothing is said, which drops it.
    package let transform: NamedOptions?
    /// The category of usage data the field belongs to.
    package let category: Marked<Category>?
    /// The only purposes the field may be used for; nil when the category decides alone.
    package let purposes: [Marked<String>]?
    /// The clock of this field, if it is not the pipeline's window.
    package let after: FieldClock?
    /// Whether the file calls the field an identifier beyond those of `identity`.
    package let identifier: Marked<Bool>?
    /// Where the rule begins.
    package let position: SettingPosition
}

/// What becomes of due fields that no rule names.
package enum OtherFields: String, CaseIterable, Sendable {
    case drop
    case keepEverything = "keep-everything"
}

extension FieldRule {
    /// Reads a rule in its short form (a transform) or its long form.
    static func decode(
        _ setting: Setting,
        field: Marked<String>,
        path: String,
        _ context: DecodingContext
    ) -> FieldRule? {
        if case .mapping(let members, _) = setting,
            members.contains(where: { PipelineReference.rule.knows($0.key) })
        {
            return long(setting, field: field, path: path, context)
        }
        guard let transform = context.transform(setting, path: path) else { return nil }
        return FieldRule(
            field: field,
            transform: transform,
            category: nil,
            purposes: nil,
            after: nil,
            identifier: nil,
            position: setting.position
        )
    }

    private static func long(
        _ setting: Setting,
        field: Marked<String>,
        path: String,
        _ context: DecodingContext
    ) -> FieldRule {
        let section = SectionReader(setting, PipelineReference.rule, path: path, context)
        let then = section.optional("then")
        let after = section.optional("after")
        let rule = FieldRule(
            field: field,
            transform: then.flatMap { context.transform($0, path: section.path("then")) },
            category: section.choice("category", Category.self),
            purposes: section.texts("purposes"),
            after: after.flatMap {
                FieldClock.decode($0, path: section.path("after"), context)
            },
            identifier: section.flag("identifier"),
            position: setting.position
        )
        section.finish()
        return rule
    }
}

extension SectionReader {
    /// The rules of fields in the order of the file; a faulty one is left out.
    func rules(_ key: String, _ context: DecodingContext) -> [FieldRule] {
        members(key).compactMap { member in
            FieldRule.decode(
                member.value,
                field: Marked(member.key, at: member.keyPosition),
                path: "\(path(key)).\(member.key)",
                context
            )
        }
    }
}
