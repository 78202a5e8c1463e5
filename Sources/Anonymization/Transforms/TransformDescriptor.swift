package import KeyedHashing
package import Records

/// What the catalogue knows about a transform: the source of its YAML keys, its help text, its line
/// in the reference page, and what planning must check.
package struct TransformDescriptor: Sendable {
    /// The word in pipeline files, for example `truncate_ip`.
    package let name: String
    /// One sentence: what it does.
    package let summary: String
    /// What holds after it.
    package let guarantees: String
    /// What a reader of its output can still learn.
    package let leaks: String
    /// The options, in the order of the reference page.
    package let options: [OptionDescriptor]
    /// The option that a bare value stands for (`language: 2` or `- language`), if any.
    package let shorthand: String?
    /// What planning has to know.
    package let traits: TransformTraits
    /// Reads the options and makes the transform; adds faults instead of throwing. The caller
    /// finishes the reader, which reports options that were not asked for.
    package let make: @Sendable (SettingReader, PlanningEnvironment) -> (any Transform)?

    package init(
        name: String, summary: String, guarantees: String, leaks: String,
        options: [OptionDescriptor] = [], shorthand: String? = nil,
        traits: TransformTraits = [],
        make: @escaping @Sendable (SettingReader, PlanningEnvironment) -> (any Transform)?
    ) {
        self.name = name
        self.summary = summary
        self.guarantees = guarantees
        self.leaks = leaks
        self.options = options
        self.shorthand = shorthand
        self.traits = traits
        self.make = make
    }
}

/// One option of a transform, format or measure, for help and the reference page.
package struct OptionDescriptor: Sendable {
    package let name: String
    /// What may be written, for example `/8 to /32` or `true or false`.
    package let values: String
    /// What holds when it is not written.
    package let standard: String
    package let help: String

    package init(_ name: String, values: String, standard: String, help: String) {
        self.name = name
        self.values = values
        self.standard = standard
        self.help = help
    }
}

/// What planning has to know about a transform.
package struct TransformTraits: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Needs the key store (month keys).
    package static let monthKey = TransformTraits(rawValue: 1)
    /// Uses a key that does not die with the month: must be acknowledged when used on due data.
    package static let staticKey = TransformTraits(rawValue: 2)
    /// The original can be computed back with the key: must be acknowledged when used on due data.
    package static let reversible = TransformTraits(rawValue: 4)
    /// Leaves the value readable (`keep`): not allowed on due identifiers.
    package static let leavesReadable = TransformTraits(rawValue: 8)
    /// Two different values stay different and equal ones equal.
    package static let keepsIdentity = TransformTraits(rawValue: 16)
    /// Takes out what has a form, and leaves the rest of the value readable: not allowed on
    /// identifiers, which may have none (the name of a user).
    package static let leavesUnfound = TransformTraits(rawValue: 32)
}

/// What the maker of a transform may reach while a pipeline is planned.
package struct PlanningEnvironment: Sendable {
    /// The name of the field the transform is planned for; part of every token's domain.
    package var fieldName: String
    /// Resolves a path written in the pipeline against the pipeline file's folder.
    package var resolvePath: @Sendable (String) -> String
    /// Reads a static key file with all its checks (owner, mode, length); throws a sentence.
    package var loadKeyFile: @Sendable (String, KeyEncoding, KeyLength) throws -> SecretKey

    package init(
        fieldName: String, resolvePath: @escaping @Sendable (String) -> String,
        loadKeyFile: @escaping @Sendable (String, KeyEncoding, KeyLength) throws -> SecretKey
    ) {
        self.fieldName = fieldName
        self.resolvePath = resolvePath
        self.loadKeyFile = loadKeyFile
    }
}
