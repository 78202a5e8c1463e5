/// A pattern for one component of a path: `*` any run, `?` one character, `[a-z]` one of a set,
/// `[!a-z]` one outside it; a backslash takes away the meaning of the next character.
///
/// A character is a Unicode scalar; nothing is normalised. A set that is never closed stands for
/// itself. A leading dot is matched only by a dot that is written out. Matching keeps one place to
/// return to, so the time is at most pattern length times name length, whatever the pattern.
package struct GlobPattern: Sendable, Equatable {
    private enum Step: Sendable, Equatable {
        case exactly(Unicode.Scalar)
        case anyRun
        case anyOne
        case oneOf([ClosedRange<Unicode.Scalar>], negated: Bool)
    }

    private let steps: [Step]

    /// True when the pattern holds a wildcard; otherwise it stands for one name.
    package let hasWildcard: Bool

    /// The pattern with backslashes taken away; the name when `hasWildcard` is false.
    package let literalName: String

    /// Compiles `text`; every text is a pattern.
    package init(_ text: some StringProtocol) {
        let scalars = Array(text.unicodeScalars)
        var steps: [Step] = []
        var at = 0
        while at < scalars.count {
            switch scalars[at] {
            case "*":
                if steps.last != .anyRun { steps.append(.anyRun) }
            case "?": steps.append(.anyOne)
            case "\\" where at + 1 < scalars.count:
                at += 1
                steps.append(.exactly(scalars[at]))
            case "[":
                if let (set, end) = Self.set(in: scalars, from: at + 1) {
                    steps.append(set)
                    at = end
                } else {
                    steps.append(.exactly("["))
                }
            default: steps.append(.exactly(scalars[at]))
            }
            at += 1
        }
        var name = ""
        for case .exactly(let scalar) in steps { name.unicodeScalars.append(scalar) }
        literalName = name
        hasWildcard = name.unicodeScalars.count != steps.count
        self.steps = steps
    }

    /// The set that begins behind `[` at `start`, and where its `]` is.
    private static func set(
        in scalars: [Unicode.Scalar], from start: Int
    ) -> (step: Step, end: Int)? {
        var at = start
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        let negated = at < scalars.count && (scalars[at] == "!" || scalars[at] == "^")
        if negated { at += 1 }
        let first = at
        while at < scalars.count {
            if scalars[at] == "]", at > first { return (.oneOf(ranges, negated: negated), at) }
            if scalars[at] == "\\", at + 1 < scalars.count { at += 1 }
            let low = scalars[at]
            if at + 2 < scalars.count, scalars[at + 1] == "-", scalars[at + 2] != "]" {
                // A range the wrong way round holds nothing.
                if low <= scalars[at + 2] { ranges.append(low...scalars[at + 2]) }
                at += 2
            } else {
                ranges.append(low...low)
            }
            at += 1
        }
        return nil
    }

    /// True when the whole of `name` fits.
    package func matches(_ name: some StringProtocol) -> Bool {
        let scalars = Array(name.unicodeScalars)
        if scalars.first == ".", steps.first != .exactly(".") { return false }
        var at = 0
        var step = 0
        var retryStep: Int?
        var retryAt = 0
        while at < scalars.count {
            if step < steps.count, steps[step] == .anyRun {
                retryStep = step
                retryAt = at
                step += 1
            } else if step < steps.count, Self.accepts(steps[step], scalars[at]) {
                step += 1
                at += 1
            } else if let again = retryStep {
                retryAt += 1
                at = retryAt
                step = again + 1
            } else {
                return false
            }
        }
        return steps[step...].allSatisfy { $0 == .anyRun }
    }

    /// True when some name fits both patterns.
    package func meets(_ other: GlobPattern) -> Bool {
        if (steps.first == .exactly(".")) != (other.steps.first == .exactly(".")) { return false }
        return haveCommonRun(steps, other.steps, isAnyRun: { $0 == .anyRun }, Self.meet)
    }

    /// Whether two steps for one character have a character in common.
    private static func meet(_ step: Step, _ other: Step) -> Bool {
        if case .exactly(let scalar) = step { return accepts(other, scalar) }
        if case .exactly(let scalar) = other { return accepts(step, scalar) }
        guard case .oneOf(let ranges, let negated) = step,
            case .oneOf(let others, let othersNegated) = other
        else { return true }
        switch (negated, othersNegated) {
        case (false, false):
            return ranges.contains { range in others.contains { $0.overlaps(range) } }
        case (false, true): return ranges.contains { !isCovered($0, by: others) }
        case (true, false): return others.contains { !isCovered($0, by: ranges) }
        // What is outside two sets is most of all there is.
        case (true, true): return true
        }
    }

    private static func isCovered(
        _ range: ClosedRange<Unicode.Scalar>, by ranges: [ClosedRange<Unicode.Scalar>]
    ) -> Bool {
        var next = range.lowerBound.value
        while let cover = ranges.first(where: {
            $0.lowerBound.value <= next && next <= $0.upperBound.value
        }) {
            if cover.upperBound >= range.upperBound { return true }
            next = cover.upperBound.value + 1
        }
        return false
    }

    private static func accepts(_ step: Step, _ scalar: Unicode.Scalar) -> Bool {
        switch step {
        case .exactly(let wanted): wanted == scalar
        case .anyOne: true
        case .anyRun: false
        case .oneOf(let ranges, let negated):
            ranges.contains { $0.contains(scalar) } != negated
        }
    }
}
