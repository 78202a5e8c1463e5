/// What a publication must fulfil (science.md §5.1, §5.2), and how what does not is dealt with.
///
/// Each table is held to the stricter of these rules and its own.
package struct ControlRules: Sendable, Equatable {
    /// The fewest distinct persons behind a figure; at least `personsFloor`.
    package var persons: Int
    /// The fewest distinct customers behind a figure of a table across customers; nil when the
    /// tables are about one customer.
    package var customers: Int?
    /// When the largest contributors make up too much of a sum or a mean; nil asks for nothing.
    package var dominance: DominanceRule?
    /// The p of the p% rule for sums and means, in percent from 1 to 100; nil asks for nothing.
    ///
    /// A sum X with the largest contributions x1 and x2 is unsafe when X - x2 - x1 < p% of x1.
    package var priorPercent: Int?
    /// Whether zeros are shown; where they are, enough must stand behind their row.
    package var zeros: Showing
    /// Whether figures are shown that make up all of the total that they belong to: such a figure
    /// tells of everybody in the total to what group he belongs. Hidden, no number is told of such
    /// groups; that a group has no other row the table itself shows.
    package var wholes: Showing
    /// What is done with figures that may not be shown.
    package var method: ControlMethod
    /// How distinct counts are protected in tables that cross.
    package var crossings: Crossings

    /// What is asked of withheld distinct counts where tables cross (by a and b, by a, by b).
    package enum Crossings: String, Sendable, CaseIterable {
        /// That other values fit all inequalities between parts and wholes. Where everybody of a
        /// total is in one part, more than those may follow.
        case bounded
        /// That, and that there is a world in which the figure is another one: for that
        /// the totals of a small figure over all but one of its attributes are left out with it.
        case proven
    }

    package init(
        persons: Int = 10, customers: Int? = 3, dominance: DominanceRule? = nil,
        priorPercent: Int? = 10, zeros: Showing = .shown, wholes: Showing = .shown,
        method: ControlMethod = .suppression, crossings: Crossings = .bounded
    ) {
        self.persons = max(persons, Self.personsFloor)
        self.customers = customers
        self.dominance = dominance
        self.priorPercent = priorPercent
        self.zeros = zeros
        self.wholes = wholes
        self.method = method
        self.crossings = crossings
    }

    /// No rule asks for fewer persons (the common minimum of the SDC handbook).
    package static let personsFloor = 3

    /// Whether a sort of figure that discloses by itself is shown.
    package enum Showing: String, Sendable, CaseIterable {
        case shown, hidden
    }
}

/// The (n,k) dominance rule: unsafe when the n largest contributors make up more than k percent.
package struct DominanceRule: Sendable, Equatable {
    /// 1 or 2.
    package let contributors: Int
    /// 1 to 99.
    package let percent: Int

    /// Nil when a number is out of range.
    package init?(contributors: Int, percent: Int) {
        guard (1...2).contains(contributors), (1...99).contains(percent) else { return nil }
        self.contributors = contributors
        self.percent = percent
    }
}

/// How figures that may not be shown are protected.
package enum ControlMethod: Sendable, Equatable {
    /// They are left out, and so many others that they cannot be computed from what is left.
    case suppression
    /// As suppression, and counts that are shown are rounded at random; because nothing is told
    /// exactly, fewer others have to be left out.
    case rounding(RandomRounding, RoundingKey)
    /// As suppression, and counts that are shown are changed by the keys of their members; the
    /// tables must be measured with record keys.
    case cellKey(PerturbationTable)
}
