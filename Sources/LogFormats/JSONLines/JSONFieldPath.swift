/// A declared JSON path, for checks at planning.
package struct JSONFieldPath: Sendable {
    private let steps: [JSONPathTree.Step]

    /// Nil when `name` is not a well-formed path.
    package init?(_ name: String) {
        guard let steps = JSONPathTree.steps(of: name) else { return nil }
        self.steps = steps
    }

    /// True when `other` leads through this path to a place inside it.
    package func contains(_ other: JSONFieldPath) -> Bool {
        other.steps.count > steps.count && other.steps.starts(with: steps)
    }
}
