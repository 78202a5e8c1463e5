/// Amounts by the number of a person or customer: a list while there are few, as of most figures,
/// and a table with open addressing from then on.
struct AmountTable {
    private var numbers: [UInt32] = []
    private var amounts: [Int128] = []
    /// One more than the place of a number, 0 where there is none; empty while there are few.
    private var slots: [UInt32] = []
    /// Where the last one was: contributions of one come one after the other more often than not.
    private var last = 0

    private static let fewMax = 12

    init() {}

    /// Adds to the amount of a number; true when the number is new.
    mutating func add(_ amount: Int128, of number: UInt32) -> Bool {
        if last < numbers.count, numbers[last] == number {
            amounts[last] &+= amount
            return false
        }
        if let known = place(of: number) {
            last = known
            amounts[known] &+= amount
            return false
        }
        last = numbers.count
        numbers.append(number)
        amounts.append(amount)
        if numbers.count > Self.fewMax { enter(number) }
        return true
    }

    private func place(of number: UInt32) -> Int? {
        if slots.isEmpty { return numbers.firstIndex(of: number) }
        let slot = slots[slot(of: number)]
        return slot == 0 ? nil : Int(slot) - 1
    }

    /// The slot of a number, or the free one that it would take.
    private func slot(of number: UInt32) -> Int {
        let mask = slots.count - 1
        // Fibonacci hashing: numbers are dense.
        var slot = Int(truncatingIfNeeded: (UInt64(number) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while slots[slot] != 0, numbers[Int(slots[slot]) - 1] != number { slot = (slot + 1) & mask }
        return slot
    }

    /// Gives the last number its slot; half of all slots stay free at least.
    private mutating func enter(_ number: UInt32) {
        if slots.count >= numbers.count * 2 {
            slots[slot(of: number)] = UInt32(truncatingIfNeeded: numbers.count)
            return
        }
        slots = [UInt32](repeating: 0, count: max(64, slots.count * 4))
        for (place, number) in numbers.enumerated() {
            slots[slot(of: number)] = UInt32(truncatingIfNeeded: place + 1)
        }
    }

    /// How many there are besides 0, which is nobody.
    var countOfSome: Int { numbers.count - (place(of: 0) == nil ? 0 : 1) }

    /// Calls `body` with each amount.
    func forEach(_ body: (Int128) -> Void) { for amount in amounts { body(amount) } }
}
