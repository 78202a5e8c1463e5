/// What the registry says of one record.
package struct SubjectVerdict: Sendable, Equatable {
    /// A hold binds the record.
    package var isHeld = false
    /// A person whose data was erased stands in it.
    package var isErased = false
    /// A person whose data may be stored, but used for nothing, stands in it.
    package var isRestricted = false
    /// The outputs, by their place in the plan, that a hold allows to show the record readable.
    package var shownIn: UInt64 = 0
    /// What opt-outs and objections bar.
    package var optedOut = OptOutEffect()

    /// Nobody in the record is in the registry.
    package static let none = SubjectVerdict()

    package init() {}

    /// True when no statistic may count the record.
    var isUncounted: Bool { isErased || isRestricted }
}
