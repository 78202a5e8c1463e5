/// The living key of one epoch: makes tokens and tells its name; the bytes stay inside.
package final class EpochKey: Sendable {
    package let epoch: KeyEpoch
    package let fingerprint: KeyFingerprint
    /// Makes the tokens of the epoch.
    package let tokens: TokenHasher

    /// The name of the key.
    package var id: KeyID { tokens.keyID }

    init(key: SecretKey, epoch: KeyEpoch) {
        self.epoch = epoch
        fingerprint = KeyFingerprint(of: HMACSHA256(key: key))
        tokens = TokenHasher(key: key, epoch: epoch)
    }
}

/// What the store knows of the key of a month.
package enum KeyLookup: Sendable {
    case alive(EpochKey)
    /// There was a key; there will never be one again: identifiers of the month are suppressed.
    case destroyed(Tombstone)
    /// There has never been a key, and none was to be made.
    case missing
}
