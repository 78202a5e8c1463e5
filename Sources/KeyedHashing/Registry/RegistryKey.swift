package import FileSystem

/// The key of a state's registry of holds, opt-outs and requests of persons.
///
/// One file `registry.key` (0600) in the state folder, in the form of a month's key
/// (`KeyFileForm`). It never changes and is never destroyed while the state lives: without it the
/// registry could not recognise anybody.
package enum RegistryKey {
    /// The name of the file in the state folder.
    package static let fileName = "registry.key"

    private static let head = KeyFileForm.head(named: "registry")

    /// The hasher of the key in the state folder; a folder without a key gets a random one with
    /// `creatingIfMissing`, or else nil. Two processes that make it get the same one.
    package static func hasher(
        in directory: Directory, creatingIfMissing: Bool
    ) throws(KeyFault) -> SubjectHasher? {
        if let hasher = try existing(in: directory) { return hasher }
        guard creatingIfMissing else { return nil }
        let fresh: SecretKey
        do { fresh = try SecretKey.random() } catch { throw .secret(error) }
        _ = try directory.makeOnce(
            fileName, content: try KeyFileForm.encode(fresh, head: head))
        guard let hasher = try existing(in: directory) else {
            throw .damaged(path: directory.path(of: fileName))
        }
        return hasher
    }

    private static func existing(in directory: Directory) throws(KeyFault) -> SubjectHasher? {
        guard
            let content = try PrivateFile.secret(
                fileName, in: directory, limitBytes: KeyFileForm.fileBytesMax)
        else { return nil }
        guard let key = try KeyFileForm.decode(content, head: head) else {
            throw .damaged(path: directory.path(of: fileName))
        }
        return SubjectHasher(key: key)
    }
}
