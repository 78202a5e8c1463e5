package import FileSystem

/// Why a key or a key store cannot be used. Says where and what is wrong, never a byte of a key.
package enum KeyFault: Error, Sendable, Equatable {
    case file(FileFault)
    case secret(SecretFault)
    /// A key or record file is not exactly what was written there.
    case damaged(path: String)
    /// The directory holds no key store.
    case noStore(path: String)
    /// The directory holds other things, or keys without their declaration.
    case notAStore(path: String)
    /// The store declares another zone than the pipeline.
    case otherZone(path: String, declared: String, wanted: String)
    /// A zone, path, run or method is empty, too long, or holds control characters.
    case unusableText(String)
    /// The month has no key that could be destroyed.
    case noKey(month: String)
    /// The month has another key than earlier runs used.
    case otherKey(month: String)
    /// One run would make keys for more months than the limit.
    case tooManyKeys(limit: Int)
    /// A static key file is too short, or has another length than the algorithm needs.
    case wrongLength(path: String, expected: String)
    /// A static key file was declared as hexadecimal and is not.
    case notHexadecimal(path: String)
    /// A static key file could be meant as digits or as bytes.
    case ambiguous(path: String)
    /// The key-encryption key is not to be had; the text says why.
    case noWrappingKey(String)
    /// The keys of the store are sealed, and no key-encryption key was named.
    case wrapped(path: String)
    /// A key-encryption key was named, but the keys of the store are not sealed.
    case notWrapped(path: String)
    /// The keys of the store are sealed by another key-encryption key.
    case otherWrappingKey(path: String)
    /// The keys of the store are being sealed anew, and that was not ended.
    case rewrapping(path: String)
    /// OpenSSL refused to seal or open.
    case cipher
}

extension KeyFault: CustomStringConvertible {
    /// One sentence.
    package var description: String {
        switch self {
        case .file(let fault):
            switch fault.cause {
            case .openToOthers, .foreignOwner:
                "\(fault.description); expected mode 0700 for a directory of keys and 0600 for "
                    + "its files, and the user who runs this as their owner"
            default: fault.description
            }
        case .secret(let fault): fault.description
        case .damaged(let path):
            "\(path) is damaged: it is not what was written there; restore the key store"
        case .noStore(let path):
            "\(path) holds no key store; expected one made by an earlier run"
        case .notAStore(let path):
            "\(path) holds files but not the declaration of a key store; expected an empty "
                + "directory or a key store"
        case .otherZone(let path, let declared, let wanted):
            "the key store \(path) counts months in the zone \(declared), the pipeline in "
                + "\(wanted); one store serves one zone: expected that zone in the pipeline, or "
                + "another folder in `keys`"
        case .unusableText(let what):
            "the \(what) is empty, longer than 4096 bytes, or holds control characters"
        case .noKey(let month):
            "the key store has no key for \(month): restore it, or record with `sluice keys "
                + "destroy` that it is gone"
        case .otherKey(let month):
            "the key store has another key for \(month) than earlier runs of this state used: "
                + "expected the same key store"
        case .tooManyKeys(let limit):
            "the records lie in more than \(limit) months without keys: expected event times that "
                + "are right"
        case .wrongLength(let path, let expected):
            "the key file \(path) has an unfit length; expected \(expected)"
        case .notHexadecimal(let path):
            "the key file \(path) is not hexadecimal; expected an even number of digits and at "
                + "most a line feed behind them"
        case .ambiguous(let path):
            "the key file \(path) could be read as hexadecimal or as raw bytes; say which with "
                + "'encoding: hex' or 'encoding: raw'"
        case .noWrappingKey(let why): "the key-encryption key cannot be had: \(why)"
        case .wrapped(let path):
            "the keys in \(path) are sealed: expected `wrapped_by` in the pipeline's `keys`"
        case .notWrapped(let path):
            "the keys in \(path) are not sealed: seal them with `sluice keys rewrap`, or expected "
                + "no `wrapped_by`"
        case .otherWrappingKey(let path):
            "the keys in \(path) are sealed by another key-encryption key than the one given: "
                + "`sluice keys rewrap` changes it"
        case .rewrapping(let path):
            "the keys in \(path) are being sealed anew, and that was not ended: expected the same "
                + "`sluice keys rewrap` again"
        case .cipher: "the installed OpenSSL cannot do AES-256-GCM"
        }
    }
}

extension KeyFault: FromSecretFault {
    init(_ fault: SecretFault) { self = .secret(fault) }
}

/// Runs file operations and turns their faults into faults of keys.
func asKeyFault<Result: ~Copyable>(
    _ body: () throws(FileFault) -> Result
) throws(KeyFault) -> Result {
    do { return try body() } catch { throw KeyFault.file(error) }
}
