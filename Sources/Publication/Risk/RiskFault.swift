package import FileSystem

/// Why the risk of released rows could not be told, or rows could not be made safe.
package struct RiskFault: Error, Sendable, CustomStringConvertible {
    /// The stable code of the fault.
    package enum Code: String, Sendable {
        /// The system refused to read or write what was put aside.
        case storage
        /// No step of the ladder reaches what was asked for.
        case outOfReach = "out-of-reach"
        /// A demand, share, column or amount of memory that makes no sense.
        case badPlan = "bad-plan"
    }

    package let code: Code
    /// The fault of the system, when `code` is `storage`.
    package let file: FileFault?

    package init(_ code: Code) {
        self.code = code
        file = nil
    }

    package init(_ fault: FileFault) {
        code = .storage
        file = fault
    }

    package var description: String {
        switch code {
        case .storage: file.map { "\($0)" } ?? "the system refused to read or write"
        case .outOfReach:
            "no step of the ladder brings enough persons into every class without removing more "
                + "rows than allowed"
        case .badPlan:
            "expected at least one quasi-identifier, steps that name one of them, a demand of 1 or "
                + "more, a share below 1, and at least 64 KiB of memory for each step"
        }
    }
}
