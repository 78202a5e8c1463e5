/// A number that a KLL sketch can hold, eight bytes each in its bytes.
package protocol KLLItem: Comparable, Sendable, BitwiseCopyable {
    /// The eight bytes as a number.
    var serialBits: UInt64 { get }
    /// The number of eight bytes; nil when they stand for none.
    init?(serialBits: UInt64)
    /// False for what has no place in an order.
    var isOrdered: Bool { get }
}

extension Double: KLLItem {
    package var serialBits: UInt64 { bitPattern }
    package init?(serialBits: UInt64) {
        self.init(bitPattern: serialBits)
        if isNaN { return nil }
    }
    package var isOrdered: Bool { !isNaN }
}

extension Int64: KLLItem {
    package var serialBits: UInt64 { UInt64(bitPattern: self) }
    package init?(serialBits: UInt64) { self.init(bitPattern: serialBits) }
    package var isOrdered: Bool { true }
}
