internal import CScanning
internal import Records

/// Cuts IPv4 addresses in their text, without a detour over their bits.
enum DottedAddress {
    /// The length of the shortest text that is taken: shorter ones than `10.0.0.1` go another way.
    private static let textMin = 8
    private static let textMax = 15
    /// What takes the place of the octets that go: as many of them as there can be.
    private static let zeros = UInt64(littleEndian: 0x0000_302e_302e_302e)

    /// Appends the first `octets` (1 to 3) octets of the address that fills `text`, and zeros for
    /// the others; appends nothing and says false when `text` is anything else than four decimal
    /// octets without leading zeros, or very short.
    @inline(__always)
    static func appendFirst(
        _ octets: Int, of text: Span<UInt8>, to output: inout ByteBuffer
    ) -> Bool {
        guard text.count >= textMin, text.count <= textMax else { return false }
        return unsafe text.withUnsafeBytes { text in
            guard let start = text.baseAddress else { return false }
            let dots = unsafe cscanning_dots(start, text.count, Int32(CSCANNING_AUTOMATIC))
            guard dots != 0 else { return false }
            let end = Int(dots &>> (8 &* UInt32(truncatingIfNeeded: octets &- 1)) & 0xFF)
            // All of the text in two words that overlap, then zeros over its end.
            let last = text.count &- textMin
            let first = unsafe text.loadUnaligned(as: UInt64.self)
            let second = unsafe text.loadUnaligned(fromByteOffset: last, as: UInt64.self)
            unsafe output.appendUnsafe(upTo: 2 * textMax) { room in
                let room = UnsafeMutableRawBufferPointer(room)
                unsafe room.storeBytes(of: first, as: UInt64.self)
                unsafe room.storeBytes(of: second, toByteOffset: last, as: UInt64.self)
                unsafe room.storeBytes(of: zeros, toByteOffset: end, as: UInt64.self)
                return end &+ 2 &* (4 &- octets)
            }
            return true
        }
    }
}
