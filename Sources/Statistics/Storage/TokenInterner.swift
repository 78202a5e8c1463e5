import KeyedHashing
import Records

/// Gives each distinct token a small number, dense from 1; `Token.none` is 0.
///
/// Tokens are keyed hashes, so their own low bits serve as the hash.
struct TokenInterner: ~Copyable {
    /// A token as plain words. Not private: 6.3.1 miscompiles private elements of `FlatArray`.
    struct Bits: BitwiseCopyable {
        var high: UInt64
        var low: UInt64

        init(_ token: Token) {
            high = token.high
            low = token.low
        }
    }

    private var tokens = FlatArray<Bits>(capacity: 256)
    private var slots = FlatArray<UInt32>(capacity: 512)
    private var mask = 511

    init() { removeAll() }

    /// The number of distinct tokens, `none` included.
    var count: Int { tokens.count }

    /// The memory held, in bytes.
    var residentBytes: Int { tokens.residentBytes + slots.residentBytes }

    /// Forgets everything but `none`.
    mutating func removeAll() {
        tokens.removeAll()
        slots.removeAll()
        mask = 511
        slots.resize(to: 512, filling: 0)
        tokens.append(Bits(.none))
    }

    /// The token with `number`.
    func token(_ number: Int) -> Token {
        let bits = tokens[number]
        return Token(high: bits.high, low: bits.low)
    }

    /// The number of `token`.
    mutating func number(_ token: Token) -> UInt32 { find(Bits(token)) }

    /// Puts into `numbers` the number of each of `tokens`.
    mutating func numbers(
        of tokens: borrowing FlatArray<Token>, into numbers: inout FlatArray<UInt32>
    ) {
        numbers.resize(to: tokens.count, filling: 0)
        for row in 0..<tokens.count { numbers[row] = find(Bits(tokens[row])) }
    }

    /// The number here of each token of `other`.
    mutating func numbers(of other: borrowing TokenInterner) -> [UInt32] {
        var numbers: [UInt32] = []
        numbers.reserveCapacity(other.count)
        for number in 0..<other.count { numbers.append(find(other.tokens[number])) }
        return numbers
    }

    @inline(__always)
    private mutating func find(_ token: Bits) -> UInt32 {
        if token.low | token.high == 0 { return 0 }
        var slot = Int(truncatingIfNeeded: token.low) & mask
        while true {
            let number = slots[slot]
            if number == 0 { return insert(token, slot: slot) }
            let known = tokens[Int(number)]
            if known.low == token.low && known.high == token.high { return number }
            slot = (slot &+ 1) & mask
        }
    }

    @inline(never)
    private mutating func insert(_ token: Bits, slot: Int) -> UInt32 {
        let number = UInt32(truncatingIfNeeded: tokens.count)
        tokens.append(token)
        slots[slot] = number
        if tokens.count * 2 > mask { rehash() }
        return number
    }

    private mutating func rehash() {
        let wanted = (mask + 1) * 2
        mask = wanted - 1
        slots.resize(to: wanted, filling: 0)
        slots.fill(0)
        for number in 1..<tokens.count {
            var slot = Int(truncatingIfNeeded: tokens[number].low) & mask
            while slots[slot] != 0 { slot = (slot &+ 1) & mask }
            slots[slot] = UInt32(truncatingIfNeeded: number)
        }
    }

    /// The numbers for which `isUsed` holds, in the order of their tokens.
    ///
    /// By their first bits first, which are spread evenly: nearly all is done by counting.
    func sorted(where isUsed: (Int) -> Bool) -> [UInt32] {
        let used = (1..<max(tokens.count, 1)).count { isUsed($0) }
        let bits = UInt64(max(UInt64.bitWidth - used.leadingZeroBitCount, 1))
        var groups = CountedGroups(count: 1 << Int(bits))
        for number in 1..<max(tokens.count, 1) where isUsed(number) {
            groups.count(Int(tokens[number].high >> (64 - bits)))
        }
        groups.endCounting()
        for number in 1..<max(tokens.count, 1) where isUsed(number) {
            groups.add(UInt32(number), to: Int(tokens[number].high >> (64 - bits)))
        }
        return groups.sorted { left, right in
            let one = tokens[Int(left)]
            let other = tokens[Int(right)]
            return (one.high, one.low) < (other.high, other.low)
        }
    }
}
