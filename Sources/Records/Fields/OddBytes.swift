/// Bytes of values that not every format can hold.
package struct OddBytes: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let nul = OddBytes(rawValue: 1)
    package static let notUTF8 = OddBytes(rawValue: 2)
}
