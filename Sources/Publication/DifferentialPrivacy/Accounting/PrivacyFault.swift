package import Statistics

/// Why no noisy table was made. Names of columns are the pipeline's own words; nothing of the data
/// is told.
package struct PrivacyFault: Error, Sendable, CustomStringConvertible {
    /// The stable code of the fault.
    package enum Code: String, Sendable {
        /// The plan names no person, or its partials can't be taken apart by person.
        case noPersons = "no-persons"
        /// A column that noise can't be added to.
        case unsupportedColumn = "unsupported-column"
        /// A bound that is missing or out of range.
        case badBound = "bad-bound"
        /// A budget, share or scale of noise that is zero, too small or too fine.
        case noiseOutOfRange = "noise-out-of-range"
        /// The budget of the data set does not allow it any more.
        case budgetSpent = "budget-spent"
        /// The table of this period was drawn before: it is to be shown again, never drawn again.
        case alreadyDrawn = "already-drawn"
        /// The operating system gave no random bytes.
        case noRandomness = "no-randomness"
        /// A stored noisy table that is damaged or of another version.
        case damagedTable = "damaged-table"
        /// The partials could not be read.
        case partials
    }

    package let code: Code
    /// The column the fault is about.
    package let column: String?
    /// The fault of the partials, when `code` is `partials`.
    package let partial: PartialFault?

    package init(_ code: Code, column: String? = nil) {
        self.code = code
        self.column = column
        partial = nil
    }

    package init(_ fault: PartialFault) {
        code = .partials
        column = nil
        partial = fault
    }

    package var description: String {
        let about = column.map { "column `\($0)`: " } ?? ""
        return about + sentence
    }

    private var sentence: String {
        switch code {
        case .noPersons:
            "noise protects persons, and these statistics do not know whose each record is; "
                + "expected `identity: user` and a state folder"
        case .unsupportedColumn:
            "no noise can be added to means and percentiles, nor to sessions of another "
                + "identifier than the user; publish a sum and a count instead"
        case .badBound:
            "expected the most that one person may add to a cell, 1 to 2^40, and 1 to 1,000 cells"
        case .noiseOutOfRange:
            "the privacy budget is zero, or too small or too finely written for exact noise"
        case .budgetSpent: "the privacy budget of this data set is spent; nothing was drawn"
        case .alreadyDrawn:
            "the noisy table of this period was drawn before; a second drawing would undo the first"
        case .noRandomness: "the system's generator gave no random bytes"
        case .damagedTable: "a stored noisy table is damaged or of another version"
        case .partials: partial.map { "\($0)" } ?? "the partials could not be read"
        }
    }
}
