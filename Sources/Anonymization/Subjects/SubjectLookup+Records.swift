internal import KeyedHashing
internal import Records

/// Where a record says who it is about.
struct IdentitySlots: Sendable {
    let names: Names
    let addresses: [Int]

    /// The customer and the person. A value of its own, without a reference that is counted: all
    /// workers ask for each record, and would wait for each other's count.
    struct Names: BitwiseCopyable, Sendable {
        let customer: Int?
        let person: Int?
    }

    init(_ plan: ReleasePlan) {
        names = Names(customer: plan.customerSlot, person: plan.personSlot)
        addresses = plan.addressSlots
    }

    /// Calls `body` with each text in which a record names addresses.
    func withAddresses(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ body: (Span<UInt8>) -> Void
    ) {
        for slot in addresses {
            let slice = table.slice(slot: slot, row: row)
            if slice.isText {
                Self.withText(of: slice, bytes, reader, body)
            } else if Self.isManifold(slice) {
                Self.withTexts(of: slice, table, bytes, reader, body)
            }
        }
    }

    /// True when a field may hold more than one text.
    @inline(__always)
    fileprivate static func isManifold(_ slice: FieldSlice) -> Bool {
        slice.kind == .several || slice.kind == .structure
    }

    /// Calls `body` with each text of a field that may hold more than one, without white space
    /// around it.
    @inline(never)
    fileprivate static func withTexts(
        of slice: FieldSlice, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ body: (Span<UInt8>) -> Void
    ) {
        if slice.kind == .structure {
            reader.withTexts(inside: slice, in: bytes) { text in
                body(text.extracting(CanonicalSubject.trimmed(text)))
            }
            return
        }
        guard slice.kind == .several else {
            if slice.isText || slice.kind == .number { withText(of: slice, bytes, reader, body) }
            return
        }
        for element in slice.offset..<slice.end {
            withTexts(of: table.elements[element], table, bytes, reader, body)
        }
    }

    fileprivate static func slice(
        _ slot: Int?, _ row: Int, _ table: borrowing RecordTable
    ) -> FieldSlice {
        guard let slot else { return .absent }
        let slice = table.slice(slot: slot, row: row)
        return slice.isText || slice.kind == .number ? slice : .absent
    }

    @inline(__always)
    static func withText(
        of slice: FieldSlice, _ bytes: Span<UInt8>, _ reader: any RecordReader,
        _ body: (Span<UInt8>) -> Void
    ) {
        guard slice.kind == .escapedText else {
            let text = bytes.extracting(slice.offset..<slice.end)
            return body(text.extracting(CanonicalSubject.trimmed(text)))
        }
        var decoded = ByteBuffer(capacity: 256)
        reader.decode(slice, in: bytes, into: &decoded)
        let text = decoded.bytes
        body(text.extracting(CanonicalSubject.trimmed(text)))
    }
}

extension IdentitySlots.Names {
    /// Calls `body` with the customer and the person of a record, without white space around them;
    /// empty when the record does not say who.
    func withCustomerAndPerson(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ body: (Span<UInt8>, Span<UInt8>) -> Void
    ) {
        let one = IdentitySlots.slice(customer, row, table)
        let other = IdentitySlots.slice(person, row, table)
        IdentitySlots.withText(of: one, bytes, reader) { customer in
            IdentitySlots.withText(of: other, bytes, reader) { person in body(customer, person) }
        }
    }

    /// Calls `body` with each text of a customer or a person that is an array or an object, as one
    /// that may be whom the record is about: of the `kind` that the field names.
    @inline(__always)
    func withTextsInside(
        _ kind: SubjectKind, _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ body: (Span<UInt8>) -> Void
    ) {
        guard let slot = kind == .customer ? customer : person else { return }
        let slice = table.slice(slot: slot, row: row)
        guard IdentitySlots.isManifold(slice) else { return }
        IdentitySlots.withTexts(of: slice, table, bytes, reader, body)
    }
}

extension SubjectLookup {
    /// What the register says of a record of the event time `time`.
    mutating func ask(
        _ slots: IdentitySlots, time: EventTime?, _ row: Int, _ table: borrowing RecordTable,
        _ bytes: Span<UInt8>, _ reader: any RecordReader
    ) -> SubjectVerdict {
        begin(time: time)
        slots.names.withCustomerAndPerson(row, table, bytes, reader) { customer, person in
            add(customer: customer)
            add(user: person)
        }
        slots.names.withTextsInside(.customer, row, table, bytes, reader) {
            add(possibleCustomer: $0)
        }
        slots.names.withTextsInside(.user, row, table, bytes, reader) { add(user: $0) }
        slots.withAddresses(row, table, bytes, reader) { add(addresses: $0) }
        return verdict
    }
}
