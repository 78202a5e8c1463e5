import KeyedHashing
import TestSupport

@testable import Statistics

/// Bytes written as hexadecimal digits.
func unhex(_ digits: String) -> [UInt8] {
    let values = digits.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
}

/// Bytes as hexadecimal digits.
func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return text(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

/// SHA-256, for tables of long results.
func digest(_ bytes: [UInt8]) -> String {
    let digest = PartialDigest()
    digest.add(bytes.span)
    return hex(digest.finish())
}

/// The token with number `number`: its product with an odd constant, which a script in another
/// language computes as well.
func productToken(_ number: Int) -> Token {
    let constant = UInt128(0x9e37_79b9_7f4a_7c15) << 64 | 0xf39c_c060_5ced_c834
    let product = UInt128(number) &* constant
    return Token(
        high: UInt64(truncatingIfNeeded: product >> 64), low: UInt64(truncatingIfNeeded: product))
}

/// The theta sketch of whole numbers.
func theta(_ numbers: some Sequence<Int>, lgK: Int = 12) -> ThetaSketch {
    var union = ThetaUnion(lgK: lgK)
    for number in numbers { union.insert(hash: SketchHash(Int64(number)).theta) }
    return union.sketch()
}

/// The HLL sketch of whole numbers.
func hll(_ numbers: some Sequence<Int>, lgK: Int = 12) -> HLLSketch {
    var sketch = HLLSketch(lgK: lgK)
    for number in numbers { sketch.insert(coupon: SketchHash(Int64(number)).coupon) }
    return sketch
}

/// The KLL sketch of numbers.
func kll(_ numbers: some Sequence<Double>, k: Int = 200) -> KLLSketch<Double> {
    var sketch = KLLSketch<Double>(k: k)
    for number in numbers { sketch.insert(number) }
    return sketch
}

/// The fault of `body`, if any.
func fault(_ body: () throws -> Void) -> SketchFault? {
    do {
        try body()
        return nil
    } catch { return error as? SketchFault }
}
