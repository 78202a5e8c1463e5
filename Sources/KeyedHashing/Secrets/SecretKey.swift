private import CCrypto
private import CSystem
private import Glibc

/// Key bytes in memory that is locked, left out of core dumps and wiped when the last owner goes.
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
        unsafe LockedMemory.protect(mapping, count: mappedBytes)
    }

    deinit {
        unsafe OPENSSL_cleanse(storage, mappedBytes)
        _ = unsafe munmap(storage, mappedBytes)
    }

    /// A key of `count` bytes that `fill` writes; what it leaves out stays zero.
    ///
    /// Lets bytes come from a file or another key without a copy in ordinary memory.
    static func filled<Failure: Error>(
        count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> SecretKey where Failure: FromSecretFault {
        let key: SecretKey
        do { key = try SecretKey(count: count) } catch { throw Failure(error) }
        try unsafe fill(UnsafeMutableRawBufferPointer(start: key.storage, count: count))
        return key
    }

    /// A key of `count` random bytes from the operating system's generator.
    package static func random(count: Int = 32) throws(SecretFault) -> SecretKey {
        try unsafe filled(count: count) { room throws(SecretFault) in
            var filled = 0
            while filled < count {
                let start = unsafe room.baseAddress.map { unsafe $0 + filled }
                let got = unsafe getrandom(start, count - filled, 0)
                if got < 0, errno != EINTR { throw SecretFault.noRandomness }
                filled += max(got, 0)
            }
        }
    }

    /// Copies `bytes` into protected memory; the caller wipes its own copy.
    package static func copying(_ bytes: Span<UInt8>) throws(SecretFault) -> SecretKey {
        try unsafe filled(count: bytes.count) { room throws(SecretFault) in
            unsafe bytes.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
        }
    }

    /// Lends the key bytes for the time of the call.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: storage, count: count))
    }
}

extension SecretKey {
    /// True when the two halves of the key differ, as ciphers with two keys in one demand.
    package var halvesDiffer: Bool {
        unsafe CRYPTO_memcmp(storage, storage + count / 2, count / 2) != 0
    }
}

/// A fault that can stand for the failure to make a secret.
protocol FromSecretFault: Error {
    init(_ fault: SecretFault)
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

extension SecretFault: FromSecretFault {
    init(_ fault: SecretFault) { self = fault }
}
