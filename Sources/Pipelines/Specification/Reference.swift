package import Anonymization

/// One mapping of the pipeline file: where it stands and which keys it has.
///
/// The decoder asks for keys by a section, the README's reference is made of the sections, and the
/// nearest valid name is looked for in them: one declaration for all three.
package struct SettingSection: Sendable {
    /// Where the mapping stands: `[]` is any item of a list, `*` any name, empty the whole file.
    package let path: String
    /// What the mapping is for, one or two sentences.
    package let help: String
    /// The keys in the order of the reference page.
    package let keys: [OptionDescriptor]

    init(_ path: String, help: String, _ keys: [OptionDescriptor]) {
        self.path = path
        self.help = help
        self.keys = keys
    }

    /// True when the mapping has the key `name`.
    func knows(_ name: String) -> Bool { keys.contains { $0.name == name } }
}

/// Every key of a pipeline file.
package enum PipelineReference {
    /// All sections in the order of the reference page.
    package static let sections = [
        root, source, time, limits, store, storeGuard, identity, table, rule, clock, clockStart,
        output, safeguards, risk, disclosure, statistic, suppression, noise, noiseBound, publish,
        customerTables, dominance, cellKey, budget, optOuts, keys, quarantine, test,
    ]

    /// A key that the file must have.
    static let required = "required"

    /// One key of a section.
    static func key(
        _ name: String,
        _ values: String,
        _ standard: String,
        _ help: String
    ) -> OptionDescriptor {
        OptionDescriptor(name, values: values, standard: standard, help: help)
    }
}

/// A format or a measure, as the reference page shows it.
package struct CatalogueEntry: Sendable {
    /// The word in pipeline files.
    package let name: String
    /// One sentence: what it reads, writes or measures.
    package let summary: String
    /// The option that a bare value stands for, if any.
    package let shorthand: String?
    package let options: [OptionDescriptor]

    package init(
        name: String,
        summary: String,
        shorthand: String? = nil,
        options: [OptionDescriptor] = []
    ) {
        self.name = name
        self.summary = summary
        self.shorthand = shorthand
        self.options = options
    }
}
