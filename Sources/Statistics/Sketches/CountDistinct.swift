package import KeyedHashing

/// A number of distinct tokens that can be merged: exact up to a stated size, an estimate beyond.
///
/// Up to the limit the tokens themselves are kept, beyond it a theta sketch of them. What the value
/// becomes depends on the tokens only, not on their order nor on how they were spread over values
/// that were merged: it is exact if and only if no more than the limit were seen.
///
/// Cells of a table must not be added up when they count persons; merging such values is how their
/// total is found. They hold tokens, and are as sensitive as partials.
package struct CountDistinct: Sendable {
    /// The stated size.
    package struct Limits: Sendable, Equatable {
        /// The most tokens of which the count is exact.
        package let exactMax: Int
        /// The binary logarithm of the hashes of the sketch that takes over.
        package let lgK: Int

        /// `exactMax` must not be negative. Unless told otherwise the sketch keeps as many hashes
        /// as there were tokens, half the bytes: 65,536 give a standard error of 0.4 %.
        package init(exactMax: Int = 65_536, lgK: Int? = nil) {
            precondition(exactMax >= 0)
            self.exactMax = exactMax
            let sizes = SketchDescriptor.theta.sizes
            let fitting = Int.bitWidth - 1 - max(exactMax, 1).leadingZeroBitCount
            let least = SketchDescriptor.theta.standardSize
            self.lgK = lgK ?? min(max(fitting, least), sizes.upperBound)
            precondition(sizes.contains(self.lgK))
        }

        /// The smaller of each: what a merge of values with different limits has.
        func merged(with other: Limits) -> Limits {
            Limits(exactMax: min(exactMax, other.exactMax), lgK: min(lgK, other.lgK))
        }
    }

    private enum Content: Sendable {
        case tokens(TokenList)
        case sketch(ThetaUnion)
    }

    /// The stated size.
    package private(set) var limits: Limits
    private var content = Content.tokens(TokenList())

    /// Counts nothing yet.
    package init(_ limits: Limits = Limits()) { self.limits = limits }

    /// Adds a token; `Token.none` is nobody.
    package mutating func insert(_ token: Token) {
        if token == .none { return }
        switch content {
        case .sketch(var union):
            // The table must have one owner while it is written to.
            content = .tokens(TokenList())
            union.insert(token)
            content = .sketch(union)
        case .tokens(var tokens):
            content = .tokens(TokenList())
            tokens.insert(token)
            content = .tokens(tokens)
            // Only what is sorted is known to be distinct.
            if tokens.settledCount > limits.exactMax { settle() }
        }
    }

    /// Adds everything that `other` has seen.
    package mutating func merge(_ other: CountDistinct) {
        limits = limits.merged(with: other.limits)
        if case .tokens(var mine) = content, case .tokens(let theirs) = other.content {
            content = .tokens(TokenList())
            mine.merge(theirs)
            content = .tokens(mine)
            settle()
            return
        }
        var union = self.union(lgK: limits.lgK)
        content = .tokens(TokenList())
        switch other.content {
        case .tokens(let theirs): for token in theirs.sorted() { union.insert(token) }
        case .sketch(let theirs): union.add(theirs.sketch())
        }
        content = .sketch(union)
    }

    /// Goes over to a sketch when there are too many tokens.
    private mutating func settle() {
        guard case .tokens(var tokens) = content else { return }
        content = .tokens(TokenList())
        tokens.settle()
        content = .tokens(tokens)
        if tokens.settledCount > limits.exactMax { content = .sketch(union(lgK: limits.lgK)) }
    }

    /// The tokens in order as long as the count is exact, then nil.
    package var tokens: [Token]? {
        var settled = self
        settled.settle()
        guard case .tokens(let tokens) = settled.content else { return nil }
        return tokens.sorted()
    }

    /// The number of distinct tokens; exact, or with bounds at `deviations` standard deviations.
    package func estimate(deviations: Double = 2) -> SketchEstimate {
        if let tokens {
            let count = Double(tokens.count)
            return SketchEstimate(value: count, lower: count, upper: count, isExact: true)
        }
        let estimate = theta().estimate(deviations: deviations)
        // More than the limit were seen, that much is sure.
        let least = Double(limits.exactMax + 1)
        return SketchEstimate(
            value: max(least, estimate.value), lower: max(least, estimate.lower),
            upper: max(least, estimate.upper), isExact: false)
    }

    /// The theta sketch of the tokens, of at most 2^`lgK` hashes; nil: as many as the limit says.
    package func theta(lgK: Int? = nil) -> ThetaSketch {
        union(lgK: lgK ?? limits.lgK).sketch()
    }

    private func union(lgK: Int) -> ThetaUnion {
        var union = ThetaUnion(lgK: lgK)
        switch content {
        case .sketch(let known):
            if known.lgK == lgK { return known }
            union.add(known.sketch())
        case .tokens(let tokens): for token in tokens.sorted() { union.insert(token) }
        }
        return union
    }
}

extension CountDistinct: Equatable {
    /// Equal when they stand for the same tokens under the same limits.
    package static func == (left: CountDistinct, right: CountDistinct) -> Bool {
        left.limits == right.limits && left.tokens == right.tokens
            && (left.tokens != nil || left.theta() == right.theta())
    }
}

/// Distinct tokens: a sorted list and those that came since it was sorted.
private struct TokenList: Sendable {
    private var settled: [Token] = []
    private var recent: [Token] = []

    private static let recentMin = 1024

    /// The tokens known to be distinct; all of them once settled.
    var settledCount: Int { settled.count }

    /// Adds a token. Tokens in ascending order cost nothing but their room.
    mutating func insert(_ token: Token) {
        if recent.isEmpty {
            guard let last = settled.last, last >= token else {
                settled.append(token)
                return
            }
            if last == token { return }
        }
        recent.append(token)
        if recent.count >= max(Self.recentMin, settled.count) { settle() }
    }

    /// Adds the tokens of another list.
    mutating func merge(_ other: TokenList) {
        recent += other.settled
        recent += other.recent
        settle()
    }

    /// Sorts and drops what came twice.
    mutating func settle() {
        if recent.isEmpty { return }
        settled = sorted()
        recent = []
    }

    /// All tokens in order, each once.
    func sorted() -> [Token] {
        if recent.isEmpty { return settled }
        let added = recent.sorted()
        var all: [Token] = []
        all.reserveCapacity(settled.count + added.count)
        var at = 0
        for token in added {
            while at < settled.count, settled[at] < token {
                all.append(settled[at])
                at += 1
            }
            if at < settled.count, settled[at] == token { continue }
            if all.last != token { all.append(token) }
        }
        all.append(contentsOf: settled[at...])
        return all
    }
}
