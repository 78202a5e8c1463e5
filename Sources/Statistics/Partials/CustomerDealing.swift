package import KeyedHashing

extension Partials {
    /// Deals the merge of all partials out to `customers`: the rows of each into the file that
    /// `makeFile` gives for its place in the list, in two passes over the rows however many
    /// customers there are. Needs separable partials.
    ///
    /// The bytes of a file are those of a partial that never counted anything else. What is
    /// remembered of each customer are the texts and tokens of its own rows.
    package func deal(
        to customers: [Token], _ makeFile: (Int) throws(PartialFault) -> any SpillFile
    ) throws(PartialFault) {
        var survey = DealingSurvey(customers, layouts)
        try merge(into: &survey)
        guard let header = try header() else { throw PartialFault(.notAPartial) }
        var writers: [PartialWriter] = []
        for place in customers.indices {
            writers.append(try PartialWriter(header, to: try makeFile(place)))
        }
        var dealing = CustomerDealing(survey, writers)
        try merge(into: &dealing)
        try dealing.finish()
    }
}

/// Says whose row it is.
private struct CustomerPlaces {
    private let places: [Token: Int32]
    /// The place of a customer by the number of its token; -1 for all other tokens.
    private var placeOfToken: [Int32] = [-1]

    init(_ customers: [Token]) {
        var places: [Token: Int32] = [:]
        for (place, customer) in customers.enumerated() {
            places[customer] = Int32(truncatingIfNeeded: place)
        }
        self.places = places
    }

    mutating func add(_ token: Token) { placeOfToken.append(places[token] ?? -1) }

    /// Nil for a row of somebody else; person, customer and day end a key.
    func place(_ key: [UInt32]) -> Int? {
        let place = placeOfToken[Int(key[key.count - 2])]
        return place < 0 ? nil : Int(place)
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

/// Follows which statistic the rows are of.
private struct LayoutCursor {
    private let layouts: [StatisticLayout]
    private var statistic = 0
    private var sessionsDone = 0
    /// The words of the keys of rows and intervals of the statistic at hand.
    private(set) var rowWords: [KeyWord] = []
    private(set) var sessionWords: [KeyWord] = []

    init(_ layouts: [StatisticLayout]) {
        precondition(layouts.allSatisfy(\.isSeparable), "only separable rows have a customer")
        self.layouts = layouts
        begin()
    }

    private mutating func begin() {
        guard layouts.indices.contains(statistic) else { return }
        rowWords = layouts[statistic].rowWords
        sessionWords = layouts[statistic].sessionWords
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

/// The first pass: notes which texts and tokens the rows of each customer use.
private struct DealingSurvey: PartialSink {
    fileprivate var places: CustomerPlaces
    fileprivate let layouts: [StatisticLayout]
    fileprivate var texts: [UsedNumbers]
    fileprivate var tokens: [UsedNumbers]
    private var cursor: LayoutCursor
    private var place: Int?

    init(_ customers: [Token], _ layouts: [StatisticLayout]) {
        places = CustomerPlaces(customers)
        self.layouts = layouts
        texts = customers.map { _ in UsedNumbers() }
        tokens = customers.map { _ in UsedNumbers() }
        cursor = LayoutCursor(layouts)
    }

    private mutating func note(_ key: [UInt32], _ words: [KeyWord]) {
        place = places.place(key)
        guard let place else { return }
        for index in words.indices {
            if words[index] == .text { texts[place].note(key[index]) }
            if words[index] == .token { tokens[place].note(key[index]) }
        }
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) {}
    mutating func token(_ token: Token) throws(PartialFault) { places.add(token) }
    mutating func endDictionary() throws(PartialFault) {}

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        note(row.key, cursor.rowWords)
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        if let place { tokens[place].note(number) }
    }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {}
    mutating func endList() throws(PartialFault) {}
    mutating func endRows() throws(PartialFault) { cursor.endRows() }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) { note(key, cursor.sessionWords) }

    mutating func endIntervals() throws(PartialFault) { cursor.endIntervals() }
}

/// The second pass: writes each row for its customer, with texts and tokens numbered anew.
private struct CustomerDealing: PartialSink {
    private let places: CustomerPlaces
    private var texts: [UsedNumbers]
    private var tokens: [UsedNumbers]
    private var writers: [PartialWriter]
    private var cursor: LayoutCursor
    private var place: Int?
    /// All texts and tokens by number, until the dictionaries are written.
    private var allTexts: [[UInt8]] = [[]]
    private var allTokens: [Token] = [.none]
    private var row = PartialRow()

    init(_ survey: DealingSurvey, _ writers: [PartialWriter]) {
        places = survey.places
        texts = survey.texts
        tokens = survey.tokens
        self.writers = writers
        cursor = LayoutCursor(survey.layouts)
        for place in writers.indices {
            texts[place].sort()
            tokens[place].sort()
        }
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) { allTexts.append(text) }
    mutating func token(_ token: Token) throws(PartialFault) { allTokens.append(token) }

    mutating func endDictionary() throws(PartialFault) {
        for place in writers.indices {
            for number in texts[place].all { try writers[place].text(allTexts[Int(number)]) }
            for number in tokens[place].all { try writers[place].token(allTokens[Int(number)]) }
            try writers[place].endDictionary()
        }
        allTexts = []
        allTokens = []
    }

    /// Finds out whose `key` is, and renumbers it for that customer; false for somebody else's.
    private mutating func take(_ key: [UInt32], _ words: [KeyWord]) -> Int? {
        place = places.place(key)
        guard let place else { return nil }
        if row.key.count != words.count { row.key = [UInt32](repeating: 0, count: words.count) }
        for index in words.indices {
            switch words[index] {
            case .text: row.key[index] = texts[place].rank(key[index])
            case .token: row.key[index] = tokens[place].rank(key[index])
            case .month, .day, .hour, .dimension: row.key[index] = key[index]
            }
        }
        return place
    }

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        guard let place = take(row.key, cursor.rowWords) else { return }
        self.row.cells = row.cells
        try writers[place].beginRow(self.row)
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        if let place { try writers[place].listedToken(tokens[place].rank(number)) }
    }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {
        if let place { try writers[place].listedNumber(billionths, times: times) }
    }

    mutating func endList() throws(PartialFault) { if let place { try writers[place].endList() } }

    mutating func endRows() throws(PartialFault) {
        cursor.endRows()
        for place in writers.indices { try writers[place].endRows() }
    }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        guard let place = take(key, cursor.sessionWords) else { return }
        try writers[place].interval(row.key, interval)
    }

    mutating func endIntervals() throws(PartialFault) {
        cursor.endIntervals()
        for place in writers.indices { try writers[place].endIntervals() }
    }

    func finish() throws(PartialFault) { for writer in writers { try writer.finish() } }
}
