package import KeyedHashing
import Statistics

/// The secret from which counts are rounded at random: the same cell with the same count always
/// comes out the same, however often it is published, and nobody else can tell how.
package struct RoundingKey: Sendable, Equatable {
    private let hmac: HMACSHA256
    /// The period of the publication: counts of different periods are rounded independently.
    private let period: [UInt8]

    /// A key for the publication of one period, by any name that is the same in its revisions.
    package init(_ hmac: HMACSHA256, period: [UInt8]) {
        self.hmac = hmac
        self.period = period
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.hmac === right.hmac && left.period == right.period
    }

    /// The draw for a count, where `cell` names what is counted.
    func draw(cell: [UInt8], count: Int64) -> UInt64 {
        var message: [UInt8] = []
        for part in [period, cell] {
            message += Self.bytes(UInt64(part.count))
            message += part
        }
        message += Self.bytes(UInt64(bitPattern: count))
        return hmac.withTag(of: message.span) { tag in
            (0..<8).reduce(0) { $0 << 8 | UInt64(tag[$1]) }
        }
    }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
    }
}

/// Changes the counts of a publication that are shown, each by what its method says.
struct CellNoise {
    private let method: ControlMethod

    /// Nil for a method without noise.
    init?(_ method: ControlMethod) {
        if case .suppression = method { return nil }
        self.method = method
    }

    /// By how much a count may be changed at most: what is published tells the truth no closer.
    var radius: Int {
        switch method {
        case .suppression: 0
        case .rounding(let rounding, _): rounding.base - 1
        case .cellKey(let table): table.largestChange
        }
    }

    /// The count as it is published; `cell` names what is counted, `key` is the sum of the keys of
    /// its members.
    func published(_ count: Int64, cell: [UInt8], key: UInt64) -> Int64 {
        switch method {
        case .suppression: count
        case .rounding(let rounding, let secret):
            rounding.rounded(count, draw: secret.draw(cell: cell, count: count))
        case .cellKey(let table): table.perturbed(count, key: key)
        }
    }
}
