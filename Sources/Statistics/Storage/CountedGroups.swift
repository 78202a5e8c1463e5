/// Numbers put into groups that stand in order, by counting first how many each will have.
///
/// What is spread evenly over many groups is sorted by it in time that grows with its count alone.
struct CountedGroups {
    /// Where the next number of each group goes; behind the last of the group before at first.
    private var places: [UInt32]
    private var numbers: [UInt32] = []

    /// `count` groups without numbers, fewer than 2^32.
    init(count: Int) { places = [UInt32](repeating: 0, count: count + 1) }

    /// Says that one more number belongs to `group`.
    mutating func count(_ group: Int) { places[group + 1] += 1 }

    /// To be called when all numbers were counted.
    mutating func endCounting() {
        for group in 1..<places.count { places[group] += places[group - 1] }
        numbers = [UInt32](repeating: 0, count: Int(places[places.count - 1]))
    }

    /// Puts a number, which was counted, into `group`.
    mutating func add(_ number: UInt32, to group: Int) {
        numbers[Int(places[group])] = number
        places[group] += 1
    }

    /// All numbers, those of each group in the order of `areInOrder`.
    mutating func sorted(by areInOrder: (UInt32, UInt32) -> Bool) -> [UInt32] {
        unsafe numbers.withUnsafeMutableBufferPointer { numbers in
            var start = 0
            // When all numbers are in, each group ends where its next number would go.
            for group in 0..<places.count - 1 {
                let end = Int(places[group])
                if end - start > 1 { unsafe numbers[start..<end].sort(by: areInOrder) }
                start = end
            }
        }
        return numbers
    }
}
