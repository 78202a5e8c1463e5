package import FileSystem

/// The key of a state's registry of holds, opt-outs and requests of persons.
///
/// One file `registry.key` (0600) in the state folder, in the form of a month's key
/// (`KeyFileForm`). It never changes and is never destroyed while the state lives: without it the
/// registry could not recognise anybody.
package enum RegistryKey {
    /// The name of the file in the state folder.
    package static let fileName = "registry.key"

    static let head = KeyFileForm.head(named: "registry")

    /// The hasher of the key in the state folder; a folder without a key gets a random one with
    /// `creatingIfMissing`, or else nil. Two processes that make it get the same one.
    ///
    /// `wrapping` seals the file as it seals those of the key store. A sealed key without it, a
    /// plain one with it, and one that another key has sealed are faults.
    package static func hasher(
        in directory: Directory, creatingIfMissing: Bool, wrapping: WrappingKey? = nil
    ) throws(KeyFault) -> SubjectHasher? {
        let seal = wrapping.map { KeySeal($0, binding: head) }
        if let hasher = try existing(in: directory, seal) { return hasher }
        guard creatingIfMissing else { return nil }
        let fresh: SecretKey
        do { fresh = try SecretKey.random() } catch { throw .secret(error) }
        _ = try directory.makeOnce(
            fileName, content: try KeyFileForm.encode(fresh, head: head, seal: seal))
        guard let hasher = try existing(in: directory, seal) else {
            throw .damaged(path: directory.path(of: fileName))
        }
        return hasher
    }

    private static func existing(
        in directory: Directory, _ seal: KeySeal?
    ) throws(KeyFault) -> SubjectHasher? {
        guard
            let content = try PrivateFile.secret(
                fileName, in: directory, limitBytes: KeyFileForm.fileBytesMax)
        else { return nil }
        guard let key = try KeyFileForm.decode(content, head: head, seal: seal) else {
            let path = directory.path(of: fileName)
            switch (KeyFileForm.isSealed(content), seal != nil) {
            case (true, false): throw .wrapped(path: path)
            case (false, true) where try KeyFileForm.decode(content, head: head) != nil:
                throw .notWrapped(path: path)
            case (true, true): throw .otherWrappingKey(path: path)
            default: throw .damaged(path: path)
            }
        }
        return SubjectHasher(key: key)
    }
}
