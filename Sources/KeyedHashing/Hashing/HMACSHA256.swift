private import CCrypto
package import Records

/// HMAC-SHA-256 (RFC 2104, FIPS 198-1) under one key, with the two key blocks hashed beforehand.
///
/// A message costs one copy of each prepared state and, up to 55 bytes, one compression for each of
/// the two hashes. The plain `SHA256_*` calls are used: a context of `EVP_MAC` would have to be set
/// up again for each message, which OpenSSL 3.0.0 to 3.0.2 silently fail to do. The prepared
/// states are as good as the key: they live in protected memory, are wiped with the object and
/// never leave it but for a copy on the stack, which is wiped with each message.
/// One object may serve several workers.
@safe package final class HMACSHA256: Sendable {
    /// The length of a full tag in bytes.
    package static let tagBytes = 32

    private let pages = ProtectedPages(count: 2 * MemoryLayout<SHA256_CTX>.stride)
    nonisolated(unsafe) private let states: UnsafeMutablePointer<SHA256_CTX>

    /// Prepares the states for `key`; a key longer than a block (64 bytes) is hashed first.
    package init(key: SecretKey) {
        unsafe states = pages.start.bindMemory(to: SHA256_CTX.self, capacity: 2)
        var block = [UInt8](repeating: 0, count: 64)
        unsafe key.withBytes { bytes in
            if bytes.count <= 64 {
                for index in 0..<bytes.count { block[index] = unsafe bytes[index] }
            } else {
                unsafe block.withUnsafeMutableBufferPointer { target in
                    _ = unsafe SHA256(
                        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
                        target.baseAddress)
                }
            }
        }
        unsafe Self.prepare(states, &block, pad: 0x36)
        unsafe Self.prepare(states + 1, &block, pad: 0x5c)
        unsafe block.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    }

    private static func prepare(
        _ state: UnsafeMutablePointer<SHA256_CTX>, _ block: inout [UInt8], pad: UInt8
    ) {
        for index in block.indices { block[index] ^= pad }
        _ = unsafe SHA256_Init(state)
        _ = unsafe block.withUnsafeBytes { unsafe SHA256_Update(state, $0.baseAddress, $0.count) }
        for index in block.indices { block[index] ^= pad }
    }

    /// Calls `body` with the 32-byte tag of `message`.
    package func withTag<Result>(
        of message: Span<UInt8>, _ body: (Span<UInt8>) -> Result
    ) -> Result {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { tag in
            unsafe message.withUnsafeBytes { unsafe fill(tag, message: $0) }
            let result = body(unsafe Span(_unsafeElements: UnsafeBufferPointer(tag)))
            unsafe OPENSSL_cleanse(tag.baseAddress, tag.count)
            return result
        }
    }

    private func fill(
        _ tag: UnsafeMutableBufferPointer<UInt8>, message: UnsafeRawBufferPointer
    ) {
        if message.count <= Self.shortMessageMax, let tag = tag.baseAddress {
            let count = message.count
            return unsafe withRoom { start, state in
                if let bytes = message.baseAddress {
                    unsafe start.copyMemory(from: bytes, byteCount: count)
                }
                unsafe compress(count, in: start, with: state)
                unsafe Self.copyHash(of: state, to: UnsafeMutableRawPointer(tag))
            }
        }
        var state = unsafe states[0]
        _ = unsafe SHA256_Update(&state, message.baseAddress, message.count)
        unsafe finish(tag, inner: &state)
    }

    private func finish(
        _ tag: UnsafeMutableBufferPointer<UInt8>, inner state: inout SHA256_CTX
    ) {
        _ = unsafe SHA256_Final(tag.baseAddress, &state)
        unsafe state = states[1]
        _ = unsafe SHA256_Update(&state, tag.baseAddress, 32)
        _ = unsafe SHA256_Final(tag.baseAddress, &state)
        unsafe withUnsafeMutableBytes(of: &state) {
            unsafe OPENSSL_cleanse($0.baseAddress, $0.count)
        }
    }

    /// The first 128 bits of the tag of `message`.
    package func token(of message: Span<UInt8>) -> Token {
        withTag(of: message) { Self.token(fromTag: $0) }
    }

    /// The first 128 bits of the tag of `prefix ‖ LP(value)`.
    ///
    /// Nearly every message is short. Such a one is laid out in the blocks that are compressed, one
    /// or two of them and one for the outer hash, which takes half the time of the general way.
    func token(prefix: Span<UInt8>, framing value: Span<UInt8>) -> Token {
        let length = TokenDomain.lengthBytes(value.count)
        let count = prefix.count + length.count + value.count
        guard count <= Self.shortMessageMax else { return long(prefix, length.span, value) }
        return unsafe withRoom { start, state in
            unsafe Self.copy(prefix, to: start)
            unsafe Self.copy(length.span, to: start + prefix.count)
            unsafe Self.copy(value, to: start + prefix.count + length.count)
            unsafe compress(count, in: start, with: state)
            let words = UnsafeRawPointer(state)
            func word(_ at: Int) -> UInt64 {
                unsafe UInt64(words.load(fromByteOffset: at, as: UInt32.self))
            }
            return Token(high: word(0) << 32 | word(4), low: word(8) << 32 | word(12))
        }
    }

    /// Lends two blocks of zeros and room for a state, all of which is wiped afterwards.
    @inline(__always)
    private func withRoom<Result>(
        _ body: (UnsafeMutableRawPointer, UnsafeMutablePointer<SHA256_CTX>) -> Result
    ) -> Result {
        let room = (2 * Self.blockBytes + MemoryLayout<SHA256_CTX>.size + 7) / 8
        return unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: room) { room in
            unsafe room.initialize(repeating: 0)
            defer { unsafe OPENSSL_cleanse(room.baseAddress, 8 * room.count) }
            guard let words = room.baseAddress else {
                preconditionFailure("an allocation that is not empty has an address")
            }
            let state = unsafe UnsafeMutableRawPointer(words + 2 * Self.blockBytes / 8)
                .bindMemory(to: SHA256_CTX.self, capacity: 1)
            return unsafe body(UnsafeMutableRawPointer(words), state)
        }
    }

    /// The general way: messages of any length.
    private func long(
        _ prefix: Span<UInt8>, _ length: Span<UInt8>, _ value: Span<UInt8>
    ) -> Token {
        var state = unsafe states[0]
        Self.update(&state, prefix)
        Self.update(&state, length)
        Self.update(&state, value)
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { tag in
            unsafe finish(tag, inner: &state)
            let token = Self.token(
                fromTag: unsafe Span(_unsafeElements: UnsafeBufferPointer(tag)))
            unsafe OPENSSL_cleanse(tag.baseAddress, tag.count)
            return token
        }
    }

    private static let blockBytes = 64
    /// The longest message that two blocks take, with the mark of its end and its length.
    private static let shortMessageMax = 2 * blockBytes - 9

    /// Leaves in `state` the tag of the `count` bytes at `blocks`, behind which zeros stand up to
    /// the end of the second block.
    private func compress(
        _ count: Int, in blocks: UnsafeMutableRawPointer,
        with state: UnsafeMutablePointer<SHA256_CTX>
    ) {
        let bytes = unsafe blocks.assumingMemoryBound(to: UInt8.self)
        let used = count + 9 <= Self.blockBytes ? 1 : 2
        unsafe Self.close(blocks, at: count, of: used)
        unsafe state.initialize(to: states[0])
        for block in 0..<used { unsafe SHA256_Transform(state, bytes + block * Self.blockBytes) }
        unsafe Self.copyHash(of: state, to: blocks)
        for at in Self.tagBytes..<Self.blockBytes { unsafe bytes[at] = 0 }
        unsafe Self.close(blocks, at: Self.tagBytes, of: 1)
        unsafe state.initialize(to: states[1])
        unsafe SHA256_Transform(state, bytes)
    }

    /// Writes the words of a hash, which are the first of its state, as its bytes.
    private static func copyHash(
        of state: UnsafeMutablePointer<SHA256_CTX>, to bytes: UnsafeMutableRawPointer
    ) {
        let words = UnsafeRawPointer(state)
        for at in stride(from: 0, to: tagBytes, by: 4) {
            let word = unsafe words.load(fromByteOffset: at, as: UInt32.self)
            unsafe bytes.storeBytes(of: word.bigEndian, toByteOffset: at, as: UInt32.self)
        }
    }

    /// Puts the mark of its end behind a message of `count` bytes, and its length in bits, with
    /// that of the key block before it, at the end of the last of `used` blocks.
    private static func close(
        _ blocks: UnsafeMutableRawPointer, at count: Int, of used: Int
    ) {
        let bits = UInt64(8 * (blockBytes + count))
        unsafe blocks.storeBytes(of: 0x80, toByteOffset: count, as: UInt8.self)
        unsafe blocks.storeBytes(
            of: bits.bigEndian, toByteOffset: used * blockBytes - 8, as: UInt64.self)
    }

    private static func copy(_ bytes: Span<UInt8>, to room: UnsafeMutableRawPointer) {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe room.copyMemory(from: start, byteCount: bytes.count)
        }
    }

    /// The tag of `prefix ‖ LP(value)`, without putting the message together.
    func digest(prefix: Span<UInt8>, framing value: Span<UInt8>) -> Digest256 {
        var state = unsafe states[0]
        let length = TokenDomain.lengthBytes(value.count)
        Self.update(&state, prefix)
        Self.update(&state, length.span)
        Self.update(&state, value)
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { tag in
            unsafe finish(tag, inner: &state)
            return Digest256(bytes: unsafe Span(_unsafeElements: UnsafeBufferPointer(tag)))
        }
    }

    private static func update(_ state: inout SHA256_CTX, _ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { view in
            _ = unsafe SHA256_Update(&state, view.baseAddress, view.count)
        }
    }

    private static func token(fromTag tag: Span<UInt8>) -> Token {
        Token(high: word(tag, at: 0), low: word(tag, at: 8))
    }

    private static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in offset..<offset + 8 { word = word << 8 | UInt64(bytes[index]) }
        return word
    }

    /// Appends the full tag of `message` as 64 lower-case hexadecimal digits.
    package func appendHex(of message: Span<UInt8>, to buffer: inout ByteBuffer) {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { tag in
            unsafe message.withUnsafeBytes { unsafe fill(tag, message: $0) }
            buffer.append(hex: unsafe Span(_unsafeElements: UnsafeBufferPointer(tag)))
        }
    }
}
