private import CCrypto
private import Synchronization

/// AES-128 on whole 16-byte blocks, each block on its own (ECB; FIPS 197, NIST SP 800-38A §6.1).
///
/// A building block for `ipcrypt`, never a way to encrypt data. Blocks go in large runs: one call
/// for many blocks is up to eight times as fast as a call for each. One object may serve several
/// workers: each call borrows a prepared context (`EVP_CIPHER_CTX`) from a small pool.
@safe package final class AESBlocks: Sendable {
    /// The length of a block and of a key in bytes.
    package static let blockBytes = 16

    private let key: SecretKey
    private let keyOffset: Int
    private let encryptors: Mutex<[CipherContext]>
    private let decryptors = Mutex<[CipherContext]>([])

    /// Uses the 16 bytes of `key` that begin at `offset`.
    ///
    /// Throws `keyTooShort` when they are not there, `unavailable` when OpenSSL offers no AES.
    package init(key: SecretKey, at offset: Int = 0) throws(CipherFault) {
        guard offset >= 0, offset <= key.count - Self.blockBytes else {
            throw CipherFault.keyTooShort
        }
        self.key = key
        keyOffset = offset
        encryptors = Mutex([try CipherContext(key: key, at: offset, encrypts: true)])
    }

    /// Encrypts every block of `blocks` in place; the length is a multiple of 16, at most 1 GiB.
    package func encrypt(_ blocks: inout MutableSpan<UInt8>) throws(CipherFault) {
        var spare = encryptors.withLock { $0.popLast() }
        if spare == nil {
            spare = try CipherContext(key: key, at: keyOffset, encrypts: true)
        }
        guard let context = spare else { throw CipherFault.unavailable }
        defer { encryptors.withLock { $0.append(context) } }
        try context.run(&blocks)
    }

    /// Decrypts every block of `blocks` in place; the length is a multiple of 16, at most 1 GiB.
    package func decrypt(_ blocks: inout MutableSpan<UInt8>) throws(CipherFault) {
        var spare = decryptors.withLock { $0.popLast() }
        if spare == nil {
            spare = try CipherContext(key: key, at: keyOffset, encrypts: false)
        }
        guard let context = spare else { throw CipherFault.unavailable }
        defer { decryptors.withLock { $0.append(context) } }
        try context.run(&blocks)
    }
}

/// Owns one prepared `EVP_CIPHER_CTX`; freeing it wipes its key schedule. One user at a time.
@safe private final class CipherContext: @unchecked Sendable {
    private let context: OpaquePointer

    init(key: SecretKey, at offset: Int, encrypts: Bool) throws(CipherFault) {
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw CipherFault.unavailable }
        unsafe self.context = context
        let status = unsafe key.withBytes { bytes in
            unsafe EVP_CipherInit_ex(
                context, EVP_aes_128_ecb(), nil,
                bytes.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self), nil,
                encrypts ? 1 : 0)
        }
        guard status == 1, unsafe EVP_CIPHER_CTX_set_padding(context, 0) == 1 else {
            throw CipherFault.unavailable
        }
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    func run(_ blocks: inout MutableSpan<UInt8>) throws(CipherFault) {
        guard blocks.count % AESBlocks.blockBytes == 0, blocks.count <= 1 << 30 else {
            throw CipherFault.partialBlock
        }
        if blocks.isEmpty { return }
        let length = Int32(blocks.count)
        let isDone = unsafe blocks.withUnsafeMutableBufferPointer { bytes in
            var written: Int32 = 0
            let status = unsafe EVP_CipherUpdate(
                context, bytes.baseAddress, &written, bytes.baseAddress, length)
            return status == 1 && written == length
        }
        guard isDone else { throw CipherFault.unavailable }
    }
}

/// Why blocks could not be encrypted or decrypted.
package enum CipherFault: Error, Sendable, Equatable, CustomStringConvertible {
    case keyTooShort
    case partialBlock
    case unavailable

    package var description: String {
        switch self {
        case .keyTooShort: "the key is shorter than the 16 bytes that AES-128 needs"
        case .partialBlock: "a run of blocks must be a multiple of 16 bytes and at most 1 GiB"
        case .unavailable: "the installed OpenSSL cannot do AES-128"
        }
    }
}
