import Publication
import Records

/// Tables about one customer each, for that customer.
package struct CustomerTablesSpecification: Sendable, Equatable {
    /// nil, with a fault, when it is missing.
    package let path: Marked<String>?
    /// The fewest distinct persons behind a cell; nil for that of `publish`.
    package let persons: Marked<Int>?
    /// Names of formats of the catalogue; nil for those of `publish`.
    package let formats: [Marked<String>]?
}

extension CustomerTablesSpecification {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> CustomerTablesSpecification {
        let section = SectionReader(
            setting, PipelineReference.customerTables, path: path, context)
        let tables = CustomerTablesSpecification(
            path: section.requiredText("path"),
            persons: section.integer("persons", in: ControlRules.personsFloor...1_000_000),
            formats: section.publicationFormats(context)
        )
        section.finish()
        return tables
    }
}

extension SectionReader {
    /// The formats under `formats`; nil when nothing is written there.
    func publicationFormats(_ context: DecodingContext) -> [Marked<String>]? {
        guard let written = texts("formats") else { return nil }
        let names = PublicationCatalogue.all.map(\.name)
        for format in written where !names.contains(format.value) {
            context.faults.add(
                "found another word, expected \(alternatives(names))",
                at: format.position,
                path: path("formats"),
                suggestion: nearestName(to: format.value, among: names)
            )
        }
        return written.filter { names.contains($0.value) }
    }
}

extension PipelineReference {
    static let customerTables = SettingSection(
        "publish.for_customers",
        help: "Tables about one customer each, for that customer and nobody else.",
        [
            key(
                "path",
                "directory",
                required,
                "Where they go: for each month a folder for each customer, named by its token."
            ),
            key(
                "persons",
                "3 to 1000000",
                "that of `publish`",
                "The fewest distinct persons behind a cell, all of them of the customer."
            ),
            key("formats", "as of `publish`", "those of `publish`", "How they are written."),
        ]
    )
}
