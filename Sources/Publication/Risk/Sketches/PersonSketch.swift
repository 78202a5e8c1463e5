private import Glibc

/// About how many different persons there are: exact up to 64, then a HyperLogLog of 512 registers
/// (standard error 4.6 %; Flajolet et al. 2007, read by the estimator of Ertl 2017).
///
/// Its state is a function of the set alone: order and repetition of persons and the way of merging
/// leave no trace.
struct PersonSketch: Equatable, Sendable {
    private enum State: Equatable {
        /// Ascending.
        case exact([UInt64])
        case registers([UInt8])
    }

    private var state = State.exact([])

    static let exactMax = 64
    private static let indexBits: UInt64 = 9
    private static let registerCount = 1 << 9
    /// The bits behind the index.
    private static let rankMax: UInt8 = 55

    /// The memory of the state, in bytes.
    var residentBytes: Int {
        switch state {
        case .exact(let hashes): hashes.capacity * 8
        case .registers(let registers): registers.capacity
        }
    }

    /// Adds a person by an evenly spread hash.
    mutating func add(_ hash: UInt64) {
        switch state {
        case .exact(var hashes):
            state = .registers([])
            Self.insert(hash, into: &hashes)
            state = hashes.count > Self.exactMax ? Self.registers(of: hashes) : .exact(hashes)
        case .registers(var registers):
            state = .exact([])
            Self.raise(hash, in: &registers)
            state = .registers(registers)
        }
    }

    /// Adds all persons of another sketch.
    mutating func merge(_ other: PersonSketch) {
        switch (state, other.state) {
        case (_, .exact(let hashes)):
            for hash in hashes { add(hash) }
        case (.exact(let hashes), .registers):
            self = other
            for hash in hashes { add(hash) }
        case (.registers(var registers), .registers(let others)):
            for index in registers.indices where others[index] > registers[index] {
                registers[index] = others[index]
            }
            state = .registers(registers)
        }
    }

    private static func insert(_ hash: UInt64, into hashes: inout [UInt64]) {
        let place = hashes.firstIndex { $0 >= hash } ?? hashes.count
        if place < hashes.count, hashes[place] == hash { return }
        hashes.insert(hash, at: place)
    }

    private static func registers(of hashes: [UInt64]) -> State {
        var registers = [UInt8](repeating: 0, count: registerCount)
        for hash in hashes { raise(hash, in: &registers) }
        return .registers(registers)
    }

    private static func raise(_ hash: UInt64, in registers: inout [UInt8]) {
        let index = Int(hash >> (64 - indexBits))
        let rank = min(UInt8((hash << indexBits).leadingZeroBitCount), rankMax) + 1
        if rank > registers[index] { registers[index] = rank }
    }

    /// The estimate.
    var persons: Double {
        switch state {
        case .exact(let hashes): Double(hashes.count)
        case .registers(let registers): Self.estimate(registers)
        }
    }

    private static func estimate(_ registers: [UInt8]) -> Double {
        let size = Double(registerCount)
        var counts = [Double](repeating: 0, count: Int(rankMax) + 2)
        for register in registers { counts[Int(register)] += 1 }
        var sum = size * upperSeries(1 - counts[Int(rankMax) + 1] / size)
        for rank in stride(from: Int(rankMax), through: 1, by: -1) {
            sum = (sum + counts[rank]) / 2
        }
        sum += size * lowerSeries(counts[0] / size)
        return size * size / (2 * log(2.0) * sum)
    }

    /// Σ x^(2^k) 2^(k-1) + x: what registers at zero tell.
    private static func lowerSeries(_ start: Double) -> Double {
        if start >= 1 { return .infinity }
        var (power, factor, sum) = (start, 1.0, start)
        while true {
            power *= power
            let next = sum + power * factor
            factor *= 2
            if next == sum { return sum }
            sum = next
        }
    }

    /// (1 - x - Σ (1 - x^(2^-k))² 2^-k) / 3: what full registers tell.
    private static func upperSeries(_ start: Double) -> Double {
        if start <= 0 || start >= 1 { return 0 }
        var (power, factor, sum) = (start, 1.0, 1 - start)
        while true {
            power = power.squareRoot()
            factor /= 2
            let next = sum - (1 - power) * (1 - power) * factor
            if next == sum { return sum / 3 }
            sum = next
        }
    }
}
