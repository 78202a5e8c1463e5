/// Sorts numbers that are not below zero, in a time that depends on their count and size alone.
///
/// By one byte after the other, the lowest first (least significant digit radix sort); bytes that
/// are the same in all numbers cost one look.
func sortMagnitudes(_ numbers: inout [Int64]) {
    var union: Int64 = 0
    var common: Int64 = -1
    for number in numbers {
        union |= number
        common &= number
    }
    let differing = union ^ common
    var other = [Int64](repeating: 0, count: numbers.count)
    for shift in stride(from: Int64(0), to: 64, by: 8) where differing >> shift & 0xff != 0 {
        var starts = [Int](repeating: 0, count: 257)
        for number in numbers { starts[Int(number >> shift & 0xff) + 1] += 1 }
        for byte in 0..<256 { starts[byte + 1] += starts[byte] }
        for number in numbers {
            let byte = Int(number >> shift & 0xff)
            other[starts[byte]] = number
            starts[byte] += 1
        }
        swap(&numbers, &other)
    }
}
