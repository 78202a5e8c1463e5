/// How figures that are no positive number are written.
///
/// Zero is `0`; a suppressed count is `<n`, one that is withheld for another reason `x`, a
/// suppressed or withheld magnitude an empty cell; a figure that could not be measured is `n/a`. In
/// JSON: `0`, `{"suppressed":true,"below":n}`, `{"suppressed":true}`, `null`.
package enum TableMarks {
    /// The mark of a figure that there was nothing to compute from.
    package static let notMeasured: StaticString = "n/a"
    /// The mark of a count that is left out though enough people may be behind it.
    package static let withheld: StaticString = "x"
}
