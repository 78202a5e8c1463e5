private import CCrypto
private import CSystem
private import Glibc

/// Key bytes in memory that is locked, left out of core dumps and wiped when the last owner lets go.
///
/// A key has no description, cannot be compared or printed, and is shown to nobody: it only makes
/// hashers and ciphers.
@safe package final class SecretKey: Sendable {
    nonisolated(unsafe) private let storage: UnsafeMutableRawPointer
    private let mappedBytes: Int

    /// The length of the key in bytes.
    package let count: Int

    private init(count: Int) throws(SecretFault) {
        let page = sysconf(Int32(_SC_PAGESIZE))
        mappedBytes = (max(count, 1) + page - 1) / page * page
        let mapping = unsafe mmap(
            nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
            throw SecretFault.noMemory
        }
        unsafe storage = mapping
        self.count = count
        // Locking may be refused by a small RLIMIT_MEMLOCK; the key is then still wiped and undumped.
        _ = unsafe mlock(mapping, mappedBytes)
        _ = unsafe madvise(mapping, mappedBytes, MADV_DONTDUMP)
    }

    deinit {
        unsafe OPENSSL_cleanse(storage, mappedBytes)
        _ = unsafe munmap(storage, mappedBytes)
    }

    /// A key of `count` random bytes from the operating system's generator.
    package static func random(count: Int = 32) throws(SecretFault) -> SecretKey {
        let key = try SecretKey(count: count)
        var filled = 0
        while filled < count {
            let got = unsafe getrandom(key.storage + filled, count - filled, 0)
            if got < 0 {
                if errno == EINTR { continue }
                throw SecretFault.noRandomness
            }
            filled += got
        }
        return key
    }

    /// Copies `bytes` into protected memory; the caller wipes its own copy.
    package static func copying(_ bytes: Span<UInt8>) throws(SecretFault) -> SecretKey {
        let key = try SecretKey(count: bytes.count)
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                unsafe key.storage.copyMemory(from: start, byteCount: source.count)
            }
        }
        return key
    }

    /// Lends the key bytes for the time of the call.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe body(UnsafeRawBufferPointer(start: storage, count: count))
    }
}

extension SecretKey {
    /// True when the two halves of the key differ, as ciphers with two keys in one demand.
    package var halvesDiffer: Bool {
        unsafe CRYPTO_memcmp(storage, storage + count / 2, count / 2) != 0
    }
}

/// Why a secret could not be made.
package enum SecretFault: Error, Sendable, Equatable, CustomStringConvertible {
    case noMemory
    case noRandomness

    package var description: String {
        switch self {
        case .noMemory: "the system gave no memory for a key"
        case .noRandomness: "the system's generator gave no random bytes for a key"
        }
    }
}
