/// How figures that are no positive number are written.
///
/// Zero is `0`; a suppressed count is `<n`, a suppressed magnitude an empty cell; a figure that
/// could not be measured is `n/a`. In JSON: `0`, `{"suppressed":true,"below":n}`, `null`.
package enum TableMarks {
    /// The mark of a figure that there was nothing to compute from.
    package static let notMeasured: StaticString = "n/a"
}
