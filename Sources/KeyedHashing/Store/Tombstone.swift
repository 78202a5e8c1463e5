package import Records

/// What stays of a destroyed key: that it was, and when, by what run, how and why it went.
///
/// It speaks for this store only; backups are the operator's to destroy.
package struct Tombstone: Hashable, Sendable {
    /// The reason of a destruction by `run`.
    package static let agedOut = "aged out"

    package let keyID: KeyID
    package let fingerprint: KeyFingerprint
    /// When it was destroyed, by the clock of the run.
    package let time: EventTime
    /// The run that did it, as the ledger names it, or the command by which it was done by hand.
    package let run: String
    /// How, for example `overwritten and unlinked`.
    package let method: String
    /// Why: `aged out`, or what somebody wrote who did it by hand.
    package let reason: String

    package init(
        keyID: KeyID, fingerprint: KeyFingerprint, time: EventTime, run: String, method: String,
        reason: String = Tombstone.agedOut
    ) {
        self.keyID = keyID
        self.fingerprint = fingerprint
        self.time = time
        self.run = run
        self.method = method
        self.reason = reason
    }

    static let form = SealedText(
        title: "destroyed-key",
        names: ["epoch", "zone", "key", "fingerprint", "milliseconds", "run", "method", "reason"])

    func encode(epoch: KeyEpoch) throws(KeyFault) -> [UInt8] {
        try Self.form.encode([
            epoch.month.text, epoch.zone, Hexadecimal.text(keyID.number), fingerprint.text,
            String(time.milliseconds), run, method, reason,
        ])
    }

    static func decode(_ content: [UInt8], epoch: KeyEpoch) -> Tombstone? {
        guard let values = form.decode(content),
            CalendarMonth(text: values[0]) == epoch.month,
            values[1].utf8.elementsEqual(epoch.zone.utf8),
            let number = UInt64(values[2], radix: 16), Hexadecimal.text(number) == values[2],
            let digest = Digest256(hex: values[3]), let milliseconds = Int64(values[4])
        else { return nil }
        return Tombstone(
            keyID: KeyID(epoch: epoch, number: number),
            fingerprint: KeyFingerprint(digest: digest),
            time: EventTime(milliseconds: milliseconds), run: values[5], method: values[6],
            reason: values[7])
    }
}
