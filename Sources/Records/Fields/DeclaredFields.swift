/// The fields a pipeline names, in a fixed order; the index of a field is its *slot*.
///
/// Made once when a pipeline is planned. Readers resolve each name in their own terms (a JSON path,
/// a CSV column, a variable of a log format) and fill one slice per slot and record.
package struct DeclaredFields: Sendable, Equatable {
    /// The names as the pipeline file writes them, for example `client.os` or `items[*].ip`.
    package let names: [String]

    /// True when the reader must also record the outline of each JSON object, so that a writer can
    /// rebuild it from the named members only.
    package let needsOutline: Bool

    /// Declares `names` in slot order.
    package init(names: [String], needsOutline: Bool = false) {
        self.names = names
        self.needsOutline = needsOutline
    }

    /// The number of slots.
    package var count: Int { names.count }
}

/// One step of the outline of a JSON record: what a rebuilt object opens, names and closes.
@usableFromInline package struct OutlineStep: Sendable, Equatable {
    /// What the step does.
    @usableFromInline package enum Operation: UInt8, Sendable {
        case openObject, closeObject, openArray, closeArray
        /// The next element begins, in an array of which some are named by number.
        case element
        /// The key of the next value; the slice covers it with its quotes.
        case key
        /// A named value: `slot` and the element's slice.
        case value
    }

    @usableFromInline package let operation: Operation
    @usableFromInline package let slot: UInt16
    @usableFromInline package let slice: FieldSlice

    @inlinable package init(_ operation: Operation, slot: Int = 0, slice: FieldSlice = .absent) {
        self.operation = operation
        self.slot = UInt16(truncatingIfNeeded: slot)
        self.slice = slice
    }
}
