internal import Records

/// Who stands behind the cells of each row, as far as thresholds ask: up to n persons and m
/// customers by number, then only "enough".
///
/// Counting up to a limit is associative: whatever the order, a set ends as the exact union or,
/// once that has n members, as "at least n". Nobody needs to be kept beyond that, and nobody is.
struct Contributors: ~Copyable {
    let setCount: Int
    private let personsMax: Int
    private let customersMax: Int
    private let stride: Int
    private var words = FlatArray<UInt32>(capacity: 64)

    /// Room for `setCount` sets a row; limits are 0 when nobody is to be kept account of.
    init(setCount: Int, personsMax: Int, customersMax: Int) {
        self.setCount = setCount
        self.personsMax = personsMax
        self.customersMax = customersMax
        stride = setCount * (2 + personsMax + customersMax)
    }

    /// The memory held, in bytes.
    var residentBytes: Int { words.residentBytes }

    /// Adds a row with empty sets.
    mutating func appendRow() { words.append(repeating: 0, count: stride) }

    /// Forgets all rows.
    mutating func removeAll() { words.removeAll() }

    /// Adds the person and the customer of a record; 0 stands for nobody.
    @inline(__always)
    mutating func add(row: Int, set: Int, person: UInt32, customer: UInt32) {
        let start = row &* stride &+ set &* (2 &+ personsMax &+ customersMax)
        add(person, at: start, limit: personsMax)
        add(customer, at: start &+ 1 &+ personsMax, limit: customersMax)
    }

    @inline(__always)
    private mutating func add(_ token: UInt32, at start: Int, limit: Int) {
        let count = Int(words[start])
        if count == limit || token == 0 { return }
        for index in 1..<(count &+ 1) where words[start &+ index] == token { return }
        words[start] = UInt32(truncatingIfNeeded: count &+ 1)
        words[start &+ count &+ 1] = token
    }

    /// Adds those behind row `row` of `other`, whose tokens have the numbers `tokens` here.
    mutating func merge(
        _ other: borrowing Contributors, row: Int, into target: Int,
        _ tokens: [UInt32]
    ) {
        let length = 2 + personsMax + customersMax
        for set in 0..<setCount {
            let from = row * stride + set * length
            let to = target * stride + set * length
            merge(other, from, tokens, at: to, limit: personsMax)
            merge(
                other, from + 1 + personsMax, tokens, at: to + 1 + personsMax,
                limit: customersMax)
        }
    }

    /// Adds the members of a set. Of a full one there are as many as the limit, which is enough.
    private mutating func merge(
        _ other: borrowing Contributors, _ from: Int, _ tokens: [UInt32], at start: Int,
        limit: Int
    ) {
        for index in 0..<Int(other.words[from]) {
            add(tokens[Int(other.words[from + 1 + index])], at: start, limit: limit)
        }
    }

    /// The persons of a set: their numbers, or nil when there are at least as many as asked for.
    func persons(row: Int, set: Int) -> [UInt32]? {
        members(row * stride + set * (2 + personsMax + customersMax), limit: personsMax)
    }

    /// The customers of a set: their numbers, or nil when there are at least as many as asked for.
    func customers(row: Int, set: Int) -> [UInt32]? {
        members(
            row * stride + set * (2 + personsMax + customersMax) + 1 + personsMax,
            limit: customersMax)
    }

    private func members(_ start: Int, limit: Int) -> [UInt32]? {
        let count = Int(words[start])
        if count == limit { return nil }
        return (1..<(count + 1)).map { words[start + $0] }
    }
}
