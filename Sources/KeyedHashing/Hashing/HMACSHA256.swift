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

    /// The first 128 bits of the tag of `prefix ‖ LP(value)`, without putting the message together.
    func token(prefix: Span<UInt8>, framing value: Span<UInt8>) -> Token {
        var state = unsafe states[0]
        let length = TokenDomain.lengthBytes(value.count)
        Self.update(&state, prefix)
        Self.update(&state, length.span)
        Self.update(&state, value)
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { tag in
            unsafe finish(tag, inner: &state)
            let token = Self.token(
                fromTag: unsafe Span(_unsafeElements: UnsafeBufferPointer(tag)))
            unsafe OPENSSL_cleanse(tag.baseAddress, tag.count)
            return token
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
