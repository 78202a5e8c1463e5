import KeyedHashing

/// The texts and tokens that the rows of one part of a partial use, and which numbers they have
/// there: noted in a first pass, settled, then looked up in a second one.
struct PartDictionary {
    private var texts = UsedNumbers()
    private var tokens = UsedNumbers()

    /// Notes what a key uses.
    mutating func note(_ key: [UInt32], _ words: [KeyWord]) {
        for index in words.indices {
            if words[index] == .text { texts.note(key[index]) }
            if words[index] == .token { tokens.note(key[index]) }
        }
    }

    mutating func note(token: UInt32) { tokens.note(token) }

    /// Ends the notes.
    mutating func settle() {
        texts.sort()
        tokens.sort()
    }

    /// Writes the dictionaries of the part, with what the numbers of the whole mean.
    func write(
        _ allTexts: [[UInt8]], _ allTokens: [Token], to writer: inout PartialWriter
    ) throws(PartialFault) {
        for number in texts.all { try writer.text(allTexts[Int(number)]) }
        for number in tokens.all { try writer.token(allTokens[Int(number)]) }
        try writer.endDictionary()
    }

    func number(ofToken number: UInt32) -> UInt32 { tokens.rank(number) }

    /// Puts `key` with the numbers of the part into `target`.
    func renumber(_ key: [UInt32], _ words: [KeyWord], into target: inout [UInt32]) {
        if target.count != words.count { target = [UInt32](repeating: 0, count: words.count) }
        for index in words.indices {
            switch words[index] {
            case .text: target[index] = texts.rank(key[index])
            case .token: target[index] = tokens.rank(key[index])
            case .month, .day, .hour, .dimension: target[index] = key[index]
            }
        }
    }
}

/// Numbers that were used, each once.
private struct UsedNumbers {
    /// In order when `sort` was called.
    private(set) var all: [UInt32] = []
    private var settledCount = 0

    mutating func note(_ number: UInt32) {
        if number == 0 || all.last == number { return }
        all.append(number)
        if all.count >= 64 + settledCount * 2 { sort() }
    }

    mutating func sort() {
        all.sort()
        var kept = 0
        for number in all where kept == 0 || all[kept - 1] != number {
            all[kept] = number
            kept += 1
        }
        all.removeLast(all.count - kept)
        settledCount = kept
    }

    /// The number that a used one has among these; 0 stays 0.
    func rank(_ number: UInt32) -> UInt32 {
        if number == 0 { return 0 }
        var low = 0
        var high = all.count
        while low < high {
            let middle = (low + high) / 2
            if all[middle] < number { low = middle + 1 } else { high = middle }
        }
        return UInt32(truncatingIfNeeded: low + 1)
    }
}

/// Follows which statistic the rows of a partial are of.
struct LayoutCursor {
    private let layouts: [StatisticLayout]
    private var statistic = 0
    private var sessionsDone = 0
    /// The words of the keys of rows and intervals of the statistic at hand.
    private(set) var rowWords: [KeyWord] = []
    private(set) var sessionWords: [KeyWord] = []
    /// The lists of its rows, who stands behind a row without records, and the word of an
    /// interval's key that says whose it is.
    private(set) var lists: [Bool] = []
    private(set) var nobody: [ContributorSet] = []
    private(set) var sessionToken = 0

    init(_ layouts: [StatisticLayout]) {
        self.layouts = layouts
        begin()
    }

    private mutating func begin() {
        guard layouts.indices.contains(statistic) else { return }
        rowWords = layouts[statistic].rowWords
        sessionWords = layouts[statistic].sessionWords
        lists = layouts[statistic].lists
        nobody = layouts[statistic].nobody
        sessionToken = layouts[statistic].sessionHead.count - 1
    }

    mutating func endRows() { if layouts[statistic].sessions.isEmpty { next() } }

    mutating func endIntervals() {
        sessionsDone += 1
        if sessionsDone == layouts[statistic].sessions.count { next() }
    }

    private mutating func next() {
        statistic += 1
        sessionsDone = 0
        begin()
    }
}
