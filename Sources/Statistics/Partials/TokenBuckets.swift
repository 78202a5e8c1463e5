package import KeyedHashing

/// Buckets that tokens fall into, by ranges of their values: tokens are keyed hashes, so the
/// buckets are about equally large, and the same in every partial.
package enum TokenBuckets {
    /// The most buckets of one partial.
    package static let countMax = 256

    /// The bucket of a token, of so many; 0-based.
    package static func bucket(of token: Token, count: Int) -> Int {
        Int(truncatingIfNeeded: token.high.multipliedFullWidth(by: UInt64(count)).high)
    }
}

extension Partials {
    /// Deals the merge of all partials out to buckets of tokens, each into the file that `makeFile`
    /// gives for its number, in two passes over the rows.
    ///
    /// A bucket has the tokens of its range out of every list of distinct tokens, and the session
    /// intervals of these tokens. What a row keeps besides (counters, lists of numbers, who stands
    /// behind it) is in one bucket, by a hash of its group. So what is merged bucket by bucket, on
    /// as many machines, and then together has the bytes of what is merged at once; and a bucket
    /// has the bytes of one that was dealt out of any other partials of the same rows.
    package func deal(
        toBuckets count: Int, _ makeFile: (Int) throws(PartialFault) -> any SpillFile
    ) throws(PartialFault) {
        var survey = BucketSurvey(count, layouts)
        try merge(into: &survey)
        guard let header = try header() else { throw PartialFault(.notAPartial) }
        var writers: [PartialWriter] = []
        for bucket in 0..<count {
            writers.append(try PartialWriter(header, to: try makeFile(bucket)))
        }
        var dealing = BucketDealing(survey, writers)
        try merge(into: &dealing)
        try dealing.finish()
    }
}

/// Says which bucket something is in, by the texts and tokens as they come.
private struct BucketPlaces {
    let count: Int
    /// By the number of a token; no token is in the first bucket.
    private var bucketOfToken: [UInt16] = [0]
    /// By the number of a text.
    private var hashOfText: [UInt64] = [0]

    init(_ count: Int) {
        precondition((1...TokenBuckets.countMax).contains(count), "buckets out of range")
        self.count = count
    }

    mutating func add(_ token: Token) {
        bucketOfToken.append(
            UInt16(truncatingIfNeeded: TokenBuckets.bucket(of: token, count: count)))
    }

    /// FNV-1a: the same in every process, unlike the seeded hash of the tables.
    mutating func add(_ text: [UInt8]) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hashOfText.append(hash)
    }

    func bucket(ofToken number: UInt32) -> Int { Int(bucketOfToken[Int(number)]) }

    /// The bucket of a row's counters. The bucket of a token stands for the token, which has
    /// another number in every partial.
    func bucket(ofRow key: [UInt32], _ words: [KeyWord]) -> Int {
        var state = MixingConstant.second
        for (word, number) in zip(words, key) {
            let value =
                switch word {
                case .text: hashOfText[Int(number)]
                case .token: UInt64(bucketOfToken[Int(number)])
                case .month, .day, .hour, .dimension: UInt64(number)
                }
            state = mixed(state ^ MixingConstant.first, value ^ MixingConstant.second)
        }
        return Int(truncatingIfNeeded: state.multipliedFullWidth(by: UInt64(count)).high)
    }
}

/// The first pass: notes which texts and tokens each bucket uses.
private struct BucketSurvey: PartialSink {
    fileprivate var places: BucketPlaces
    fileprivate let layouts: [StatisticLayout]
    fileprivate var dictionaries: [PartDictionary]
    private var cursor: LayoutCursor
    private var key: [UInt32] = []

    init(_ count: Int, _ layouts: [StatisticLayout]) {
        places = BucketPlaces(count)
        self.layouts = layouts
        dictionaries = [PartDictionary](repeating: PartDictionary(), count: count)
        cursor = LayoutCursor(layouts)
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) { places.add(text) }
    mutating func token(_ token: Token) throws(PartialFault) { places.add(token) }
    mutating func endDictionary() throws(PartialFault) {}

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        key = row.key
        let home = places.bucket(ofRow: key, cursor.rowWords)
        dictionaries[home].note(key, cursor.rowWords)
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        let bucket = places.bucket(ofToken: number)
        dictionaries[bucket].note(token: number)
        dictionaries[bucket].note(key, cursor.rowWords)
    }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {}
    mutating func endList() throws(PartialFault) {}
    mutating func endRows() throws(PartialFault) { cursor.endRows() }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        let bucket = places.bucket(ofToken: key[cursor.sessionToken])
        dictionaries[bucket].note(key, cursor.sessionWords)
    }

    mutating func endIntervals() throws(PartialFault) { cursor.endIntervals() }
}

/// The second pass: writes each bucket, with texts and tokens numbered anew.
private struct BucketDealing: PartialSink {
    private let places: BucketPlaces
    private var dictionaries: [PartDictionary]
    private var writers: [PartialWriter]
    private var cursor: LayoutCursor
    private var allTexts: [[UInt8]] = [[]]
    private var allTokens: [Token] = [.none]
    /// The row at hand without its counters, as the buckets have it where they are not.
    private var bare = PartialRow()
    /// The bucket of its counters.
    private var home = 0
    /// The list at hand, and for each bucket how many lists of the row are ended in it; nil: it has
    /// nothing of the row so far.
    private var list = 0
    private var ended: [Int?]
    private var key: [UInt32] = []

    init(_ survey: BucketSurvey, _ writers: [PartialWriter]) {
        places = survey.places
        dictionaries = survey.dictionaries
        self.writers = writers
        cursor = LayoutCursor(survey.layouts)
        ended = writers.map { _ in nil }
        for bucket in writers.indices { dictionaries[bucket].settle() }
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) { allTexts.append(text) }
    mutating func token(_ token: Token) throws(PartialFault) { allTokens.append(token) }

    mutating func endDictionary() throws(PartialFault) {
        for bucket in writers.indices {
            try dictionaries[bucket].write(allTexts, allTokens, to: &writers[bucket])
        }
        allTexts = []
        allTokens = []
    }

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        bare.key = row.key
        bare.cells = [Int64](repeating: 0, count: row.cells.count)
        bare.contributors = cursor.nobody
        home = places.bucket(ofRow: row.key, cursor.rowWords)
        list = 0
        try begin(row, in: home)
        if cursor.lists.isEmpty { ended[home] = nil }
    }

    private mutating func begin(_ row: PartialRow, in bucket: Int) throws(PartialFault) {
        var own = row
        dictionaries[bucket].renumber(row.key, cursor.rowWords, into: &own.key)
        try writers[bucket].beginRow(own)
        ended[bucket] = 0
    }

    /// Ends the lists of the row that stand before the one at hand.
    private mutating func catchUp(_ bucket: Int, to list: Int) throws(PartialFault) {
        guard let done = ended[bucket] else { return }
        for _ in done..<list { try writers[bucket].endList() }
        ended[bucket] = list
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        let bucket = places.bucket(ofToken: number)
        if ended[bucket] == nil { try begin(bare, in: bucket) }
        try catchUp(bucket, to: list)
        try writers[bucket].listedToken(dictionaries[bucket].number(ofToken: number))
    }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {
        try catchUp(home, to: list)
        try writers[home].listedNumber(billionths, times: times)
    }

    mutating func endList() throws(PartialFault) {
        list += 1
        guard list == cursor.lists.count else { return }
        for bucket in writers.indices {
            try catchUp(bucket, to: list)
            ended[bucket] = nil
        }
    }

    mutating func endRows() throws(PartialFault) {
        cursor.endRows()
        for bucket in writers.indices { try writers[bucket].endRows() }
    }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        let bucket = places.bucket(ofToken: key[cursor.sessionToken])
        dictionaries[bucket].renumber(key, cursor.sessionWords, into: &self.key)
        try writers[bucket].interval(self.key, interval)
    }

    mutating func endIntervals() throws(PartialFault) {
        cursor.endIntervals()
        for bucket in writers.indices { try writers[bucket].endIntervals() }
    }

    func finish() throws(PartialFault) { for writer in writers { try writer.finish() } }
}
