package import Publication

/// How the rows of an output are measured, and what is demanded of them.
package struct RowRiskPlan: Sendable {
    /// The fields that are read: the quasi-identifiers, the person, and the sensitive one if any.
    package let fields: [String]
    /// How many of them are quasi-identifiers.
    package let quasiIdentifierCount: Int
    /// What is demanded; nil where the risk is only estimated.
    package let demand: RiskPlan?
    /// Whether the field of the person is emptied.
    package let dropsPerson: Bool

    /// The place of the person in `fields`.
    var person: Int { quasiIdentifierCount }
    /// The place of the sensitive field; nil for none.
    var sensitive: Int? { fields.count > person + 1 ? person + 1 : nil }
    /// The names of the quasi-identifiers.
    var quasiIdentifiers: [String] { Array(fields.prefix(quasiIdentifierCount)) }
}
