import KeyedHashing
import Records

/// The canonical numbers of the texts and tokens of one aggregator: their ranks among those that a
/// key or a list names, from 1; 0 stays the empty text and no token.
///
/// For tables that are made in the same place nobody asks for ranks: the numbers may stay as they
/// came, and rows need no more order than that those of one group stand together.
struct IdentifierOrder {
    private let texts: [UInt32]
    private let tokens: [UInt32]
    private let textRanks: [UInt32]
    private let tokenRanks: [UInt32]
    /// True when the numbers stay as they came.
    let isOfArrival: Bool

    /// The numbers as they came.
    init(arrivalOf interner: borrowing TextInterner) {
        texts = (1..<UInt32(max(interner.count, 1))).map { $0 }
        tokens = []
        textRanks = []
        tokenRanks = []
        isOfArrival = true
    }

    /// The canonical numbers.
    init(
        _ interner: inout TextInterner,
        _ tokenInterner: inout TokenInterner,
        _ states: borrowing OwnedList<StatisticState>
    ) {
        isOfArrival = false
        var textUsed = [Bool](repeating: false, count: interner.count)
        var tokenUsed = [Bool](repeating: false, count: tokenInterner.count)
        for index in 0..<states.count {
            states.read(index) { $0.markUsed(texts: &textUsed, tokens: &tokenUsed) }
        }
        textUsed[0] = false
        tokenUsed[0] = false
        texts = interner.sorted { textUsed[$0] }
        tokens = tokenInterner.sorted { tokenUsed[$0] }
        textRanks = Self.ranks(texts, count: interner.count)
        tokenRanks = Self.ranks(tokens, count: tokenInterner.count)
    }

    private static func ranks(_ sorted: [UInt32], count: Int) -> [UInt32] {
        var ranks = [UInt32](repeating: 0, count: count)
        for (place, number) in sorted.enumerated() { ranks[Int(number)] = UInt32(place) + 1 }
        return ranks
    }

    /// Writes the texts and tokens in order.
    func write<Sink: PartialSink>(
        _ interner: inout TextInterner,
        _ tokenInterner: borrowing TokenInterner,
        to sink: inout Sink
    ) throws(PartialFault) {
        for number in texts { try sink.text(interner.text(Int(number))) }
        for number in tokens { try sink.token(tokenInterner.token(Int(number))) }
        try sink.endDictionary()
    }

    /// The canonical number of a word of a key.
    @inline(__always)
    func rank(_ word: UInt32, _ kind: KeyWord) -> UInt32 {
        if isOfArrival { return word }
        switch kind {
        case .text: return textRanks[Int(word)]
        case .token: return tokenRanks[Int(word)]
        case .month, .day, .hour, .dimension: return word
        }
    }

    /// The canonical number of a token.
    @inline(__always)
    func rank(token: UInt32) -> UInt32 { isOfArrival ? token : tokenRanks[Int(token)] }

    /// The rows of `keys` in canonical order, and their translated keys by row. `hasParts` says
    /// that rows which belong together may have different keys: they then stand side by side also
    /// in the order of arrival.
    func order(
        _ keys: borrowing KeyTable,
        _ words: [KeyWord],
        hasParts: Bool
    ) -> (rows: [UInt32], keys: [UInt32]) {
        let width = words.count
        var ranked = [UInt32](repeating: 0, count: keys.count * width)
        for row in 0..<keys.count {
            for index in 0..<width {
                ranked[row * width + index] = rank(keys.word(index, of: row), words[index])
            }
        }
        if isOfArrival, !hasParts { return (Array(0..<UInt32(keys.count)), ranked) }
        return (Self.sortedRows(ranked, width: width, count: keys.count), ranked)
    }

    /// The `count` rows by their keys, which lie one after the other in `ranked`: by the first word
    /// by counting, as there are few more of these than rows, then by the others.
    private static func sortedRows(_ ranked: [UInt32], width: Int, count: Int) -> [UInt32] {
        if width == 0 { return Array(0..<UInt32(count)) }
        let first = (0..<count).map { ranked[$0 * width] }
        let least = first.min() ?? 0
        // One group of all where the first words lie far apart.
        let span = Int((first.max() ?? 0) - least) + 1
        let isDense = span <= 4 * count + 1024
        func group(_ row: Int) -> Int { isDense ? Int(first[row] - least) : 0 }
        var groups = CountedGroups(count: isDense ? span : 1)
        for row in 0..<count { groups.count(group(row)) }
        groups.endCounting()
        for row in 0..<count { groups.add(UInt32(row), to: group(row)) }
        return unsafe ranked.withUnsafeBufferPointer { ranked in
            groups.sorted { left, right in
                for index in 0..<width {
                    let one = unsafe ranked[Int(left) * width + index]
                    let other = unsafe ranked[Int(right) * width + index]
                    if one != other { return one < other }
                }
                return false
            }
        }
    }
}
