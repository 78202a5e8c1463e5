package import Records

/// The fields of a record that are past their retention, one bit for each clock of the plan.
///
/// A decision is a set, not a flag: fields may age by different clocks. Bit 0 is the clock of
/// `window`; the other bits are the distinct `after:` clocks. A record whose set is empty is "in
/// the window".
@usableFromInline package struct DueSet: OptionSet, Sendable, Hashable {
    @usableFromInline package let rawValue: UInt64
    @inlinable package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Every clock has run out: what holds for outputs with `window: P0D` and when in doubt.
    package static let everything = DueSet(rawValue: .max)
}

/// What becomes of a record for one output.
package enum Decision: Sendable, Equatable {
    /// In the window and the output may show it: passes as it is.
    case keep
    /// Fields in the set are transformed or dropped by their rules.
    case anonymise(DueSet)
    /// The record is not written, and counted under the reason.
    case drop(DropReason)
    /// The record is set aside, and counted under the reason.
    case quarantine(QuarantineReason)
    /// A hold keeps the stored record as it is.
    case hold
}

/// Why a record was left out of an output.
package enum DropReason: UInt8, Sendable, CaseIterable {
    case blank
    case optedOut
    case overdue
    case otherPurpose
    case notDue
    case erased
    case restricted
    /// A clock of `delete` has run out.
    case deleted
    /// Too few persons have rows like this one.
    case rare

    /// The stable code printed in counts and reports.
    package var code: String {
        switch self {
        case .blank: "blank"
        case .optedOut: "opted-out"
        case .overdue: "overdue"
        case .otherPurpose: "other-purpose"
        case .notDue: "not-due"
        case .erased: "erased"
        case .restricted: "restricted"
        case .deleted: "deleted"
        case .rare: "rare"
        }
    }
}
