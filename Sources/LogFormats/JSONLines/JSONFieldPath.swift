/// A declared JSON path, for checks at planning.
package struct JSONFieldPath: Sendable {
    private let steps: [JSONPathTree.Step]

    /// Nil when `name` is not a well-formed path.
    package init?(_ name: String) {
        guard let steps = JSONPathTree.steps(of: name) else { return nil }
        self.steps = steps
    }

    /// The name of one member as a path has it: a backslash before what a path gives a meaning to.
    package static func escaped(_ member: String) -> String {
        String(member.flatMap { ".[\\".contains($0) ? ["\\", $0] : [$0] })
    }

    /// True when the path leads to or through an element of an array.
    package var hasElements: Bool {
        steps.contains { if case .member = $0 { false } else { true } }
    }

    /// True when the path leads to several values of a record.
    package var isRepeated: Bool { steps.contains(.everyElement) }

    /// True when `other` leads through this path to a place inside it, for some record, or is the
    /// same path in another spelling. `t[*]` and `t[0]` stand beside each other; but `t[0].x` and
    /// `t[*].x` lie inside both.
    package func contains(_ other: JSONFieldPath) -> Bool {
        if other.steps.count == steps.count { return other.steps == steps }
        return other.steps.count > steps.count && zip(steps, other.steps).allSatisfy(Self.meet)
    }

    /// True when a value at this path that goes would move an element that is named by its number:
    /// itself or, with `[*]`, one of `others`.
    package func movesNumbered(among others: [JSONFieldPath]) -> Bool {
        switch steps.last {
        case .element: true
        case .everyElement: others.contains { $0.isNumbered(at: steps.dropLast()) }
        case .member, nil: false
        }
    }

    /// True when the path leads to a numbered element of the array at `array` or into it.
    private func isNumbered(at array: ArraySlice<JSONPathTree.Step>) -> Bool {
        guard steps.count > array.count, case .element = steps[array.count] else { return false }
        return zip(array, steps).allSatisfy(Self.meet)
    }

    private static func meet(_ one: JSONPathTree.Step, _ other: JSONPathTree.Step) -> Bool {
        switch (one, other) {
        case (.element, .everyElement), (.everyElement, .element): true
        default: one == other
        }
    }
}
