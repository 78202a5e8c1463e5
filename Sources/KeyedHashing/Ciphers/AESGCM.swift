private import CCrypto

/// AES-256 in Galois/Counter mode (NIST SP 800-38D) on one small message, with a 96-bit nonce and a
/// 128-bit tag: what seals key files.
enum AESGCM {
    static let keyBytes = 32
    static let nonceBytes = 12
    static let tagBytes = 16

    /// `nonce ‖ ciphertext ‖ tag`; a nonce is never used twice with one key.
    static func seal(
        _ plain: SecretKey, key: SecretKey, nonce: [UInt8], associated: [UInt8]
    ) throws(KeyFault) -> SecretKey {
        guard key.count == keyBytes, nonce.count == nonceBytes else { throw .cipher }
        let total = nonceBytes + plain.count + tagBytes
        return try unsafe SecretKey.filled(count: total) { room throws(KeyFault) in
            unsafe room.copyBytes(from: nonce)
            let context = try GCMContext(key: key, nonce: nonce, encrypts: true)
            try context.authenticate(associated)
            let text = unsafe UnsafeMutableRawBufferPointer(
                rebasing: room[nonceBytes..<(nonceBytes + plain.count)])
            try unsafe plain.withBytes { bytes throws(KeyFault) in
                try unsafe context.update(bytes, into: text)
            }
            guard context.finish() else { throw .cipher }
            try unsafe context.readTag(
                into: UnsafeMutableRawBufferPointer(rebasing: room[(total - tagBytes)...]))
        }
    }

    /// What `seal` was given, or nil when key, associated data or a single bit differ.
    static func open(
        _ sealed: SecretKey, from offset: Int, key: SecretKey, associated: [UInt8]
    ) throws(KeyFault) -> SecretKey? {
        let length = sealed.count - offset - nonceBytes - tagBytes
        guard key.count == keyBytes, offset >= 0, length >= 0 else { return nil }
        var isGenuine = false
        let plain = try unsafe SecretKey.filled(count: length) { room throws(KeyFault) in
            try unsafe sealed.withBytes { bytes throws(KeyFault) in
                let textStart = offset + nonceBytes
                let nonce = unsafe Array(bytes[offset..<textStart])
                let context = try GCMContext(key: key, nonce: nonce, encrypts: false)
                try context.authenticate(associated)
                let text = unsafe UnsafeRawBufferPointer(
                    rebasing: bytes[textStart..<(textStart + length)])
                try unsafe context.update(text, into: room)
                try context.expectTag(unsafe Array(bytes[(textStart + length)...]))
                isGenuine = context.finish()
            }
        }
        return isGenuine ? plain : nil
    }
}

/// Owns one `EVP_CIPHER_CTX` for one message; freeing it wipes its key schedule.
@safe private final class GCMContext {
    private let context: OpaquePointer

    init(key: SecretKey, nonce: [UInt8], encrypts: Bool) throws(KeyFault) {
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .cipher }
        unsafe self.context = context
        let status = unsafe key.withBytes { bytes in
            unsafe EVP_CipherInit_ex(
                context, EVP_aes_256_gcm(), nil,
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), nonce, encrypts ? 1 : 0)
        }
        guard status == 1 else { throw .cipher }
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    func authenticate(_ bytes: [UInt8]) throws(KeyFault) {
        var count: Int32 = 0
        let status = unsafe EVP_CipherUpdate(context, nil, &count, bytes, Int32(bytes.count))
        guard status == 1 else { throw .cipher }
    }

    func update(
        _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) throws(KeyFault) {
        var count: Int32 = 0
        let status = unsafe EVP_CipherUpdate(
            context, room.baseAddress?.assumingMemoryBound(to: UInt8.self), &count,
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(bytes.count))
        guard status == 1, Int(count) == bytes.count else { throw .cipher }
    }

    /// Ends the message; when it is being opened, says whether the expected tag is its own.
    func finish() -> Bool {
        var count: Int32 = 0
        var rest = [UInt8](repeating: 0, count: AESGCM.tagBytes)
        return unsafe EVP_CipherFinal_ex(context, &rest, &count) == 1
    }

    func readTag(into room: UnsafeMutableRawBufferPointer) throws(KeyFault) {
        let status = unsafe EVP_CIPHER_CTX_ctrl(
            context, EVP_CTRL_AEAD_GET_TAG, Int32(AESGCM.tagBytes), room.baseAddress)
        guard status == 1 else { throw .cipher }
    }

    func expectTag(_ tag: [UInt8]) throws(KeyFault) {
        var tag = tag
        let status = unsafe EVP_CIPHER_CTX_ctrl(
            context, EVP_CTRL_AEAD_SET_TAG, Int32(AESGCM.tagBytes), &tag)
        guard status == 1 else { throw .cipher }
    }
}
