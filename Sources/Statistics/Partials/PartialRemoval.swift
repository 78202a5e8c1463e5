package import KeyedHashing

/// Whose rows leave a partial: what an erasure or an opt-out takes out of statistics that are not
/// published yet. Needs separable partials (`Granularity.separable`); others say nothing of persons
/// and are left as they are.
package struct PartialRemoval: Sendable {
    /// The rows of one subject.
    package struct Entry: Sendable {
        /// Tokens of the person; empty: of anybody.
        package var persons: Set<Token>
        /// Tokens of the customer; empty: of any. With `persons`, both must fit.
        package var customers: Set<Token>
        /// Tokens that leave the lists of distinct counts, and whose sessions go, whoever else the
        /// row is about: addresses.
        package var listed: Set<Token>
        /// The last event day (since 1970-01-01) whose rows are reached; nil: all are.
        package var lastDay: Int?

        package init(
            persons: Set<Token> = [], customers: Set<Token> = [], listed: Set<Token> = [],
            lastDay: Int? = nil
        ) {
            self.persons = persons
            self.customers = customers
            self.listed = listed
            self.lastDay = lastDay
        }

        /// Everything that rows are told by.
        package var sought: Set<Token> { persons.union(customers).union(listed) }

        /// True when rows may be reached in a partial that has `tokens`; false when none is.
        package func mayReach(_ tokens: Set<Token>) -> Bool {
            if !listed.isDisjoint(with: tokens) { return true }
            if persons.isEmpty, customers.isEmpty { return false }
            return (persons.isEmpty || !persons.isDisjoint(with: tokens))
                && (customers.isEmpty || customers.contains(.none)
                    || !customers.isDisjoint(with: tokens))
        }

        func reaches(day: Int) -> Bool { lastDay.map { day <= $0 } ?? true }

        func reaches(person: Token, customer: Token, day: Int) -> Bool {
            if persons.isEmpty && customers.isEmpty || !reaches(day: day) { return false }
            return (persons.isEmpty || persons.contains(person))
                && (customers.isEmpty || customers.contains(customer))
        }
    }

    /// For each statistic of the plan what leaves it.
    package var entries: [[Entry]]
    /// Event days (since 1970-01-01) whose rows stay; the rows of all other days leave. Nil: all
    /// days stay.
    package var days: ClosedRange<Int>?
    /// Tokens of customers whose rows stay; those of all others leave. Nil: all stay.
    package var customers: Set<Token>?

    package init(entries: [[Entry]]) { self.entries = entries }

    /// The same for all statistics of a plan.
    package init(_ entries: [Entry], in plan: StatisticsPlan) {
        self.entries = plan.statistics.map { _ in entries }
    }

    /// Leaves the rows of some days, of some customers, and nothing else.
    package init(
        keepingDays days: ClosedRange<Int>?, customers: Set<Token>? = nil,
        in plan: StatisticsPlan
    ) {
        self.init([], in: plan)
        self.days = days
        self.customers = customers
    }
}

extension Partials {
    /// Which of `sought` the partial in `file` has among its tokens; nil when it has no tokens at
    /// all. Whatever statistics it was counted by: where its rows keep what need not be known.
    package static func tokens(
        among sought: Set<Token>, in file: any SpillFile
    ) throws(PartialFault) -> Set<Token>? {
        var reader = try PartialReader(file)
        while try reader.nextText() != nil {}
        var found: Set<Token>?
        while let token = try reader.nextToken() {
            found = found ?? []
            if sought.contains(token) { found?.insert(token) }
        }
        return found
    }

    /// How many rows and session intervals a removal reaches; nothing is changed.
    package func count(of removal: PartialRemoval) throws(PartialFault) -> Int {
        var survey = RemovalSurvey(RowSelection(removal, layouts))
        try merge(into: &survey)
        return survey.removed
    }

    /// Merges all partials into one in `file`, without what the removal reaches; returns how many
    /// rows, intervals and listed tokens that were.
    ///
    /// The bytes are those of a partial that never counted them: texts and tokens that nothing else
    /// uses are gone too.
    ///
    /// `header` takes the place of what the partials say of their keys, where what stays uses fewer
    /// of them.
    package func merge(
        without removal: PartialRemoval, header own: PartialHeader? = nil,
        into file: any SpillFile
    ) throws(PartialFault) -> Int {
        var survey = RemovalSurvey(RowSelection(removal, layouts))
        try merge(into: &survey)
        let common = try header()
        guard let header = own ?? common else { throw PartialFault(.notAPartial) }
        var writer = RemovalWriter(
            RowSelection(removal, layouts), survey, try PartialWriter(header, to: file))
        try merge(into: &writer)
        try writer.finish()
        return survey.removed
    }
}

/// Follows the rows of a partial as they come and says which of them go.
struct RowSelection {
    private let removal: PartialRemoval
    let layouts: [StatisticLayout]
    private let areSeparable: Bool
    /// The tokens by their numbers, where what goes is told by them; 0 is none.
    private var tokens: [Token] = [.none]
    private let goesByTokens: Bool
    /// The statistic at hand.
    private(set) var statistic = 0
    private var sessionsDone = 0

    init(_ removal: PartialRemoval, _ layouts: [StatisticLayout]) {
        self.removal = removal
        self.layouts = layouts
        areSeparable = layouts.allSatisfy(\.isSeparable)
        goesByTokens = removal.customers != nil || removal.entries.contains { !$0.isEmpty }
    }

    mutating func add(_ token: Token) { if goesByTokens { tokens.append(token) } }

    var layout: StatisticLayout? {
        layouts.indices.contains(statistic) ? layouts[statistic] : nil
    }

    private var entries: [PartialRemoval.Entry] {
        removal.entries.indices.contains(statistic) ? removal.entries[statistic] : []
    }

    mutating func endRows() { if layout?.sessions.isEmpty ?? true { next() } }

    mutating func endIntervals() {
        sessionsDone += 1
        if sessionsDone == layout?.sessions.count ?? 0 { next() }
    }

    private mutating func next() {
        statistic += 1
        sessionsDone = 0
    }

    private func token(_ number: UInt32) -> Token {
        Int(number) < tokens.count ? tokens[Int(number)] : .none
    }

    /// Person, customer and day end a key of a separable statistic.
    private func reaches(_ key: [UInt32]) -> Bool {
        guard areSeparable, key.count >= 3 else { return false }
        let day = day(of: key)
        if let days = removal.days, !days.contains(day) { return true }
        guard goesByTokens else { return false }
        let person = token(key[key.count - 3])
        let customer = token(key[key.count - 2])
        if let customers = removal.customers, !customers.contains(customer) { return true }
        return entries.contains { $0.reaches(person: person, customer: customer, day: day) }
    }

    /// The event day of a row or an interval; where none can be told, one that everything reaches.
    func day(of key: [UInt32]) -> Int {
        guard areSeparable, key.count >= 3 else { return .min }
        return TimeWord.day(ofWord: key[key.count - 1])
    }

    func removes(row key: [UInt32]) -> Bool { reaches(key) }

    func removes(interval key: [UInt32]) -> Bool {
        guard layouts.indices.contains(statistic) else { return false }
        let own = layouts[statistic].sessionHead.count - 1
        return reaches(key)
            || key.indices.contains(own) && removes(listed: key[own], on: day(of: key))
    }

    func removes(listed number: UInt32, on day: Int) -> Bool {
        guard goesByTokens else { return false }
        let token = token(number)
        return entries.contains { $0.listed.contains(token) && $0.reaches(day: day) }
    }
}

/// The first pass: counts what goes and notes which texts and tokens what stays still uses.
struct RemovalSurvey: PartialSink {
    private var selection: RowSelection
    private var isRemoving = false
    /// The event day of the row at hand.
    private var day = 0
    private(set) var removed = 0
    private(set) var usesText = [true]
    private(set) var usesToken = [true]

    init(_ selection: RowSelection) { self.selection = selection }

    mutating func text(_ text: [UInt8]) throws(PartialFault) { usesText.append(false) }

    mutating func token(_ token: Token) throws(PartialFault) {
        selection.add(token)
        usesToken.append(false)
    }

    mutating func endDictionary() throws(PartialFault) {}

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        isRemoving = selection.removes(row: row.key)
        day = selection.day(of: row.key)
        if isRemoving {
            removed += 1
        } else if let layout = selection.layout {
            note(row.key, layout.rowWords)
        }
    }

    private mutating func note(_ key: [UInt32], _ words: [KeyWord]) {
        for (word, number) in zip(words, key) {
            if word == .text { usesText[Int(number)] = true }
            if word == .token { usesToken[Int(number)] = true }
        }
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        if isRemoving { return }
        if selection.removes(listed: number, on: day) {
            removed += 1
        } else {
            usesToken[Int(number)] = true
        }
    }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {}
    mutating func endList() throws(PartialFault) {}
    mutating func endRows() throws(PartialFault) { selection.endRows() }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        if selection.removes(interval: key) {
            removed += 1
        } else if let layout = selection.layout {
            note(key, layout.sessionWords)
        }
    }

    mutating func endIntervals() throws(PartialFault) { selection.endIntervals() }
}

/// The second pass: writes what stays, with texts and tokens numbered anew.
struct RemovalWriter: PartialSink {
    private var selection: RowSelection
    private let survey: RemovalSurvey
    private var writer: PartialWriter
    private var texts: [UInt32] = [0]
    private var tokens: [UInt32] = [0]
    private var textsKept: UInt32 = 0
    private var tokensKept: UInt32 = 0
    private var isRemoving = false
    /// The event day of the row at hand.
    private var day = 0

    init(_ selection: RowSelection, _ survey: RemovalSurvey, _ writer: PartialWriter) {
        self.selection = selection
        self.survey = survey
        self.writer = writer
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) {
        guard survey.usesText[texts.count] else { return texts.append(0) }
        textsKept += 1
        texts.append(textsKept)
        try writer.text(text)
    }

    mutating func token(_ token: Token) throws(PartialFault) {
        selection.add(token)
        guard survey.usesToken[tokens.count] else { return tokens.append(0) }
        tokensKept += 1
        tokens.append(tokensKept)
        try writer.token(token)
    }

    mutating func endDictionary() throws(PartialFault) { try writer.endDictionary() }

    private func renumbered(_ key: [UInt32], _ words: [KeyWord]) -> [UInt32] {
        zip(words, key).map { word, number in
            switch word {
            case .text: texts[Int(number)]
            case .token: tokens[Int(number)]
            case .month, .day, .hour, .dimension: number
            }
        }
    }

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        isRemoving = selection.removes(row: row.key)
        day = selection.day(of: row.key)
        guard !isRemoving, let layout = selection.layout else { return }
        var kept = row
        kept.key = renumbered(row.key, layout.rowWords)
        try writer.beginRow(kept)
    }

    mutating func listedToken(_ number: UInt32) throws(PartialFault) {
        guard !isRemoving, !selection.removes(listed: number, on: day) else { return }
        try writer.listedToken(tokens[Int(number)])
    }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {
        if !isRemoving { try writer.listedNumber(billionths, times: times) }
    }

    mutating func endList() throws(PartialFault) { if !isRemoving { try writer.endList() } }

    mutating func endRows() throws(PartialFault) {
        selection.endRows()
        try writer.endRows()
    }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        guard !selection.removes(interval: key), let layout = selection.layout else { return }
        try writer.interval(renumbered(key, layout.sessionWords), interval)
    }

    mutating func endIntervals() throws(PartialFault) {
        selection.endIntervals()
        try writer.endIntervals()
    }

    consuming func finish() throws(PartialFault) { try writer.finish() }
}
