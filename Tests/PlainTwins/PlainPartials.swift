/// A separable partial with a group of one text, counted with dictionaries and sets: records, a sum
/// and a percentile of one field, and how many persons, customers and devices there are.
///
/// It is read as it was written: of what is accepted, not whether it should be.
package struct PlainPartial {
    /// The text of the group, then person, customer and day; tokens are sixteen bytes, nobody none.
    private struct Key: Hashable {
        let group: [UInt8]
        let person: [UInt8]
        let customer: [UInt8]
        let day: UInt64
    }

    private struct Row {
        var counters: [Int128]
        var devices: Set<[UInt8]>
        var times: [Int128: Int128]
    }

    /// What a group comes to.
    package struct Figures {
        package var records: Int128 = 0
        package var counted: Int128 = 0
        /// In billionths; nil without any number.
        package var sum: Int128?
        package var unreadable: Int128 = 0
        package var median: Int128?
        package var persons = 0
        package var customers = 0
        package var devices = 0
        /// Persons behind the sum.
        package var contributors = 0
        /// True when something is said of nobody, or what no machine could add up.
        package var isUntold = false
    }

    private var rows: [Key: Row] = [:]

    // MARK: Reading

    /// The partial in `bytes`, which end with a checksum.
    package init?(_ bytes: [UInt8]) {
        var at = 9
        guard bytes.count > at else { return nil }
        func number() -> UInt128 {
            var digits: [UInt8] = []
            repeat {
                digits.append(bytes[at] % 128)
                at += 1
            } while bytes[at - 1] > 127
            return digits.reversed().reduce(0) { $0 * 128 + UInt128($1) }
        }
        // Even numbers are the halves of what they are written as, odd ones lie below zero.
        func signed() -> Int128 {
            let raw = number()
            return raw % 2 == 0 ? Int128(raw / 2) : -Int128(raw / 2) - 1
        }
        func string(_ length: Int) -> [UInt8] {
            at += length
            return Array(bytes[at - length..<at])
        }
        func hasMore() -> Bool {
            at += 1
            return bytes[at - 1] == 1
        }
        _ = string(Int(number()))
        for _ in 0..<2 * number() { _ = string(Int(number())) }
        var texts: [[UInt8]] = [[]]
        while hasMore() {
            let shared = Array((texts.last ?? []).prefix(Int(number())))
            texts.append(shared + string(Int(number())))
        }
        var tokens: [[UInt8]] = [[]]
        while hasMore() { tokens.append(string(16)) }
        var words: [UInt64] = []
        while hasMore() {
            let shared = Int(number())
            words = Array(words.prefix(shared)) + (shared..<4).map { _ in UInt64(number()) }
            let key = Key(
                group: texts[Int(words[0])], person: tokens[Int(words[1])],
                customer: tokens[Int(words[2])], day: words[3])
            var row = Row(counters: (0..<11).map { _ in signed() }, devices: [], times: [:])
            var device = 0
            while case let step = Int(number()), step > 0 {
                device += step
                row.devices.insert(tokens[device])
            }
            var value: Int128 = 0
            while hasMore() {
                value += signed()
                row.times[value] = Int128(number())
            }
            rows[key] = row
        }
    }

    // MARK: Counting

    /// The rows of both, those of one key added up.
    package func union(_ other: PlainPartial) -> PlainPartial {
        var both = self
        both.rows.merge(other.rows) { one, two in
            var times = one.times
            times.merge(two.times, uniquingKeysWith: +)
            var counters = zip(one.counters, two.counters).map { $0 + $1 }
            // A sum has a lower half without a sign, and what goes over it.
            let sum = Self.sum(one.counters) + Self.sum(two.counters)
            counters[2] = Int128(Int64(truncatingIfNeeded: sum))
            counters[3] = sum >> 64
            return Row(
                counters: counters, devices: one.devices.union(two.devices), times: times)
        }
        return both
    }

    private static func sum(_ counters: [Int128]) -> Int128 {
        counters[3] << 64 + Int128(UInt64(truncatingIfNeeded: counters[2]))
    }

    /// The figures by the text of their group.
    package var groups: [[UInt8]: Figures] {
        Dictionary(grouping: rows, by: \.key.group).mapValues { rows in
            var figures = Figures()
            let counters = rows.map(\.value.counters)
            func total(_ counter: Int) -> Int128 { counters.reduce(0) { $0 + $1[counter] } }
            /// Whoever stands behind the rows in which a counter is above zero.
            func tokens(_ token: KeyPath<Key, [UInt8]>, _ counter: Int) -> Set<[UInt8]> {
                Set(rows.filter { $0.value.counters[counter] > 0 }.map { $0.key[keyPath: token] })
            }
            figures.records = total(0)
            figures.counted = total(1)
            if total(4) != 0 { figures.sum = counters.reduce(0) { $0 + Self.sum($1) } }
            figures.unreadable = total(5)
            figures.contributors = tokens(\.person, 4).subtracting([[]]).count
            let (persons, customers) = (tokens(\.person, 6), tokens(\.customer, 7))
            (figures.persons, figures.customers) = (persons.count, customers.count)
            figures.devices = Set(rows.flatMap(\.value.devices)).count
            let all = rows.flatMap { $0.value.times.map { $0 } }.sorted { $0.key < $1.key }
            let count = all.reduce(0) { $0 + $1.value }
            // The least value with half of all numbers at or below it.
            figures.median = all.first { value in
                let below = all.filter { $0.key <= value.key }.reduce(0) { $0 + $1.value }
                return below * 2 >= count && below > 0
            }?.key
            let sizes = counters.joined().map(\.magnitude) + [count.magnitude]
            figures.isUntold =
                persons.contains([]) || customers.contains([]) || sizes.contains { $0 >= 1 << 59 }
            return figures
        }
    }
}
