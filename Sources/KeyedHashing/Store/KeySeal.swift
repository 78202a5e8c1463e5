/// How the key files of one store or state are sealed: by which key-encryption key, and bound to
/// what.
///
///     "SLUICEKEY" · version 2 · name of the key · nonce (12) · ciphertext (32) · tag (16)
///
/// The tag covers `binding ‖ head`, so a sealed file opens only under its own name and in its own
/// store.
package struct KeySeal: Sendable {
    static let version: UInt8 = 2

    let wrapping: WrappingKey
    /// Names the place that the files belong to, for example the declaration of a store.
    let binding: [UInt8]

    package init(_ wrapping: WrappingKey, binding: [UInt8]) {
        self.wrapping = wrapping
        self.binding = binding
    }

    /// The content of the file of `key`; `head` is what its plain form begins with.
    func encode(_ key: SecretKey, head: [UInt8]) throws(KeyFault) -> SecretKey {
        let head = sealedHead(head)
        let sealed = try wrapping.seal(key, associated: binding + head)
        return try unsafe SecretKey.filled(count: head.count + sealed.count) {
            room throws(KeyFault) in
            unsafe room.copyBytes(from: head)
            unsafe sealed.withBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(rebasing: room[head.count...])
                    .copyMemory(from: bytes)
            }
        }
    }

    /// The key in `content`, or nil when it is not what `encode` makes for this place and name.
    func decode(_ content: SecretKey, head: [UInt8]) throws(KeyFault) -> SecretKey? {
        let head = sealedHead(head)
        let overhead = head.count + AESGCM.nonceBytes + AESGCM.tagBytes
        guard content.count == overhead + KeyFileForm.keyBytes,
            unsafe content.withBytes({ unsafe $0.starts(with: head) })
        else { return nil }
        return try wrapping.open(content, from: head.count, associated: binding + head)
    }

    private func sealedHead(_ head: [UInt8]) -> [UInt8] {
        var head = head
        head[KeyFileForm.versionOffset] = Self.version
        return head
    }
}

extension KeyFileForm {
    /// True when a file says that it is sealed.
    static func isSealed(_ content: SecretKey) -> Bool {
        unsafe content.withBytes { bytes in
            unsafe bytes.count > versionOffset && bytes[versionOffset] == KeySeal.version
        }
    }

    /// The content of a key's file: sealed when there is a seal, plain otherwise.
    static func encode(
        _ key: SecretKey, head: [UInt8], seal: KeySeal?
    ) throws(KeyFault) -> SecretKey {
        guard let seal else { return try encode(key, head: head) }
        return try seal.encode(key, head: head)
    }

    /// The key in a file, or nil when the file is not what `encode` makes under the same seal.
    static func decode(
        _ content: SecretKey, head: [UInt8], seal: KeySeal?
    ) throws(KeyFault) -> SecretKey? {
        guard let seal else { return try decode(content, head: head) }
        return try seal.decode(content, head: head)
    }
}
