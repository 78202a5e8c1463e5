package import Statistics

/// How the counts of a published table are told.
package enum CountTelling: Sendable, Equatable {
    /// As they are.
    case exact
    /// Rounded at random to multiples of 3 or 5.
    case rounded(base: Int)
    /// Changed a little by the keys of their members; by how much is told to nobody.
    case cellKey

    /// The word in documents; that of rounding has its base behind it.
    var word: String {
        switch self {
        case .exact: "exact"
        case .rounded(let base): "rounded/\(base)"
        case .cellKey: "cell-key"
        }
    }

    /// Nil for another word.
    init?(word: String) {
        let all = [Self.exact, .rounded(base: 3), .rounded(base: 5), .cellKey]
        guard let found = all.first(where: { $0.word.utf8.elementsEqual(word.utf8) }) else {
            return nil
        }
        self = found
    }
}

extension ControlMethod {
    /// How it tells counts.
    package var telling: CountTelling {
        switch self {
        case .suppression: .exact
        case .rounding(let rounding, _): .rounded(base: rounding.base)
        case .cellKey: .cellKey
        }
    }
}

extension PublishedTable {
    /// True for columns whose figures may be summed over rows: counts that are told as they are.
    /// Others are changed each by itself, so that parts need not add up to their total.
    package func isAddable(_ column: MeasuredColumn) -> Bool {
        column.role == .count && counts == .exact
    }

    /// True when a column holds counts, of records or of different tokens.
    var hasCounts: Bool { table.columns.contains { $0.role != .magnitude } }
}
