package import Records

/// An erasure that is carried out on stored records: what tells them besides the registry, which
/// knows readable values only.
package struct PendingErasure: Sendable {
    /// Event times for which a hold may bind a record that only a token tells.
    package struct Doubt: Sendable {
        /// Nil: from the beginning.
        package var from: EventTime?
        /// Nil: to the end.
        package var until: EventTime?

        package init(from: EventTime?, until: EventTime?) {
            self.from = from
            self.until = until
        }

        func covers(_ time: EventTime?) -> Bool {
            guard let time else { return true }
            return from.map { $0 <= time } ?? true && until.map { time < $0 } ?? true
        }
    }

    package var matcher: RecordMatcher
    /// Events of this time and later stay; nil: none does.
    package var until: EventTime?
    package var doubts: [Doubt]

    package init(matcher: RecordMatcher, until: EventTime? = nil, doubts: [Doubt] = []) {
        self.matcher = matcher
        self.until = until
        self.doubts = doubts
    }
}

/// What became of the records of one pending erasure.
package struct ErasureTally: Sendable, Equatable {
    package var erased = 0
    /// Those of them that do not say of which customer, where only one's were to go.
    package var undecided = 0
    /// Those of them that name people in an array or an object: statistics count them for nobody.
    package var structured = 0
    /// Records that stay because a hold binds them, or may bind them.
    package var held = 0

    package init() {}

    package mutating func add(_ other: Self) {
        erased += other.erased
        undecided += other.undecided
        structured += other.structured
        held += other.held
    }
}

/// What one field says from now on in the records that a correction is about.
package struct FieldCorrection: Sendable {
    package var slot: Int
    package var text: [UInt8]

    package init(slot: Int, text: [UInt8]) {
        self.slot = slot
        self.text = text
    }

    /// True when the text is a whole number as JSON writes it.
    var isNumber: Bool {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
        guard let first = digits.first, digits.allSatisfy({ (48...57).contains($0) }) else {
            return false
        }
        return digits.count == 1 || first != UInt8(ascii: "0")
    }
}
