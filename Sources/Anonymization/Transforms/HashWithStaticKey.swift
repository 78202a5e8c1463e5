package import KeyedHashing
package import Records

/// `hmac_sha256`: the full HMAC-SHA-256 under a key that stays, for those who must match the
/// pseudonyms of another system.
package struct HashWithStaticKey: Transform {
    package static let descriptor = TransformDescriptor(
        name: "hmac_sha256",
        summary: "Replaces the value by its HMAC-SHA-256 under the key in a file: 64 hexadecimal "
            + "digits.",
        guarantees: "Without the key a value can neither be computed from its digits nor be tested "
            + "against them. Any system with the same key gets the same digits (RFC 2104). Numbers "
            + "and other values that are not text become null; an empty text stays.",
        leaks: "The key does not die with the month: records stay linkable for as long as it "
            + "exists, and whoever holds it can test known values at any time. Fields that share a "
            + "key have the same digits for the same value.",
        options: keyFileOptions(keyHelp: "The file that holds the key, at least 32 bytes."),
        traits: [.staticKey, .keepsIdentity],
        make: { settings, environment in
            let key = readKeyFile(settings, environment, length: .hash)
            return key.map { HashWithStaticKey(key: $0) }
        })

    private let hasher: HMACSHA256

    /// Prepares the hash states for `key`.
    package init(key: SecretKey) { hasher = HMACSHA256(key: key) }

    package var isRepeatable: Bool { false }

    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        value.isText && ReleasedForm.isHexadecimal(value.bytes, digits: 64)
    }

    package func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        guard value.kind == .text || value.kind == .escapedText else { return .null }
        if value.bytes.isEmpty { return .unchanged }
        hasher.appendHex(of: value.bytes, to: &output)
        return .plainText
    }
}

/// The options of a transform that takes a static key file.
func keyFileOptions(keyHelp: String) -> [OptionDescriptor] {
    [
        OptionDescriptor("key", values: "a path", standard: "required", help: keyHelp),
        OptionDescriptor(
            "encoding", values: "automatic, raw or hex", standard: "automatic",
            help: "How the key stands in the file: as its bytes or as hexadecimal digits. "
                + "automatic refuses a file that could be meant as either."),
    ]
}

/// Loads the key file that the options name; nil after adding a fault.
func readKeyFile(
    _ settings: SettingReader, _ environment: PlanningEnvironment, length: KeyLength
) -> SecretKey? {
    let path = settings.requiredText("key")
    let faultsBefore = settings.faults.all.count
    let encoding = settings.choice("encoding", KeyEncoding.self) ?? .automatic
    guard let path, settings.faults.all.count == faultsBefore else { return nil }
    do {
        return try environment.loadKeyFile(environment.resolvePath(path), encoding, length)
    } catch {
        let position = settings.optional("key")?.position ?? settings.position
        settings.faults.add("\(error)", at: position, path: settings.path(of: "key"))
        return nil
    }
}
