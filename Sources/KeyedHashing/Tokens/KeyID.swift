package import Records

/// The life span of one key: a calendar month of the event in a named time zone.
package struct KeyEpoch: Hashable, Comparable, Sendable {
    package let month: CalendarMonth
    /// The IANA name of the zone in which the month is counted, for example `Europe/Amsterdam`.
    package let zone: String

    package init(month: CalendarMonth, zone: String) {
        self.month = month
        self.zone = zone
    }

    /// Month and zone with the slashes of the zone as dots: `2026-03/Europe.Amsterdam`.
    package var text: String {
        let name = zone.utf8.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: ".") : $0 }
        return "\(month.text)/\(String(decoding: name, as: UTF8.self))"
    }

    package static func < (left: Self, right: Self) -> Bool {
        if left.month != right.month { return left.month < right.month }
        return left.zone.utf8.lexicographicallyPrecedes(right.zone.utf8)
    }
}

/// Names a key in partials, ledgers and reports; values of different key ids are never mixed.
///
/// The number is the first eight bytes of an HMAC of the key. It tells nothing about a random key;
/// for a key made from a passphrase it would allow guessing, and such keys are refused.
package struct KeyID: Hashable, Sendable {
    /// Nil for a static key.
    package let epoch: KeyEpoch?
    package let number: UInt64

    package init(epoch: KeyEpoch?, number: UInt64) {
        self.epoch = epoch
        self.number = number
    }

    init(of hasher: HMACSHA256, epoch: KeyEpoch?) {
        self.init(
            epoch: epoch, number: hasher.token(of: KeyMessage.keyID.bytes.span).high)
    }

    /// `2026-03/Europe.Amsterdam/` or `static/`, and sixteen hexadecimal digits.
    package var text: String {
        "\(epoch?.text ?? "static")/\(Hexadecimal.text(number))"
    }
}

/// 256 bits that tell two keys apart beyond doubt, without telling anything about a random key.
package struct KeyFingerprint: Hashable, Sendable {
    package let digest: Digest256

    package init(digest: Digest256) { self.digest = digest }

    init(of hasher: HMACSHA256) {
        digest = hasher.withTag(of: KeyMessage.fingerprint.bytes.span) { Digest256(bytes: $0) }
    }

    /// 64 lower-case hexadecimal digits.
    package var text: String { digest.hex }
}

/// What a key signs to name itself; no token message begins with these bytes.
enum KeyMessage: String {
    case keyID = "sluice key-id"
    case fingerprint = "sluice fingerprint"

    var bytes: [UInt8] { [0x80] + Array(rawValue.utf8) }
}
