package import KeyedHashing
package import Records

/// Tells the records of one subject from all others by what stands in their identity fields: the
/// value itself in any spelling that means the same, or a text that stands for it in an output.
package struct RecordMatcher: Sendable {
    /// How a record was told.
    package enum Match: Sendable, Equatable {
        /// It is another's.
        case none
        /// A field holds the value, readable.
        case value
        /// A field holds a token or cipher text of the value.
        case token
        /// It is the subject's, but does not say of which customer; told by a token or the value.
        case undecided(isToken: Bool)

        /// True when it is the subject's and of the customer sought, if one is.
        package var isSure: Bool { self == .value || self == .token }
        /// True when only a token tells it.
        var isToken: Bool { self == .token || self == .undecided(isToken: true) }
        package var isUndecided: Bool { self != .none && !isSure }
    }

    /// Whose records are sought.
    package var sought: SoughtIdentity
    /// The only customer whose records count, if they are limited to one.
    package var within: SoughtIdentity?

    package init(sought: SoughtIdentity, within: SoughtIdentity? = nil) {
        self.sought = sought
        self.within = within
    }

    /// Looks at the record in `row` of `table`, which `reader` filled from `bytes`.
    package func match(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> Match {
        let found = sought.match(row, table, bytes, reader)
        guard found != .none, let within else { return found }
        if within.match(row, table, bytes, reader) != .none { return found }
        if within.isSaid(row, table, bytes, reader), !within.mayBe(row, table, bytes, reader) {
            return .none
        }
        return .undecided(isToken: found == .token)
    }
}

/// One identity and where records may name it.
package struct SoughtIdentity: Sendable {
    /// How the value is known.
    package enum Who: Sendable {
        /// Its canonical form (`CanonicalSubject`).
        case value([UInt8])
        /// The registry's hash of it, with what makes such hashes.
        case hash(SubjectHash, SubjectHasher)
    }

    package var kind: SubjectKind
    package var who: Who
    /// The fields that may name it.
    package var slots: [Int]
    /// What stands for it in an output; compared byte by byte.
    package var tokens: Set<[UInt8]>
    /// What may stand for it, and for others, in an output: where it does, nobody knows.
    package var copies: Set<[UInt8]> = []

    package init(
        kind: SubjectKind, who: Who, slots: [Int] = [], tokens: Set<[UInt8]> = []
    ) {
        self.kind = kind
        self.who = who
        self.slots = slots
        self.tokens = tokens
    }

    /// True when one of the fields holds an array or an object as a whole.
    func isStructured(_ row: Int, _ table: borrowing RecordTable) -> Bool {
        for slot in slots where table.slice(slot: slot, row: row).kind == .structure {
            return true
        }
        return false
    }

    /// True when one of the fields names somebody: as in the registry, white space names nobody,
    /// and neither does a truth value or a structure, of whose texts any may be the name.
    func isSaid(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> Bool {
        for slot in slots {
            let slice = table.slice(slot: slot, row: row)
            guard slice.kind == .several else {
                if isSaid(slice, bytes, reader) { return true }
                continue
            }
            for element in slice.offset..<slice.end
            where isSaid(table.elements[element], bytes, reader) {
                return true
            }
        }
        return false
    }

    private func isSaid(
        _ slice: FieldSlice, _ bytes: Span<UInt8>, _ reader: any RecordReader
    ) -> Bool {
        guard slice.isText || slice.kind == .number else { return false }
        var length = 0
        IdentitySlots.withText(of: slice, bytes, reader) { length = $0.count }
        return length > 0
    }

    /// True when what stands in one of the fields may stand for it, or for another one.
    func mayBe(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> Bool {
        if copies.isEmpty { return false }
        var unsure = self
        unsure.tokens = copies
        return unsure.match(row, table, bytes, reader) != .none
    }

    func match(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> RecordMatcher.Match {
        for slot in slots {
            let slice = table.slice(slot: slot, row: row)
            guard slice.kind == .several else {
                let found = match(slice, bytes, reader)
                if found != .none { return found }
                continue
            }
            for element in slice.offset..<slice.end {
                let found = match(table.elements[element], bytes, reader)
                if found != .none { return found }
            }
        }
        return .none
    }

    private func match(
        _ slice: FieldSlice, _ bytes: Span<UInt8>, _ reader: any RecordReader
    ) -> RecordMatcher.Match {
        if slice.kind == .structure { return match(inside: slice, bytes, reader) }
        guard slice.isText || slice.kind == .number else { return .none }
        guard slice.kind == .escapedText else {
            return match(bytes.extracting(slice.offset..<slice.end))
        }
        var text = ByteBuffer(capacity: 256)
        reader.decode(slice, in: bytes, into: &text)
        return match(text.bytes)
    }

    /// Which of the texts in an array or an object names somebody nobody knows: any may.
    private func match(
        inside structure: FieldSlice, _ bytes: Span<UInt8>, _ reader: any RecordReader
    ) -> RecordMatcher.Match {
        var found = RecordMatcher.Match.none
        reader.withTexts(inside: structure, in: bytes) { text in
            if found == .none { found = match(text) }
        }
        return found
    }

    /// Compares the decoded text of one field.
    package func match(_ text: Span<UInt8>) -> RecordMatcher.Match {
        switch kind {
        case .customer, .user:
            let range = CanonicalSubject.trimmed(text)
            if !range.isEmpty, isCalled(text.extracting(range)) { return .value }
        case .address:
            if names(text) { return .value }
        }
        return holdsToken(text) ? .token : .none
    }

    private func isCalled(_ canonical: Span<UInt8>) -> Bool {
        isSought(canonical)
            || CanonicalSubject.otherName(of: canonical).map { isSought($0.span) } ?? false
    }

    private func isSought(_ canonical: Span<UInt8>) -> Bool {
        switch who {
        case .value(let value):
            guard value.count == canonical.count else { return false }
            for index in canonical.indices where canonical[index] != value[index] { return false }
            return true
        case .hash(let hash, let hasher): return hasher.hash(kind, canonical) == hash
        }
    }

    /// True when one of the addresses in `text` is the one sought.
    private func names(_ text: Span<UInt8>) -> Bool {
        var isNamed = false
        var unused = ByteBuffer(capacity: 16)
        _ = AddressReading().rewrite(text, into: &unused) { address, _ in
            if address.identities.contains(where: { isSought($0.textBytes.span) }) {
                isNamed = true
            }
            return true
        }
        return isNamed
    }

    /// A list of addresses becomes a list of tokens, with `, ` between them.
    private func holdsToken(_ text: Span<UInt8>) -> Bool {
        if tokens.isEmpty { return false }
        var start = 0
        for index in 0...text.count where index == text.count || text[index] == 0x2c {
            let element = text.extracting(start..<index)
            start = index + 1
            var part = ByteBuffer(capacity: 64)
            part.append(element.extracting(CanonicalSubject.trimmed(element)))
            if tokens.contains(part.array()) { return true }
        }
        return false
    }
}
