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

/// The first pass: notes which texts and tokens the rows of each customer use.
private struct DealingSurvey: PartialSink {
    fileprivate var places: CustomerPlaces
    fileprivate let layouts: [StatisticLayout]
    fileprivate var dictionaries: [PartDictionary]
    private var cursor: LayoutCursor
    private var place: Int?

    init(_ customers: [Token], _ layouts: [StatisticLayout]) {
        precondition(layouts.allSatisfy(\.isSeparable), "only separable rows have a customer")
        places = CustomerPlaces(customers)
        self.layouts = layouts
        dictionaries = customers.map { _ in PartDictionary() }
        cursor = LayoutCursor(layouts)
    }

    private mutating func note(_ key: [UInt32], _ words: [KeyWord]) {
        place = places.place(key)
        if let place { dictionaries[place].note(key, words) }
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) {}
    mutating func token(_ token: Token) throws(PartialFault) { places.add(token) }
    mutating func endDictionary() throws(PartialFault) {}

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        note(row.key, cursor.rowWords)
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        if let place { dictionaries[place].note(token: number) }
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
    private var dictionaries: [PartDictionary]
    private var writers: [PartialWriter]
    private var cursor: LayoutCursor
    private var place: Int?
    /// All texts and tokens by number, until the dictionaries are written.
    private var allTexts: [[UInt8]] = [[]]
    private var allTokens: [Token] = [.none]
    private var row = PartialRow()

    init(_ survey: DealingSurvey, _ writers: [PartialWriter]) {
        places = survey.places
        dictionaries = survey.dictionaries
        self.writers = writers
        cursor = LayoutCursor(survey.layouts)
        for place in writers.indices { dictionaries[place].settle() }
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) { allTexts.append(text) }
    mutating func token(_ token: Token) throws(PartialFault) { allTokens.append(token) }

    mutating func endDictionary() throws(PartialFault) {
        for place in writers.indices {
            try dictionaries[place].write(allTexts, allTokens, to: &writers[place])
        }
        allTexts = []
        allTokens = []
    }

    /// Finds out whose `key` is, and renumbers it for that customer; false for somebody else's.
    private mutating func take(_ key: [UInt32], _ words: [KeyWord]) -> Int? {
        place = places.place(key)
        guard let place else { return nil }
        dictionaries[place].renumber(key, words, into: &row.key)
        return place
    }

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        guard let place = take(row.key, cursor.rowWords) else { return }
        self.row.cells = row.cells
        try writers[place].beginRow(self.row)
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        guard let place else { return }
        try writers[place].listedToken(dictionaries[place].number(ofToken: number))
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
