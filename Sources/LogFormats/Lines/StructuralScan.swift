private import CScanning

/// Which of the equal forms of a structural scan is used.
package enum StructuralScan: Sendable, CaseIterable {
    /// The fastest that the processor has.
    case automatic
    /// The fastest without the widest vectors.
    case narrow
    /// The slow twin.
    case portable

    /// What the C functions call it.
    var choice: Int32 {
        switch self {
        case .automatic: Int32(CSCANNING_AUTOMATIC)
        case .narrow: Int32(CSCANNING_NARROW)
        case .portable: Int32(CSCANNING_PORTABLE)
        }
    }
}
