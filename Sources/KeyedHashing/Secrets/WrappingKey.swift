import FileSystem
private import Glibc
private import Synchronization

/// Where a key-encryption key comes from. It never stands in a file that Sluice owns, in the
/// arguments or in the environment.
package enum WrappingKeySource: Hashable, Sendable {
    /// An inherited file descriptor, 3 or above, that is read to its end once.
    case descriptor(Int32)
    /// A systemd credential: the file of this name below `$CREDENTIALS_DIRECTORY`.
    case credential(String)
}

/// Gives the key-encryption key of a pipeline to whoever needs it; reads it on first need, and only
/// once, because a descriptor can be read only once.
package final class WrappingKeySupply: Sendable {
    package let source: WrappingKeySource

    private let known = Mutex<WrappingKey?>(nil)

    package init(_ source: WrappingKeySource) { self.source = source }

    /// The key; a fault is told to each who asks.
    package func key() throws(KeyFault) -> WrappingKey {
        if let key = known.withLock({ $0 }) { return key }
        let key = try WrappingKey.load(source)
        known.withLock { $0 = key }
        return key
    }
}

/// A key-encryption key of 32 bytes: seals the files of other keys with AES-256-GCM.
///
/// Its bytes live in protected memory and are shown to nobody. Its fingerprint tells two of them
/// apart; it must be a random key, never one made from a passphrase.
package final class WrappingKey: Sendable {
    package let fingerprint: KeyFingerprint

    private let key: SecretKey

    /// Takes over a key of 32 bytes.
    package init(_ key: SecretKey) throws(KeyFault) {
        guard key.count == AESGCM.keyBytes else {
            throw .noWrappingKey("it has \(key.count) bytes, expected 32")
        }
        self.key = key
        fingerprint = KeyFingerprint(of: HMACSHA256(key: key))
    }

    /// Reads the key: 32 raw bytes, or 64 hexadecimal digits with at most a line feed behind them.
    package static func load(_ source: WrappingKeySource) throws(KeyFault) -> WrappingKey {
        let file: FileDescriptor
        switch source {
        case .descriptor(let number):
            guard isInherited(number) else {
                throw .noWrappingKey("descriptor \(number) is not open: expected it inherited")
            }
            file = FileDescriptor(owning: number, path: "descriptor \(number)")
        case .credential(let name): file = try credential(name)
        }
        let path = file.path
        let content = try SecretKey.reading(file)
        return try WrappingKey(
            SecretKey.interpreted(
                content, encoding: .automatic, length: .exactly(AESGCM.keyBytes), path: path))
    }

    /// Opens a credential. The service manager owns the file or gives it to the user of the
    /// service, and lets nobody else read it.
    private static func credential(_ name: String) throws(KeyFault) -> FileDescriptor {
        guard let folder = unsafe getenv("CREDENTIALS_DIRECTORY") else {
            throw .noWrappingKey(
                "CREDENTIALS_DIRECTORY is not set: expected a service with LoadCredential=")
        }
        let path = unsafe String(cString: folder)
        do throws(FileFault) {
            let file = try Directory.open(path).reading(name)
            try DeliveredFile.check(file)
            return file
        } catch { throw .file(error) }
    }

    /// Seals `plain`; only the same key with the same `associated` bytes opens it again.
    func seal(_ plain: SecretKey, associated: [UInt8]) throws(KeyFault) -> SecretKey {
        let nonce = try Self.freshNonce()
        return try AESGCM.seal(plain, key: key, nonce: nonce, associated: associated)
    }

    /// What was sealed, or nil when it was sealed by another key, for another use, or is damaged.
    func open(
        _ sealed: SecretKey, from offset: Int, associated: [UInt8]
    ) throws(KeyFault) -> SecretKey? {
        try AESGCM.open(sealed, from: offset, key: key, associated: associated)
    }

    /// A random nonce: with at most thousands of files of one key, two are never equal in practice.
    private static func freshNonce() throws(KeyFault) -> [UInt8] {
        let random: SecretKey
        do { random = try SecretKey.random(count: AESGCM.nonceBytes) } catch {
            throw .secret(error)
        }
        return unsafe random.withBytes { unsafe Array($0) }
    }
}

extension SecretKey {
    /// Everything that is left to read of `file`, at most `fileBytesMax`, in protected memory.
    static func reading(_ file: borrowing FileDescriptor) throws(KeyFault) -> SecretKey {
        var got = 0
        let path = file.path
        let room = try unsafe filled(count: fileBytesMax + 1) { room throws(KeyFault) in
            do throws(FileFault) { got = try unsafe file.readFully(into: room) } catch {
                throw .file(error)
            }
        }
        guard got <= fileBytesMax else {
            throw .file(FileFault(.read, .tooLong(limitBytes: fileBytesMax), path: path))
        }
        return try unsafe filled(count: got) { target throws(KeyFault) in
            unsafe room.withBytes { bytes in
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<got]))
            }
        }
    }
}
